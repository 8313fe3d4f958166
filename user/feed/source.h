/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where events come from: a kernel ring, a trace file, memory. Order holds
 * within one source only. A source knows nobody downstream; it belongs to one
 * worker thread.
 */
#ifndef AITAP_FEED_SOURCE_H
#define AITAP_FEED_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/event.h"

struct source;

/* The event is valid during the call. size is what stands behind the pointer, and at least event->size. */
typedef void (*event_fn)(void *ctx, const struct event_header *event, size_t size);

/* Is it of a known type, with the struct of that type and payload of the told length behind it? */
bool event_whole(const struct event_header *, size_t size);

struct source_counts {
	uint64_t events;
	uint64_t bytes;
	uint64_t malformed;			/* refused by the source itself: too short, wrong abi */
	uint64_t loss[EVENT_LOSS_MAX];		/* by enum event_loss */
	uint64_t skip[EVENT_SKIP_MAX];		/* by enum event_skip */
};

struct source_ops {
	const char *name;
	/* events delivered; 0 after timeout_ms without any; -ENODATA when no more will ever come; negative errno */
	int (*poll)(struct source *, event_fn, void *ctx, int timeout_ms);
	int (*judge)(struct source *, uint64_t conn_id, enum event_verdict);	/* one store into a mapped array */
	int (*scope)(struct source *, uint64_t cgroup_id, enum event_scope);
	int (*count)(struct source *, struct source_counts *ret);		/* since the beginning */
	struct source *(*close)(struct source *);				/* returns NULL */
};

/* Every implementation begins with this. */
struct source {
	const struct source_ops *ops;
};

#endif
