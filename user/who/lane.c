/* SPDX-License-Identifier: Apache-2.0 */
#include "who/lane.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"

int lane_init(struct lane *lane, size_t size)
{
	void **slots = mem_array(size, sizeof(*slots));
	int wake;

	if (!slots)
		return -ENOMEM;
	wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake < 0) {
		mem_free(slots);
		return -errno;
	}
	lane->slots = slots;
	lane->size = size;
	lane->wake = wake;
	atomic_init(&lane->head, 0);
	atomic_init(&lane->tail, 0);
	return 0;
}

void lane_done(struct lane *lane)
{
	if (!lane->slots)
		return;
	close(lane->wake);
	lane->slots = mem_free(lane->slots);
}

bool lane_put(struct lane *lane, void *p)
{
	size_t head = atomic_load_explicit(&lane->head, memory_order_relaxed);
	uint64_t one = 1;

	if (head - atomic_load_explicit(&lane->tail, memory_order_acquire) == lane->size)
		return false;
	lane->slots[head & (lane->size - 1)] = p;
	atomic_store_explicit(&lane->head, head + 1, memory_order_release);
	/* fails only where the counter is full, and then the reader is awake anyway */
	if (write(lane->wake, &one, sizeof(one)) < 0)
		return true;
	return true;
}

void *lane_get(struct lane *lane)
{
	size_t tail = atomic_load_explicit(&lane->tail, memory_order_relaxed);
	void *p;

	if (tail == atomic_load_explicit(&lane->head, memory_order_acquire))
		return NULL;
	p = lane->slots[tail & (lane->size - 1)];
	atomic_store_explicit(&lane->tail, tail + 1, memory_order_release);
	return p;
}

static bool lane_empty(struct lane *lane)
{
	return atomic_load_explicit(&lane->tail, memory_order_relaxed) == atomic_load_explicit(&lane->head, memory_order_acquire);
}

int lane_wait(struct lane *lane, int timeout_ms)
{
	struct pollfd fd = { .fd = lane->wake, .events = POLLIN };
	uint64_t count;
	int r;

	if (!lane_empty(lane))
		return 1;
	r = poll(&fd, 1, timeout_ms);
	if (r < 0 && errno != EINTR)
		return -errno;
	if (r > 0 && read(lane->wake, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return -errno;
	return !lane_empty(lane);
}
