/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ollama's own format. A stream is lines of JSON, and it streams unless the
 * request says no; the last line counts. A prompt that the cache holds whole
 * is not counted at all.
 */
#include "ai/dialect.h"

enum { FAILED = PICK_OWN_1, DONE };

enum { OWN_UNDER_WAY };

static const struct route routes[] = {
	{ "*/api/chat", "chat" },
	{ "*/api/generate", "text_completion" },
	{ "*/api/embed", "embeddings" },
	{ "*/api/embeddings", "embeddings" },
	{ "*/api/tags", "models", ROUTE_FREE | ROUTE_WEAK },
	{ "*/api/ps", "models", ROUTE_FREE | ROUTE_WEAK },
	{ "*/api/show", "models", ROUTE_FREE | ROUTE_WEAK },
	{ "*/api/version", "models", ROUTE_FREE | ROUTE_WEAK },
	{ "*/api/pull", "models", ROUTE_FREE | ROUTE_WEAK },
	{ "*/api/push", "models", ROUTE_FREE | ROUTE_WEAK },
	{ "*/api/create", "models", ROUTE_FREE | ROUTE_WEAK },
	{ "*/api/copy", "models", ROUTE_FREE | ROUTE_WEAK },
	{ "*/api/delete", "models", ROUTE_FREE | ROUTE_WEAK },
	{ 0 },
};

static const struct want request[] = {
	{ "model", PICK_MODEL },
	{ "stream", PICK_STREAM },
	{ "tools[].function.name", PICK_TOOLS, WANT_NAMES },
	{ "system", PICK_CONTENT, WANT_BYTES },
	{ "prompt", PICK_CONTENT, WANT_BYTES },
	{ "input", PICK_CONTENT, WANT_BYTES },
	{ "input[]", PICK_CONTENT, WANT_BYTES },
	{ "messages[].content", PICK_CONTENT, WANT_BYTES },
	{ 0 },
};

static const struct want response[] = {
	{ "model", PICK_MODEL },
	{ "done", DONE },
	{ "done_reason", PICK_FINISH },
	{ "error", FAILED, WANT_SEEN },	/* prose */
	{ "prompt_eval_count", PICK_INPUT },
	{ "eval_count", PICK_OUTPUT },
	{ "message.tool_calls[].function.name", PICK_TOOLS, WANT_NAMES },
	{ "message.tool_calls[].function.name", PICK_CONTENT, WANT_BYTES },
	{ "response", PICK_CONTENT, WANT_BYTES },
	{ "message.content", PICK_CONTENT, WANT_BYTES },
	{ "message.thinking", PICK_CONTENT, WANT_BYTES },
	{ 0 },
};

static int item(struct dialect *d, enum side side, struct item *item)
{
	/* many a chat asks for a model under such a path: the answer has to bear it out */
	if (side == SIDE_REQUEST)
		d->sure = false;
	if (side == SIDE_RESPONSE && item_has(item, DONE))
		d->own[OWN_UNDER_WAY] = !item_number(item, DONE);
	if (side == SIDE_RESPONSE && item_has(item, FAILED))
		dialect_error(d, STR("error"));
	return 0;
}

static int end(struct dialect *d, enum ending ending)
{
	d->cut |= ending != ENDING_COMPLETE || d->own[OWN_UNDER_WAY];
	return 0;
}

const struct provider dialect_ollama = {
	.name = "ollama",
	.routes = routes,
	.wants = { request, response },
	.item = item,
	.end = end,
};
