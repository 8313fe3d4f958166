/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recorded session as a WebSocket (RFC 6455): the upgrade over HTTP/1.1, then
 * its messages in the order in which they were recorded.
 *
 *	whole		a frame a message
 *	bytes		messages in fragments with control frames in between, each byte a call
 *	chunks, gzip	permessage-deflate (RFC 7692) that keeps its window from message to message
 *	chunks, br	permessage-deflate that begins anew with each message
 *	chunks, zstd	permessage-deflate with a small window, kept by one side alone
 *
 * Under the last three some messages are not compressed at all.
 */
#ifndef AITAP_TESTS_PLAY_WEBSOCKET_H
#define AITAP_TESTS_PLAY_WEBSOCKET_H

#include "tests/lib/play_http1.h"

enum play_opcode { PLAY_CONTINUED = 0, PLAY_TEXT = 1, PLAY_BINARY = 2, PLAY_WS_CLOSE = 8, PLAY_WS_PING = 9, PLAY_WS_PONG = 10 };

struct play_deflate {
	int window_bits;	/* 0: not agreed */
	bool keeps[2];		/* the window, by enum event_dir of the sender */
	const char *answer;	/* Sec-WebSocket-Extensions */
};

static const struct play_deflate play_deflates[FRAMINGS] = {
	[FRAMING_CHUNKS] = { 15, { true, true }, "permessage-deflate" },
	[FRAMING_CHUNKS_BR] = { 15, { false, false }, "permessage-deflate; server_no_context_takeover; client_no_context_takeover" },
	[FRAMING_CHUNKS_ZSTD] = { 9, { true, false },
				  "permessage-deflate;server_max_window_bits=\"9\";client_max_window_bits=9; server_no_context_takeover" },
};

struct play_ws {
	struct line *line;
	enum framing framing;
	uint64_t *random;
	struct play_deflate deflate;
	z_stream z[2];
	struct buf out, message;
	enum event_dir dir;
};

static inline void play_ws_flush(struct play_ws *ws)
{
	play_check(!ws->out.error);
	play_bytes(ws->line, ws->dir, ws->framing, ws->random, buf_view(&ws->out));
	buf_reset(&ws->out);
}

/* first: FIN, RSV1 and opcode. Who connected masks what it sends. */
static inline void play_ws_frame(struct play_ws *ws, enum event_dir dir, unsigned int first, struct str payload)
{
	unsigned int masked = dir == EVENT_SENT ? 0x80 : 0;
	uint8_t mask[4] = { 0 };

	if (ws->dir != dir)
		play_ws_flush(ws);
	ws->dir = dir;
	buf_char(&ws->out, (char)first);
	buf_char(&ws->out, (char)(masked | (payload.n < 126 ? payload.n : payload.n < 65536 ? 126 : 127)));
	for (int shift = payload.n < 126 ? -8 : payload.n < 65536 ? 8 : 56; shift >= 0; shift -= 8)
		buf_char(&ws->out, (char)((uint64_t)payload.n >> shift));
	for (int i = 0; masked && i < 4; i++) {
		mask[i] = (uint8_t)random_next(ws->random);
		buf_char(&ws->out, (char)mask[i]);
	}
	for (size_t i = 0; i < payload.n; i++)
		buf_char(&ws->out, (char)(payload.p[i] ^ mask[i % 4]));
	if (framings[ws->framing].cut == CUT_WHOLE || random_once(ws->random, 3))
		play_ws_flush(ws);
}

static inline void play_ws_control(struct play_ws *ws, enum event_dir dir)
{
	bool ping = random_once(ws->random, 2);

	play_ws_frame(ws, dir, 0x80 | (ping ? PLAY_WS_PING : PLAY_WS_PONG), random_once(ws->random, 2) ? STR("") : STR("{\"usage\":1}"));
}

/* The message as it is sent: RFC 7692 section 7.2.1. */
static inline struct str play_ws_deflated(struct play_ws *ws, enum event_dir dir, struct str text)
{
	z_stream *z = &ws->z[dir];
	char out[4096];

	buf_reset(&ws->message);
	z->next_in = (Bytef *)text.p;
	z->avail_in = (uInt)text.n;
	do {
		z->next_out = (Bytef *)out;
		z->avail_out = sizeof(out);
		play_check(deflate(z, Z_SYNC_FLUSH) == Z_OK);
		buf_add(&ws->message, out, sizeof(out) - z->avail_out);
	} while (!z->avail_out);
	play_check(!ws->message.error && ws->message.n >= 5);
	ws->message.n -= 4;		/* 00 00 ff ff goes without saying */
	if (!ws->deflate.keeps[dir])
		deflateReset(z);
	return buf_view(&ws->message);
}

static inline void play_ws_message(struct play_ws *ws, enum event_dir dir, enum play_opcode opcode, struct str text)
{
	bool plain = framings[ws->framing].cut == CUT_WHOLE;
	unsigned int first = opcode;

	if (ws->deflate.window_bits && !random_once(ws->random, 5)) {
		text = play_ws_deflated(ws, dir, text);
		first |= 0x40;
	}
	for (;;) {
		size_t n = text.n;

		if (!plain && random_once(ws->random, 2))
			n = random_next(ws->random) % (n + 1);
		play_ws_frame(ws, dir, first | (n == text.n ? 0x80 : 0), str_sub(text, 0, n));
		if (n == text.n)
			return;
		text = str_sub(text, n, text.n);
		first = PLAY_CONTINUED;
		if (random_once(ws->random, 4))
			play_ws_control(ws, random_once(ws->random, 2) ? dir : !dir);
	}
}

static inline void play_ws_upgrade(struct play_ws *ws, const struct corpus_case *c)
{
	struct buf *to = &ws->message;

	buf_printf(to, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
		   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		   "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
		   case_text(c->recorded, "path").p, case_text(c->recorded, "host").p);
	play_headers(case_field(c->recorded, "request_headers"), to);
	buf_puts(to, "\r\n");
	play_bytes(ws->line, EVENT_SENT, ws->framing, ws->random, buf_view(to));
	buf_reset(to);
	buf_puts(to, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
		     "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
	if (ws->deflate.answer)
		buf_printf(to, "Sec-WebSocket-Extensions: %s\r\n", ws->deflate.answer);
	play_headers(case_field(c->recorded, "response_headers"), to);
	buf_puts(to, "\r\n");
	play_check(!to->error);
	ws->dir = EVENT_RECEIVED;
	buf_str(&ws->out, buf_view(to));	/* the first message may come in the same call */
}

/* Gemini's server sends its JSON in binary messages. */
static inline enum play_opcode play_ws_opcode(const struct corpus_case *c, enum event_dir dir)
{
	return dir == EVENT_RECEIVED && str_eq(case_text(c->recorded, "api"), STR("google.live")) ? PLAY_BINARY : PLAY_TEXT;
}

static inline void play_socket(struct line *line, const struct corpus_case *c, enum framing framing, uint64_t *random)
{
	struct play_ws ws = { .line = line, .framing = framing, .random = random, .deflate = play_deflates[framing],
			      .out = BUF(MIB(64)), .message = BUF(MIB(64)) };
	struct str order = case_text(c->recorded, "ws_order"), rest[2] = { c->body[0], c->body[1] }, text;

	for (int i = 0; ws.deflate.window_bits && i < 2; i++)
		play_check(deflateInit2(&ws.z[i], 6, Z_DEFLATED, -ws.deflate.window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	play_ws_upgrade(&ws, c);
	for (size_t i = 0; i < order.n; i++) {
		enum event_dir dir = order.p[i] == '>' ? EVENT_SENT : EVENT_RECEIVED;

		play_check(str_split(&rest[dir], '\n', &text));
		play_ws_message(&ws, dir, play_ws_opcode(c, dir), text);
		if (framings[framing].cut != CUT_WHOLE && random_once(random, 8))
			play_ws_control(&ws, dir);
	}
	if (!random_once(random, 4)) {
		play_ws_frame(&ws, EVENT_SENT, 0x80 | PLAY_WS_CLOSE, STR("\3\350"));
		play_ws_frame(&ws, EVENT_RECEIVED, 0x80 | PLAY_WS_CLOSE, STR("\3\350"));
	}
	play_ws_flush(&ws);
	for (int i = 0; ws.deflate.window_bits && i < 2; i++)
		deflateEnd(&ws.z[i]);
	buf_done(&ws.out);
	buf_done(&ws.message);
}

#endif
