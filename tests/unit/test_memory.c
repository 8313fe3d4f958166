/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include "feed/memory.h"
#include "tests/lib/image.h"

struct seen {
	unsigned int n;
	uint64_t conn[8];
};

static void on_event(void *ctx, const struct event_header *event, size_t size)
{
	struct seen *seen = ctx;

	assert_true(size >= event->size);
	if (seen->n < 8)
		seen->conn[seen->n] = event->conn_id;
	seen->n++;
}

static unsigned int drain(struct source *source, struct seen *seen)
{
	unsigned int n = 0;
	int got;

	while ((got = source->ops->poll(source, on_event, seen, 0)) >= 0)
		n += (unsigned int)got;
	assert_int_equal(got, -ENODATA);
	return n;
}

static void test_delivers_in_order(void **state)
{
	struct image image = { 0 };
	struct source_counts counts;
	struct source *source;
	struct seen seen = { 0 };

	(void)state;
	for (uint64_t id = 1; id <= 3; id++) {
		struct line line = { .to = &image, .id = id };

		line_text(&line, EVENT_SENT, "five!");	/* not a multiple of 8 */
	}
	assert_int_equal(memory_open(image.p, image.n, &source), 0);
	assert_int_equal(drain(source, &seen), 3);
	for (uint64_t i = 0; i < 3; i++)
		assert_int_equal(seen.conn[i], i + 1);
	assert_int_equal(source->ops->count(source, &counts), 0);
	assert_int_equal(counts.events, 3);
	assert_int_equal(counts.bytes, 3 * (sizeof(struct event_data) + 5));
	assert_int_equal(counts.malformed, 0);
	assert_null(source->ops->close(source));
	image_done(&image);
}

/* A type that nobody knows is passed on by its size; an abi that nobody knows is not. */
static void test_the_unknown(void **state)
{
	struct image image = { 0 };
	struct line line = { .to = &image, .id = 1 };
	struct source_counts counts;
	struct source *source;
	struct seen seen = { 0 };

	(void)state;
	line_event(&line, 999, 40);
	line_event(&line, EVENT_CLOSE, sizeof(struct event_close))->abi = EVENT_ABI + 1;
	line_text(&line, EVENT_SENT, "x");
	assert_int_equal(memory_open(image.p, image.n, &source), 0);
	assert_int_equal(drain(source, &seen), 2);
	source->ops->count(source, &counts);
	assert_int_equal(counts.malformed, 1);
	source->ops->close(source);
	image_done(&image);
}

static void test_what_does_not_hold_together_ends_it(void **state)
{
	static const uint32_t sizes[] = { 0, 8, 31, 64, UINT32_MAX };
	uint64_t events[8];

	(void)state;
	EACH(size, sizes) {
		struct event_header *event = (void *)events;
		struct source_counts counts;
		struct source *source;
		struct seen seen = { 0 };

		memset(events, 0, sizeof(events));
		*event = (struct event_header){ .type = EVENT_CLOSE, .abi = EVENT_ABI, .size = *size };
		assert_int_equal(memory_open(events, 40, &source), 0);
		assert_int_equal(drain(source, &seen), 0);
		source->ops->count(source, &counts);
		assert_int_equal(counts.malformed, 1);
		source->ops->close(source);
	}
	struct source *source;
	assert_int_equal(memory_open((char *)events + 1, 32, &source), -EINVAL);
}

static void test_keeps_verdicts(void **state)
{
	struct source *source;

	(void)state;
	assert_int_equal(memory_open(NULL, 0, &source), 0);
	assert_int_equal(memory_verdict(source, 5), EVENT_VERDICT_UNDECIDED);
	source->ops->judge(source, 5, EVENT_VERDICT_QUIET);
	assert_int_equal(memory_verdict(source, 5), EVENT_VERDICT_QUIET);
	source->ops->judge(source, 5 + EVENT_VERDICTS, EVENT_VERDICT_AI);
	assert_int_equal(memory_verdict(source, 5), EVENT_VERDICT_UNDECIDED);
	assert_int_equal(memory_verdict(source, 5 + EVENT_VERDICTS), EVENT_VERDICT_AI);
	source->ops->close(source);
	mem_fail_at(1);
	assert_int_equal(memory_open(NULL, 0, &source), -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delivers_in_order), cmocka_unit_test(test_the_unknown),
		cmocka_unit_test(test_what_does_not_hold_together_ends_it), cmocka_unit_test(test_keeps_verdicts),
	};

	return RUN(tests);
}
