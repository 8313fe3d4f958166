/* SPDX-License-Identifier: Apache-2.0 */
#include "run/kept.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "who/card.h"

#define KEPT(column, field) { column, offsetof(struct kept, field), sizeof(((struct kept *)0)->field) }
static const struct {
	const char *column;
	size_t at, size;
} texts[] = {
	KEPT("team", team), KEPT("team_source", team_source), KEPT("caller_team", caller_team), KEPT("labels", labels),
	KEPT("flags", flags), KEPT("route", route), KEPT("sight", sight), KEPT("cost_status", cost_status),
	KEPT("billing", billing), KEPT("aitap_config", config), KEPT("same_as", same_as), KEPT("adjusts", adjusts),
	KEPT("usage_source", usage_source), KEPT("estimate", estimate),
	KEPT("provider", call.provider), KEPT("host", call.host), KEPT("region", call.region), KEPT("project", call.project),
	KEPT("org", call.org), KEPT("operation", call.operation), KEPT("method", call.method), KEPT("path", call.path),
	KEPT("model_requested", call.model_requested), KEPT("model", call.model), KEPT("service_tier", call.service_tier),
	KEPT("credential_id", call.credential), KEPT("user", call.user), KEPT("agent", call.agent), KEPT("sni", call.sni),
	KEPT("exe", origin.exe), KEPT("comm", origin.comm), KEPT("cgroup", origin.cgroup), KEPT("unit", origin.unit),
	KEPT("container", origin.container), KEPT("container_name", origin.container_name), KEPT("image", origin.image),
	KEPT("pod", origin.pod), KEPT("namespace", origin.namespace), KEPT("workload", origin.workload),
};
#define N_TEXTS (sizeof(texts) / sizeof(texts[0]))

static struct str column_text(sqlite3_stmt *row, int at)
{
	const char *text = (const char *)sqlite3_column_text(row, at);

	return text ? (struct str){ text, (size_t)sqlite3_column_bytes(row, at) } : STR("");
}

static void take_call(sqlite3_stmt *row, struct kept *ret)
{
	int at = 0;

	for (size_t i = 0; i < N_TEXTS; i++)
		str_copy((char *)ret + texts[i].at, texts[i].size, column_text(row, at++));
	ret->time_ns = sqlite3_column_int64(row, at++);
	ret->spend = sqlite3_column_int(row, at++);
	ret->cost_known = sqlite3_column_type(row, at) != SQLITE_NULL;
	ret->pico = sqlite3_column_int64(row, at++);
	ret->call.task.tgid = (uint32_t)sqlite3_column_int64(row, at++);
	ret->origin.known_uid = sqlite3_column_type(row, at) != SQLITE_NULL;
	ret->origin.uid = (uint32_t)sqlite3_column_int64(row, at++);
	for (int i = 0; i < KEPT_BOUNDS; i++) {
		ret->bounded[i] = sqlite3_column_type(row, at) != SQLITE_NULL;
		ret->low[i] = sqlite3_column_int64(row, at++);
		ret->high[i] = sqlite3_column_int64(row, at++);
	}
	ret->origin.task = ret->call.task;
}

static void take_line(sqlite3_stmt *row, struct kept_line *ret)
{
	STR_COPY(ret->model, column_text(row, 0));
	STR_COPY(ret->class, column_text(row, 1));
	STR_COPY(ret->unit, column_text(row, 2));
	STR_COPY(ret->price, column_text(row, 3));
	ret->milli = sqlite3_column_int64(row, 4);
	ret->priced = sqlite3_column_type(row, 5) != SQLITE_NULL;
	ret->pico = sqlite3_column_int64(row, 5);
}

static int prepare(sqlite3 *db, const char *sql, const char *id, sqlite3_stmt **ret)
{
	int err = store_prepare(db, sql, ret);

	if (err == 0 && sqlite3_bind_text(*ret, 1, id, -1, SQLITE_STATIC) != SQLITE_OK)
		err = store_errno(db);
	return err;
}

static int read_call(sqlite3 *db, const char *id, struct kept *ret)
{
	struct buf sql = BUF(KIB(8));
	sqlite3_stmt *row = NULL;
	int err, step;

	buf_puts(&sql, "SELECT ");
	for (size_t i = 0; i < N_TEXTS; i++)
		buf_printf(&sql, "\"%s\", ", texts[i].column);
	buf_puts(&sql, "time_ns, spend, cost_pico, pid, uid, input_low, input_high, output_low, output_high, cost_low_pico, cost_high_pico"
		       " FROM calls WHERE id = ?");
	err = prepare(db, buf_cstr(&sql), id, &row);
	buf_done(&sql);
	if (err < 0)
		return err;
	step = sqlite3_step(row);
	if (step == SQLITE_ROW)
		take_call(row, ret);
	else
		err = step == SQLITE_DONE ? -ENOENT : store_errno(db);
	sqlite3_finalize(row);
	return err;
}

static int read_lines(sqlite3 *db, const char *id, struct kept *ret)
{
	sqlite3_stmt *row = NULL;
	int err = prepare(db, "SELECT model, class, unit, price, quantity_milli, cost_pico FROM lines WHERE id = ? ORDER BY n", id, &row);

	while (err == 0 && ret->n_lines < RECORD_LINES && sqlite3_step(row) == SQLITE_ROW)
		take_line(row, &ret->lines[ret->n_lines++]);
	sqlite3_finalize(row);
	return err;
}

static int read_adjustments(sqlite3 *db, const char *id, struct kept *ret)
{
	sqlite3_stmt *row = NULL;
	int err = prepare(db, "SELECT id, team, cost_pico FROM calls WHERE adjusts = ? ORDER BY id", id, &row);

	while (err == 0 && ret->n_adjustments < KEPT_ADJUSTMENTS && sqlite3_step(row) == SQLITE_ROW) {
		struct kept_adjustment *adjustment = &ret->adjustments[ret->n_adjustments++];

		STR_COPY(adjustment->id, column_text(row, 0));
		STR_COPY(adjustment->team, column_text(row, 1));
		adjustment->priced = sqlite3_column_type(row, 2) != SQLITE_NULL;
		adjustment->pico = sqlite3_column_int64(row, 2);
	}
	sqlite3_finalize(row);
	return err;
}

int kept_read(const char *path, const char *id, struct kept *ret, char why[static STORE_WHY])
{
	sqlite3 *db = NULL;
	int err = store_open(path, STORE_READ, &db, why);

	if (err < 0)
		return err;
	err = store_ready(db, path, STORE_READ, why);
	if (err == 0) {
		memset(ret, 0, sizeof(*ret));
		STR_COPY(ret->id, str_of(id));
		err = read_call(db, id, ret);
		if (err == 0)
			err = read_lines(db, id, ret);
		if (err == 0)
			err = read_adjustments(db, id, ret);
		if (err == -ENOENT)
			why[0] = 0;
		else if (err < 0)
			store_why(db, path, "read", why);
	}
	store_close(db);
	return err;
}

static int find_row(const struct wants *wants, uint8_t kind, struct str name)
{
	for (uint32_t i = 0; i < wants->n_wanted; i++)
		if (wants->wanted[i].kind == kind && str_eq(str_of(wants->wanted[i].name), name))
			return (int)i;
	return -1;
}

static void recall_value(struct kept *kept, const struct wants *wants, uint8_t kind, struct str name)
{
	int row = find_row(wants, kind, name);

	if (row < 0)
		return;
	if (kind == WANTED_ENV) {
		origin_add_value(&kept->origin, (uint8_t)row, str_of(kept->team));
		return;
	}
	kept->call.values[0].wanted = (uint8_t)row;
	STR_COPY(kept->call.values[0].text, str_of(kept->team));
	kept->call.n_values = 1;
}

void kept_recall(struct kept *kept, const struct wants *wants)
{
	static const struct {
		struct str prefix;
		uint8_t wanted;		/* enum wanted_kind */
		char scope;		/* of a label */
	} sources[] = {
		{ { "header:", 7 }, WANTED_HEADER, 0 }, { { "body:", 5 }, WANTED_BODY, 0 }, { { "env:", 4 }, WANTED_ENV, 0 },
		{ { "pod-label:", 10 }, 0, 'p' }, { { "namespace-label:", 16 }, 0, 'n' }, { { "container-label:", 16 }, 0, 'c' },
		{ { "otel-resource:", 14 }, 0, 'o' },
	};
	struct str source = str_of(kept->team_source);

	if (str_starts(source, STR("on_behalf:")))
		source = str_sub(source, strlen("on_behalf:"), source.n);
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		struct str name = str_sub(source, sources[i].prefix.n, source.n);

		if (!str_starts(source, sources[i].prefix))
			continue;
		if (sources[i].scope)
			origin_add_label(&kept->origin, sources[i].scope, name, str_of(kept->team));
		else
			recall_value(kept, wants, sources[i].wanted, name);
	}
}
