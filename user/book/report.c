/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite groups, this file sorts: rows come in the order of their keys, so the
 * rows of a group are neighbours. Each level is arranged by its groups' sums,
 * and then within each group the level below.
 */
#include "book/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "book/batches.h"

#define FLAT "calls.billing IN ('subscription','provisioned','self-hosted')"
#define PRICELESS "(calls.cost_pico IS NULL OR (calls.cost_status = 'partial' AND NOT " FLAT "))"

/* In the order of read_sums(). */
static const char sums_sql[] =
	"sum(calls.kind = 'call'), sum(calls.kind = 'call' AND " PRICELESS "),"
	" sum(calls.kind = 'call' AND NOT calls.complete), sum(calls.kind = 'call' AND calls.usage_source = 'estimated'),"
	" sum(calls.kind = 'call' AND instr(calls.flags, '\"not-ready\"') > 0),"
	" sum(calls.kind = 'call' AND instr(calls.flags, '\"error\"') > 0),"
	" exact_sum(calls.input_tokens), exact_sum(calls.cache_read_tokens), exact_sum(calls.cache_write_tokens),"
	" exact_sum(calls.output_tokens), exact_sum(calls.reasoning_tokens),"
	" exact_sum(CASE WHEN " PRICELESS " THEN (SELECT exact_sum(lines.quantity_milli) FROM lines"
	" WHERE lines.id = calls.id AND lines.price IS NULL AND lines.unit = 'token') END),"
	" exact_sum(calls.cost_pico), exact_sum(CASE WHEN " FLAT " THEN calls.list_cost_pico END),"
	" sum(calls.kind = 'adjustment'), exact_sum(CASE WHEN calls.usage_source = 'estimated' THEN calls.cost_pico END),"
	" exact_sum(CASE WHEN calls.usage_source = 'estimated' THEN coalesce(calls.cost_low_pico, calls.cost_pico) END),"
	" exact_sum(CASE WHEN calls.usage_source = 'estimated' THEN coalesce(calls.cost_high_pico, calls.cost_pico) END),"
	" min(calls.time_ns), max(calls.time_ns) FROM calls WHERE calls.spend AND ";

static uint64_t number(sqlite3_stmt *statement, int column)
{
	return (uint64_t)sqlite3_column_int64(statement, column);
}

static void read_sums(sqlite3_stmt *statement, int at, struct sums *ret)
{
	*ret = (struct sums){
		.calls = number(statement, at), .priceless = number(statement, at + 1), .incomplete = number(statement, at + 2),
		.estimated = number(statement, at + 3), .unready = number(statement, at + 4), .failed = number(statement, at + 5),
		.input = query_sum(statement, at + 6), .cache_read = query_sum(statement, at + 7),
		.cache_write = query_sum(statement, at + 8), .output = query_sum(statement, at + 9),
		.reasoning = query_sum(statement, at + 10), .unpriced_milli = query_sum(statement, at + 11),
		.cost = query_sum(statement, at + 12), .flat = query_sum(statement, at + 13),
		.adjustments = number(statement, at + 14), .guessed = query_sum(statement, at + 15),
		.low = query_sum(statement, at + 16), .high = query_sum(statement, at + 17),
		.first_ns = sqlite3_column_int64(statement, at + 18), .last_ns = sqlite3_column_int64(statement, at + 19),
	};
}

void sums_add(struct sums *to, const struct sums *more)
{
	to->calls += more->calls;
	to->priceless += more->priceless;
	to->incomplete += more->incomplete;
	to->estimated += more->estimated;
	to->unready += more->unready;
	to->failed += more->failed;
	to->input += more->input;
	to->cache_read += more->cache_read;
	to->cache_write += more->cache_write;
	to->output += more->output;
	to->reasoning += more->reasoning;
	to->unpriced_milli += more->unpriced_milli;
	to->cost += more->cost;
	to->flat += more->flat;
	to->adjustments += more->adjustments;
	to->guessed += more->guessed;
	to->low += more->low;
	to->high += more->high;
	if (!to->first_ns || (more->first_ns && more->first_ns < to->first_ns))
		to->first_ns = more->first_ns;
	if (more->last_ns > to->last_ns)
		to->last_ns = more->last_ns;
}

int64_t report_share(const struct report *report, const struct sums *sums)
{
	return report->total.cost > 0 ? (int64_t)(sums->cost * 1000000 / report->total.cost) : 0;
}

static bool same_keys(const struct report_row *a, const struct report_row *b, size_t depth)
{
	for (size_t i = 0; i <= depth; i++)
		if (!a->keys[i] != !b->keys[i] || (a->keys[i] && strcmp(a->keys[i], b->keys[i]) != 0))
			return false;
	return true;
}

size_t report_group(const struct report *report, size_t from, size_t depth, struct sums *ret)
{
	size_t i = from;

	*ret = (struct sums){ 0 };
	for (; i < report->n_rows && same_keys(&report->rows[from], &report->rows[i], depth); i++)
		sums_add(ret, &report->rows[i].sums);
	return i;
}

/* ---- reading */

static int copy_text(sqlite3_stmt *statement, int column, char **ret)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);

	*ret = text ? mem_strndup(text, (size_t)sqlite3_column_bytes(statement, column)) : NULL;
	return text && !*ret ? -ENOMEM : 0;
}

/* Makes room for one more of a growing array of `size` bytes each. */
static int grow(void **array, size_t n, size_t size)
{
	size_t room = n < 16 ? 16 : n;
	void *p;

	if (n && (n < 16 || (n & (n - 1))))	/* room was made at every power of two */
		return 0;
	p = mem_resize(*array, n * size, (n ? 2 * room : room) * size);
	if (!p)
		return -ENOMEM;
	*array = p;
	return 0;
}

static int read_row(struct report *report, sqlite3_stmt *statement)
{
	size_t n = report->query.n_by;
	struct report_row *row;
	int err;

	if (report->n_rows == LIMIT_REPORT_ROWS)
		return -E2BIG;
	err = grow((void **)&report->rows, report->n_rows, sizeof(*report->rows));
	if (err < 0)
		return err;
	row = &report->rows[report->n_rows];
	row->keys = mem_array(n, sizeof(*row->keys));
	if (!row->keys)
		return -ENOMEM;
	report->n_rows++;
	for (size_t i = 0; err == 0 && i < n; i++)
		err = copy_text(statement, (int)i, &row->keys[i]);
	read_sums(statement, (int)n, &row->sums);
	sums_add(&report->total, &row->sums);
	return err;
}

static int read_gap(struct report *report, sqlite3_stmt *statement)
{
	struct report_gap *gap;
	int err = report->n_gaps == LIMIT_REPORT_ROWS ? -E2BIG : grow((void **)&report->gaps, report->n_gaps, sizeof(*report->gaps));

	if (err < 0)
		return err;
	gap = &report->gaps[report->n_gaps++];
	*gap = (struct report_gap){ .calls = number(statement, 3), .milli = query_sum(statement, 4) };
	err = copy_text(statement, 0, &gap->provider);
	if (err == 0)
		err = copy_text(statement, 1, &gap->model);
	if (err == 0)
		err = copy_text(statement, 2, &gap->unit);
	return err;
}

static int read_repeats(struct report *report, sqlite3_stmt *statement)
{
	report->repeats = number(statement, 0);
	return 0;
}

static int read_batches(struct report *report, sqlite3_stmt *statement)
{
	report->batches = number(statement, 0);
	report->batches_bound = query_sum(statement, 1);
	report->batches_boundless = number(statement, 2);
	return 0;
}

static int read_all(sqlite3 *db, struct query_sql *sql, struct report *report, int (*read)(struct report *, sqlite3_stmt *))
{
	sqlite3_stmt *statement;
	int err = query_prepare(db, sql, &statement), result;

	buf_done(&sql->text);
	if (err < 0)
		return err;
	while ((result = sqlite3_step(statement)) == SQLITE_ROW && (err = read(report, statement)) == 0)
		;
	if (err == 0 && result != SQLITE_DONE)
		err = store_errno(db) ? store_errno(db) : -EIO;
	sqlite3_finalize(statement);
	return err;
}

static int read_rows(sqlite3 *db, struct report *report)
{
	struct query_sql sql = { .text = BUF(KIB(64)) };
	size_t n = report->query.n_by;

	buf_puts(&sql.text, "SELECT ");
	query_sql_by(&sql, &report->query);
	buf_puts(&sql.text, sums_sql);
	query_sql_where(&sql, &report->query);
	for (size_t i = 0; i < n; i++)
		buf_printf(&sql.text, "%s %zu", i ? "," : " GROUP BY", i + 1);
	for (size_t i = 0; i < n; i++)
		buf_printf(&sql.text, "%s %zu", i ? "," : " ORDER BY", i + 1);
	return read_all(db, &sql, report, read_row);
}

static int read_gaps(sqlite3 *db, struct report *report)
{
	struct query_sql sql = { .text = BUF(KIB(64)) };

	buf_puts(&sql.text, "SELECT calls.provider, coalesce(lines.model, calls.model, calls.model_requested), lines.unit,"
			    " count(DISTINCT calls.id), exact_sum(lines.quantity_milli)"
			    " FROM calls LEFT JOIN lines ON lines.id = calls.id AND lines.price IS NULL"
			    " WHERE calls.spend AND " PRICELESS " AND ");
	query_sql_where(&sql, &report->query);
	buf_puts(&sql.text, " GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3");
	return read_all(db, &sql, report, read_gap);
}

static int count_repeats(sqlite3 *db, struct report *report)
{
	struct query_sql sql = { .text = BUF(KIB(64)) };

	buf_puts(&sql.text, "SELECT count(*) FROM calls WHERE NOT calls.spend AND ");
	query_sql_where(&sql, &report->query);
	return read_all(db, &sql, report, read_repeats);
}

/* What has been spent on these is not told to anybody yet. */
static int count_batches(sqlite3 *db, struct report *report)
{
	struct query_sql sql = { .text = BUF(KIB(64)) };

	batches_sql(&sql, &report->query, "count(*), exact_sum(batch.bound_pico), sum(batch.bound_pico IS NULL)");
	buf_puts(&sql.text, " AND batch.state != 'fetched'");
	return read_all(db, &sql, report, read_batches);
}

/* By alias: to each row the change that made its model the one that answers. */
static int find_drifts(sqlite3 *db, struct report *report)
{
	const struct query *query = &report->query;
	int err = query->alias ? drifts_find(db, query, &report->drifts, &report->n_drifts) : 0;

	for (size_t i = 0; i < report->n_rows && report->n_drifts; i++) {
		char **alias = report->rows[i].keys + query->alias - 1;

		report->rows[i].drift = drift_to(report->drifts, report->n_drifts, alias[0], alias[1], alias[2]);
	}
	return err;
}

/* ---- arranging */

struct group {
	const char *key;
	bool time;
	size_t from, n;
	struct sums sums;
};

static int compare(__int128 a, __int128 b)
{
	return (a > b) - (a < b);
}

static int by_key(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : !b - !a;		/* unknown comes last */
}

/* Periods in their order; all else by what it cost, what it would have cost, how much it was. */
static int compare_groups(const void *left, const void *right)
{
	const struct group *a = left, *b = right;
	int order = a->time ? by_key(a->key, b->key) : compare(b->sums.cost, a->sums.cost);

	if (!order)
		order = compare(b->sums.flat, a->sums.flat);
	if (!order)
		order = compare(b->sums.unpriced_milli, a->sums.unpriced_milli);
	if (!order)
		order = compare(b->sums.calls, a->sums.calls);
	return order ? order : by_key(a->key, b->key);
}

static void take_groups(const struct report *report, size_t from, size_t n, size_t depth, struct group *groups, size_t *ret_n)
{
	size_t n_groups = 0;

	for (size_t i = from; i < from + n;) {
		struct group *group = &groups[n_groups++];
		size_t next = report_group(report, i, depth, &group->sums);

		group->key = report->rows[i].keys[depth];
		group->time = report->query.by[depth].time;
		group->from = i;
		group->n = next - i;
		i = next;
	}
	*ret_n = n_groups;
}

static int arrange(struct report *report, size_t from, size_t n, size_t depth)
{
	_cleanup_free_ struct group *groups = NULL;
	_cleanup_free_ struct report_row *rows = NULL;
	size_t n_groups, at = from;
	int err = 0;

	if (n == 0 || depth == report->query.n_by)
		return 0;
	groups = mem_array(n, sizeof(*groups));
	rows = mem_dup(&report->rows[from], n * sizeof(*rows));
	if (!groups || !rows)
		return -ENOMEM;
	take_groups(report, from, n, depth, groups, &n_groups);
	qsort(groups, n_groups, sizeof(*groups), compare_groups);
	for (size_t i = 0; i < n_groups; i++) {
		memcpy(&report->rows[at], &rows[groups[i].from - from], groups[i].n * sizeof(*rows));
		at += groups[i].n;
	}
	at = from;
	for (size_t i = 0; err == 0 && i < n_groups; i++) {
		err = arrange(report, at, groups[i].n, depth + 1);
		at += groups[i].n;
	}
	return err;
}

/* ---- making */

static int make(sqlite3 *db, struct report *report)
{
	int err = query_functions(db);

	if (err == 0)
		err = read_rows(db, report);
	if (err == 0)
		err = arrange(report, 0, report->n_rows, 0);
	if (err == 0 && report->total.priceless)
		err = read_gaps(db, report);
	if (err == 0)
		err = count_repeats(db, report);
	if (err == 0)
		err = count_batches(db, report);
	if (err == 0)
		err = find_drifts(db, report);
	return err;
}

/* All of it is read from one state of the ledger, whatever is written meanwhile. */
int report_make(sqlite3 *db, const struct query *query, struct report **ret)
{
	_cleanup_(report_freep) struct report *report = mem_new(sizeof(*report));
	int err;

	if (!report)
		return -ENOMEM;
	report->query = *query;
	err = store_exec(db, "BEGIN");
	if (err == 0)
		err = make(db, report);
	sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	if (err < 0)
		return err;
	*ret = TAKE_PTR(report);
	return 0;
}

struct report *report_free(struct report *report)
{
	if (!report)
		return NULL;
	for (size_t i = 0; i < report->n_rows; i++) {
		for (size_t j = 0; j < report->query.n_by; j++)
			mem_free(report->rows[i].keys[j]);
		mem_free(report->rows[i].keys);
	}
	for (size_t i = 0; i < report->n_gaps; i++) {
		mem_free(report->gaps[i].provider);
		mem_free(report->gaps[i].model);
		mem_free(report->gaps[i].unit);
	}
	mem_free(report->rows);
	mem_free(report->gaps);
	drifts_free(report->drifts, report->n_drifts);
	return mem_free(report);
}
