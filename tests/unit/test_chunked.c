/* SPDX-License-Identifier: Apache-2.0 */
/* The chunked transfer coding: payload found, framing skipped, and where it ends. */
#include "base/buf.h"
#include "tests/lib/wire_page.h"
#include "wire/chunked.h"

struct row {
	const char *name;
	const char *payload;
	bool end;	/* the last byte of the row ends it */
	bool bad;
	struct str bytes;
};

static const struct row rows[] = {
	{ "one chunk", "hello", true, false, STR("5\r\nhello\r\n0\r\n\r\n") },
	{ "sizes in hex", "0123456789abcdef0123456789", true, false, STR("1A\r\n0123456789abcdef0123456789\r\n0\r\n\r\n") },
	{ "leading zeros", "ab", true, false, STR("0000000000000000000000002\r\nab\r\n000\r\n\r\n") },
	{ "extensions", "abc", true, false, STR("1;a\r\na\r\n1 ; b=\"\r\"\r\nb\r\n1\t\r\nc\r\n0;x=y\r\n\r\n") },
	{ "trailers", "a", true, false, STR("1\r\na\r\n0\r\nA: b\r\nC:\r\n\r\n") },
	{ "bare line feeds", "a", true, false, STR("1\na\n0\nA: b\n\n") },
	{ "payload like framing", "0\r\n\r\n", true, false, STR("5\r\n0\r\n\r\n\r\n0\r\n\r\n") },
	{ "unended", "ab", false, false, STR("3\r\nab") },
	{ "no size", "", false, true, STR("\r\n") },
	{ "no digit", "", false, true, STR(";a\r\n") },
	{ "a sign", "", false, true, STR("-1\r\n") },
	{ "0x", "", false, true, STR("0x1\r\n") },
	{ "too large", "", false, true, STR("12345678901234567\r\n") },
	{ "just not too large", "", false, false, STR("fffffffffffffff0\r\n") },
	{ "a chunk longer than its size", "ab", false, true, STR("2\r\nabc\r\n") },
	{ "NUL", "", false, true, STR("1\0\r\na\r\n") },
};

static void run(const struct row *row, size_t most, size_t split)
{
	struct chunked chunked = { .left = 0 };
	struct buf payload = BUF(1000);
	bool end = false, bad = false;
	size_t at = 0;

	while (at < row->bytes.n && !bad && !end) {
		size_t n = row->bytes.n - at < most ? row->bytes.n - at : most, m;
		const uint8_t *data;
		ptrdiff_t used;

		if (split > at && split < at + n)
			n = split - at;
		used = chunked_next(&chunked, page_guarded(row->bytes.p + at, n), n, &data, &m, &end);
		bad = used < 0;
		if (bad) {
			assert_int_equal(used, -EBADMSG);
			break;
		}
		assert_true(used > 0 && (size_t)used <= n);
		buf_add(&payload, data, m);
		at += (size_t)used;
	}
	if (strcmp(buf_cstr(&payload), row->payload) || end != row->end || bad != row->bad)
		print_error("%s: pieces of %zu, split at %zu\n", row->name, most, split);
	assert_string_equal(buf_cstr(&payload), row->payload);
	assert_int_equal(bad, row->bad);
	assert_int_equal(end, row->end);
	assert_int_equal(end ? at : 0, end ? row->bytes.n : 0);
	buf_done(&payload);
}

static void every_row_every_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		run(&rows[i], SIZE_MAX, 0);
		for (size_t most = 1; most < 5; most++)
			run(&rows[i], most, 0);
		for (size_t split = 1; split < rows[i].bytes.n; split++)
			run(&rows[i], SIZE_MAX, split);
	}
}

static ptrdiff_t feed(struct chunked *chunked, const char *text, bool *ret_end)
{
	const uint8_t *data;
	size_t n;

	return chunked_next(chunked, (const uint8_t *)text, strlen(text), &data, &n, ret_end);
}

/* A line or trailers without end are refused at the ceiling, not before. */
static void ceilings(void **state)
{
	static const char *const begins[] = { "1;", "0\r\n" };
	static const size_t ceilings[] = { LIMIT_CHUNK_LINE, LIMIT_HEAD };

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct chunked chunked = { .left = 0 };
		size_t n = 0;
		bool end;

		assert_true(feed(&chunked, begins[i], &end) > 0);
		while (feed(&chunked, "x", &end) > 0)
			n++;
		assert_true(n >= ceilings[i] - 8 && n <= ceilings[i]);
	}
}

static void holes(void **state)
{
	static const struct { const char *before; uint64_t hole; bool goes_on; const char *after; } cases[] = {
		{ "5\r\nhe", 3, true, "\r\n0\r\n\r\n" }, { "5\r\nhe", 2, true, "o\r\n0\r\n\r\n" }, { "5\r\n", 5, true, "\r\n0\r\n\r\n" },
		{ "5\r\nhe", 4, false, NULL }, { "5\r\nhello", 1, false, NULL }, { "5", 1, false, NULL }, { "5\r\nhello\r\n0\r\n", 1, false, NULL },
		{ "5\r\nhe", UINT64_MAX, false, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct chunked chunked = { .left = 0 };
		const char *at = cases[i].before;
		bool end = false;

		while (*at)
			at += feed(&chunked, at, &end);
		assert_int_equal(chunked_hole(&chunked, cases[i].hole), cases[i].goes_on);
		for (at = cases[i].goes_on ? cases[i].after : ""; *at; )
			at += feed(&chunked, at, &end);
		assert_int_equal(end, cases[i].goes_on);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_row_every_way), cmocka_unit_test(ceilings), cmocka_unit_test(holes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
