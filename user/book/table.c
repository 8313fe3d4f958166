/* SPDX-License-Identifier: Apache-2.0 */
#include "book/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "book/period.h"

#define NAME_LEAST 12u
#define NAME_MOST 100u

struct cell {
	char text[TABLE_NUMBER];
};

enum number { CALLS, INPUT, OUTPUT, FLAT, UNPRICED, COST, SHARE, FIRST, LAST, NUMBERS };

static const char *const heads[NUMBERS] = {
	[CALLS] = "calls", [INPUT] = "tokens in", [OUTPUT] = "tokens out", [FLAT] = "flat rate", [UNPRICED] = "unpriced",
	[COST] = "USD", [SHARE] = "share", [FIRST] = "first",
	[LAST] = "last",
};

struct table {
	const struct report *report;
	struct buf *to;
	int places;			/* of USD */
	bool shown[NUMBERS];
	unsigned int width[NUMBERS];
	unsigned int name_width;
};

/* ---- numbers */

static __int128 power(int n)
{
	__int128 p = 1;

	while (n-- > 0)
		p *= 10;
	return p;
}

size_t report_number(__int128 value, int scale, int places, char ret[static TABLE_NUMBER])
{
	unsigned __int128 u = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
	unsigned __int128 unit = (unsigned __int128)power(scale - places);
	char reversed[TABLE_NUMBER];
	size_t n = 0, digits = 0;

	u = u / unit + (u % unit >= (unit + 1) / 2 && unit > 1);
	for (int i = 0; i < places; i++, u /= 10)
		reversed[n++] = (char)('0' + (int)(u % 10));
	if (places)
		reversed[n++] = '.';
	do {
		if (digits && digits % 3 == 0)
			reversed[n++] = ',';
		reversed[n++] = (char)('0' + (int)(u % 10));
		digits++;
	} while ((u /= 10));
	if (value < 0)
		reversed[n++] = '-';
	for (size_t i = 0; i < n; i++)
		ret[i] = reversed[n - 1 - i];
	ret[n] = 0;
	return n;
}

/* Something is never shown as nothing: "<0.01". */
static void usd(const struct table *table, __int128 pico, char ret[static TABLE_NUMBER])
{
	if (pico > 0 && pico < power(DECIMAL_PICO - table->places))
		snprintf(ret, TABLE_NUMBER, "<0.%0*d", table->places, 1);
	else
		report_number(pico, DECIMAL_PICO, table->places, ret);
}

static void share(const struct table *table, const struct sums *sums, char ret[static TABLE_NUMBER])
{
	int64_t millionths = report_share(table->report, sums);

	if (table->report->total.cost <= 0)
		snprintf(ret, TABLE_NUMBER, "-");
	else
		snprintf(ret + report_number(millionths, 4, 1, ret), 4, " %%");
}

static void day(int64_t ns, char ret[static TABLE_NUMBER])
{
	_Static_assert(PERIOD_MAX <= TABLE_NUMBER, "a day fits");
	period_text(ns, PERIOD_DAY, ret);
}

static void number(const struct table *table, enum number which, const struct sums *sums, char ret[static TABLE_NUMBER])
{
	switch (which) {
	case CALLS: report_number(sums->calls, 0, 0, ret); break;
	case INPUT: report_number(sums->input, 0, 0, ret); break;
	case OUTPUT: report_number(sums->output, 0, 0, ret); break;
	case FLAT: usd(table, sums->flat, ret); break;
	case UNPRICED: report_number(sums->unpriced_milli, DECIMAL_MILLI, 0, ret); break;
	case COST: usd(table, sums->cost, ret); break;
	case SHARE: share(table, sums, ret); break;
	case FIRST: day(sums->first_ns, ret); break;
	case LAST: day(sums->last_ns, ret); break;
	case NUMBERS: break;
	}
}

/* Where nothing of a group has a price its cost is not 0, it is not known. */
static void cell(const struct table *table, enum number which, const struct sums *sums, char ret[static TABLE_NUMBER])
{
	bool unknown = sums->priceless && sums->cost == 0;
	bool none = (which == FLAT && !sums->flat) || (which == UNPRICED && !sums->priceless);

	if (none || (unknown && (which == COST || which == SHARE)))
		snprintf(ret, TABLE_NUMBER, "-");
	else
		number(table, which, sums, ret);
}

/* ---- names */

/* Columns that a text takes: one a code point. */
static size_t columns(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static const char *name_of(const char *key)
{
	return key && *key ? key : "-";
}

/* Cut in the middle, since names differ at both of their ends; control characters do not reach the terminal. */
static void add_name(struct buf *to, const char *name, size_t room)
{
	size_t n = columns(name), at = 0, head = room / 2, tail = room - head - 1;

	for (; *name; name++) {
		bool starts = ((unsigned char)*name & 0xc0) != 0x80;

		at += starts;
		if (n > room && at > head && at <= n - tail) {
			if (starts && at == head + 1)
				buf_puts(to, "…");
			continue;
		}
		buf_char(to, (unsigned char)*name < 0x20 || *name == 0x7f ? '?' : *name);
	}
}

static void add_line(struct table *table, size_t depth, const char *name, const struct sums *sums)
{
	size_t indent = 2 * depth, room = table->name_width - indent, n = columns(name);
	char text[TABLE_NUMBER];

	buf_printf(table->to, "%*s", (int)indent, "");
	add_name(table->to, name, room);
	buf_printf(table->to, "%*s", n < room ? (int)(room - n) : 0, "");
	for (int i = 0; i < NUMBERS; i++)
		if (table->shown[i]) {
			cell(table, (enum number)i, sums, text);
			buf_printf(table->to, "  %*s", (int)table->width[i], text);
		}
	buf_char(table->to, '\n');
}

/* ---- the tree: a level's name is said once, with its sums, above the level below */

typedef void (*line_fn)(struct table *, size_t depth, const char *name, const struct sums *);

static void walk(struct table *table, line_fn line)
{
	const struct report *report = table->report;
	size_t levels = report->query.n_by, next[QUERY_BY] = { 0 };
	struct sums sums;

	for (size_t i = 0; i < report->n_rows; i++)
		for (size_t depth = 0; depth < levels; depth++) {
			if (next[depth] > i)
				continue;
			next[depth] = report_group(report, i, depth, &sums);
			line(table, depth, name_of(report->rows[i].keys[depth]), &sums);
		}
}

static void measure(struct table *table, size_t depth, const char *name, const struct sums *sums)
{
	char text[TABLE_NUMBER];
	size_t n = 2 * depth + columns(name);

	if (n > table->name_width)
		table->name_width = (unsigned int)(n > NAME_MOST ? NAME_MOST : n);
	for (int i = 0; i < NUMBERS; i++) {
		cell(table, (enum number)i, sums, text);
		if (strlen(text) > table->width[i])
			table->width[i] = (unsigned int)strlen(text);
	}
}

static void fit(struct table *table, unsigned int width)
{
	unsigned int numbers = 0;

	for (int i = 0; i < NUMBERS; i++)
		if (table->shown[i])
			numbers += table->width[i] + 2;
	if (width && table->name_width + numbers > width)
		table->name_width = width > numbers + NAME_LEAST ? width - numbers : NAME_LEAST;
	/* the deepest name keeps some room */
	if (table->name_width < 2 * table->report->query.n_by + 8)
		table->name_width = 2 * (unsigned int)table->report->query.n_by + 8;
}

static void add_head(struct table *table)
{
	const struct query *query = &table->report->query;
	size_t n = 0;

	for (size_t i = 0; i < query->n_by; i++) {
		buf_printf(table->to, "%s%s", i ? " / " : "", query->by[i].name);
		n += columns(query->by[i].name) + (i ? 3 : 0);
	}
	buf_printf(table->to, "%*s", n < table->name_width ? (int)(table->name_width - n) : 0, "");
	for (int i = 0; i < NUMBERS; i++)
		if (table->shown[i])
			buf_printf(table->to, "  %*s", (int)table->width[i], heads[i]);
	buf_char(table->to, '\n');
}

static void add_rule(struct table *table)
{
	unsigned int n = table->name_width;

	for (int i = 0; i < NUMBERS; i++)
		if (table->shown[i])
			n += table->width[i] + 2;
	while (n--)
		buf_char(table->to, '-');
	buf_char(table->to, '\n');
}

/* ---- above and below */

static void add_moment(struct buf *to, int64_t ns)
{
	char text[PERIOD_MAX];

	period_moment_text(ns, text);
	buf_puts(to, text);
}

static void add_period(const struct table *table)
{
	const struct report *report = table->report;
	const struct query *query = &report->query;
	struct buf *to = table->to;

	buf_puts(to, "spend ");
	if (query->since_ns != INT64_MIN) {
		buf_puts(to, "from ");
		add_moment(to, query->since_ns);
		buf_char(to, ' ');
	}
	if (query->until_ns != INT64_MAX) {
		buf_puts(to, "until ");
		add_moment(to, query->until_ns);
		buf_puts(to, " (not included) ");
	}
	if (query->since_ns == INT64_MIN && query->until_ns == INT64_MAX)
		buf_puts(to, "of all calls in the ledger ");
	if (report->n_rows && (query->since_ns == INT64_MIN || query->until_ns == INT64_MAX)) {
		buf_puts(to, "(first ");
		add_moment(to, report->total.first_ns);
		buf_puts(to, ", last ");
		add_moment(to, report->total.last_ns);
		buf_puts(to, ") ");
	}
	buf_printf(to, "in %s", report->zone);
	for (size_t i = 0; i < query->n_where; i++) {
		buf_printf(to, "%s %s%s", i ? "," : "; only", query->where[i].field.name, query->where[i].not ? "!=" : "=");
		add_name(to, query->where[i].value, sizeof(query->where[i].value));
	}
	buf_puts(to, "\n\n");
}

static void add_gaps(const struct table *table)
{
	const struct report *report = table->report;
	size_t most = 20;
	char n[TABLE_NUMBER], quantity[TABLE_NUMBER];

	if (!report->n_gaps)
		return;
	buf_puts(table->to, "\nwithout a price, so not in the USD above:\n");
	for (size_t i = 0; i < report->n_gaps && i < most; i++) {
		const struct report_gap *gap = &report->gaps[i];

		buf_puts(table->to, "  ");
		add_name(table->to, name_of(gap->provider), 40);
		buf_char(table->to, '/');
		add_name(table->to, name_of(gap->model), NAME_MOST);
		report_number(gap->calls, 0, 0, n);
		report_number(gap->milli, DECIMAL_MILLI, 0, quantity);
		buf_printf(table->to, "  %s call%s", n, gap->calls == 1 ? "" : "s");
		if (gap->unit)
			buf_printf(table->to, ", %s %s%s", quantity, gap->unit, gap->milli == 1000 ? "" : "s");
		buf_char(table->to, '\n');
	}
	if (report->n_gaps > most)
		buf_printf(table->to, "  and %zu more: --where cost_status=unpriced --by provider,model\n", report->n_gaps - most);
}

/* By alias: what another model answers than before. */
static void add_drifts(const struct table *table)
{
	const struct report *report = table->report;

	if (report->n_drifts)
		buf_puts(table->to, "\nchanged: another model answers than before\n");
	for (size_t i = 0; i < report->n_drifts; i++) {
		const struct drift *drift = &report->drifts[i];

		buf_puts(table->to, "  ");
		add_name(table->to, name_of(drift->provider), 40);
		buf_char(table->to, '/');
		add_name(table->to, name_of(drift->asked), NAME_MOST);
		buf_puts(table->to, ": ");
		add_name(table->to, drift->before, NAME_MOST);
		buf_puts(table->to, " -> ");
		add_name(table->to, drift->after, NAME_MOST);
		buf_puts(table->to, " since ");
		add_moment(table->to, drift->since_ns);
		if (drift->until_ns > drift->since_ns) {
			buf_puts(table->to, ", beside the former until ");
			add_moment(table->to, drift->until_ns);
		}
		buf_char(table->to, '\n');
	}
}

static void add_usd(const struct table *table, __int128 pico)
{
	char text[TABLE_NUMBER];

	usd(table, pico, text);
	buf_printf(table->to, "%s USD", text);
}

static void add_estimates(const struct table *table)
{
	const struct sums *total = &table->report->total;

	if (!total->estimated)
		return;
	buf_puts(table->to, "of which estimated: ");
	add_usd(table, total->guessed);
	buf_puts(table->to, ", between ");
	add_usd(table, total->low);
	buf_puts(table->to, " and ");
	add_usd(table, total->high);
	buf_char(table->to, '\n');
}

static void add_batches(const struct table *table)
{
	const struct report *report = table->report;

	if (!report->batches)
		return;
	buf_printf(table->to, "%" PRIu64 " batch%s of this time nobody has fetched; not in the USD: at most ", report->batches,
		   report->batches == 1 ? "" : "es");
	add_usd(table, report->batches_bound);
	if (report->batches_boundless)
		buf_printf(table->to, ", and %" PRIu64 " of unknown size", report->batches_boundless);
	buf_puts(table->to, " (see --batches)\n");
}

static void add_notes(const struct table *table)
{
	const struct sums *total = &table->report->total;
	struct buf *to = table->to;

	buf_printf(to, "\nof %" PRIu64 " calls: %" PRIu64 " incomplete (bytes were lost), %" PRIu64 " estimated, %" PRIu64
		   " not FinOps-ready, %" PRIu64 " failed\n", total->calls, total->incomplete, total->estimated, total->unready, total->failed);
	add_estimates(table);
	if (total->adjustments)
		buf_printf(to, "%" PRIu64 " adjustment%s in the sums: what was learnt of a call after its record was made\n",
			   total->adjustments, total->adjustments == 1 ? " is" : "s are");
	add_batches(table);
	if (total->flat)
		buf_puts(to, "flat rate: what calls under a subscription or own capacity would cost at list price; nothing of it is in USD\n");
	if (table->report->repeats)
		buf_printf(to, "%" PRIu64 " records tell of a call that is counted already, and are not counted again\n",
			   table->report->repeats);
}

/* One number of places for all, so that points stand below each other; small bills show their cents' cents. */
static int places_of(const struct sums *total)
{
	__int128 most = total->cost > total->flat ? total->cost : total->flat;

	return most >= 10 * power(DECIMAL_PICO) ? 2 : most >= power(DECIMAL_PICO) / 10 ? 4 : 6;
}

int report_table(const struct report *report, unsigned int width, struct buf *to)
{
	struct table table = { .report = report, .to = to, .places = places_of(&report->total), .name_width = NAME_LEAST };

	for (int i = 0; i < NUMBERS; i++) {
		table.shown[i] = (i != FLAT || report->total.flat) && (i != UNPRICED || report->total.priceless) &&
				 (i < FIRST || report->query.alias);
		table.width[i] = (unsigned int)strlen(heads[i]);
	}
	add_period(&table);
	if (!report->n_rows) {
		buf_puts(to, "no calls\n");
		return to->error;
	}
	measure(&table, 0, "total", &report->total);
	for (size_t i = 0, n = 0; i < report->query.n_by; i++) {
		n += columns(report->query.by[i].name) + (i ? 3 : 0);
		if (n > table.name_width)
			table.name_width = (unsigned int)n;
	}
	walk(&table, measure);
	fit(&table, width);
	add_head(&table);
	add_rule(&table);
	walk(&table, add_line);
	add_rule(&table);
	add_line(&table, 0, "total", &report->total);
	add_drifts(&table);
	add_gaps(&table);
	add_notes(&table);
	return to->error;
}
