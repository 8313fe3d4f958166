/* SPDX-License-Identifier: Apache-2.0 */
/* Aleph Alpha's completions: counts stand beside the text, the answer names its model by a version. */
#include "ai/dialect.h"

static const struct route routes[] = {
	{ "/complete", "text_completion", ROUTE_WEAK },
	{ "/evaluate", "text_completion", ROUTE_WEAK },
	{ "/embed", "embeddings", ROUTE_WEAK },
	{ "/semantic_embed", "embeddings", ROUTE_WEAK },
	{ "/batch_semantic_embed", "embeddings", ROUTE_WEAK },
	{ "/tokenize", "count_tokens", ROUTE_FREE | ROUTE_WEAK },
	{ "/detokenize", "count_tokens", ROUTE_FREE | ROUTE_WEAK },
	{ 0 },
};

static const struct want request[] = {
	{ "model", PICK_MODEL },
	{ "stream", PICK_STREAM },
	{ "prompt", PICK_CONTENT, WANT_BYTES },
	{ 0 },
};

static const struct want response[] = {
	{ "model_version", PICK_MODEL },
	{ "completions[].finish_reason", PICK_FINISH },
	{ "completions[].completion", PICK_CONTENT, WANT_BYTES },
	{ "num_tokens_prompt_total", PICK_INPUT },
	{ "num_tokens_generated", PICK_OUTPUT },
	{ "code", PICK_ERROR },
	{ 0 },
};

const struct provider dialect_aleph_alpha = {
	.name = "aleph_alpha",
	.routes = routes,
	.wants = { request, response },
};
