/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report as a table for people: groups as a tree, numbers aligned, USD
 * rounded to what can be read, and below it what the sums do not hold.
 */
#ifndef AITAP_BOOK_TABLE_H
#define AITAP_BOOK_TABLE_H

#include "base/buf.h"
#include "book/report.h"

/* width: of the terminal, 0 for as wide as it takes. Only names are ever cut. */
int report_table(const struct report *, unsigned int width, struct buf *);

#define TABLE_NUMBER 80
/* 1234567 as "1,234,567" at scale 0; half a unit of the last place and more is rounded up. */
size_t report_number(__int128 value, int scale, int places, char ret[static TABLE_NUMBER]);

#endif
