/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays a recorded case over a connection: makes HTTP/1.1 of it again, in one
 * of three framings, and puts it into a line as the probes would see it.
 *
 *	whole	each message is one call of the application; bodies as they were
 *		recorded, chunked where the recording says so
 *	bytes	every byte an event of its own, heads and bodies; a tenth of the
 *		answers last until the connection closes
 *	chunks	chunks of random length (some with extensions and trailers) in calls
 *		of random length, and gzip over whatever the body was coded in
 */
#ifndef AITAP_TESTS_PLAY_H
#define AITAP_TESTS_PLAY_H

#include "tests/lib/case.h"
#include "tests/lib/image.h"

enum framing { FRAMING_WHOLE, FRAMING_BYTES, FRAMING_CHUNKS, FRAMINGS };

static const char *const framing_names[FRAMINGS] = { "whole", "bytes", "chunks" };

static inline size_t random_piece(enum framing framing, uint64_t *random)
{
	uint64_t r = random_next(random);

	if (framing == FRAMING_WHOLE)
		return EVENT_CHUNK_MAX;
	if (framing == FRAMING_BYTES)
		return 1;
	return 1 + (r >> 8) % (r & 1 ? 40 : r & 2 ? 1500 : EVENT_CHUNK_MAX);
}

static inline void play_bytes(struct line *line, enum event_dir dir, enum framing framing, uint64_t *random, const struct buf *bytes)
{
	for (size_t at = 0, n; at < bytes->n; at += n) {
		n = random_piece(framing, random);
		if (n > bytes->n - at)
			n = bytes->n - at;
		line_piece(line, dir, bytes->p + at, n);
	}
}

static inline void play_gzip(struct str from, struct buf *to)
{
	z_stream z = { .next_in = (Bytef *)from.p, .avail_in = (uInt)from.n };
	char out[16384];
	int r;

	if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		exit(1);
	do {
		z.next_out = (Bytef *)out;
		z.avail_out = sizeof(out);
		r = deflate(&z, Z_FINISH);
		buf_add(to, out, sizeof(out) - z.avail_out);
	} while (r == Z_OK);
	deflateEnd(&z);
}

static inline void play_chunked(struct str body, bool plain, uint64_t *random, struct buf *to)
{
	for (size_t at = 0, n; at < body.n; at += n) {
		n = plain ? 4096 : 1 + random_next(random) % (random_next(random) % 3 ? 300 : 9000);
		if (n > body.n - at)
			n = body.n - at;
		buf_printf(to, random_next(random) & 1 ? "%zx" : "%zX", n);
		if (!plain && random_next(random) % 8 == 0)
			buf_puts(to, ";name=\"a value; quoted\"");
		buf_puts(to, "\r\n");
		buf_add(to, body.p + at, n);
		buf_puts(to, "\r\n");
	}
	buf_puts(to, "0\r\n");
	if (!plain && random_next(random) % 4 == 0)
		buf_puts(to, "X-Checksum: 12345\r\n");
	buf_puts(to, "\r\n");
}

/* What the framing itself says is left out; a line's end inside a value would make two fields of it. */
static inline void play_headers(struct json_object *headers, struct buf *to)
{
	static const char *const own[] = { "host", "content-length", "transfer-encoding", "content-encoding", "connection", "trailer" };

	for (size_t i = 0; i < json_object_array_length(headers); i++) {
		struct json_object *pair = json_object_array_get_idx(headers, i);
		struct str name = str_of(json_object_get_string(json_object_array_get_idx(pair, 0)));
		struct str value = str_of(json_object_get_string(json_object_array_get_idx(pair, 1)));
		bool skip = false;

		for (size_t j = 0; j < sizeof(own) / sizeof(own[0]); j++)
			skip |= str_ieq(name, str_of(own[j]));
		if (skip)
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
		if (str_ieq(str_of(json_object_get_string(json_object_array_get_idx(json_object_array_get_idx(headers, i), 0))),
			    STR("transfer-encoding")))
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
		play_chunked(body, framing == FRAMING_WHOLE, random, to);
	} else {
		buf_printf(to, "Content-Length: %zu\r\n\r\n", body.n);
		buf_str(to, body);
	}
}

static inline void play_request(const struct corpus_case *c, enum framing framing, uint64_t *random, struct buf *to)
{
	bool chunked = framing == FRAMING_CHUNKS && c->body[0].n && random_next(random) % 4 == 0;

	buf_printf(to, "%s %s HTTP/1.1\r\nHost: %s\r\n", case_text(c->recorded, "method").p, case_text(c->recorded, "path").p,
		   case_text(c->recorded, "host").p);
	play_headers(case_field(c->recorded, "request_headers"), to);
	play_framed(c->body[0], chunked, false, framing, random, to);
}

static inline void play_response(const struct corpus_case *c, enum framing framing, bool close, uint64_t *random, struct buf *to)
{
	struct str coding = case_text(c->recorded, "content_encoding"), body = c->body[1];
	struct json_object *headers = case_field(c->recorded, "response_headers");
	struct buf squeezed = BUF(MIB(64));
	bool stored = !str_eq(coding, STR("identity"));

	buf_printf(to, "HTTP/1.1 %d Whatever\r\n", json_object_get_int(case_field(c->recorded, "status")));
	play_headers(headers, to);
	if (framing == FRAMING_CHUNKS) {
		play_gzip(body, &squeezed);
		body = buf_view(&squeezed);
		buf_printf(to, "Content-Encoding: %s%sgzip\r\n", stored ? coding.p : "", stored ? ", " : "");
	} else if (stored) {
		buf_printf(to, "Content-Encoding: %s\r\n", coding.p);
	}
	play_framed(body, framing == FRAMING_CHUNKS || play_was_chunked(headers), close, framing, random, to);
	buf_done(&squeezed);
}

/* Without its port; no name at all where it is an address. */
static inline struct str play_server_name(const struct corpus_case *c)
{
	struct str host = case_text(c->recorded, "host");
	ptrdiff_t colon = str_chr(host, ':');

	if (colon >= 0)
		host.n = (size_t)colon;
	return host.n && host.p[host.n - 1] >= '0' && host.p[host.n - 1] <= '9' ? STR("") : host;
}

/* The next exchange on a line; true: its answer lasts until the line closes. */
static inline bool play_case(struct line *line, const struct corpus_case *c, enum framing framing, uint64_t *random)
{
	bool close = framing == FRAMING_BYTES && random_next(random) % 10 == 0;
	struct buf message = BUF(MIB(64));

	play_request(c, framing, random, &message);
	play_bytes(line, EVENT_SENT, framing, random, &message);
	buf_reset(&message);
	play_response(c, framing, close, random, &message);
	play_bytes(line, EVENT_RECEIVED, framing, random, &message);
	if (message.error)
		exit(1);
	buf_done(&message);
	return close;
}

#endif
