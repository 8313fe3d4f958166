/* SPDX-License-Identifier: Apache-2.0 */
/* JSON inside base64 inside JSON: what of it reaches the skim, however it was split. */
#include "ai/wrapped.h"
#include "base/mem.h"
#include "tests/lib/unit.h"
#include "tests/lib/wire_page.h"

enum { A = 1, B };

static const struct want wants[] = { { "a", A }, { "b.c", B }, { 0 } };
static struct skim_node nodes[16];
static uint16_t slots[64];
static struct skim_table table = { nodes, slots, 16, 64, 0 };

/* {"a":"yes","b":{"c":12}} */
#define INNER "eyJhIjoieWVzIiwiYiI6eyJjIjoxMn19"

static const struct {
	const char *name, *text, *a;
	uint64_t b;
	bool whole;
} rows[] = {
	{ "as it is sent", "{\"bytes\":\"" INNER "\",\"p\":\"abcdef\"}", "yes", 12, true },
	{ "padding in front, and blanks", " { \"p\" : \"ab\" , \"bytes\" : \"" INNER "\" } ", "yes", 12, true },
	/* {"a":"???"} */
	{ "a slash that is escaped", "{\"bytes\":\"eyJhIjoiPz8\\/In0=\"}", "???", 0, true },
	{ "another escape", "{\"bytes\":\"eyJhIjoi\\u0050\"}", "", 0, false },
	{ "no base64", "{\"bytes\":\"eyJh!joieWVzIn0=\"}", "", 0, false },
	{ "base64 that breaks off", "{\"bytes\":\"eyJhIjoieWVzIn\"}", "yes", 0, false },
	{ "deeper than it should be", "{\"x\":{\"bytes\":\"" INNER "\"},\"y\":[\"bytes\",\"" INNER "\"]}", "", 0, true },
	{ "behind deeper ones", "{\"x\":{\"p\":[1,{\"q\":\"}\\\"\"}]},\"bytes\":\"" INNER "\"}", "yes", 12, true },
	{ "a name that only begins so", "{\"bytes_of\":\"" INNER "\",\"byte\":\"" INNER "\",\"z\":\"bytes\"}", "", 0, true },
	{ "a value of that name", "{\"p\":\"bytes\",\"q\":\"" INNER "\"}", "", 0, true },
	{ "no JSON", "bytes" INNER, "", 0, true },
	{ "nothing", "", "", 0, true },
};

static void check(size_t row, size_t most)
{
	struct str text = str_of(rows[row].text);
	struct skim *skim = mem_new(sizeof(*skim));
	struct wrapped wrapped;

	skim_begin(skim, &table, NULL, NULL);
	wrapped_begin(&wrapped);
	for (size_t at = 0; at < text.n; at += most) {
		size_t n = text.n - at < most ? text.n - at : most;

		assert_int_equal(wrapped_write(&wrapped, skim, (const char *)page_guarded(text.p + at, n), n), 0);
	}
	skim_end(skim);
	if (wrapped_whole(&wrapped) != rows[row].whole)
		fail_msg("%s, in pieces of %zu: whole", rows[row].name, most);
	/* what was picked of one that is not whole is not used */
	if (rows[row].whole && (!str_eq(item_text(&skim->item, A), str_of(rows[row].a)) || item_number(&skim->item, B) != rows[row].b))
		fail_msg("%s, in pieces of %zu", rows[row].name, most);
	mem_free(skim);
}

static void every_row_every_way(void **state)
{
	(void)state;
	assert_int_equal(skim_compile(wants, &table), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t most = 1; most < 120; most++)
			check(i, most);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_row_every_way) };

	return RUN(tests);
}
