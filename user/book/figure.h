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
	FIGURE_FAILED, FIGURES,
};

const char *figure_name(enum figure);
/* Exact; "" where it is unknown. */
void figure_text(const struct report *, const struct sums *, enum figure, char ret[static DECIMAL_MAX]);

#endif
