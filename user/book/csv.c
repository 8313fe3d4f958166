/* SPDX-License-Identifier: Apache-2.0 */
#include "book/csv.h"

#include <string.h>

#include "base/decimal.h"
#include "book/figure.h"

/*
 * What a spreadsheet would run as a formula gets an apostrophe: a model's name is
 * what a caller wrote. Names that only begin so (@cf/meta/llama) stay as they are.
 */
static bool formula(const char *text)
{
	return *text && strchr("=+-@\t", *text) &&
	       text[strspn(text + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/:-") + 1] != 0;
}

int csv_field(struct buf *to, const char *text)
{
	if (!text)
		return to->error;
	if (!strpbrk(text, ",\"\r\n") && !formula(text))
		return buf_puts(to, text);
	buf_char(to, '"');
	if (formula(text))
		buf_char(to, '\'');
	for (; *text; text++) {
		if (*text == '"')
			buf_char(to, '"');
		buf_char(to, *text);
	}
	return buf_char(to, '"');
}

int csv_text(const struct report *report, struct buf *to)
{
	const struct query *query = &report->query;
	char text[DECIMAL_MAX];

	for (size_t i = 0; i < query->n_by; i++) {
		csv_field(to, query->by[i].name);
		buf_char(to, ',');
	}
	for (int i = 0; i < FIGURES; i++)
		buf_printf(to, "%s%s", figure_name((enum figure)i), i + 1 < FIGURES ? "," : "");
	buf_puts(to, query->alias ? ",answered_before\n" : "\n");
	for (size_t row = 0; row < report->n_rows; row++) {
		for (size_t i = 0; i < query->n_by; i++) {
			csv_field(to, report->rows[row].keys[i]);
			buf_char(to, ',');
		}
		for (int i = 0; i < FIGURES; i++) {
			figure_text(report, &report->rows[row].sums, (enum figure)i, text);
			buf_printf(to, "%s%s", text, i + 1 < FIGURES ? "," : "");
		}
		if (query->alias) {
			buf_char(to, ',');
			csv_field(to, report->rows[row].drift ? report->rows[row].drift->before : NULL);
		}
		buf_char(to, '\n');
	}
	return to->error;
}
