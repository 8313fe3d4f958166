/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watsonx' own text generation. In a stream the prompt is counted once, by the
 * first event, and is 0 in all others; the answer is counted from its start by
 * each. Its chat endpoint speaks OpenAI's dialect, with other names for models.
 */
#include "ai/dialect.h"

static const struct route routes[] = {
	{ "/ml/v*/text/generation", "text_completion" },
	{ "/ml/v*/text/generation_stream", "text_completion", ROUTE_STREAM },
	{ "/ml/v*/generation/text", "text_completion" },
	{ "/ml/v*/generation/text_stream", "text_completion", ROUTE_STREAM },
	{ "/ml/v*/deployments/*/text/generation", "text_completion" },
	{ "/ml/v*/deployments/*/text/generation_stream", "text_completion", ROUTE_STREAM },
	{ "/ml/v*/text/embeddings", "embeddings" },
	{ "/ml/v*/text/rerank", "rerank" },
	{ "/ml/v*/text/tokenization", "count_tokens", ROUTE_FREE },
	{ "/ml/v*/foundation_model_specs", "models", ROUTE_FREE },
	{ "/ml/v4/instances/*", "models", ROUTE_FREE },
	{ 0 },
};

static const struct want request[] = {
	{ "model_id", PICK_MODEL },
	{ "project_id", PICK_PROJECT },
	{ "input", PICK_CONTENT, WANT_BYTES },
	{ "inputs[]", PICK_CONTENT, WANT_BYTES },
	{ 0 },
};

static const struct want response[] = {
	{ "model_id", PICK_MODEL },
	{ "results[].stop_reason", PICK_FINISH },
	{ "results[].generated_text", PICK_CONTENT, WANT_BYTES },
	{ "results[].input_token_count", PICK_INPUT, WANT_SUM },
	{ "results[].generated_token_count", PICK_OUTPUT, WANT_SUM },
	{ "input_token_count", PICK_INPUT },
	{ "errors[].code", PICK_ERROR },
	{ 0 },
};

static const struct want response_headers[] = {
	{ "x-global-transaction-id", PICK_REQUEST_ID },
	{ 0 },
};

static int item(struct dialect *d, enum side side, struct item *item)
{
	if (side == SIDE_RESPONSE && d->count[PICK_INPUT] && !item_number(item, PICK_INPUT))
		item_drop(item, PICK_INPUT);
	return 0;
}

const struct provider dialect_watsonx = {
	.name = "watsonx",
	.routes = routes,
	.wants = { request, response },
	.headers = { NULL, response_headers },
	.item = item,
};
