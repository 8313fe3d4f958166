/* SPDX-License-Identifier: Apache-2.0 */
#include "book/drift.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "book/store.h"

static char *text_of(sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column) ?: "";

	return mem_strndup(text, strlen(text));
}

static void drift_done(struct drift *drift)
{
	mem_free(drift->provider);
	mem_free(drift->asked);
	mem_free(drift->before);
	mem_free(drift->after);
}

struct drift *drifts_free(struct drift *drifts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		drift_done(&drifts[i]);
	return mem_free(drifts);
}

static int compare(const void *left, const void *right)
{
	const struct drift *a = left, *b = right;
	int order = strcmp(a->provider, b->provider);

	if (!order)
		order = strcmp(a->asked, b->asked);
	return order ? order : strcmp(a->after, b->after);
}

const struct drift *drift_to(const struct drift *drifts, size_t n, const char *provider, const char *asked, const char *after)
{
	struct drift key = { .provider = (char *)provider, .asked = (char *)asked, .after = (char *)after };

	return n && provider && asked && after ? bsearch(&key, drifts, n, sizeof(key), compare) : NULL;
}

static int add(sqlite3_stmt *statement, struct drift **drifts, size_t *n)
{
	struct drift drift = {
		.provider = text_of(statement, 0), .asked = text_of(statement, 1), .before = text_of(statement, 2),
		.after = text_of(statement, 3), .since_ns = sqlite3_column_int64(statement, 4),
		.until_ns = sqlite3_column_int64(statement, 5),
	};
	struct drift *more = NULL;
	int err = *n == LIMIT_REPORT_ROWS ? -E2BIG : -ENOMEM;

	if (err != -E2BIG && drift.provider && drift.asked && drift.before && drift.after)
		more = mem_resize(*drifts, *n * sizeof(drift), (*n + 1) * sizeof(drift));
	if (!more) {
		drift_done(&drift);
		return err;
	}
	*drifts = more;
	more[(*n)++] = drift;
	return 0;
}

/* Each model that ever answered to a name, in the order of its first answer, next to the one before it. */
static const char head[] =
	"SELECT provider, asked, before, model, since, until FROM (SELECT provider, asked, model, since,"
	" lag(model) OVER w AS before, lag(last) OVER w AS until FROM (SELECT calls.provider AS provider,"
	" calls.model_requested AS asked, calls.model AS model, min(calls.time_ns) AS since, max(calls.time_ns) AS last FROM calls"
	" WHERE calls.kind = 'call' AND calls.model_requested IS NOT NULL AND calls.model IS NOT NULL AND ";
static const char tail[] =
	" GROUP BY 1, 2, 3) WINDOW w AS (PARTITION BY provider, asked ORDER BY since))"
	" WHERE before IS NOT NULL AND since >= ? ORDER BY provider, asked, model";

int drifts_find(sqlite3 *db, const struct query *query, struct drift **ret, size_t *ret_n)
{
	struct query ever = *query;
	struct query_sql sql = { .text = BUF(KIB(64)) };
	struct drift *drifts = NULL;
	sqlite3_stmt *statement = NULL;
	size_t n = 0;
	int err, result;

	ever.since_ns = INT64_MIN;
	buf_puts(&sql.text, head);
	query_sql_where(&sql, &ever);
	buf_puts(&sql.text, tail);
	err = query_prepare(db, &sql, &statement);
	buf_done(&sql.text);
	if (err < 0)
		return err;
	sqlite3_bind_int64(statement, sqlite3_bind_parameter_count(statement), query->since_ns);
	while ((result = sqlite3_step(statement)) == SQLITE_ROW && (err = add(statement, &drifts, &n)) == 0)
		;
	if (err == 0 && result != SQLITE_DONE)
		err = store_errno(db) ? store_errno(db) : -EIO;
	sqlite3_finalize(statement);
	if (err < 0) {
		drifts_free(drifts, n);
		return err;
	}
	*ret = drifts;
	*ret_n = n;
	return 0;
}
