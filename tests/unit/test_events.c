/* SPDX-License-Identifier: Apache-2.0 */
/* Server-sent events: lines of every kind, and what a hole leaves of them. */
#include "tests/lib/wire_body.h"

#define T "text/event-stream"
#define LONG_255 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

static const struct body_row rows[] = {
	{ "one", T, "e{1}", STR("data: 1\n\n") },
	{ "no space", T, "e{1}", STR("data:1\n\n") },
	{ "only one space is taken", T, "e{ 1}", STR("data:  1\n\n") },
	{ "LF, CR and CRLF", T, "e{1} e{2} e{3}", STR("data: 1\n\ndata: 2\r\rdata: 3\r\n\r\n") },
	{ "mixed ends in one event", T, "e{1\n2\n3}", STR("data: 1\rdata: 2\r\ndata: 3\n\n") },
	{ "several lines", T, "e{1\n\n3}", STR("data: 1\ndata:\ndata: 3\n\n") },
	{ "named", T, "e:ping{1} e{2} e:pong{3}", STR("event: ping\ndata: 1\n\ndata: 2\n\nevent:pong\ndata: 3\n\n") },
	{ "the last name counts", T, "e:b{1}", STR("event: a\nevent: b\ndata: 1\n\n") },
	{ "a name behind data is not taken", T, "e{1\n2} e{3}", STR("data: 1\nevent: a\ndata: 2\n\ndata: 3\n\n") },
	{ "comments", T, "e{1}", STR(": hello\n\n:\n:x: data: 0\ndata: 1\n: in between\n\n") },
	{ "other fields", T, "e{1}", STR("id: 7\nretry: 10\ndatum: x\ndat: x\nevents: x\ndata: 1\n\n") },
	{ "capitals are another field", T, "", STR(": \nData: 1\n\nDATA: 1\n\n") },
	{ "no data, no event", T, "e{2}", STR("event: a\n\nid: 1\n\ndata: 2\n\n") },
	{ "empty data", T, "e{} e{}", STR("data:\n\ndata\n\n") },
	{ "a name without colon", T, "e{\n}", STR("event\ndata\ndata\n\n") },
	{ "byte order mark", T, "e{1}", STR("\xef\xbb\xbf" "data: 1\n\n") },
	{ "a second mark is text", T, "e{2}", STR("\xef\xbb\xbf\xef\xbb\xbf" "data: 1\n\ndata: 2\n\n") },
	{ "half a mark", T, "e{2}", STR("\xef\xbb" "data: 1\n\ndata: 2\n\n") },
	{ "empty lines in front", T, "e{1}", STR("\n\r\n\n\rdata: 1\n\n") },
	{ "unended event", T, "e{1} e{2}", STR("data: 1\n\ndata: 2\n") },
	{ "unended line", T, "e{1} e{2}", STR("data: 1\n\ndata: 2") },
	{ "unended name", T, "e{1\n}", STR("data: 1\ndata") },
	{ "NULs and high bytes", T, "e{a\xff\xc3(}", STR("data: a\xff\xc3(\n\n") },
	{ "colons in values", T, "e:a:b{c: d}", STR("event: a:b\ndata: c: d\n\n") },
	{ "a name at the ceiling", T, "e:" LONG_255 "f{1}", STR("event: " LONG_255 "f\ndata: 1\n\n") },
	{ "a name above it is cut", T, "e:" LONG_255 "f{1}", STR("event: " LONG_255 "f0123\ndata: 1\n\n") },
	{ "nothing", T, "", STR("\n") },
};

static void every_row_every_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		body_check_every_way(rows[i].name, rows[i].type, "", rows[i].bytes, rows[i].told);
}

/* An event in one buffer is one piece, but for its joined lines; text comes when it is there. */
static void pieces_come_at_once(void **state)
{
	struct body_run run;
	struct told_exchange *user;

	(void)state;
	body_begin(&run, T, "");
	user = exchange_user(run.exchange);
	body_part(&run, "event: a\ndata: {\"x\":", 20);
	assert_string_equal(buf_cstr(&user->side[1]), " e:a{{\"x\":");
	body_part(&run, "1}", 2);
	assert_string_equal(buf_cstr(&user->side[1]), " e:a{{\"x\":1}");
	body_part(&run, "\n", 1);
	body_part(&run, "\n", 1);
	assert_string_equal(buf_cstr(&user->side[1]), " e:a{{\"x\":1}}");
	body_part(&run, "data: 0123456789\n\ndata: 1", 25);
	assert_int_equal(run.told.largest_piece, 10);
	assert_string_equal(body_finish(&run), "e:a{{\"x\":1}} e{0123456789} e{1}");
	body_done(&run);
}

/* What is told as whole was told so without the hole; what lies behind the next empty line is told. */
static void holes(void **state)
{
	static const char bytes[] = "event: a\ndata: 1\n\ndata: 22\ndata: 33\n\n: c\n\nevent: b\ndata: 4\n\n";
	static const struct str all = STR("e:a{1} e{22\n33} e:b{4} ");
	size_t n = sizeof(bytes) - 1;

	(void)state;
	for (size_t from = 9; from < n; from++)
		for (size_t len = 1; from + len <= n; len++) {
			struct body_run run;
			struct str rest, item;

			body_run_pieces(&run, T, "", (struct str){ bytes, n }, SIZE_MAX, 0, from, len);
			rest = str_of(body_finish(&run));
			if (from + len <= 16)
				assert_true(str_ends(rest, STR("e{22\n33} e:b{4}")));
			if (from + len <= n - 25)
				assert_true(str_ends(rest, STR("e:b{4}")));
			while (str_split(&rest, ' ', &item))
				assert_true(!str_ends(item, STR("}")) || str_find(all, item) >= 0);
			assert_int_equal(run.error, 0);
			body_done(&run);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_every_way), cmocka_unit_test(pieces_come_at_once), cmocka_unit_test(holes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
