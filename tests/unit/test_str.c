/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include "base/str.h"

static void test_compares(void **state)
{
	(void)state;
	assert_true(str_eq(STR("a"), STR("a")));
	assert_false(str_eq(STR("a"), STR("A")));
	assert_false(str_eq(STR("a"), STR("ab")));
	assert_true(str_eq((struct str){ NULL, 0 }, STR("")));
	assert_true(str_ieq(STR("Content-Type"), STR("content-TYPE")));
	assert_false(str_ieq(STR("a"), STR("b")));
	/* ASCII only: bytes above are not folded, and [ is not the lower case of { */
	assert_false(str_ieq(STR("\xc0"), STR("\xe0")));
	assert_false(str_ieq(STR("["), STR("{")));
	assert_true(str_starts(STR("abc"), STR("ab")));
	assert_true(str_starts(STR("abc"), STR("")));
	assert_false(str_starts(STR("a"), STR("ab")));
	assert_true(str_istarts(STR("ABc"), STR("ab")));
	assert_true(str_ends(STR("abc"), STR("bc")));
	assert_false(str_ends(STR("c"), STR("bc")));
	assert_true(str_iends(STR("x.COM"), STR(".com")));
	assert_int_equal(str_of(NULL).n, 0);
	assert_int_equal(str_find(STR("abcabc"), STR("ca")), 2);
	assert_int_equal(str_find(STR("abc"), STR("x")), -1);
	assert_int_equal(str_find(STR("abc"), STR("")), 0);
	assert_int_equal(str_find(STR(""), STR("a")), -1);
	assert_int_equal(str_chr(STR("a=b=c"), '='), 1);
	assert_int_equal(str_chr(STR(""), '='), -1);
}

static void test_cuts(void **state)
{
	(void)state;
	assert_true(str_eq(str_trim(STR(" \t\r\n a b \n")), STR("a b")));
	assert_int_equal(str_trim(STR("  ")).n, 0);
	assert_true(str_eq(str_sub(STR("abc"), 1, 1), STR("b")));
	assert_true(str_eq(str_sub(STR("abc"), 1, SIZE_MAX), STR("bc")));
	assert_int_equal(str_sub(STR("abc"), 5, 1).n, 0);
}

static void test_splits(void **state)
{
	static const struct { const char *text; size_t n; const char *pieces[4]; } table[] = {
		{ "a,b,c", 3, { "a", "b", "c" } }, { "a", 1, { "a" } }, { "", 1, { "" } },
		{ ",", 2, { "", "" } }, { "a,,b", 3, { "a", "", "b" } }, { "a,", 2, { "a", "" } },
	};

	(void)state;
	EACH(row, table) {
		struct str rest = str_of(row->text), piece;
		size_t n = 0;

		for (; str_split(&rest, ',', &piece); n++)
			assert_true(n < row->n && str_eq(piece, str_of(row->pieces[n])));
		assert_int_equal(n, row->n);
	}
}

static void test_copies(void **state)
{
	static const struct { const char *from; size_t n; const char *to; bool whole; } table[] = {
		{ "abc", 3, "abc", true }, { "", 0, "", true }, { "abcdefg", 7, "abcdefg", true }, { "abcdefgh", 8, "abcdefg", false },
		{ "a\0b", 3, "a?b", false }, { "a\nb", 3, "a?b", false }, { "a\x7f", 2, "a?", false },
		{ "abcdef\xc3\xa9", 8, "abcdef", false },		/* é does not fit whole */
		{ "abcde\xe2\x82\xac", 8, "abcde", false },		/* nor does € */
		{ "abcd\xe2\x82\xac", 7, "abcd\xe2\x82\xac", true },
		{ "\x80\x80\x80\x80\x80\x80\x80\x80", 8, "", false },	/* nothing but continuation bytes */
	};
	char to[8];

	(void)state;
	EACH(row, table) {
		memset(to, 'x', sizeof(to));
		assert_int_equal(STR_COPY(to, ((struct str){ row->from, row->n })), row->whole);
		assert_string_equal(to, row->to);
	}
}

static void test_numbers(void **state)
{
	static const struct { const char *text; bool good; uint64_t value; } table[] = {
		{ "0", true, 0 }, { "007", true, 7 }, { "18446744073709551615", true, UINT64_MAX }, { "18446744073709551616", false, 0 },
		{ "99999999999999999999", false, 0 }, { "", false, 0 }, { "-1", false, 0 }, { "+1", false, 0 }, { " 1", false, 0 },
		{ "1a", false, 0 }, { "1.0", false, 0 },
	};

	(void)state;
	EACH(row, table) {
		uint64_t value = 42;

		assert_int_equal(str_u64(str_of(row->text), &value), row->good);
		assert_int_equal(value, row->good ? row->value : 42);
	}
}

static void test_globs(void **state)
{
	static const struct { const char *pattern, *text; bool matches; } table[] = {
		{ "", "", true }, { "", "a", false }, { "*", "", true }, { "*", "abc", true }, { "a*", "abc", true }, { "a*", "ba", false },
		{ "*c", "abc", true }, { "*b*", "abc", true }, { "a?c", "abc", true }, { "a?c", "ac", false }, { "a**c", "ac", true },
		{ "*.example.com", "a.b.example.com", true }, { "*.example.com", "example.com", false }, { "a[b]", "a[b]", true },
		{ "*ab*ab", "abxab", true }, { "*ab*ab", "ab", false }, { "?", "", false }, { "*?", "a", true },
	};
	char many[4001], deep[2002];

	(void)state;
	EACH(row, table)
		assert_int_equal(str_glob(str_of(row->pattern), str_of(row->text)), row->matches);
	/* would take for ever if it tried every way */
	memset(many, 'a', 4000);
	many[4000] = 0;
	for (size_t i = 0; i < 1000; i++)
		memcpy(deep + 2 * i, "a*", 2);
	memcpy(deep + 2000, "b", 2);
	assert_false(str_glob(str_of(deep), str_of(many)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compares), cmocka_unit_test(test_cuts), cmocka_unit_test(test_splits),
		cmocka_unit_test(test_copies), cmocka_unit_test(test_numbers), cmocka_unit_test(test_globs),
	};

	return RUN(tests);
}
