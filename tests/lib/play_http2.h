/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded cases as HTTP/2 (RFC 9113), up to 16 streams beside one another on a
 * connection. Frames are written here; libnghttp2's deflater makes the header
 * blocks.
 *
 *	whole	frames as large as they may be, a call a frame or a run of frames
 *	bytes	each byte a call
 *	chunks	calls of random length
 *
 * The last two have DATA frames of random sizes, padding, CONTINUATION at random
 * places, priorities, trailers, informational answers, header tables of other
 * sizes, PING, WINDOW_UPDATE and frames of unknown type in between; one
 * connection in eight begins as HTTP/1.1 and is upgraded (h2c, RFC 7540 section
 * 3.2, whose first request is stream 1).
 */
#ifndef AITAP_TESTS_PLAY_HTTP2_H
#define AITAP_TESTS_PLAY_HTTP2_H

#include <nghttp2/nghttp2.h>

#include "tests/lib/play_http1.h"

#define PLAY_STREAMS 16
#define PLAY_FIELDS 256
#define PLAY_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

enum play_frame {	/* RFC 9113 section 6 */
	PLAY_DATA, PLAY_HEADERS, PLAY_PRIORITY, PLAY_RST_STREAM, PLAY_SETTINGS, PLAY_PUSH_PROMISE, PLAY_PING, PLAY_GOAWAY,
	PLAY_WINDOW_UPDATE, PLAY_CONTINUATION, PLAY_PRIORITY_UPDATE = 0x10, PLAY_UNKNOWN = 0xbe,
};

#define PLAY_END_STREAM 0x1
#define PLAY_ACK 0x1
#define PLAY_END_HEADERS 0x4
#define PLAY_PADDED 0x8
#define PLAY_PRIORITISED 0x20

/* What is said of a stream in one direction, and how far that has come. */
struct play_half {
	struct str body;
	size_t at;
	bool begun, over, trailers;
};

struct play_stream {
	const struct corpus_case *c;
	uint32_t id;
	struct play_half half[2];	/* by enum event_dir */
	struct buf squeezed;
};

struct play_h2 {
	struct line *line;
	enum framing framing;
	uint64_t *random;
	nghttp2_hd_deflater *deflater[2];
	struct buf out;			/* of one direction at a time: what was written last is sent first */
	enum event_dir dir;
	bool settled[2];		/* has said its settings */
	size_t max_frame[2];		/* that may be sent */
	struct play_stream streams[PLAY_STREAMS];
	size_t n;
};

static inline bool play_tidy(const struct play_h2 *h2)
{
	return framings[h2->framing].cut == CUT_WHOLE;
}

static inline void play_flush(struct play_h2 *h2)
{
	play_check(!h2->out.error);
	play_bytes(h2->line, h2->dir, h2->framing, h2->random, buf_view(&h2->out));
	buf_reset(&h2->out);
}

/* ---- frames */

static inline void play_u32(struct buf *to, uint32_t value)
{
	const char bytes[4] = { (char)(value >> 24), (char)(value >> 16), (char)(value >> 8), (char)value };

	buf_add(to, bytes, 4);
}

static inline void play_setting(struct buf *to, unsigned int id, uint32_t value)
{
	buf_char(to, 0);
	buf_char(to, (char)id);
	play_u32(to, value);
}

static inline void play_frame(struct play_h2 *h2, enum event_dir dir, enum play_frame type, unsigned int flags, uint32_t stream,
			      struct str payload)
{
	if (h2->dir != dir)
		play_flush(h2);
	h2->dir = dir;
	buf_char(&h2->out, (char)(payload.n >> 16));
	buf_char(&h2->out, (char)(payload.n >> 8));
	buf_char(&h2->out, (char)payload.n);
	buf_char(&h2->out, (char)type);
	buf_char(&h2->out, (char)flags);
	play_u32(&h2->out, stream);
	buf_str(&h2->out, payload);
	if (random_once(h2->random, 2))
		play_flush(h2);
}

/* What may stand anywhere but between the parts of a header block. */
static inline void play_between(struct play_h2 *h2, enum event_dir dir, uint32_t stream)
{
	if (play_tidy(h2) && !random_once(h2->random, 16))
		return;
	switch (random_next(h2->random) % 12) {
	case 0:
		play_frame(h2, dir, PLAY_PING, random_once(h2->random, 2) ? PLAY_ACK : 0, 0, STR("12345678"));
		break;
	case 1:
		play_frame(h2, dir, PLAY_WINDOW_UPDATE, 0, random_once(h2->random, 2) ? 0 : stream, STR("\0\1\0\0"));
		break;
	case 2:
		play_frame(h2, dir, PLAY_PRIORITY, 0, stream, STR("\0\0\0\0\17"));
		break;
	case 3:
		play_frame(h2, dir, PLAY_UNKNOWN, 0xff, random_once(h2->random, 2) ? 0 : stream, STR("what comes next\0\0\4\0"));
		break;
	case 4:
		play_frame(h2, dir, PLAY_PRIORITY_UPDATE, 0, 0, STR("\0\0\0\1u=1"));
		break;
	}
}

/* Padding and priority around a payload that begins a HEADERS or DATA frame. */
static inline void play_padded(struct play_h2 *h2, enum event_dir dir, enum play_frame type, unsigned int flags, uint32_t stream,
			       struct str payload)
{
	static const char zeros[256];
	struct buf whole = BUF(MIB(32));
	size_t pad = random_next(h2->random) % 256;
	bool padded = !play_tidy(h2) && random_once(h2->random, 3) && payload.n + pad + 6 <= h2->max_frame[dir];

	if (padded)
		buf_char(&whole, (char)pad);
	if (flags & PLAY_PRIORITISED)
		buf_add(&whole, "\200\0\0\0\17", 5);
	buf_str(&whole, payload);
	if (padded)
		buf_add(&whole, zeros, pad);
	play_frame(h2, dir, type, flags | (padded ? PLAY_PADDED : 0), stream, buf_view(&whole));
	buf_done(&whole);
}

/* ---- header blocks */

struct play_fields {
	nghttp2_nv nv[PLAY_FIELDS];
	size_t n;
	struct buf names;	/* lower case, as HTTP/2 wants them */
};

static inline void play_field(struct play_fields *fields, struct str name, struct str value)
{
	play_check(fields->n < PLAY_FIELDS);
	fields->nv[fields->n++] = (nghttp2_nv){ (uint8_t *)name.p, (uint8_t *)value.p, name.n, value.n, NGHTTP2_NV_FLAG_NONE };
}

static inline void play_recorded_fields(struct play_fields *fields, struct json_object *headers)
{
	for (size_t i = 0; i < json_object_array_length(headers); i++) {
		struct str name = play_header(headers, i, 0), value = play_header(headers, i, 1);
		size_t from = fields->names.n;

		if (play_header_skipped(headers, i))
			continue;
		play_check(fields->names.n + name.n < fields->names.size);
		for (size_t j = 0; j < name.n; j++)
			buf_char(&fields->names, name.p[j] >= 'A' && name.p[j] <= 'Z' ? (char)(name.p[j] | 32) : name.p[j]);
		play_field(fields, (struct str){ fields->names.p + from, name.n }, value);
	}
}

/* One header block in as many frames as chance has it. */
static inline void play_block(struct play_h2 *h2, enum event_dir dir, uint32_t stream, bool end, const struct play_fields *fields)
{
	size_t room = nghttp2_hd_deflate_bound(h2->deflater[dir], fields->nv, fields->n), at = 0;
	unsigned int flags = (end ? PLAY_END_STREAM : 0) | (dir == EVENT_SENT && random_once(h2->random, 3) ? PLAY_PRIORITISED : 0);
	uint8_t *block = mem_new(room);
	bool first = true;
	ssize_t n;

	play_check(block != NULL);
	n = nghttp2_hd_deflate_hd(h2->deflater[dir], block, room, fields->nv, fields->n);
	play_check(n >= 0);
	do {
		size_t most = h2->max_frame[dir] - 6, left = (size_t)n - at, part = left < most ? left : most;
		struct str text;

		if (!play_tidy(h2) && random_once(h2->random, 2))
			part = random_next(h2->random) % (part + 1);
		text = (struct str){ (char *)block + at, part };
		if (part == left)
			flags |= PLAY_END_HEADERS;
		if (first)
			play_padded(h2, dir, PLAY_HEADERS, flags, stream, text);
		else
			play_frame(h2, dir, PLAY_CONTINUATION, flags & PLAY_END_HEADERS, stream, text);
		at += part;
		first = false;
	} while (!(flags & PLAY_END_HEADERS));
	mem_free(block);
}

static inline void play_h2_request(struct play_h2 *h2, struct play_stream *stream)
{
	struct play_half *half = &stream->half[EVENT_SENT];
	struct json_object *recorded = stream->c->recorded;
	struct play_fields fields = { .names = BUF(KIB(64)) };
	char length[24];

	buf_add(&fields.names, (char[KIB(32)]){ 0 }, KIB(32));	/* so that it does not move */
	fields.names.n = 0;
	play_field(&fields, STR(":method"), case_text(recorded, "method"));
	play_field(&fields, STR(":scheme"), STR("https"));
	play_field(&fields, STR(":authority"), case_text(recorded, "host"));
	play_field(&fields, STR(":path"), case_text(recorded, "path"));
	play_recorded_fields(&fields, case_field(recorded, "request_headers"));
	snprintf(length, sizeof(length), "%zu", half->body.n);
	if (half->body.n && random_once(h2->random, 2))
		play_field(&fields, STR("content-length"), str_of(length));
	half->begun = true;
	half->over = !half->body.n;
	play_block(h2, EVENT_SENT, stream->id, half->over, &fields);
	buf_done(&fields.names);
}

static inline void play_interim(struct play_h2 *h2, struct play_stream *stream)
{
	struct play_fields fields = { 0 };

	play_field(&fields, STR(":status"), STR("103"));
	play_field(&fields, STR("link"), STR("</style.css>; rel=preload; as=style"));
	play_block(h2, EVENT_RECEIVED, stream->id, false, &fields);
}

static inline void play_h2_response(struct play_h2 *h2, struct play_stream *stream)
{
	struct play_half *half = &stream->half[EVENT_RECEIVED];
	struct json_object *recorded = stream->c->recorded;
	struct str stored = case_text(recorded, "content_encoding");
	const char *over = framings[h2->framing].coding;
	struct play_fields fields = { .names = BUF(KIB(64)) };
	char status[16], length[24], coding[64];
	bool is_stored = !str_eq(stored, STR("identity"));

	buf_add(&fields.names, (char[KIB(32)]){ 0 }, KIB(32));
	fields.names.n = 0;
	if (!play_tidy(h2) && random_once(h2->random, 8))
		play_interim(h2, stream);
	snprintf(status, sizeof(status), "%d", json_object_get_int(case_field(recorded, "status")));
	snprintf(length, sizeof(length), "%zu", half->body.n);
	snprintf(coding, sizeof(coding), "%s%s%s", is_stored ? stored.p : "", is_stored && over ? ", " : "", over ? over : "");
	play_field(&fields, STR(":status"), str_of(status));
	play_recorded_fields(&fields, case_field(recorded, "response_headers"));
	if (*coding)
		play_field(&fields, STR("content-encoding"), str_of(coding));
	if (random_once(h2->random, 2))
		play_field(&fields, STR("content-length"), str_of(length));
	half->trailers = !play_tidy(h2) && random_once(h2->random, 4);
	half->begun = true;
	half->over = !half->body.n && !half->trailers;
	play_block(h2, EVENT_RECEIVED, stream->id, half->over, &fields);
	buf_done(&fields.names);
}

static inline void play_trailers(struct play_h2 *h2, enum event_dir dir, struct play_stream *stream)
{
	struct play_fields fields = { 0 };

	play_field(&fields, STR("x-checksum"), STR("12345"));
	play_block(h2, dir, stream->id, true, &fields);
	stream->half[dir].over = true;
}

static inline void play_data(struct play_h2 *h2, enum event_dir dir, struct play_stream *stream)
{
	struct play_half *half = &stream->half[dir];
	size_t left = half->body.n - half->at, n = left < h2->max_frame[dir] ? left : h2->max_frame[dir], most = n, bound;
	bool end;

	if (!play_tidy(h2)) {
		bound = random_once(h2->random, 3) ? 9000 : 300;
		n = random_next(h2->random) % bound;
	}
	if (n > most)
		n = most;
	/* the last byte may come without the stream's end, which then has a frame of its own */
	end = n == left && !half->trailers && (left == 0 || !random_once(h2->random, 4));
	play_padded(h2, dir, PLAY_DATA, end ? PLAY_END_STREAM : 0, stream->id, str_sub(half->body, half->at, n));
	half->at += n;
	half->over = end;
}

/* ---- connections */

static inline void play_settings(struct play_h2 *h2, enum event_dir dir)
{
	static const uint32_t tables[] = { 4096, 0, 200, 65536, 16384 };
	struct buf settings = BUF(64);
	uint32_t table = tables[random_next(h2->random) % (play_tidy(h2) ? 1 : 5)];

	play_setting(&settings, 3, 100);	/* MAX_CONCURRENT_STREAMS */
	if (dir == EVENT_SENT)
		play_setting(&settings, 2, 0);	/* ENABLE_PUSH */
	play_setting(&settings, 4, 1 << 24);	/* INITIAL_WINDOW_SIZE */
	if (table != 4096)
		play_setting(&settings, 1, table);	/* HEADER_TABLE_SIZE */
	if (random_once(h2->random, 3)) {
		h2->max_frame[!dir] = 1 << 18;
		play_setting(&settings, 5, 1 << 18);	/* MAX_FRAME_SIZE */
	}
	play_frame(h2, dir, PLAY_SETTINGS, 0, 0, buf_view(&settings));
	nghttp2_hd_deflate_change_table_size(h2->deflater[!dir], table);
	h2->settled[dir] = true;
	buf_done(&settings);
}

/* The first case begins as HTTP/1.1 and goes on as stream 1. */
static inline void play_upgrade(struct play_h2 *h2)
{
	struct buf request = BUF(MIB(64));

	play_request(h2->streams[0].c, "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
		     h2->framing, h2->random, &request);
	play_bytes(h2->line, EVENT_SENT, h2->framing, h2->random, buf_view(&request));
	buf_reset(&request);
	buf_puts(&request, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
	play_bytes(h2->line, EVENT_RECEIVED, h2->framing, h2->random, buf_view(&request));
	buf_done(&request);
	h2->streams[0].half[EVENT_SENT].begun = h2->streams[0].half[EVENT_SENT].over = true;
}

static inline void play_h2_begin(struct play_h2 *h2)
{
	if (!play_tidy(h2) && random_once(h2->random, 8) && !strstr(case_text(h2->streams[0].c->recorded, "path").p, "://"))
		play_upgrade(h2);
	h2->dir = EVENT_SENT;
	buf_puts(&h2->out, PLAY_PREFACE);
	play_settings(h2, EVENT_SENT);
	if (random_once(h2->random, 2))
		play_frame(h2, EVENT_SENT, PLAY_WINDOW_UPDATE, 0, 0, STR("\0\17\0\1"));
}

/* Streams are opened in the order of their numbers; an answer begins when its request is over. */
static inline struct play_stream *play_pick(struct play_h2 *h2, enum event_dir dir)
{
	struct play_stream *ready[PLAY_STREAMS];
	size_t n = 0;

	for (size_t i = 0; i < h2->n; i++) {
		struct play_stream *stream = &h2->streams[i];

		if (dir == EVENT_RECEIVED ? stream->half[EVENT_SENT].over && !stream->half[dir].over : !stream->half[dir].over)
			ready[n++] = stream;
		if (dir == EVENT_SENT && !stream->half[dir].begun)
			break;
	}
	return n ? ready[random_next(h2->random) % n] : NULL;
}

static inline void play_step(struct play_h2 *h2, enum event_dir dir, struct play_stream *stream)
{
	struct play_half *half = &stream->half[dir];

	if (dir == EVENT_RECEIVED && !h2->settled[EVENT_RECEIVED]) {
		play_settings(h2, EVENT_RECEIVED);
		play_frame(h2, EVENT_RECEIVED, PLAY_SETTINGS, PLAY_ACK, 0, STR(""));
		play_frame(h2, EVENT_SENT, PLAY_SETTINGS, PLAY_ACK, 0, STR(""));
	}
	if (!half->begun && dir == EVENT_SENT)
		play_h2_request(h2, stream);
	else if (!half->begun)
		play_h2_response(h2, stream);
	else if (half->trailers && half->at == half->body.n)
		play_trailers(h2, dir, stream);
	else
		play_data(h2, dir, stream);
	play_between(h2, dir, stream->id);
}

static inline void play_http2(struct line *line, struct corpus_case *const *cases, size_t n, enum framing framing, uint64_t *random)
{
	struct play_h2 h2 = { .line = line, .framing = framing, .random = random, .out = BUF(MIB(64)), .n = n,
			      .max_frame = { 16384, 16384 } };
	enum event_dir dir = EVENT_SENT;
	struct play_stream *stream;

	for (size_t i = 0; i < n; i++) {
		stream = &h2.streams[i];
		*stream = (struct play_stream){ .c = cases[i], .id = 1 + 2 * (uint32_t)i, .squeezed = BUF(MIB(64)) };
		stream->half[EVENT_SENT].body = cases[i]->body[0];
		stream->half[EVENT_RECEIVED].body = play_coded(cases[i]->body[1], framings[framing].coding, &stream->squeezed);
	}
	for (int i = 0; i < 2; i++)
		play_check(nghttp2_hd_deflate_new(&h2.deflater[i], 65536) == 0);
	play_h2_begin(&h2);
	for (;;) {
		if (random_once(random, 4))
			dir = !dir;
		stream = play_pick(&h2, dir);
		if (!stream)
			stream = play_pick(&h2, dir = !dir);
		if (!stream)
			break;
		play_step(&h2, dir, stream);
	}
	if (random_once(random, 2))
		play_frame(&h2, EVENT_RECEIVED, PLAY_GOAWAY, 0, 0, STR("\0\0\0\37\0\0\0\0bye"));
	play_flush(&h2);
	for (size_t i = 0; i < n; i++)
		buf_done(&h2.streams[i].squeezed);
	for (int i = 0; i < 2; i++)
		nghttp2_hd_deflate_del(h2.deflater[i]);
	buf_done(&h2.out);
}

#endif
