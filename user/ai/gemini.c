/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Google's own formats, from the Gemini API and from Vertex AI. Thoughts are
 * beside the candidates' tokens, and what tools put into the prompt beside the
 * prompt's. Every chunk of a stream counts from the start, some leave fields
 * out, some bring nothing but the kind of traffic: the last known number of
 * each field holds. A stream is one JSON array unless the client asks for
 * events. Totals are not to be trusted: newer models leave parts out.
 */
#include <string.h>

#include "ai/gemini.h"

static const struct route routes[] = {
	{ "*/models/*:generateContent", "generate_content" },
	{ "*/models/*:streamGenerateContent", "generate_content", ROUTE_STREAM },
	{ "*/models/*:embedContent", "embeddings" },
	{ "*/models/*:batchEmbedContents", "embeddings" },
	{ "*/models/*:countTokens", "count_tokens", ROUTE_FREE },
	{ "*/models/*:computeTokens", "count_tokens", ROUTE_FREE },
	{ "*/models/*:predict", "predict" },
	{ "*/tunedModels/*:generateContent", "generate_content" },
	{ "*/tunedModels/*:streamGenerateContent", "generate_content", ROUTE_STREAM },
	{ "*/v1internal:generateContent", "generate_content" },	/* of Google's coding agents: the answer within response */
	{ "*/v1internal:streamGenerateContent", "generate_content", ROUTE_STREAM },
	{ "*/v1internal:countTokens", "count_tokens", ROUTE_FREE },
	{ "*/endpoints/*:generateContent", "generate_content" },
	{ "*/endpoints/*:streamGenerateContent", "generate_content", ROUTE_STREAM },
	{ "*/v1beta/interactions", "generate_content" },
	{ "*/v1beta/interactions/*", "generate_content", ROUTE_RETRIEVAL },
	{ "*/v1beta/models*", "models", ROUTE_FREE | ROUTE_WEAK },
	{ "*/v1beta/fileSearchStores*", "files", ROUTE_FREE },
	{ 0 },
};

static const struct want request[] = {
	{ "model", PICK_MODEL },
	{ "requests[].model", PICK_MODEL, WANT_FIRST },
	{ "project", PICK_PROJECT },
	{ "stream", PICK_STREAM },
	{ "background", PICK_BACKGROUND },
	{ "previous_interaction_id", PICK_PREVIOUS },
	{ "serviceTier", PICK_TIER },
	{ "service_tier", PICK_TIER },
	{ "tools[].functionDeclarations[].name", PICK_TOOLS, WANT_NAMES },
	{ "tools[].function_declarations[].name", PICK_TOOLS, WANT_NAMES },
	{ "tools[].name", PICK_TOOLS, WANT_NAMES },
	{ "systemInstruction.parts[].text", PICK_CONTENT, WANT_BYTES },
	{ "system_instruction", PICK_CONTENT, WANT_BYTES },
	{ "system_instruction.parts[].text", PICK_CONTENT, WANT_BYTES },
	{ "contents[].parts[].text", PICK_CONTENT, WANT_BYTES },
	{ "content.parts[].text", PICK_CONTENT, WANT_BYTES },
	{ "requests[].content.parts[].text", PICK_CONTENT, WANT_BYTES },
	{ "instances[].content", PICK_CONTENT, WANT_BYTES },
	{ "instances[].prompt", PICK_CONTENT, WANT_BYTES },
	{ "request.session_id", PICK_SESSION },
	{ "request.contents[].parts[].text", PICK_CONTENT, WANT_BYTES },
	{ "request.tools[].functionDeclarations[].name", PICK_TOOLS, WANT_NAMES },
	{ "input", PICK_CONTENT, WANT_BYTES },
	{ "input[].text", PICK_CONTENT, WANT_BYTES },
	{ 0 },
};

#define MODALITIES(path, each, tokens) \
	{ path "[]", each, WANT_EACH }, { path "[].modality", MODALITY }, { path "[]." tokens, TOKENS }

static const struct want response[] = {
	{ "error.status", PICK_ERROR },
	{ "error.code", PICK_ERROR_CODE },
#define ANSWER(at) \
	{ at "responseId", PICK_ID }, \
	{ at "modelVersion", PICK_MODEL }, \
	{ at "candidates[].finishReason", PICK_FINISH }, \
	{ at "promptFeedback.blockReason", PICK_FINISH }, \
	{ at "candidates[].content.parts[].text", PICK_CONTENT, WANT_BYTES }, \
	{ at "candidates[].content.parts[].functionCall.name", PICK_TOOLS, WANT_NAMES }, \
	{ at "candidates[].content.parts[].functionCall.name", PICK_CONTENT, WANT_BYTES }, \
	{ at "candidates[].content.parts[].executableCode.code", PICK_CONTENT, WANT_BYTES }, \
	{ at "candidates[].groundingMetadata.webSearchQueries[]", QUERIES, WANT_COUNT, .scale = 3 }, \
	{ at "candidates[].groundingMetadata.groundingChunks[].maps", MAPS, WANT_SEEN }, \
	{ at "usageMetadata", PICK_RAW, WANT_NUMBERS }, \
	{ at "usageMetadata.promptTokenCount", PICK_INPUT }, \
	{ at "usageMetadata.toolUsePromptTokenCount", PICK_INPUT_MORE }, \
	{ at "usageMetadata.cachedContentTokenCount", PICK_CACHE_READ }, \
	{ at "usageMetadata.candidatesTokenCount", PICK_OUTPUT }, \
	{ at "usageMetadata.thoughtsTokenCount", PICK_REASONING }, \
	{ at "usageMetadata.serviceTier", PICK_TIER }, \
	{ at "usageMetadata.trafficType", TRAFFIC }, \
	MODALITIES(at "usageMetadata.promptTokensDetails", EACH_INPUT, "tokenCount"), \
	MODALITIES(at "usageMetadata.candidatesTokensDetails", EACH_OUTPUT, "tokenCount"), \
	MODALITIES(at "usageMetadata.cacheTokensDetails", EACH_CACHED, "tokenCount")
	ANSWER(""), ANSWER("response."),
	MODALITIES("usageMetadata.promptTokenDetails", EACH_INPUT, "tokenCount"),

	/* predict: embeddings, pictures */
	{ "predictions[].embeddings.statistics.token_count", PICK_INPUT, WANT_SUM },
	{ "predictions[].bytesBase64Encoded", PICK_IMAGES, WANT_COUNT, .scale = 3 },
	{ "predictions[].gcsUri", PICK_IMAGES, WANT_COUNT, .scale = 3 },

	/* interactions */
	{ "id", PICK_ID },
	{ "model", PICK_MODEL },
	{ "service_tier", PICK_TIER },
	{ "steps[].content[].text", PICK_CONTENT, WANT_BYTES },
	{ "steps[].name", PICK_TOOLS, WANT_NAMES },
	{ "step.name", PICK_TOOLS, WANT_NAMES },
	{ "delta.text", PICK_CONTENT, WANT_BYTES },
	{ "interaction.id", PICK_ID },
	{ "interaction.model", PICK_MODEL },
	{ "interaction.service_tier", PICK_TIER },
#define INTERACTION(at) \
	{ at "usage", PICK_RAW, WANT_NUMBERS }, \
	{ at "usage.total_input_tokens", PICK_INPUT }, \
	{ at "usage.total_tool_use_tokens", PICK_INPUT_MORE }, \
	{ at "usage.total_cached_tokens", PICK_CACHE_READ }, \
	{ at "usage.total_output_tokens", PICK_OUTPUT }, \
	{ at "usage.total_thought_tokens", PICK_REASONING }, \
	MODALITIES(at "usage.input_tokens_by_modality", EACH_INPUT, "tokens"), \
	MODALITIES(at "usage.output_tokens_by_modality", EACH_OUTPUT, "tokens"), \
	MODALITIES(at "usage.cached_tokens_by_modality", EACH_CACHED, "tokens")
	INTERACTION(""), INTERACTION("interaction."), INTERACTION("metadata."),
	{ 0 },
};

static const struct want request_headers[] = {
	{ "x-goog-user-project", PICK_PROJECT },
	{ 0 },
};

static const struct want response_headers[] = {
	{ "x-gemini-service-tier", PICK_TIER },
	{ 0 },
};

/* What the method after the colon is called on. */
static void model_in_path(struct call *call, struct str path)
{
	static const char *const markers[] = { "/models/", "/tunedModels/", "/endpoints/" };

	for (size_t i = 0; i < sizeof(markers) / sizeof(*markers); i++) {
		struct str model = path_after(path, markers[i]);
		ptrdiff_t method = str_chr(model, ':');

		if (method <= 0)
			continue;
		url_decode(str_sub(model, 0, (size_t)method), call->model_requested, sizeof(call->model_requested));
		return;
	}
}

void gemini_resource(struct call *call, struct str name)
{
	static const char *const markers[] = { "models/", "endpoints/" };
	struct str project = str_starts(name, STR("projects/")) ? path_after(name, "projects/") : STR("");
	struct str place = path_after(name, "/locations/");

	if (project.n && !call->project[0])
		STR_COPY(call->project, project);
	if (place.n)
		STR_COPY(call->region, place);
	for (size_t i = 0; i < sizeof(markers) / sizeof(*markers); i++) {
		ptrdiff_t at = str_find(name, str_of(markers[i]));

		if (at < 0)
			continue;
		STR_COPY(call->model_requested, str_sub(name, (size_t)at + strlen(markers[i]), name.n));
		return;
	}
	if (name.n)
		STR_COPY(call->model_requested, name);
}

int gemini_head(struct dialect *d, enum side side, const struct head *head)
{
	struct call *call = d->call;

	if (side != SIDE_REQUEST)
		return 0;
	model_in_path(call, head->path);
	if (!call->project[0])
		url_decode(path_after(head->path, "/projects/"), call->project, sizeof(call->project));
	url_decode(path_after(head->path, "/locations/"), call->region, sizeof(call->region));
	/* the answer that is asked for again */
	if (str_eq(head->method, STR("GET")))
		url_decode(path_after(head->path, "/interactions/"), call->previous_id, sizeof(call->previous_id));
	return 0;
}

/* As a name, or as its number in enum Modality. */
static bool modality_is(const struct item *item, unsigned int modality, const char *name, const char *number)
{
	return str_ieq(item_text(item, modality), str_of(name)) || item_is(item, modality, number);
}

enum pick gemini_modality(const struct item *item, unsigned int modality, unsigned int of)
{
	static const enum pick picks[][2] = {
		{ PICK_AUDIO_INPUT, PICK_IMAGE_INPUT },
		{ PICK_AUDIO_OUTPUT, PICK_IMAGE_OUTPUT },
		{ PICK_AUDIO_CACHE_READ, PICK_IMAGE_CACHE_READ },
	};

	if (modality_is(item, modality, "AUDIO", "4"))
		return picks[of][0];
	return modality_is(item, modality, "IMAGE", "2") ? picks[of][1] : PICK_NONE;
}

/* Becomes a pick of its own: collected with the whole item, or not at all. */
static void modality(struct item *item)
{
	enum pick pick = gemini_modality(item, MODALITY, item->each - EACH_INPUT);

	if (pick && item_has_number(item, TOKENS))
		item_put(item, pick, item->values[TOKENS]);
}

/* Up to the second generation a grounded answer is billed, since then each of its queries. */
static void searches(struct dialect *d, const struct item *item)
{
	struct str model = item_has(item, PICK_MODEL) ? item_text(item, PICK_MODEL) : str_of(d->call->model_requested);
	bool each = !str_starts(model, STR("gemini-1")) && !str_starts(model, STR("gemini-2"));

	if (item_has(item, QUERIES))
		dialect_unit(d, "web_search", each ? item_number(item, QUERIES) : 1000);
	if (item_has(item, MAPS))
		dialect_unit(d, "maps_search", 1000);
}

/* Some clients ask for numbers instead of enums' names. */
static void finish(struct item *item, struct call *call)
{
	static const char *const names[] = { "", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER" };
	uint64_t n = item_number(item, PICK_FINISH);

	if (!n || n >= sizeof(names) / sizeof(*names))
		return;
	STR_COPY(call->finish_reason, str_of(names[n]));
	item_drop(item, PICK_FINISH);
}

/* Vertex: what was bought beforehand, or which lane; as a name, or as its number in enum TrafficType. */
static void traffic(struct dialect *d, struct item *item)
{
	if (item_is(item, TRAFFIC, "PROVISIONED_THROUGHPUT") || item_is(item, TRAFFIC, "2"))
		d->call->billing = BILLING_PROVISIONED;
	else if (item_is(item, TRAFFIC, "ON_DEMAND_PRIORITY") || item_is(item, TRAFFIC, "3"))
		STR_COPY(d->call->service_tier, STR("priority"));
	else if (item_is(item, TRAFFIC, "ON_DEMAND_FLEX") || item_is(item, TRAFFIC, "4"))
		STR_COPY(d->call->service_tier, STR("flex"));
}

int gemini_answer(struct dialect *d, struct item *item)
{
	if (item->each) {
		modality(item);
		return 0;
	}
	traffic(d, item);
	finish(item, d->call);
	searches(d, item);
	return 0;
}

static int item(struct dialect *d, enum side side, struct item *item)
{
	return side == SIDE_REQUEST ? 0 : gemini_answer(d, item);
}

const struct provider dialect_gemini = {
	.name = "gemini",
	.routes = routes,
	.wants = { request, response },
	.headers = { request_headers, response_headers },
	.convention = REASONING_APART,
	.sibling = &dialect_gemini_batch,
	.head = gemini_head,
	.item = item,
};
