/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From one worker to the cold half: a ring of messages, bounded in bytes, one
 * producer and one consumer, no lock. A full ring refuses, and the producer
 * counts that; a patient one (a replay, where nothing may depend on speed)
 * waits instead. Messages are told apart by kind and ordered by stamp, which
 * the queue only carries.
 *
 * A bell wakes the consumer of any number of queues, and costs a system call
 * only where it sleeps. Nobody here starts a thread.
 */
#ifndef AITAP_PIPELINE_QUEUE_H
#define AITAP_PIPELINE_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bell {
	int fd;			/* an eventfd: readable when rung */
	atomic_bool asleep;
};

int bell_init(struct bell *);
void bell_done(struct bell *);
void bell_ring(struct bell *);		/* any thread */
/* The consumer says that it will sleep, then looks once more for work, then polls fd. */
void bell_lie_down(struct bell *);
void bell_get_up(struct bell *);

struct queue;
struct message {
	uint32_t kind;		/* not 0 */
	uint32_t size;		/* of what follows */
	uint64_t stamp;
};

/* size: a power of two; the bell outlives the queue and may be NULL. */
int queue_new(size_t size, bool patient, struct bell *, struct queue **ret);
/* Producer: room for up to size bytes, NULL where there is none; then commit what was used of it. */
void *queue_reserve(struct queue *, size_t size);
void queue_commit(struct queue *, uint32_t kind, uint64_t stamp, size_t size);
void queue_end(struct queue *);			/* no more will come */
/* Consumer: the oldest message, its bytes right behind it; NULL where there is none. */
const struct message *queue_peek(struct queue *);
void queue_take(struct queue *);		/* the message that was peeked is done with */
bool queue_ended(const struct queue *);		/* ended by its producer, and empty */
void queue_refuse(struct queue *);		/* nothing will be taken any more: a patient producer gives up */
struct queue *queue_free(struct queue *);

#endif
