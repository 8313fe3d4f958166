/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cohere tells what it bills (billed_units) beside what it processed (tokens,
 * which is more: templates, documents, tools). The former is the usage; what
 * the cache read is counted in the latter, and no part of it. Numbers may come
 * with a fraction. The model is in the request alone.
 */
#include "ai/dialect.h"

enum { CLASSIFIED = PICK_OWN_1 };

static const struct route routes[] = {
	{ "*/v1/chat", "chat", ROUTE_WEAK },
	{ "*/v2/chat", "chat", ROUTE_WEAK },
	{ "*/v1/generate", "text_completion", ROUTE_WEAK },
	{ "*/v1/summarize", "text_completion", ROUTE_WEAK },
	{ "*/v1/classify", "classify", ROUTE_WEAK },
	{ "*/v1/embed", "embeddings", ROUTE_WEAK },
	{ "*/v2/embed", "embeddings", ROUTE_WEAK },
	{ "*/v1/rerank", "rerank", ROUTE_WEAK },
	{ "*/v2/rerank", "rerank", ROUTE_WEAK },
	{ "*/v2/audio/transcriptions", "transcription", ROUTE_WEAK },
	{ "*/v1/tokenize", "count_tokens", ROUTE_FREE | ROUTE_WEAK },
	{ "*/v1/detokenize", "count_tokens", ROUTE_FREE | ROUTE_WEAK },
	{ "*/v1/models*", "models", ROUTE_FREE | ROUTE_WEAK },
	{ "*/v1/check-api-key", "models", ROUTE_FREE | ROUTE_WEAK },
	{ 0 },
};

static const struct want request[] = {
	{ "model", PICK_MODEL },
	{ "stream", PICK_STREAM },
	{ "tools[].name", PICK_TOOLS, WANT_NAMES },
	{ "tools[].function.name", PICK_TOOLS, WANT_NAMES },
	{ "message", PICK_CONTENT, WANT_BYTES },
	{ "prompt", PICK_CONTENT, WANT_BYTES },
	{ "query", PICK_CONTENT, WANT_BYTES },
	{ "texts[]", PICK_CONTENT, WANT_BYTES },
	{ "documents[]", PICK_CONTENT, WANT_BYTES },
	{ "messages[].content", PICK_CONTENT, WANT_BYTES },
	{ "messages[].content[].text", PICK_CONTENT, WANT_BYTES },
	{ 0 },
};

static const struct want response[] = {
	{ "id", PICK_ID },
	{ "generation_id", PICK_ID },
	{ "response.id", PICK_ID },
	{ "response.generation_id", PICK_ID },
	{ "finish_reason", PICK_FINISH },
	{ "delta.finish_reason", PICK_FINISH },
	{ "message.tool_calls[].function.name", PICK_TOOLS, WANT_NAMES },
	{ "delta.message.tool_calls.function.name", PICK_TOOLS, WANT_NAMES },
	{ "tool_calls[].name", PICK_TOOLS, WANT_NAMES },
	{ "response.tool_calls[].name", PICK_TOOLS, WANT_NAMES },
	{ "text", PICK_CONTENT, WANT_BYTES },
	{ "message.tool_plan", PICK_CONTENT, WANT_BYTES },
	{ "message.tool_calls[].function.arguments", PICK_CONTENT, WANT_BYTES },
	{ "delta.message.tool_plan", PICK_CONTENT, WANT_BYTES },
	{ "delta.message.tool_calls.function.arguments", PICK_CONTENT, WANT_BYTES },
	{ "generations[].text", PICK_CONTENT, WANT_BYTES },
	{ "message.content[].text", PICK_CONTENT, WANT_BYTES },
	{ "message.content[].thinking", PICK_CONTENT, WANT_BYTES },
	{ "delta.message.content.text", PICK_CONTENT, WANT_BYTES },
	{ "delta.message.content.thinking", PICK_CONTENT, WANT_BYTES },
#define USAGE(at) \
	{ at, PICK_RAW, WANT_NUMBERS }, \
	{ at ".billed_units.input_tokens", PICK_INPUT }, \
	{ at ".billed_units.output_tokens", PICK_OUTPUT }, \
	{ at ".billed_units.image_tokens", PICK_IMAGE_INPUT }, \
	{ at ".billed_units.search_units", PICK_SEARCH_UNITS, .scale = 3 }, \
	{ at ".billed_units.images", PICK_IMAGES, .scale = 3 }, \
	{ at ".billed_units.classifications", CLASSIFIED, .scale = 3 }, \
	{ at ".billed_units.pages", PICK_PAGES, .scale = 3 }, \
	{ at ".tokens.reasoning_tokens", PICK_REASONING }
	USAGE("meta"), USAGE("response.meta"), USAGE("usage"), USAGE("delta.usage"),
	{ 0 },
};

static const struct want response_headers[] = {
	{ "x-debug-trace-id", PICK_REQUEST_ID },
	{ 0 },
};

static int item(struct dialect *d, enum side side, struct item *item)
{
	if (side == SIDE_RESPONSE && item_is(item, PICK_FINISH, "ERROR"))
		dialect_error(d, item_text(item, PICK_FINISH));
	if (side == SIDE_RESPONSE && item_has(item, CLASSIFIED))
		dialect_unit(d, "classification", item_number(item, CLASSIFIED));
	return 0;
}

const struct provider dialect_cohere = {
	.name = "cohere",
	.routes = routes,
	.wants = { request, response },
	.headers = { NULL, response_headers },
	.item = item,
};
