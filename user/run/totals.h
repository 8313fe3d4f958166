/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls, tokens and USD by model: what `run -- COMMAND` tells at its end. Only
 * spend counts; an unpriced call is listed as such, never as 0. Adjustments are
 * in the sums, and are no calls. No lock of its own.
 */
#ifndef AITAP_RUN_TOTALS_H
#define AITAP_RUN_TOTALS_H

#include <stdint.h>

#include "base/buf.h"
#include "noun/record.h"

#define TOTALS_MODELS 64	/* more are added up as "others" */

struct total {
	char model[160];	/* provider/model */
	uint64_t calls, unpriced, records;
	int64_t input, output;
	__int128 pico;
};

struct totals {
	uint32_t n;
	struct total total[TOTALS_MODELS + 1];
};

void totals_add(struct totals *, const struct record *);
int totals_text(const struct totals *, struct buf *);	/* a table for people */

#endif
