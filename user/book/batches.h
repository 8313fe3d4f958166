/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches: work given to a provider for later. What it costs is told by whoever
 * fetches the results, perhaps nobody; so a batch is kept in memory (noun/memory.h)
 * from its making, with the most that it can cost. The call that made it says who pays.
 */
#ifndef AITAP_BOOK_BATCHES_H
#define AITAP_BOOK_BATCHES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "book/query.h"

struct batch {
	char *provider, *id, *team, *state;	/* NULL: unknown */
	int64_t created_ns, fetched_ns;		/* 0: not fetched */
	int64_t requests, calls;		/* in it; billed of it. -1: unknown */
	bool bounded, priced;
	int64_t bound_pico, cost_pico;
};

struct batches {
	struct query query;
	int64_t now_ns;				/* ages are up to then */
	size_t n;
	struct batch *of;			/* those that are open first, each the oldest first */
	uint64_t n_open, n_boundless;		/* of those that are open: no one knows how much they can cost */
	__int128 bound_pico;			/* of the others that are open */
};

/* "SELECT what FROM batches joined with the calls that made them WHERE ...", the query's period and conditions included. */
void batches_sql(struct query_sql *, const struct query *, const char *what);

int batches_find(sqlite3 *, const struct query *, int64_t now_ns, struct batches **ret);
struct batches *batches_free(struct batches *);
DEFINE_FREEP(struct batches, batches_free)

int batches_table(const struct batches *, struct buf *to);
int batches_csv(const struct batches *, struct buf *to);
int batches_json(const struct batches *, struct buf *to);
int batches_jsonl(const struct batches *, struct buf *to);

#endif
