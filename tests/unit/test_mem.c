/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include "base/cleanup.h"
#include "base/mem.h"

static void test_comes_zeroed(void **state)
{
	uint8_t *p = mem_new(100);

	(void)state;
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	memset(p, 1, 100);
	p = mem_resize(p, 100, 300);
	for (size_t i = 0; i < 300; i++)
		assert_int_equal(p[i], i < 100);
	assert_null(mem_free(p));
	assert_null(mem_free(NULL));
	p = mem_new(0);
	assert_non_null(p);
	mem_free(p);
}

static void test_copies(void **state)
{
	_cleanup_free_ char *text = mem_strndup("hello", 3);
	_cleanup_free_ uint8_t *bytes = mem_dup("\1\2\3", 3), *empty = mem_dup(NULL, 0);

	(void)state;
	assert_string_equal(text, "hel");
	assert_memory_equal(bytes, "\1\2\3", 3);
	assert_non_null(empty);
}

static void test_overflow_is_a_refusal(void **state)
{
	(void)state;
	/* volatile: the compiler would refuse to compile it */
	volatile size_t many = SIZE_MAX / 2;

	assert_null(mem_array(many, 4));
}

static void test_counts_and_refuses_the_nth(void **state)
{
	uint64_t before = mem_count();
	void *p[3];

	(void)state;
	mem_fail_at(2);
	p[0] = mem_new(1);
	p[1] = mem_array(1, 1);
	p[2] = mem_new(1);
	assert_non_null(p[0]);
	assert_null(p[1]);
	assert_non_null(p[2]);
	assert_int_equal(mem_count() - before, 3);
	mem_fail_at(1);
	assert_null(mem_resize(p[0], 1, 100));
	assert_int_equal(*(char *)p[0], 0);
	mem_fail_at(0);
	mem_free(p[0]);
	mem_free(p[2]);
}

static void test_a_budget_is_given_back(void **state)
{
	struct mem_budget budget = { .limit = 100 };
	void *a = mem_budget_new(&budget, 60), *b = mem_budget_new(&budget, 40);

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	assert_int_equal((uintptr_t)a % 16, 0);
	assert_null(mem_budget_new(&budget, 1));
	assert_null(mem_budget_new(&budget, SIZE_MAX));
	assert_int_equal(budget.refused, 2);
	mem_budget_free(&budget, a);
	assert_int_equal(budget.used, 40);
	a = mem_budget_new(&budget, 60);
	assert_non_null(a);
	mem_budget_free(&budget, a);
	mem_budget_free(&budget, b);
	mem_budget_free(&budget, NULL);
	assert_int_equal(budget.used, 0);
	mem_fail_at(1);
	assert_null(mem_budget_new(&budget, 1));
	assert_int_equal(budget.used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_zeroed), cmocka_unit_test(test_copies), cmocka_unit_test(test_overflow_is_a_refusal),
		cmocka_unit_test(test_counts_and_refuses_the_nth), cmocka_unit_test(test_a_budget_is_given_back),
	};

	return RUN(tests);
}
