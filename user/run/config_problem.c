/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "run/config_yaml.h"

static const char *const weights[] = { "warning", "not built yet", "error" };

static struct problem *new_problem(struct problems *problems)
{
	struct problem *grown;

	if (problems->n == CONFIG_PROBLEMS)
		return NULL;
	if (!(problems->n & (problems->n - 1))) {
		size_t room = problems->n ? 2 * problems->n : 1;

		grown = mem_resize(problems->list, problems->n * sizeof(*grown), room * sizeof(*grown));
		if (!grown)
			return NULL;
		problems->list = grown;
	}
	return &problems->list[problems->n++];
}

void problem_add(struct problems *problems, enum problem_weight weight, uint32_t line, uint32_t column, const char *format, ...)
{
	struct problem *problem = new_problem(problems);
	char text[sizeof(problem->text)];
	va_list args;

	problems->count[weight]++;
	if (!problem) {
		problems->dropped++;
		return;
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	*problem = (struct problem){ .weight = weight, .line = line, .column = column };
	STR_COPY(problem->text, str_of(text));
}

static int by_place(const void *a, const void *b)
{
	const struct problem *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return strcmp(x->text, y->text);
}

void problems_sort(struct problems *problems)
{
	if (problems->n > 1)
		qsort(problems->list, problems->n, sizeof(*problems->list), by_place);
}

void problems_done(struct problems *problems)
{
	mem_free(problems->list);
	*problems = (struct problems){ 0 };
}

static void place_text(const struct problems *problems, const struct problem *problem, char *ret, size_t size)
{
	if (problem->line)
		snprintf(ret, size, "%s:%u:%u", problems->file, problem->line, problem->column);
	else
		snprintf(ret, size, "%s", problems->file);
}

int problems_text(const struct problems *problems, struct buf *to)
{
	char place[sizeof(problems->file) + 24];

	for (size_t i = 0; i < problems->n; i++) {
		const struct problem *problem = &problems->list[i];

		place_text(problems, problem, place, sizeof(place));
		buf_printf(to, "%s: %s: %s\n", place, weights[problem->weight], problem->text);
	}
	if (problems->dropped)
		buf_printf(to, "%s: and %zu more\n", problems->file, problems->dropped);
	return to->error;
}

void problems_log(const struct problems *problems)
{
	char place[sizeof(problems->file) + 24];

	for (size_t i = 0; i < problems->n; i++) {
		const struct problem *problem = &problems->list[i];

		place_text(problems, problem, place, sizeof(place));
		log_line(problem->weight == PROBLEM_WARNING ? LOG_WARN : LOG_ERROR, 0, "%s: %s%s%s", place,
			 problem->weight == PROBLEM_UNBUILT ? weights[PROBLEM_UNBUILT] : "",
			 problem->weight == PROBLEM_UNBUILT ? ": " : "", problem->text);
	}
	if (problems->dropped)
		log_line(LOG_ERROR, 0, "%s: and %zu more", problems->file, problems->dropped);
}
