/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include <time.h>

#include "base/clock.h"
#include "tests/lib/image.h"

static void test_text(void **state)
{
	static const struct { int64_t ns; const char *text; } table[] = {
		{ 0, "1970-01-01T00:00:00.000000Z" }, { 1763791200123456789, "2025-11-22T06:00:00.123456Z" },
		{ -1, "1969-12-31T23:59:59.999999Z" }, { 951782400000000000, "2000-02-29T00:00:00.000000Z" },
		{ INT64_MAX, "2262-04-11T23:47:16.854775Z" },
	};
	char text[CLOCK_TEXT_MAX];

	(void)state;
	EACH(row, table) {
		clock_text(row->ns, text);
		assert_string_equal(text, row->text);
	}
}

static void test_parse(void **state)
{
	static const struct { const char *text; int result; int64_t ns; } table[] = {
		{ "1970-01-01", 0, 0 }, { "2025-11-22T06:00:00Z", 0, 1763791200000000000 }, { "2025-11-22t06:00:00z", 0, 1763791200000000000 },
		{ "2025-11-22 06:00:00.123456789Z", 0, 1763791200123456789 }, { "2025-11-22T07:30:00+01:30", 0, 1763791200000000000 },
		{ "2025-11-21T22:00:00-08:00", 0, 1763791200000000000 }, { "2000-02-29", 0, 951782400000000000 },
		{ "2025-11-22T06:00:00.1234567891234Z", 0, 1763791200123456789 },
		{ "", -EINVAL, 0 }, { "2025", -EINVAL, 0 }, { "2025-11-2", -EINVAL, 0 }, { "2025-13-01", -EINVAL, 0 }, { "2025-00-01", -EINVAL, 0 },
		{ "2025-01-32", -EINVAL, 0 }, { "1969-12-31", -EINVAL, 0 }, { "2025-11-22T06:00:00", -EINVAL, 0 }, { "2025-11-22T24:00:00Z", -EINVAL, 0 },
		{ "2025-11-22T06:60:00Z", -EINVAL, 0 }, { "2025-11-22T06:00:00+1:00", -EINVAL, 0 }, { "2025-11-22T06:00:00Zx", -EINVAL, 0 },
		{ "2025-11-22T06:00:00.Z", -EINVAL, 0 }, { "2025/11/22", -EINVAL, 0 }, { "20251122", -EINVAL, 0 },
		{ "2025-11-22x", -EINVAL, 0 }, { "2025-02-30", -EINVAL, 0 }, { "2025-02-29", -EINVAL, 0 },
	};

	(void)state;
	EACH(row, table) {
		int64_t ns = 0;

		assert_int_equal(clock_parse(row->text, strlen(row->text), &ns), row->result);
		assert_int_equal(ns, row->ns);
	}
}

static void test_every_prefix_is_safe(void **state)
{
	const char *text = "2025-11-22T06:00:00.123456+01:00";
	int64_t ns;

	(void)state;
	for (size_t n = 0; n < strlen(text); n++) {
		char *copy = test_malloc(n ? n : 1);

		memcpy(copy, text, n);
		assert_int_equal(clock_parse(copy, n, &ns), n == 10 ? 0 : -EINVAL);
		test_free(copy);
	}
}

/* The C library's calendar knows the same days. */
static void test_civil(void **state)
{
	(void)state;
	for (int year = 1970; year <= 2200; year++)
		for (int month = 1; month <= 12; month++) {
			struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = 28 };

			assert_int_equal(clock_civil_ns(year, month, 28), (int64_t)timegm(&tm) * (int64_t)NSEC_PER_SEC);
		}
	assert_int_equal(clock_civil_ns(2025, 13, 1), clock_civil_ns(2026, 1, 1));
}

static void test_anchor(void **state)
{
	struct anchor anchor = { .boot_ns = 1000, .wall_ns = 5000 }, now = clock_anchor();

	(void)state;
	assert_int_equal(clock_wall_ns(anchor, 1000), 5000);
	assert_int_equal(clock_wall_ns(anchor, 1500), 5500);
	assert_int_equal(clock_wall_ns(anchor, 0), 4000);
	assert_true(now.boot_ns <= clock_boot_ns());
	assert_true(now.wall_ns > clock_civil_ns(2020, 1, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text), cmocka_unit_test(test_parse), cmocka_unit_test(test_every_prefix_is_safe),
		cmocka_unit_test(test_civil), cmocka_unit_test(test_anchor),
	};

	return RUN(tests);
}
