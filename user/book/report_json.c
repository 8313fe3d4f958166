/* SPDX-License-Identifier: Apache-2.0 */
#include "book/report_json.h"

#include "base/clock.h"
#include "base/json.h"
#include "book/figure.h"
#include "book/period.h"

static void figures(struct json *json, const struct report *report, const struct sums *sums)
{
	char text[DECIMAL_MAX];

	for (int i = 0; i < FIGURES; i++) {
		figure_text(report, sums, (enum figure)i, text);
		json_key(json, figure_name((enum figure)i));
		if (!text[0])
			json_null(json);
		else if (figure_quoted((enum figure)i))
			json_cstr(json, text);
		else
			json_raw(json, str_of(text));
	}
}

static void row(struct json *json, const struct report *report, const struct report_row *row)
{
	json_open(json, '{');
	for (size_t i = 0; i < report->query.n_by; i++) {
		json_key(json, report->query.by[i].name);
		json_cstr(json, row->keys[i]);
	}
	figures(json, report, &row->sums);
	if (report->query.alias) {
		json_key(json, "answered_before");
		json_cstr(json, row->drift ? row->drift->before : NULL);
	}
	json_close(json, '}');
}

static void moment(struct json *json, const char *key, bool known, int64_t ns)
{
	char text[PERIOD_MAX];

	json_key(json, key);
	if (known)
		period_moment_text(ns, text);
	json_cstr(json, known ? text : NULL);
}

static void asked(struct json *json, const struct report *report)
{
	const struct query *query = &report->query;

	moment(json, "since", query->since_ns != INT64_MIN, query->since_ns);
	moment(json, "until", query->until_ns != INT64_MAX, query->until_ns);
	moment(json, "first", report->n_rows, report->total.first_ns);
	moment(json, "last", report->n_rows, report->total.last_ns);
	json_key(json, "tz");
	json_cstr(json, report->zone);
	json_key(json, "by");
	json_open(json, '[');
	for (size_t i = 0; i < query->n_by; i++)
		json_cstr(json, query->by[i].name);
	json_close(json, ']');
	json_key(json, "where");
	json_open(json, '[');
	for (size_t i = 0; i < query->n_where; i++) {
		json_open(json, '{');
		json_key(json, "field");
		json_cstr(json, query->where[i].field.name);
		json_key(json, "is");
		json_bool(json, !query->where[i].not);
		json_key(json, "value");
		json_cstr(json, query->where[i].value[0] ? query->where[i].value : NULL);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void gaps(struct json *json, const struct report *report)
{
	char text[DECIMAL_MAX];

	json_key(json, "unpriced");
	json_open(json, '[');
	for (size_t i = 0; i < report->n_gaps; i++) {
		const struct report_gap *gap = &report->gaps[i];

		json_open(json, '{');
		json_key(json, "provider");
		json_cstr(json, gap->provider);
		json_key(json, "model");
		json_cstr(json, gap->model);
		json_key(json, "calls");
		json_u64(json, gap->calls);
		json_key(json, "unit");
		json_cstr(json, gap->unit);
		json_key(json, "quantity");
		decimal_text(gap->milli, DECIMAL_MILLI, text);
		json_raw(json, str_of(text));
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void json_usd(struct json *json, __int128 pico)
{
	char text[DECIMAL_MAX];

	decimal_text(pico, DECIMAL_PICO, text);
	json_cstr(json, text);
}

static void drifts(struct json *json, const struct report *report)
{
	if (!report->query.alias)
		return;
	json_key(json, "changed");
	json_open(json, '[');
	for (size_t i = 0; i < report->n_drifts; i++) {
		const struct drift *drift = &report->drifts[i];

		json_open(json, '{');
		json_key(json, "provider");
		json_cstr(json, drift->provider);
		json_key(json, "model_requested");
		json_cstr(json, drift->asked);
		json_key(json, "before");
		json_cstr(json, drift->before);
		json_key(json, "after");
		json_cstr(json, drift->after);
		moment(json, "since", true, drift->since_ns);
		moment(json, "before_until", true, drift->until_ns);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void total(struct json *json, const struct report *report)
{
	json_key(json, "total");
	json_open(json, '{');
	figures(json, report, &report->total);
	json_close(json, '}');
	json_key(json, "repeats_not_counted");
	json_u64(json, report->repeats);
	json_key(json, "open_batches");
	json_u64(json, report->batches);
	json_key(json, "open_batches_bound_usd");
	json_usd(json, report->batches_bound);
	drifts(json, report);
}

int report_json(const struct report *report, struct buf *to)
{
	struct json json = { .to = to };

	json_open(&json, '{');
	json_key(&json, "schema");
	json_cstr(&json, "aitap.report/1");
	asked(&json, report);
	json_key(&json, "rows");
	json_open(&json, '[');
	for (size_t i = 0; i < report->n_rows; i++) {
		buf_puts(to, i ? "" : "\n");
		row(&json, report, &report->rows[i]);
		buf_char(to, '\n');
	}
	json_close(&json, ']');
	total(&json, report);
	gaps(&json, report);
	json_close(&json, '}');
	return buf_char(to, '\n');
}

int report_jsonl(const struct report *report, struct buf *to)
{
	struct json json = { .to = to };

	for (size_t i = 0; i < report->n_rows; i++) {
		json.comma = false;
		row(&json, report, &report->rows[i]);
		buf_char(to, '\n');
	}
	json.comma = false;
	json_open(&json, '{');
	asked(&json, report);
	total(&json, report);
	gaps(&json, report);
	json_close(&json, '}');
	return buf_char(to, '\n');
}
