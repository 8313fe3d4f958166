/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the scrubber, shared by scrub.c (events and connections) and
 * scrub_write.c (what the wire tells, written again), and by nobody else.
 */
#ifndef AITAP_PIPELINE_SCRUB_INSIDE_H
#define AITAP_PIPELINE_SCRUB_INSIDE_H

#include "base/limits.h"
#include "base/map.h"
#include "noun/call.h"
#include "pipeline/process.h"
#include "pipeline/redact.h"
#include "pipeline/scrub.h"
#include "wire/conn.h"

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
	struct exchange *open[2];	/* whose body is under way there */
};

/* What hangs in an exchange. */
struct part {
	bool wanted;
	bool answered;
	bool form[2];			/* by enum side: a multipart body */
	bool open[2];			/* an item was begun */
	struct redact redact[2];
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
	int error;
	struct buf text;		/* of what is being written */
	struct buf body;		/* of a piece */
	_Alignas(8) uint8_t event[EVENT_TEXT];
	struct call call;
	_Alignas(16) uint8_t reader[];
};

extern const struct wire_ops scrub_wire_ops;
#define SCRUB_EXCHANGE_SIZE sizeof(struct part)

int scrub_put(struct scrub *, const struct event_header *);	/* into the trace */

#endif
