/* SPDX-License-Identifier: Apache-2.0 */
#include "book/schema.h"

#include "base/buf.h"
#include "base/limits.h"
#include "book/column.h"
#include "book/memory.h"
#include "book/store.h"

typedef void (*missing_fn)(struct buf *sql, size_t column);

/* Calls a function for each column that the file's calls do not have. */
static int each_missing(sqlite3 *db, missing_fn missing, struct buf *sql)
{
	sqlite3_stmt *has;
	int err = store_prepare(db, "SELECT 1 FROM pragma_table_info('calls', 'main') WHERE name = ?", &has);

	if (err < 0)
		return err;
	for (size_t i = 0; column_name(i); i++) {
		sqlite3_bind_text(has, 1, column_name(i), -1, SQLITE_STATIC);
		if (sqlite3_step(has) != SQLITE_ROW)
			missing(sql, i);
		sqlite3_reset(has);
	}
	sqlite3_finalize(has);
	return 0;
}

static void add_column(struct buf *sql, size_t column)
{
	buf_printf(sql, "ALTER TABLE calls ADD COLUMN %s %s;", column_name(column), column_type(column));
}

static void feign_column(struct buf *sql, size_t column)
{
	buf_printf(sql, ", NULL AS %s", column_name(column));
}

/*
 * Version 1 had an index of answers, in two tables. Of these the newest are taken
 * over, from the calls that brought them: the first call of each answer.
 */
static const char answers_to_memory[] =
	"INSERT OR IGNORE INTO memory SELECT 1, provider, response_id, time_ns, time_ns + 2592000000000000, '{\"record\":\"' || id || '\"}'"
	" FROM calls WHERE time_ns > (SELECT max(time_ns) FROM calls) - 2592000000000000"
	" AND spend AND response_id IS NOT NULL AND (usage_source != 'none' OR units != '{}') ORDER BY provider, response_id, id;"
	"DROP TABLE answers; DROP TABLE answers_new;";

static int run(sqlite3 *db, struct buf *sql)
{
	int err = sql->error ? sql->error : store_exec(db, buf_cstr(sql));

	buf_reset(sql);
	return err;
}

int schema_make(sqlite3 *db)
{
	struct buf sql = BUF(KIB(64));
	sqlite3_int64 answers = 0;
	int err;

	buf_puts(&sql, "BEGIN IMMEDIATE;");
	columns_schema(&sql);
	memories_schema(&sql, "main");
	err = run(db, &sql);
	if (err == 0)
		err = each_missing(db, add_column, &sql);
	if (err == 0)
		err = store_number(db, "SELECT count(*) FROM main.sqlite_master WHERE name = 'answers'", &answers);
	if (answers)
		buf_puts(&sql, answers_to_memory);
	buf_printf(&sql, "PRAGMA application_id=%d;PRAGMA user_version=%d;COMMIT", STORE_APPLICATION, STORE_VERSION);
	if (err == 0)
		err = run(db, &sql);
	if (err < 0 && !sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	buf_done(&sql);
	return err;
}

/* A temporary name goes before one of the file, so queries need not know. */
int schema_feign(sqlite3 *db)
{
	struct buf sql = BUF(KIB(64));
	sqlite3_int64 remembers = 0;
	int err = store_number(db, "SELECT count(*) FROM main.sqlite_master WHERE name = 'memory'", &remembers);

	buf_puts(&sql, "PRAGMA temp_store=MEMORY;");
	if (!remembers)
		memories_schema(&sql, "temp");
	buf_puts(&sql, "CREATE TEMP VIEW calls AS SELECT *");
	if (err == 0)
		err = each_missing(db, feign_column, &sql);
	buf_puts(&sql, " FROM main.calls");
	if (err == 0)
		err = run(db, &sql);
	buf_done(&sql);
	return err;
}
