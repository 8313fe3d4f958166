/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include "base/limits.h"
#include "base/mem.h"
#include "pipeline/strand.h"

static void test_is_whole_when_all_of_it_came(void **state)
{
	static const struct { uint64_t first[2], got[2], end[2]; bool end_known; uint8_t verdict; bool whole; } table[] = {
		{ { UINT64_MAX, UINT64_MAX }, { 0, 0 }, { 0, 0 }, true, 0, true },
		{ { UINT64_MAX, UINT64_MAX }, { 0, 0 }, { 0, 0 }, false, 0, false },
		{ { 0, 0 }, { 10, 20 }, { 10, 20 }, true, 0, true }, { { 0, 0 }, { 10, 19 }, { 10, 20 }, true, 0, false },
		{ { 0, UINT64_MAX }, { 10, 0 }, { 10, 20 }, true, 0, false },
		{ { 5, 7 }, { 5, 13 }, { 10, 20 }, true, 0, true },	/* seen from the middle on */
		{ { 0, 0 }, { 10, 3 }, { 10, 20 }, true, EVENT_VERDICT_QUIET, true },	/* the rest was not looked at */
	};

	(void)state;
	EACH(row, table) {
		struct strand strand = { .end_known = row->end_known, .verdict = row->verdict };

		memcpy(strand.first, row->first, sizeof(strand.first));
		memcpy(strand.got, row->got, sizeof(strand.got));
		memcpy(strand.end, row->end, sizeof(strand.end));
		assert_int_equal(strand_whole(&strand), row->whole);
	}
}

static void test_remembers_that_it_ended(void **state)
{
	struct strands *strands = mem_new(sizeof(*strands));
	struct strand *strand, *again;

	(void)state;
	strands_init(strands);
	assert_null(strand_find(strands, 9));
	assert_int_equal(strand_new(strands, 9, &strand), 0);
	assert_ptr_equal(strand_find(strands, 9), strand);
	assert_false(strand_ended(strands, 9));
	strand_got(strand, EVENT_SENT, 100, 5);
	strand_got(strand, EVENT_SENT, 90, 10);
	assert_int_equal(strand->first[EVENT_SENT], 90);
	assert_int_equal(strand->got[EVENT_SENT], 15);
	strand_wait(strands, strand, true);
	strand_wait(strands, strand, true);
	strand_end(strands, strand, 50);
	strand_end(strands, strand, 60);
	assert_null(strand_free(strands, strand));
	assert_true(list_empty(&strands->waiting));
	assert_true(list_empty(&strands->ending));
	assert_null(strand_find(strands, 9));
	assert_true(strand_ended(strands, 9));
	assert_false(strand_ended(strands, 10));
	/* it is used again without a new allocation, and as new */
	uint64_t before = mem_count();
	assert_int_equal(strand_new(strands, 11, &again), 0);
	assert_ptr_equal(again, strand);
	assert_int_equal(mem_count(), before);
	assert_int_equal(again->got[EVENT_SENT], 0);
	strands_done(strands);
	mem_free(strands);
}

static void test_no_place(void **state)
{
	struct strands *strands = mem_new(sizeof(*strands));
	struct strand *strand;

	(void)state;
	strands_init(strands);
	for (uint64_t i = 1; i <= 2; i++) {
		mem_fail_at(i);
		assert_int_equal(strand_new(strands, 1, &strand), -ENOMEM);
		assert_null(strand_find(strands, 1));
	}
	mem_fail_at(0);
	for (uint64_t i = 1; i <= LIMIT_CONNS; i++)
		assert_int_equal(strand_new(strands, i, &strand), 0);
	assert_int_equal(strand_new(strands, LIMIT_CONNS + 1, &strand), -ENOSPC);
	strand_free(strands, strand_find(strands, 1));
	assert_int_equal(strand_new(strands, LIMIT_CONNS + 1, &strand), 0);
	strands_done(strands);
	mem_free(strands);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_whole_when_all_of_it_came), cmocka_unit_test(test_remembers_that_it_ended),
		cmocka_unit_test(test_no_place),
	};

	return RUN(tests);
}
