/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the scrubber: scrub.c (events and connections), scrub_write.c
 * (what the wire tells, written again), scrub_item.c (the items of a body) and
 * scrub_frame.c (HTTP/2 and WebSockets); and nobody else's.
 */
#ifndef AITAP_PIPELINE_SCRUB_INSIDE_H
#define AITAP_PIPELINE_SCRUB_INSIDE_H

#include "ai/keep.h"
#include "base/limits.h"
#include "base/map.h"
#include "noun/call.h"
#include "pipeline/process.h"
#include "pipeline/redact.h"
#include "pipeline/scrub.h"
#include "wire/conn.h"

#define SCRUB_BOUNDARY "aitap"
#define EVENT_TEXT (sizeof(struct event_data) + EVENT_CHUNK_MAX)

/* A connection as it is written. */
struct copy {
	uint64_t id;
	uint32_t tgid;
	struct conn *conn;
	struct list ending;		/* in scrub.ending once it is closed, until its last bytes have come */
	uint64_t deadline_ns;
	bool closed;
	struct event_close close;
	uint64_t out[2];		/* length of each stream, by enum dir */
	struct exchange *open[2];	/* whose body is under way there, over HTTP/1 */
	struct exchange *asks;		/* for HTTP/2, by HTTP/1 */
	bool http2;			/* has begun as such */
	uint32_t first;			/* exchange over HTTP/2 */
};

/* What hangs in an exchange. */
struct part {
	bool wanted;
	bool answered;
	bool socket;			/* has become one */
	bool form[2];			/* by enum side, as all of these: a multipart body */
	bool begun[2];			/* HTTP/2: its head was written */
	bool over[2];			/* and its end */
	bool item[2];			/* one was begun and not ended */
	uint64_t missing;		/* bytes that are missing in the copy already */
	struct redact redact[2];
	const struct skim_table *messages[2];	/* protobuf that is read; NULL: none */
	struct buf whole[2];		/* of an item whose length stands before it */
};

struct scrub {
	struct trace_writer *writer;
	unsigned int ring;
	struct wants wants;
	struct wire wire;
	struct map copies;
	struct list ending;
	struct processes processes;
	struct copy *copy;		/* in hand */
	uint64_t boot_ns;		/* of what is being written */
	uint64_t now_ns;		/* of the event in hand */
	int error;
	struct buf text;		/* of what is being written */
	struct buf body;		/* of a piece */
	struct redact inner;		/* of what is wrapped in an item */
	_Alignas(8) uint8_t event[EVENT_TEXT];
	struct call call;
	_Alignas(16) uint8_t reader[];
};

extern const struct wire_ops scrub_wire_ops;
#define SCRUB_EXCHANGE_SIZE sizeof(struct part)

int scrub_put(struct scrub *, const struct event_header *);	/* into the trace */

/* ---- scrub_write.c, for the frames */
enum dir scrub_dir(const struct exchange *, enum side);
void scrub_flush(struct scrub *, enum dir);		/* what stands in scrub->text goes into the stream */
/* Is it one that a copy has? Then its value, as it may be told, is in ret. */
bool scrub_field(struct scrub *, enum side, const struct header *, struct buf *ret);

/* ---- scrub_item.c: a piece, with what stands around it, redacted, in scrub->body */
void scrub_item(struct scrub *, struct part *, const struct piece *);
void scrub_item_end(struct scrub *, struct part *, enum side);	/* no piece of the body follows */

/* ---- scrub_frame.c */
void frame_begin(struct scrub *, const struct exchange *first);	/* over HTTP/2 on this connection; once */
void frame_head(struct scrub *, struct exchange *, const struct head *);
void frame_stranger(struct scrub *, struct exchange *, enum side);
void frame_piece(struct scrub *, struct exchange *, enum side);		/* what stands in scrub->body */
void frame_end(struct scrub *, struct exchange *, enum ending);
void socket_piece(struct scrub *, struct exchange *, const struct piece *);
void socket_end(struct scrub *, struct exchange *, enum ending);

#endif
