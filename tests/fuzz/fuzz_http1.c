/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conversation: the first byte says what is known of the connection, 0xff
 * turns the direction round, 0xfe loses the byte before it, and between them
 * stand the calls. Each is played twice, as it is and byte by byte; every
 * exchange that began must end once, and where all of it was HTTP/1, both tell
 * the same.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/conn.h"

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
	open_exchanges += head->side == SIDE_REQUEST && !head->trailer;	/* of what turned into HTTP/2 */
	for (size_t i = 0; i < head->n_headers; i++)
		tell(exchange, head->headers[i].value.p, head->headers[i].value.n);
	tell(exchange, head->path.p, head->path.n);
	return head->path.n != 3;
}

static int on_piece(void *ctx, struct exchange *exchange, const struct piece *piece)
{
	(void)ctx;
	if (piece->side == SIDE_RESPONSE)	/* the sides may be told in turns of any length */
		tell(exchange, piece->text.p, piece->text.n);
	return 0;
}

static void on_end(void *ctx, struct exchange *exchange, enum ending ending)
{
	(void)ctx;
	tell(exchange, &exchange_facts(exchange)->request_bytes, 8);
	tell(exchange, &ending, sizeof(ending));
	told += *(uint64_t *)exchange_user(exchange);	/* in whatever order they end */
	open_exchanges--;
}

static const struct wire_ops ops = { .head = on_head, .piece = on_piece, .end = on_end };

/* true: it was HTTP/1 all along. */
static bool play(const uint8_t *p, size_t n, uint8_t flags, size_t most)
{
	uint64_t offset[2] = { 0, 0 };
	unsigned int dir = 0;
	struct conn *conn;
	struct wire wire;
	bool sound;

	told = 0;
	if (wire_init(&wire, &ops, NULL, 8) < 0 || conn_new(&wire, 1, flags & 1, &conn) < 0)
		abort();
	for (size_t at = 0, end; at < n; at = end) {
		for (end = at; end < n && p[end] < 0xfe && end - at < most; end++)
			;
		conn_feed(conn, dir, offset[dir], offset[!dir], at, p + at, end - at);
		offset[dir] += end - at;
		if (end < n && p[end] >= 0xfe) {
			dir ^= p[end] & 1;
			offset[dir] += !(p[end++] & 1);
		}
	}
	if (flags & 2)
		conn_tick(conn, UINT64_MAX);
	conn_end(conn, flags & 4 ? offset : NULL);
	sound = conn_facts(conn).protocol == CONN_HTTP1 && !wire.counts.lost;
	conn_free(conn);
	if (open_exchanges || wire.reorder_bytes)
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

	if (!n)
		return 0;
	sound = play(p + 1, n - 1, p[0], SIZE_MAX);
	whole = told;
	if (play(p + 1, n - 1, p[0], 1) && sound && told != whole)
		abort();
	return 0;
}
