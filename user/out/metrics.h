/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry of the program's metrics and their Prometheus text. Every value
 * is an integer at the family's own scale (USD in pico, seconds in nano), so sums
 * are exact. Holds no lock and knows no thread: who shares one between threads
 * (the cold half counts, the main thread renders) guards it by a mutex of its
 * own. Nothing here fails loudly: a series that finds no room is folded into
 * its family's _other series, and that is counted.
 */
#ifndef AITAP_OUT_METRICS_H
#define AITAP_OUT_METRICS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "noun/record.h"

struct metrics;

enum metric {				/* labels, in the order in which values are given */
	/* fed by metrics_record() */
	METRIC_CALLS,			/* team, provider, model, operation, status_class, route */
	METRIC_TOKENS,			/* team, provider, model, class */
	METRIC_UNITS,			/* team, provider, unit; in thousandths */
	METRIC_COST,			/* team, provider, model, usage_source; in pico-USD */
	METRIC_UNPRICED_TOKENS,		/* provider, model */
	METRIC_ADJUSTED,		/* team, provider; gauge, in pico-USD: may be less than 0 */
	METRIC_DURATION,		/* histogram: provider, model */
	METRIC_FIRST_TOKEN,		/* histogram: provider, model */
	/* set or added to by whoever knows */
	METRIC_CONNECTIONS,		/* provider, route, sight, reason */
	METRIC_EVENTS,			/* type: known, unknown, malformed */
	METRIC_EVENTS_LOST,		/* cause */
	METRIC_BYTES_LOST,		/* cause */
	METRIC_INCOMPLETE,		/* records that say complete:false */
	METRIC_SKIPPED_CALLS,		/* reason */
	METRIC_TRACE_LOST,		/* events that did not get into the trace */
	METRIC_CAPTURED_BYTES,
	METRIC_JUDGED_BYTES,		/* reason */
	METRIC_PROBES,			/* library, state; gauge */
	METRIC_PROBE_SECONDS,		/* in nanoseconds: time that applications spent in our probes */
	METRIC_SINK_BACKLOG,		/* sink; gauge */
	METRIC_SINK_OLDEST,		/* sink; gauge, in nanoseconds */
	METRIC_SINK_DROPPED,		/* sink, reason */
	METRIC_JOINED,			/* what */
	METRIC_FORGOTTEN,		/* what later calls may ask for, and could not be kept */
	METRIC_RELOAD_OK,		/* gauge, 0 or 1 */
	METRIC_BUILD_INFO,		/* version; gauge, 1 */
	METRIC_SUPPORTED,		/* gauge, 0 or 1 */
	METRIC_FOLDED,			/* additions that went to an _other series */
	METRIC_MAX,
};

#define METRIC_LABELS 6			/* most labels of a family */

int metrics_new(size_t max_series, struct metrics **ret);
struct metrics *metrics_free(struct metrics *);
DEFINE_FREEP(struct metrics, metrics_free)

/* The listed teams: they start at 0 and never fold. May be called again after a reload; no team is taken away. */
int metrics_teams(struct metrics *, const char *const *teams, size_t n);

/* Counts a finished record: calls, tokens, units, cost, durations. */
void metrics_record(struct metrics *, const struct record *);

/*
 * One series of a family, its label values in the family's order, NULL for a
 * family without any: metrics_set(m, METRIC_EVENTS_LOST, (const char *[]){ "ring-full" }, n).
 * Set is for gauges and for counters that are kept elsewhere, add for the others.
 */
void metrics_set(struct metrics *, enum metric, const char *const *values, int64_t to);
void metrics_add(struct metrics *, enum metric, const char *const *values, int64_t by);

/* Adds the text (format 0.0.4), process_* included. -ENOSPC and -ENOMEM as buf has them. */
int metrics_text(const struct metrics *, struct buf *);

#endif
