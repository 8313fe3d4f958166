/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded cases as HTTP/1.1 (RFC 9112); see play.h for its framings. */
#ifndef AITAP_TESTS_PLAY_HTTP1_H
#define AITAP_TESTS_PLAY_HTTP1_H

#include "tests/lib/play_framing.h"

static inline void play_chunked(struct str body, bool plain, uint64_t *random, struct buf *to)
{
	for (size_t at = 0, n; at < body.n; at += n) {
		size_t most = plain || random_next(random) % 3 ? 300 : 9000;

		n = plain ? 4096 : 1 + random_next(random) % most;
		if (n > body.n - at)
			n = body.n - at;
		buf_printf(to, random_next(random) & 1 ? "%zx" : "%zX", n);
		if (!plain && random_once(random, 8))
			buf_puts(to, ";name=\"a value; quoted\"");
		buf_puts(to, "\r\n");
		buf_add(to, body.p + at, n);
		buf_puts(to, "\r\n");
	}
	buf_puts(to, "0\r\n");
	if (!plain && random_once(random, 4))
		buf_puts(to, "X-Checksum: 12345\r\n");
	buf_puts(to, "\r\n");
}

/* A line's end inside a value would make two fields of it. */
static inline void play_headers(struct json_object *headers, struct buf *to)
{
	for (size_t i = 0; i < json_object_array_length(headers); i++) {
		struct str name = play_header(headers, i, 0), value = play_header(headers, i, 1);

		if (play_header_skipped(headers, i))
			continue;
		buf_printf(to, "%s: ", name.p);
		for (size_t j = 0; j < value.n; j++)
			buf_char(to, (unsigned char)value.p[j] < ' ' ? ' ' : value.p[j]);
		buf_puts(to, "\r\n");
	}
}

static inline bool play_was_chunked(struct json_object *headers)
{
	for (size_t i = 0; i < json_object_array_length(headers); i++)
		if (str_ieq(play_header(headers, i, 0), STR("transfer-encoding")))
			return true;
	return false;
}

/* The framing's fields, the head's end and the body. close: it lasts until the connection ends. */
static inline void play_framed(struct str body, bool chunked, bool close, enum framing framing, uint64_t *random, struct buf *to)
{
	if (close) {
		buf_puts(to, "Connection: close\r\n\r\n");
		buf_str(to, body);
	} else if (chunked) {
		buf_puts(to, "Transfer-Encoding: chunked\r\n\r\n");
		play_chunked(body, framings[framing].cut != CUT_RANDOM, random, to);
	} else {
		buf_printf(to, "Content-Length: %zu\r\n\r\n", body.n);
		buf_str(to, body);
	}
}

static inline void play_request(const struct corpus_case *c, const char *fields, enum framing framing, uint64_t *random, struct buf *to)
{
	bool chunked = framings[framing].cut == CUT_RANDOM && c->body[0].n && random_once(random, 4);

	buf_printf(to, "%s %s HTTP/1.1\r\nHost: %s\r\n%s", case_text(c->recorded, "method").p, case_text(c->recorded, "path").p,
		   case_text(c->recorded, "host").p, fields);
	play_headers(case_field(c->recorded, "request_headers"), to);
	play_framed(c->body[0], chunked, false, framing, random, to);
}

static inline void play_response(const struct corpus_case *c, enum framing framing, bool close, uint64_t *random, struct buf *to)
{
	struct str coding = case_text(c->recorded, "content_encoding");
	struct json_object *headers = case_field(c->recorded, "response_headers");
	const char *over = framings[framing].coding;
	struct buf squeezed = BUF(MIB(64));
	bool stored = !str_eq(coding, STR("identity"));

	buf_printf(to, "HTTP/1.1 %d Whatever\r\n", json_object_get_int(case_field(c->recorded, "status")));
	play_headers(headers, to);
	if (stored || over)
		buf_printf(to, "Content-Encoding: %s%s%s\r\n", stored ? coding.p : "", stored && over ? ", " : "", over ? over : "");
	play_framed(play_coded(c->body[1], over, &squeezed), framings[framing].cut == CUT_RANDOM || play_was_chunked(headers), close,
		    framing, random, to);
	buf_done(&squeezed);
}

/* The next exchange on a line; true: its answer lasts until the line closes. */
static inline bool play_http1(struct line *line, const struct corpus_case *c, enum framing framing, uint64_t *random)
{
	bool close = framings[framing].cut == CUT_BYTES && random_once(random, 10);
	struct buf message = BUF(MIB(64));

	play_request(c, "", framing, random, &message);
	play_bytes(line, EVENT_SENT, framing, random, buf_view(&message));
	buf_reset(&message);
	play_response(c, framing, close, random, &message);
	play_bytes(line, EVENT_RECEIVED, framing, random, buf_view(&message));
	play_check(!message.error);
	buf_done(&message);
	return close;
}

#endif
