/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources of an origin: each fills what is still empty. They run in the cold
 * half only, and have a deadline: what cannot be had in time stays unknown and
 * the origin is marked incomplete.
 */
#ifndef AITAP_WHO_ORIGIN_H
#define AITAP_WHO_ORIGIN_H

#include "base/task.h"
#include "noun/origin.h"

struct origin_source {
	const char *name;
	int (*fill)(void *self, const struct task *, struct origin *, int deadline_ms);
	int (*tick)(void *self, int deadline_ms);	/* keeps a watch alive between calls; may be NULL */
};

#endif
