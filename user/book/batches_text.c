/* SPDX-License-Identifier: Apache-2.0 */
#include "book/batches.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/json.h"
#include "book/csv.h"
#include "book/period.h"
#include "book/table.h"

#define DAY_NS INT64_C(86400000000000)
#define HOUR_NS INT64_C(3600000000000)
#define MINUTE_NS INT64_C(60000000000)

enum column { PROVIDER, BATCH, TEAM, STATE, CREATED, AGE, REQUESTS, BOUND, FETCHED, CALLS, COST, COLUMNS };

static const char *const names[COLUMNS] = {
	[PROVIDER] = "provider", [BATCH] = "batch_id", [TEAM] = "team", [STATE] = "state", [CREATED] = "created",
	[AGE] = "age_seconds", [REQUESTS] = "requests", [BOUND] = "bound_usd", [FETCHED] = "fetched", [CALLS] = "calls",
	[COST] = "cost_usd",
};

struct cell {
	char text[256];
	bool quoted;		/* in JSON */
};

static void moment(int64_t ns, struct cell *ret)
{
	ret->quoted = true;
	if (ns)
		period_moment_text(ns, ret->text);
}

static void count(int64_t n, struct cell *ret)
{
	if (n >= 0)
		snprintf(ret->text, sizeof(ret->text), "%" PRId64, n);
}

static void usd(bool known, int64_t pico, struct cell *ret)
{
	ret->quoted = true;
	if (known)
		decimal_text(pico, DECIMAL_PICO, ret->text);
}

static void words(const char *text, struct cell *ret)
{
	ret->quoted = true;
	STR_COPY(ret->text, str_of(text));
}

/* Exact; "" where it is unknown. */
static struct cell exact(const struct batches *batches, const struct batch *batch, enum column column)
{
	struct cell cell = { 0 };

	switch (column) {
	case PROVIDER: words(batch->provider, &cell); break;
	case BATCH: words(batch->id, &cell); break;
	case TEAM: words(batch->team ?: QUERY_UNATTRIBUTED, &cell); break;
	case STATE: words(batch->state, &cell); break;
	case CREATED: moment(batch->created_ns, &cell); break;
	case AGE: count((batches->now_ns - batch->created_ns) / 1000000000, &cell); break;
	case REQUESTS: count(batch->requests, &cell); break;
	case BOUND: usd(batch->bounded, batch->bound_pico, &cell); break;
	case FETCHED: moment(batch->fetched_ns, &cell); break;
	case CALLS: count(batch->calls, &cell); break;
	case COST: usd(batch->priced, batch->cost_pico, &cell); break;
	case COLUMNS: break;
	}
	return cell;
}

/* ---- for programs */

int batches_csv(const struct batches *batches, struct buf *to)
{
	for (int i = 0; i < COLUMNS; i++)
		buf_printf(to, "%s%c", names[i], i + 1 < COLUMNS ? ',' : '\n');
	for (size_t row = 0; row < batches->n; row++)
		for (int i = 0; i < COLUMNS; i++) {
			struct cell cell = exact(batches, &batches->of[row], (enum column)i);

			csv_field(to, cell.text);
			buf_char(to, i + 1 < COLUMNS ? ',' : '\n');
		}
	return to->error;
}

static void add_row(struct json *json, const struct batches *batches, const struct batch *batch)
{
	json_open(json, '{');
	for (int i = 0; i < COLUMNS; i++) {
		struct cell cell = exact(batches, batch, (enum column)i);

		json_key(json, names[i]);
		if (!cell.text[0])
			json_null(json);
		else if (cell.quoted)
			json_cstr(json, cell.text);
		else
			json_raw(json, str_of(cell.text));
	}
	json_close(json, '}');
}

static void add_total(struct json *json, const struct batches *batches)
{
	char text[DECIMAL_MAX];

	json_key(json, "open");
	json_u64(json, batches->n_open);
	json_key(json, "open_of_unknown_bound");
	json_u64(json, batches->n_boundless);
	json_key(json, "open_bound_usd");
	decimal_text(batches->bound_pico, DECIMAL_PICO, text);
	json_cstr(json, text);
}

int batches_json(const struct batches *batches, struct buf *to)
{
	struct json json = { .to = to };

	json_open(&json, '{');
	json_key(&json, "schema");
	json_cstr(&json, "aitap.batches/1");
	json_key(&json, "rows");
	json_open(&json, '[');
	for (size_t i = 0; i < batches->n; i++)
		add_row(&json, batches, &batches->of[i]);
	json_close(&json, ']');
	add_total(&json, batches);
	json_close(&json, '}');
	return buf_char(to, '\n');
}

int batches_jsonl(const struct batches *batches, struct buf *to)
{
	struct json json = { .to = to };

	for (size_t i = 0; i < batches->n; i++) {
		json.comma = false;
		add_row(&json, batches, &batches->of[i]);
		buf_char(to, '\n');
	}
	json.comma = false;
	json_open(&json, '{');
	add_total(&json, batches);
	json_close(&json, '}');
	return buf_char(to, '\n');
}

/* ---- for people */

static void age(int64_t ns, struct cell *ret)
{
	int64_t n = ns < 0 ? 0 : ns;

	if (n >= DAY_NS)
		snprintf(ret->text, sizeof(ret->text), "%" PRId64 "d %" PRId64 "h", n / DAY_NS, n % DAY_NS / HOUR_NS);
	else
		snprintf(ret->text, sizeof(ret->text), "%" PRId64 "h %" PRId64 "m", n / HOUR_NS, n % HOUR_NS / MINUTE_NS);
}

static struct cell rounded(const struct batches *batches, const struct batch *batch, enum column column)
{
	struct cell cell = exact(batches, batch, column);

	if (column == AGE)
		age(batches->now_ns - batch->created_ns, &cell);
	else if (cell.text[0] && (column == BOUND || column == COST))
		report_number(column == BOUND ? batch->bound_pico : batch->cost_pico, DECIMAL_PICO, 4, cell.text);
	else if (cell.text[0] && (column == REQUESTS || column == CALLS))
		report_number(column == REQUESTS ? batch->requests : batch->calls, 0, 0, cell.text);
	if (!cell.text[0])
		snprintf(cell.text, sizeof(cell.text), "-");
	for (char *c = cell.text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	return cell;
}

/* Columns that a text takes: one a code point. */
static int columns(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void add_cell(struct buf *to, enum column column, int width, const char *text)
{
	int room = width - columns(text);
	bool right = column == AGE || column == REQUESTS || column == BOUND || column == CALLS || column == COST;

	buf_printf(to, "%s%*s%s%*s", column ? "  " : "", right ? room : 0, "", text, right || column + 1 == COLUMNS ? 0 : room, "");
}

int batches_table(const struct batches *batches, struct buf *to)
{
	static const char *const heads[COLUMNS] = {
		"provider", "batch", "team", "state", "created", "age", "requests", "at most USD", "fetched", "calls", "USD",
	};
	int width[COLUMNS];
	char text[TABLE_NUMBER];

	for (int i = 0; i < COLUMNS; i++) {
		width[i] = columns(heads[i]);
		for (size_t row = 0; row < batches->n; row++) {
			struct cell cell = rounded(batches, &batches->of[row], (enum column)i);

			width[i] = columns(cell.text) > width[i] ? columns(cell.text) : width[i];
		}
	}
	for (int i = 0; batches->n && i < COLUMNS; i++)
		add_cell(to, (enum column)i, width[i], heads[i]);
	buf_puts(to, batches->n ? "\n" : "no batches\n");
	for (size_t row = 0; row < batches->n; row++) {
		for (int i = 0; i < COLUMNS; i++)
			add_cell(to, (enum column)i, width[i], rounded(batches, &batches->of[row], (enum column)i).text);
		buf_char(to, '\n');
	}
	report_number(batches->bound_pico, DECIMAL_PICO, 4, text);
	if (batches->n_open)
		buf_printf(to, "\n%" PRIu64 " fetched by nobody yet: at most %s USD, which no report has", batches->n_open, text);
	if (batches->n_boundless)
		buf_printf(to, "; %" PRIu64 " of them of unknown size", batches->n_boundless);
	return buf_puts(to, batches->n_open ? "\n" : "");
}
