/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "book/figure.h"
#include "book/ledger.h"
#include "book/period.h"
#include "book/report.h"
#include "book/report_json.h"
#include "book/table.h"
#include "tests/lib/made_record.h"

static char folder[64], path[96], why[QUERY_WHY];
static struct sink *ledger;
static struct buf text = { .ceiling = MIB(16) };

static int begin(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/aitap-report-XXXXXX");
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
	if (ledger)
		ledger = ledger->ops->close(ledger);
	buf_done(&text);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static struct made made;

static void put(void)
{
	assert_int_equal(ledger->ops->put(ledger, &made.record), 0);
}

static void put_call(unsigned long n, const char *team, const char *model, int64_t pico)
{
	made_record(&made, n, team);
	STR_COPY(made.call.model, str_of(model));
	made.record.cost.pico = made.record.cost.list_pico = pico;
	put();
}

static sqlite3 *store(void)
{
	sqlite3 *db;

	assert_int_equal(ledger->ops->flush(ledger), 0);
	assert_int_equal(store_open(path, STORE_READ, &db, why), 0);
	assert_int_equal(store_ready(db, path, STORE_READ, why), 0);
	return db;
}

/* Opens the ledger beside its writer, as the command does. where: separated by spaces. */
static struct report *reported(const char *by, const char *where, int64_t since_ns, int64_t until_ns)
{
	struct str rest = str_of(where), term;
	struct query query = { .since_ns = since_ns, .until_ns = until_ns };
	struct report *report = NULL;
	sqlite3 *db = store();

	if (query_by(&query, db, by, why) < 0)
		fail_msg("%s", why);
	while (*where && str_split(&rest, ' ', &term)) {
		char one[256];

		STR_COPY(one, term);
		if (query_where(&query, db, one, why) < 0)
			fail_msg("%s", why);
	}
	assert_int_equal(report_make(db, &query, &report), 0);
	STR_COPY(report->zone, STR("UTC"));
	store_close(db);
	return report;
}

static struct report *all_by(const char *by)
{
	return reported(by, "", INT64_MIN, INT64_MAX);
}

static void row_is(const struct report *report, size_t i, const char *keys, uint64_t calls, const char *usd)
{
	char joined[256] = "", cost[DECIMAL_MAX];
	size_t n = 0;

	assert_true(i < report->n_rows);
	for (size_t k = 0; k < report->query.n_by; k++)
		n += (size_t)snprintf(joined + n, sizeof(joined) - n, "%s%s", k ? "/" : "", report->rows[i].keys[k] ?: "NULL");
	assert_string_equal(joined, keys);
	assert_int_equal(report->rows[i].sums.calls, calls);
	figure_text(report, &report->rows[i].sums, FIGURE_COST, cost);
	assert_string_equal(cost, usd);
}

/* ---- sums */

static void team_first_then_model(void **state)
{
	struct report *report;

	(void)state;
	put_call(1, "search", "small", 1000000000000);
	put_call(2, "support", "small", 4000000000000);
	put_call(3, "search", "big", 2000000000001);
	put_call(4, "", "small", 500000000000);
	put_call(5, "support", "small", 1);
	put_call(6, "search", "big", 0);
	report = all_by("team,model");
	assert_int_equal(report->n_rows, 4);
	row_is(report, 0, "support/small", 2, "4.000000000001");
	row_is(report, 1, "search/big", 2, "2.000000000001");
	row_is(report, 2, "search/small", 1, "1");
	row_is(report, 3, "_unattributed/small", 1, "0.5");
	assert_int_equal(report->total.calls, 6);
	assert_true(report->total.cost == 7500000000002);
	assert_int_equal(report->total.input, 6 * 1290);
	assert_int_equal(report->total.cache_read, 6 * 1024);
	assert_int_equal(report->total.output, 6 * 211);
	assert_int_equal(report_share(report, &report->rows[3].sums), 66666);
	report_free(report);
}

static void beyond_64_bits(void **state)
{
	struct report *report;
	char usd[DECIMAL_MAX];

	(void)state;
	for (unsigned long n = 0; n < 3; n++) {
		made_record(&made, n, n ? "a" : "b");
		made.record.cost.pico = INT64_MAX;
		usage_set(&made.call.usages[0], COUNT_INPUT, UINT64_MAX);
		put();
	}
	report = all_by("team");
	figure_text(report, &report->total, FIGURE_COST, usd);
	assert_string_equal(usd, "27670116.110564327421");
	row_is(report, 0, "a", 2, "18446744.073709551614");
	assert_true(report->total.input == 3 * (__int128)INT64_MAX);
	report_free(report);
}

static void only_spend_counts(void **state)
{
	struct report *report;

	(void)state;
	put_call(1, "search", "m", 1000);
	made_record(&made, 2, "search");
	made.record.spend = false;
	put();
	/* a correction, signed: it is no call */
	made_record(&made, 3, "search");
	STR_COPY(made.call.model, STR("m"));
	made.call.n_usages = 0;
	made.record.kind = RECORD_ADJUSTMENT;
	made.record.cost.pico = -400;
	put();
	report = all_by("team,model");
	assert_int_equal(report->n_rows, 1);
	row_is(report, 0, "search/m", 1, "0.0000000006");
	assert_int_equal(report->repeats, 1);
	report_free(report);
}

static void flat_rates_stand_apart(void **state)
{
	struct report *report;

	(void)state;
	put_call(1, "search", "m", 5000);
	made_record(&made, 2, "search");
	STR_COPY(made.call.model, STR("m"));
	made.call.billing = BILLING_SUBSCRIPTION;
	made.record.cost.list_pico = 7000000000000;
	made.record.cost.pico = 0;
	put();
	report = all_by("team,model");
	row_is(report, 0, "search/m", 2, "0.000000005");
	assert_true(report->total.flat == 7000000000000);
	assert_int_equal(report_table(report, 0, &text), 0);
	assert_non_null(strstr(buf_cstr(&text), "7.0000"));
	assert_non_null(strstr(buf_cstr(&text), "nothing of it is in USD"));
	report_free(report);
}

static void unpriced_is_listed(void **state)
{
	struct report *report;
	char figure[DECIMAL_MAX];

	(void)state;
	put_call(1, "search", "m", 5000);
	for (unsigned long n = 2; n < 4; n++) {
		made_record(&made, n, "support");
		made_unpriced(&made);
		put();
	}
	/* a call of which a part has a price */
	made_record(&made, 4, "search");
	made.record.cost.status = COST_PARTIAL;
	made.record.cost.lines[2].priced = false;
	STR_COPY(made.record.cost.lines[2].model, STR("adviser"));
	put();
	/* and one whose quantities no sum of 64 bits would hold */
	made_record(&made, 5, "data");
	made_unpriced(&made);
	made.record.cost.lines[0].milli = made.record.cost.lines[1].milli = UINT64_MAX;
	put();
	report = all_by("team");
	assert_int_equal(report->n_rows, 3);
	row_is(report, 0, "search", 2, "0.004055005");
	row_is(report, 1, "data", 1, "");
	row_is(report, 2, "support", 2, "");
	assert_int_equal(report->rows[2].sums.priceless, 2);
	figure_text(report, &report->rows[2].sums, FIGURE_UNPRICED_TOKENS, figure);
	assert_string_equal(figure, "3002");
	figure_text(report, &report->rows[0].sums, FIGURE_UNPRICED_TOKENS, figure);
	assert_string_equal(figure, "211");
	assert_true(report->rows[1].sums.unpriced_milli == 2 * (__int128)INT64_MAX + 211000);
	assert_int_equal(report->n_gaps, 2);
	assert_string_equal(report->gaps[0].model, "gpt-4o-2024-08-06");
	assert_int_equal(report->gaps[0].calls, 3);
	assert_string_equal(report->gaps[1].model, "adviser");
	assert_int_equal(report_table(report, 0, &text), 0);
	assert_non_null(strstr(buf_cstr(&text), "openai/adviser  1 call, 211 tokens"));
	report_free(report);
}

static void counts_what_is_uncertain(void **state)
{
	struct report *report;

	(void)state;
	for (unsigned long n = 0; n < 6; n++) {
		made_record(&made, n, "search");
		made.call.flags = n < 2 ? CALL_INCOMPLETE : n == 2 ? CALL_ERROR : 0;
		made.call.usage_source = n == 3 ? USAGE_ESTIMATED : USAGE_REPORTED;
		made.record.flags |= n > 2 ? FLAG_NOT_READY : 0;
		put();
	}
	report = all_by("team");
	assert_int_equal(report->total.incomplete, 2);
	assert_int_equal(report->total.failed, 1);
	assert_int_equal(report->total.estimated, 1);
	assert_int_equal(report->total.unready, 3);
	assert_int_equal(report_table(report, 0, &text), 0);
	assert_non_null(strstr(buf_cstr(&text), "of 6 calls: 2 incomplete (bytes were lost), 1 estimated, 3 not FinOps-ready, 1 failed"));
	report_free(report);
}

/* ---- what is asked for */

static void every_field_can_be_asked(void **state)
{
	struct query query = { .since_ns = INT64_MIN, .until_ns = INT64_MAX };
	char list[QUERY_WHY];
	struct str rest, name;
	unsigned int n = 0;
	sqlite3 *db;

	(void)state;
	put_call(1, "search", "m", 5000);
	db = store();
	assert_int_equal(query_by(&query, db, "nonsense", list), -EINVAL);
	rest = str_of(strstr(list, "there are") + strlen("there are"));
	while (str_split(&rest, ',', &name)) {
		struct report *report;
		char one[80];

		STR_COPY(one, str_trim(name));
		assert_int_equal(query_by(&query, db, one, why), 0);
		assert_int_equal(report_make(db, &query, &report), 0);
		assert_int_equal(report->n_rows, 1);
		report_free(report);
		n++;
	}
	assert_true(n > 50);
	store_close(db);
}

static void labels_are_fields(void **state)
{
	struct query query = { 0 };
	struct report *report;
	sqlite3 *db;

	(void)state;
	for (unsigned long n = 0; n < 4; n++) {
		made_record(&made, n, "search");
		if (n) {
			made_label(&made, "feature", n == 1 ? "rerank" : "answer");
			made_label(&made, "host", "label-host");
		}
		made.record.cost.pico = 1000 * (int64_t)(n + 1);
		put();
	}
	report = all_by("feature,label:host,host");
	assert_int_equal(report->n_rows, 3);
	row_is(report, 0, "answer/label-host/api.openai.com", 2, "0.000000007");
	row_is(report, 1, "rerank/label-host/api.openai.com", 1, "0.000000002");
	row_is(report, 2, "NULL/NULL/api.openai.com", 1, "0.000000001");
	report_free(report);
	report = reported("team", "feature=", INT64_MIN, INT64_MAX);
	row_is(report, 0, "search", 1, "0.000000001");
	report_free(report);
	db = store();
	assert_int_equal(query_by(&query, db, "feature,colour", why), -EINVAL);
	assert_non_null(strstr(why, "'colour'"));
	assert_non_null(strstr(why, "labels feature, host"));
	/* a name is never SQL */
	assert_int_equal(query_by(&query, db, "team') FROM calls;--", why), -EINVAL);
	assert_int_equal(query_by(&query, db, "label:a\"b", why), -EINVAL);
	assert_int_equal(query_by(&query, db, "", why), -EINVAL);
	assert_int_equal(query_by(&query, db, "team,,model", why), -EINVAL);
	assert_int_equal(query_by(&query, db, "team,team,team,team,team,team,team,team,team", why), -EINVAL);
	assert_int_equal(query_where(&query, db, "team", why), -EINVAL);
	assert_int_equal(query_where(&query, db, "=search", why), -EINVAL);
	store_close(db);
}

static void where_is(const char *where, uint64_t calls)
{
	struct report *report = reported("team", where, INT64_MIN, INT64_MAX);

	if (report->total.calls != calls)
		fail_msg("%s: %d calls", where, (int)report->total.calls);
	report_free(report);
}

static void where_narrows(void **state)
{
	(void)state;
	put_call(1, "search", "a", 1);
	put_call(2, "search", "b", 1);
	put_call(3, "support", "a", 1);
	put_call(4, "", "a", 1);
	made_record(&made, 5, "it's");
	made.call.status = 0;
	put();
	where_is("team=search", 2);
	where_is("team=search team=support", 3);
	where_is("team=search model=a", 1);
	where_is("team!=search", 3);
	where_is("team!=search team!=support", 2);
	where_is("team=_unattributed", 1);
	where_is("team=it's", 1);
	where_is("team='||1||'", 0);
	where_is("status=200", 4);
	where_is("status=", 1);
	where_is("status!=", 4);
	where_is("status!=200", 1);
	where_is("status_class=2xx", 4);
	where_is("day=2026-11-22", 5);
	where_is("complete=1", 5);
}

static void periods_are_half_open(void **state)
{
	const int64_t at = clock_civil_ns(2026, 11, 22) + 6 * 3600 * (int64_t)NSEC_PER_SEC, second = NSEC_PER_SEC;
	struct report *report;

	(void)state;
	for (unsigned long n = 0; n < 4; n++)
		put_call(n, "search", "m", 1);
	report = reported("team", "", at + second, at + 3 * second);
	assert_int_equal(report->total.calls, 2);
	assert_int_equal(report->total.first_ns, at + second);
	assert_int_equal(report->total.last_ns, at + 2 * second);
	report_free(report);
	report = reported("team", "", at + 4 * second, INT64_MAX);
	assert_int_equal(report->n_rows, 0);
	assert_int_equal(report_table(report, 0, &text), 0);
	assert_non_null(strstr(buf_cstr(&text), "no calls"));
	report_free(report);
}

static void time_stays_in_order(void **state)
{
	struct report *report;

	(void)state;
	for (unsigned long n = 0; n < 6; n++) {
		made_record(&made, n, n % 2 ? "cheap" : "dear");
		made.record.time_ns += (int64_t)n * 86400 * (int64_t)NSEC_PER_SEC * 8;
		made.record.cost.pico = n % 2 ? (int64_t)(6 - n) : (int64_t)n * 100;
		put();
	}
	report = all_by("month,team");
	row_is(report, 0, "2026-11/cheap", 1, "0.000000000005");
	row_is(report, 1, "2026-11/dear", 1, "0");
	row_is(report, 2, "2026-12/dear", 2, "0.0000000006");
	row_is(report, 3, "2026-12/cheap", 1, "0.000000000003");
	row_is(report, 4, "2027-01/cheap", 1, "0.000000000001");
	report_free(report);
	assert_int_equal(period_zone("+19:00"), 0);
	report = all_by("hour");
	row_is(report, 0, "2026-11-23T01+19:00", 1, "0");
	report_free(report);
}

/* ---- forms */

static void table_fits_and_lines_up(void **state)
{
	struct report *report;
	struct str rest, line;
	size_t n_lines = 0;

	(void)state;
	put_call(1, "a-team-with-quite-a-long-name-that-goes-on-and-on-and-never-ends-at-all", "m", 12345678901234567);
	put_call(2, "\xc3\xa4\xc3\xb6\xc3\xbc", "a-model-with-quite-a-long-name-that-goes-on-and-on-and-never-ends-at-all-2026", 1);
	report = all_by("team,model");
	assert_int_equal(report_table(report, 72, &text), 0);
	rest = str_of(strstr(buf_cstr(&text), "team / model"));
	while (str_split(&rest, '\n', &line) && line.n) {
		size_t columns = 0;

		for (size_t i = 0; i < line.n; i++)
			columns += ((unsigned char)line.p[i] & 0xc0) != 0x80;
		assert_int_equal(columns, 72);
		n_lines++;
	}
	assert_int_equal(n_lines, 8);
	assert_non_null(strstr(buf_cstr(&text), "12,345.68  100.0 %"));
	assert_non_null(strstr(buf_cstr(&text), "<0.01"));
	assert_non_null(strstr(buf_cstr(&text), "2026 "));	/* the end of a cut name is still there */
	report_free(report);
}

static void hostile_names_stay_text(void **state)
{
	struct report *report;

	(void)state;
	made_record(&made, 1, "search");
	/* what the reader would not let through, but a ledger from elsewhere may hold */
	snprintf(made.call.model, sizeof(made.call.model), "a\x1b[2Jb\nc\"\\");
	put();
	report = all_by("team,model");
	assert_int_equal(report_table(report, 0, &text), 0);
	assert_null(strchr(buf_cstr(&text), 0x1b));
	assert_non_null(strstr(buf_cstr(&text), "a?[2Jb?c\"\\"));
	buf_reset(&text);
	assert_int_equal(report_json(report, &text), 0);
	assert_non_null(strstr(buf_cstr(&text), "\"model\":\"a\\u001b[2Jb\\nc\\\"\\\\\""));
	report_free(report);
}

static void json_is_exact(void **state)
{
	struct report *report;

	(void)state;
	put_call(1, "search", "m", 1234567890123);
	put_call(2, "", "m", 1);
	report = all_by("team");
	assert_int_equal(report_jsonl(report, &text), 0);
	assert_non_null(strstr(buf_cstr(&text), "{\"team\":\"search\",\"calls\":1,\"input_tokens\":1290,\"cache_read_tokens\":1024,"
						"\"cache_write_tokens\":0,\"output_tokens\":211,\"reasoning_tokens\":0,"
						"\"cost_usd\":\"1.234567890123\",\"share\":0.999999,"));
	assert_non_null(strstr(buf_cstr(&text), "\n{\"team\":\"_unattributed\",\"calls\":1,"));
	assert_non_null(strstr(buf_cstr(&text), "\"total\":{\"calls\":2,"));
	assert_non_null(strstr(buf_cstr(&text), "\"cost_usd\":\"1.234567890124\""));
	report_free(report);
}

static void numbers_for_people(void **state)
{
	static const struct {
		__int128 value;
		int scale, places;
		const char *text;
	} cases[] = {
		{ 0, 0, 0, "0" }, { 999, 0, 0, "999" }, { 1000, 0, 0, "1,000" }, { -1234567, 0, 0, "-1,234,567" },
		{ 5, 12, 2, "0.00" }, { 4999999999, 12, 2, "0.00" }, { 5000000000, 12, 2, "0.01" },
		{ 999995000000000, 12, 2, "1,000.00" }, { -5000000000, 12, 2, "-0.01" }, { 1500, 3, 0, "2" }, { 1499, 3, 0, "1" },
		{ (__int128)INT64_MAX * 1000000, 12, 2, "9,223,372,036,854.78" },
	};
	char number[TABLE_NUMBER];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(report_number(cases[i].value, cases[i].scale, cases[i].places, number), strlen(cases[i].text));
		assert_string_equal(number, cases[i].text);
	}
}

/* ---- mishaps */

static void memory_refused(void **state)
{
	struct query query = { .since_ns = INT64_MIN, .until_ns = INT64_MAX };
	struct report *report = NULL;
	int err = -ENOMEM;
	uint64_t nth = 1;
	sqlite3 *db;

	(void)state;
	for (unsigned long n = 0; n < 40; n++) {
		made_record(&made, n, n % 2 ? "a" : "b");
		snprintf(made.call.session, sizeof(made.call.session), "s%lu", n);
		if (n % 3 == 0)
			made_unpriced(&made);
		put();
	}
	db = store();
	assert_int_equal(query_by(&query, db, "team,session", why), 0);
	for (; err == -ENOMEM; nth++) {
		mem_fail_at(nth);
		err = report_make(db, &query, &report);
		mem_fail_at(0);
	}
	assert_int_equal(err, 0);
	assert_true(nth > 40);
	assert_int_equal(report->n_rows, 40);
	report_free(report);
	store_close(db);
}

static void try_damaged(void)
{
	struct query query = { .since_ns = INT64_MIN, .until_ns = INT64_MAX };
	struct report *report = NULL;
	sqlite3 *db;

	if (store_open(path, STORE_READ, &db, why) < 0)
		return;
	if (store_ready(db, path, STORE_READ, why) == 0 && query_by(&query, db, "team,model,day", why) == 0 &&
	    report_make(db, &query, &report) == 0)
		assert_int_equal(report_table(report, 80, &text), 0);
	buf_reset(&text);
	report_free(report);
	store_close(db);
}

static void survives_damage(void **state)
{
	uint64_t random = 88172645463325252ull;
	char *whole;
	struct stat st;
	int fd;

	(void)state;
	for (unsigned long n = 0; n < 100; n++)
		put_call(n, n % 2 ? "a" : "b", "m", 1);
	ledger->ops->flush(ledger);
	ledger = ledger->ops->close(ledger);
	fd = open(path, O_RDWR);
	assert_int_equal(fstat(fd, &st), 0);
	whole = malloc((size_t)st.st_size);
	assert_int_equal(pread(fd, whole, (size_t)st.st_size, 0), st.st_size);
	for (int turn = 0; turn < 300; turn++) {
		assert_int_equal(pwrite(fd, whole, (size_t)st.st_size, 0), st.st_size);
		for (int i = 0; i < 1 + turn / 10; i++) {
			char byte;

			random ^= random << 13, random ^= random >> 7, random ^= random << 17;
			byte = (char)(random >> 32);
			assert_int_equal(pwrite(fd, &byte, 1, (off_t)(random % (turn % 3 ? (uint64_t)st.st_size : 4096))), 1);
		}
		try_damaged();
		assert_int_equal(ftruncate(fd, turn % 10 ? st.st_size : (off_t)(random % (uint64_t)st.st_size)), 0);
		try_damaged();
	}
	free(whole);
	close(fd);
}

static void stores_by_name(void **state)
{
	const char *name;

	(void)state;
	assert_int_equal(query_store("sqlite:/a/b.db", &name), 0);
	assert_string_equal(name, "/a/b.db");
	assert_int_equal(query_store("b.db", &name), 0);
	assert_string_equal(name, "b.db");
	assert_int_equal(query_store("clickhouse://x:8123", &name), -ENOSYS);
	assert_int_equal(query_store("postgres://x/y", &name), -ENOSYS);
	assert_int_equal(query_store("mysql://x", &name), -EINVAL);
	assert_int_equal(query_store("sqlite:", &name), -EINVAL);
	assert_int_equal(query_store("", &name), -EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(team_first_then_model), TEST(beyond_64_bits), TEST(only_spend_counts), TEST(flat_rates_stand_apart),
		TEST(unpriced_is_listed), TEST(counts_what_is_uncertain), TEST(every_field_can_be_asked), TEST(labels_are_fields),
		TEST(where_narrows), TEST(periods_are_half_open), TEST(time_stays_in_order), TEST(table_fits_and_lines_up),
		TEST(hostile_names_stay_text), TEST(json_is_exact), TEST(numbers_for_people), TEST(memory_refused),
		TEST(survives_damage), TEST(stores_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
