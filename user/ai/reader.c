/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From heads and pieces to a call. The request's head says who is asked and in
 * which dialect; each piece runs through the skim of its side; each item that
 * is over goes to the dialect and then to the collector. On a host that nobody
 * knows the path is a claim only: unless a body bears it out, nothing is told.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ai/body_hash.h"
#include "ai/caller.h"
#include "ai/compiled.h"
#include "ai/credential.h"
#include "ai/dialect.h"
#include "ai/room.h"
#include "ai/proto.h"
#include "ai/reader.h"
#include "ai/shape.h"
#include "ai/wrapped.h"

struct reader {
	const struct wants *wants;
	struct readers *readers;	/* NULL: it has its own rooms, behind itself */
	struct choice choice;
	const struct compiled *compiled;	/* the choice's dialect */
	struct dialect dialect;
	struct body_hash hash;
	enum interest interest;
	bool hashed;		/* the request has a body */
	bool open[2];		/* an item is under way, by enum side */
	bool stopped[2];	/* nothing more is wanted of that side */
	bool wanted_open;	/* and it is skimmed for what the configuration wants */
	bool socket;		/* what the client sends is no request, but a session */
	bool unwrap;		/* the answer's item is wrapped */
	struct wrapped wrapped;
	struct room *room[2];	/* of the item under way */
	struct wanted_room *wanted;
	bool message[2];	/* the item under way is protobuf */
	bool hostless;		/* joined in the middle, and nobody said who is asked */
	bool pathless;		/* the path is unknown: the shape of the bodies picks the dialect */
	bool passed[2];		/* the item under way is a file that nobody reads */
	bool holding[2];	/* the item under way has not said yet */
	bool shaped;		/* the response has */
};

_Static_assert(_Alignof(struct own_rooms) <= 16 && sizeof(struct reader) % 8 == 0, "rooms follow a reader");

size_t reader_size(void)
{
	return sizeof(struct reader) + sizeof(struct own_rooms);
}

size_t reader_size_shared(void)
{
	return sizeof(struct reader);
}

void reader_begin(struct reader *r, const struct wants *wants, struct call *call, usage_fn emit, void *ctx)
{
	r->wants = wants;
	r->readers = NULL;
	r->room[SIDE_REQUEST] = r->room[SIDE_RESPONSE] = NULL;
	r->wanted = NULL;
	r->interest = INTEREST_NONE;
	r->hashed = r->wanted_open = r->pathless = r->hostless = r->shaped = false;
	memset(&r->choice, 0, sizeof(r->choice));
	memset(r->open, 0, sizeof(r->open));
	memset(r->stopped, 0, sizeof(r->stopped));
	memset(r->holding, 0, sizeof(r->holding));
	memset(&r->dialect, 0, sizeof(r->dialect));
	r->dialect.call = call;
	r->dialect.wants = wants;
	r->dialect.choice = &r->choice;
	r->dialect.emit = emit;
	r->dialect.ctx = ctx;
}

void reader_share(struct reader *r, struct readers *readers)
{
	r->readers = readers;
}

/* ---- rooms */

static bool enter(struct reader *r, enum side side)
{
	struct own_rooms *own = (struct own_rooms *)(r + 1);

	if (!r->room[side])
		r->room[side] = r->readers ? room_take(r->readers) : &own->room[side];
	return r->room[side];
}

static void leave(struct reader *r, enum side side)
{
	if (r->readers)
		r->room[side] = room_put(r->readers, r->room[side]);
}

/* A room for what the configuration wants of the request's body; without one, it goes without. */
static bool enter_wanted(struct reader *r)
{
	struct own_rooms *own = (struct own_rooms *)(r + 1);

	if (!wanted_of_bodies(r->wants))
		return false;
	if (!r->wanted)
		r->wanted = r->readers ? wanted_room_take(r->readers) : &own->wanted;
	return r->wanted && wanted_room_compile(r->wanted, r->wants);
}

static void leave_wanted(struct reader *r)
{
	if (r->readers)
		r->wanted = wanted_room_put(r->readers, r->wanted);
	r->wanted_open = false;
}

/* ---- heads */

static void speak(struct reader *r, const struct provider *provider)
{
	r->choice.dialect = provider;
	r->compiled = compiled_of(provider);
	r->dialect.convention = provider->convention;
	STR_COPY(r->dialect.call->dialect, str_of(provider->name));
}

static void read_route(struct reader *r, const struct head *head)
{
	const struct route *route = r->choice.route;
	struct call *call = r->dialect.call;
	unsigned int flags = route ? route->flags : 0;
	bool upgrade = r->socket = str_ieq(head_get(head, STR("upgrade")), STR("websocket")), get = str_eq(head->method, STR("GET")) && !upgrade;

	STR_COPY(call->operation, str_of(route ? route->operation : ""));
	/* a GET makes nothing: it reads what was made */
	if (get)
		call->flags |= CALL_RETRIEVAL;
	if (flags & ROUTE_FREE || (get && !(flags & ROUTE_RETRIEVAL)) ||
	    (!get && !upgrade && head->method.n && !str_eq(head->method, STR("POST"))))
		call->flags |= CALL_FREE;
	if (flags & ROUTE_STREAM)
		call->flags |= CALL_STREAM;
	call->billing = flags & ROUTE_BATCH ? BILLING_BATCH : r->choice.billing;
}

static void read_request(struct reader *r, const struct head *head)
{
	struct call *call = r->dialect.call;

	STR_COPY(call->provider, str_of(r->choice.name));
	STR_COPY(call->host, head->host);
	STR_COPY(call->method, head->method);
	STR_COPY(call->path, head->path);
	call->port = head->port;
	url_decode(path_after(head->path, "/batches/"), call->batch_id, sizeof(call->batch_id));
	read_route(r, head);
	credential_read(head, r->wants, call);
	caller_read(head, r->wants, call);
	/* a person's plan, not an account that is billed by use */
	if (call->credential_kind == CREDENTIAL_OAUTH && call->billing == BILLING_METERED &&
	    (str_eq(str_of(call->provider), STR("anthropic"))))
		call->billing = BILLING_SUBSCRIPTION;
}

static bool is_stream(struct str type)
{
	return str_istarts(type, STR("text/event-stream")) || str_istarts(type, STR("application/x-ndjson")) ||
	       str_istarts(type, STR("application/vnd.amazon.eventstream"));
}

static void read_response(struct reader *r, const struct head *head)
{
	struct call *call = r->dialect.call;

	call->status = (uint16_t)(head->status > 0 && head->status < 1000 ? head->status : 0);
	if (call->status >= 400)
		call->flags |= CALL_ERROR;
	if (is_stream(head_get(head, STR("content-type"))))
		call->flags |= CALL_STREAM;
}

static bool choose(struct reader *r, const struct head *head)
{
	return r->readers ? provider_choose_again(&r->readers->choices, head, r->wants, &r->choice) :
			    provider_choose(head, r->wants, &r->choice);
}

int reader_head(struct reader *r, const struct head *head)
{
	const struct provider *provider;

	if (head->side == SIDE_REQUEST) {
		if (!choose(r, head))
			return INTEREST_NONE;
		speak(r, r->choice.dialect);
		r->pathless = !head->path.n;
		r->hostless = head->mid_connection && !head->host.n;
		r->interest = r->choice.known ? INTEREST_AI : INTEREST_MAYBE;
		read_request(r, head);
	} else if (!r->choice.dialect) {
		return INTEREST_NONE;
	} else {
		dialect_grpc(&r->dialect, head);
		if (head->trailer)
			return r->interest;
		read_response(r, head);
	}
	provider = r->choice.dialect;
	dialect_headers(&r->dialect, &r->compiled->headers[head->side], head);
	if (provider->head && provider->head(&r->dialect, head->side, head) < 0)
		r->interest = INTEREST_NONE;
	return r->interest;
}

/* ---- bodies */

static int on_each(void *ctx, struct item *item)
{
	struct reader *r = ctx;
	const struct provider *provider = r->choice.dialect;

	return provider->item ? provider->item(&r->dialect, item->side, item) : 0;
}

/* Protobuf where the dialect, or the provider whose path was not seen, speaks it; else a message is a text like any other. */
static bool is_proto(struct reader *r, const struct piece *piece)
{
	const struct provider *provider;

	/* { is no field that proto3 has: JSON, in a WebSocket's binary message */
	if (piece->kind != ITEM_MESSAGE || !piece->binary || (piece->text.n && *piece->text.p == '{'))
		return false;
	provider = r->choice.route || r->compiled->messages[piece->side].n_nodes ? NULL : provider_messages(r->choice.name);
	if (provider)
		speak(r, provider);
	return r->compiled->messages[piece->side].n_nodes;
}

static void begin_answer(struct reader *r, const struct piece *piece)
{
	const struct route *route = r->choice.route;

	if (piece->kind == ITEM_EVENT || piece->kind == ITEM_LINE || piece->kind == ITEM_FRAME)
		r->dialect.call->flags |= CALL_STREAM;
	r->unwrap = route && route->flags & ROUTE_WRAPPED && piece->kind == ITEM_FRAME && str_eq(piece->name, STR("chunk"));
	if (r->unwrap)
		wrapped_begin(&r->wrapped);
}

static void begin_item(struct reader *r, const struct piece *piece)
{
	struct skim *skim = &r->room[piece->side]->skim;

	r->message[piece->side] = is_proto(r, piece);
	skim_begin(skim, &r->compiled->bodies[piece->side], on_each, r);
	skim->texts = r->dialect.call->text;
	if (r->message[piece->side])
		proto_begin(&r->room[piece->side]->proto, &r->compiled->messages[piece->side], &skim->item, on_each, r);
	skim->item.side = piece->side;
	skim->item.kind = piece->kind;
	skim->item.file = piece->file;
	skim->item.exception = piece->exception;
	skim->item.boot_ns = piece->boot_ns;
	STR_COPY(skim->item.name, piece->name);
	r->passed[piece->side] = piece->file && !(r->choice.route && r->choice.route->flags & ROUTE_FILES);
	if (piece->kind == ITEM_FIELD && !piece->file)
		skim_field(skim, piece->name);
	r->open[piece->side] = true;
	r->holding[piece->side] = r->pathless && !r->shaped && !r->message[piece->side] && !piece->file;
	r->room[piece->side]->n_held = 0;
	if (piece->side == SIDE_RESPONSE)
		begin_answer(r, piece);
	if (piece->side == SIDE_REQUEST)
		r->wanted_open = !piece->file && enter_wanted(r);
	if (piece->side != SIDE_REQUEST || !r->wanted_open)
		return;
	skim_begin(&r->wanted->skim, &r->wanted->table, NULL, NULL);
	if (piece->kind == ITEM_FIELD)
		skim_field(&r->wanted->skim, piece->name);
}

/* What was held says in which dialect it is, or says nothing: then it is read as the host's own. */
static void let_go(struct reader *r, enum side side)
{
	struct skim *skim = &r->room[side]->skim;
	const struct shape *shape;

	r->holding[side] = false;
	skim_begin(skim, compiled_shape(), NULL, NULL);
	skim_write(skim, r->room[side]->held, r->room[side]->n_held);
	shape = shape_of(&skim->item);
	if (shape) {
		speak(r, shape->dialect);
		STR_COPY(r->dialect.call->operation, str_of(shape->operation));
		r->shaped |= side == SIDE_RESPONSE;
	}
	skim_begin(skim, &r->compiled->bodies[side], on_each, r);
	skim->texts = r->dialect.call->text;
	skim->error = skim_write(skim, r->room[side]->held, r->room[side]->n_held);
}

/* Blank lines keep a connection alive; they are no beginning. */
static struct str hold(struct reader *r, const struct piece *piece)
{
	uint16_t *n_held = &r->room[piece->side]->n_held;
	struct str text = piece->text;
	size_t n;

	while (!*n_held && text.n && (*text.p == ' ' || *text.p == '\n' || *text.p == '\r'))
		text = str_sub(text, 1, text.n);
	n = text.n < (size_t)ROOM_HELD - *n_held ? text.n : (size_t)ROOM_HELD - *n_held;
	if (n)
		memcpy(r->room[piece->side]->held + *n_held, text.p, n);
	*n_held = (uint16_t)(*n_held + n);
	if (*n_held == ROOM_HELD || piece->last)
		let_go(r, piece->side);
	return str_sub(text, n, text.n);
}

static int write_text(struct reader *r, const struct piece *piece)
{
	struct skim *skim = &r->room[piece->side]->skim;
	struct str text = piece->text;

	if (r->unwrap && piece->side == SIDE_RESPONSE)
		return wrapped_write(&r->wrapped, skim, text.p, text.n);
	if (r->message[piece->side])
		return proto_write(&r->room[piece->side]->proto, text.p, text.n);
	if (r->holding[piece->side])
		text = hold(r, piece);
	if (r->holding[piece->side])
		return 0;
	if (r->readers && piece->first && piece->last && piece->kind != ITEM_FIELD && text.n == piece->text.n)
		return moulds_write(r->readers->moulds, skim, text);
	return skim_write(skim, text.p, text.n);
}

static void end_wanted(struct reader *r)
{
	skim_end(&r->wanted->skim);
	for (uint64_t rest = r->wanted->skim.item.seen; rest; rest &= rest - 1) {
		unsigned int pick = (unsigned int)__builtin_ctzll(rest);
		caller_value(r->dialect.call, (uint8_t)pick, item_text(&r->wanted->skim.item, pick));
	}
	leave_wanted(r);
}

/* An item that does not end: what it says of tokens may be half of it, unless its usage was over. */
static void halve(struct item *item)
{
	if (item_has(item, PICK_RAW))
		return;
	for (unsigned int pick = PICK_INPUT; pick <= PICK_COST; pick++)
		item_drop(item, pick);
}

static int item_over(struct reader *r, enum side side, bool whole)
{
	const struct provider *provider;
	struct item *item = &r->room[side]->skim.item;
	int err, said = 0;

	if (r->holding[side])
		let_go(r, side);
	provider = r->choice.dialect;
	/* the framing may say that a text is whole whose brackets, or lengths, say that it is not */
	if (whole && (r->message[side] ? !proto_whole(&r->room[side]->proto) : r->room[side]->skim.depth > 0)) {
		whole = false;
		if (side == SIDE_RESPONSE && item->kind == ITEM_DOCUMENT)
			r->dialect.call->flags |= CALL_ABORTED;
	}
	if (side == SIDE_RESPONSE && r->unwrap && !wrapped_whole(&r->wrapped))
		whole = false;
	err = whole ? skim_end(&r->room[side]->skim) : r->room[side]->skim.error;
	if (!whole)
		skim_stop(&r->room[side]->skim);
	r->open[side] = false;
	/* a frame is checked at its end, and a session goes on behind a message: without their end, nothing of them is sure */
	if (!whole && (item->kind == ITEM_FRAME || r->socket))
		return err < 0 ? err : 0;
	if (!whole)
		halve(item);
	if (side == SIDE_REQUEST && r->wanted_open)
		end_wanted(r);
	/* a model that is asked for, or tokens, is what no other protocol has at such a path */
	if (item_text(item, PICK_MODEL).n || item_has(item, PICK_RAW))
		r->dialect.sure = true;
	if (err >= 0 && provider->item && !r->passed[side])
		said = provider->item(&r->dialect, side, item);
	if (said == 0 && err >= 0)
		dialect_collect(&r->dialect, side, item);
	return err < 0 ? err : said < 0 ? said : 0;
}

static int end_item(struct reader *r, enum side side, bool whole)
{
	int err = item_over(r, side, whole);

	leave(r, side);
	return err;
}

int reader_piece(struct reader *r, const struct piece *piece)
{
	int err = 0;

	if (r->interest == INTEREST_NONE || r->stopped[piece->side])
		return -1;
	if (piece->first) {
		if (r->open[piece->side])
			end_item(r, piece->side, false);
		if (!enter(r, piece->side)) {
			r->dialect.call->flags |= CALL_TRUNCATED;
			r->stopped[piece->side] = true;
			return -ENOMEM;
		}
		begin_item(r, piece);
	} else if (!r->open[piece->side]) {
		return 0;	/* its beginning was lost */
	}
	if (piece->side == SIDE_REQUEST && !r->socket) {
		if (!r->hashed)
			body_hash_begin(&r->hash, r->wants->secret);
		r->hashed = true;
		body_hash_add(&r->hash, piece->text.p, piece->text.n);
	}
	if (!r->passed[piece->side])
		err = write_text(r, piece);
	if (r->wanted_open && piece->side == SIDE_REQUEST)
		skim_write(&r->wanted->skim, piece->text.p, piece->text.n);
	if (piece->last && err >= 0)
		err = end_item(r, piece->side, true);
	r->stopped[piece->side] = err < 0;
	return err < 0 ? err : 0;
}

/* ---- the end */

static void conclude(struct reader *r)
{
	struct call *call = r->dialect.call;

	/* no token is shorter than a byte */
	if (r->hashed && call->batch_requests && !(call->flags & CALL_RETRIEVAL))
		call->batch_input_max = r->hash.length;
	if (r->hashed && r->hash.length)
		call->body_hash = body_hash_end(&r->hash);
	if (call->flags & CALL_ERROR && !call->error_type[0] && call->status >= 400)
		snprintf(call->error_type, sizeof(call->error_type), "%u", call->status);
}

void reader_end(struct reader *r, enum ending ending)
{
	const struct provider *provider;

	for (int side = SIDE_REQUEST; side <= SIDE_RESPONSE; side++) {
		if (r->open[side] && r->interest != INTEREST_NONE)
			end_item(r, (enum side)side, false);
		leave(r, (enum side)side);
	}
	leave_wanted(r);
	if (r->interest == INTEREST_NONE)
		return;
	provider = r->choice.dialect;
	if (r->interest == INTEREST_MAYBE && !r->dialect.sure)
		return;
	conclude(r);
	if (r->hostless && !r->choice.known)
		shape_name(r->dialect.call);
	r->dialect.cut = ending != ENDING_COMPLETE;
	if (provider->end)
		provider->end(&r->dialect, ending);
	if (!r->dialect.emitted)
		dialect_emit(&r->dialect);
}
