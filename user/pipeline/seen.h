/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which answers were already counted: the last some ten thousand, by provider
 * and response id, with the record that has their usage. An answer that is
 * fetched again, or polled for, is not spent again. Cold thread only.
 */
#ifndef AITAP_PIPELINE_SEEN_H
#define AITAP_PIPELINE_SEEN_H

#include <stdbool.h>

#include "noun/record.h"

struct seen;

struct seen_answer {
	char record[RECORD_ID_MAX];
	bool used;		/* it has the usage; false: the answer was still to come */
};

int seen_new(struct seen **ret);
const struct seen_answer *seen_get(const struct seen *, const char *provider, const char *response_id);
/* Overwrites what was kept for another answer in its place. */
void seen_put(struct seen *, const char *provider, const char *response_id, const char *record, bool used);
struct seen *seen_free(struct seen *);

#endif
