/* SPDX-License-Identifier: Apache-2.0 */
/* A report as JSON: schema aitap.report/1, money as strings of exact decimals, unknown as null. */
#ifndef AITAP_BOOK_REPORT_JSON_H
#define AITAP_BOOK_REPORT_JSON_H

#include "base/buf.h"
#include "book/report.h"

int report_json(const struct report *, struct buf *);	/* one object */
int report_jsonl(const struct report *, struct buf *);	/* a row a line, the total in the last */

#endif
