/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events in memory through the whole pipeline, in one thread: memory source,
 * hot half, queue, cold half, and a sink that hands each record to the test.
 */
#ifndef AITAP_TESTS_THROUGH_H
#define AITAP_TESTS_THROUGH_H

#include <errno.h>

#include "base/limits.h"
#include "feed/memory.h"
#include "pipeline/cold.h"
#include "pipeline/hot.h"
#include "tests/lib/image.h"

typedef void (*record_fn)(void *ctx, const struct record *);

struct through_sink {
	struct sink sink;
	record_fn fn;
	void *ctx;
};

struct through {
	struct prices *prices;
	struct who *who;
	struct wants wants;
	struct cold_settings settings;
	struct through_sink sink;
	struct cold *cold;
	struct stats stats;
};

static inline int through_put(struct sink *sink, const struct record *record)
{
	struct through_sink *to = (struct through_sink *)sink;

	to->fn(to->ctx, record);
	return 0;
}

static inline int through_flush(struct sink *sink)
{
	(void)sink;
	return 0;
}

static const struct sink_ops through_ops = { .name = "test", .put = through_put, .flush = through_flush };

/* 2026-01-01 and boot time */
static inline int64_t through_wall(void *ctx, uint64_t boot_ns)
{
	(void)ctx;
	return 1767225600 * (int64_t)1000000000 + (int64_t)boot_ns;
}

static inline int through_open(struct through *through, record_fn fn, void *ctx)
{
	static const uint8_t boot_id[16] = "a boot in a test";
	struct cold_config config = { .settings = &through->settings, .boot_id = boot_id, .wall = through_wall };
	int err;

	memset(through, 0, sizeof(*through));
	through->wants.secret_generation = 1;
	through->sink = (struct through_sink){ { &through_ops }, fn, ctx };
	err = prices_builtin(&through->prices, NULL);
	if (err == 0)
		err = who_new(&(struct who_config){ 0 }, &through->who);
	through->settings = (struct cold_settings){ .prices = through->prices, .wants = &through->wants, .node = "node",
						    .config = "sha256:0" };
	config.who = through->who;
	config.sinks[0] = &through->sink.sink;
	config.n_sinks = 1;
	return err < 0 ? err : cold_new(&config, &through->cold);
}

static inline void through_messages(struct through *through, struct queue *queue)
{
	const struct message *message;

	while ((message = queue_peek(queue))) {
		cold_message(through->cold, message);
		queue_take(queue);
	}
}

/* A run of its own: what is open at its end is over. */
static inline int through_run(struct through *through, const struct image *image)
{
	struct source *source = NULL;
	struct queue *queue = NULL;
	struct hot *hot = NULL;
	int err = memory_open(image->p, image->n, &source);

	if (err == 0)
		err = queue_new(MIB(16), false, NULL, &queue);
	if (err == 0)
		err = hot_new(source, queue, &through->wants, &through->stats, &hot);
	while (err >= 0) {
		err = source->ops->poll(source, hot_event, hot, 0);
		if (err >= 0)
			hot_tick(hot, 0);
		through_messages(through, queue);
	}
	if (err == -ENODATA) {
		hot_drain(hot);
		through_messages(through, queue);
		cold_tick(through->cold, UINT64_MAX);
		err = 0;
	}
	hot_free(hot);
	queue_free(queue);
	if (source)
		source->ops->close(source);
	return err;
}

static inline void through_close(struct through *through)
{
	cold_free(through->cold);
	who_free(through->who);
	prices_free(through->prices);
}

#endif
