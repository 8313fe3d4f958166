/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a call used and what that costs: usage that was not reported is
 * estimated, then everything is priced, an estimate at its bounds as well.
 */
#ifndef AITAP_PIPELINE_ASSESS_H
#define AITAP_PIPELINE_ASSESS_H

#include "ai/estimate.h"
#include "money/price.h"
#include "noun/record.h"

/* Fills cost and estimate of a record whose time is set; call is the record's own. In the order of the calls' ends. */
void assess(struct estimator *, const struct prices *, struct call *call, struct record *);

#endif
