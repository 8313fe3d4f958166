/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gemini's Live API over a WebSocket, of the Gemini API and of Vertex AI. A turn
 * of the model is a call; its usage, which counts from the turn's start, comes
 * with the message that says that the turn is complete, or right behind it.
 * Thoughts are beside the response's tokens, and left out of the total.
 *
 * ai.google.dev/api/live: BidiGenerateContent. Clients write names as the API's
 * JSON has them, or as its protobuf does.
 */
#include <string.h>

#include "ai/gemini.h"
#include "ai/turn.h"

enum {
	COMPLETE = GEMINI_OWN_NEXT,	/* the turn is */
	INTERRUPTED,			/* by the user */
	ANSWER,				/* something of the model's turn */
	ASKS,				/* the client wants an answer */
};

/* In dialect->own. */
struct session {
	struct turn turn;
	uint64_t asked_ns;
	bool complete;
	bool reported;
};

_Static_assert(sizeof(struct session) <= sizeof(((struct dialect *)0)->own), "a session has its room in a dialect");

static const struct route routes[] = {
	{ "*BidiGenerateContent*", "realtime", ROUTE_STREAM },
	{ "*/google*/ws", "realtime", ROUTE_STREAM },	/* of gateways */
	{ 0 },
};

static const struct want request[] = {
	{ "setup.model", PICK_MODEL },
	{ "setup.tools[].functionDeclarations[].name", PICK_TOOLS, WANT_NAMES },
	{ "setup.tools[].function_declarations[].name", PICK_TOOLS, WANT_NAMES },
	{ "setup.systemInstruction.parts[].text", PICK_CONTENT, WANT_BYTES },
	{ "setup.system_instruction.parts[].text", PICK_CONTENT, WANT_BYTES },
#define CLIENT(content, input, answer) \
	{ content, ASKS, WANT_SEEN }, \
	{ content ".turns[].parts[].text", PICK_CONTENT, WANT_BYTES }, \
	{ input ".text", PICK_CONTENT, WANT_BYTES }, \
	{ answer, ASKS, WANT_SEEN }
	CLIENT("clientContent", "realtimeInput", "toolResponse"),
	CLIENT("client_content", "realtime_input", "tool_response"),
	{ 0 },
};

#define MODALITIES(path, each) \
	{ path "[]", each, WANT_EACH }, { path "[].modality", MODALITY }, { path "[].tokenCount", TOKENS }

static const struct want response[] = {
	{ "error.status", PICK_ERROR },
	{ "error.code", PICK_ERROR_CODE },
	{ "serverContent.turnComplete", COMPLETE },
	{ "serverContent.interrupted", INTERRUPTED },
	{ "serverContent.modelTurn", ANSWER, WANT_SEEN },
	{ "serverContent.outputTranscription", ANSWER, WANT_SEEN },
	{ "toolCall", ANSWER, WANT_SEEN },
	{ "serverContent.modelTurn.parts[].text", PICK_CONTENT, WANT_BYTES },
	{ "serverContent.outputTranscription.text", PICK_CONTENT, WANT_BYTES },
	{ "serverContent.groundingMetadata.webSearchQueries[]", QUERIES, WANT_COUNT, .scale = 3 },
	{ "toolCall.functionCalls[].name", PICK_TOOLS, WANT_NAMES },
	{ "usageMetadata", PICK_RAW, WANT_NUMBERS },
	{ "usageMetadata.promptTokenCount", PICK_INPUT },
	{ "usageMetadata.toolUsePromptTokenCount", PICK_INPUT_MORE },
	{ "usageMetadata.cachedContentTokenCount", PICK_CACHE_READ },
	{ "usageMetadata.responseTokenCount", PICK_OUTPUT },
	{ "usageMetadata.candidatesTokenCount", PICK_OUTPUT },
	{ "usageMetadata.thoughtsTokenCount", PICK_REASONING },
	{ "usageMetadata.serviceTier", PICK_TIER },
	{ "usageMetadata.trafficType", TRAFFIC },
	MODALITIES("usageMetadata.promptTokensDetails", EACH_INPUT),
	MODALITIES("usageMetadata.responseTokensDetails", EACH_OUTPUT),
	MODALITIES("usageMetadata.candidatesTokensDetails", EACH_OUTPUT),
	MODALITIES("usageMetadata.cacheTokensDetails", EACH_CACHED),
	{ 0 },
};

static const struct want request_headers[] = {
	{ "x-goog-user-project", PICK_PROJECT },
	{ 0 },
};

static const struct want no_headers[] = { { 0 } };

static int match(const struct head *head)
{
	if (!str_ieq(head_get(head, STR("upgrade")), STR("websocket")))
		return 0;
	return str_find(head->path, STR("BidiGenerateContent")) >= 0 || str_find(head->path, STR("/google")) >= 0 ? 2 : 0;
}

static void emit(struct dialect *d, struct session *s, uint64_t end_ns)
{
	turn_emit(d, &s->turn, STR(""), end_ns);
	s->complete = s->reported = false;
}

static void answer(struct dialect *d, struct session *s, const struct item *item)
{
	/* the next turn begins, and the last one's usage never came */
	if (s->complete && item_has(item, ANSWER))
		emit(d, s, item->boot_ns);
	if (!s->turn.answer_ns) {
		turn_begin(&s->turn, s->asked_ns, item->boot_ns, STR(""));
		s->asked_ns = 0;
	}
	if (item_has(item, ANSWER))
		turn_content(&s->turn, item->boot_ns, item_number(item, PICK_CONTENT));
}

static void from_server(struct dialect *d, struct session *s, struct item *item)
{
	if (item_has(item, ANSWER) || item_number(item, COMPLETE) || item_has(item, PICK_RAW))
		answer(d, s, item);
	dialect_collect(d, SIDE_RESPONSE, item);
	s->reported |= item_has(item, PICK_RAW);
	s->complete |= item_number(item, COMPLETE) != 0;
	if (item_number(item, INTERRUPTED))
		STR_COPY(d->call->finish_reason, STR("interrupted"));
	if (s->complete && s->reported)
		emit(d, s, item->boot_ns);
}

static int item(struct dialect *d, enum side side, struct item *item)
{
	struct session *s = (struct session *)d->own;

	if (item->kind != ITEM_MESSAGE)
		return 0;	/* a refusal */
	if (side == SIDE_REQUEST) {
		if (item_has(item, ASKS))
			s->asked_ns = item->boot_ns;
		return 0;
	}
	gemini_answer(d, item);
	if (!item->each)
		from_server(d, s, item);
	return 1;
}

/* A session without a turn is a call that is free: it shows who connected. */
static int end(struct dialect *d, enum ending ending)
{
	struct session *s = (struct session *)d->own;

	(void)ending;
	if (s->turn.answer_ns && s->complete)
		emit(d, s, 0);
	else if (s->turn.answer_ns)
		turn_abort(d, &s->turn, STR(""));
	if (!d->emitted && d->call->status == 101)
		d->call->flags |= CALL_FREE;
	return 0;
}

const struct provider dialect_live = {
	.name = "live",
	.routes = routes,
	.wants = { request, response },
	.headers = { request_headers, no_headers },
	.convention = REASONING_APART,
	.match = match,
	.item = item,
	.end = end,
};
