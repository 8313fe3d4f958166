/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/memory.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

struct memory {
	struct source source;
	const uint8_t *at;
	size_t left;
	struct source_counts counts;
	uint64_t verdicts[EVENT_VERDICTS];
};

/* How many events one poll() hands on: a worker looks up between two of them. */
#define EVENTS_A_POLL 256

static const struct event_header *next(struct memory *memory)
{
	const struct event_header *event = (const void *)memory->at;
	size_t padded;

	if (memory->left < sizeof(*event) || event->size < sizeof(*event) || event->size > memory->left) {
		memory->counts.malformed += memory->left != 0;
		memory->left = 0;
		return NULL;
	}
	padded = ((size_t)event->size + 7) & ~(size_t)7;
	if (padded > memory->left)
		padded = memory->left;
	memory->at += padded;
	memory->left -= padded;
	return event;
}

static int memory_poll(struct source *source, event_fn deliver, void *ctx, int timeout_ms)
{
	struct memory *memory = (struct memory *)source;
	const struct event_header *event;
	int n = 0;

	(void)timeout_ms;	/* nothing ever comes later */
	while (n < EVENTS_A_POLL && (event = next(memory))) {
		if (event->abi != EVENT_ABI) {
			memory->counts.malformed++;
			continue;
		}
		memory->counts.events++;
		memory->counts.bytes += event->size;
		deliver(ctx, event, event->size);
		n++;
	}
	return n ? n : -ENODATA;
}

static int memory_judge(struct source *source, uint64_t conn_id, enum event_verdict verdict)
{
	struct memory *memory = (struct memory *)source;

	memory->verdicts[conn_id % EVENT_VERDICTS] = conn_id << 8 | verdict;
	return 0;
}

static int memory_scope(struct source *source, uint64_t cgroup_id, enum event_scope scope)
{
	(void)source, (void)cgroup_id, (void)scope;
	return 0;
}

static int memory_count(struct source *source, struct source_counts *ret)
{
	*ret = ((struct memory *)source)->counts;
	return 0;
}

static struct source *memory_close(struct source *source)
{
	return mem_free(source);
}

static const struct source_ops memory_ops = {
	.name = "memory",
	.poll = memory_poll,
	.judge = memory_judge,
	.scope = memory_scope,
	.count = memory_count,
	.close = memory_close,
};

int memory_open(const void *events, size_t size, struct source **ret)
{
	struct memory *memory;

	if ((uintptr_t)events % 8)
		return -EINVAL;
	memory = mem_new(sizeof(*memory));
	if (!memory)
		return -ENOMEM;
	memory->source.ops = &memory_ops;
	memory->at = events;
	memory->left = size;
	*ret = &memory->source;
	return 0;
}

enum event_verdict memory_verdict(const struct source *source, uint64_t conn_id)
{
	uint64_t word = ((const struct memory *)source)->verdicts[conn_id % EVENT_VERDICTS];

	return word >> 8 == conn_id ? (enum event_verdict)(word & 0xff) : EVENT_VERDICT_UNDECIDED;
}
