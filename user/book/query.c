/* SPDX-License-Identifier: Apache-2.0 */
#include "book/query.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "book/period.h"
#include "book/store.h"

/* ---- fields */

struct field {
	const char *name;
	const char *sql;	/* NULL: the column of that name */
};

static const struct field fields[] = {
	{ "team", "coalesce(calls.team,'" QUERY_UNATTRIBUTED "')" },
	{ "model", "coalesce(calls.model,calls.model_requested)" },
	{ "provider", NULL }, { "workload", NULL }, { "host", NULL }, { "user", NULL },
	{ "key", "calls.credential_id" }, { "credential", "calls.credential_id" },
	{ "agent", NULL }, { "session", NULL }, { "operation", NULL }, { "route", NULL },
	{ "team_source", NULL }, { "caller_team", "coalesce(calls.caller_team,'" QUERY_UNATTRIBUTED "')" },
	{ "hour", "period_text(calls.time_ns,0)" }, { "day", "period_text(calls.time_ns,1)" },
	{ "week", "period_text(calls.time_ns,2)" }, { "month", "period_text(calls.time_ns,3)" },
	{ "node", NULL }, { "cluster", NULL }, { "namespace", NULL }, { "pod", NULL }, { "container", NULL },
	{ "container_name", NULL }, { "image", NULL }, { "unit", NULL }, { "cgroup", NULL }, { "exe", NULL }, { "comm", NULL },
	{ "uid", NULL }, { "pid", NULL }, { "user_agent", NULL }, { "org", NULL }, { "project", NULL }, { "region", NULL },
	{ "model_requested", NULL }, { "model_answered", "calls.model" }, { "service_tier", NULL }, { "billing", NULL }, { "cost_status", NULL },
	{ "usage_source", NULL }, { "method", NULL }, { "path", NULL }, { "status", NULL },
	{ "status_class", "(calls.status/100)||'xx'" }, { "error_type", NULL }, { "finish_reason", NULL },
	{ "stream", NULL }, { "complete", NULL }, { "attempt", NULL }, { "batch_id", NULL }, { "credential_kind", NULL },
	{ "sight", NULL }, { "tls", NULL }, { "sni", NULL }, { "peer", NULL }, { "trace_id", NULL }, { "kind", NULL },
	{ "id", NULL }, { "request_id", NULL }, { "response_id", NULL }, { "aitap_version", NULL }, { "aitap_config", NULL },
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))
#define LABEL_SQL "json_extract(calls.labels,?)"

static int has_label(sqlite3 *db, struct str name)
{
	sqlite3_stmt *statement;
	int err = store_prepare(db, "SELECT 1 FROM label_names WHERE name = ?", &statement);

	if (err < 0)
		return err;
	sqlite3_bind_text(statement, 1, name.p, (int)name.n, SQLITE_STATIC);
	err = sqlite3_step(statement) == SQLITE_ROW;
	sqlite3_finalize(statement);
	return err;
}

static int unknown(sqlite3 *db, struct str name, char ret_why[static QUERY_WHY])
{
	sqlite3_stmt *statement;
	int n = snprintf(ret_why, QUERY_WHY, "there is no field '%.*s'; there are", (int)(name.n > 64 ? 64 : name.n), name.p);

	for (size_t i = 0; i < FIELDS && n < QUERY_WHY; i++)
		n += snprintf(ret_why + n, (size_t)(QUERY_WHY - n), "%s %s", i ? "," : "", fields[i].name);
	if (n >= QUERY_WHY || store_prepare(db, "SELECT name FROM label_names ORDER BY name LIMIT 64", &statement) < 0)
		return -EINVAL;
	for (int i = 0; sqlite3_step(statement) == SQLITE_ROW && n < QUERY_WHY; i++)
		n += snprintf(ret_why + n, (size_t)(QUERY_WHY - n), "%s %s", i ? "," : "; and the labels",
			      (const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	return -EINVAL;
}

/* A label named as a field is meant by label:NAME. */
static int find_field(sqlite3 *db, struct str name, struct query_field *ret, char ret_why[static QUERY_WHY])
{
	bool prefixed = str_starts(name, STR("label:"));
	struct str label = prefixed ? str_sub(name, 6, name.n) : name;

	*ret = (struct query_field){ 0 };
	if (name.n >= sizeof(ret->name) || !STR_COPY(ret->name, name))
		return unknown(db, name, ret_why);
	for (size_t i = 0; i < FIELDS && !prefixed; i++)
		if (str_eq(name, str_of(fields[i].name))) {
			snprintf(ret->sql, sizeof(ret->sql), "%s%s", fields[i].sql ? "" : "calls.", fields[i].sql ?: fields[i].name);
			ret->time = str_starts(str_of(ret->sql), STR("period_text"));
			return 0;
		}
	if (label.n == 0 || label.n > 64 || str_chr(label, '"') >= 0 || str_chr(label, '\\') >= 0 || has_label(db, label) <= 0)
		return unknown(db, name, ret_why);
	snprintf(ret->sql, sizeof(ret->sql), "%s", LABEL_SQL);
	snprintf(ret->path, sizeof(ret->path), "$.\"%.*s\"", (int)label.n, label.p);
	return 0;
}

static int add_by(struct query *query, sqlite3 *db, struct str name, char ret_why[static QUERY_WHY])
{
	if (query->n_by == QUERY_BY) {
		snprintf(ret_why, QUERY_WHY, "at most %d fields", QUERY_BY);
		return -EINVAL;
	}
	return find_field(db, name, &query->by[query->n_by++], ret_why);
}

static int add_alias(struct query *query, sqlite3 *db, char ret_why[static QUERY_WHY])
{
	int err;

	query->alias = query->n_by + 1;
	err = add_by(query, db, STR("provider"), ret_why);
	if (err == 0)
		err = add_by(query, db, STR("model_requested"), ret_why);
	return err < 0 ? err : add_by(query, db, STR("model_answered"), ret_why);
}

int query_by(struct query *query, sqlite3 *db, const char *list, char ret_why[static QUERY_WHY])
{
	struct str rest = str_of(list), name;
	int err = 0;

	query->n_by = query->alias = 0;
	while (err == 0 && str_split(&rest, ',', &name)) {
		name = str_trim(name);
		err = str_eq(name, STR("alias")) ? add_alias(query, db, ret_why) : add_by(query, db, name, ret_why);
	}
	return err;
}

int query_where(struct query *query, sqlite3 *db, const char *text, char ret_why[static QUERY_WHY])
{
	struct query_term *term = &query->where[query->n_where];
	const char *equals = strchr(text, '=');
	size_t n = equals ? (size_t)(equals - text) : 0;
	int err;

	if (query->n_where == QUERY_WHERE) {
		snprintf(ret_why, QUERY_WHY, "at most %d conditions", QUERY_WHERE);
		return -EINVAL;
	}
	if (!equals) {
		snprintf(ret_why, QUERY_WHY, "'%.100s': FIELD=VALUE or FIELD!=VALUE, such as team=search", text);
		return -EINVAL;
	}
	term->not = n && text[n - 1] == '!';
	err = find_field(db, str_trim((struct str){ text, n - term->not }), &term->field, ret_why);
	if (err < 0)
		return err;
	if (!STR_COPY(term->value, str_of(equals + 1))) {
		snprintf(ret_why, QUERY_WHY, "'%.100s': that is no value", text);
		return -EINVAL;
	}
	query->n_where++;
	return 0;
}

/* ---- SQL */

static void add_value(struct query_sql *sql, const char *text, int64_t number)
{
	if (sql->n < sizeof(sql->values) / sizeof(sql->values[0]))
		sql->values[sql->n++] = (struct query_value){ text, number };
}

static void add_field(struct query_sql *sql, const struct query_field *field)
{
	buf_puts(&sql->text, field->sql);
	if (field->path[0])
		add_value(sql, field->path, 0);
}

void query_sql_by(struct query_sql *sql, const struct query *query)
{
	for (size_t i = 0; i < query->n_by; i++) {
		add_field(sql, &query->by[i]);
		buf_char(&sql->text, ',');
	}
}

static void add_term(struct query_sql *sql, const struct query_term *term)
{
	add_field(sql, &term->field);
	if (!term->value[0]) {
		buf_puts(&sql->text, term->not ? " IS NOT NULL" : " IS NULL");
		return;
	}
	/* unknown differs from every value */
	buf_puts(&sql->text, term->not ? " IS NOT ?" : " = ?");
	add_value(sql, term->value, 0);
}

static bool same_group(const struct query_term *a, const struct query_term *b)
{
	return a->not == b->not && !strcmp(a->field.name, b->field.name);
}

static bool seen_before(const struct query *query, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (same_group(&query->where[j], &query->where[i]))
			return true;
	return false;
}

void query_sql_where(struct query_sql *sql, const struct query *query)
{
	buf_puts(&sql->text, "calls.time_ns >= ? AND calls.time_ns < ?");
	add_value(sql, NULL, query->since_ns);
	add_value(sql, NULL, query->until_ns);
	for (size_t i = 0; i < query->n_where; i++) {
		const struct query_term *first = &query->where[i];

		if (seen_before(query, i))
			continue;
		buf_puts(&sql->text, " AND (");
		add_term(sql, first);
		for (size_t j = i + 1; j < query->n_where; j++)
			if (same_group(first, &query->where[j])) {
				buf_puts(&sql->text, first->not ? " AND " : " OR ");
				add_term(sql, &query->where[j]);
			}
		buf_char(&sql->text, ')');
	}
}

int query_prepare(sqlite3 *db, struct query_sql *sql, sqlite3_stmt **ret)
{
	sqlite3_stmt *statement = NULL;
	int err = sql->text.error ? sql->text.error : store_prepare(db, buf_cstr(&sql->text), &statement);

	for (size_t i = 0; err == 0 && i < sql->n; i++) {
		const struct query_value *v = &sql->values[i];
		int result = v->text ? sqlite3_bind_text(statement, (int)i + 1, v->text, -1, SQLITE_STATIC) :
				       sqlite3_bind_int64(statement, (int)i + 1, v->number);

		if (result != SQLITE_OK)
			err = store_errno(db);
	}
	if (err < 0)
		sqlite3_finalize(statement);
	else
		*ret = statement;
	return err;
}

/* ---- functions: SQLite's own sum() ends in an error above 9.2 million USD */

/* SQLite's memory is aligned to 8 bytes, which is too little for 16. */
struct packed_sum {
	char bytes[sizeof(__int128)];
};

static void sum_step(sqlite3_context *context, int n, sqlite3_value **values)
{
	struct packed_sum *kept = sqlite3_aggregate_context(context, sizeof(*kept));
	bool blob = sqlite3_value_type(values[0]) == SQLITE_BLOB && sqlite3_value_bytes(values[0]) == sizeof(*kept);
	__int128 sum, more;

	(void)n;
	if (!kept || (!blob && sqlite3_value_type(values[0]) != SQLITE_INTEGER))
		return;
	memcpy(&sum, kept, sizeof(sum));
	if (blob)
		memcpy(&more, sqlite3_value_blob(values[0]), sizeof(more));
	else
		more = sqlite3_value_int64(values[0]);
	if (__builtin_add_overflow(sum, more, &sum))
		sqlite3_result_error(context, "a sum of more than 128 bits", -1);
	memcpy(kept, &sum, sizeof(sum));
}

static void sum_end(sqlite3_context *context)
{
	static const struct packed_sum none;
	struct packed_sum *kept = sqlite3_aggregate_context(context, 0);

	sqlite3_result_blob(context, kept ? kept : &none, sizeof(*kept), SQLITE_TRANSIENT);
}

static void period_function(sqlite3_context *context, int n, sqlite3_value **values)
{
	char text[PERIOD_MAX];
	int period = sqlite3_value_int(values[1]);
	size_t length;

	(void)n;
	if (period < 0 || period >= PERIODS)
		return;
	length = period_text(sqlite3_value_int64(values[0]), (enum period)period, text);
	sqlite3_result_text(context, text, (int)length, SQLITE_TRANSIENT);
}

int query_functions(sqlite3 *db)
{
	const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
	int result = sqlite3_create_function(db, "exact_sum", 1, flags, NULL, NULL, sum_step, sum_end);

	if (result == SQLITE_OK)
		result = sqlite3_create_function(db, "period_text", 2, flags, NULL, period_function, NULL, NULL);
	return result == SQLITE_OK ? 0 : store_errno(db);
}

__int128 query_sum(sqlite3_stmt *statement, int column)
{
	__int128 sum = 0;

	if (sqlite3_column_type(statement, column) == SQLITE_BLOB && sqlite3_column_bytes(statement, column) == sizeof(sum))
		memcpy(&sum, sqlite3_column_blob(statement, column), sizeof(sum));
	return sum;
}

/* ---- stores */

int query_store(const char *url, const char **ret_path)
{
	static const char *const later[] = { "clickhouse://", "postgres://", "postgresql://" };

	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		if (str_starts(str_of(url), str_of(later[i])))
			return -ENOSYS;
	if (str_starts(str_of(url), STR("sqlite:")))
		url += strlen("sqlite:");
	else if (strstr(url, "://"))
		return -EINVAL;
	if (!*url)
		return -EINVAL;
	*ret_path = url;
	return 0;
}
