/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Responses API over a WebSocket, as coding agents speak it: a message
 * response.create asks, with the fields that a POST has, and the events that
 * follow are those of a stream. Each response is a call; one at a time is under
 * way. An error that comes instead of a response is a call too: what was asked
 * failed. developers.openai.com/api/reference/resources/responses/websocket-events
 */
#include "ai/openai.h"
#include "ai/turn.h"

/* In dialect->own, behind what a response needs. */
struct socket {
	struct turn turn;
	uint64_t asked_ns;
};

_Static_assert(sizeof(struct socket) <= sizeof(((struct dialect *)0)->own) - OPENAI_OWN * sizeof(uint64_t), "room in a dialect");

static struct socket *socket_of(struct dialect *d)
{
	return (struct socket *)(d->own + OPENAI_OWN);
}

static void begin(struct socket *s, uint64_t ns, struct str id)
{
	turn_begin(&s->turn, s->asked_ns, ns, id);
	s->asked_ns = 0;
}

static void emit(struct dialect *d, struct socket *s, struct item *item)
{
	if (!s->turn.answer_ns)
		begin(s, item->boot_ns, item_text(item, PICK_ID));
	dialect_collect(d, SIDE_RESPONSE, item);
	openai_conventions(d);
	turn_emit(d, &s->turn, STR(""), item->boot_ns);
}

static bool is_end(struct str type)
{
	return str_eq(type, STR("response.completed")) || str_eq(type, STR("response.incomplete")) ||
	       str_eq(type, STR("response.failed"));
}

int openai_message(struct dialect *d, enum side side, struct item *item)
{
	struct socket *s = socket_of(d);
	struct str type = item_text(item, PICK_TYPE);

	if (side == SIDE_REQUEST) {
		if (str_eq(type, STR("response.create")))
			s->asked_ns = item->boot_ns;
		return 0;
	}
	if (is_end(type) || (str_eq(type, STR("error")) && (s->asked_ns || s->turn.answer_ns))) {
		emit(d, s, item);
		return 1;
	}
	if (str_eq(type, STR("response.created")) && !s->turn.answer_ns)
		begin(s, item->boot_ns, item_text(item, PICK_ID));
	if (s->turn.answer_ns && item_has(item, PICK_CONTENT))
		turn_content(&s->turn, item->boot_ns, item_number(item, PICK_CONTENT));
	return 0;
}

void openai_socket_end(struct dialect *d)
{
	struct socket *s = socket_of(d);

	if (s->turn.answer_ns)
		turn_abort(d, &s->turn, STR(""));
	if (!d->emitted && d->call->status == 101)
		d->call->flags |= CALL_FREE;	/* nothing was asked: it shows who connected */
}
