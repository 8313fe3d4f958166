/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hot half: events of one source become connections, exchanges and calls,
 * which go into the queue to the cold half, as do the traits of processes. It
 * judges connections, so that the kernel stops sending what is not AI. It
 * knows no team, no price and no file, takes no lock, and in the steady state
 * allocates nothing per event.
 *
 * One per worker, and its thread only; stats are read by anybody. Source, queue
 * and stats belong to the caller and outlive it; wants are copied.
 */
#ifndef AITAP_PIPELINE_HOT_H
#define AITAP_PIPELINE_HOT_H

#include <stddef.h>
#include <stdint.h>

#include "bpf/event.h"
#include "feed/source.h"
#include "noun/wants.h"
#include "pipeline/queue.h"
#include "pipeline/stats.h"

/* What crosses to the cold half, packed (pipeline/pack.h). */
enum message_kind {
	MESSAGE_CALL = 1,	/* struct call */
	MESSAGE_TRAIT,		/* struct trait */
};

struct hot;

int hot_new(struct source *, struct queue *, const struct wants *, struct stats *, struct hot **ret);
void hot_event(void *hot, const struct event_header *, size_t size);	/* an event_fn */
/* Between polls: what waited too long for its bytes is given up. boot_ns: now; 0: the newest event's time, in a replay. */
void hot_tick(struct hot *, uint64_t boot_ns);
/* From the next exchange on; those under way keep what they began with. -ENOMEM: the old ones stay. */
int hot_wants(struct hot *, const struct wants *);
/* No more events will come: ends what is open. */
void hot_drain(struct hot *);
struct hot *hot_free(struct hot *);

#endif
