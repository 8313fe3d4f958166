/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recorded run: {ring, event} in blocks with a CRC each, behind a head that
 * says where and when. Valid after truncation: whole blocks are used, and the
 * reader says that the end is missing. Layout: see trace.c.
 *
 * A writer belongs to one thread. trace_open() gives any number of sources over
 * one file, so that N workers replay it side by side: all events of a
 * connection come from the same one.
 */
#ifndef AITAP_FEED_TRACE_H
#define AITAP_FEED_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/str.h"
#include "feed/source.h"

#define TRACE_RING_ALL 0xffff	/* not of one ring: tasks, targets */

struct trace_about {
	uint8_t boot_id[16];
	char arch[16];
	char node[64];
	bool scrubbed;
};

struct trace_writer;
/* Creates the file (never over an existing one: -EEXIST), mode 0600. */
int trace_writer_open(const char *path, const struct trace_about *, struct anchor, struct trace_writer **ret);
int trace_writer_event(struct trace_writer *, unsigned int ring, const struct event_header *, size_t size);
int trace_writer_anchor(struct trace_writer *, struct anchor);
int trace_writer_flush(struct trace_writer *);			/* everything so far is in the file */
int trace_writer_end(struct trace_writer *);			/* and the mark of a whole file behind it */
struct trace_writer *trace_writer_free(struct trace_writer *);

struct trace;
int trace_load(const char *path, struct trace **ret);		/* -EBADMSG: not a trace; -EPROTO: another abi */
const struct trace_about *trace_about(const struct trace *);
/* Cut short, or a block failed its CRC: known once it was read to its end. Any thread. */
bool trace_partial(const struct trace *);
/* Wall time of a moment by the anchor nearest before it. Any thread. */
int64_t trace_wall_ns(const struct trace *, uint64_t boot_ns);
/* Events whose connection belongs to worker `which` of `n`; those of no connection always. The trace outlives its sources. */
int trace_open(const struct trace *, unsigned int which, unsigned int n, struct source **ret);
struct trace *trace_free(struct trace *);

#endif
