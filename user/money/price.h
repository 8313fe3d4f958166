/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a call costs: a table of dated prices, and the pricing of a call by it.
 * Knows no team, no budget and no record; looks at the call alone. A table is
 * immutable once read and may be used by any number of threads.
 *
 * Money is int64_t pico-USD (1e-12). A rate is pico-USD a unit; where a
 * multiplier or a fraction of a unit leaves less than a pico, the line is
 * rounded half to even, once, and nothing else ever is.
 */
#ifndef AITAP_MONEY_PRICE_H
#define AITAP_MONEY_PRICE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "noun/call.h"
#include "noun/record.h"

struct prices;

#define PRICES_NEWEST INT64_MAX		/* as wall_ns: the newest price */

/* Each adds to error, if it is not NULL, one line a mistake: "FILE:LINE: what", and makes nothing then. */
int prices_parse(struct str json, const char *name, struct prices **ret, struct buf *error);
int prices_load(const char *path, struct prices **ret, struct buf *error);
int prices_builtin(struct prices **ret, struct buf *error);	/* the table inside the binary */
struct prices *prices_free(struct prices *);
DEFINE_FREEP(struct prices, prices_free)

/* Lays top over under: what top does not price, under does. top owns under from now on. */
void prices_over(struct prices *top, struct prices *under);

/* Prices a call that began at wall_ns. Never fails: what has no price is unpriced. */
void price_call(const struct prices *, const struct call *, int64_t wall_ns, struct cost *ret);

#endif
