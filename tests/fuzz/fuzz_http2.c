/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conversation in HTTP/2: the first byte says what is known of the connection,
 * then come calls, each behind its direction and length. A call may be one frame,
 * whose head is put together here, or the preface, or lost. Each is played twice,
 * as it is and byte by byte; every exchange that began must end once, and where
 * nothing was lost and no framing either, both tell the same.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "wire/conn.h"

enum { RECEIVED = 1, LOST = 2, FRAME = 4, PREFACE = 8 };

static long open_exchanges;
static uint64_t told;

/* Into what is told of one exchange. */
static void tell(struct exchange *exchange, const void *p, size_t n)
{
	uint64_t *hash = exchange_user(exchange);

	for (size_t i = 0; i < n; i++)
		*hash = *hash * 31 + ((const unsigned char *)p)[i];
}

static int on_head(void *ctx, struct exchange *exchange, const struct head *head)
{
	(void)ctx;
	open_exchanges += head->side == SIDE_REQUEST && !head->trailer;
	if (head->side == SIDE_RESPONSE)	/* the sides may be told in turns of any length */
		for (size_t i = 0; i < head->n_headers; i++) {
			tell(exchange, head->headers[i].name.p, head->headers[i].name.n);
			tell(exchange, head->headers[i].value.p, head->headers[i].value.n);
		}
	tell(exchange, head->path.p, head->path.n);
	return head->path.n != 3;
}

static int on_piece(void *ctx, struct exchange *exchange, const struct piece *piece)
{
	(void)ctx;
	if (piece->side == SIDE_RESPONSE)
		tell(exchange, piece->text.p, piece->text.n);
	return 0;
}

static void on_end(void *ctx, struct exchange *exchange, enum ending ending)
{
	(void)ctx;
	tell(exchange, &ending, sizeof(ending));
	told += *(uint64_t *)exchange_user(exchange);	/* in whatever order they end */
	open_exchanges--;
}

static const struct wire_ops ops = { .head = on_head, .piece = on_piece, .end = on_end };

struct line {
	struct conn *conn;
	uint64_t offset[2], now;
	size_t most;
	bool lost;
};

static void feed(struct line *line, unsigned int dir, const uint8_t *p, size_t n)
{
	for (size_t at = 0; at < n; at += line->most) {
		size_t some = n - at < line->most ? n - at : line->most;

		conn_feed(line->conn, dir, line->offset[dir], line->offset[!dir], line->now, p + at, some);
		line->offset[dir] += some;
	}
	line->now += 1000;
}

/* Bytes taken. */
static size_t call(struct line *line, const uint8_t *p, size_t n)
{
	static uint8_t frame[9 + 256];
	uint8_t flags = p[0];
	size_t length = p[1] < n - 2 ? p[1] : n - 2;
	unsigned int dir = flags & RECEIVED;

	if (flags & PREFACE)
		feed(line, dir, (const uint8_t *)"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);
	if (flags & LOST) {
		line->offset[dir] += length;
		line->lost = true;
		line->now += LIMIT_REORDER_NS + 1;
		conn_tick(line->conn, line->now);
	} else if (flags & FRAME && length >= 3) {	/* its type, flags and stream are the first bytes */
		memcpy(frame, (const uint8_t[]){ 0, 0, (uint8_t)(length - 3), p[2], p[3], 0, 0, 0, p[4] }, 9);
		memcpy(frame + 9, p + 5, length - 3);
		feed(line, dir, frame, length + 6);
	} else {
		feed(line, dir, p + 2, length);
	}
	return 2 + length;
}

/* true: it was sound HTTP/2 all along. */
static bool play(const uint8_t *p, size_t n, uint8_t flags, size_t most)
{
	struct line line = { .now = 1000, .most = most };
	struct wire wire;
	bool sound;

	told = 0;
	if (wire_init(&wire, &ops, NULL, 8) < 0 || conn_new(&wire, 1, flags & 1, &line.conn) < 0)
		abort();
	for (size_t at = 0; n - at > 2; )
		at += call(&line, p + at, n - at);
	conn_end(line.conn, flags & 4 ? line.offset : NULL);
	sound = flags & 1 && !line.lost && conn_facts(line.conn).protocol == CONN_HTTP2 && !wire.counts.lost && !wire.counts.bad_heads &&
		!wire.counts.undecodable && !wire.counts.orphans;
	conn_free(line.conn);
	if (open_exchanges || wire.reorder_bytes || wire.n_streams)
		abort();
	wire_done(&wire);
	if (wire.budget.used || wire.tables.used || wire.heads.used)
		abort();
	return sound;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint64_t whole;
	bool sound;

	if (n < 2)
		return 0;
	sound = play(p + 1, n - 1, p[0], SIZE_MAX);
	whole = told;
	if (play(p + 1, n - 1, p[0], 1) && sound && told != whole)
		abort();
	return 0;
}
