/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aliases that changed: a model's name that is asked for, and another model that
 * answers to it than before. What was resolved to what is read from the calls
 * themselves, all of them up to the end of the period, so that a change is also
 * seen where its "before" lies before the period.
 */
#ifndef AITAP_BOOK_DRIFT_H
#define AITAP_BOOK_DRIFT_H

#include <stddef.h>
#include <stdint.h>

#include "book/query.h"

struct drift {
	char *provider, *asked, *before, *after;
	int64_t since_ns;	/* the first answer of the model after */
	int64_t until_ns;	/* the last one of the model before; later than since_ns where both answered for a time */
};

/* Those whose since_ns lies in the period of the query, sorted by provider, asked and after. */
int drifts_find(sqlite3 *, const struct query *, struct drift **ret, size_t *ret_n);
const struct drift *drift_to(const struct drift *, size_t n, const char *provider, const char *asked, const char *after);
struct drift *drifts_free(struct drift *, size_t n);

#endif
