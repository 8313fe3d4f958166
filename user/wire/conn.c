/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of a connection's bytes. The fast path copies nothing: a chunk that
 * is next in its stream is read where it is. Other chunks are copied and wait,
 * sorted by offset, for the bytes before them. A wait ends in one of three
 * ways: the bytes come; LIMIT_REORDER_NS have passed; or there is no more room.
 * In the last two the bytes are declared missing, a hole, and reading goes on
 * behind them, so what has come is never thrown away to save what has not.
 *
 * A whole response head whose request is not there yet makes its stream wait in
 * the same way: events of several threads pass each other, so an answer may be
 * seen before the question. The two waits are told apart only in force().
 */
#include "wire/conn.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "wire/conn_inside.h"
#include "wire/http2.h"

struct segment {
	struct list list;
	uint64_t offset;
	uint64_t peer_offset;
	uint64_t boot_ns;
	size_t n;		/* 0: marks a gap that will not be filled */
	bool begins;
	uint8_t bytes[];
};

/* ---- what the connections of a worker share */

int wire_init(struct wire *wire, const struct wire_ops *ops, void *ctx, size_t user_size)
{
	*wire = (struct wire){ .ops = ops, .ctx = ctx, .user_size = user_size, .budget = { .limit = LIMIT_DECODER_BUDGET },
				.tables = { .limit = LIMIT_HEADER_TABLES }, .heads = { .limit = LIMIT_HEADS } };
	wire->headers = mem_array(LIMIT_HEADERS, sizeof(*wire->headers));
	wire->room = mem_array(LIMIT_ENCODINGS + 1, FILTER_ROOM);
	if (wire->headers && wire->room)
		return 0;
	wire_done(wire);
	return -ENOMEM;
}

void wire_done(struct wire *wire)
{
	exchange_drop_spares(wire);
	http1_head_drop_spares(wire);
	http2_drop_spares(wire);
	hpack_drop_pool(wire);
	body_drop_spares(wire);
	wire->headers = mem_free(wire->headers);
	wire->room = mem_free(wire->room);
}

/* ---- segments that wait */

static struct segment *first_segment(const struct stream *stream)
{
	return list_empty(&stream->pending) ? NULL : LIST_ENTRY(stream->pending.next, struct segment, list);
}

static void segment_free(struct conn *conn, struct stream *stream, struct segment *segment)
{
	size_t size = sizeof(*segment) + segment->n;

	list_remove(&segment->list);
	stream->pending_bytes -= size;
	conn->wire->reorder_bytes -= size;
	mem_free(segment);
}

/* From the end, where most of them belong. */
static struct list *place_for(struct stream *stream, uint64_t offset)
{
	struct list *at = &stream->pending;

	while (at->prev != &stream->pending && LIST_ENTRY(at->prev, struct segment, list)->offset > offset)
		at = at->prev;
	return at;
}

static int hold(struct conn *conn, enum dir dir, const struct chunk *chunk)
{
	struct stream *stream = &conn->stream[dir];
	struct wire *wire = conn->wire;
	size_t size = sizeof(struct segment) + chunk->n;
	struct segment *segment;

	if (size > LIMIT_REORDER_BYTES - stream->pending_bytes || size > LIMIT_REORDER_TOTAL - wire->reorder_bytes) {
		wire->counts.reorder_full++;
		return -ENOSPC;
	}
	segment = mem_new(size);
	if (!segment) {
		wire->counts.no_memory++;
		return -ENOMEM;
	}
	segment->offset = chunk->offset;
	segment->peer_offset = chunk->peer_offset;
	segment->boot_ns = chunk->boot_ns;
	segment->begins = chunk->begins;
	segment->n = chunk->n;
	if (chunk->n)
		memcpy(segment->bytes, chunk->p, chunk->n);
	list_insert(&segment->list, place_for(stream, chunk->offset));
	stream->pending_bytes += size;
	wire->reorder_bytes += size;
	wire->counts.reordered++;
	return 0;
}

/* ---- reading */

static bool head_waits(const struct stream *stream)
{
	return stream->message.place == HEAD_WAITS;
}

/* Reads a chunk that is next, or overlaps what was read. false: *chunk is left over, and waits. */
static bool read_chunk(struct conn *conn, enum dir dir, struct chunk *chunk)
{
	struct stream *stream = &conn->stream[dir];
	size_t used;

	if (!chunk_drop(chunk, stream->next - chunk->offset))
		return true;
	used = protocol_read(conn, dir, chunk);
	stream->next += used;
	return !chunk_drop(chunk, used);
}

static void hole(struct conn *conn, enum dir dir, uint64_t n)
{
	struct stream *stream = &conn->stream[dir];

	conn->wire->counts.holes++;
	conn->wire->counts.hole_bytes += n;
	conn->missing += n;
	stream->next += n;
	protocol_of(conn)->hole(conn, dir, n);
}

/* Reads what is next among what waits; true: something moved. */
static bool advance(struct conn *conn, enum dir dir)
{
	struct stream *stream = &conn->stream[dir];
	struct segment *segment;
	bool moved = head_waits(stream);

	if (moved && !protocol_resume(conn, dir, false))
		return false;
	while (!head_waits(stream) && (segment = first_segment(stream)) && (segment->offset <= stream->next || !segment->n)) {
		struct chunk chunk = { segment->bytes, segment->n, segment->offset, segment->peer_offset, segment->boot_ns,
				       segment->begins };

		moved = true;
		if (segment->offset > stream->next)
			hole(conn, dir, segment->offset - stream->next);
		if (read_chunk(conn, dir, &chunk))
			segment_free(conn, stream, segment);
	}
	return moved;
}

/* What one direction has read may be what the other waits for. */
static void settle(struct conn *conn, enum dir dir)
{
	advance(conn, dir);
	while (advance(conn, !dir) && advance(conn, dir))
		;
}

/*
 * What this direction waits for will not come; at most up to this offset. A
 * response that waits for its request is nobody's only when the requests
 * themselves wait for nothing.
 */
static void force(struct conn *conn, enum dir dir, uint64_t offset)
{
	struct stream *stream = &conn->stream[dir];
	struct segment *segment = first_segment(stream), *request = first_segment(&conn->stream[!dir]);

	if (head_waits(stream) && request && !head_waits(&conn->stream[!dir]))
		hole(conn, !dir, request->offset - conn->stream[!dir].next);
	else if (head_waits(stream))
		protocol_resume(conn, dir, true);
	else
		hole(conn, dir, (segment && segment->offset < offset ? segment->offset : offset) - stream->next);
	settle(conn, dir);
}

/* Reads this chunk now, whatever is missing before it. */
static void read_forced(struct conn *conn, enum dir dir, struct chunk *chunk)
{
	struct stream *stream = &conn->stream[dir];

	do {
		while (head_waits(stream) || stream->next < chunk->offset)
			force(conn, dir, chunk->offset);
	} while (!read_chunk(conn, dir, chunk));
}

void conn_feed(struct conn *conn, enum dir dir, uint64_t offset, uint64_t peer_offset, uint64_t boot_ns, const uint8_t *p,
	       size_t n)
{
	struct chunk chunk = { p, n, offset, peer_offset, boot_ns, true };
	struct stream *stream = &conn->stream[dir];

	stream->bytes += n;
	if (conn->stream[!dir].told < peer_offset)
		conn->stream[!dir].told = peer_offset;
	if (!n || n > UINT64_MAX - offset || offset + n <= stream->next)
		return;
	if (offset <= stream->next && list_empty(&stream->pending) && !head_waits(stream) && read_chunk(conn, dir, &chunk)) {
		if (conn_waits(conn))
			settle(conn, !dir);
		return;
	}
	if (hold(conn, dir, &chunk) < 0)
		read_forced(conn, dir, &chunk);
	settle(conn, dir);
}

void conn_gap(struct conn *conn, enum dir dir, uint64_t offset, uint64_t boot_ns)
{
	struct chunk mark = { .offset = offset, .boot_ns = boot_ns };

	if (offset <= conn->stream[dir].next)
		return;
	if (hold(conn, dir, &mark) < 0)
		while (conn->stream[dir].next < offset)
			force(conn, dir, offset);
	settle(conn, dir);
}

static void forget_before(struct conn *conn, enum dir dir, uint64_t offset)
{
	struct stream *stream = &conn->stream[dir];
	struct segment *segment;

	if (stream->next < offset)
		stream->next = offset;
	while ((segment = first_segment(stream)) && segment->offset + segment->n <= stream->next)
		segment_free(conn, stream, segment);
}

void conn_skip(struct conn *conn, enum dir dir, uint64_t offset, uint64_t peer_offset)
{
	bool http1 = protocol_of(conn) == &protocol_http1;

	if (http1 && offset <= conn->stream[dir].next && peer_offset <= conn->stream[!dir].next)
		return;		/* nothing was skipped: a further chunk of the same call */
	if (!http1)
		conn_turn(conn, CONN_UNKNOWN);
	http1_restart(conn);
	forget_before(conn, dir, offset);
	forget_before(conn, !dir, peer_offset);
}

/* ---- waiting and ending */

bool conn_waits(const struct conn *conn)
{
	for (unsigned int dir = 0; dir < 2; dir++)
		if (head_waits(&conn->stream[dir]) || !list_empty(&conn->stream[dir].pending))
			return true;
	return false;
}

/* Since when does this direction wait? */
static bool waits_since(const struct stream *stream, uint64_t *ret)
{
	const struct segment *segment = first_segment(stream);

	bool late = head_waits(stream) && stream->message.head_ns;

	if (!segment && !late)
		return false;
	*ret = late ? stream->message.head_ns : segment->boot_ns;
	return true;
}

/* The direction that has waited longest; DIR_UNKNOWN: none waits. */
static unsigned int longest(const struct conn *conn, uint64_t *ret_since)
{
	unsigned int found = DIR_UNKNOWN;
	uint64_t since;

	for (unsigned int dir = 0; dir < 2; dir++)
		if (waits_since(&conn->stream[dir], &since) && (found == DIR_UNKNOWN || since < *ret_since)) {
			*ret_since = since;
			found = dir;
		}
	return found;
}

void conn_tick(struct conn *conn, uint64_t boot_ns)
{
	uint64_t since = 0;
	unsigned int dir;

	while ((dir = longest(conn, &since)) != DIR_UNKNOWN && boot_ns >= since && boot_ns - since >= LIMIT_REORDER_NS)
		force(conn, dir, UINT64_MAX);
}

void conn_end(struct conn *conn, const uint64_t offset[2])
{
	uint64_t since = 0;
	unsigned int dir;

	while ((dir = longest(conn, &since)) != DIR_UNKNOWN)
		force(conn, dir, UINT64_MAX);
	for (dir = 0; dir < 2; dir++) {
		const struct stream *stream = &conn->stream[dir];
		uint64_t end = offset ? offset[dir] : conn->born || stream->bytes ? stream->told : 0;

		if (stream->next < end)
			hole(conn, dir, end - stream->next);
	}
	protocol_of(conn)->end(conn, offset);
}

/* ---- */

int conn_new(struct wire *wire, uint64_t id, bool born, struct conn **ret)
{
	struct conn *conn = mem_new(sizeof(*conn));

	if (!conn)
		return -ENOMEM;
	conn->wire = wire;
	conn->id = id;
	conn->born = born;
	conn->request_dir = DIR_UNKNOWN;
	conn->request_peer_offset = born ? 0 : UINT64_MAX;	/* unborn: nothing is known to be missing */
	list_init(&conn->exchanges);
	for (unsigned int dir = 0; dir < 2; dir++) {
		list_init(&conn->stream[dir].pending);
		message_of(conn, dir)->after_hole = !born;
	}
	*ret = conn;
	return 0;
}

void conn_server_name(struct conn *conn, struct str name)
{
	char *copy = mem_strndup(name.p, name.n);

	if (!copy) {
		conn->wire->counts.no_memory++;
		return;
	}
	mem_free(conn->server_name);
	conn->server_name = copy;
}

void conn_role(struct conn *conn, enum call_role role)
{
	conn->role = (uint8_t)role;
}

void conn_forget(struct conn *conn)
{
	protocol_of(conn)->end(conn, false);
	conn_turn(conn, CONN_OTHER);
	for (unsigned int dir = 0; dir < 2; dir++)
		buf_done(&message_of(conn, dir)->head);
}

struct conn *conn_free(struct conn *conn)
{
	struct segment *segment;

	if (!conn)
		return NULL;
	protocol_of(conn)->end(conn, false);
	protocol_leave(conn);
	for (unsigned int dir = 0; dir < 2; dir++)
		while ((segment = first_segment(&conn->stream[dir])))
			segment_free(conn, &conn->stream[dir], segment);
	mem_free(conn->server_name);
	return mem_free(conn);
}

struct conn_facts conn_facts(const struct conn *conn)
{
	enum call_role by_bytes = conn->request_dir == DIR_SENT ? ROLE_CLIENT : ROLE_SERVER;

	return (struct conn_facts){
		.protocol = conn->protocol,
		.role = conn->requests ? by_bytes : conn->role,
		.server_name = str_of(conn->server_name),
		.requests = conn->requests,
		.bytes = { conn->stream[0].bytes, conn->stream[1].bytes },
		.missing = conn->missing,
	};
}
