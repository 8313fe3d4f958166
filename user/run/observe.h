/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `aitap run` and `aitap trace` have in common: probes, workers and sinks
 * of one live run, from its start to its drained end. Main thread only.
 */
#ifndef AITAP_RUN_OBSERVE_H
#define AITAP_RUN_OBSERVE_H

#include "run/options.h"

/* Gives an exit code: with a command in options, the command's own. What went wrong is said on standard error. */
int observe(const struct options *);

#endif
