/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include "base/decimal.h"
#include "tests/lib/image.h"

static void test_text(void **state)
{
	static const struct { int64_t value; int scale; const char *text; } table[] = {
		{ 0, 0, "0" }, { 0, 12, "0" }, { 665000000, 12, "0.000665" }, { 1, 12, "0.000000000001" }, { -1, 3, "-0.001" },
		{ 1500, 3, "1.5" }, { 1000, 3, "1" }, { 100, 0, "100" }, { -1234567, 3, "-1234.567" }, { 10, 3, "0.01" },
		{ INT64_MAX, 0, "9223372036854775807" }, { INT64_MIN, 0, "-9223372036854775808" },
		{ INT64_MAX, 18, "9.223372036854775807" }, { INT64_MIN, 12, "-9223372.036854775808" },
	};
	char text[DECIMAL_MAX];

	(void)state;
	EACH(row, table) {
		assert_int_equal(decimal_text(row->value, row->scale, text), strlen(row->text));
		assert_string_equal(text, row->text);
	}
	decimal_text(((__int128)1 << 126) - 1 + ((__int128)1 << 126), 12, text);
	assert_string_equal(text, "170141183460469231731687303.715884105727");
	decimal_text(-((__int128)1 << 126) - ((__int128)1 << 126), 18, text);
	assert_string_equal(text, "-170141183460469231731.687303715884105728");
}

static void test_parse(void **state)
{
	static const struct { const char *text; int scale, result; int64_t value; } table[] = {
		{ "0", 3, 0, 0 }, { "1.5", 3, 0, 1500 }, { "-1.5", 3, 0, -1500 }, { "0.000665", 12, 0, 665000000 }, { "1e3", 0, 0, 1000 },
		{ "15E-1", 3, 0, 1500 }, { "2.5e+2", 0, 0, 250 }, { "1.50000000000000000000000000", 1, 0, 15 }, { "0e99999", 12, 0, 0 },
		{ "0.0000000000000000000000000000001e31", 0, 0, 1 }, { "9223372036854775807", 0, 0, INT64_MAX },
		{ "-9223372036854775807", 0, 0, -INT64_MAX },
		{ "9223372036854775808", 0, -ERANGE, 0 }, { "1e19", 0, -ERANGE, 0 }, { "1.2345", 3, -ERANGE, 0 }, { "1e-13", 12, -ERANGE, 0 },
		{ "1e999999999999", 0, -ERANGE, 0 }, { "99999999999999999999999", 0, -ERANGE, 0 },
		{ "", 0, -EINVAL, 0 }, { "-", 0, -EINVAL, 0 }, { ".5", 3, -EINVAL, 0 }, { "5.", 3, -EINVAL, 0 }, { "1..5", 3, -EINVAL, 0 },
		{ "1.2.3", 3, -EINVAL, 0 }, { "1e", 3, -EINVAL, 0 }, { "1e+", 3, -EINVAL, 0 }, { "+1", 3, -EINVAL, 0 }, { " 1", 3, -EINVAL, 0 },
		{ "1 ", 3, -EINVAL, 0 }, { "0x10", 3, -EINVAL, 0 }, { "nan", 3, -EINVAL, 0 }, { "1,5", 3, -EINVAL, 0 },
	};

	(void)state;
	EACH(row, table) {
		int64_t value = 0;

		assert_int_equal(decimal_parse(str_of(row->text), row->scale, &value), row->result);
		assert_int_equal(value, row->value);
	}
}

static void test_there_and_back(void **state)
{
	uint64_t random = 4;
	char text[DECIMAL_MAX];

	(void)state;
	for (int i = 0; i < 100000; i++) {
		int64_t value = (int64_t)(random_next(&random) >> random_next(&random) % 63), back;
		int scale = (int)(random_next(&random) % 19);

		if (value == INT64_MIN)
			continue;
		decimal_text(value, scale, text);
		assert_int_equal(decimal_parse(str_of(text), scale, &back), 0);
		assert_int_equal(back, value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text), cmocka_unit_test(test_parse), cmocka_unit_test(test_there_and_back),
	};

	return RUN(tests);
}
