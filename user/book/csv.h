/* SPDX-License-Identifier: Apache-2.0 */
/* A report for programs: exact decimals, no rounding, no total among the rows of the CSV. */
#ifndef AITAP_BOOK_CSV_H
#define AITAP_BOOK_CSV_H

#include "base/buf.h"
#include "book/report.h"

int csv_text(const struct report *, struct buf *);	/* RFC 4180, but for lines that end in LF */
int csv_field(struct buf *, const char *text);		/* one field, quoted where it must be */

#endif
