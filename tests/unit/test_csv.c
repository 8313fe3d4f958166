/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "book/csv.h"
#include "book/figure.h"

static void fields_are_quoted_where_they_must_be(void **state)
{
	static const struct {
		const char *text, *csv;
	} cases[] = {
		{ NULL, "" }, { "", "" }, { "search", "search" }, { "a b", "a b" }, { "a,b", "\"a,b\"" },
		{ "say \"x\"", "\"say \"\"x\"\"\"" }, { "a\nb", "\"a\nb\"" }, { "a\r", "\"a\r\"" }, { "\xc3\xa4", "\xc3\xa4" },
		/* formulas, and names that only begin like one */
		{ "=1+1", "\"'=1+1\"" }, { "=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\"" }, { "@SUM(A1)", "\"'@SUM(A1)\"" },
		{ "+1|cmd", "\"'+1|cmd\"" }, { "-2+3", "\"'-2+3\"" }, { "\tx y", "\"'\tx y\"" },
		{ "@cf/meta/llama-3.1-8b", "@cf/meta/llama-3.1-8b" }, { "-", "-" },
	};
	struct buf to = BUF(KIB(1));

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_reset(&to);
		assert_int_equal(csv_field(&to, cases[i].text), 0);
		assert_string_equal(buf_cstr(&to), cases[i].csv);
	}
	buf_done(&to);
}

static struct report made(struct report_row *rows)
{
	struct report report = { .n_rows = 2, .rows = rows };

	report.query.n_by = 2;
	STR_COPY(report.query.by[0].name, STR("team"));
	STR_COPY(report.query.by[1].name, STR("model"));
	for (size_t i = 0; i < report.n_rows; i++)
		sums_add(&report.total, &rows[i].sums);
	return report;
}

static const char whole[] =
	"team,model,calls,input_tokens,cache_read_tokens,cache_write_tokens,output_tokens,reasoning_tokens,cost_usd,share,"
	"flat_rate_list_cost_usd,unpriced_calls,unpriced_tokens,incomplete_calls,estimated_calls,not_ready_calls,failed_calls,"
	"adjustments,estimated_cost_usd,estimated_cost_low_usd,estimated_cost_high_usd,first,last\n"
	"search,\"a,b\",3,2000,100,20,300,7,1.5,1,0.25,0,0,1,1,2,0,4,0.5,0.4,0.75,2026-11-22T06:00:00Z,2026-11-22T06:00:01Z\n"
	"_unattributed,,18446744073709551615,0,0,0,0,0,,,0,18446744073709551615,0.5,0,0,0,0,0,0,0,0,,\n";

static void rows_are_exact(void **state)
{
	char *keys[2][2] = { { "search", "a,b" }, { "_unattributed", NULL } };
	struct report_row rows[2] = {
		{ keys[0], { .calls = 3, .input = 2000, .cache_read = 100, .cache_write = 20, .output = 300, .reasoning = 7,
			     .cost = 1500000000000, .flat = 250000000000, .incomplete = 1, .estimated = 1, .unready = 2,
			     .adjustments = 4, .guessed = 500000000000, .low = 400000000000, .high = 750000000000,
			     .first_ns = 1795327200000000000, .last_ns = 1795327201000000000 } },
		{ keys[1], { .calls = UINT64_MAX, .priceless = UINT64_MAX, .unpriced_milli = 500 } },
	};
	struct report report = made(rows);
	struct buf to = BUF(KIB(4));

	(void)state;
	assert_int_equal(csv_text(&report, &to), 0);
	assert_string_equal(buf_cstr(&to), whole);
	buf_done(&to);
}

static void no_room_is_an_error(void **state)
{
	char *keys[2][2] = { { "search", "a,b" }, { "_unattributed", NULL } };
	struct report_row rows[2] = { { keys[0], { .calls = 1 } }, { keys[1], { .calls = 1 } } };
	struct report report = made(rows);

	(void)state;
	for (size_t room = 0; room < sizeof(whole) / 2; room += 7) {
		struct buf to = BUF(room);

		assert_true(csv_text(&report, &to) < 0);
		assert_true(to.n <= room);
		buf_done(&to);
	}
	for (uint64_t nth = 1; nth < 3; nth++) {
		struct buf to = BUF(KIB(4));

		mem_fail_at(nth);
		assert_true(csv_text(&report, &to) < 0);
		mem_fail_at(0);
		buf_done(&to);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_quoted_where_they_must_be), cmocka_unit_test(rows_are_exact),
		cmocka_unit_test(no_room_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
