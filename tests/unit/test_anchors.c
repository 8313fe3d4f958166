/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include "base/limits.h"
#include "base/mem.h"
#include "feed/anchors.h"

static void test_the_last_one_before_counts(void **state)
{
	static const struct { uint64_t boot_ns; int64_t wall_ns; } table[] = {
		{ 50, 1050 }, { 100, 1100 }, { 199, 1199 }, { 200, 5000 }, { 250, 5050 }, { 300, 4000 }, { 1000, 4700 },
	};
	struct anchors anchors = { 0 };

	(void)state;
	assert_int_equal(anchors_wall_ns(&anchors, 77), 77);
	assert_int_equal(anchors_add(&anchors, (struct anchor){ 100, 1100 }), 0);
	assert_int_equal(anchors_wall_ns(&anchors, 1000), 2000);
	assert_int_equal(anchors_add(&anchors, (struct anchor){ 200, 5000 }), 0);
	assert_int_equal(anchors_add(&anchors, (struct anchor){ 300, 4000 }), 0);
	EACH(row, table)
		assert_int_equal(anchors_wall_ns(&anchors, row->boot_ns), row->wall_ns);
	anchors_done(&anchors);
}

static void test_when_one_is_due(void **state)
{
	static const struct { struct anchor now; bool due; } table[] = {
		{ { 1, 1 }, false }, { { 59 * NSEC_PER_SEC, 59 * (int64_t)NSEC_PER_SEC }, false },
		{ { 60 * NSEC_PER_SEC, 60 * (int64_t)NSEC_PER_SEC }, true },
		{ { NSEC_PER_SEC, 2 * (int64_t)NSEC_PER_SEC }, true },			/* stepped forward */
		{ { NSEC_PER_SEC, 0 }, true },						/* and back */
		{ { NSEC_PER_SEC, NSEC_PER_SEC + 20 * (int64_t)NSEC_PER_MSEC }, false },	/* slewed */
	};
	struct anchors anchors = { 0 };

	(void)state;
	assert_true(anchors_due(&anchors, (struct anchor){ 0, 0 }));
	assert_int_equal(anchors_add(&anchors, (struct anchor){ 0, 0 }), 0);
	EACH(row, table)
		assert_int_equal(anchors_due(&anchors, row->now), row->due);
	anchors_done(&anchors);
}

static void test_the_ceiling_forgets_the_oldest(void **state)
{
	struct anchors anchors = { 0 };

	(void)state;
	for (uint64_t i = 0; i <= LIMIT_TRACE_ANCHORS; i++)
		assert_int_equal(anchors_add(&anchors, (struct anchor){ i * 10, (int64_t)i * 20 }), 0);
	assert_true(anchors.n <= LIMIT_TRACE_ANCHORS);
	assert_int_equal(anchors_wall_ns(&anchors, LIMIT_TRACE_ANCHORS * 10), LIMIT_TRACE_ANCHORS * 20);
	anchors_done(&anchors);
}

static void test_refused_memory(void **state)
{
	struct anchors anchors = { 0 };

	(void)state;
	mem_fail_at(1);
	assert_int_equal(anchors_add(&anchors, (struct anchor){ 1, 2 }), -ENOMEM);
	assert_int_equal(anchors_wall_ns(&anchors, 5), 5);
	assert_int_equal(anchors_add(&anchors, (struct anchor){ 1, 2 }), 0);
	assert_int_equal(anchors_wall_ns(&anchors, 5), 6);
	anchors_done(&anchors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_last_one_before_counts), cmocka_unit_test(test_when_one_is_due),
		cmocka_unit_test(test_the_ceiling_forgets_the_oldest), cmocka_unit_test(test_refused_memory),
	};

	return RUN(tests);
}
