/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One BPF ring buffer as a feed/source: mapped and read in place. Verdicts are
 * stores into a mapped array that all rings share; a scope is a map update, and
 * the only thing here that any thread may call. The maps belong to the tap.
 */
#ifndef AITAP_TAP_RING_H
#define AITAP_TAP_RING_H

#include <stddef.h>
#include <stdint.h>

#include "feed/source.h"

/* The memory of a ring: what is written at 0 stands at `bytes` a second time, so no record is broken. */
struct ring_memory {
	uint64_t *consumer;
	const uint64_t *producer;
	const uint8_t *records;
	size_t bytes;		/* a power of two */
};

/*
 * Hands on at most max events and moves the consumer past them. Records that
 * do not hold together are counted; returns the events delivered.
 */
int ring_take(const struct ring_memory *, int max, event_fn, void *ctx, struct source_counts *);

struct ring_config {
	unsigned int number;
	int fd;			/* BPF_MAP_TYPE_RINGBUF */
	size_t bytes;
	uint64_t *verdicts;	/* EVENT_VERDICTS words */
	int scopes;		/* map: cgroup id -> u8 */
	uint32_t *scope_epoch;
	int counts;		/* map: ring -> losses, then skips, per CPU */
	unsigned int cpus;	/* possible ones */
	uint64_t (*missed)(void *ctx);	/* runs that the kernel skipped; NULL: told by another ring */
	void *missed_ctx;
};

int ring_open(const struct ring_config *, struct source **ret);
struct source *ring_close(struct source *);	/* the source's own close() does nothing */

#endif
