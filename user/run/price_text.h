/* SPDX-License-Identifier: Apache-2.0 */
/* Prices written to standard output: in a table, as CSV, as JSON, or each with all that is known of it. */
#ifndef AITAP_RUN_PRICE_TEXT_H
#define AITAP_RUN_PRICE_TEXT_H

#include "base/buf.h"
#include "base/json.h"
#include "money/table.h"

enum price_format { PRICE_TABLE, PRICE_CSV, PRICE_JSON, PRICE_WHOLE };

struct price_writer {
	enum price_format format;
	struct buf text;
	struct json json;
};

void price_begin(struct price_writer *, enum price_format);
void price_row(struct price_writer *, const struct price *);
void price_end(struct price_writer *);

#endif
