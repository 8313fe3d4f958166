/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one JSON form of a record, and the names of its closed lists. Translates,
 * computes nothing; keeps nothing.
 */
#ifndef AITAP_OUT_RECORD_H
#define AITAP_OUT_RECORD_H

#include "base/buf.h"
#include "noun/record.h"

#define RECORD_JSON_MAX KIB(256)	/* a ceiling that no record reaches */

/* Adds one line without its newline. -ENOSPC, -ENOMEM: the buf is cut back to what it held, and usable. */
int record_json(const struct record *, struct buf *);

/* Names as they stand in the record, the ledger and the metrics; never NULL. */
const char *record_class_name(enum line_class);
const char *record_status_name(enum cost_status);
const char *record_billing_name(enum billing);
const char *record_usage_source_name(enum usage_source);
const char *record_credential_name(enum credential_kind);
const char *record_library_name(unsigned library);	/* enum event_library */
const char *record_flag_name(unsigned bit);		/* of 1u << bit; NULL after the last */
/* The call's own count (its first usage); false: unknown. */
bool record_tokens(const struct record *, enum count, uint64_t *ret);
/* Since the call's first byte to a moment of the call (call->end_ns, ...); false: unknown. */
bool record_elapsed(const struct record *, uint64_t then_ns, uint64_t *ret_ns);
/* Is it known what is owed? Without a price only where a flat rate covers the call. */
bool record_cost_known(const struct record *);
/* The record's own flags and those that its call carries, as one set. */
uint32_t record_flags(const struct record *);

#endif
