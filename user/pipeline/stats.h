/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker's own numbers, read by others while it runs: each has one writer,
 * so plain loads and stores of atomics do, and no lock is taken.
 */
#ifndef AITAP_PIPELINE_STATS_H
#define AITAP_PIPELINE_STATS_H

#include <stdatomic.h>
#include <stdint.h>

#include "bpf/event.h"
#include "feed/source.h"

enum stat_name {
	STAT_EVENTS,		/* of a known type */
	STAT_EVENT_BYTES,
	STAT_MALFORMED,		/* events that do not hold together */
	STAT_UNKNOWN_EVENTS,	/* of a type that this version does not know */
	STAT_DATA_BYTES,	/* plaintext of applications */
	STAT_CONNS,		/* opened */
	STAT_CONNS_UNBORN,	/* of those: first seen in mid-connection */
	STAT_CONNS_AI,		/* of those: judged AI */
	STAT_CONNS_QUIET,	/* judged not AI so far */
	STAT_CONNS_FULL,	/* found no place in the table */
	STAT_CONNS_OPEN,	/* now */
	STAT_LATE,		/* events of connections that had ended */
	STAT_EXCHANGES,
	STAT_CALLS,		/* handed to the cold half */
	STAT_CALLS_SERVING,	/* of those: from the serving side */
	STAT_CALLS_LOST,	/* the queue was full: each would have been a record */
	STAT_SERVING_LOST,	/* likewise, of the serving side: none would */
	STAT_STREAMS_LOST,	/* of HTTP/2, not read: too many at one time */
	STAT_TABLES_LOST,	/* header tables of HTTP/2, given up for others */
	STAT_UNDECODED,		/* heads and bodies for which the wire's budgets had no memory left */
	STAT_TRAITS_LOST,
	STAT_ENVIRONS_LOST,	/* environments that could not be put together */
	STAT_NO_MEMORY,
	STAT_HTTP2,		/* connections by protocol, but for HTTP/1 */
	STAT_WEBSOCKET,
	STAT_OTHER,		/* none that is read */
	STAT_MISSING_BYTES,	/* holes in streams */
	STAT_MAX,
};

struct stats {
	_Atomic uint64_t n[STAT_MAX];
	_Atomic uint64_t source_malformed;	/* what the source itself counted, as of its last look */
	_Atomic uint64_t loss[EVENT_LOSS_MAX];
	_Atomic uint64_t skip[EVENT_SKIP_MAX];
};

static inline uint64_t stat_get(const _Atomic uint64_t *n)
{
	return atomic_load_explicit(n, memory_order_relaxed);
}

static inline void stat_set(_Atomic uint64_t *n, uint64_t to)
{
	atomic_store_explicit(n, to, memory_order_relaxed);
}

static inline void stat_add(struct stats *stats, enum stat_name which, uint64_t by)
{
	stat_set(&stats->n[which], stat_get(&stats->n[which]) + by);
}

/* to[i] += n[i] */
static inline void stats_sum(const _Atomic uint64_t *n, size_t count, uint64_t *to)
{
	for (size_t i = 0; i < count; i++)
		to[i] += stat_get(&n[i]);
}

static inline void stats_source(struct stats *stats, const struct source_counts *counts)
{
	stat_set(&stats->source_malformed, counts->malformed);
	for (size_t i = 0; i < EVENT_LOSS_MAX; i++)
		stat_set(&stats->loss[i], counts->loss[i]);
	for (size_t i = 0; i < EVENT_SKIP_MAX; i++)
		stat_set(&stats->skip[i], counts->skip[i]);
}

#endif
