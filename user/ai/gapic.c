/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Google's own formats as its generated clients (GAPIC) speak them: protobuf in
 * gRPC. The Gemini API and Vertex AI number the same fields differently, and so
 * do Vertex' two answers, so each has its table. Where the numbers are from:
 *
 *	google/ai/generativelanguage/v1beta/{generative_service,content}.proto
 *	google/cloud/aiplatform/v1/{prediction_service,content,tool,usage_metadata}.proto
 *
 * of github.com/googleapis/googleapis, compared with what the clients on PyPI
 * have (google-ai-generativelanguage 0.12.1, google-cloud-aiplatform 2.7.0); the
 * other versions of either service have the same numbers.
 *
 * The model is asked for in the message, by its resource name. What Predict
 * answers is google.protobuf.Value, whose names are data: it is counted only.
 */
#include "ai/gemini.h"

/* ---- the Gemini API */

static const struct route gemini_routes[] = {
	{ "/google.ai.generativelanguage.*.GenerativeService/GenerateContent", "generate_content" },
	{ "/google.ai.generativelanguage.*.GenerativeService/StreamGenerateContent", "generate_content", ROUTE_STREAM },
	{ "/google.ai.generativelanguage.*.GenerativeService/GenerateAnswer", "generate_content" },
	{ "/google.ai.generativelanguage.*.GenerativeService/EmbedContent", "embeddings" },
	{ "/google.ai.generativelanguage.*.GenerativeService/BatchEmbedContents", "embeddings" },
	{ "/google.ai.generativelanguage.*.GenerativeService/CountTokens", "count_tokens", ROUTE_FREE | ROUTE_NO_ANSWER },
	{ "/google.ai.generativelanguage.*.PredictionService/Predict", "predict" },
	{ "/google.ai.generativelanguage.*.PredictionService/PredictLongRunning", "generate_video" },
	{ 0 },
};

static const struct want gemini_request[] = {
	{ "1", PICK_MODEL },
	{ "2.1.2", PICK_CONTENT, WANT_BYTES },		/* contents.parts.text */
	{ "8.1.2", PICK_CONTENT, WANT_BYTES },		/* system_instruction.parts.text */
	{ "5.1.1", PICK_TOOLS, WANT_NAMES },		/* tools.function_declarations.name */
	{ 0 },
};

static const struct want gemini_response[] = {
	{ "1.1.1.2", PICK_CONTENT, WANT_BYTES },	/* candidates.content.parts.text */
	{ "1.1.1.4.1", PICK_TOOLS, WANT_NAMES },	/* ... .function_call.name */
	{ "1.1.1.4.1", PICK_CONTENT, WANT_BYTES },
	{ "1.1.1.9.2", PICK_CONTENT, WANT_BYTES },	/* ... .executable_code.code */
	{ "1.2", PICK_FINISH },
	{ "1.9.5", QUERIES, WANT_COUNT, .scale = 3 },	/* candidates.grounding_metadata.web_search_queries */
	{ "3", PICK_RAW, WANT_NUMBERS },
	{ "3.1", PICK_INPUT },
	{ "3.2", PICK_OUTPUT },
	{ "3.4", PICK_CACHE_READ },
	{ "3.8", PICK_INPUT_MORE },
	{ "3.10", PICK_REASONING },
	{ "3.5", EACH_INPUT, WANT_EACH }, { "3.5.1", MODALITY }, { "3.5.2", TOKENS },
	{ "3.6", EACH_CACHED, WANT_EACH }, { "3.6.1", MODALITY }, { "3.6.2", TOKENS },
	{ "3.7", EACH_OUTPUT, WANT_EACH }, { "3.7.1", MODALITY }, { "3.7.2", TOKENS },
	{ "4", PICK_MODEL },
	{ "5", PICK_ID },
	{ 0 },
};

/* ---- Vertex AI */

static const struct route vertex_routes[] = {
	{ "/google.cloud.aiplatform.*.PredictionService/GenerateContent", "generate_content" },
	{ "/google.cloud.aiplatform.*.PredictionService/StreamGenerateContent", "generate_content", ROUTE_STREAM },
	{ "/google.cloud.aiplatform.*.PredictionService/CountTokens", "count_tokens", ROUTE_FREE | ROUTE_NO_ANSWER },
	{ "/google.cloud.aiplatform.*.PredictionService/*", "predict" },
	{ 0 },
};

static const struct want vertex_request[] = {
	{ "5", PICK_MODEL },
	{ "2.2.1", PICK_CONTENT, WANT_BYTES },
	{ "8.2.1", PICK_CONTENT, WANT_BYTES },
	{ "6.1.1", PICK_TOOLS, WANT_NAMES },
	{ 0 },
};

#define VERTEX_USAGE(at) \
	{ at, PICK_RAW, WANT_NUMBERS }, \
	{ at ".1", PICK_INPUT }, \
	{ at ".2", PICK_OUTPUT }, \
	{ at ".5", PICK_CACHE_READ }, \
	{ at ".8", TRAFFIC }, \
	{ at ".13", PICK_INPUT_MORE }, \
	{ at ".14", PICK_REASONING }, \
	{ at ".9", EACH_INPUT, WANT_EACH }, { at ".9.1", MODALITY }, { at ".9.2", TOKENS }, \
	{ at ".10", EACH_CACHED, WANT_EACH }, { at ".10.1", MODALITY }, { at ".10.2", TOKENS }, \
	{ at ".11", EACH_OUTPUT, WANT_EACH }, { at ".11.1", MODALITY }, { at ".11.2", TOKENS }

static const struct want vertex_response[] = {
	{ "2.2.2.1", PICK_CONTENT, WANT_BYTES },
	{ "2.2.2.5.1", PICK_TOOLS, WANT_NAMES },
	{ "2.2.2.5.1", PICK_CONTENT, WANT_BYTES },
	{ "2.2.2.8.2", PICK_CONTENT, WANT_BYTES },
	{ "2.3", PICK_FINISH },
	{ "2.7.1", QUERIES, WANT_COUNT, .scale = 3 },
	VERTEX_USAGE("4"),
	{ "11", PICK_MODEL },
	{ "13", PICK_ID },
	{ 0 },
};

/* ---- and its embeddings */

static const struct route embed_routes[] = {
	{ "/google.cloud.aiplatform.*.PredictionService/EmbedContent", "embeddings" },
	{ 0 },
};

static const struct want embed_request[] = {
	{ "1", PICK_MODEL },
	{ "2.2.1", PICK_CONTENT, WANT_BYTES },
	{ 0 },
};

static const struct want embed_response[] = {
	VERTEX_USAGE("2"),
	{ 0 },
};

/* ---- what else is there, of which no message is read: their first fields are other things than a model */

static const struct route other_routes[] = {
	{ "/google.ai.generativelanguage.*.ModelService/*", "models", ROUTE_FREE },
	{ "/google.ai.generativelanguage.*.FileService/*", "files", ROUTE_FREE },
	{ "/google.ai.generativelanguage.*.CacheService/*", "create_cache", ROUTE_FREE },
	{ "/google.cloud.aiplatform.*.LlmUtilityService/*", "count_tokens", ROUTE_FREE },
	{ "/google.cloud.aiplatform.*.GenAiCacheService/*", "create_cache", ROUTE_FREE },
	{ "/google.cloud.aiplatform.*.ModelService/*", "models", ROUTE_FREE },
	{ "/google.longrunning.Operations/*", "operations", ROUTE_FREE | ROUTE_WEAK },
	{ 0 },
};

/* ---- what data cannot say */

static int item(struct dialect *d, enum side side, struct item *item)
{
	if (side == SIDE_RESPONSE)
		return gemini_answer(d, item);
	gemini_resource(d->call, item_text(item, PICK_MODEL));
	item_drop(item, PICK_MODEL);
	return 0;
}

const struct provider dialect_gapic_gemini = {
	.name = "gemini-grpc",
	.routes = gemini_routes,
	.messages = { gemini_request, gemini_response },
	.convention = REASONING_APART,
	.item = item,
};

const struct provider dialect_gapic_vertex = {
	.name = "vertex-grpc",
	.routes = vertex_routes,
	.messages = { vertex_request, vertex_response },
	.convention = REASONING_APART,
	.item = item,
};

const struct provider dialect_gapic_embed = {
	.name = "vertex-embed",
	.routes = embed_routes,
	.messages = { embed_request, embed_response },
	.convention = REASONING_APART,
	.item = item,
};

const struct provider dialect_gapic_other = {
	.name = "google-grpc",
	.routes = other_routes,
};
