/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Realtime sessions over a WebSocket, as OpenAI has them, and Azure and xAI after
 * it. Each response is a call: its usage comes with response.done, once, and is
 * its own, not the session's. Writing down what the user said is another model's
 * work, billed beside the response: a call as well, of the transcriber's model.
 *
 * A session may have several responses under way (out of band); deltas name the
 * one that they are of. One whose end never comes is told when the session ends,
 * without usage. A session in which nothing was asked is a call that is free: it
 * shows who connected, and the error where there was one.
 *
 * developers.openai.com/api/reference/realtime, learn.microsoft.com voice-live
 * reference, docs.x.ai voice agent API.
 */
#include <string.h>

#include "ai/turn.h"

#define TURNS 3		/* under way at one time; of more the oldest is given up */

enum {
	TRANSCRIBER = PICK_OWN_1,	/* the model that writes down what is heard */
	RESPONSE_ID,			/* an event's */
	ITEM_ID,			/* what was heard */
};

/* In dialect->own. */
struct session {
	struct turn turns[TURNS];
	uint64_t asked_ns;	/* the client wants a response, or the server heard the user's last word */
	uint64_t heard_ns;	/* audio to be written down was complete */
	char model[128];
	char transcriber[64];
	char error[64];
};

_Static_assert(sizeof(struct session) <= sizeof(((struct dialect *)0)->own), "a session has its room in a dialect");

static const struct route routes[] = {
	{ "*/realtime", "realtime", ROUTE_STREAM },
	{ 0 },
};

static const struct want request[] = {
	{ "type", PICK_TYPE },
	{ "session.model", PICK_MODEL },
#define HEARD(at) \
	{ at "session.audio.input.transcription.model", TRANSCRIBER }, \
	{ at "session.input_audio_transcription.model", TRANSCRIBER }
	HEARD(""),
	{ "session.tools[].name", PICK_TOOLS, WANT_NAMES },
	{ "response.tools[].name", PICK_TOOLS, WANT_NAMES },
	{ "session.instructions", PICK_CONTENT, WANT_BYTES },
	{ "response.instructions", PICK_CONTENT, WANT_BYTES },
	{ "item.content[].text", PICK_CONTENT, WANT_BYTES },
	{ "item.output", PICK_CONTENT, WANT_BYTES },
	{ 0 },
};

static const struct want response[] = {
	{ "type", PICK_TYPE },
	{ "session.id", PICK_SESSION },
	{ "session.model", PICK_MODEL },
	HEARD(""),
	{ "response.id", RESPONSE_ID },
	{ "response_id", RESPONSE_ID },
	{ "item_id", ITEM_ID },
	{ "delta", PICK_CONTENT, WANT_BYTES },
	{ "response.status", PICK_FINISH },
	{ "response.status_details.reason", PICK_FINISH },
	{ "response.status_details.error.type", PICK_ERROR },
	{ "response.status_details.error.code", PICK_ERROR },
	{ "error.type", PICK_ERROR },
	{ "error.code", PICK_ERROR },
	{ "response.output[].name", PICK_TOOLS, WANT_NAMES },
#define USAGE(at) \
	{ at "usage", PICK_RAW, WANT_NUMBERS }, \
	{ at "usage.input_tokens", PICK_INPUT }, \
	{ at "usage.output_tokens", PICK_OUTPUT }, \
	{ at "usage.total_tokens", PICK_TOTAL }, \
	{ at "usage.input_token_details.cached_tokens", PICK_CACHE_READ }, \
	{ at "usage.input_token_details.audio_tokens", PICK_AUDIO_INPUT }, \
	{ at "usage.input_token_details.image_tokens", PICK_IMAGE_INPUT }, \
	{ at "usage.input_token_details.cached_tokens_details.audio_tokens", PICK_AUDIO_CACHE_READ }, \
	{ at "usage.input_token_details.cached_tokens_details.image_tokens", PICK_IMAGE_CACHE_READ }, \
	{ at "usage.output_token_details.audio_tokens", PICK_AUDIO_OUTPUT }, \
	{ at "usage.output_token_details.reasoning_tokens", PICK_REASONING }, \
	{ at "usage.cost_in_usd_ticks", PICK_COST, .scale = 2 }, \
	{ at "usage.billable_audio_seconds", PICK_SECONDS, .scale = 3 }, \
	{ at "usage.seconds", PICK_SECONDS, .scale = 3 }
	USAGE("response."), USAGE(""),
	{ 0 },
};

static const struct want response_headers[] = {
	{ "apim-request-id", PICK_REQUEST_ID },
	{ "x-request-id", PICK_REQUEST_ID },
	{ 0 },
};

static const struct want no_headers[] = { { 0 } };

static struct session *session_of(struct dialect *d)
{
	return (struct session *)d->own;
}

/* Elsewhere the same path may be anything: only what asks for a socket is ours. */
static int match(const struct head *head)
{
	if (!str_ieq(head_get(head, STR("upgrade")), STR("websocket")))
		return 0;
	return str_iends(head->path, STR("/realtime")) ? 2 : 0;
}

static int head(struct dialect *d, enum side side, const struct head *head)
{
	struct call *call = d->call;

	if (side != SIDE_REQUEST)
		return 0;
	if (!query_get(head->query, "model", call->model_requested, sizeof(call->model_requested)))
		query_get(head->query, "deployment", call->model_requested, sizeof(call->model_requested));
	return 0;
}

/* ---- turns */

static struct str model_of(struct session *s)
{
	return str_of(s->model);
}

static struct turn *turn_of(struct session *s, struct str id)
{
	for (int i = 0; i < TURNS; i++)
		if (s->turns[i].answer_ns && str_eq(id, str_of(s->turns[i].id)))
			return &s->turns[i];
	return NULL;
}

static void response_created(struct dialect *d, const struct item *item)
{
	struct session *s = session_of(d);
	struct turn *turn = &s->turns[0];

	if (turn_of(s, item_text(item, RESPONSE_ID)))
		return;
	for (int i = 0; i < TURNS && turn->answer_ns; i++)
		if (s->turns[i].answer_ns < turn->answer_ns)
			turn = &s->turns[i];
	if (turn->answer_ns)
		turn_abort(d, turn, model_of(s));
	turn_begin(turn, s->asked_ns, item->boot_ns, item_text(item, RESPONSE_ID));
	s->asked_ns = 0;
}

static void response_done(struct dialect *d, struct item *item)
{
	struct session *s = session_of(d);
	struct turn *turn = turn_of(s, item_text(item, RESPONSE_ID)), unseen;

	if (!turn) {	/* its begin was lost */
		turn = &unseen;
		turn_begin(turn, s->asked_ns, item->boot_ns, item_text(item, RESPONSE_ID));
		s->asked_ns = 0;
	}
	item_drop(item, PICK_MODEL);
	dialect_collect(d, SIDE_RESPONSE, item);
	turn_emit(d, turn, model_of(s), item->boot_ns);
}

/* Base64 of audio is no text. */
static void delta(struct session *s, const struct item *item)
{
	struct str type = item_text(item, PICK_TYPE);
	struct turn *turn = turn_of(s, item_text(item, RESPONSE_ID));
	bool audio = str_ends(type, STR("audio.delta"));

	if (turn)
		turn_content(turn, item->boot_ns, audio ? 0 : item_number(item, PICK_CONTENT));
}

/* A call beside the turns, which go on. */
static void transcribed(struct dialect *d, struct item *item)
{
	struct session *s = session_of(d);
	struct call *call = d->call;
	uint64_t asked = call->content_bytes[SIDE_REQUEST];
	char requested[sizeof(call->model_requested)];
	struct turn turn;

	if (!item_has(item, PICK_RAW))
		return;
	memcpy(requested, call->model_requested, sizeof(requested));
	STR_COPY(call->model_requested, str_of(s->transcriber));
	STR_COPY(call->operation, STR("transcription"));
	call->content_bytes[SIDE_REQUEST] = 0;
	dialect_collect(d, SIDE_RESPONSE, item);
	turn_begin(&turn, s->heard_ns, item->boot_ns, item_text(item, ITEM_ID));
	turn_emit(d, &turn, str_of(s->transcriber), item->boot_ns);
	memcpy(call->model_requested, requested, sizeof(requested));
	STR_COPY(call->operation, STR("realtime"));
	call->content_bytes[SIDE_REQUEST] = asked;
	s->heard_ns = 0;
}

/* ---- messages */

static void keep(char *to, size_t size, struct str text)
{
	if (text.n)
		str_copy(to, size, text);
}

#define KEEP(to, text) keep(to, sizeof(to), text)

static void asked(struct session *s, const struct item *item)
{
	struct turn *turn = NULL;

	/* an answer may be seen before its question */
	for (int i = 0; i < TURNS; i++)
		if (s->turns[i].answer_ns > item->boot_ns && s->turns[i].begin_ns == s->turns[i].answer_ns)
			turn = &s->turns[i];
	if (turn)
		turn->begin_ns = item->boot_ns;
	else
		s->asked_ns = item->boot_ns;
}

static int from_client(struct session *s, struct item *item)
{
	KEEP(s->transcriber, item_text(item, TRANSCRIBER));
	if (item_is(item, PICK_TYPE, "response.create"))
		asked(s, item);
	return 0;
}

static int item(struct dialect *d, enum side side, struct item *item)
{
	struct session *s = session_of(d);
	struct str type = item_text(item, PICK_TYPE);

	if (item->kind != ITEM_MESSAGE)
		return 0;	/* a refusal */
	if (side == SIDE_REQUEST)
		return from_client(s, item);
	KEEP(s->transcriber, item_text(item, TRANSCRIBER));
	if (str_starts(type, STR("session."))) {
		KEEP(s->model, item_text(item, PICK_MODEL));
		return 0;
	}
	if (str_eq(type, STR("input_audio_buffer.committed")))
		s->asked_ns = s->heard_ns = item->boot_ns;
	else if (str_eq(type, STR("response.created")))
		response_created(d, item);
	else if (str_eq(type, STR("response.done")))
		response_done(d, item);
	else if (str_eq(type, STR("conversation.item.input_audio_transcription.completed")))
		transcribed(d, item);
	else if (str_eq(type, STR("error")))
		KEEP(s->error, item_text(item, PICK_ERROR));
	else if (item_has(item, PICK_CONTENT))
		delta(s, item);
	return 1;
}

static int end(struct dialect *d, enum ending ending)
{
	struct session *s = session_of(d);

	(void)ending;
	for (int i = 0; i < TURNS; i++)
		if (s->turns[i].answer_ns)
			turn_abort(d, &s->turns[i], model_of(s));
	if (d->emitted || d->call->status != 101)
		return 0;
	d->call->flags |= CALL_FREE;
	if (s->error[0])
		dialect_error(d, str_of(s->error));
	return 0;
}

const struct provider dialect_realtime = {
	.name = "realtime",
	.routes = routes,
	.wants = { request, response },
	.headers = { no_headers, response_headers },
	.match = match,
	.head = head,
	.item = item,
	.end = end,
};
