/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel does not wake us for an event, for that costs the application more
 * than all the rest of its capture; it does so once for every eighth of the
 * ring that fills. So we look by ourselves: often while there is traffic, ever
 * less often while there is none.
 *
 * Record layout: Documentation/bpf/ringbuf.rst. A record starts with its length,
 * whose top bits say that it is still being written, or was given up.
 */
#include "tap/ring.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"

#define EVENTS_A_POLL 512
#define LOOK_MS_MIN 1
#define LOOK_MS_MAX 16
#define BUSY_NS 50000	/* a record is being written at this moment */
#define COUNTERS (EVENT_LOSS_MAX + EVENT_SKIP_MAX)

struct ring {
	struct source source;
	struct ring_config config;
	struct ring_memory memory;
	size_t page;
	int look_ms;
	struct source_counts counts;
	uint64_t *per_cpu;
};

/* ---- records */

struct record {
	uint32_t len;	/* and BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT */
	uint32_t page;
};

/* NULL where there is none, or the next one is not finished. */
static const struct record *record_next(const struct ring_memory *m, uint64_t at, uint32_t *ret_len)
{
	const struct record *record = (const void *)(m->records + (at & (m->bytes - 1)));
	uint64_t end = __atomic_load_n(m->producer, __ATOMIC_ACQUIRE);

	if (at >= end)
		return NULL;
	*ret_len = __atomic_load_n(&record->len, __ATOMIC_ACQUIRE);
	return *ret_len & BPF_RINGBUF_BUSY_BIT ? NULL : record;
}

static bool event_ok(const struct event_header *event, uint32_t len)
{
	return len >= sizeof(*event) && event->abi == EVENT_ABI && event->size >= sizeof(*event) &&
	       event->size <= len;
}

int ring_take(const struct ring_memory *m, int max, event_fn deliver, void *ctx, struct source_counts *counts)
{
	uint64_t at = __atomic_load_n(m->consumer, __ATOMIC_RELAXED);
	const struct record *record;
	uint32_t len;
	int n = 0;

	while (n < max && (record = record_next(m, at, &len))) {
		const struct event_header *event = (const void *)(record + 1);
		bool discarded = len & BPF_RINGBUF_DISCARD_BIT;

		len &= ~BPF_RINGBUF_DISCARD_BIT;
		if (len > m->bytes - sizeof(*record)) {	/* nothing after it can be found */
			counts->malformed++;
			at = __atomic_load_n(m->producer, __ATOMIC_ACQUIRE);
			__atomic_store_n(m->consumer, at, __ATOMIC_RELEASE);
			break;
		}
		if (!discarded && event_ok(event, len)) {
			counts->events++;
			counts->bytes += event->size;
			deliver(ctx, event, event->size);
			n++;
		} else if (!discarded) {
			counts->malformed++;
		}
		at += (sizeof(*record) + len + 7) & ~(uint64_t)7;
		__atomic_store_n(m->consumer, at, __ATOMIC_RELEASE);
	}
	return n;
}

/* ---- the source */

static int wait_ms(struct ring *ring, int ms)
{
	struct pollfd fd = { .fd = ring->config.fd, .events = POLLIN };
	int n = poll(&fd, 1, ms);

	if (n < 0)
		return -errno;
	if (n)
		nanosleep(&(struct timespec){ .tv_nsec = BUSY_NS }, NULL);
	return 0;
}

static int ring_poll(struct source *source, event_fn deliver, void *ctx, int timeout_ms)
{
	struct ring *ring = (struct ring *)source;

	for (;;) {
		int n = ring_take(&ring->memory, EVENTS_A_POLL, deliver, ctx, &ring->counts);
		int ms = timeout_ms < ring->look_ms ? timeout_ms : ring->look_ms, err;

		if (n) {
			ring->look_ms = LOOK_MS_MIN;
			return n;
		}
		if (timeout_ms <= 0)
			return 0;
		err = wait_ms(ring, ms);
		if (err)
			return err;
		timeout_ms -= ms;
		if (ring->look_ms < LOOK_MS_MAX)
			ring->look_ms *= 2;
	}
}

static int ring_judge(struct source *source, uint64_t conn_id, enum event_verdict verdict)
{
	struct ring *ring = (struct ring *)source;

	__atomic_store_n(&ring->config.verdicts[conn_id % EVENT_VERDICTS], conn_id << 8 | verdict, __ATOMIC_RELAXED);
	return 0;
}

static int ring_scope(struct source *source, uint64_t cgroup_id, enum event_scope scope)
{
	const struct ring_config *config = &((struct ring *)source)->config;
	uint8_t value = (uint8_t)scope;

	if (bpf_map_update_elem(config->scopes, &cgroup_id, &value, BPF_ANY))
		return -errno;
	__atomic_fetch_add(config->scope_epoch, 1, __ATOMIC_RELEASE);
	return 0;
}

static int ring_count(struct source *source, struct source_counts *ret)
{
	struct ring *ring = (struct ring *)source;
	uint32_t number = ring->config.number;
	uint64_t sum[COUNTERS] = { 0 };

	if (bpf_map_lookup_elem(ring->config.counts, &number, ring->per_cpu))
		return -errno;
	for (size_t cpu = 0; cpu < ring->config.cpus; cpu++)
		for (size_t i = 0; i < COUNTERS; i++)
			sum[i] += ring->per_cpu[cpu * COUNTERS + i];
	for (size_t i = 0; i < EVENT_LOSS_MAX; i++)
		ring->counts.loss[i] = sum[i];
	for (size_t i = 0; i < EVENT_SKIP_MAX; i++)
		ring->counts.skip[i] = sum[EVENT_LOSS_MAX + i];
	if (ring->config.missed)
		ring->counts.loss[EVENT_LOSS_RECURSION] += ring->config.missed(ring->config.missed_ctx);
	*ret = ring->counts;
	return 0;
}

static struct source *ring_leave(struct source *source)
{
	(void)source;
	return NULL;
}

static const struct source_ops ring_ops = {
	.name = "kernel ring", .poll = ring_poll, .judge = ring_judge, .scope = ring_scope, .count = ring_count,
	.close = ring_leave,
};

/* ---- life */

/* One page that we write, then one that the kernel writes with the records behind it, twice. */
static int ring_map(struct ring *ring)
{
	size_t all = ring->page + 2 * ring->config.bytes;
	void *p = mmap(NULL, ring->page, PROT_READ | PROT_WRITE, MAP_SHARED, ring->config.fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	ring->memory.consumer = p;
	p = mmap(NULL, all, PROT_READ, MAP_SHARED, ring->config.fd, (off_t)ring->page);
	if (p == MAP_FAILED)
		return -errno;
	ring->memory.producer = p;
	ring->memory.records = (const uint8_t *)p + ring->page;
	ring->memory.bytes = ring->config.bytes;
	return 0;
}

struct source *ring_close(struct source *source)
{
	struct ring *ring = (struct ring *)source;

	if (!ring)
		return NULL;
	if (ring->memory.producer)
		munmap((void *)ring->memory.producer, ring->page + 2 * ring->config.bytes);
	if (ring->memory.consumer)
		munmap(ring->memory.consumer, ring->page);
	mem_free(ring->per_cpu);
	return mem_free(ring);
}

int ring_open(const struct ring_config *config, struct source **ret)
{
	struct ring *ring = mem_new(sizeof(*ring));
	int err = -ENOMEM;

	if (!ring)
		return err;
	ring->source.ops = &ring_ops;
	ring->config = *config;
	ring->page = (size_t)sysconf(_SC_PAGESIZE);
	ring->look_ms = LOOK_MS_MIN;
	ring->per_cpu = mem_array(config->cpus, COUNTERS * sizeof(uint64_t));
	if (ring->per_cpu)
		err = ring_map(ring);
	if (err) {
		ring_close(&ring->source);
		return err;
	}
	*ret = &ring->source;
	return 0;
}
