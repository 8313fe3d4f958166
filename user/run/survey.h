/* SPDX-License-Identifier: Apache-2.0 */
/* What there is to probe on this host, found by looking alone: nothing is attached. */
#ifndef AITAP_RUN_SURVEY_H
#define AITAP_RUN_SURVEY_H

#include "tap/targets.h"

/* Tells each file with TLS in it, as it would be armed. Negative errno. */
int survey(target_state_fn tell, void *ctx, struct targets_counts *ret_counts);

#endif
