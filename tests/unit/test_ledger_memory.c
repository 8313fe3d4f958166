/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "book/ledger.h"
#include "book/memory.h"
#include "tests/lib/made_record.h"

#define DAY (86400 * (int64_t)NSEC_PER_SEC)

static char folder[64], path[96], why[STORE_WHY];

static int begin(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/aitap-memory-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/ledger.db", folder);
	return 0;
}

static int end(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static struct sink *opened(void)
{
	struct sink *ledger = NULL;

	if (ledger_open(&(struct ledger_config){ .path = path }, &ledger, why) < 0)
		fail_msg("%s", why);
	return ledger;
}

static struct memory_key key_of(enum memory_kind kind, unsigned long n)
{
	struct memory_key key = { .kind = (uint8_t)kind, .provider = "openai" };

	snprintf(key.name, sizeof(key.name), "name-%016lx", n * 0x9e3779b97f4a7c15ul);
	return key;
}

static int put_until(struct sink *ledger, enum memory_kind kind, unsigned long n, const char *text, int64_t until_ns)
{
	struct memory *memory = ledger_memory(ledger);
	struct memory_key key = key_of(kind, n);
	struct memory_value value = { .time_ns = clock_civil_ns(2026, 11, 22), .until_ns = until_ns };

	STR_COPY(value.text, str_of(text));
	return memory->ops->put(memory, &key, &value);
}

static void put(struct sink *ledger, enum memory_kind kind, unsigned long n, const char *text)
{
	assert_int_equal(put_until(ledger, kind, n, text, 0), 0);
}

static void is(struct sink *ledger, enum memory_kind kind, unsigned long n, const char *text)
{
	struct memory *memory = ledger_memory(ledger);
	struct memory_key key = key_of(kind, n);
	struct memory_value value = { 0 };
	int err = memory->ops->get(memory, &key, &value);

	assert_int_equal(err, text ? 0 : -ENOENT);
	if (text)
		assert_string_equal(value.text, text);
}

static long long asked(const char *sql)
{
	sqlite3_int64 n = -1;
	sqlite3 *db;

	assert_int_equal(store_open(path, STORE_READ, &db, why), 0);
	assert_int_equal(store_ready(db, path, STORE_READ, why), 0);
	assert_int_equal(store_number(db, sql, &n), 0);
	store_close(db);
	return n;
}

static void put_record(struct sink *ledger, unsigned long n)
{
	struct made made;

	made_record(&made, n, "search");
	assert_int_equal(ledger->ops->put(ledger, &made.record), 0);
}

/* ---- get and put */

static void what_was_put_counts_at_once(void **state)
{
	struct sink *ledger = opened();

	(void)state;
	is(ledger, MEMORY_BATCH, 1, NULL);
	put(ledger, MEMORY_BATCH, 1, "{\"team\":\"search\"}");
	is(ledger, MEMORY_BATCH, 1, "{\"team\":\"search\"}");
	is(ledger, MEMORY_BATCH, 2, NULL);
	is(ledger, MEMORY_ALIAS, 1, NULL);	/* another kind is another thing */
	put(ledger, MEMORY_BATCH, 1, "{\"team\":\"data\"}");
	is(ledger, MEMORY_BATCH, 1, "{\"team\":\"data\"}");
	assert_int_equal(ledger->ops->flush(ledger), 0);
	is(ledger, MEMORY_BATCH, 1, "{\"team\":\"data\"}");
	put(ledger, MEMORY_BATCH, 1, "{}");
	ledger->ops->close(ledger);
	ledger = opened();			/* and after a restart */
	is(ledger, MEMORY_BATCH, 1, "{}");
	is(ledger, MEMORY_BATCH, 2, NULL);
	ledger->ops->close(ledger);
}

static void a_value_comes_back_whole(void **state)
{
	struct sink *ledger = opened();
	struct memory *memory = ledger_memory(ledger);
	struct memory_key key = { .kind = MEMORY_ALIAS, .provider = "p" };
	struct memory_value value = { .time_ns = -5, .until_ns = 7 }, got;

	(void)state;
	memset(key.provider, 'p', sizeof(key.provider) - 1);
	memset(key.name, '%', sizeof(key.name) - 1);
	memset(value.text, '"', sizeof(value.text) - 1);
	assert_int_equal(memory->ops->put(memory, &key, &value), 0);
	for (int restart = 0; restart < 2; restart++) {
		memset(&got, 0, sizeof(got));
		assert_int_equal(memory->ops->get(memory, &key, &got), 0);
		assert_memory_equal(&got, &value, sizeof(got));
		ledger->ops->close(ledger);
		ledger = opened();
		memory = ledger_memory(ledger);
	}
	/* what has no end comes back as such */
	value.until_ns = 0;
	assert_int_equal(memory->ops->put(memory, &key, &value), 0);
	assert_int_equal(memory->ops->get(memory, &key, &got), 0);
	assert_int_equal(got.until_ns, 0);
	ledger->ops->close(ledger);
}

/* More than are let wait: they are merged, replaced afterwards, and found in either place. */
static void many_are_merged(void **state)
{
	const unsigned long n_names = MEMORIES_WAITING + 1000;
	struct sink *ledger = opened();
	char text[32];

	(void)state;
	for (unsigned long n = 0; n < n_names; n++) {
		snprintf(text, sizeof(text), "{\"n\":%lu}", n);
		put(ledger, MEMORY_ANSWER, n, text);
		if (n % 100 == 99)
			assert_int_equal(ledger->ops->flush(ledger), 0);
	}
	assert_int_equal(ledger->ops->flush(ledger), 0);
	assert_true(asked("SELECT count(*) FROM memory") >= MEMORIES_WAITING);
	assert_int_equal(asked("SELECT (SELECT count(*) FROM memory) + (SELECT count(*) FROM memory_new)"), n_names);
	put(ledger, MEMORY_ANSWER, 3, "{}");
	for (int restart = 0; restart < 2; restart++) {
		for (unsigned long n = 0; n < n_names; n += 97) {
			snprintf(text, sizeof(text), "{\"n\":%lu}", n);
			is(ledger, MEMORY_ANSWER, n, text);
		}
		is(ledger, MEMORY_ANSWER, 3, "{}");
		is(ledger, MEMORY_ANSWER, n_names, NULL);
		ledger->ops->close(ledger);
		ledger = opened();
	}
	ledger->ops->close(ledger);
}

/* One batch alone may leave more than may wait; none is lost, and the newest of a name counts. */
static void a_batch_too_big_to_wait(void **state)
{
	const unsigned long n_names = 2 * MEMORIES_WAITING + 50;
	struct sink *ledger = opened();

	(void)state;
	for (unsigned long n = 0; n < n_names; n++)
		put(ledger, MEMORY_ANSWER, n, "{}");
	put(ledger, MEMORY_ANSWER, 0, "{\"waits\":1}");
	put(ledger, MEMORY_ANSWER, n_names - 1, "{\"straight\":1}");
	for (int i = 0; i < 2; i++) {
		is(ledger, MEMORY_ANSWER, 0, "{\"waits\":1}");
		is(ledger, MEMORY_ANSWER, n_names - 1, "{\"straight\":1}");
		assert_int_equal(ledger->ops->flush(ledger), 0);
	}
	assert_int_equal(asked("SELECT count(*) FROM memory"), n_names);
	assert_int_equal(asked("SELECT count(*) FROM memory_new"), 0);
	ledger->ops->close(ledger);
}

static void common_questions_cost_no_query(void **state)
{
	struct memory_value value = { .text = "{}" };
	struct memories memories;
	struct memory_key key;
	uint64_t before;
	sqlite3 *db;

	(void)state;
	assert_int_equal(store_open(path, STORE_WRITE, &db, why), 0);
	assert_int_equal(store_ready(db, path, STORE_WRITE, why), 0);
	assert_int_equal(memories_open(&memories, db), 0);
	for (unsigned long n = 0; n < 10000; n++) {
		key = key_of(MEMORY_ANSWER, n);
		assert_int_equal(memories_put(&memories, &key, &value), 0);
	}
	for (unsigned long n = 10000; n < 110000; n++) {
		key = key_of(MEMORY_ANSWER, n);
		assert_int_equal(memories_get(&memories, &key, &value), -ENOENT);
	}
	assert_true(memories.looked < 100);
	key = key_of(MEMORY_ANSWER, 5);
	assert_int_equal(memories_get(&memories, &key, &value), 0);
	before = memories.looked;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(memories_get(&memories, &key, &value), 0);
		assert_int_equal(memories_put(&memories, &key, &value), 0);
	}
	assert_int_equal(memories.looked, before);
	memories_close(&memories);
	store_close(db);
}

/* ---- with the records, or not at all */

static void goes_with_its_batch(void **state)
{
	struct sink *ledger = opened();
	sqlite3 *other;

	(void)state;
	put_record(ledger, 1);
	put(ledger, MEMORY_BATCH, 1, "{\"a\":1}");
	assert_int_equal(asked("SELECT count(*) FROM memory_new WHERE kind = 2"), 0);
	assert_int_equal(ledger->ops->flush(ledger), 0);
	assert_int_equal(asked("SELECT count(*) FROM memory_new WHERE kind = 2"), 1);
	is(ledger, MEMORY_BATCH, 1, "{\"a\":1}");
	/* the file loses its name, so the batch is lost: what it changed is as before */
	put_record(ledger, 2);
	put(ledger, MEMORY_BATCH, 1, "{\"a\":2}");
	put(ledger, MEMORY_BATCH, 2, "{\"a\":3}");
	is(ledger, MEMORY_BATCH, 1, "{\"a\":2}");
	{
		char away[128];

		snprintf(away, sizeof(away), "%s.away", path);
		assert_int_equal(rename(path, away), 0);
		assert_int_equal(ledger->ops->flush(ledger), -ESTALE);
		assert_int_equal(rename(away, path), 0);
	}
	is(ledger, MEMORY_BATCH, 1, "{\"a\":1}");
	is(ledger, MEMORY_BATCH, 2, NULL);
	/* while the file is locked a put says so, and so does the batch's end */
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(put_until(ledger, MEMORY_BATCH, 3, "{}", 0), -EBUSY);
	assert_int_equal(ledger->ops->flush(ledger), -EBUSY);
	sqlite3_exec(other, "COMMIT", NULL, NULL, NULL);
	sqlite3_close(other);
	put(ledger, MEMORY_BATCH, 4, "{\"a\":4}");
	ledger->ops->close(ledger);		/* which flushes */
	ledger = opened();
	is(ledger, MEMORY_BATCH, 1, "{\"a\":1}");
	is(ledger, MEMORY_BATCH, 3, NULL);
	is(ledger, MEMORY_BATCH, 4, "{\"a\":4}");
	ledger->ops->close(ledger);
}

static void survives_kill(void **state)
{
	unsigned long n, acknowledged = 0;
	struct sink *ledger;
	int ends[2];
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		ledger = opened();
		for (n = 0;; n++) {
			put_record(ledger, n);
			put(ledger, MEMORY_BATCH, n, "{}");
			if (n % 7 == 6 && ledger->ops->flush(ledger) == 0)
				(void)!write(ends[1], &n, sizeof(n));
		}
	}
	close(ends[1]);
	while (acknowledged < 2000 && read(ends[0], &n, sizeof(n)) == sizeof(n))
		acknowledged = n + 1;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ends[0]);
	assert_true(acknowledged >= 2000);
	ledger = opened();
	for (n = 0; n < acknowledged; n++)
		is(ledger, MEMORY_BATCH, n, "{}");
	ledger->ops->close(ledger);
	assert_int_equal(asked("SELECT count(*) FROM calls"), asked("SELECT (SELECT count(*) FROM memory WHERE kind = 2)"
									 " + (SELECT count(*) FROM memory_new WHERE kind = 2)"));
}

static void memory_refused(void **state)
{
	struct memories memories;
	sqlite3 *db;
	int err = -ENOMEM;

	(void)state;
	assert_int_equal(store_open(path, STORE_WRITE, &db, why), 0);
	assert_int_equal(store_ready(db, path, STORE_WRITE, why), 0);
	assert_int_equal(sqlite3_exec(db, "INSERT INTO memory_new VALUES(1, 2, 'openai', 'batch_1', 0, 5, '{}')", NULL, NULL, NULL), SQLITE_OK);
	for (uint64_t nth = 1; err == -ENOMEM; nth++) {
		assert_true(nth < 20);
		mem_fail_at(nth);
		err = memories_open(&memories, db);
		mem_fail_at(0);
		memories_close(&memories);
	}
	assert_int_equal(err, 0);
	store_close(db);
}

/* ---- keeping */

static void what_has_ended_is_forgotten(void **state)
{
	int64_t now = clock_anchor().wall_ns;
	struct sink *ledger = opened();

	(void)state;
	for (unsigned long n = 0; n < MEMORIES_WAITING; n++)
		assert_int_equal(put_until(ledger, MEMORY_BATCH, n, "{}", n % 2 ? now + DAY : now - DAY), 0);
	put(ledger, MEMORY_ALIAS, 1, "{}");
	for (int i = 0; i < 300 * 16; i++) {
		put_record(ledger, (unsigned long)i);
		assert_int_equal(ledger->ops->flush(ledger), 0);
	}
	assert_int_equal(asked("SELECT count(*) FROM memory WHERE kind = 2"), MEMORIES_WAITING / 2);
	is(ledger, MEMORY_BATCH, 0, NULL);
	is(ledger, MEMORY_BATCH, 1, "{}");
	is(ledger, MEMORY_ALIAS, 1, "{}");
	ledger->ops->close(ledger);
}

/* Above the ceiling those of that kind go that would end first, some at a time; others stay. */
static void too_many_are_not_kept(void **state)
{
	const unsigned long n_names = LIMIT_MEMORIES + MEMORIES_WAITING;
	struct sink *ledger = opened();

	(void)state;
	put(ledger, MEMORY_BATCH, 1, "{}");
	for (unsigned long n = 0; n < n_names; n++) {
		assert_int_equal(put_until(ledger, MEMORY_ALIAS, n, "{}", n == 5 ? 0 : 4000000000000000000 + (int64_t)n), 0);
		if (n % 100 == 99)
			assert_int_equal(ledger->ops->flush(ledger), 0);
	}
	for (unsigned long n = 0; n < 2500; n++) {
		put_record(ledger, n);
		assert_int_equal(ledger->ops->flush(ledger), 0);
	}
	assert_in_range(asked("SELECT (SELECT count(*) FROM memory WHERE kind = 3) + (SELECT count(*) FROM memory_new WHERE kind = 3)"),
			LIMIT_MEMORIES * 3 / 4, LIMIT_MEMORIES);
	is(ledger, MEMORY_BATCH, 1, "{}");
	is(ledger, MEMORY_ALIAS, 5, "{}");	/* has no end */
	is(ledger, MEMORY_ALIAS, n_names - 1, "{}");
	/* of the oldest fewer stayed than of those merged after them */
	assert_true(asked("SELECT sum(until_ns < 4000000000000016384) < sum(until_ns BETWEEN 4000000000000032768 AND 4000000000000049152)"
			  " FROM memory WHERE kind = 3"));
	ledger->ops->close(ledger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_put_counts_at_once, begin, end),
		cmocka_unit_test_setup_teardown(a_value_comes_back_whole, begin, end),
		cmocka_unit_test_setup_teardown(many_are_merged, begin, end),
		cmocka_unit_test_setup_teardown(a_batch_too_big_to_wait, begin, end),
		cmocka_unit_test_setup_teardown(common_questions_cost_no_query, begin, end),
		cmocka_unit_test_setup_teardown(goes_with_its_batch, begin, end),
		cmocka_unit_test_setup_teardown(survives_kill, begin, end),
		cmocka_unit_test_setup_teardown(memory_refused, begin, end),
		cmocka_unit_test_setup_teardown(what_has_ended_is_forgotten, begin, end),
		cmocka_unit_test_setup_teardown(too_many_are_not_kept, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
