/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "book/csv.h"
#include "book/ledger.h"
#include "book/period.h"
#include "book/report.h"
#include "book/report_json.h"
#include "book/table.h"
#include "tests/lib/made_record.h"

#define DAY (86400 * (int64_t)NSEC_PER_SEC)

static char folder[64], path[96], why[QUERY_WHY];
static struct sink *ledger;
static struct buf text = { .ceiling = MIB(1) };
static unsigned long n_put;

static int begin(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/aitap-drift-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/ledger.db", folder);
	assert_int_equal(period_zone("UTC"), 0);
	n_put = 0;
	assert_int_equal(ledger_open(&(struct ledger_config){ .path = path }, &ledger, why), 0);
	return 0;
}

static int end(void **state)
{
	char command[128];

	(void)state;
	ledger = ledger->ops->close(ledger);
	buf_done(&text);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static int64_t day(int n)
{
	return clock_civil_ns(2026, 11, 1) + n * DAY;
}

/* A call at noon of a day of November 2026. */
static void answered(int of_month, const char *asked, const char *model)
{
	struct made made;

	made_record(&made, n_put, n_put % 2 ? "search" : "data");
	n_put++;
	made.record.time_ns = day(of_month - 1) + DAY / 2;
	STR_COPY(made.call.model_requested, str_of(asked));
	STR_COPY(made.call.model, str_of(model));
	assert_int_equal(ledger->ops->put(ledger, &made.record), 0);
}

static struct report *reported(const char *by, int64_t since_ns, int64_t until_ns)
{
	struct query query = { .since_ns = since_ns, .until_ns = until_ns };
	struct report *report = NULL;
	sqlite3 *db;

	assert_int_equal(ledger->ops->flush(ledger), 0);
	assert_int_equal(store_open(path, STORE_READ, &db, why), 0);
	assert_int_equal(store_ready(db, path, STORE_READ, why), 0);
	if (query_by(&query, db, by, why) < 0)
		fail_msg("%s", why);
	assert_int_equal(report_make(db, &query, &report), 0);
	STR_COPY(report->zone, STR("UTC"));
	store_close(db);
	return report;
}

static void drift_is(const struct report *report, size_t i, const char *words, int since_day, int until_day)
{
	const struct drift *drift = &report->drifts[i];
	char joined[256];

	assert_true(i < report->n_drifts);
	snprintf(joined, sizeof(joined), "%s/%s: %s -> %s", drift->provider, drift->asked, drift->before, drift->after);
	assert_string_equal(joined, words);
	assert_int_equal(drift->since_ns, day(since_day - 1) + DAY / 2);
	assert_int_equal(drift->until_ns, day(until_day - 1) + DAY / 2);
}

static void some_calls(void)
{
	answered(1, "gpt-4o", "gpt-4o-2024-05-13");
	answered(2, "gpt-4o", "gpt-4o-2024-05-13");
	answered(3, "gpt-4o", "gpt-4o-2024-08-06");
	answered(5, "gpt-4o", "gpt-4o-2024-05-13");
	answered(9, "gpt-4o", "gpt-4o-2024-11-20");
	answered(4, "gpt-4o-mini", "gpt-4o-mini-2024-07-18");
	answered(6, "gpt-4o-2024-08-06", "gpt-4o-2024-08-06");
	answered(7, "gpt-4.1", "");
	answered(8, "", "gpt-4o-2024-08-06");
}

static void aliases_that_changed(void **state)
{
	struct report *report;
	size_t marked = 0;

	(void)state;
	some_calls();
	report = reported("alias", INT64_MIN, INT64_MAX);
	assert_int_equal(report->n_drifts, 2);
	drift_is(report, 0, "openai/gpt-4o: gpt-4o-2024-05-13 -> gpt-4o-2024-08-06", 3, 5);
	drift_is(report, 1, "openai/gpt-4o: gpt-4o-2024-08-06 -> gpt-4o-2024-11-20", 9, 3);
	assert_int_equal(report->n_rows, 7);
	for (size_t i = 0; i < report->n_rows; i++) {
		const struct report_row *row = &report->rows[i];

		assert_int_equal(report->query.n_by, 3);
		assert_string_equal(row->keys[0], "openai");
		if (!row->drift)
			continue;
		marked++;
		assert_string_equal(row->keys[1], row->drift->asked);
		assert_string_equal(row->keys[2], row->drift->after);
		assert_int_equal(row->sums.first_ns, row->drift->since_ns);
	}
	assert_int_equal(marked, 2);
	report_free(report);
	/* no other report looks for them */
	report = reported("team,model", INT64_MIN, INT64_MAX);
	assert_int_equal(report->n_drifts, 0);
	report_free(report);
}

/* The change counts where it happened; what was before may lie before the period. */
static void within_a_period(void **state)
{
	struct report *report;

	(void)state;
	some_calls();
	report = reported("alias", day(3), day(30));	/* from the 4th on */
	assert_int_equal(report->n_drifts, 1);
	drift_is(report, 0, "openai/gpt-4o: gpt-4o-2024-08-06 -> gpt-4o-2024-11-20", 9, 3);
	report_free(report);
	report = reported("alias", day(2), day(4));	/* the 3rd and 4th */
	assert_int_equal(report->n_drifts, 1);
	drift_is(report, 0, "openai/gpt-4o: gpt-4o-2024-05-13 -> gpt-4o-2024-08-06", 3, 2);
	report_free(report);
	report = reported("alias", day(0), day(2));
	assert_int_equal(report->n_drifts, 0);
	report_free(report);
}

/* Below other fields the alias is where it stands. */
static void below_other_fields(void **state)
{
	struct report *report;
	size_t marked = 0;

	(void)state;
	some_calls();
	report = reported("team,alias", INT64_MIN, INT64_MAX);
	assert_int_equal(report->query.alias, 2);
	for (size_t i = 0; i < report->n_rows; i++)
		if (report->rows[i].drift) {
			assert_string_equal(report->rows[i].keys[3], report->rows[i].drift->after);
			marked++;
		}
	assert_true(marked >= 2);
	report_free(report);
}

static void contains(const char *what)
{
	if (!strstr(buf_cstr(&text), what))
		fail_msg("no '%s' in:\n%s", what, buf_cstr(&text));
}

static void in_every_form(void **state)
{
	struct report *report;

	(void)state;
	some_calls();
	report = reported("alias", INT64_MIN, INT64_MAX);
	assert_int_equal(report_table(report, 0, &text), 0);
	contains("provider / model_requested / model_answered");
	contains("2026-11-01  2026-11-05\n");
	contains("\nchanged: another model answers than before\n"
		 "  openai/gpt-4o: gpt-4o-2024-05-13 -> gpt-4o-2024-08-06 since 2026-11-03T12:00:00Z, beside the former until 2026-11-05T12:00:00Z\n"
		 "  openai/gpt-4o: gpt-4o-2024-08-06 -> gpt-4o-2024-11-20 since 2026-11-09T12:00:00Z\n");
	buf_reset(&text);
	assert_int_equal(csv_text(report, &text), 0);
	contains(",first,last,answered_before\n");
	contains(",2026-11-09T12:00:00Z,2026-11-09T12:00:00Z,gpt-4o-2024-08-06\n");
	contains(",2026-11-04T12:00:00Z,2026-11-04T12:00:00Z,\n");
	buf_reset(&text);
	assert_int_equal(report_json(report, &text), 0);
	contains("\"changed\":[{\"provider\":\"openai\",\"model_requested\":\"gpt-4o\",\"before\":\"gpt-4o-2024-05-13\","
		 "\"after\":\"gpt-4o-2024-08-06\",\"since\":\"2026-11-03T12:00:00Z\",\"before_until\":\"2026-11-05T12:00:00Z\"}");
	contains("\"last\":\"2026-11-09T12:00:00Z\",\"answered_before\":\"gpt-4o-2024-08-06\"}");
	contains("\"answered_before\":null}");
	report_free(report);
}

static void memory_refused(void **state)
{
	struct query query = { .since_ns = INT64_MIN, .until_ns = INT64_MAX };
	struct drift *drifts = NULL;
	size_t n = 0;
	sqlite3 *db;
	int err = -ENOMEM;

	(void)state;
	some_calls();
	assert_int_equal(ledger->ops->flush(ledger), 0);
	assert_int_equal(store_open(path, STORE_READ, &db, why), 0);
	assert_int_equal(store_ready(db, path, STORE_READ, why), 0);
	for (uint64_t nth = 1; err == -ENOMEM; nth++) {
		assert_true(nth < 50);
		mem_fail_at(nth);
		err = drifts_find(db, &query, &drifts, &n);
		mem_fail_at(0);
	}
	assert_int_equal(err, 0);
	assert_int_equal(n, 2);
	drifts_free(drifts, n);
	store_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(aliases_that_changed, begin, end),
		cmocka_unit_test_setup_teardown(within_a_period, begin, end),
		cmocka_unit_test_setup_teardown(below_other_fields, begin, end),
		cmocka_unit_test_setup_teardown(in_every_form, begin, end),
		cmocka_unit_test_setup_teardown(memory_refused, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
