/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "base/limits.h"
#include "pipeline/tracer.h"
#include "tests/lib/image.h"

static const struct wants wants = { .secret_generation = 1 };

static char path[64];

static int setup(void **state)
{
	int fd;

	(void)state;
	strcpy(path, "/tmp/aitap-trace-XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static struct tracer_config config_of(const char *to, size_t n_rings, bool scrubbed)
{
	return (struct tracer_config){ .path = to, .anchor = { 0, 1000 }, .wants = &wants, .n_rings = n_rings,
				       .about = { .node = "node", .scrubbed = scrubbed } };
}

static void tee(struct tracer *tracer, unsigned int ring, const struct image *image)
{
	const struct event_header *event;

	for (size_t at = 0; (event = image_next(image, &at));)
		tracer_event(tracer, ring, event, event->size);
}

static void count_event(void *ctx, const struct event_header *event, size_t size)
{
	unsigned int *by_type = ctx;

	(void)size;
	by_type[event->type]++;
}

static void count_file(unsigned int by_type[EVENT_TARGET + 1])
{
	struct source *source;
	struct trace *trace;

	assert_int_equal(trace_load(path, &trace), 0);
	assert_int_equal(trace_open(trace, 0, 1, &source), 0);
	while (source->ops->poll(source, count_event, by_type, 0) >= 0)
		;
	assert_false(trace_partial(trace));
	assert_int_equal(trace_wall_ns(trace, 5000), 9000);
	source->ops->close(source);
	trace_free(trace);
}

/* Events of two rings, an anchor and the state of a target: all of it is in the file. */
static void test_everything_is_written(void **state)
{
	struct tracer_config config = config_of(path, 2, false);
	unsigned int by_type[EVENT_TARGET + 1] = { 0 };
	struct image image = { 0 }, targets = { 0 };
	struct line line = { .to = &image, .id = 5, .task = { 1, 2 } }, target = { .to = &targets };
	struct tracer *tracer;

	(void)state;
	line_open(&line, true, STR("example.com"));
	line_text(&line, EVENT_SENT, "hello");
	line_close(&line, EVENT_CLOSE_FREE);
	line_event(&target, EVENT_TARGET, sizeof(struct event_target));
	assert_int_equal(tracer_new(&config, &tracer), 0);
	tee(tracer, 0, &image);
	tee(tracer, 1, &image);
	tracer_anchor(tracer, (struct anchor){ 4000, 8000 });
	tracer_target(tracer, (const struct event_target *)targets.p);
	tracer_ring_end(tracer, 0);
	tracer_ring_end(tracer, 1);
	assert_int_equal(tracer_work(tracer), 0);
	assert_int_equal(tracer_lost(tracer), 0);
	tracer_free(tracer);
	count_file(by_type);
	assert_int_equal(by_type[EVENT_OPEN], 2);
	assert_int_equal(by_type[EVENT_FACT], 2);
	assert_int_equal(by_type[EVENT_DATA], 2);
	assert_int_equal(by_type[EVENT_CLOSE], 2);
	assert_int_equal(by_type[EVENT_TARGET], 1);
	image_done(&image);
	image_done(&targets);
}

/* What finds the queue full is not in the trace, is counted, and holds up nobody. */
static void test_a_full_queue(void **state)
{
	struct tracer_config config = config_of(path, 1, false);
	unsigned int by_type[EVENT_TARGET + 1] = { 0 };
	static char text[EVENT_CHUNK_MAX];
	struct image image = { 0 };
	struct line line = { .to = &image, .id = 5 };
	struct tracer *tracer;
	unsigned int n = 2 * LIMIT_TRACE_QUEUE / sizeof(text);

	(void)state;
	line_piece(&line, EVENT_SENT, text, sizeof(text));
	assert_int_equal(tracer_new(&config, &tracer), 0);
	for (unsigned int i = 0; i < n; i++)
		tee(tracer, 0, &image);
	tracer_anchor(tracer, (struct anchor){ 4000, 8000 });
	tracer_ring_end(tracer, 0);
	assert_true(tracer_lost(tracer) > n / 3);
	assert_int_equal(tracer_work(tracer), 0);
	count_file(by_type);
	assert_int_equal(by_type[EVENT_DATA] + tracer_lost(tracer), n);
	tracer_free(tracer);
	image_done(&image);
}

/* A disk that takes no more: it says why, and goes on emptying its queues. */
static void test_a_full_disk(void **state)
{
	struct tracer_config config = config_of("/dev/full", 1, false);
	struct tracer *tracer;

	(void)state;
	assert_int_equal(tracer_new(&config, &tracer), -ENOSPC);
	config.path = "/nonexistent/trace";
	assert_int_equal(tracer_new(&config, &tracer), -ENOENT);
}

static void test_refused_memory(void **state)
{
	struct tracer_config config = config_of(path, 2, true);
	struct tracer *tracer;
	int err = -ENOMEM;

	(void)state;
	for (uint64_t i = 1; err == -ENOMEM; i++) {
		mem_fail_at(i);
		err = tracer_new(&config, &tracer);
		assert_true(i < 1000);
	}
	mem_fail_at(0);
	assert_int_equal(err, 0);
	tracer_ring_end(tracer, 0);
	tracer_ring_end(tracer, 1);
	assert_int_equal(tracer_work(tracer), 0);
	tracer_free(tracer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_everything_is_written), TEST(test_a_full_queue), TEST(test_a_full_disk), TEST(test_refused_memory),
	};

	return RUN(tests);
}
