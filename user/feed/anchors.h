/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which wall time a moment had: anchors in the order in which they were taken,
 * each in force until the next. A live run and the replay of its trace use the
 * same ones, so both give a call the same time, and with it the same id.
 * Belongs to one thread at a time.
 */
#ifndef AITAP_FEED_ANCHORS_H
#define AITAP_FEED_ANCHORS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

struct anchors {
	struct anchor *list;
	size_t n, room;
};

/* Past LIMIT_TRACE_ANCHORS the older half is forgotten. -ENOMEM: it was not added. */
int anchors_add(struct anchors *, struct anchor);
/* By the last anchor at or before it, else the first. Without any: boot time itself. */
int64_t anchors_wall_ns(const struct anchors *, uint64_t boot_ns);
/* Is it time to add this one: a minute after the last, or the wall clock was stepped? */
bool anchors_due(const struct anchors *, struct anchor now);
void anchors_done(struct anchors *);

#endif
