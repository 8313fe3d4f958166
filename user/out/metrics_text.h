/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The families of out/metrics and how they are written: Prometheus' text format
 * 0.0.4. Only out/metrics includes this; keeps nothing.
 */
#ifndef AITAP_OUT_METRICS_TEXT_H
#define AITAP_OUT_METRICS_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "out/metrics.h"

enum family_kind { KIND_COUNTER, KIND_GAUGE, KIND_HISTOGRAM };

struct family {
	const char *name, *help;
	enum family_kind kind;
	int scale;			/* decimal places of its values */
	uint32_t open;			/* bit 1u << i: label i has values from outside */
	const char *labels[METRIC_LABELS];
	const uint64_t *bounds;		/* of a histogram: upper, in nanoseconds */
	size_t n_bounds;
};

extern const struct family families[METRIC_MAX];

struct series {
	enum metric family;
	struct series *next;		/* of the family */
	struct series *same;		/* of the same hash */
	__int128 value;			/* of a histogram: the sum of what was observed */
	struct str labels;		/* their text, behind the buckets */
	uint64_t bucket[];		/* of a histogram: observations between two bounds, the last above all */
};

/* Replaces what is in the buf by name="value",... ; values may be NULL where the family has no labels. */
int labels_text(struct buf *, const struct family *, const char *const *values);
void family_text(const struct family *, const struct series *first, struct buf *);
void process_text(int64_t started_ns, struct buf *);	/* process_* of this process */
int64_t process_started(void);				/* by the wall clock; 0: cannot be told */

#endif
