/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of a row as programs get them, one list for CSV and JSON. */
#ifndef AITAP_BOOK_FIGURE_H
#define AITAP_BOOK_FIGURE_H

#include "base/decimal.h"
#include "book/report.h"

enum figure {
	FIGURE_CALLS, FIGURE_INPUT, FIGURE_CACHE_READ, FIGURE_CACHE_WRITE, FIGURE_OUTPUT, FIGURE_REASONING,
	FIGURE_COST,		/* "" where nothing of it has a price */
	FIGURE_SHARE,		/* of the total, 0 to 1 */
	FIGURE_FLAT, FIGURE_UNPRICED_CALLS, FIGURE_UNPRICED_TOKENS, FIGURE_INCOMPLETE, FIGURE_ESTIMATED, FIGURE_UNREADY,
	FIGURE_FAILED, FIGURE_ADJUSTMENTS,
	FIGURE_GUESSED, FIGURE_LOW, FIGURE_HIGH,	/* of the cost: for estimated usage, and what that lies between */
	FIGURE_FIRST, FIGURE_LAST,			/* moments of the calls */
	FIGURES,
};

const char *figure_name(enum figure);
/* Is it text in JSON, since a number would lose digits, or is none? */
bool figure_quoted(enum figure);
/* Exact; "" where it is unknown. */
void figure_text(const struct report *, const struct sums *, enum figure, char ret[static DECIMAL_MAX]);

#endif
