/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources of an origin: each fills what is still empty. They belong to the
 * helper thread of the cold half (who/who.h), and have a deadline: what cannot
 * be had in time stays unknown and the origin is marked incomplete.
 */
#ifndef AITAP_WHO_ORIGIN_H
#define AITAP_WHO_ORIGIN_H

#include "base/task.h"
#include "noun/origin.h"
#include "noun/wants.h"

struct origin_source {
	const char *name;
	/* 1: something was filled; 0: nothing to add, now or ever; negative errno: could not be had, ask again later */
	int (*fill)(void *self, const struct task *, struct origin *, int deadline_ms);
	int (*want)(void *self, const struct wants *);	/* what the configuration wants now; copied; may be NULL */
	int (*tick)(void *self, int deadline_ms);	/* keeps a watch alive between calls; may be NULL */
};

#endif
