/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report: a ledger's calls added up by some fields, as rows in an order for
 * reading (the dearest first, group within group; periods in theirs). Only spend
 * counts. What has no price is listed beside the sums, and what a flat rate
 * covers is added up at list price apart from what is owed.
 */
#ifndef AITAP_BOOK_REPORT_H
#define AITAP_BOOK_REPORT_H

#include "base/cleanup.h"
#include "book/drift.h"
#include "book/query.h"
#include "book/store.h"

struct sums {
	uint64_t calls;
	uint64_t priceless;		/* of those: no price for the model, or for a part of the call */
	uint64_t incomplete;		/* bytes were lost */
	uint64_t estimated;
	uint64_t unready;		/* a required label is missing: not FinOps-ready */
	uint64_t failed;
	uint64_t adjustments;		/* what was learnt of calls later: in the sums, but no calls */
	__int128 input, cache_read, cache_write, output, reasoning;
	__int128 unpriced_milli;	/* tokens that have no price, in thousandths */
	__int128 cost;			/* pico-USD that are owed */
	__int128 flat;			/* pico-USD at list price of what a flat rate covers */
	__int128 guessed, low, high;	/* of cost: for usage that was estimated, and what it lies between */
	int64_t first_ns, last_ns;	/* of the calls; 0: there are none */
};

struct report_row {
	char **keys;			/* one a field of query.by; NULL: unknown */
	struct sums sums;
	const struct drift *drift;	/* by alias: how this model came to be the one that answers; NULL: it always was */
};

/* What could not be priced. */
struct report_gap {
	char *provider, *model, *unit;
	uint64_t calls;
	__int128 milli;
};

struct report {
	struct query query;
	size_t n_rows;
	struct report_row *rows;
	struct sums total;
	size_t n_gaps;
	struct report_gap *gaps;
	uint64_t repeats;		/* records that tell of a call already counted */
	size_t n_drifts;		/* by alias: those that another model answers than before, since a moment of the period */
	struct drift *drifts;
	uint64_t batches;		/* made in the period and fetched by nobody so far */
	uint64_t batches_boundless;	/* of those: no one knows how much they can cost */
	__int128 batches_bound;		/* pico-USD that the others can cost at most */
	char zone[64];			/* for printing: set by who chose it */
};

/* -E2BIG: too many rows. */
int report_make(sqlite3 *, const struct query *, struct report **ret);
struct report *report_free(struct report *);
DEFINE_FREEP(struct report, report_free)

void sums_add(struct sums *, const struct sums *);
/* Of the total's cost, in millionths; of what has no cost, 0. */
int64_t report_share(const struct report *, const struct sums *);
/* The rows from `from` on that share their first depth + 1 keys: their sums, and the row after them. */
size_t report_group(const struct report *, size_t from, size_t depth, struct sums *ret);

#endif
