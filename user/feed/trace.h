/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recorded run: {ring, event} in blocks with a CRC each, behind a head that
 * says where and when. Valid after truncation: whole blocks are used, and the
 * reader says that the end is missing. The layout is told in trace.c.
 *
 * A writer belongs to one thread. trace_open() gives any number of sources over
 * one loaded file, so that N workers replay it side by side: all events of a
 * connection come from the same one, and each source belongs to one thread.
 */
#ifndef AITAP_FEED_TRACE_H
#define AITAP_FEED_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "feed/source.h"

struct trace_about {
	uint8_t boot_id[16];
	char arch[16];
	char node[64];
	bool scrubbed;
};

/* The writer: creates or empties the file, mode 0600, and follows no link. */
struct trace_writer;
int trace_writer_open(const char *path, const struct trace_about *, struct anchor, struct trace_writer **ret);
int trace_writer_event(struct trace_writer *, unsigned int ring, const struct event_header *, size_t size);
int trace_writer_anchor(struct trace_writer *, struct anchor);
int trace_writer_flush(struct trace_writer *);		/* everything so far is in the file */
int trace_writer_end(struct trace_writer *);		/* and behind it the mark of a whole file */
struct trace_writer *trace_writer_free(struct trace_writer *);

/* The reader. */
struct trace;
int trace_load(const char *path, struct trace **ret);	/* -EBADMSG: not a trace; -EPROTO: of another version */
int trace_load_fd(int fd, struct trace **ret);		/* takes the descriptor in any case */
const struct trace_about *trace_about(const struct trace *);
/* Cut short or damaged: all of it is known once every source has come to its end. Any thread. */
bool trace_partial(const struct trace *);
/* Wall time of a moment, by the last anchor before it. Any thread. */
int64_t trace_wall_ns(const struct trace *, uint64_t boot_ns);
/* The share of worker `which` of `n`; processes come with every share. The trace outlives its sources. */
int trace_open(struct trace *, unsigned int which, unsigned int n, struct source **ret);
struct trace *trace_free(struct trace *);

#endif
