/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What batches have in common: requests that are handed in together, in a file
 * or in one body, and results that add up. How much a batch can cost at most is
 * known when it is handed in; what it cost, only to whoever reads its results.
 */
#ifndef AITAP_AI_BATCH_H
#define AITAP_AI_BATCH_H

#include "ai/dialect.h"

/* Picks of a body of requests, the same in every batch dialect. */
enum batch_pick {
	BATCH_REQUESTS = PICK_OWN_1,	/* how many */
	BATCH_MAX,			/* what they may make, added up: WANT_SUM */
	BATCH_MAXES,			/* and how many of them say so: WANT_COUNT */
	BATCH_FILE,			/* of requests */
	BATCH_ID,			/* of the batch, by a name of its own */
	BATCH_OUTPUT,			/* a file of results */
	BATCH_RESULTS,			/* how many there are in a body of results */
	BATCH_OWN_NEXT,
};

#define BATCH_LIMIT(path) { path, BATCH_MAX, WANT_SUM }, { path, BATCH_MAXES, WANT_COUNT }

/* Bounds of the requests that an item hands in; several items add up. */
void batch_requests(struct dialect *, const struct item *);
/* It was no file of requests after all. */
void batch_none(struct dialect *);
/* The counts of an item of results are added to those before it, and taken from it. */
void batch_add(struct dialect *, struct item *);
/* The results were read: what they count is billed, at the batch's rate, whatever the route says. */
void batch_results(struct dialect *);

#endif
