/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aitap's own health as metrics, and as the one line that says what could not
 * be seen. Reads counts that others keep; keeps none.
 */
#ifndef AITAP_RUN_GAUGES_H
#define AITAP_RUN_GAUGES_H

#include "base/buf.h"
#include "out/metrics.h"
#include "pipeline/worker.h"
#include "tap/targets.h"

struct gauges {
	const struct workers_sum *sum;
	const struct targets *targets;	/* NULL: capture is off */
	bool supported;
	bool reload_ok;
};

void gauges_set(struct metrics *, const struct gauges *);
/* "nothing lost; not read: 2 files with GnuTLS, 3 connections in other protocols": of a run so far. */
int gauges_honest(const struct gauges *, struct buf *);

#endif
