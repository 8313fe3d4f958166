/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conversation: the first byte says what is known of the connection, 0xff
 * turns the direction round, 0xfe loses the byte before it, and between them
 * stand the calls. Each is played twice, as it is and byte by byte; every
 * exchange that began must end once.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/conn.h"

static long open_exchanges;
static volatile unsigned char sink;

static int on_head(void *ctx, struct exchange *exchange, const struct head *head)
{
	(void)ctx, (void)exchange;
	open_exchanges += head->side == SIDE_REQUEST;
	for (size_t i = 0; i < head->n_headers; i++)
		sink ^= head->headers[i].value.n ? (unsigned char)head->headers[i].value.p[0] : 0;
	return head->path.n != 3;
}

static int on_piece(void *ctx, struct exchange *exchange, const struct piece *piece)
{
	(void)ctx, (void)exchange;
	for (size_t i = 0; i < piece->text.n; i++)
		sink ^= (unsigned char)piece->text.p[i];
	return 0;
}

static void on_end(void *ctx, struct exchange *exchange, enum ending ending)
{
	(void)ctx, (void)exchange, (void)ending;
	open_exchanges--;
}

static const struct wire_ops ops = { .head = on_head, .piece = on_piece, .end = on_end };

static void play(const uint8_t *p, size_t n, uint8_t flags, size_t most)
{
	uint64_t offset[2] = { 0, 0 };
	unsigned int dir = 0;
	struct conn *conn;
	struct wire wire;

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
	conn_free(conn);
	if (open_exchanges || wire.reorder_bytes || wire.budget.used)
		abort();
	wire_done(&wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (!n)
		return 0;
	play(p + 1, n - 1, p[0], SIZE_MAX);
	play(p + 1, n - 1, p[0], 1);
	return 0;
}
