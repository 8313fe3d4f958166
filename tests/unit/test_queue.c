/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "base/mem.h"
#include "pipeline/queue.h"
#include "tests/lib/image.h"

static void put(struct queue *queue, uint64_t stamp, size_t size)
{
	uint8_t *to = queue_reserve(queue, size);

	assert_non_null(to);
	memset(to, (int)stamp, size);
	queue_commit(queue, 1 + stamp % 3, stamp, size);
}

static void expect(struct queue *queue, uint64_t stamp, size_t size, bool filled)
{
	const struct message *message = queue_peek(queue);

	assert_non_null(message);
	assert_int_equal(message->stamp, stamp);
	assert_int_equal(message->kind, 1 + stamp % 3);
	assert_int_equal(message->size, size);
	for (size_t i = 0; filled && i < size; i++)
		assert_int_equal(((const uint8_t *)(message + 1))[i], (uint8_t)stamp);
	queue_take(queue);
}

/* Sizes that make messages and fillers end everywhere in the ring. */
static void test_keeps_order_over_its_end(void **state)
{
	struct queue *queue;
	uint64_t random = 3, in = 0, out = 0;
	size_t sizes[8];

	(void)state;
	assert_int_equal(queue_new(4096, false, NULL, &queue), 0);
	assert_null(queue_peek(queue));
	while (out < 20000) {
		while (in - out < 1 + random_next(&random) % 7) {
			sizes[in % 8] = random_next(&random) % 200;
			put(queue, in, sizes[in % 8]);
			in++;
		}
		expect(queue, out, sizes[out % 8], true);
		out++;
	}
	queue_free(queue);
}

static void test_full_refuses(void **state)
{
	struct queue *queue;
	uint64_t n = 0;

	(void)state;
	assert_int_equal(queue_new(4096, false, NULL, &queue), 0);
	assert_null(queue_reserve(queue, 3000));	/* more than half can never be sure to fit */
	for (; queue_reserve(queue, 100); n++)
		queue_commit(queue, 1 + n % 3, n, 100);
	assert_true(n >= 30 && n <= 4096 / 100);
	expect(queue, 0, 100, false);
	assert_null(queue_reserve(queue, 1000));
	while (queue_peek(queue))
		queue_take(queue);
	assert_non_null(queue_reserve(queue, 1000));
	queue_free(queue);
}

/* What was reserved and not committed was never there. */
static void test_reserving_is_free(void **state)
{
	struct queue *queue;

	(void)state;
	assert_int_equal(queue_new(4096, false, NULL, &queue), 0);
	for (int i = 0; i < 1000; i++)
		assert_non_null(queue_reserve(queue, 1000));
	assert_null(queue_peek(queue));
	assert_false(queue_ended(queue));
	put(queue, 5, 10);
	queue_end(queue);
	assert_false(queue_ended(queue));
	expect(queue, 5, 10, true);
	assert_true(queue_ended(queue));
	queue_free(queue);
}

#define MANY 200000

static void *produce(void *ctx)
{
	struct queue *queue = ctx;

	for (uint64_t i = 0; i < MANY; i++) {
		uint64_t *to = queue_reserve(queue, 8 + i % 64);

		if (!to)
			return NULL;
		*to = i * 7;
		queue_commit(queue, 1, i, 8 + i % 64);
	}
	queue_end(queue);
	return NULL;
}

/* A patient producer beside a consumer that sleeps on the bell: everything comes, in order, and nobody sleeps for ever. */
static void test_two_threads(void **state)
{
	const struct message *message;
	struct queue *queue;
	pthread_t thread;
	struct bell bell;
	uint64_t n = 0;

	(void)state;
	assert_int_equal(bell_init(&bell), 0);
	assert_int_equal(queue_new(4096, true, &bell, &queue), 0);
	assert_int_equal(pthread_create(&thread, NULL, produce, queue), 0);
	while (!queue_ended(queue)) {
		struct pollfd fd = { .fd = bell.fd, .events = POLLIN };

		while ((message = queue_peek(queue))) {
			assert_int_equal(message->stamp, n);
			assert_int_equal(*(const uint64_t *)(message + 1), n * 7);
			queue_take(queue);
			n++;
		}
		bell_lie_down(&bell);
		if (!queue_peek(queue) && !queue_ended(queue))
			assert_int_equal(poll(&fd, 1, 10000), 1);
		bell_get_up(&bell);
	}
	assert_int_equal(n, MANY);
	pthread_join(thread, NULL);
	queue_free(queue);
	bell_done(&bell);
}

/* Nobody takes any more: a patient producer does not wait for ever. */
static void test_refusal_frees_the_patient(void **state)
{
	struct queue *queue;
	pthread_t thread;

	(void)state;
	assert_int_equal(queue_new(4096, true, NULL, &queue), 0);
	assert_int_equal(pthread_create(&thread, NULL, produce, queue), 0);
	usleep(2000);
	queue_refuse(queue);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_false(queue_ended(queue));
	queue_free(queue);
}

static void test_refused_memory(void **state)
{
	struct queue *queue;

	(void)state;
	for (uint64_t i = 1; i <= 2; i++) {
		mem_fail_at(i);
		assert_int_equal(queue_new(4096, false, NULL, &queue), -ENOMEM);
	}
	assert_int_equal(queue_new(4095, false, NULL, &queue), -EINVAL);
	assert_int_equal(queue_new(1024, false, NULL, &queue), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeps_order_over_its_end), cmocka_unit_test(test_full_refuses),
		cmocka_unit_test(test_reserving_is_free), cmocka_unit_test(test_two_threads),
		cmocka_unit_test(test_refusal_frees_the_patient), cmocka_unit_test(test_refused_memory),
	};

	return RUN(tests);
}
