/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/tracer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "pipeline/scrub.h"
#include "pipeline/stats.h"

enum { KIND_EVENT = 1, KIND_ANCHOR };

/* After this long without an event what is buffered goes to the file. */
#define IDLE_MS 1000

/* One producer each: the rings, then the cold half and the main thread. */
#define COLD_QUEUE EVENT_RINGS_MAX
#define MAIN_QUEUE (EVENT_RINGS_MAX + 1)
#define QUEUES (EVENT_RINGS_MAX + 2)

struct tracer {
	struct trace_writer *writer;
	size_t n_rings;
	struct bell bell;
	struct queue *queue[QUEUES];
	struct scrub *scrub[EVENT_RINGS_MAX];	/* NULL: kept as it is */
	_Atomic uint64_t lost[QUEUES];
	atomic_int error;
};

static int make_ring(struct tracer *tracer, unsigned int ring, const struct tracer_config *config)
{
	int err = queue_new(LIMIT_TRACE_QUEUE, false, &tracer->bell, &tracer->queue[ring]);

	if (err == 0 && config->about.scrubbed)
		err = scrub_new(tracer->writer, ring, config->wants, &tracer->scrub[ring]);
	return err;
}

int tracer_new(const struct tracer_config *config, struct tracer **ret)
{
	struct tracer *tracer = mem_new(sizeof(*tracer));
	struct trace_about about = config->about;
	struct utsname host;
	int err;

	if (!tracer)
		return -ENOMEM;
	tracer->n_rings = config->n_rings;
	if (uname(&host) == 0)
		STR_COPY(about.arch, str_of(host.machine));
	err = bell_init(&tracer->bell);
	if (err == 0)
		err = trace_writer_open(config->path, &about, config->anchor, &tracer->writer);
	for (unsigned int i = 0; err == 0 && i < config->n_rings; i++)
		err = make_ring(tracer, i, config);
	for (unsigned int i = COLD_QUEUE; err == 0 && i < QUEUES; i++)
		err = queue_new(KIB(64), false, &tracer->bell, &tracer->queue[i]);
	if (err < 0) {
		tracer_free(tracer);
		return err;
	}
	*ret = tracer;
	return 0;
}

static void put(struct tracer *tracer, unsigned int which, uint32_t kind, const void *from, size_t size)
{
	void *to = queue_reserve(tracer->queue[which], size);

	if (!to) {
		stat_set(&tracer->lost[which], stat_get(&tracer->lost[which]) + 1);
		return;
	}
	memcpy(to, from, size);
	queue_commit(tracer->queue[which], kind, 0, size);
}

void tracer_event(struct tracer *tracer, unsigned int ring, const struct event_header *event, size_t size)
{
	if (event->size >= sizeof(*event) && event->size <= size)
		put(tracer, ring, KIND_EVENT, event, event->size);
}

void tracer_ring_end(struct tracer *tracer, unsigned int ring)
{
	queue_end(tracer->queue[ring]);
}

void tracer_anchor(struct tracer *tracer, struct anchor anchor)
{
	put(tracer, COLD_QUEUE, KIND_ANCHOR, &anchor, sizeof(anchor));
}

void tracer_target(struct tracer *tracer, const struct event_target *event)
{
	put(tracer, MAIN_QUEUE, KIND_EVENT, event, event->header.size);
}

static int write_message(struct tracer *tracer, unsigned int which, const struct message *message)
{
	const struct event_header *event = (const void *)(message + 1);
	struct anchor anchor;

	if (message->kind == KIND_ANCHOR) {
		memcpy(&anchor, message + 1, sizeof(anchor));
		return trace_writer_anchor(tracer->writer, anchor);
	}
	if (which < EVENT_RINGS_MAX && tracer->scrub[which])
		return scrub_event(tracer->scrub[which], event, message->size);
	return trace_writer_event(tracer->writer, which, event, message->size);
}

/* After a failure to write everything is still taken, so that the others are not told of a full queue instead. */
static size_t empty(struct tracer *tracer, unsigned int which)
{
	struct queue *queue = tracer->queue[which];
	const struct message *message;
	size_t n = 0;

	for (; queue && (message = queue_peek(queue)); n++) {
		int err = tracer_error(tracer) ? 0 : write_message(tracer, which, message);

		if (err < 0)
			atomic_store(&tracer->error, err);
		queue_take(queue);
	}
	return n;
}

static size_t empty_all(struct tracer *tracer)
{
	size_t n = 0;

	for (unsigned int i = 0; i < QUEUES; i++)
		n += empty(tracer, i);
	return n;
}

static bool ended(const struct tracer *tracer)
{
	for (size_t i = 0; i < tracer->n_rings; i++)
		if (!queue_ended(tracer->queue[i]))
			return false;
	return true;
}

int tracer_work(struct tracer *tracer)
{
	struct pollfd fd = { .fd = tracer->bell.fd, .events = POLLIN };
	int err = 0;

	while (!ended(tracer)) {
		if (empty_all(tracer))
			continue;
		bell_lie_down(&tracer->bell);
		if (!empty_all(tracer) && !ended(tracer) && poll(&fd, 1, IDLE_MS) == 0 && !tracer_error(tracer))
			err = trace_writer_flush(tracer->writer);
		bell_get_up(&tracer->bell);
		if (err < 0)
			atomic_store(&tracer->error, err);
	}
	empty_all(tracer);
	for (size_t i = 0; i < tracer->n_rings && err == 0; i++)
		if (tracer->scrub[i])
			err = scrub_drain(tracer->scrub[i]);
	if (!tracer_error(tracer) && err == 0)
		err = trace_writer_end(tracer->writer);
	if (err < 0)
		atomic_store(&tracer->error, err);
	return tracer_error(tracer);
}

uint64_t tracer_lost(const struct tracer *tracer)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < QUEUES; i++)
		lost += stat_get(&tracer->lost[i]);
	return lost;
}

int tracer_error(const struct tracer *tracer)
{
	return atomic_load(&tracer->error);
}

struct tracer *tracer_free(struct tracer *tracer)
{
	if (!tracer)
		return NULL;
	for (size_t i = 0; i < EVENT_RINGS_MAX; i++)
		scrub_free(tracer->scrub[i]);
	for (size_t i = 0; i < QUEUES; i++)
		queue_free(tracer->queue[i]);
	trace_writer_free(tracer->writer);
	bell_done(&tracer->bell);
	return mem_free(tracer);
}
