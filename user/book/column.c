/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table of the record's fields: where a value is found in the record, or the
 * function that makes it. Names are those of the record's JSON; of what is
 * nested there, the inner names (credential and aitap keep their prefix). Money
 * is pico-USD and ends in _pico, spans and moments end in _ns. An empty string
 * is unknown and becomes NULL.
 */
#include "book/column.h"

#include <string.h>

#include "base/decimal.h"
#include "base/json.h"
#include "out/record.h"

enum source {
	OF_RECORD, OF_CALL, OF_ORIGIN,	/* a char array at an offset */
	POINTED,			/* a char pointer at an offset of the record */
	COUNTED,			/* a token count, offset is its enum count */
	SINCE,				/* a span since the call began, to the moment at an offset of the call */
	ESTIMATED,			/* a count at an offset of the record, unknown where nothing was estimated */
	MADE,
};

typedef int (*make_fn)(sqlite3_stmt *, int at, const struct record *, struct buf *scratch);

struct column {
	const char *name;
	const char *type;
	enum source source;
	size_t offset;
	make_fn make;
};

static int bind_text(sqlite3_stmt *to, int at, const char *text)
{
	if (!text || !*text)
		return sqlite3_bind_null(to, at);
	return sqlite3_bind_text(to, at, text, (int)strlen(text), SQLITE_STATIC);
}

/* What an adjustment takes away has a minus wherever it would be added up. */
static int bind_signed(sqlite3_stmt *to, int at, const struct record *record, int64_t n)
{
	return sqlite3_bind_int64(to, at, record->negative ? -n : n);
}

/* SQLite's integers are signed: a count above them is as good as one at their end. */
static int64_t clamp(uint64_t n)
{
	return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

static int bind_scratch(sqlite3_stmt *to, int at, const struct buf *scratch, size_t from)
{
	if (scratch->error)
		return SQLITE_NOMEM;
	return sqlite3_bind_text(to, at, scratch->p + from, (int)(scratch->n - from), SQLITE_TRANSIENT);
}

/* ---- values that are made */

static int make_kind(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	(void)scratch;
	return bind_text(to, at, record->kind == RECORD_ADJUSTMENT ? "adjustment" : "call");
}

static int make_time(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	(void)scratch;
	return sqlite3_bind_int64(to, at, record->time_ns);
}

static int make_labels(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	struct json json = { .to = scratch };
	size_t from = scratch->n;

	if (!record->n_labels)
		return bind_text(to, at, "{}");
	json_open(&json, '{');
	for (uint32_t i = 0; i < record->n_labels && i < LIMIT_LABELS; i++) {
		json_key(&json, record->labels[i].name);
		json_cstr(&json, record->labels[i].value[0] ? record->labels[i].value : NULL);
	}
	json_close(&json, '}');
	return bind_scratch(to, at, scratch, from);
}

static int make_spend(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	(void)scratch;
	return sqlite3_bind_int(to, at, record->spend);
}

static int make_status(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	(void)scratch;
	return record->call->status ? sqlite3_bind_int(to, at, record->call->status) : sqlite3_bind_null(to, at);
}

static int make_stream(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	(void)scratch;
	return sqlite3_bind_int(to, at, (record->call->flags & CALL_STREAM) != 0);
}

static int make_billing(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	(void)scratch;
	return bind_text(to, at, record_billing_name((enum billing)record->call->billing));
}

static int make_units(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	const struct call *call = record->call;
	struct json json = { .to = scratch };
	size_t from = scratch->n;

	if (!call->n_units)
		return bind_text(to, at, "{}");
	json_open(&json, '{');
	for (size_t i = 0; i < call->n_units && i < CALL_UNITS; i++) {
		__int128 milli = call->units[i].milli;
		char digits[DECIMAL_MAX];
		size_t n = decimal_text(record->negative ? -milli : milli, DECIMAL_MILLI, digits);

		json_key(&json, call->units[i].name);
		json_raw(&json, (struct str){ digits, n });
	}
	json_close(&json, '}');
	return bind_scratch(to, at, scratch, from);
}

static int make_usage_source(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	(void)scratch;
	return bind_text(to, at, record_usage_source_name((enum usage_source)record->call->usage_source));
}

static int make_cost(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	(void)scratch;
	return record_cost_known(record) ? bind_signed(to, at, record, record->cost.pico) : sqlite3_bind_null(to, at);
}

static int make_list_cost(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	(void)scratch;
	return record->cost.status != COST_UNPRICED ? bind_signed(to, at, record, record->cost.list_pico) : sqlite3_bind_null(to, at);
}

static int make_low_cost(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	(void)scratch;
	return record->estimate.priced ? bind_signed(to, at, record, record->estimate.low_pico) : sqlite3_bind_null(to, at);
}

static int make_high_cost(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	(void)scratch;
	return record->estimate.priced ? bind_signed(to, at, record, record->estimate.high_pico) : sqlite3_bind_null(to, at);
}

static int make_provider_cost(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	const struct call *call = record->call;

	(void)scratch;
	return call->has_provider_cost ? bind_signed(to, at, record, call->provider_cost_pico) : sqlite3_bind_null(to, at);
}

static int make_cost_status(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	(void)scratch;
	return bind_text(to, at, record_status_name((enum cost_status)record->cost.status));
}

static int bind_names(sqlite3_stmt *to, int at, const char *list, struct buf *scratch)
{
	struct str rest = str_of(*list ? list : NULL), name;
	struct json json = { .to = scratch };
	size_t from = scratch->n;

	if (!*list)
		return bind_text(to, at, "[]");
	json_open(&json, '[');
	while (str_split(&rest, ',', &name))
		if (name.n)
			json_str(&json, name);
	json_close(&json, ']');
	return bind_scratch(to, at, scratch, from);
}

static int make_offered(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	return bind_names(to, at, record->call->tools_offered, scratch);
}

static int make_called(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	return bind_names(to, at, record->call->tools_called, scratch);
}

static int make_attempt(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	(void)scratch;
	return sqlite3_bind_int64(to, at, record->attempt);
}

static int make_credential(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	uint8_t kind = record->call->credential_kind;

	(void)scratch;
	return bind_text(to, at, kind == CREDENTIAL_NONE ? NULL : record_credential_name((enum credential_kind)kind));
}

static int make_tls(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	(void)scratch;
	return bind_text(to, at, record->call->library ? record_library_name(record->call->library) : NULL);
}

static int make_complete(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	(void)scratch;
	return sqlite3_bind_int(to, at, !(record->call->flags & CALL_INCOMPLETE));
}

static int make_missing(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	(void)scratch;
	return sqlite3_bind_int64(to, at, clamp(record->call->missing_bytes));
}

static int make_flags(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	uint32_t flags = record_flags(record);
	struct json json = { .to = scratch };
	size_t from = scratch->n;

	if (!flags)
		return bind_text(to, at, "[]");
	json_open(&json, '[');
	for (unsigned int bit = 0; record_flag_name(bit); bit++)
		if (flags >> bit & 1)
			json_cstr(&json, record_flag_name(bit));
	json_close(&json, ']');
	return bind_scratch(to, at, scratch, from);
}

static int make_pid(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	(void)scratch;
	return record->call->task.tgid ? sqlite3_bind_int64(to, at, record->call->task.tgid) : sqlite3_bind_null(to, at);
}

static int make_comm(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	(void)scratch;
	return bind_text(to, at, record->origin->comm[0] ? record->origin->comm : record->call->comm);
}

static int make_uid(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	(void)scratch;
	return sqlite3_bind_int64(to, at, record->origin->known_uid ? record->origin->uid : record->call->uid);
}

static int make_version(sqlite3_stmt *to, int at, const struct record *record, struct buf *scratch)
{
	(void)record;
	(void)scratch;
	return bind_text(to, at, AITAP_VERSION);
}

/* ---- the tables */

#define RECORD(field) OF_RECORD, offsetof(struct record, field), NULL
#define CALL(field) OF_CALL, offsetof(struct call, field), NULL
#define ORIGIN(field) OF_ORIGIN, offsetof(struct origin, field), NULL
#define POINTER(field) POINTED, offsetof(struct record, field), NULL
#define COUNT(which) COUNTED, which, NULL
#define SPAN(field) SINCE, offsetof(struct call, field), NULL
#define ESTIMATE(bound) ESTIMATED, offsetof(struct record, estimate.bound), NULL
#define MAKE(function) MADE, 0, function

static const struct column columns[] = {
	{ "kind", "TEXT NOT NULL", MAKE(make_kind) },
	{ "id", "TEXT NOT NULL PRIMARY KEY", RECORD(id) },
	{ "time_ns", "INTEGER NOT NULL", MAKE(make_time) },
	{ "cluster", "TEXT", POINTER(cluster) },
	{ "node", "TEXT", POINTER(node) },
	{ "team", "TEXT", RECORD(team) },
	{ "team_source", "TEXT", RECORD(team_source) },
	{ "caller_team", "TEXT", RECORD(caller_team) },
	{ "labels", "TEXT NOT NULL", MAKE(make_labels) },
	{ "spend", "INTEGER NOT NULL", MAKE(make_spend) },
	{ "same_as", "TEXT", RECORD(same_as) },
	{ "adjusts", "TEXT", RECORD(adjusts) },
	{ "provider", "TEXT", CALL(provider) },
	{ "host", "TEXT", CALL(host) },
	{ "region", "TEXT", CALL(region) },
	{ "project", "TEXT", CALL(project) },
	{ "org", "TEXT", CALL(org) },
	{ "operation", "TEXT", CALL(operation) },
	{ "method", "TEXT", CALL(method) },
	{ "path", "TEXT", CALL(path) },
	{ "status", "INTEGER", MAKE(make_status) },
	{ "error_type", "TEXT", CALL(error_type) },
	{ "stream", "INTEGER NOT NULL", MAKE(make_stream) },
	{ "model_requested", "TEXT", CALL(model_requested) },
	{ "model", "TEXT", CALL(model) },
	{ "service_tier", "TEXT", CALL(service_tier) },
	{ "billing", "TEXT NOT NULL", MAKE(make_billing) },
	{ "input_tokens", "INTEGER", COUNT(COUNT_INPUT) },
	{ "cache_read_tokens", "INTEGER", COUNT(COUNT_CACHE_READ) },
	{ "cache_write_tokens", "INTEGER", COUNT(COUNT_CACHE_WRITE) },
	{ "cache_write_1h_tokens", "INTEGER", COUNT(COUNT_CACHE_WRITE_1H) },
	{ "output_tokens", "INTEGER", COUNT(COUNT_OUTPUT) },
	{ "reasoning_tokens", "INTEGER", COUNT(COUNT_REASONING) },
	{ "audio_input_tokens", "INTEGER", COUNT(COUNT_AUDIO_INPUT) },
	{ "audio_output_tokens", "INTEGER", COUNT(COUNT_AUDIO_OUTPUT) },
	{ "units", "TEXT NOT NULL", MAKE(make_units) },
	{ "usage_source", "TEXT NOT NULL", MAKE(make_usage_source) },
	{ "usage_raw", "TEXT", CALL(usage_raw) },
	{ "estimate", "TEXT", RECORD(estimate.name) },
	{ "input_low", "INTEGER", ESTIMATE(low[0]) },
	{ "input_high", "INTEGER", ESTIMATE(high[0]) },
	{ "output_low", "INTEGER", ESTIMATE(low[1]) },
	{ "output_high", "INTEGER", ESTIMATE(high[1]) },
	{ "cost_pico", "INTEGER", MAKE(make_cost) },
	{ "list_cost_pico", "INTEGER", MAKE(make_list_cost) },
	{ "cost_low_pico", "INTEGER", MAKE(make_low_cost) },
	{ "cost_high_pico", "INTEGER", MAKE(make_high_cost) },
	{ "provider_cost_pico", "INTEGER", MAKE(make_provider_cost) },
	{ "cost_status", "TEXT NOT NULL", MAKE(make_cost_status) },
	{ "duration_ns", "INTEGER", SPAN(end_ns) },
	{ "first_byte_ns", "INTEGER", SPAN(first_byte_ns) },
	{ "first_token_ns", "INTEGER", SPAN(first_token_ns) },
	{ "finish_reason", "TEXT", CALL(finish_reason) },
	{ "tools_offered", "TEXT NOT NULL", MAKE(make_offered) },
	{ "tools_called", "TEXT NOT NULL", MAKE(make_called) },
	{ "request_id", "TEXT", CALL(request_id) },
	{ "response_id", "TEXT", CALL(response_id) },
	{ "trace_id", "TEXT", CALL(trace_id) },
	{ "span_id", "TEXT", CALL(span_id) },
	{ "session", "TEXT", CALL(session) },
	{ "batch_id", "TEXT", CALL(batch_id) },
	{ "attempt", "INTEGER NOT NULL", MAKE(make_attempt) },
	{ "retry_of", "TEXT", RECORD(retry_of) },
	{ "credential_kind", "TEXT", MAKE(make_credential) },
	{ "credential_id", "TEXT", CALL(credential) },
	{ "user", "TEXT", CALL(user) },
	{ "agent", "TEXT", CALL(agent) },
	{ "route", "TEXT", POINTER(route) },
	{ "sight", "TEXT", POINTER(sight) },
	{ "tls", "TEXT", MAKE(make_tls) },
	{ "peer", "TEXT", CALL(peer) },
	{ "sni", "TEXT", CALL(sni) },
	{ "complete", "INTEGER NOT NULL", MAKE(make_complete) },
	{ "missing_bytes", "INTEGER NOT NULL", MAKE(make_missing) },
	{ "flags", "TEXT NOT NULL", MAKE(make_flags) },
	{ "pid", "INTEGER", MAKE(make_pid) },
	{ "exe", "TEXT", ORIGIN(exe) },
	{ "comm", "TEXT", MAKE(make_comm) },
	{ "uid", "INTEGER", MAKE(make_uid) },
	{ "user_agent", "TEXT", CALL(user_agent) },
	{ "cgroup", "TEXT", ORIGIN(cgroup) },
	{ "unit", "TEXT", ORIGIN(unit) },
	{ "container", "TEXT", ORIGIN(container) },
	{ "container_name", "TEXT", ORIGIN(container_name) },
	{ "image", "TEXT", ORIGIN(image) },
	{ "pod", "TEXT", ORIGIN(pod) },
	{ "namespace", "TEXT", ORIGIN(namespace) },
	{ "workload", "TEXT", ORIGIN(workload) },
	{ "aitap_version", "TEXT NOT NULL", MAKE(make_version) },
	{ "aitap_config", "TEXT", POINTER(config) },
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

const char *column_name(size_t i)
{
	return i < COLUMNS ? columns[i].name : NULL;
}

const char *column_type(size_t i)
{
	return i < COLUMNS ? columns[i].type : NULL;
}

/*
 * Lines lie in the order of their call's id, which begins with its time, so both
 * tables grow at their end. label_names spares a report the search for which
 * labels there are.
 */
void columns_schema(struct buf *sql)
{
	buf_puts(sql, "CREATE TABLE IF NOT EXISTS calls(");
	for (size_t i = 0; i < COLUMNS; i++)
		buf_printf(sql, "%s%s %s", i ? ", " : "", columns[i].name, columns[i].type);
	buf_puts(sql, ");"
		 "CREATE INDEX IF NOT EXISTS calls_time ON calls(time_ns);"
		 "CREATE INDEX IF NOT EXISTS calls_adjusts ON calls(adjusts) WHERE adjusts IS NOT NULL;"
		 "CREATE TABLE IF NOT EXISTS lines(id TEXT NOT NULL, n INTEGER NOT NULL, model TEXT, class TEXT NOT NULL,"
		 " quantity_milli INTEGER NOT NULL, unit TEXT NOT NULL, price TEXT, cost_pico INTEGER,"
		 " PRIMARY KEY(id, n)) WITHOUT ROWID;"
		 "CREATE TABLE IF NOT EXISTS label_names(name TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;");
}

/* By name: in a ledger of an earlier version later columns stand behind all others. */
void columns_insert(struct buf *sql)
{
	buf_puts(sql, "INSERT OR IGNORE INTO calls(");
	for (size_t i = 0; i < COLUMNS; i++)
		buf_printf(sql, "%s%s", i ? "," : "", columns[i].name);
	buf_puts(sql, ") VALUES(?");
	for (size_t i = 1; i < COLUMNS; i++)
		buf_puts(sql, ",?");
	buf_char(sql, ')');
}

void columns_insert_line(struct buf *sql)
{
	buf_puts(sql, "INSERT OR IGNORE INTO lines VALUES(?,?,?,?,?,?,?,?)");
}

/* ---- binding */

static int bind_counted(sqlite3_stmt *to, int at, const struct record *record, enum count which)
{
	uint64_t n;

	return record_tokens(record, which, &n) ? bind_signed(to, at, record, clamp(n)) : sqlite3_bind_null(to, at);
}

static int bind_span(sqlite3_stmt *to, int at, const struct record *record, uint64_t then_ns)
{
	uint64_t ns;

	return record_elapsed(record, then_ns, &ns) ? sqlite3_bind_int64(to, at, clamp(ns)) : sqlite3_bind_null(to, at);
}

static int bind_estimated(sqlite3_stmt *to, int at, const struct record *record, size_t offset)
{
	if (!record->estimate.name[0])
		return sqlite3_bind_null(to, at);
	return bind_signed(to, at, record, clamp(*(const uint64_t *)((const char *)record + offset)));
}

static int bind(sqlite3_stmt *to, int at, const struct column *column, const struct record *record, struct buf *scratch)
{
	const char *call = (const char *)record->call;

	switch (column->source) {
	case OF_RECORD: return bind_text(to, at, (const char *)record + column->offset);
	case OF_CALL: return bind_text(to, at, call + column->offset);
	case OF_ORIGIN: return bind_text(to, at, (const char *)record->origin + column->offset);
	case POINTED: return bind_text(to, at, *(const char *const *)((const char *)record + column->offset));
	case COUNTED: return bind_counted(to, at, record, (enum count)column->offset);
	case SINCE: return bind_span(to, at, record, *(const uint64_t *)(call + column->offset));
	case ESTIMATED: return bind_estimated(to, at, record, column->offset);
	case MADE: break;
	}
	return column->make(to, at, record, scratch);
}

int columns_bind(sqlite3_stmt *to, const struct record *record, struct buf *scratch)
{
	int result = SQLITE_OK;

	buf_reset(scratch);
	for (size_t i = 0; i < COLUMNS && result == SQLITE_OK; i++)
		result = bind(to, (int)i + 1, &columns[i], record, scratch);
	return result;
}

int columns_bind_line(sqlite3_stmt *to, const struct record *record, uint32_t n)
{
	const struct cost_line *line = &record->cost.lines[n];
	int result = bind_text(to, 1, record->id);

	result |= sqlite3_bind_int64(to, 2, n);
	result |= bind_text(to, 3, line->model);
	result |= bind_text(to, 4, record_class_name((enum line_class)line->class));
	result |= bind_signed(to, 5, record, clamp(line->milli));
	result |= bind_text(to, 6, line->unit[0] ? line->unit : "token");
	result |= bind_text(to, 7, line->priced ? line->price : NULL);
	result |= line->priced ? bind_signed(to, 8, record, line->pico) : sqlite3_bind_null(to, 8);
	return result;
}
