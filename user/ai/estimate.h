/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The estimator: what a call used that its provider did not tell. It learns
 * from calls that were told, by provider and model, and says of the others how
 * much they used and between which bounds that lies nine times out of ten.
 *
 * Cold thread only, and in the order of the calls' ends: what it has learnt
 * depends on that order alone. The memory belongs to the caller and outlives it.
 */
#ifndef AITAP_AI_ESTIMATE_H
#define AITAP_AI_ESTIMATE_H

#include "noun/head.h"
#include "noun/memory.h"
#include "noun/record.h"

struct estimator;

/* memory: where the relations are kept; NULL: nowhere. */
int estimator_new(struct memory *memory, struct estimator **ret);
/*
 * Of every call that is to become a record, once, before it is priced. Where usage was reported, it is learnt from;
 * where it was not and the provider may bill it, it is put into the call: usage_source and usages[0]. What was
 * estimated is in *ret (its name is "" where nothing was). time_ns: wall clock.
 */
void estimator_call(struct estimator *, struct call *, int64_t time_ns, struct estimate *ret);
/* Puts what was learnt since into the memory, once for each second of calls: before a commit. */
void estimator_save(struct estimator *);
struct estimator *estimator_free(struct estimator *);

#endif
