/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a price table (tools/prices/README.md describes the format). Strict: an
 * unknown key, a number that is not a decimal string, two prices that hold for
 * one name at one time are mistakes, and a table with a mistake is no table.
 * All mistakes are told, up to a ceiling, not only the first.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "base/file.h"
#include "base/limits.h"
#include "money/build.h"
#include "money/place.h"

#define MILLION_ZEROS 6		/* rates are USD for 1e6 tokens: at scale 12 - 6 they are pico-USD for one */
#define MOST_MISTAKES 20

struct reader {
	struct prices *table;
	struct buf *error;
	const char *name;		/* of the file */
	struct str text;
	const char *section;		/* what is read: its key in the outermost object; NULL: the whole */
	size_t index;			/* and which of its elements */
	char where[160];		/* prices[12] openai/gpt-4o */
	unsigned int mistakes;
	int failed;			/* -ENOMEM: not the file's fault */
};

static const char *const rate_names[LINE_UNIT] = {
	[LINE_INPUT_UNCACHED] = "input", [LINE_CACHE_READ] = "cache_read",
	[LINE_CACHE_WRITE_5M] = "cache_write_5m", [LINE_CACHE_WRITE_1H] = "cache_write_1h",
	[LINE_OUTPUT_VISIBLE] = "output", [LINE_REASONING] = "reasoning",
	[LINE_AUDIO_INPUT] = "audio_input", [LINE_AUDIO_OUTPUT] = "audio_output",
	[LINE_AUDIO_CACHE_READ] = "audio_cache_read", [LINE_IMAGE_INPUT] = "image_input",
	[LINE_IMAGE_OUTPUT] = "image_output", [LINE_IMAGE_CACHE_READ] = "image_cache_read",
};

static const char *const tier_names[TIER_MAX] = { "standard", "batch", "flex", "priority" };

const char *const *price_rate_names(void)
{
	return rate_names;
}

const char *price_tier_name(enum price_tier tier)
{
	return tier < TIER_MAX ? tier_names[tier] : "?";
}

static void __attribute__((format(printf, 2, 3))) mistake(struct reader *r, const char *format, ...)
{
	char text[256], line[512];
	va_list args;

	if (r->mistakes++ >= MOST_MISTAKES || !r->error)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(line, sizeof(line), "%s%s%s", r->where, *r->where ? ": " : "", text);
	STR_COPY(text, str_of(line));	/* without the control characters that a key may hold */
	buf_printf(r->error, "%s:%zu: %s\n", r->name, place_line(r->text, r->section, r->index), text);
}

/* NULL is no memory; it is remembered, so that it need not be carried through every step */
#define NEED(r, pointer) ({ __typeof__(pointer) p_ = (pointer); if (!p_) (r)->failed = -ENOMEM; p_; })

static struct str text_of(struct json_object *o)
{
	if (!json_object_is_type(o, json_type_string))
		return (struct str){ NULL, 0 };
	return (struct str){ json_object_get_string(o), (size_t)json_object_get_string_len(o) };
}

/* A plain name: printable ASCII, so that it is fit for an id, a file and a terminal. */
static struct str name_of(struct reader *r, struct json_object *o, const char *what)
{
	struct str s = text_of(o);

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			s.n = 0;
	if (!s.n || s.n >= 128) {
		mistake(r, "%s: a name of 1 to 127 printable characters without spaces is needed", what);
		return (struct str){ NULL, 0 };
	}
	return s;
}

static bool money_of(struct reader *r, struct json_object *o, const char *what, int scale, int64_t *ret)
{
	struct str s = text_of(o);
	int64_t value;
	int error = s.p ? decimal_parse(s, scale, &value) : -EINVAL;

	if (!error && value >= 0) {
		*ret = value;
		return true;
	}
	if (error == -ERANGE)
		mistake(r, "%s: %.40s is too large or has more digits than are kept", what, s.p);
	else
		mistake(r, "%s: a decimal number in quotes is needed, not below zero", what);
	return false;
}

static int tier_index(const char *name)
{
	for (int tier = 0; tier < TIER_MAX; tier++)
		if (name && !strcmp(tier_names[tier], name))
			return tier;
	return -1;
}

static void read_tiers(struct reader *r, struct json_object *o, int64_t times[static TIER_MAX])
{
	if (!json_object_is_type(o, json_type_object)) {
		mistake(r, "tiers: an object of multipliers is needed");
		return;
	}
	json_object_object_foreach(o, key, value) {
		int tier = tier_index(key);
		if (tier <= TIER_STANDARD)
			mistake(r, "tiers: '%.40s' is none of batch, flex, priority", key);
		else
			money_of(r, value, key, TIMES_SCALE, &times[tier]);
	}
}

static void read_condition(struct reader *r, struct json_object *o, struct price_variant *variant)
{
	if (!json_object_is_type(o, json_type_object)) {
		mistake(r, "if: an object is needed");
		return;
	}
	json_object_object_foreach(o, key, value) {
		if (!strcmp(key, "over") && json_object_is_type(value, json_type_int) && json_object_get_int64(value) > 0) {
			variant->over = json_object_get_uint64(value);
		} else if (!strcmp(key, "tier") && text_of(value).p && tier_index(text_of(value).p) > TIER_STANDARD) {
			variant->tier = (enum price_tier)tier_index(text_of(value).p);
		} else {
			mistake(r, "if: '%.40s' is neither over (tokens) nor tier (batch, flex, priority)", key);
		}
	}
}

static void read_variant(struct reader *r, struct json_object *o, struct price_variant *variant)
{
	for (int class = 0; class < LINE_UNIT; class++)
		variant->rate[class] = RATE_NONE;
	if (!json_object_is_type(o, json_type_object)) {
		mistake(r, "rates: an object is needed");
		return;
	}
	json_object_object_foreach(o, key, value) {
		int class = 0;
		while (class < LINE_UNIT && strcmp(rate_names[class], key) != 0)
			class++;
		if (!strcmp(key, "if"))
			read_condition(r, value, variant);
		else if (class == LINE_UNIT)
			mistake(r, "rates: unknown key '%.40s'", key);
		else
			money_of(r, value, key, DECIMAL_PICO - MILLION_ZEROS, &variant->rate[class]);
	}
}

static void read_rates(struct reader *r, struct json_object *o, struct price *price)
{
	size_t n = json_object_is_type(o, json_type_array) ? json_object_array_length(o) : 0;

	if (!n) {
		mistake(r, "rates: a list is needed");
		return;
	}
	price->variants = NEED(r, table_alloc(r->table, n, sizeof(*price->variants)));
	for (size_t i = 0; price->variants && i < n; i++) {
		struct price_variant read = { 0 };
		size_t at = price->n_variants;

		read_variant(r, json_object_array_get_idx(o, i), &read);
		for (; at > 0 && price->variants[at - 1].over > read.over; at--)
			price->variants[at] = price->variants[at - 1];
		price->variants[at] = read;
		price->n_variants++;
		for (size_t k = 0; k < at; k++)
			if (price->variants[k].over == read.over && price->variants[k].tier == read.tier)
				mistake(r, "rates: the same condition twice");
	}
	if (price->variants && (price->variants[0].over || price->variants[0].tier != TIER_STANDARD))
		mistake(r, "rates: the first must be without 'if': the plain price");
}

static void read_units(struct reader *r, struct json_object *o, struct price *price)
{
	if (!json_object_is_type(o, json_type_object)) {
		mistake(r, "units: an object is needed");
		return;
	}
	price->units = NEED(r, table_alloc(r->table, (size_t)json_object_object_length(o) + 1, sizeof(*price->units)));
	if (!price->units)
		return;
	json_object_object_foreach(o, key, value) {
		struct price_unit *unit = &price->units[price->n_units];
		if (!*key || strlen(key) >= sizeof(unit->name)) {
			mistake(r, "units: '%.40s' is longer than 23 characters", key);
		} else if (money_of(r, value, key, DECIMAL_PICO, &unit->pico)) {
			STR_COPY(unit->name, str_of(key));
			price->n_units++;
		}
	}
}

static void read_moment(struct reader *r, struct json_object *o, const char *what, int64_t *ret)
{
	struct str s = text_of(o);

	if (!s.p || clock_parse(s.p, s.n, ret))
		mistake(r, "%s: a date is needed: 2026-11-22 or 2026-11-22T06:00:00Z", what);
}

static int minutes_of(struct str s)
{
	uint64_t hour, minute;

	if (s.n != 5 || s.p[2] != ':' || !str_u64(str_sub(s, 0, 2), &hour) || !str_u64(str_sub(s, 3, 2), &minute) ||
	    hour > 23 || minute > 59)
		return -1;
	return (int)(hour * 60 + minute);
}

static void read_window(struct reader *r, struct json_object *o, struct price *price)
{
	bool pair = json_object_is_type(o, json_type_array) && json_object_array_length(o) == 2;

	for (size_t i = 0; pair && i < 2; i++) {
		price->window[i] = minutes_of(text_of(json_object_array_get_idx(o, i)));
		pair = price->window[i] >= 0;
	}
	if (!pair || price->window[0] == price->window[1]) {
		mistake(r, "window: two different times are needed: [\"00:30\",\"16:30\"]");
		price->window[0] = price->window[1] = 0;
	}
}

/* The id says what tells this price from the others of its model: its date, its hours. */
static void make_id(struct price *price, struct str from)
{
	char at[16] = "", hours[32] = "";

	if (price->from_ns != INT64_MIN)
		snprintf(at, sizeof(at), "@%.10s", from.p);
	if (price->window[0] != price->window[1])
		snprintf(hours, sizeof(hours), "#%02d:%02d-%02d:%02d", price->window[0] / 60, price->window[0] % 60,
			 price->window[1] / 60, price->window[1] % 60);
	snprintf(price->id, sizeof(price->id), "%.23s/%.47s%s%s", price->provider, price->model, at, hours);
}

static void read_names(struct reader *r, struct price_provider *provider, struct json_object *o, enum name_kind kind,
		       const struct price *price)
{
	size_t n = json_object_is_type(o, json_type_array) ? json_object_array_length(o) : 0;

	if (!n)
		mistake(r, "match: a list of names is needed");
	for (size_t i = 0; i < n; i++) {
		struct str name = name_of(r, json_object_array_get_idx(o, i), "match");
		const struct price *other;
		int error = name.p ? table_name(r->table, provider, kind, name, price, &other) : 0;

		if (error == -EEXIST)
			mistake(r, "'%.60s' has a price at that time already: %s", name.p, other->id);
		else if (error)
			r->failed = error;
	}
}

static void read_match(struct reader *r, struct price_provider *provider, struct json_object *o, const struct price *price)
{
	if (!json_object_is_type(o, json_type_object) || !json_object_object_length(o)) {
		mistake(r, "match: an object with exact, prefix or pattern is needed");
		return;
	}
	json_object_object_foreach(o, key, value) {
		if (!strcmp(key, "exact"))
			read_names(r, provider, value, NAME_EXACT, price);
		else if (!strcmp(key, "prefix"))
			read_names(r, provider, value, NAME_PREFIX, price);
		else if (!strcmp(key, "pattern"))
			read_names(r, provider, value, NAME_PATTERN, price);
		else
			mistake(r, "match: '%.40s' is none of exact, prefix, pattern", key);
	}
}

static bool one_of(const char *key, const char *const *names)
{
	while (*names && strcmp(*names, key) != 0)
		names++;
	return *names;
}

static void read_field(struct reader *r, struct price *price, const char *key, struct json_object *value)
{
	if (!strcmp(key, "from"))
		read_moment(r, value, key, &price->from_ns);
	else if (!strcmp(key, "to"))
		read_moment(r, value, key, &price->to_ns);
	else if (!strcmp(key, "window"))
		read_window(r, value, price);
	else if (!strcmp(key, "rates"))
		read_rates(r, value, price);
	else if (!strcmp(key, "tiers"))
		read_tiers(r, value, price->times);
	else if (!strcmp(key, "units"))
		read_units(r, value, price);
	else if (!strcmp(key, "source"))
		price->source = NEED(r, table_text(r->table, text_of(value)));
	else if (!strcmp(key, "checked"))
		price->checked = NEED(r, table_text(r->table, text_of(value)));
	else if (!one_of(key, (const char *const[]){ "provider", "model", "match", "note", NULL }))
		mistake(r, "unknown key '%.40s'", key);
}

static void read_price(struct reader *r, struct json_object *o)
{
	struct str provider = name_of(r, json_object_object_get(o, "provider"), "provider");
	struct str model = name_of(r, json_object_object_get(o, "model"), "model");
	struct price *price = NEED(r, table_alloc(r->table, 1, sizeof(*price)));
	struct price_provider *owner = provider.p ? NEED(r, table_provider(r->table, provider)) : NULL;

	if (!price || !owner || !model.p)
		return;
	snprintf(r->where + strlen(r->where), sizeof(r->where) - strlen(r->where), " %.40s/%.60s", provider.p, model.p);
	price->provider = owner->name;
	price->model = NEED(r, table_text(r->table, model));
	price->source = price->checked = "";
	price->from_ns = INT64_MIN;
	price->to_ns = INT64_MAX;
	for (int tier = 0; tier < TIER_MAX; tier++)
		price->times[tier] = RATE_NONE;
	json_object_object_foreach(o, key, value)
		read_field(r, price, key, value);
	if (r->failed)
		return;
	if (price->from_ns >= price->to_ns)
		mistake(r, "'to' is not after 'from'");
	make_id(price, text_of(json_object_object_get(o, "from")));
	if (!price->n_variants && !price->n_units)
		mistake(r, "neither rates nor units");
	read_match(r, owner, json_object_object_get(o, "match"), price);
	r->table->prices[r->table->n_prices++] = price;
}

static void read_provider(struct reader *r, const char *name, struct json_object *o)
{
	struct price_provider *provider = NEED(r, table_provider(r->table, str_of(name)));
	struct json_object *fallback = NULL;

	snprintf(r->where, sizeof(r->where), "providers.%.60s", name);
	r->section = "providers";
	if (!provider || !json_object_is_type(o, json_type_object)) {
		mistake(r, "an object is needed");
		return;
	}
	json_object_object_foreach(o, key, value) {
		if (!strcmp(key, "tiers"))
			read_tiers(r, value, provider->times);
		else if (!strcmp(key, "fallback") && json_object_is_type(value, json_type_array))
			fallback = value;
		else
			mistake(r, "'%.40s' is neither fallback (a list) nor tiers", key);
	}
	size_t n = fallback ? json_object_array_length(fallback) : 0;
	provider->fallback = NEED(r, table_alloc(r->table, n + 1, sizeof(char *)));
	for (size_t i = 0; provider->fallback && i < n; i++) {
		struct str s = name_of(r, json_object_array_get_idx(fallback, i), "fallback");
		const char *text = s.p ? NEED(r, table_text(r->table, s)) : NULL;
		if (text)
			provider->fallback[provider->n_fallback++] = text;
	}
}

static void read_prices(struct reader *r, struct json_object *list)
{
	size_t n = json_object_array_length(list);

	r->table->prices = NEED(r, mem_array(n + 1, sizeof(void *)));
	for (size_t i = 0; i < n && !r->failed; i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		snprintf(r->where, sizeof(r->where), "prices[%zu]", i);
		r->section = "prices";
		r->index = i;
		if (json_object_is_type(o, json_type_object))
			read_price(r, o);
		else
			mistake(r, "an object is needed");
	}
	*r->where = '\0';
	r->section = NULL;
}

static void read_table(struct reader *r, struct json_object *o)
{
	struct json_object *schema = json_object_object_get(o, "schema");
	struct json_object *list = json_object_object_get(o, "prices");

	if (!json_object_is_type(o, json_type_object) || !json_object_is_type(schema, json_type_int) ||
	    json_object_get_int(schema) != 1) {
		mistake(r, "an object with \"schema\": 1 is needed");
		return;
	}
	json_object_object_foreach(o, key, value) {
		r->section = key;
		r->index = PLACE_KEY;
		if (!strcmp(key, "version"))
			STR_COPY(r->table->version, text_of(value));
		else if (!strcmp(key, "currency") && !str_eq(text_of(value), STR("USD")))
			mistake(r, "currency: only USD is known");
		else if (!strcmp(key, "providers") && json_object_is_type(value, json_type_object)) {
			r->index = 0;
			json_object_object_foreach(value, name, facts) {
				read_provider(r, name, facts);
				r->index++;
			}
			*r->where = '\0';
		} else if (!one_of(key, (const char *const[]){ "schema", "prices", "note", "currency", "sources", NULL }))
			mistake(r, "unknown key '%.40s'", key);
	}
	r->section = NULL;
	if (json_object_is_type(list, json_type_array))
		read_prices(r, list);
	else
		mistake(r, "\"prices\": a list is needed");
}

static struct json_object *parse_json(struct reader *r, struct str text)
{
	struct json_object *o = NULL;
	const char *why;
	size_t line;

	if (text.n > LIMIT_PRICES) {
		mistake(r, "a price table has at most %zu bytes", LIMIT_PRICES);
		return NULL;
	}
	o = place_parse(text, &line, &why);
	if (!o && r->mistakes++ == 0 && r->error)
		buf_printf(r->error, "%s:%zu: not JSON: %s\n", r->name, line, why);
	return o;
}

int prices_parse(struct str json, const char *name, struct prices **ret, struct buf *error)
{
	_cleanup_(prices_freep) struct prices *table = NULL;
	struct reader r = { .error = error, .name = name, .text = json };
	int failed = table_new(&table);

	if (failed)
		return failed;
	r.table = table;
	struct json_object *o = parse_json(&r, json);
	if (o)
		read_table(&r, o);
	json_object_put(o);
	if (r.mistakes > MOST_MISTAKES && error)
		buf_printf(error, "%s: and %u more\n", name, r.mistakes - MOST_MISTAKES);
	if (!r.failed && !r.mistakes)
		r.failed = table_seal(table);
	if (r.failed || r.mistakes)
		return r.failed ? r.failed : -EINVAL;
	*ret = TAKE_PTR(table);
	return 0;
}

int prices_load(const char *path, struct prices **ret, struct buf *error)
{
	struct buf text = BUF(LIMIT_PRICES);
	int failed = file_read(path, &text);

	if (failed && error)
		buf_printf(error, "%s: %s\n", path, strerror(-failed));
	if (!failed)
		failed = prices_parse(buf_view(&text), path, ret, error);
	buf_done(&text);
	return failed;
}
