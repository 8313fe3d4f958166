/* SPDX-License-Identifier: Apache-2.0 */
/* The threads of a run, live (its source ends when told) and replayed. */
#include "tests/lib/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "pipeline/worker.h"
#include "tests/lib/image.h"

#define ASK "POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n" \
	"{\"model\":\"gpt-4o\"}"
#define ANSWER "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 70\r\n\r\n" \
	"{\"model\":\"gpt-4o\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":7}}  "

/* Like a ring: what was put in is delivered once, and then it waits for more. */
struct pipe {
	struct source source;
	struct image image;
	pthread_mutex_t mutex;
	atomic_bool fails;
};

static int pipe_poll(struct source *source, event_fn deliver, void *ctx, int timeout_ms)
{
	struct pipe *pipe = (struct pipe *)source;
	struct event_header *event;
	struct image taken;
	int n = 0;

	if (atomic_load(&pipe->fails))
		return -EIO;
	pthread_mutex_lock(&pipe->mutex);
	taken = pipe->image;
	pipe->image = (struct image){ 0 };
	pthread_mutex_unlock(&pipe->mutex);
	for (size_t at = 0; (event = image_next(&taken, &at)); n++)
		deliver(ctx, event, event->size);
	image_done(&taken);
	if (!n && timeout_ms)
		usleep(1000);
	return n;
}

static int pipe_judge(struct source *source, uint64_t conn_id, enum event_verdict verdict)
{
	(void)source, (void)conn_id, (void)verdict;
	return 0;
}

static int pipe_count(struct source *source, struct source_counts *ret)
{
	(void)source;
	*ret = (struct source_counts){ .loss[EVENT_LOSS_RING_FULL] = 3 };
	return 0;
}

static const struct source_ops pipe_ops = { .name = "pipe", .poll = pipe_poll, .judge = pipe_judge, .count = pipe_count };

struct store {
	struct sink sink;
	atomic_uint puts, flushes;
	atomic_bool hangs;
	_Atomic uint64_t flushed_ns;
};

static int store_put(struct sink *sink, const struct record *record)
{
	struct store *store = (struct store *)sink;

	assert_int_equal(record->call->usages[0].count[COUNT_OUTPUT], 7);
	atomic_fetch_add(&store->puts, 1);
	return 0;
}

static int store_flush(struct sink *sink)
{
	struct store *store = (struct store *)sink;

	while (atomic_load(&store->hangs))
		usleep(1000);
	atomic_fetch_add(&store->flushes, 1);
	atomic_store(&store->flushed_ns, clock_boot_ns());
	return 0;
}

static const struct sink_ops store_ops = { .name = "store", .put = store_put, .flush = store_flush };

struct bench {
	struct pipe pipes[2];
	struct source *sources[2];
	struct store ledger, sink;
	struct wants wants;
	struct prices *prices;
	struct cold_settings settings;
	struct workers_config config;
	struct workers *workers;
	uint64_t next_conn;
};

static int setup(void **state)
{
	struct bench *bench = mem_new(sizeof(*bench));

	for (size_t i = 0; i < 2; i++) {
		bench->pipes[i].source.ops = &pipe_ops;
		pthread_mutex_init(&bench->pipes[i].mutex, NULL);
		bench->sources[i] = &bench->pipes[i].source;
	}
	bench->ledger.sink.ops = bench->sink.sink.ops = &store_ops;
	assert_int_equal(prices_builtin(&bench->prices, NULL), 0);
	bench->settings = (struct cold_settings){ .prices = bench->prices, .wants = &bench->wants, .node = "node", .config = "sha256:1" };
	bench->config = (struct workers_config){ .sources = bench->sources, .n_sources = 2, .settings = &bench->settings,
						 .ledger = &bench->ledger.sink, .sinks = { &bench->sink.sink }, .n_sinks = 1 };
	assert_int_equal(who_new(&(struct who_config){ 0 }, &bench->config.who), 0);
	*state = bench;
	return 0;
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	workers_free(bench->workers);
	who_free(bench->config.who);
	prices_free(bench->prices);
	for (size_t i = 0; i < 2; i++) {
		image_done(&bench->pipes[i].image);
		pthread_mutex_destroy(&bench->pipes[i].mutex);
	}
	mem_free(bench);
	return 0;
}

static void put_calls(struct bench *bench, size_t which, unsigned int n)
{
	struct pipe *pipe = &bench->pipes[which];
	struct line line = { .to = &pipe->image, .id = ++bench->next_conn, .task = { 100, 5000 }, .boot_ns = clock_boot_ns() };

	pthread_mutex_lock(&pipe->mutex);
	line_open(&line, true, STR("api.openai.com"));
	for (unsigned int i = 0; i < n; i++) {
		line_text(&line, EVENT_SENT, ASK);
		line_text(&line, EVENT_RECEIVED, ANSWER);
	}
	pthread_mutex_unlock(&pipe->mutex);
}

static bool comes_to(atomic_uint *n, unsigned int value, unsigned int ms)
{
	for (unsigned int i = 0; i < ms && atomic_load(n) < value; i++)
		usleep(1000);
	return atomic_load(n) >= value;
}

static void test_a_record_is_out_soon(void **state)
{
	struct bench *bench = *state;
	uint64_t begin_ns;

	assert_int_equal(workers_start(&bench->config, &bench->workers), 0);
	for (int i = 0; i < 5; i++) {
		unsigned int before = atomic_load(&bench->ledger.flushes);

		begin_ns = clock_boot_ns();
		put_calls(bench, i % 2, 1);
		assert_true(comes_to(&bench->ledger.flushes, before + 1, 5000));
		/* 200 ms are promised; a machine that is busy with other things gets as much again */
		assert_true(atomic_load(&bench->ledger.flushed_ns) - begin_ns < 400 * NSEC_PER_MSEC);
	}
	assert_true(workers_running(bench->workers));
	workers_stop(bench->workers);
	assert_int_equal(atomic_load(&bench->sink.puts), 5);
}

/* What is in the sources when it is told to stop is taken, and comes out. */
static void test_stops_behind_the_data(void **state)
{
	struct bench *bench = *state;
	struct workers_sum sum;

	put_calls(bench, 0, 500);
	put_calls(bench, 1, 700);
	assert_int_equal(workers_start(&bench->config, &bench->workers), 0);
	workers_stop(bench->workers);
	sum = workers_sum(bench->workers);
	assert_false(workers_running(bench->workers));
	assert_int_equal(atomic_load(&bench->ledger.puts), 1200);
	assert_int_equal(atomic_load(&bench->sink.puts), 1200);
	assert_int_equal(sum.cold.records, 1200);
	assert_int_equal(sum.stat[STAT_CALLS], 1200);
	assert_int_equal(sum.stat[STAT_CONNS], 2);
	assert_int_equal(sum.loss[EVENT_LOSS_RING_FULL], 6);
}

/* A ledger that hangs holds up records, within bounds; what finds no room is counted, and nothing else is lost. */
static void test_a_ledger_that_hangs(void **state)
{
	struct bench *bench = *state;
	struct workers_sum sum;

	atomic_store(&bench->ledger.hangs, true);
	assert_int_equal(workers_start(&bench->config, &bench->workers), 0);
	for (int i = 0; i < 20; i++)
		put_calls(bench, 0, 1000);
	for (int i = 0; i < 5000 && workers_sum(bench->workers).stat[STAT_CALLS_LOST] == 0; i++)
		usleep(1000);
	assert_true(workers_sum(bench->workers).stat[STAT_CALLS_LOST] > 0);
	atomic_store(&bench->ledger.hangs, false);
	workers_stop(bench->workers);
	sum = workers_sum(bench->workers);
	assert_int_equal(sum.stat[STAT_CALLS] + sum.stat[STAT_CALLS_LOST], 20000);
	assert_int_equal(sum.cold.records, sum.stat[STAT_CALLS]);
	assert_int_equal(atomic_load(&bench->ledger.puts), sum.stat[STAT_CALLS]);
	assert_true(sum.stat[STAT_CALLS] > 1000);
}

static unsigned int replay(struct bench *bench, const char *path, unsigned int n_workers)
{
	struct workers_config config = bench->config;
	unsigned int before = atomic_load(&bench->sink.puts);
	struct source *sources[8];
	struct workers *workers;
	struct trace *trace;

	assert_int_equal(trace_load(path, &trace), 0);
	config.sources = sources;
	config.n_sources = n_workers;
	config.replay = trace;
	config.trace_path = NULL;
	for (unsigned int i = 0; i < n_workers; i++)
		assert_int_equal(trace_open(trace, i, n_workers, &sources[i]), 0);
	assert_int_equal(workers_start(&config, &workers), 0);
	workers_stop(workers);
	workers_free(workers);
	for (unsigned int i = 0; i < n_workers; i++)
		sources[i]->ops->close(sources[i]);
	assert_false(trace_partial(trace));
	trace_free(trace);
	return atomic_load(&bench->sink.puts) - before;
}

/* A run that is traced, as it is or scrubbed, and the trace replayed. */
static void test_a_trace_of_the_run(void **state)
{
	char path[] = "/tmp/aitap-trace-XXXXXX";
	struct bench *bench = *state;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	bench->config.trace_path = path;
	for (int scrub = 0; scrub < 2; scrub++) {
		unsigned int before = atomic_load(&bench->sink.puts);

		bench->config.scrub = scrub;
		put_calls(bench, 0, 50);
		put_calls(bench, 1, 30);
		assert_int_equal(workers_start(&bench->config, &bench->workers), 0);
		workers_stop(bench->workers);
		assert_int_equal(workers_sum(bench->workers).trace_error, 0);
		assert_int_equal(workers_sum(bench->workers).trace_lost, 0);
		bench->workers = workers_free(bench->workers);
		assert_int_equal(atomic_load(&bench->sink.puts) - before, 80);
		assert_int_equal(replay(bench, path, 1), 80);
		assert_int_equal(replay(bench, path, 3), 80);
	}
	unlink(path);
}

static void test_a_source_that_fails_ends_its_worker(void **state)
{
	struct bench *bench = *state;

	atomic_store(&bench->pipes[0].fails, true);
	assert_int_equal(workers_start(&bench->config, &bench->workers), 0);
	put_calls(bench, 1, 3);
	assert_true(comes_to(&bench->sink.puts, 3, 5000));
	assert_true(workers_running(bench->workers));
	atomic_store(&bench->pipes[1].fails, true);
	for (int i = 0; i < 5000 && workers_running(bench->workers); i++)
		usleep(1000);
	assert_false(workers_running(bench->workers));
	workers_stop(bench->workers);
}

static void test_settings_take_effect(void **state)
{
	struct bench *bench = *state;
	struct wants wants = { .generation = 2 };
	struct cold_settings other = bench->settings;

	other.wants = &wants;
	assert_int_equal(workers_start(&bench->config, &bench->workers), 0);
	put_calls(bench, 0, 1);
	workers_settings(bench->workers, &other);
	for (int i = 0; i < 5000 && !workers_settled(bench->workers); i++)
		usleep(1000);
	assert_true(workers_settled(bench->workers));
	put_calls(bench, 0, 1);
	assert_true(comes_to(&bench->sink.puts, 2, 5000));
	workers_stop(bench->workers);
}

static void test_refused_memory(void **state)
{
	struct bench *bench = *state;
	int err = -ENOMEM;

	for (uint64_t i = 1; err == -ENOMEM; i++) {
		mem_fail_at(i);
		err = workers_start(&bench->config, &bench->workers);
		assert_true(i < 1000);
	}
	mem_fail_at(0);
	assert_int_equal(err, 0);
	workers_stop(bench->workers);
}

static void test_too_many_sources(void **state)
{
	struct bench *bench = *state;

	bench->config.n_sources = WORKERS_MAX + 1;
	assert_int_equal(workers_start(&bench->config, &bench->workers), -E2BIG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_record_is_out_soon), TEST(test_stops_behind_the_data), TEST(test_a_ledger_that_hangs), TEST(test_a_trace_of_the_run),
		TEST(test_a_source_that_fails_ends_its_worker), TEST(test_settings_take_effect), TEST(test_refused_memory),
		TEST(test_too_many_sources),
	};

	return RUN(tests);
}
