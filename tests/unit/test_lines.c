/* SPDX-License-Identifier: Apache-2.0 */
/* Newline-delimited JSON. */
#include "tests/lib/wire_body.h"

#define T "application/x-ndjson"

static const struct body_row rows[] = {
	{ "lines", T, "l{{\"a\":1}} l{{\"b\":2}}", STR("{\"a\":1}\n{\"b\":2}\n") },
	{ "the last unended", T, "l{1} l{2}", STR("1\n2") },
	{ "CRLF", T, "l{1\r} l{2\r}", STR("1\r\n2\r\n") },
	{ "empty lines", T, "l{1} l{2}", STR("\n\n1\n\r\n \t\n2\n\n") },
	{ "space in front", T, "l{1 }", STR("  \t1 \n") },
	{ "NULs", T, "l{\"a\"} l{b\"}", STR("\"a\"\nb\"\n") },
	{ "nothing", T, "", STR("\n") },
	{ "parameters of the type", T "; charset=utf-8", "l{1}", STR("1") },
};

static void every_row_every_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		body_check_every_way(rows[i].name, rows[i].type, "", rows[i].bytes, rows[i].told);
}

/* A hole costs the lines that it touches. */
static void holes(void **state)
{
	static const char bytes[] = "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n";
	static const struct str all = STR("l{{\"a\":1}} l{{\"b\":2}} l{{\"c\":3}} ");
	size_t n = sizeof(bytes) - 1;

	(void)state;
	for (size_t from = 0; from < n; from++)
		for (size_t len = 1; from + len <= n; len++) {
			struct body_run run;
			struct str rest, item;

			body_run_pieces(&run, T, "", (struct str){ bytes, n }, SIZE_MAX, 0, from, len);
			rest = str_of(body_finish(&run));
			assert_true(from < 8 || str_starts(rest, STR("l{{\"a\":1}}")));
			assert_true(from + len > 15 || str_ends(rest, STR("l{{\"c\":3}}")));
			while (str_split(&rest, ' ', &item))
				assert_true(!str_ends(item, STR("}}")) || str_find(all, item) >= 0);
			body_done(&run);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_row_every_way), cmocka_unit_test(holes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
