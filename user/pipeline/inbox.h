/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the workers have for the cold half: all their queues. Live, each queue
 * is emptied in turn. In a replay nothing may depend on how fast each worker
 * is, so messages are merged by stamp, and none is taken while a worker that
 * still runs has nothing to compare with. Cold thread only.
 */
#ifndef AITAP_PIPELINE_INBOX_H
#define AITAP_PIPELINE_INBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/event.h"
#include "pipeline/cold.h"
#include "pipeline/queue.h"

struct inbox {
	struct queue *queue[EVENT_RINGS_MAX];	/* the workers' */
	size_t n;
	bool by_stamp;
};

/* Hands on some messages; gives how many. */
size_t inbox_take(struct inbox *, struct cold *);
bool inbox_ended(const struct inbox *);

#endif
