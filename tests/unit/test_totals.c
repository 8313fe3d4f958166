/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "run/totals.h"
#include "tests/lib/made_record.h"

static struct totals totals;
static struct made made;

/* Calls, tokens in and out and USD of a line, "-" where there is none. */
static void line_is(const char *model, const char *numbers)
{
	struct buf text = BUF(1 << 20);
	char calls[24], input[24], output[24], usd[32], got[128] = "-";
	const char *line;

	assert_int_equal(totals_text(&totals, &text), 0);
	line = strstr(buf_cstr(&text), model);
	if (line && sscanf(line + strlen(model), "%23s %23s %23s %31s", calls, input, output, usd) == 4)
		snprintf(got, sizeof(got), "%s %s %s %s", calls, input, output, usd);
	assert_string_equal(got, numbers);
	buf_done(&text);
}

static void add(const char *model, enum record_kind kind, bool negative)
{
	made_record(&made, 1, "search");
	STR_COPY(made.call.model, str_of(model));
	made.record.kind = kind;
	made.record.negative = negative;
	totals_add(&totals, &made.record);
}

static void adjustments_are_no_calls(void **state)
{
	(void)state;
	add("a", RECORD_CALL, false);
	add("a", RECORD_CALL, false);
	line_is("openai/a ", "2 2580 422 0.00811");
	add("a", RECORD_ADJUSTMENT, true);
	line_is("openai/a ", "2 1290 211 0.004055");
	add("b", RECORD_ADJUSTMENT, false);	/* of a call before this run */
	line_is("openai/b ", "0 1290 211 0.004055");
	add("c", RECORD_ADJUSTMENT, true);
	line_is("openai/c ", "0 -1290 -211 -0.004055");
	line_is("all ", "2 1290 211 0.004055");
}

static void only_spend_counts(void **state)
{
	(void)state;
	memset(&totals, 0, sizeof(totals));
	made_record(&made, 1, "search");
	made.record.spend = false;
	totals_add(&totals, &made.record);
	line_is("all ", "0 0 0 0");
	made_unpriced(&made);
	made.record.spend = true;
	totals_add(&totals, &made.record);
	line_is("all ", "1 1290 211 0");
}

static void more_than_can_be_counted(void **state)
{
	(void)state;
	memset(&totals, 0, sizeof(totals));
	made_record(&made, 1, "search");
	STR_COPY(made.call.model, STR("a"));
	made.call.usages[0].count[COUNT_INPUT] = UINT64_MAX;
	totals_add(&totals, &made.record);
	totals_add(&totals, &made.record);
	line_is("openai/a ", "2 9223372036854775807 422 0.00811");
	STR_COPY(made.call.model, STR("b"));
	totals_add(&totals, &made.record);
	line_is("all ", "3 9223372036854775807 633 0.012165");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adjustments_are_no_calls),
		cmocka_unit_test(only_spend_counts),
		cmocka_unit_test(more_than_can_be_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
