/* SPDX-License-Identifier: Apache-2.0 */
/*
 * head and tail count bytes since the beginning and are never reduced, so full
 * and empty cannot be mixed up. A message never wraps: where it would, a filler
 * of kind 0 takes what is left up to the ring's end. Each side keeps its last
 * view of the other's counter, so that the shared lines move only when needed.
 */
#include "pipeline/queue.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define ALIGN(n) (((n) + 7) & ~(size_t)7)
#define PATIENCE_NS 200000

struct queue {
	uint8_t *ring;
	size_t size;
	bool patient;
	struct bell *bell;
	atomic_bool refused;
	char apart[64];			/* what each side writes has a cache line of its own */
	atomic_size_t head;		/* written by the producer */
	size_t tail_seen;
	size_t reserved;		/* where the message in the making begins */
	atomic_bool ended;
	char apart_too[64];
	atomic_size_t tail;		/* written by the consumer */
	size_t head_seen;
};

int bell_init(struct bell *bell)
{
	bell->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	atomic_init(&bell->asleep, false);
	return bell->fd < 0 ? -errno : 0;
}

void bell_done(struct bell *bell)
{
	if (bell->fd >= 0)
		close(bell->fd);
	bell->fd = -1;
}

void bell_ring(struct bell *bell)
{
	uint64_t one = 1;

	if (write(bell->fd, &one, sizeof(one)) < 0)
		return;		/* EAGAIN: it is ringing already */
}

void bell_lie_down(struct bell *bell)
{
	atomic_store(&bell->asleep, true);
	atomic_thread_fence(memory_order_seq_cst);
}

void bell_get_up(struct bell *bell)
{
	uint64_t rung;

	atomic_store(&bell->asleep, false);
	if (read(bell->fd, &rung, sizeof(rung)) < 0)
		return;		/* EAGAIN: woken by something else */
}

/* The fence orders what was made visible before it with the look at the sleeper. */
static void wake(struct queue *queue)
{
	if (!queue->bell)
		return;
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&queue->bell->asleep, memory_order_relaxed) &&
	    atomic_exchange(&queue->bell->asleep, false))
		bell_ring(queue->bell);
}

int queue_new(size_t size, bool patient, struct bell *bell, struct queue **ret)
{
	struct queue *queue;

	if (size < 4096 || size & (size - 1))
		return -EINVAL;
	queue = mem_new(sizeof(*queue));
	if (!queue)
		return -ENOMEM;
	queue->ring = mem_new(size);
	if (!queue->ring) {
		mem_free(queue);
		return -ENOMEM;
	}
	queue->size = size;
	queue->patient = patient;
	queue->bell = bell;
	*ret = queue;
	return 0;
}

static struct message *at(const struct queue *queue, size_t position)
{
	return (struct message *)(queue->ring + (position & (queue->size - 1)));
}

static bool has_room(struct queue *queue, size_t head, size_t n)
{
	if (head + n - queue->tail_seen <= queue->size)
		return true;
	queue->tail_seen = atomic_load_explicit(&queue->tail, memory_order_acquire);
	return head + n - queue->tail_seen <= queue->size;
}

static void rest(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = PATIENCE_NS }, NULL);
}

void *queue_reserve(struct queue *queue, size_t size)
{
	size_t head = atomic_load_explicit(&queue->head, memory_order_relaxed);
	size_t n = sizeof(struct message) + ALIGN(size);
	size_t to_end = queue->size - (head & (queue->size - 1));
	size_t filler = n > to_end ? to_end : 0;

	if (n > queue->size / 2 || size > UINT32_MAX)
		return NULL;
	while (!has_room(queue, head, filler + n)) {
		if (!queue->patient || atomic_load(&queue->refused))
			return NULL;
		wake(queue);
		rest();
	}
	if (filler) {
		/* a filler may be too short for a stamp, never for kind and size: all is a multiple of 8 */
		at(queue, head)->kind = 0;
		at(queue, head)->size = filler;
	}
	queue->reserved = head + filler;
	return at(queue, queue->reserved) + 1;
}

void queue_commit(struct queue *queue, uint32_t kind, uint64_t stamp, size_t size)
{
	*at(queue, queue->reserved) = (struct message){ .kind = kind, .size = size, .stamp = stamp };
	atomic_store_explicit(&queue->head, queue->reserved + sizeof(struct message) + ALIGN(size), memory_order_release);
	wake(queue);
}

void queue_end(struct queue *queue)
{
	atomic_store(&queue->ended, true);
	wake(queue);
}

const struct message *queue_peek(struct queue *queue)
{
	for (;;) {
		size_t tail = atomic_load_explicit(&queue->tail, memory_order_relaxed);
		const struct message *message;

		if (tail == queue->head_seen) {
			queue->head_seen = atomic_load_explicit(&queue->head, memory_order_acquire);
			if (tail == queue->head_seen)
				return NULL;
		}
		message = at(queue, tail);
		if (message->kind)
			return message;
		atomic_store_explicit(&queue->tail, tail + message->size, memory_order_release);
	}
}

void queue_take(struct queue *queue)
{
	size_t tail = atomic_load_explicit(&queue->tail, memory_order_relaxed);

	atomic_store_explicit(&queue->tail, tail + sizeof(struct message) + ALIGN((size_t)at(queue, tail)->size),
			      memory_order_release);
}

bool queue_ended(const struct queue *queue)
{
	return atomic_load(&queue->ended) && atomic_load(&queue->head) == atomic_load(&queue->tail);
}

void queue_refuse(struct queue *queue)
{
	atomic_store(&queue->refused, true);
}

struct queue *queue_free(struct queue *queue)
{
	if (!queue)
		return NULL;
	mem_free(queue->ring);
	return mem_free(queue);
}
