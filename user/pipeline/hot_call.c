/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the wire tells of an exchange goes to a reader, which says whether it is
 * AI, and in the end what was used. Only an exchange that may be AI has a
 * draft: the call in the making and its reader, taken from a pool that grows
 * to the most that were ever under way at one time.
 */
#include <errno.h>
#include <string.h>

#include "ai/reader.h"
#include "base/limits.h"
#include "base/mem.h"
#include "pipeline/hot_inside.h"
#include "pipeline/pack.h"

/* Requests in a row that were not AI before a connection goes quiet (a write that begins a request wakes it up). */
#define STRANGERS 8

struct draft {
	struct draft *next;
	struct held *wants;
	unsigned int parts;		/* calls that it became */
	bool announced;
	uint64_t told[2], missing;	/* of bytes, by the turns before */
	struct call call;
	_Alignas(16) uint8_t reader[];
};

static struct reader *reader_of(struct draft *draft)
{
	return (struct reader *)draft->reader;
}

static struct draft *draft_get(struct hot *hot)
{
	struct draft *draft = hot->spare;

	if (draft)
		hot->spare = draft->next;
	else if (!(draft = mem_new(sizeof(*draft) + reader_size_shared())))
		return NULL;
	draft->wants = hot->wants;
	draft->wants->users++;
	draft->parts = 0;
	draft->announced = false;
	draft->told[0] = draft->told[1] = draft->missing = 0;
	memset(&draft->call, 0, sizeof(draft->call));
	return draft;
}

void hot_drop_wants(struct hot *hot, struct held *held)
{
	if (held && held != hot->wants && !held->users)
		mem_free(held);
}

static void draft_put(struct hot *hot, struct draft *draft)
{
	draft->wants->users--;
	hot_drop_wants(hot, draft->wants);
	draft->next = hot->spare;
	hot->spare = draft;
}

void hot_drop_spares(struct hot *hot)
{
	struct draft *draft;

	while ((draft = hot->spare)) {
		hot->spare = draft->next;
		mem_free(draft);
	}
}

void hot_judge(struct hot *hot, struct strand *strand, enum event_verdict verdict)
{
	if (strand->verdict == verdict)
		return;
	strand->verdict = verdict;
	if (verdict == EVENT_VERDICT_AI)
		stat_add(hot->stats, STAT_CONNS_AI, 1);
	if (verdict == EVENT_VERDICT_QUIET || verdict == EVENT_VERDICT_NEVER)
		stat_add(hot->stats, STAT_CONNS_QUIET, 1);
	hot->source->ops->judge(hot->source, strand->id, verdict);
}

/*
 * A write that begins a request wakes a quiet connection up, if it is HTTP/1: to
 * the kernel none looks like one in HTTP/2, whose heads are compressed. There
 * quiet is for good, and must not hit what may still be AI: exchanges that are
 * under way keep it open, and one that was AI does for ever, for a gateway
 * sends both kinds over one connection. So do hosts that answer for a model at
 * some of their paths, as those of editors and of chats do.
 */
static void stranger(struct hot *hot, struct strand *strand)
{
	bool http2 = conn_facts(strand->conn).protocol == CONN_HTTP2;
	struct str name = conn_facts(strand->conn).server_name;

	if (strand->verdict == EVENT_VERDICT_AI || strand->verdict == EVENT_VERDICT_SERVING)
		return;
	if (name.n && provider_never(name, &hot->wants->wants)) {
		hot_judge(hot, strand, EVENT_VERDICT_NEVER);
		return;
	}
	if (++strand->strangers < STRANGERS || (http2 && strand->drafts))
		return;
	strand->strangers = 0;
	hot_judge(hot, strand, http2 ? EVENT_VERDICT_NEVER : EVENT_VERDICT_QUIET);
}

/* ---- a call on its way */

static void fill_origin(struct call *call, const struct strand *strand)
{
	call->conn_id = strand->id;
	call->uid = strand->uid;
	call->task = strand->task;
	call->cgroup_id = strand->cgroup_id;
	call->hierarchy = strand->hierarchy;
	call->library = strand->library;
	memcpy(call->comm, strand->comm, sizeof(call->comm));
	STR_COPY(call->sni, conn_facts(strand->conn).server_name);
}

static void fill_exchange(struct hot *hot, const struct exchange_facts *facts, struct call *call)
{
	call->begin_ns = facts->begin_ns;
	call->sent_ns = facts->sent_ns;
	call->first_byte_ns = facts->first_byte_ns;
	call->end_ns = facts->end_ns ? facts->end_ns : hot->strand->last_ns;	/* of its own: nobody else's events may show */
	call->request_bytes = facts->request_bytes;
	call->response_bytes = facts->response_bytes;
	call->missing_bytes = facts->missing_bytes;
}

/* Its times are there. Bytes are those since the turn before. */
static void fill_turn(struct hot *hot, const struct exchange_facts *facts, struct call *call)
{
	struct draft *draft = hot->draft;

	if (!call->end_ns)
		call->end_ns = facts->end_ns;
	call->request_bytes = facts->request_bytes - draft->told[0];
	call->response_bytes = facts->response_bytes - draft->told[1];
	call->missing_bytes = facts->missing_bytes - draft->missing;
	draft->told[0] = facts->request_bytes;
	draft->told[1] = facts->response_bytes;
	draft->missing = facts->missing_bytes;
}

static void fill_facts(struct hot *hot, struct call *call)
{
	const struct exchange_facts *facts = exchange_facts(hot->exchange);
	bool turn = call->flags & CALL_TURN;

	call->exchange = facts->number;
	call->role = facts->role;
	if (turn)
		fill_turn(hot, facts, call);
	else
		fill_exchange(hot, facts, call);
	if (facts->mid_connection)
		call->flags |= CALL_MID_CONNECTION;
	if (facts->truncated)
		call->flags |= CALL_TRUNCATED;
	if (facts->undecoded)
		call->flags |= CALL_UNDECODED;
	if (facts->refused)
		call->flags |= CALL_FREE;
	if (call->missing_bytes)
		call->flags |= CALL_INCOMPLETE;
	if (hot->ended && hot->ending == ENDING_ABORTED && !turn)
		call->flags |= CALL_ABORTED;
	if (hot->ended && hot->ending == ENDING_HOLE)
		call->flags |= CALL_INCOMPLETE;
}

static void send_call(struct hot *hot, const struct call *call)
{
	void *to = queue_reserve(hot->queue, PACK_MAX(sizeof(*call)));

	if (!to) {
		bool serving = call->kind == CALL_BEGUN || call->role == ROLE_SERVER;

		stat_add(hot->stats, serving ? STAT_SERVING_LOST : STAT_CALLS_LOST, 1);
		return;
	}
	queue_commit(hot->queue, MESSAGE_CALL, hot->stamp ? hot->stamp : hot->now_ns, pack(to, call, sizeof(*call)));
	stat_add(hot->stats, STAT_CALLS, 1);
	stat_add(hot->stats, STAT_CALLS_SERVING, call->role == ROLE_SERVER);
}

/* In the draft's own call, which stays its reader's: a copy of 16 KiB is most of what a record costs. */
static void emit_as(struct hot *hot, enum call_kind kind, unsigned int part)
{
	struct call *call = &hot->draft->call;
	uint32_t flags = call->flags;

	call->version = CALL_VERSION;
	call->kind = (uint8_t)kind;
	call->part = (uint16_t)part;
	fill_origin(call, hot->strand);
	fill_facts(hot, call);
	if (kind == CALL_BEGUN)
		call->end_ns = 0;
	send_call(hot, call);
	call->flags = flags;
}

/* A usage_fn */
static void emit(void *ctx, const struct call *call)
{
	struct hot *hot = ctx;

	(void)call;	/* the draft's, as its reader was told */
	emit_as(hot, CALL_ENDED, hot->draft->parts++);
}

/*
 * The serving side has read a request's head: its own calls can be joined to its
 * caller while it runs. A gateway's name is seldom a known one, so what may be AI
 * is told as well; and what was told must come to an end, AI or not, or what is
 * called meanwhile is held for nothing.
 */
static void announce(struct hot *hot)
{
	hot->draft->announced = true;
	emit_as(hot, CALL_BEGUN, 0);
}

/* ---- what the wire tells */

static void enter(struct hot *hot, struct exchange *exchange, struct draft *draft)
{
	hot->exchange = exchange;
	hot->draft = draft;
	hot->ended = false;
}

static int on_request(struct hot *hot, struct exchange *exchange, const struct head *head, struct draft **slot)
{
	bool http2 = conn_facts(hot->strand->conn).protocol == CONN_HTTP2;
	struct draft *draft = draft_get(hot);
	int interest;

	stat_add(hot->stats, STAT_EXCHANGES, 1);
	if (!draft) {
		stat_add(hot->stats, STAT_NO_MEMORY, 1);
		return 0;
	}
	enter(hot, exchange, draft);
	reader_begin(reader_of(draft), &draft->wants->wants, &draft->call, emit, hot);
	reader_share(reader_of(draft), hot->readers);
	interest = reader_head(reader_of(draft), head);
	if (interest <= INTEREST_NONE) {
		draft_put(hot, draft);
		if (!http2 || !provider_at_times(head->host, &hot->wants->wants))
			stranger(hot, hot->strand);
		return 0;
	}
	*slot = draft;
	hot->strand->drafts++;
	if (interest == INTEREST_AI) {
		hot->strand->strangers = 0;
		if (exchange_facts(exchange)->role == ROLE_SERVER) {
			/*
			 * No record comes of it: of its answers the heads are enough to join it to its
			 * caller. In HTTP/2 a call that is cut in the middle takes other streams' heads
			 * with it.
			 */
			hot_judge(hot, hot->strand, http2 ? EVENT_VERDICT_AI : EVENT_VERDICT_SERVING);
		} else {
			hot_judge(hot, hot->strand, EVENT_VERDICT_AI);
		}
	}
	if (exchange_facts(exchange)->role == ROLE_SERVER)
		announce(hot);
	return interest;
}

static int on_head(void *ctx, struct exchange *exchange, const struct head *head)
{
	struct draft **slot = exchange_user(exchange);
	struct hot *hot = ctx;

	if (head->side == SIDE_REQUEST && !*slot)
		return on_request(hot, exchange, head, slot);
	if (!*slot || (head->trailer && head->side == SIDE_REQUEST))
		return 0;
	enter(hot, exchange, *slot);
	return reader_head(reader_of(*slot), head);
}

static int on_piece(void *ctx, struct exchange *exchange, const struct piece *piece)
{
	struct draft **slot = exchange_user(exchange);
	struct hot *hot = ctx;

	if (!*slot)
		return 0;
	enter(hot, exchange, *slot);
	return reader_piece(reader_of(*slot), piece);
}

static void on_end(void *ctx, struct exchange *exchange, enum ending ending)
{
	struct draft **slot = exchange_user(exchange), *draft = *slot;
	struct hot *hot = ctx;

	if (!draft)
		return;
	enter(hot, exchange, draft);
	hot->ended = true;
	hot->ending = ending;
	reader_end(reader_of(draft), ending);
	if (draft->announced && !draft->parts)
		emit_as(hot, CALL_ENDED, 0);
	hot->strand->drafts--;
	if (!draft->parts)
		stranger(hot, hot->strand);
	else if (hot->strand->verdict == EVENT_VERDICT_UNDECIDED && conn_facts(hot->strand->conn).protocol == CONN_HTTP2)
		hot_judge(hot, hot->strand, EVENT_VERDICT_AI);
	*slot = NULL;
	draft_put(hot, draft);
}

const struct wire_ops hot_wire_ops = { .head = on_head, .piece = on_piece, .end = on_end };
