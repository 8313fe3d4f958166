/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include "base/buf.h"
#include "base/mem.h"

static void test_adds_in_order(void **state)
{
	struct buf buf = BUF(1000);

	(void)state;
	assert_string_equal(buf_cstr(&buf), "");
	assert_int_equal(buf_puts(&buf, "one"), 0);
	assert_int_equal(buf_char(&buf, ' '), 0);
	assert_int_equal(buf_str(&buf, STR("two")), 0);
	assert_int_equal(buf_printf(&buf, " %d %s", 3, "four"), 0);
	assert_int_equal(buf_add(&buf, NULL, 0), 0);
	assert_string_equal(buf_cstr(&buf), "one two 3 four");
	assert_int_equal(buf.n, 14);
	buf_take(&buf, 4);
	assert_string_equal(buf_cstr(&buf), "two 3 four");
	buf_take(&buf, 100);
	assert_int_equal(buf_view(&buf).n, 0);
	buf_done(&buf);
	assert_non_null(buf_view(&buf).p);
	assert_int_equal(buf_puts(&buf, "again"), 0);
	buf_done(&buf);
}

static void test_long_text_is_whole(void **state)
{
	struct buf buf = BUF(4000);
	char text[1501];

	(void)state;
	memset(text, 'x', 1500);
	text[1500] = 0;
	assert_int_equal(buf_printf(&buf, "<%s>", text), 0);
	assert_int_equal(buf.n, 1502);
	assert_int_equal(buf.p[0], '<');
	assert_int_equal(buf.p[1501], '>');
	buf_done(&buf);
}

static void test_the_ceiling_holds(void **state)
{
	struct buf buf = BUF(10);

	(void)state;
	assert_int_equal(buf_puts(&buf, "0123456789"), 0);
	assert_int_equal(buf_char(&buf, 'x'), -ENOSPC);
	assert_int_equal(buf.n, 10);
	/* the failure sticks, so that a writer may look once at its end */
	buf_take(&buf, 10);
	assert_int_equal(buf_char(&buf, 'x'), -ENOSPC);
	assert_int_equal(buf.error, -ENOSPC);
	buf_reset(&buf);
	assert_int_equal(buf_char(&buf, 'x'), 0);
	assert_int_equal(buf_add(&buf, "", SIZE_MAX), -ENOSPC);
	buf_done(&buf);
}

static void test_a_full_one_is_still_text(void **state)
{
	struct buf buf = BUF(4);

	(void)state;
	assert_int_equal(buf_puts(&buf, "1234"), 0);
	assert_string_equal(buf_cstr(&buf), "1234");
	assert_int_equal(buf.error, 0);
	assert_int_equal(buf_printf(&buf, "%s", ""), 0);
	buf_done(&buf);
	assert_int_equal(buf_printf(&buf, "%s", "1234"), 0);
	assert_string_equal(buf_cstr(&buf), "1234");
	buf_done(&buf);
}

static void test_refused_memory(void **state)
{
	struct buf buf = BUF(100000);
	char text[1000] = { 0 };

	(void)state;
	mem_fail_at(1);
	assert_int_equal(buf_puts(&buf, "x"), -ENOMEM);
	assert_string_equal(buf_cstr(&buf), "");
	buf_reset(&buf);
	assert_int_equal(buf_puts(&buf, "kept"), 0);
	mem_fail_at(1);
	assert_int_equal(buf_add(&buf, text, sizeof(text)), -ENOMEM);
	buf_reset(&buf);
	assert_int_equal(buf_add(&buf, text, sizeof(text)), 0);
	buf_done(&buf);
}

static void test_memory_of_a_budget(void **state)
{
	struct mem_budget budget = { .limit = 2000 };
	struct buf buf = BUF_OF(&budget, 100000);
	char text[1000] = "text";

	(void)state;
	assert_int_equal(buf_add(&buf, text, 200), 0);
	assert_int_equal(budget.used, 256);
	assert_int_equal(buf_add(&buf, text, 200), 0);
	assert_int_equal(budget.used, 512);
	assert_memory_equal(buf.p + 200, text, 200);
	assert_int_equal(buf_add(&buf, text, 1000), -ENOMEM);
	assert_int_equal(buf.n, 400);
	buf_done(&buf);
	assert_int_equal(budget.used, 0);
	assert_int_equal(buf_puts(&buf, "again"), 0);
	assert_int_equal(budget.used, 256);
	buf_done(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_adds_in_order), cmocka_unit_test(test_long_text_is_whole),
		cmocka_unit_test(test_the_ceiling_holds), cmocka_unit_test(test_a_full_one_is_still_text),
		cmocka_unit_test(test_refused_memory), cmocka_unit_test(test_memory_of_a_budget),
	};

	return RUN(tests);
}
