/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "book/ledger.h"
#include "book/memory.h"
#include "tests/lib/made_record.h"

static char folder[64], path[96], why[STORE_WHY];

static int begin(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/aitap-ledger-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/ledger.db", folder);
	why[0] = 0;
	return 0;
}

static int end(void **state)
{
	char command[128];

	(void)state;
	chmod(folder, 0700);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static struct sink *opened(void)
{
	struct sink *ledger = NULL;
	int err = ledger_open(&(struct ledger_config){ .path = path }, &ledger, why);

	if (err < 0)
		fail_msg("%s", why);
	return ledger;
}

static void put(struct sink *ledger, unsigned long n, const char *team)
{
	struct made made;

	made_record(&made, n, team);
	assert_int_equal(ledger->ops->put(ledger, &made.record), 0);
}

static void put_flush(struct sink *ledger, unsigned long from, unsigned long to)
{
	for (unsigned long n = from; n < to; n++)
		put(ledger, n, "search");
	assert_int_equal(ledger->ops->flush(ledger), 0);
}

/* What another program sees of the file, while it is being written as well as after. */
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

static void says(const char *sql, const char *text)
{
	sqlite3_stmt *statement;
	sqlite3 *db;

	assert_int_equal(store_open(path, STORE_READ, &db, why), 0);
	assert_int_equal(store_prepare(db, sql, &statement), 0);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(statement, 0), text);
	sqlite3_finalize(statement);
	store_close(db);
}

/* ---- what is written */

static void columns_hold_the_record(void **state)
{
	struct sink *ledger = opened();
	struct made made;

	(void)state;
	made_record(&made, 1, "search");
	made_label(&made, "environment", "prod");
	made_label(&made, "quote\"d", "x");
	made.call.flags = CALL_STREAM | CALL_INCOMPLETE | CALL_ABORTED;
	made.call.missing_bytes = UINT64_MAX;
	made.call.n_units = 1;
	STR_COPY(made.call.units[0].name, STR("second"));
	made.call.units[0].milli = 1500;
	STR_COPY(made.call.tools_called, STR("search,fetch"));
	assert_int_equal(ledger->ops->put(ledger, &made.record), 0);
	assert_int_equal(ledger->ops->flush(ledger), 0);
	says("SELECT team || ' ' || provider || ' ' || model || ' ' || input_tokens || ' ' || output_tokens FROM calls",
	     "search openai gpt-4o-2024-08-06 1290 211");
	says("SELECT labels FROM calls", "{\"environment\":\"prod\",\"quote\\\"d\":\"x\"}");
	says("SELECT flags FROM calls", "[\"aborted\"]");
	says("SELECT units || tools_offered || tools_called FROM calls", "{\"second\":1.5}[][\"search\",\"fetch\"]");
	says("SELECT usage_raw ->> 'prompt_tokens' FROM calls", "1290");
	says("SELECT credential_kind || ' ' || credential_id || ' ' || tls FROM calls", "api_key k1:3fa9c1d2e4b5a697 openssl");
	assert_int_equal(asked("SELECT cost_pico FROM calls"), 4055000000);
	assert_int_equal(asked("SELECT time_ns FROM calls"), made.record.time_ns);
	assert_int_equal(asked("SELECT duration_ns FROM calls"), 1834200000);
	assert_int_equal(asked("SELECT first_byte_ns FROM calls"), 310400000);
	assert_int_equal(asked("SELECT first_token_ns IS NULL AND reasoning_tokens IS NULL AND error_type IS NULL FROM calls"), 1);
	assert_int_equal(asked("SELECT missing_bytes FROM calls"), INT64_MAX);
	assert_int_equal(asked("SELECT complete FROM calls"), 0);
	assert_int_equal(asked("SELECT count(*) FROM lines"), 3);
	assert_int_equal(asked("SELECT sum(cost_pico) FROM lines"), 4055000000);
	assert_int_equal(asked("SELECT quantity_milli FROM lines WHERE class = 'cache_read'"), 1024000);
	assert_int_equal(asked("SELECT count(*) FROM label_names"), 2);
	ledger->ops->close(ledger);
}

static void unpriced_is_unknown(void **state)
{
	struct sink *ledger = opened();
	struct made made;

	(void)state;
	made_record(&made, 1, "");
	made_unpriced(&made);
	ledger->ops->put(ledger, &made.record);
	made_record(&made, 2, "search");
	made_unpriced(&made);
	made.call.billing = BILLING_SUBSCRIPTION;
	ledger->ops->put(ledger, &made.record);
	assert_int_equal(ledger->ops->flush(ledger), 0);
	assert_int_equal(asked("SELECT count(*) FROM calls WHERE cost_pico IS NULL AND list_cost_pico IS NULL AND team IS NULL"), 1);
	/* under a flat rate nothing is owed, whatever the list would say */
	assert_int_equal(asked("SELECT count(*) FROM calls WHERE cost_pico = 0 AND list_cost_pico IS NULL"), 1);
	assert_int_equal(asked("SELECT count(*) FROM lines WHERE cost_pico IS NULL AND price IS NULL"), 6);
	ledger->ops->close(ledger);
}

/* What an adjustment takes away, it takes from whatever is added up. */
static void an_adjustment_takes_away(void **state)
{
	struct sink *ledger = opened();
	struct made made;

	(void)state;
	put(ledger, 1, "search");
	made_record(&made, 2, "search");
	made.record.kind = RECORD_ADJUSTMENT;
	made.record.negative = true;
	snprintf(made.record.adjusts, sizeof(made.record.adjusts), "01KB%022d", 1);
	made.call.n_units = 1;
	STR_COPY(made.call.units[0].name, STR("second"));
	made.call.units[0].milli = 1500;
	ledger->ops->put(ledger, &made.record);
	assert_int_equal(ledger->ops->flush(ledger), 0);
	assert_int_equal(asked("SELECT sum(cost_pico) + sum(list_cost_pico) + sum(input_tokens) + sum(cache_read_tokens) + sum(output_tokens)"
			       " FROM calls"), 0);
	assert_int_equal(asked("SELECT sum(cost_pico) + sum(quantity_milli) FROM lines"), 0);
	assert_int_equal(asked("SELECT cost_pico FROM calls WHERE kind = 'adjustment'"), -4055000000);
	assert_int_equal(asked("SELECT duration_ns FROM calls WHERE kind = 'adjustment'"), 1834200000);
	says("SELECT units || adjusts FROM calls WHERE kind = 'adjustment'", "{\"second\":-1.5}01KB0000000000000000000001");
	ledger->ops->close(ledger);
}

static void same_call_twice_is_one(void **state)
{
	struct sink *ledger = opened();
	struct made made;

	(void)state;
	put(ledger, 1, "search");
	put(ledger, 1, "search");
	assert_int_equal(ledger->ops->flush(ledger), 0);
	put_flush(ledger, 0, 5);
	ledger->ops->close(ledger);
	ledger = opened();	/* and after a restart */
	put_flush(ledger, 0, 5);
	/* what is known already is not changed, not even by one that says otherwise */
	made_record(&made, 3, "support");
	made.record.cost.n_lines = RECORD_LINES;
	ledger->ops->put(ledger, &made.record);
	assert_int_equal(ledger->ops->flush(ledger), 0);
	ledger->ops->close(ledger);
	assert_int_equal(asked("SELECT count(*) FROM calls WHERE team = 'search'"), 5);
	assert_int_equal(asked("SELECT count(*) FROM calls"), 5);
	assert_int_equal(asked("SELECT count(*) FROM lines"), 15);
}

static void nothing_shows_before_flush(void **state)
{
	struct sink *ledger = opened();

	(void)state;
	put_flush(ledger, 0, 3);
	put(ledger, 3, "search");
	assert_int_equal(asked("SELECT count(*) FROM calls"), 3);
	assert_int_equal(ledger->ops->flush(ledger), 0);
	assert_int_equal(asked("SELECT count(*) FROM calls"), 4);
	assert_int_equal(ledger->ops->flush(ledger), 0);	/* nothing to do */
	put(ledger, 4, "search");
	ledger->ops->close(ledger);				/* which flushes */
	assert_int_equal(asked("SELECT count(*) FROM calls"), 5);
}

/* ---- survival */

static void survives_kill(void **state)
{
	int ends[2];
	unsigned long n, acknowledged = 0;
	struct sink *ledger;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		if (ledger_open(&(struct ledger_config){ .path = path }, &ledger, why) < 0)
			_exit(1);
		for (n = 0;; n++) {
			struct made made;

			made_record(&made, n, "search");
			ledger->ops->put(ledger, &made.record);
			if (n % 7 == 6 && ledger->ops->flush(ledger) == 0)
				(void)!write(ends[1], &n, sizeof(n));
		}
	}
	close(ends[1]);
	while (acknowledged < 2000 && read(ends[0], &n, sizeof(n)) == sizeof(n))
		acknowledged = n + 1;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	while (read(ends[0], &n, sizeof(n)) == sizeof(n))
		acknowledged = n + 1;
	close(ends[0]);
	assert_true(acknowledged >= 2000);
	assert_true(asked("SELECT count(*) FROM calls") >= (long long)acknowledged);
	assert_int_equal(asked("SELECT count(*) * 3 FROM calls"), asked("SELECT count(*) FROM lines"));
	says("PRAGMA integrity_check", "ok");
	ledger = opened();		/* and the lock went with the process */
	put_flush(ledger, 0, 3);
	ledger->ops->close(ledger);
}

static void one_writer(void **state)
{
	struct sink *ledger = opened(), *second = NULL;
	char pid[24], link[128];

	(void)state;
	snprintf(pid, sizeof(pid), "process %d", (int)getpid());
	assert_int_equal(ledger_open(&(struct ledger_config){ .path = path }, &second, why), -EBUSY);
	assert_non_null(strstr(why, pid));
	assert_null(second);
	snprintf(link, sizeof(link), "%s/other.db", folder);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(ledger_open(&(struct ledger_config){ .path = link }, &second, why), -EBUSY);
	assert_non_null(strstr(why, pid));
	put_flush(ledger, 0, 3);	/* the refused one has not disturbed it */
	ledger->ops->close(ledger);
	put_flush(ledger = opened(), 3, 5);
	ledger->ops->close(ledger);
	assert_int_equal(asked("SELECT count(*) FROM calls"), 5);
}

/* ---- refusals */

static void fill(const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, bytes, n), (ssize_t)n);
	close(fd);
}

static void refused(int err, const char *words)
{
	struct sink *ledger = NULL;

	assert_int_equal(ledger_open(&(struct ledger_config){ .path = path }, &ledger, why), err);
	assert_null(ledger);
	if (!strstr(why, words))
		fail_msg("'%s' does not say '%s'", why, words);
}

static void foreign(const char *sql)
{
	sqlite3 *db;

	unlink(path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void refuses_what_is_none(void **state)
{
	char text[9000];
	struct stat before, after;

	(void)state;
	memset(text, 'x', sizeof(text));
	fill(text, sizeof(text));
	assert_int_equal(stat(path, &before), 0);
	refused(-EBADMSG, "not a ledger");
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	foreign("CREATE TABLE invoices(a); INSERT INTO invoices VALUES(1)");
	refused(-EBADMSG, "something else");
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	refused(-EISDIR, "directory");
	rmdir(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	refused(-EBADMSG, "not a file");
	unlink(path);
	snprintf(path, sizeof(path), "%s/nowhere/ledger.db", folder);
	refused(-ENOENT, "No such file");
}

static void refuses_a_newer_one(void **state)
{
	char sql[128];

	(void)state;
	snprintf(sql, sizeof(sql), "PRAGMA application_id=%d; PRAGMA user_version=%d; CREATE TABLE calls(a)", STORE_APPLICATION,
		 STORE_VERSION + 1);
	foreign(sql);
	snprintf(sql, sizeof(sql), "schema version %d", STORE_VERSION + 1);
	refused(-EPROTO, sql);
	refused(-EPROTO, "newer");
}

/* Another uid, where we are root, to whom rights apply. */
static void as_nobody(void (*act)(void))
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
			_exit(9);
		act();
		_exit(0);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

static void try_to_write(void)
{
	struct sink *ledger = NULL;
	int err = ledger_open(&(struct ledger_config){ .path = path }, &ledger, why);

	_exit(err == -EACCES && strstr(why, "Permission denied") ? 0 : 1);
}

static void try_to_read(void)
{
	sqlite3_int64 n = 0;
	sqlite3 *db;

	if (store_open(path, STORE_READ, &db, why) < 0 || store_ready(db, path, STORE_READ, why) < 0)
		_exit(2);
	_exit(store_number(db, "SELECT count(*) FROM calls", &n) == 0 && n == 3 ? 0 : 3);
}

static void read_only_folder(void **state)
{
	struct sink *ledger;

	(void)state;
	chmod(folder, 0555);
	as_nobody(try_to_write);
	chmod(folder, 0700);
	ledger = opened();
	put_flush(ledger, 0, 3);
	/* read by one who may read and no more: while it is written, and when no one has it open */
	chmod(path, 0644);
	chmod(folder, 0555);
	{
		char beside[128];

		snprintf(beside, sizeof(beside), "%s-wal", path);
		chmod(beside, 0644);
		snprintf(beside, sizeof(beside), "%s-shm", path);
		chmod(beside, 0644);
	}
	as_nobody(try_to_read);
	chmod(folder, 0755);
	ledger->ops->close(ledger);
	chmod(folder, 0555);
	as_nobody(try_to_read);
}

/* Fills the disk under a batch, then makes room: that batch is lost and said to be, no other is. */
static void full_disk_is_survived(void **state)
{
	struct rlimit before, tight;
	struct sink *ledger = opened();
	struct stat st;
	char wal[128];
	unsigned long n = 0;
	int err = 0;

	(void)state;
	put_flush(ledger, 0, 10);
	signal(SIGXFSZ, SIG_IGN);
	snprintf(wal, sizeof(wal), "%s-wal", path);
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	tight = (struct rlimit){ (rlim_t)st.st_size + 200000, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	for (n = 10; err == 0 && n < 100000; n += 10) {
		for (unsigned long i = n; i < n + 10; i++)
			put(ledger, i, "search");
		err = ledger->ops->flush(ledger);
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_true(err == -ENOSPC || err == -EFBIG || err == -EIO);
	assert_int_equal(asked("SELECT count(*) FROM calls"), n - 10);
	put_flush(ledger, n, n + 5);
	ledger->ops->close(ledger);
	assert_int_equal(asked("SELECT count(*) FROM calls"), n - 5);
	assert_int_equal(asked("SELECT count(*) FROM lines"), 3 * (n - 5));
	says("PRAGMA integrity_check", "ok");
}

/* Another program's write transaction: waited for, then a clear error, then all is well again. */
static void another_program_holds_it(void **state)
{
	struct sink *ledger = opened();
	sqlite3 *other;

	(void)state;
	put_flush(ledger, 0, 2);
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	put(ledger, 2, "search");
	put(ledger, 3, "search");
	assert_int_equal(ledger->ops->flush(ledger), -EBUSY);
	sqlite3_exec(other, "COMMIT", NULL, NULL, NULL);
	sqlite3_close(other);
	put_flush(ledger, 4, 6);
	ledger->ops->close(ledger);
	assert_int_equal(asked("SELECT count(*) FROM calls"), 4);
}

/* SQLite would go on writing to what nobody will ever read. */
static void a_file_without_its_name(void **state)
{
	struct sink *ledger = opened();
	char other[128];

	(void)state;
	snprintf(other, sizeof(other), "%s.old", path);
	put_flush(ledger, 0, 2);
	assert_int_equal(rename(path, other), 0);
	put(ledger, 2, "search");
	assert_int_equal(ledger->ops->flush(ledger), -ESTALE);
	put(ledger, 3, "search");
	assert_int_equal(ledger->ops->flush(ledger), -ESTALE);
	assert_int_equal(rename(other, path), 0);
	put_flush(ledger, 4, 6);
	assert_null(ledger->ops->close(ledger));
	assert_int_equal(asked("SELECT count(*) FROM calls"), 4);
}

static void memory_refused(void **state)
{
	struct sink *ledger;
	int err = -ENOMEM;

	(void)state;
	for (uint64_t nth = 1; err == -ENOMEM; nth++) {
		assert_true(nth < 100);
		ledger = NULL;
		mem_fail_at(nth);
		err = ledger_open(&(struct ledger_config){ .path = path }, &ledger, why);
		mem_fail_at(0);
	}
	assert_int_equal(err, 0);
	put_flush(ledger, 0, 1);
	ledger->ops->close(ledger);
	assert_int_equal(asked("SELECT count(*) FROM calls"), 1);
}

/* ---- keeping */

static void keeps_so_many_days(void **state)
{
	struct sink *ledger;
	struct made made;

	(void)state;
	assert_int_equal(ledger_open(&(struct ledger_config){ .path = path, .keep_days = 30 }, &ledger, why), 0);
	for (unsigned long n = 0; n < 3000; n++) {
		made_record(&made, n, "search");
		made.record.time_ns = clock_anchor().wall_ns - (n < 2000 ? 31 : 29) * 86400 * (int64_t)NSEC_PER_SEC;
		ledger->ops->put(ledger, &made.record);
		if (n % 100 == 99)
			assert_int_equal(ledger->ops->flush(ledger), 0);
	}
	for (unsigned long n = 3000; n < 3020; n++) {
		made_record(&made, n, "search");
		made.record.time_ns = clock_anchor().wall_ns;
		ledger->ops->put(ledger, &made.record);
		assert_int_equal(ledger->ops->flush(ledger), 0);
	}
	ledger->ops->close(ledger);
	assert_int_equal(asked("SELECT count(*) FROM calls"), 1020);
	assert_int_equal(asked("SELECT count(*) FROM lines"), 3060);
}

/* A call, and what it leaves for a later one that asks for its answer again. */
static void put_answered(struct sink *ledger, unsigned long n)
{
	struct memory *memory = ledger_memory(ledger);
	struct memory_key key = { .kind = MEMORY_ANSWER };
	struct memory_value value = { 0 };
	struct made made;

	made_record(&made, n, "search");
	assert_int_equal(ledger->ops->put(ledger, &made.record), 0);
	STR_COPY(key.provider, str_of(made.call.provider));
	STR_COPY(key.name, str_of(made.call.response_id));
	value.time_ns = made.record.time_ns;
	snprintf(value.text, sizeof(value.text), "{\"record\":\"%s\"}", made.record.id);
	assert_int_equal(memory->ops->put(memory, &key, &value), 0);
}

static void keeps_so_many_bytes(void **state)
{
	struct sink *ledger;
	struct stat st;
	long long kept;

	(void)state;
	assert_int_equal(ledger_open(&(struct ledger_config){ .path = path, .max_bytes = 4000000 }, &ledger, why), 0);
	for (unsigned long n = 0; n < 2 * MEMORIES_WAITING + 250; n += 50) {
		for (unsigned long i = n; i < n + 50; i++)
			put_answered(ledger, i);
		assert_int_equal(ledger->ops->flush(ledger), 0);
	}
	ledger->ops->close(ledger);
	assert_int_equal(stat(path, &st), 0);
	kept = asked("SELECT count(*) FROM calls");
	assert_true(kept > 1000 && kept < 6000);
	assert_true(st.st_size < 8000000);
	assert_int_equal(asked("SELECT count(*) FROM lines"), 3 * kept);
	assert_true(asked("SELECT count(*) FROM memory") > 0);
	assert_int_equal(asked("SELECT count(*) FROM memory WHERE json_extract(text, '$.record') NOT IN (SELECT id FROM calls)"), 0);
	/* the newest stayed */
	assert_int_equal(asked("SELECT (SELECT max(time_ns) FROM calls) - (SELECT min(time_ns) FROM calls)"), (kept - 1) * 1000000000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(columns_hold_the_record), TEST(unpriced_is_unknown), TEST(same_call_twice_is_one),
		TEST(an_adjustment_takes_away), TEST(nothing_shows_before_flush),
		TEST(survives_kill), TEST(one_writer),
		TEST(refuses_what_is_none), TEST(refuses_a_newer_one), TEST(read_only_folder), TEST(full_disk_is_survived),
		TEST(another_program_holds_it), TEST(memory_refused), TEST(keeps_so_many_days), TEST(keeps_so_many_bytes),
		TEST(a_file_without_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
