/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps a run's events in a trace file, beside the run and never in its way:
 * each worker tees its events into a bounded queue, the cold half its anchors,
 * the main thread the states of probe targets; one thread writes. What finds a
 * queue full is not in the trace, and is counted.
 *
 * Makes no thread: the owner runs tracer_work() in one. Each queue has one
 * producer, as named by its function.
 */
#ifndef AITAP_PIPELINE_TRACER_H
#define AITAP_PIPELINE_TRACER_H

#include <stdbool.h>

#include "base/clock.h"
#include "bpf/event.h"
#include "feed/trace.h"
#include "noun/wants.h"
#include "pipeline/queue.h"

struct tracer;

struct tracer_config {
	const char *path;
	struct trace_about about;		/* all but the architecture, which is this machine's */
	struct anchor anchor;
	const struct wants *wants;	/* copied: what a scrubbed trace keeps */
	size_t n_rings;
};

int tracer_new(const struct tracer_config *, struct tracer **ret);
void tracer_event(struct tracer *, unsigned int ring, const struct event_header *, size_t size);	/* worker */
void tracer_ring_end(struct tracer *, unsigned int ring);						/* worker */
void tracer_anchor(struct tracer *, struct anchor);							/* cold thread */
void tracer_target(struct tracer *, const struct event_target *);					/* main thread */
/* Trace thread: until every ring has ended; gives the first failure to write. */
int tracer_work(struct tracer *);
uint64_t tracer_lost(const struct tracer *);	/* events that are not in the trace; any thread */
int tracer_error(const struct tracer *);	/* any thread */
struct tracer *tracer_free(struct tracer *);

#endif
