/* SPDX-License-Identifier: Apache-2.0 */
#include "run/price_text.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "base/limits.h"

/* The classes that the short forms show. */
static const struct {
	const char *name;
	enum line_class class;
} columns[] = {
	{ "input", LINE_INPUT_UNCACHED }, { "cache_read", LINE_CACHE_READ }, { "cache_write_5m", LINE_CACHE_WRITE_5M },
	{ "output", LINE_OUTPUT_VISIBLE },
};
#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static const struct price_variant *plain_variant(const struct price *price)
{
	for (size_t i = 0; i < price->n_variants; i++)
		if (price->variants[i].tier == TIER_STANDARD && !price->variants[i].over)
			return &price->variants[i];
	return NULL;
}

/* USD for a million, from pico-USD for one. */
static const char *per_million(int64_t rate, char ret[static DECIMAL_MAX])
{
	decimal_text((__int128)rate * 1000000, DECIMAL_PICO, ret);
	return ret;
}

static const char *moment(int64_t ns, char ret[static CLOCK_TEXT_MAX])
{
	ret[0] = 0;
	if (ns == INT64_MIN || ns == INT64_MAX)
		return ret;
	clock_text(ns, ret);
	if (!strcmp(ret + 10, "T00:00:00.000000Z"))
		ret[10] = 0;
	else if (!strcmp(ret + 16, ":00.000000Z"))
		memcpy(ret + 16, "Z", 2);
	return ret;
}

/* Names come from files: what would end a field is put in quotes (RFC 4180). */
static void csv_field(struct buf *to, const char *text)
{
	bool quote = strpbrk(text, ",\"\r\n") != NULL;

	if (quote)
		buf_char(to, '"');
	for (; *text; text++) {
		if (*text == '"')
			buf_char(to, '"');
		buf_char(to, *text);
	}
	if (quote)
		buf_char(to, '"');
}

static void row_short(struct price_writer *w, const struct price *price)
{
	const struct price_variant *variant = plain_variant(price);
	const char *fields[] = { price->provider, price->model, "", "" };
	char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX], digits[DECIMAL_MAX];
	bool csv = w->format == PRICE_CSV;

	fields[2] = moment(price->from_ns, from);
	fields[3] = moment(price->to_ns, to);
	for (size_t i = 0; i < 4; i++) {
		static const int widths[] = { -20, -44, -17, -17 };

		if (csv)
			csv_field(&w->text, fields[i]);
		else
			buf_printf(&w->text, "%*s", widths[i], fields[i][0] ? fields[i] : "-");
		if (csv || i < 3)
			buf_char(&w->text, csv ? ',' : ' ');
	}
	for (size_t i = 0; i < N_COLUMNS; i++) {
		int64_t rate = variant ? variant->rate[columns[i].class] : RATE_NONE;
		const char *text = rate == RATE_NONE ? "" : per_million(rate, digits);

		if (csv)
			buf_printf(&w->text, "%s,", text);
		else
			buf_printf(&w->text, " %14s", text[0] ? text : "-");
	}
	if (csv)
		csv_field(&w->text, price->id);
	else
		buf_str(&w->text, price->n_variants > 1 || price->n_units ? STR("  *") : STR(""));
	buf_char(&w->text, '\n');
}

static void variant_lines(struct buf *to, const struct price_variant *variant)
{
	char digits[DECIMAL_MAX];

	buf_printf(to, "  %s", price_tier_name(variant->tier));
	if (variant->over)
		buf_printf(to, ", input above %llu tokens", (unsigned long long)variant->over);
	buf_char(to, '\n');
	for (int class = 0; class < LINE_UNIT; class++)
		if (variant->rate[class] != RATE_NONE)
			buf_printf(to, "    %-20s %14s\n", price_rate_names()[class], per_million(variant->rate[class], digits));
}

static void row_whole(struct price_writer *w, const struct price *price)
{
	struct buf *to = &w->text;
	char from[CLOCK_TEXT_MAX], until[CLOCK_TEXT_MAX], digits[DECIMAL_MAX];

	moment(price->from_ns, from);
	moment(price->to_ns, until);
	buf_printf(to, "%s\n", price->id);
	buf_printf(to, "  provider %s, model %s\n", price->provider, price->model);
	buf_printf(to, "  holds %s%s%s%s\n", from[0] ? "from " : "since ever", from, until[0] ? " until " : ", no end known", until);
	if (price->window[0] != price->window[1])
		buf_printf(to, "  from %02d:%02d to %02d:%02d UTC\n", price->window[0] / 60, price->window[0] % 60, price->window[1] / 60,
			   price->window[1] % 60);
	buf_printf(to, "  source %s, checked %s\n", price->source ? price->source : "-", price->checked ? price->checked : "-");
	for (size_t i = 0; i < price->n_variants; i++)
		variant_lines(to, &price->variants[i]);
	for (size_t i = 0; i < price->n_units; i++) {
		decimal_text(price->units[i].pico, DECIMAL_PICO, digits);
		buf_printf(to, "    %-20s %14s for one\n", price->units[i].name, digits);
	}
	for (int tier = 0; tier < TIER_MAX; tier++)
		if (price->times[tier] != RATE_NONE) {
			decimal_text(price->times[tier], TIMES_SCALE, digits);
			buf_printf(to, "  %s: %s times that\n", price_tier_name((enum price_tier)tier), digits);
		}
}

static void json_text(struct json *j, const char *key, const char *text)
{
	json_key(j, key);
	json_cstr(j, text && text[0] ? text : NULL);
}

static void json_variant(struct json *j, const struct price_variant *variant)
{
	char digits[DECIMAL_MAX];

	json_open(j, '{');
	json_text(j, "tier", price_tier_name(variant->tier));
	json_key(j, "over");
	json_u64(j, variant->over);
	for (int class = 0; class < LINE_UNIT; class++)
		if (variant->rate[class] != RATE_NONE)
			json_text(j, price_rate_names()[class], per_million(variant->rate[class], digits));
	json_close(j, '}');
}

static void row_json(struct price_writer *w, const struct price *price)
{
	char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX], digits[DECIMAL_MAX];
	struct json *j = &w->json;

	json_open(j, '{');
	json_text(j, "id", price->id);
	json_text(j, "provider", price->provider);
	json_text(j, "model", price->model);
	json_text(j, "from", moment(price->from_ns, from));
	json_text(j, "to", moment(price->to_ns, to));
	json_text(j, "source", price->source);
	json_text(j, "checked", price->checked);
	json_key(j, "rates");
	json_open(j, '[');
	for (size_t i = 0; i < price->n_variants; i++)
		json_variant(j, &price->variants[i]);
	json_close(j, ']');
	json_key(j, "units");
	json_open(j, '{');
	for (size_t i = 0; i < price->n_units; i++) {
		decimal_text(price->units[i].pico, DECIMAL_PICO, digits);
		json_text(j, price->units[i].name, digits);
	}
	json_close(j, '}');
	json_close(j, '}');
}

static void emit(struct price_writer *w)
{
	struct str text = buf_view(&w->text);

	fwrite(text.p, 1, text.n, stdout);
	buf_reset(&w->text);
}

void price_begin(struct price_writer *w, enum price_format format)
{
	*w = (struct price_writer){ .format = format, .text = BUF(MIB(1)) };
	w->json.to = &w->text;
	switch (format) {
	case PRICE_TABLE:
		buf_printf(&w->text, "%-20s %-44s %-17s %-17s", "PROVIDER", "MODEL", "FROM", "TO");
		for (size_t i = 0; i < N_COLUMNS; i++)
			buf_printf(&w->text, " %14s", columns[i].name);
		buf_puts(&w->text, "\n");
		break;
	case PRICE_CSV:
		buf_puts(&w->text, "provider,model,from,to,");
		for (size_t i = 0; i < N_COLUMNS; i++)
			buf_printf(&w->text, "%s,", columns[i].name);
		buf_puts(&w->text, "id\n");
		break;
	case PRICE_JSON:
		json_open(&w->json, '[');
		break;
	case PRICE_WHOLE:
		break;
	}
}

void price_row(struct price_writer *w, const struct price *price)
{
	if (w->format == PRICE_JSON)
		row_json(w, price);
	else if (w->format == PRICE_WHOLE)
		row_whole(w, price);
	else
		row_short(w, price);
	emit(w);
}

void price_end(struct price_writer *w)
{
	if (w->format == PRICE_JSON) {
		json_close(&w->json, ']');
		buf_char(&w->text, '\n');
	} else if (w->format == PRICE_TABLE) {
		buf_puts(&w->text, "USD for a million tokens. * has further tiers, sizes or units: `aitap prices show MODEL`\n");
	}
	emit(w);
	buf_done(&w->text);
}
