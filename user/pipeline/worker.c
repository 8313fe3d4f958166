/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Source k, worker k and queue k belong to one thread; the cold half empties
 * all queues.
 *
 * Stopping follows the data: the workers take what their sources hold and end
 * their queues, the cold half commits and ends, the trace is closed.
 */
#include "pipeline/worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "feed/anchors.h"
#include "pipeline/hot.h"
#include "pipeline/inbox.h"
#include "pipeline/queue.h"
#include "pipeline/tracer.h"

#define POLL_MS 100
#define COUNT_EVERY_NS NSEC_PER_SEC
#define DRAIN_NS (2 * NSEC_PER_SEC)
#define ORIGIN_MS 150

struct thread {
	pthread_t id;
	bool started;
};

struct worker {
	struct workers *all;
	unsigned int number;
	struct thread thread;
	struct source *source;
	struct hot *hot;
	struct queue *queue;
	struct stats stats;
	uint64_t counted_ns;
	const struct wants *wants;	/* taken last */
	_Atomic(const struct wants *) wants_taken;
	atomic_bool ended;
};

struct workers {
	struct workers_config config;
	struct worker worker[WORKERS_MAX];
	size_t n;
	struct cold *cold;
	struct inbox inbox;		/* cold thread */
	struct anchors anchors;		/* cold thread */
	struct bell bell;
	struct tracer *tracer;		/* NULL: no trace is written */
	struct thread cold_thread, helper_thread, trace_thread;
	atomic_bool stop, helper_stop;
	_Atomic(const struct cold_settings *) settings;		/* that shall be in force */
	_Atomic(const struct cold_settings *) in_force;		/* in the cold half */
	pthread_mutex_t mutex;		/* metrics, cold_counts, config.committed's own */
	struct cold_counts cold_counts;
};

/* ---- a worker */

static void deliver(void *ctx, const struct event_header *event, size_t size)
{
	struct worker *worker = ctx;

	hot_event(worker->hot, event, size);
	if (worker->all->tracer)
		tracer_event(worker->all->tracer, worker->number, event, size);
}

static void take_wants(struct worker *worker)
{
	const struct wants *wants = atomic_load(&worker->all->settings)->wants;

	if (wants == worker->wants || hot_wants(worker->hot, wants) < 0)
		return;
	worker->wants = wants;
	atomic_store(&worker->wants_taken, wants);
}

static void count_source(struct worker *worker, uint64_t now_ns)
{
	struct source_counts counts;

	if (now_ns - worker->counted_ns < COUNT_EVERY_NS || worker->source->ops->count(worker->source, &counts) < 0)
		return;
	worker->counted_ns = now_ns;
	stats_source(&worker->stats, &counts);
}

/* The clock counts only while nothing is waiting to be read: what would fill a gap may be among it. */
static int turn(struct worker *worker, int timeout_ms)
{
	bool live = !worker->all->config.replay;
	int n = worker->source->ops->poll(worker->source, deliver, worker, timeout_ms);

	if (n == -EINTR)
		return 0;
	if (n < 0)
		return n;
	hot_tick(worker->hot, live && n == 0 ? clock_boot_ns() : 0);
	if (live) {
		take_wants(worker);
		count_source(worker, clock_boot_ns());
	}
	return n;
}

static void *run_worker(void *ctx)
{
	struct worker *worker = ctx;
	uint64_t deadline;
	int err = 0;

	while (err >= 0 && (worker->all->config.replay || !atomic_load(&worker->all->stop)))
		err = turn(worker, POLL_MS);
	deadline = clock_boot_ns() + DRAIN_NS;
	if (err >= 0)
		do
			err = turn(worker, 0);
		while (err > 0 && clock_boot_ns() < deadline);
	if (err < 0 && err != -ENODATA)
		log_error(err, "%s: reading events ended early", worker->source->ops->name);
	hot_drain(worker->hot);
	count_source(worker, UINT64_MAX);
	queue_end(worker->queue);
	if (worker->all->tracer)
		tracer_ring_end(worker->all->tracer, worker->number);
	atomic_store(&worker->ended, true);
	return NULL;
}

/* ---- the cold half */

static int64_t wall(void *ctx, uint64_t boot_ns)
{
	struct workers *all = ctx;

	return all->config.replay ? trace_wall_ns(all->config.replay, boot_ns) : anchors_wall_ns(&all->anchors, boot_ns);
}

static void committed(void *ctx, const struct record *record)
{
	struct workers *all = ctx;

	pthread_mutex_lock(&all->mutex);
	if (all->config.metrics)
		metrics_record(all->config.metrics, record);
	if (all->config.committed)
		all->config.committed(all->config.ctx, record);
	pthread_mutex_unlock(&all->mutex);
}

static void take_settings(struct workers *all)
{
	const struct cold_settings *settings = atomic_load(&all->settings);

	if (settings == atomic_load(&all->in_force))
		return;
	cold_settings(all->cold, settings);
	atomic_store(&all->in_force, settings);
}

static void take_anchor(struct workers *all)
{
	struct anchor now;

	if (all->config.replay)
		return;
	now = clock_anchor();
	if (!anchors_due(&all->anchors, now) || anchors_add(&all->anchors, now) < 0)
		return;
	if (all->tracer)
		tracer_anchor(all->tracer, now);
}

static void sleep_until(struct workers *all, uint64_t now_ns, uint64_t then_ns)
{
	struct pollfd fd = { .fd = all->bell.fd, .events = POLLIN };
	uint64_t ms = then_ns == UINT64_MAX ? 1000 : then_ns <= now_ns ? 0 : (then_ns - now_ns) / NSEC_PER_MSEC + 1;

	poll(&fd, 1, ms > 1000 ? 1000 : (int)ms);
}

static void publish(struct workers *all)
{
	pthread_mutex_lock(&all->mutex);
	all->cold_counts = *cold_counts(all->cold);
	pthread_mutex_unlock(&all->mutex);
}

static void *run_cold(void *ctx)
{
	struct workers *all = ctx;

	while (!inbox_ended(&all->inbox)) {
		uint64_t now_ns = clock_boot_ns(), next_ns;

		take_settings(all);
		take_anchor(all);
		next_ns = cold_tick(all->cold, now_ns);
		if (inbox_take(&all->inbox, all->cold))
			continue;
		publish(all);
		bell_lie_down(&all->bell);
		if (!inbox_take(&all->inbox, all->cold) && !inbox_ended(&all->inbox))
			sleep_until(all, now_ns, next_ns);
		bell_get_up(&all->bell);
	}
	cold_tick(all->cold, UINT64_MAX);
	publish(all);
	return NULL;
}

static void *run_helper(void *ctx)
{
	struct workers *all = ctx;

	while (!atomic_load(&all->helper_stop))
		who_work(all->config.who, POLL_MS);
	return NULL;
}

static void *run_tracer(void *ctx)
{
	struct workers *all = ctx;
	int err = tracer_work(all->tracer);

	if (err < 0)
		log_error(err, "trace '%s': cannot be written", all->config.trace_path);
	return NULL;
}

/* ---- beginning */

static int thread_start(struct thread *thread, void *(*run)(void *), void *ctx, const char *name)
{
	sigset_t all, before;
	int err;

	/* signals are the main thread's */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&thread->id, NULL, run, ctx);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	thread->started = err == 0;
	if (thread->started)
		pthread_setname_np(thread->id, name);
	return -err;
}

static void thread_join(struct thread *thread)
{
	if (thread->started)
		pthread_join(thread->id, NULL);
	thread->started = false;
}

static int make_worker(struct workers *all, unsigned int number)
{
	struct worker *worker = &all->worker[number];
	int err;

	worker->all = all;
	worker->number = number;
	worker->source = all->config.sources[number];
	worker->wants = all->config.settings->wants;
	atomic_store(&worker->wants_taken, worker->wants);
	err = queue_new(LIMIT_QUEUE, all->config.replay != NULL, &all->bell, &worker->queue);
	all->inbox.queue[number] = worker->queue;
	return err < 0 ? err : hot_new(worker->source, worker->queue, worker->wants, &worker->stats, &worker->hot);
}

static int make_cold(struct workers *all)
{
	struct cold_config config = {
		.settings = all->config.settings, .who = all->config.who, .deadline_ms = ORIGIN_MS,
		.boot_id = all->config.boot_id, .wall = wall, .committed = committed, .ctx = all,
		.replay = all->config.replay != NULL, .memory = all->config.memory,
		.ledger = all->config.ledger, .n_sinks = all->config.n_sinks,
	};

	memcpy(config.sinks, all->config.sinks, sizeof(config.sinks));
	return cold_new(&config, &all->cold);
}

static int make_tracer(struct workers *all, struct anchor now)
{
	struct tracer_config config = { .path = all->config.trace_path, .anchor = now, .n_rings = all->n,
					.wants = all->config.settings->wants };

	config.about.scrubbed = all->config.scrub;
	memcpy(config.about.boot_id, all->config.boot_id, sizeof(config.about.boot_id));
	STR_COPY(config.about.node, str_of(all->config.settings->node));
	return tracer_new(&config, &all->tracer);
}

static int make(struct workers *all)
{
	struct anchor now = clock_anchor();
	int err = bell_init(&all->bell);

	if (err == 0)
		err = anchors_add(&all->anchors, now);
	if (err == 0 && all->config.trace_path)
		err = make_tracer(all, now);
	for (unsigned int i = 0; err == 0 && i < all->n; i++)
		err = make_worker(all, i);
	return err < 0 ? err : make_cold(all);
}

static int start(struct workers *all)
{
	char name[32];
	int err = thread_start(&all->cold_thread, run_cold, all, "aitap-cold");

	if (err == 0 && all->config.helper)
		err = thread_start(&all->helper_thread, run_helper, all, "aitap-who");
	if (err == 0 && all->tracer)
		err = thread_start(&all->trace_thread, run_tracer, all, "aitap-trace");
	for (size_t i = 0; err == 0 && i < all->n; i++) {
		snprintf(name, sizeof(name), "aitap-hot-%zu", i);
		err = thread_start(&all->worker[i].thread, run_worker, &all->worker[i], name);
	}
	return err;
}

int workers_start(const struct workers_config *config, struct workers **ret)
{
	struct workers *all;
	int err;

	if (config->n_sources > WORKERS_MAX)
		return -E2BIG;
	all = mem_new(sizeof(*all));
	if (!all)
		return -ENOMEM;
	all->config = *config;
	all->n = config->n_sources;
	all->inbox.n = all->n;
	all->inbox.by_stamp = config->replay != NULL;
	all->bell.fd = -1;
	pthread_mutex_init(&all->mutex, NULL);
	atomic_store(&all->settings, config->settings);
	atomic_store(&all->in_force, config->settings);
	err = make(all);
	if (err == 0)
		err = start(all);
	if (err < 0) {
		workers_stop(all);
		workers_free(all);
		return err;
	}
	*ret = all;
	return 0;
}

/* ---- in between */

bool workers_running(const struct workers *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (!atomic_load(&all->worker[i].ended))
			return true;
	return false;
}

void workers_settings(struct workers *all, const struct cold_settings *settings)
{
	atomic_store(&all->settings, settings);
	bell_ring(&all->bell);
}

bool workers_settled(const struct workers *all)
{
	const struct cold_settings *settings = atomic_load(&all->settings);

	for (size_t i = 0; i < all->n; i++)
		if (!atomic_load(&all->worker[i].ended) && atomic_load(&all->worker[i].wants_taken) != settings->wants)
			return false;
	return atomic_load(&all->in_force) == settings;
}

void workers_target(struct workers *all, const struct event_target *event)
{
	if (all->tracer)
		tracer_target(all->tracer, event);
}

void workers_with(struct workers *all, void (*look)(void *ctx), void *ctx)
{
	pthread_mutex_lock(&all->mutex);
	look(ctx);
	pthread_mutex_unlock(&all->mutex);
}

int workers_metrics(struct workers *all, struct buf *to)
{
	int err;

	pthread_mutex_lock(&all->mutex);
	err = metrics_text(all->config.metrics, to);
	pthread_mutex_unlock(&all->mutex);
	return err;
}

struct workers_sum workers_sum(struct workers *all)
{
	struct workers_sum sum = { 0 };

	for (size_t i = 0; i < all->n; i++) {
		const struct stats *stats = &all->worker[i].stats;

		stats_sum(stats->n, STAT_MAX, sum.stat);
		stats_sum(stats->loss, EVENT_LOSS_MAX, sum.loss);
		stats_sum(stats->skip, EVENT_SKIP_MAX, sum.skip);
		sum.source_malformed += stat_get(&stats->source_malformed);
	}
	if (all->tracer) {
		sum.trace_lost = tracer_lost(all->tracer);
		sum.trace_error = tracer_error(all->tracer);
	}
	pthread_mutex_lock(&all->mutex);
	sum.cold = all->cold_counts;
	pthread_mutex_unlock(&all->mutex);
	return sum;
}

/* ---- end */

/* A helper inside a source that hangs is left behind: it holds nothing that anybody waits for. */
static void stop_helper(struct workers *all)
{
	struct timespec until;

	if (!all->helper_thread.started)
		return;
	atomic_store(&all->helper_stop, true);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec++;
	if (pthread_timedjoin_np(all->helper_thread.id, NULL, &until) == 0)
		all->helper_thread.started = false;
}

static void never_started(struct worker *worker)
{
	if (worker->queue)
		queue_end(worker->queue);
	if (worker->all && worker->all->tracer)
		tracer_ring_end(worker->all->tracer, worker->number);
}

void workers_stop(struct workers *all)
{
	atomic_store(&all->stop, true);
	for (size_t i = 0; i < all->n; i++) {
		struct worker *worker = &all->worker[i];

		if (!worker->thread.started)
			never_started(worker);
		thread_join(&worker->thread);
	}
	thread_join(&all->cold_thread);
	stop_helper(all);
	thread_join(&all->trace_thread);
}

bool workers_helper_ended(const struct workers *all)
{
	return !all->helper_thread.started;
}

struct workers *workers_free(struct workers *all)
{
	if (!all)
		return NULL;
	for (size_t i = 0; i < all->n; i++) {
		hot_free(all->worker[i].hot);
		queue_free(all->worker[i].queue);
	}
	cold_free(all->cold);
	tracer_free(all->tracer);
	bell_done(&all->bell);
	anchors_done(&all->anchors);
	pthread_mutex_destroy(&all->mutex);
	return mem_free(all);
}
