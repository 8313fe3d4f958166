/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A socket and what is said on it. The first byte says where it leads to and
 * what was agreed on compression. Then come calls: a byte with the direction
 * (128), whether it is lost (64) and the length, of which 63 stands for sixteen
 * times the next byte; then its bytes. Played twice, as it is and in small
 * pieces: where nothing was lost, and no frame was none, the same calls come out.
 */
#include <stdlib.h>
#include <string.h>

#include "ai/reader.h"
#include "base/buf.h"
#include "base/mem.h"
#include "wire/conn.h"

#define UPGRADE "Host: %s\r\nUpgrade: websocket\r\n\r\n"

static const struct { const char *host, *path; } places[] = {
	{ "api.openai.com", "/v1/realtime?model=m" }, { "ai.example.com", "/realtime" },
	{ "generativelanguage.googleapis.com", "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent" },
};
static const char *const agreed[] = {
	"", "Sec-WebSocket-Extensions: permessage-deflate\r\n",
	"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n",
	"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=9; client_no_context_takeover\r\n",
};

static struct reader *reader;
static struct call call;
static uint64_t told;

static void on_call(void *ctx, const struct call *c)
{
	(void)ctx;
	if (c->n_usages > CALL_USAGES || !memchr(c->model, 0, sizeof(c->model)) || !memchr(c->response_id, 0, sizeof(c->response_id)))
		abort();
	for (int i = 0; i < COUNT_MAX; i++)
		told = told * 31 + c->usages[0].count[i] + c->flags + c->content_bytes[1];
}

static int on_head(void *ctx, struct exchange *exchange, const struct head *head)
{
	static const struct wants wants = { .n_wanted = 1, .wanted = { { WANTED_BODY, "session.metadata.team" } } };

	(void)ctx, (void)exchange;
	if (head->side == SIDE_REQUEST) {
		memset(&call, 0, sizeof(call));
		reader_begin(reader, &wants, &call, on_call, NULL);
	}
	return reader_head(reader, head);
}

static int on_piece(void *ctx, struct exchange *exchange, const struct piece *piece)
{
	(void)ctx, (void)exchange;
	return reader_piece(reader, piece);
}

static void on_end(void *ctx, struct exchange *exchange, enum ending ending)
{
	(void)ctx, (void)exchange;
	reader_end(reader, ending);
}

static const struct wire_ops ops = { .head = on_head, .piece = on_piece, .end = on_end };

static void feed(struct conn *conn, uint64_t offset[2], enum dir dir, const uint8_t *p, size_t n, size_t most, bool lost)
{
	for (size_t at = 0; at < n; at += most) {
		size_t some = n - at < most ? n - at : most;

		if (!lost)
			conn_feed(conn, dir, offset[dir], offset[!dir], 1, p + at, some);
		offset[dir] += some;
	}
}

/* true: all of it was frames, and none was lost. */
static bool play(const uint8_t *p, size_t n, size_t most)
{
	uint64_t offset[2] = { 0, 0 };
	struct buf head = BUF(4096);
	struct conn *conn;
	struct wire wire;
	bool sound;

	told = 0;
	if (wire_init(&wire, &ops, NULL, 8) < 0 || conn_new(&wire, 1, true, &conn) < 0)
		abort();
	buf_printf(&head, "GET %s HTTP/1.1\r\n" UPGRADE, places[p[0] % 3].path, places[p[0] % 3].host);
	feed(conn, offset, DIR_SENT, (const uint8_t *)head.p, head.n, SIZE_MAX, false);
	buf_reset(&head);
	buf_printf(&head, "HTTP/1.1 101 OK\r\n%sUpgrade: websocket\r\n\r\n", agreed[p[0] / 4 % 4]);
	feed(conn, offset, DIR_RECEIVED, (const uint8_t *)head.p, head.n, SIZE_MAX, false);
	for (size_t at = 1; at < n; ) {
		uint8_t how = p[at++];
		size_t length = how & 63;

		if (length == 63 && at < n)
			length = (size_t)p[at++] * 16;
		length = length < n - at ? length : n - at;
		feed(conn, offset, how >> 7 ? DIR_SENT : DIR_RECEIVED, p + at, length, most, how >> 6 & 1);
		at += length;
	}
	conn_end(conn, offset);
	sound = !wire.counts.lost && !wire.counts.holes;
	conn_free(conn);
	wire_done(&wire);
	buf_done(&head);
	if (wire.budget.used || wire.tables.used || wire.heads.used)
		abort();
	return sound;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint64_t whole;

	if (!n)
		return 0;
	if (!reader)
		reader = mem_new(reader_size());
	play(p, n, SIZE_MAX / 2);
	whole = told;
	if (play(p, n, 1 + p[0] % 7) && told != whole)
		abort();
	return 0;
}
