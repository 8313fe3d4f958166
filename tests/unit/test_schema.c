/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "book/column.h"
#include "book/ledger.h"
#include "book/report.h"
#include "tests/lib/ledger_v1.h"
#include "tests/lib/made_record.h"

static char path[64], why[STORE_WHY];

static int begin(void **state)
{
	sqlite3 *db;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/aitap-schema-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, LEDGER_V1, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	sqlite3_close(db);
	return 0;
}

static int end(void **state)
{
	char command[4 * sizeof(path) + 64];

	(void)state;
	snprintf(command, sizeof(command), "rm -f '%s' '%s-wal' '%s-shm' '%s-lock'", path, path, path, path);
	return system(command);
}

static sqlite3 *to_read(void)
{
	sqlite3 *db;

	assert_int_equal(store_open(path, STORE_READ, &db, why), 0);
	if (store_ready(db, path, STORE_READ, why) < 0)
		fail_msg("%s", why);
	return db;
}

static long long asked(const char *sql)
{
	sqlite3_int64 n = -1;
	sqlite3 *db = to_read();

	if (store_number(db, sql, &n) < 0)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	store_close(db);
	return n;
}

static void adds_up_to(uint64_t calls)
{
	struct query query = { .since_ns = INT64_MIN, .until_ns = INT64_MAX };
	struct report *report = NULL;
	char reason[QUERY_WHY];
	sqlite3 *db = to_read();

	assert_int_equal(query_by(&query, db, "team,model", reason), 0);
	assert_int_equal(report_make(db, &query, &report), 0);
	assert_int_equal(report->n_rows, 1);
	assert_int_equal(report->total.calls, calls);
	assert_true(report->total.cost == (__int128)calls * 4055000000);
	report_free(report);
	store_close(db);
}

static struct sink *opened(void)
{
	struct sink *ledger = NULL;

	if (ledger_open(&(struct ledger_config){ .path = path }, &ledger, why) < 0)
		fail_msg("%s", why);
	return ledger;
}

static void is_remembered(struct sink *ledger, const char *response_id, const char *text)
{
	struct memory_key key = { .kind = MEMORY_ANSWER, .provider = "openai" };
	struct memory *memory = ledger_memory(ledger);
	struct memory_value value;

	STR_COPY(key.name, str_of(response_id));
	assert_int_equal(memory->ops->get(memory, &key, &value), 0);
	assert_string_equal(value.text, text);
	assert_int_equal(value.until_ns - value.time_ns, 30 * 86400 * (long long)NSEC_PER_SEC);
}

/* A reader cannot change the file, and need not. */
static void an_older_one_is_read_as_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; column_name(i); i++) {
		char sql[160];

		snprintf(sql, sizeof(sql), "SELECT count(*) FROM (SELECT calls.%s FROM calls)", column_name(i));
		assert_int_equal(asked(sql), 2);
	}
	assert_int_equal(asked("SELECT count(*) FROM calls WHERE estimate IS NULL AND cost_low_pico IS NULL"), 2);
	assert_int_equal(asked("SELECT (SELECT count(*) FROM memory) + (SELECT count(*) FROM memory_new)"), 0);
	assert_int_equal(asked("PRAGMA user_version"), 1);
	adds_up_to(2);
}

static void an_older_one_is_brought_up(void **state)
{
	struct sink *ledger = opened();
	struct made made;

	(void)state;
	made_record(&made, 7, "search");
	STR_COPY(made.record.estimate.name, STR("relation"));
	made.record.estimate.low[0] = 1200;
	made.record.estimate.high[1] = 230;
	made.record.estimate.priced = true;
	made.record.estimate.high_pico = 5000000000;
	made.call.usage_source = USAGE_ESTIMATED;
	assert_int_equal(ledger->ops->put(ledger, &made.record), 0);
	assert_int_equal(ledger->ops->flush(ledger), 0);
	is_remembered(ledger, "chatcmpl-old", "{\"record\":\"01KB0000000000000000000000\"}");
	is_remembered(ledger, "chatcmpl-new", "{\"record\":\"01KB0000000000000000000001\"}");
	ledger->ops->close(ledger);
	assert_int_equal(asked("PRAGMA user_version"), STORE_VERSION);
	assert_int_equal(asked("SELECT count(*) FROM calls"), 3);
	assert_int_equal(asked("SELECT count(*) FROM calls WHERE estimate IS NULL AND aitap_config = 'sha256:0000'"), 2);
	assert_int_equal(asked("SELECT input_low * 1000000 + output_high FROM calls WHERE estimate = 'relation'"), 1200000230);
	assert_int_equal(asked("SELECT cost_high_pico FROM calls WHERE usage_source = 'estimated'"), 5000000000);
	assert_int_equal(asked("SELECT count(*) FROM sqlite_master WHERE name LIKE 'answers%'"), 0);
	adds_up_to(3);
	/* and once is enough */
	ledger = opened();
	is_remembered(ledger, "chatcmpl-new", "{\"record\":\"01KB0000000000000000000001\"}");
	ledger->ops->close(ledger);
	adds_up_to(3);
}

/* What cannot be brought up as a whole stays as it was. */
static void all_of_it_or_nothing(void **state)
{
	struct sink *ledger = NULL;
	sqlite3 *db;

	(void)state;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "DROP TABLE answers; CREATE VIEW answers AS SELECT 1", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_true(ledger_open(&(struct ledger_config){ .path = path }, &ledger, why) < 0);
	assert_null(ledger);
	assert_non_null(strstr(why, "prepared for writing"));
	assert_int_equal(asked("PRAGMA user_version"), 1);
	assert_int_equal(asked("SELECT count(*) FROM sqlite_master WHERE name LIKE 'answers%'"), 2);
	adds_up_to(2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_older_one_is_read_as_it_is, begin, end),
		cmocka_unit_test_setup_teardown(an_older_one_is_brought_up, begin, end),
		cmocka_unit_test_setup_teardown(all_of_it_or_nothing, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
