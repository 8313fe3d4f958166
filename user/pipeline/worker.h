/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The threads of a run, and the only file that knows them: a worker for each
 * source, the cold half, the helper that looks at /proc for who/, and one that
 * writes the trace. What they share is two kinds of queue, atomics, and one
 * mutex around what people look at (metrics and totals).
 *
 * Everything given at the start belongs to the caller and outlives it. All
 * functions are for the one thread that started it.
 */
#ifndef AITAP_PIPELINE_WORKER_H
#define AITAP_PIPELINE_WORKER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "feed/source.h"
#include "feed/trace.h"
#include "out/metrics.h"
#include "pipeline/cold.h"
#include "pipeline/stats.h"
#include "who/who.h"

#define WORKERS_MAX EVENT_RINGS_MAX

struct workers;

struct workers_config {
	struct source *const *sources;
	size_t n_sources;			/* at most WORKERS_MAX */
	/*
	 * A live run has a clock of its own, loses what finds a queue full, and ends
	 * when told. A replay (trace set) waits instead, takes messages in the order of
	 * their times whatever the number of workers, and ends by itself.
	 */
	const struct trace *replay;
	struct who *who;
	bool helper;				/* who has sources: run them beside */
	struct metrics *metrics;		/* NULL: none */
	void (*committed)(void *ctx, const struct record *);	/* under the mutex; may be NULL */
	struct memory *memory;			/* cold thread; NULL: nothing is remembered beyond the process */
	void *ctx;				/* of committed */
	const struct cold_settings *settings;
	uint8_t boot_id[16];
	struct sink *ledger;
	struct sink *sinks[COLD_SINKS];
	size_t n_sinks;
	const char *trace_path;			/* NULL: no trace is written */
	bool scrub;
};

struct workers_sum {
	uint64_t stat[STAT_MAX];
	uint64_t source_malformed;
	uint64_t loss[EVENT_LOSS_MAX];
	uint64_t skip[EVENT_SKIP_MAX];
	uint64_t trace_lost;			/* events that did not get into the trace */
	int trace_error;			/* why the trace ended early, or 0 */
	struct cold_counts cold;
};

/* By the clock for a live run; what a trace says for a replay. */
int workers_start(const struct workers_config *, struct workers **ret);
bool workers_running(const struct workers *);	/* false: every source has ended by itself, or failed */
/* Puts a configuration in force. The former one may go once workers_settled() says so. */
void workers_settings(struct workers *, const struct cold_settings *);
bool workers_settled(const struct workers *);
void workers_target(struct workers *, const struct event_target *);	/* into the trace, if one is written */
int workers_metrics(struct workers *, struct buf *);	/* the text of /metrics */
struct workers_sum workers_sum(struct workers *);
void workers_with(struct workers *, void (*look)(void *ctx), void *ctx);	/* under the mutex */
/* Tells the workers to take what is there and end (a replay comes to its own end), and waits until all is written. */
void workers_stop(struct workers *);
/* After workers_stop(): false where a source of who/ hangs. Then neither workers nor who may be freed. */
bool workers_helper_ended(const struct workers *);
struct workers *workers_free(struct workers *);	/* stopped before */

#endif
