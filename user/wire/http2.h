/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of HTTP/2, shared by http2.c, which reads frames, http2_frame.c,
 * which knows what frames look like, http2_payload.c, which takes those apart
 * that are read in one piece, and http2_stream.c, to which what is in them goes:
 * streams, each an exchange of its own.
 */
#ifndef AITAP_WIRE_HTTP2_H
#define AITAP_WIRE_HTTP2_H

#include "base/map.h"
#include "wire/conn_inside.h"
#include "wire/hpack.h"

#define FRAME_HEAD 9		/* RFC 9113 section 4.1 */
#define FRAME_SIZE 16384	/* the largest, unless the receiver allows more (section 6.5.2) */
#define FRAME_SIZE_MAX 0xffffffu

enum frame_type {
	FRAME_DATA, FRAME_HEADERS, FRAME_PRIORITY, FRAME_RST_STREAM, FRAME_SETTINGS, FRAME_PUSH_PROMISE, FRAME_PING,
	FRAME_GOAWAY, FRAME_WINDOW_UPDATE, FRAME_CONTINUATION,
};

enum frame_flag { FRAME_ACK = 1, FRAME_END_STREAM = 1, FRAME_END_HEADERS = 4, FRAME_PADDED = 8, FRAME_PRIORITISED = 32 };

struct frame {
	uint32_t length;
	uint8_t type;		/* enum frame_type, or one that is skipped */
	uint8_t flags;
	bool reserved;		/* the bit that is to be 0 */
	uint32_t stream;
};

struct frame frame_parse(const uint8_t p[FRAME_HEAD]);
/* Does it hold together (RFC 9113 section 6)? sizes above `most` do not. */
bool frame_sound(const struct frame *, uint32_t most);
/* As frame_sound(), but for bytes that may be anything: is it what is sent every day, with the flags that it has? */
bool frame_usual(const struct frame *, uint32_t most);
/* Where behind `from` do frames begin? n: nowhere. begins: at 0 the application's call began. */
size_t frame_search(const uint8_t *p, size_t n, size_t from, bool begins, uint32_t most);
bool frame_certain(const uint8_t *p, size_t n, size_t at);	/* there, and not by one head alone */
/* Do bytes of which nothing else is known begin with frames? */
bool frame_begins(const uint8_t *p, size_t n);

enum http2_place {
	HTTP2_START,		/* nothing was read yet */
	HTTP2_PREFACE,
	HTTP2_HEAD,		/* of a frame */
	HTTP2_PAD_LENGTH,
	HTTP2_DATA,
	HTTP2_WHOLE,		/* a payload that is read in one piece */
	HTTP2_SKIP,
	HTTP2_LOST,		/* somewhere: until frames are seen to begin */
};

struct http2_stream;

/* One direction. */
struct http2_side {
	uint8_t place;			/* enum http2_place */
	uint8_t n_head;			/* bytes of the preface, or of a frame's head, that came */
	uint8_t head[FRAME_HEAD];
	uint8_t padding;		/* at the end of the frame in hand */
	uint8_t weak;			/* 2: a frame was found by its head alone, 1: and is in hand */
	bool in_block;			/* more of a header block must follow */
	bool block_lost;		/* and nothing of it is kept */
	bool doubt;			/* heads may have been lost since the last one */
	struct frame frame;		/* in hand */
	uint32_t left;			/* of its payload */
	uint32_t most;			/* of its size, as the receiver allows */
	struct frame begun;		/* the frame that began the header block */
	uint64_t block_ns;
	struct buf block;		/* what came of it, where it is in parts */
	struct hpack hpack;
	struct http2_stream *last;	/* of the last frame of data */
};

struct http2 {
	bool sure;			/* it is HTTP/2 */
	uint32_t frames;		/* sound ones in a row, while that is not sure */
	unsigned int bad_blocks;
	unsigned int n_doubtful;
	uint32_t highest;		/* stream of a request */
	struct map by_id;
	struct list streams;		/* by age */
	struct http2_side side[2];	/* by enum dir */
};

struct http2_stream {
	struct list list;
	struct http2_stream *spare;
	struct exchange *exchange;
	struct body *body[2];		/* by enum side */
	uint32_t id;
	bool answered;			/* the final head was told */
	bool guess;			/* the response's codings are unknown: its first bytes must tell */
	bool doubt[2];			/* by enum side: its end may have been lost */
	uint64_t last_ns;
	char type[64];			/* the response's, where codings have to be guessed */
};

extern const struct protocol_ops protocol_http2;

/* The request of an upgrade becomes stream 1 (RFC 7540 section 3.2), already half closed. -ENOMEM. */
int http2_upgrade(struct conn *, struct exchange *);

/* ---- http2_payload.c, for http2.c */
/* The payload of the frame in hand. p NULL: bytes of it are missing, or there were too many. */
void http2_payload(struct conn *, enum dir, const uint8_t *p, size_t, const struct chunk *);
void http2_drop_block(struct http2_side *);

/* ---- http2_stream.c, for the others */
/* A header block: a request's, a response's, or trailers. frame: that began it, begin_ns: when; chunk: that ended it. */
void http2_fields(struct conn *, enum dir, const struct frame *, const struct fields *, uint64_t begin_ns, const struct chunk *);
bool http2_is_over(const struct http2_stream *, enum side);
struct http2_stream *http2_stream_of(struct http2 *, uint32_t id);
int http2_stream_new(struct conn *, uint32_t id, struct exchange *, struct http2_stream **ret);
void http2_stream_end(struct conn *, struct http2_stream *, enum ending);
void http2_data(struct conn *, enum dir, struct http2_stream *, const uint8_t *, size_t, uint64_t boot_ns);
void http2_data_hole(struct conn *, enum dir, struct http2_stream *, uint64_t n);
void http2_all_hit(struct conn *, enum dir, uint64_t n);	/* a hole that may be any stream's */
void http2_side_over(struct conn *, enum dir, struct http2_stream *, uint64_t boot_ns);
void http2_reset(struct conn *, struct http2_stream *);
void http2_drop_spares(struct wire *);

#endif
