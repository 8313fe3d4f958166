/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The id of a record: 48 bits of milliseconds and 80 bits of hash in Crockford's
 * base 32, so ids sort by time. Derived from what the call is, never from when
 * or by whom it was looked at: the same call inserted twice is one.
 */
#ifndef AITAP_PIPELINE_IDENTITY_H
#define AITAP_PIPELINE_IDENTITY_H

#include <stdint.h>

#include "noun/call.h"
#include "noun/record.h"

void identity(int64_t wall_ns, const uint8_t boot_id[16], const struct call *, char ret[static RECORD_ID_MAX]);

/* Of an adjustment: from the record that it adjusts and the one that brought the evidence, or the nth change of its own. */
void identity_adjustment(int64_t wall_ns, const char *adjusts, const char *by, uint32_t nth, char ret[static RECORD_ID_MAX]);

/* The wall clock of a record, to the millisecond, out of its id; 0 where it is none. */
int64_t identity_time(const char *id);

#endif
