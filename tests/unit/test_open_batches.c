/* SPDX-License-Identifier: Apache-2.0 */
/* What reports tell beyond the calls: batches that nobody has fetched, estimates, adjustments. */
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
#include "book/batches.h"
#include "book/ledger.h"
#include "book/memory.h"
#include "book/period.h"
#include "book/report.h"
#include "book/report_json.h"
#include "book/table.h"
#include "tests/lib/made_record.h"

#define HOUR (3600 * (int64_t)NSEC_PER_SEC)

static char folder[64], path[96], why[QUERY_WHY];
static struct sink *ledger;
static struct buf text = { .ceiling = MIB(1) };
static struct made made;

static int begin(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/aitap-batches-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/ledger.db", folder);
	assert_int_equal(period_zone("UTC"), 0);
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

static void put(void)
{
	assert_int_equal(ledger->ops->put(ledger, &made.record), 0);
}

/* more: further members of what is left for the batch. */
static void remember(const char *provider, const char *name, const char *record, const char *more)
{
	struct memory *memory = ledger_memory(ledger);
	struct memory_key key = { .kind = MEMORY_BATCH };
	struct memory_value value = { .time_ns = made.record.time_ns };

	STR_COPY(key.provider, str_of(provider));
	STR_COPY(key.name, str_of(name));
	snprintf(value.text, sizeof(value.text), "{\"record\":\"%s\"%s}", record, more);
	assert_int_equal(memory->ops->put(memory, &key, &value), 0);
}

/* The call that makes a batch, which costs nothing itself, and what it leaves. */
static void batch(unsigned long n, const char *team, const char *name, const char *more)
{
	made_record(&made, n, team);
	made.record.time_ns += (int64_t)n * HOUR;
	made.record.cost = (struct cost){ .status = COST_FREE };
	made.call.usage_source = USAGE_NONE;
	made.call.n_usages = 0;
	put();
	remember("openai", name, made.record.id, more);
}

static void some_batches(void)
{
	batch(1, "search", "batch_1", ",\"state\":\"open\",\"requests\":1200,\"bound_pico\":\"2500000000000\"");
	batch(2, "data", "batch_2", ",\"state\":\"fetched\",\"requests\":10,\"bound_pico\":\"5000000000\",\"fetched_ns\":1795341600000000000,"
	      "\"cost_pico\":\"1250000000\",\"calls\":9");
	batch(3, "", "batch_3", ",\"state\":\"open\",\"requests\":null,\"bound_pico\":null");
	remember("openai", "file-1", made.record.id, ",\"batch\":\"batch_3\"");	/* its file: no batch of its own */
	remember("openai", "batch_4", "01KB9999999999999999999999", ",\"state\":\"open\"");	/* its call is no longer there */
	assert_int_equal(ledger->ops->flush(ledger), 0);
}

static sqlite3 *store(void)
{
	sqlite3 *db;

	assert_int_equal(ledger->ops->flush(ledger), 0);
	assert_int_equal(store_open(path, STORE_READ, &db, why), 0);
	assert_int_equal(store_ready(db, path, STORE_READ, why), 0);
	return db;
}

static struct batches *found(const char *where)
{
	struct query query = { .since_ns = INT64_MIN, .until_ns = INT64_MAX };
	struct batches *batches = NULL;
	sqlite3 *db = store();

	if (where && query_where(&query, db, where, why) < 0)
		fail_msg("%s", why);
	assert_int_equal(batches_find(db, &query, clock_civil_ns(2026, 11, 23), &batches), 0);
	store_close(db);
	return batches;
}

static struct report *reported(const char *by)
{
	struct query query = { .since_ns = INT64_MIN, .until_ns = INT64_MAX };
	struct report *report = NULL;
	sqlite3 *db = store();

	assert_int_equal(query_by(&query, db, by, why), 0);
	assert_int_equal(report_make(db, &query, &report), 0);
	STR_COPY(report->zone, STR("UTC"));
	store_close(db);
	return report;
}

static void contains(const char *what)
{
	if (!strstr(buf_cstr(&text), what))
		fail_msg("no '%s' in:\n%s", what, buf_cstr(&text));
}

/* ---- batches */

static void open_ones_first(void **state)
{
	struct batches *batches;

	(void)state;
	some_batches();
	batches = found(NULL);
	assert_int_equal(batches->n, 3);
	assert_int_equal(batches->n_open, 2);
	assert_int_equal(batches->n_boundless, 1);
	assert_true(batches->bound_pico == 2500000000000);
	assert_string_equal(batches->of[0].id, "batch_1");
	assert_string_equal(batches->of[0].team, "search");
	assert_int_equal(batches->of[0].requests, 1200);
	assert_false(batches->of[0].priced);
	assert_string_equal(batches->of[1].id, "batch_3");
	assert_null(batches->of[1].team);
	assert_int_equal(batches->of[1].requests, -1);
	assert_false(batches->of[1].bounded);
	assert_string_equal(batches->of[2].id, "batch_2");
	assert_int_equal(batches->of[2].cost_pico, 1250000000);
	assert_int_equal(batches->of[2].calls, 9);
	batches_free(batches);
	batches = found("team=data");
	assert_int_equal(batches->n, 1);
	assert_int_equal(batches->n_open, 0);
	batches_free(batches);
}

/* What is put anew stands in for what it replaces, whether that is merged already or not. */
static void the_newest_word_counts(void **state)
{
	struct memory *memory = ledger_memory(ledger);
	struct memory_key key = { .kind = MEMORY_ANSWER, .provider = "openai" };
	struct memory_value value = { .text = "{}" };
	struct batches *batches;

	(void)state;
	some_batches();
	for (unsigned long n = 0; n <= MEMORIES_WAITING; n++) {
		snprintf(key.name, sizeof(key.name), "resp_%lu", n);
		assert_int_equal(memory->ops->put(memory, &key, &value), 0);
	}
	assert_int_equal(ledger->ops->flush(ledger), 0);
	made_record(&made, 1, "search");
	remember("openai", "batch_1", made.record.id, ",\"state\":\"fetched\",\"cost_pico\":\"7\"");
	batches = found(NULL);
	assert_int_equal(batches->n, 3);
	assert_int_equal(batches->n_open, 1);
	assert_string_equal(batches->of[0].id, "batch_3");
	assert_string_equal(batches->of[1].id, "batch_1");
	assert_int_equal(batches->of[1].cost_pico, 7);
	batches_free(batches);
}

static void text_that_is_none(void **state)
{
	struct batches *batches;
	char sql[256];
	sqlite3 *db;

	(void)state;
	some_batches();
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	snprintf(sql, sizeof(sql), "INSERT INTO memory VALUES(2, 'x', 'bad', 0, 0, '{\"state\":'), (2, 'x', 'worse', 0, 0, '')");
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	batches = found(NULL);
	assert_int_equal(batches->n, 3);
	batches_free(batches);
}

static void in_every_form(void **state)
{
	struct batches *batches;

	(void)state;
	some_batches();
	batches = found(NULL);
	assert_int_equal(batches_table(batches, &text), 0);
	contains("provider  batch    team           state    created                   age  requests  at most USD  fetched"
		 "               calls     USD\n"
		 "openai    batch_1  search         open     2026-11-22T07:00:01Z  16h 59m     1,200       2.5000  -        ");
	contains("openai    batch_3  _unattributed  open     2026-11-22T09:00:03Z  14h 59m         -            -  -");
	contains("2026-11-22T10:00:00Z      9  0.0013\n");
	contains("\n2 fetched by nobody yet: at most 2.5000 USD, which no report has; 1 of them of unknown size\n");
	buf_reset(&text);
	assert_int_equal(batches_csv(batches, &text), 0);
	assert_string_equal(buf_cstr(&text),
			    "provider,batch_id,team,state,created,age_seconds,requests,bound_usd,fetched,calls,cost_usd\n"
			    "openai,batch_1,search,open,2026-11-22T07:00:01Z,61199,1200,2.5,,,\n"
			    "openai,batch_3,_unattributed,open,2026-11-22T09:00:03Z,53997,,,,,\n"
			    "openai,batch_2,data,fetched,2026-11-22T08:00:02Z,57598,10,0.005,2026-11-22T10:00:00Z,9,0.00125\n");
	buf_reset(&text);
	assert_int_equal(batches_json(batches, &text), 0);
	contains("{\"schema\":\"aitap.batches/1\",\"rows\":[{\"provider\":\"openai\",\"batch_id\":\"batch_1\",\"team\":\"search\",\"state\":\"open\","
		 "\"created\":\"2026-11-22T07:00:01Z\",\"age_seconds\":61199,\"requests\":1200,\"bound_usd\":\"2.5\",\"fetched\":null,"
		 "\"calls\":null,\"cost_usd\":null}");
	contains("\"open\":2,\"open_of_unknown_bound\":1,\"open_bound_usd\":\"2.5\"}\n");
	buf_reset(&text);
	assert_int_equal(batches_jsonl(batches, &text), 0);
	contains("\n{\"open\":2,\"open_of_unknown_bound\":1,\"open_bound_usd\":\"2.5\"}\n");
	batches_free(batches);
	/* and every report says what it does not have */
	{
		struct report *report = reported("team");

		buf_reset(&text);
		assert_int_equal(report_table(report, 0, &text), 0);
		contains("2 batches of this time nobody has fetched; not in the USD: at most 2.500000 USD, and 1 of unknown size (see --batches)\n");
		report_free(report);
	}
}

static void none_at_all(void **state)
{
	struct batches *batches = found(NULL);

	(void)state;
	assert_int_equal(batches_table(batches, &text), 0);
	assert_string_equal(buf_cstr(&text), "no batches\n");
	batches_free(batches);
}

static void memory_refused(void **state)
{
	struct query query = { .since_ns = INT64_MIN, .until_ns = INT64_MAX };
	struct batches *batches = NULL;
	int err = -ENOMEM;
	sqlite3 *db;

	(void)state;
	some_batches();
	db = store();
	for (uint64_t nth = 1; err == -ENOMEM; nth++) {
		assert_true(nth < 100);
		mem_fail_at(nth);
		err = batches_find(db, &query, 0, &batches);
		mem_fail_at(0);
	}
	assert_int_equal(err, 0);
	assert_int_equal(batches->n, 3);
	batches_free(batches);
	store_close(db);
}

/* ---- estimates and adjustments */

static void estimated(unsigned long n, int64_t low, int64_t cost, int64_t high)
{
	made_record(&made, n, "search");
	made.call.usage_source = USAGE_ESTIMATED;
	made.record.cost.pico = made.record.cost.list_pico = cost;
	STR_COPY(made.record.estimate.name, STR("relation"));
	made.record.estimate.priced = true;
	made.record.estimate.low_pico = low;
	made.record.estimate.high_pico = high;
}

static void estimates_are_told_apart(void **state)
{
	struct report *report;

	(void)state;
	made_record(&made, 1, "search");
	put();
	estimated(2, 1000000000, 2000000000, 4000000000);
	put();
	estimated(3, 0, 1000000000, 0);
	made.record.estimate.priced = false;	/* no bounds: it stands for itself */
	put();
	report = reported("usage_source");
	assert_int_equal(report->n_rows, 2);
	assert_int_equal(report->total.estimated, 2);
	assert_true(report->total.cost == 7055000000);
	assert_true(report->total.guessed == 3000000000);
	assert_true(report->total.low == 2000000000);
	assert_true(report->total.high == 5000000000);
	assert_int_equal(report_table(report, 0, &text), 0);
	contains("\nof which estimated: 0.003000 USD, between 0.002000 USD and 0.005000 USD\n");
	buf_reset(&text);
	assert_int_equal(report_json(report, &text), 0);
	contains("\"estimated_cost_usd\":\"0.003\",\"estimated_cost_low_usd\":\"0.002\",\"estimated_cost_high_usd\":\"0.005\"");
	report_free(report);
}

/* A call that was estimated, and of which the truth came later: taken back, and counted as it is. */
static void adjustments_are_no_calls(void **state)
{
	struct report *report;

	(void)state;
	estimated(1, 1000000000, 2000000000, 4000000000);
	put();
	estimated(2, 1000000000, 2000000000, 4000000000);
	made.record.kind = RECORD_ADJUSTMENT;
	made.record.negative = true;
	put();
	made_record(&made, 3, "search");
	made.record.kind = RECORD_ADJUSTMENT;
	put();
	report = reported("team");
	assert_int_equal(report->total.calls, 1);
	assert_int_equal(report->total.adjustments, 2);
	assert_true(report->total.cost == 4055000000);
	assert_true(report->total.guessed == 0 && report->total.low == 0 && report->total.high == 0);
	assert_int_equal(report->total.input, 1290);
	assert_int_equal(report_table(report, 0, &text), 0);
	contains("\n2 adjustments are in the sums: what was learnt of a call after its record was made\n");
	report_free(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(open_ones_first, begin, end),
		cmocka_unit_test_setup_teardown(the_newest_word_counts, begin, end),
		cmocka_unit_test_setup_teardown(text_that_is_none, begin, end),
		cmocka_unit_test_setup_teardown(in_every_form, begin, end),
		cmocka_unit_test_setup_teardown(none_at_all, begin, end),
		cmocka_unit_test_setup_teardown(memory_refused, begin, end),
		cmocka_unit_test_setup_teardown(estimates_are_told_apart, begin, end),
		cmocka_unit_test_setup_teardown(adjustments_are_no_calls, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
