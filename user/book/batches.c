/* SPDX-License-Identifier: Apache-2.0 */
#include "book/batches.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "book/store.h"
#include "noun/memory.h"

/* What waits in memory_new goes before what it will replace; a row without a state only names a batch's file. */
_Static_assert(MEMORY_BATCH == 2, "what ledgers have");
static const char from[] =
	" FROM (SELECT provider, name, json_extract(text, '$.record') AS record, json_extract(text, '$.state') AS state,"
	" CAST(json_extract(text, '$.requests') AS INTEGER) AS requests, CAST(json_extract(text, '$.bound_pico') AS INTEGER) AS bound_pico,"
	" CAST(json_extract(text, '$.fetched_ns') AS INTEGER) AS fetched_ns, CAST(json_extract(text, '$.cost_pico') AS INTEGER) AS cost_pico,"
	" CAST(json_extract(text, '$.calls') AS INTEGER) AS billed FROM (SELECT provider, name, CASE WHEN json_valid(text) THEN text END AS text"
	" FROM (SELECT provider, name, text FROM memory_new WHERE kind = 2 UNION ALL SELECT provider, name, text FROM memory"
	" WHERE kind = 2 AND (provider, name) NOT IN (SELECT provider, name FROM memory_new WHERE kind = 2)))) AS batch"
	" JOIN calls ON calls.id = batch.record WHERE batch.state IS NOT NULL AND ";

void batches_sql(struct query_sql *sql, const struct query *query, const char *what)
{
	buf_printf(&sql->text, "SELECT %s%s", what, from);
	query_sql_where(sql, query);
}

/* ---- reading */

static char *text_of(sqlite3_stmt *statement, int column, bool *refused)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);
	char *copy = text ? mem_strndup(text, strlen(text)) : NULL;

	*refused |= text && !copy;
	return copy;
}

static int64_t number(sqlite3_stmt *statement, int column, int64_t unknown)
{
	return sqlite3_column_type(statement, column) == SQLITE_NULL ? unknown : sqlite3_column_int64(statement, column);
}

static bool known(sqlite3_stmt *statement, int column)
{
	return sqlite3_column_type(statement, column) != SQLITE_NULL;
}

static int read_batch(sqlite3_stmt *statement, struct batches *batches)
{
	bool refused = false;
	struct batch *more, *batch;

	if (batches->n == LIMIT_REPORT_ROWS)
		return -E2BIG;
	more = mem_resize(batches->of, batches->n * sizeof(*more), (batches->n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	batches->of = more;
	batch = &more[batches->n++];
	*batch = (struct batch){
		.provider = text_of(statement, 0, &refused), .id = text_of(statement, 1, &refused),
		.team = text_of(statement, 2, &refused), .state = text_of(statement, 3, &refused),
		.created_ns = number(statement, 4, 0), .fetched_ns = number(statement, 5, 0),
		.requests = number(statement, 6, -1), .calls = number(statement, 7, -1),
		.bounded = known(statement, 8), .bound_pico = number(statement, 8, 0),
		.priced = known(statement, 9), .cost_pico = number(statement, 9, 0),
	};
	if (refused)
		return -ENOMEM;
	if (!batch->state || strcmp(batch->state, "fetched") != 0) {
		batches->n_open++;
		batches->n_boundless += !batch->bounded;
		batches->bound_pico += batch->bound_pico;
	}
	return 0;
}

static int read_all(sqlite3 *db, struct batches *batches)
{
	struct query_sql sql = { .text = BUF(KIB(64)) };
	sqlite3_stmt *statement;
	int err, result;

	batches_sql(&sql, &batches->query, "batch.provider, batch.name, calls.team, batch.state, calls.time_ns, batch.fetched_ns,"
					   " batch.requests, batch.billed, batch.bound_pico, batch.cost_pico");
	buf_puts(&sql.text, " ORDER BY batch.state = 'fetched', calls.time_ns, batch.provider, batch.name");
	err = query_prepare(db, &sql, &statement);
	buf_done(&sql.text);
	if (err < 0)
		return err;
	while ((result = sqlite3_step(statement)) == SQLITE_ROW && (err = read_batch(statement, batches)) == 0)
		;
	if (err == 0 && result != SQLITE_DONE)
		err = store_errno(db) ? store_errno(db) : -EIO;
	sqlite3_finalize(statement);
	return err;
}

int batches_find(sqlite3 *db, const struct query *query, int64_t now_ns, struct batches **ret)
{
	struct batches *batches = mem_new(sizeof(*batches));
	int err = -ENOMEM;

	if (batches) {
		batches->query = *query;
		batches->now_ns = now_ns;
		err = query_functions(db);
	}
	if (err == 0)
		err = read_all(db, batches);
	if (err < 0) {
		batches_free(batches);
		return err;
	}
	*ret = batches;
	return 0;
}

struct batches *batches_free(struct batches *batches)
{
	if (!batches)
		return NULL;
	for (size_t i = 0; i < batches->n; i++) {
		mem_free(batches->of[i].provider);
		mem_free(batches->of[i].id);
		mem_free(batches->of[i].team);
		mem_free(batches->of[i].state);
	}
	mem_free(batches->of);
	return mem_free(batches);
}
