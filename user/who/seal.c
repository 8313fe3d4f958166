/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last step of building an attribution: what the sources need from the hot
 * half becomes rows of struct wants, and each source learns its row. Values
 * travel as (row, text), and a reload may meet values that are still on their
 * way under the old numbering; so a name keeps its row for as long as it is
 * wanted, and a row that was given up is used again only when no other is free.
 */
#include <errno.h>
#include <string.h>

#include "who/attribution.h"

static bool row_is(const struct wanted *row, int kind, struct str name)
{
	return row->kind == kind && str_eq(str_of(row->name), name);
}

static int row_find(const struct wants *wants, int kind, struct str name)
{
	for (uint32_t i = 0; wants && i < wants->n_wanted; i++)
		if (row_is(&wants->wanted[i], kind, name))
			return (int)i;
	return -1;
}

static int row_free(const struct wants *wants, const struct wants *previous)
{
	int given_up = -1;

	for (int i = 0; i < LIMIT_WANTED; i++) {
		if (wants->wanted[i].kind)
			continue;
		if (!previous || (uint32_t)i >= previous->n_wanted || !previous->wanted[i].kind)
			return i;
		if (given_up < 0)
			given_up = i;
	}
	return given_up;
}

static int row_take(struct wants *wants, const struct wants *previous, int kind, struct str name)
{
	int row = row_find(wants, kind, name);

	if (row >= 0)
		return row;
	row = row_find(previous, kind, name);
	if (row < 0 || wants->wanted[row].kind)
		row = row_free(wants, previous);
	if (row < 0)
		return -ENOSPC;
	wants->wanted[row].kind = (uint8_t)kind;
	STR_COPY(wants->wanted[row].name, name);
	if ((uint32_t)row >= wants->n_wanted)
		wants->n_wanted = (uint32_t)row + 1;
	return row;
}

typedef int (*fact_fn)(struct fact *, struct wants *, const struct wants *previous);

/* First those that have a row, so that nobody new sits down on it. */
static int keep_row(struct fact *fact, struct wants *wants, const struct wants *previous)
{
	int kind = fact_wants(fact);

	if (!kind || row_find(previous, kind, fact_key(fact)) < 0)
		return 0;
	return row_take(wants, previous, kind, fact_key(fact));
}

static int take_row(struct fact *fact, struct wants *wants, const struct wants *previous)
{
	int kind = fact_wants(fact), row;

	if (fact->kind == FACT_OTEL) {
		row = row_take(wants, previous, WANTED_ENV, STR("OTEL_RESOURCE_ATTRIBUTES"));
		return row < 0 ? row : row_take(wants, previous, WANTED_ENV, STR("OTEL_SERVICE_NAME"));
	}
	if (!kind)
		return 0;
	row = row_take(wants, previous, kind, fact_key(fact));
	if (row >= 0)
		fact->wanted = (uint8_t)row;
	return row;
}

static int each_fact(struct attribution *a, fact_fn fn, struct wants *wants, const struct wants *previous)
{
	int r = 0;

	for (uint32_t i = 0; i < a->team.n && r >= 0; i++)
		r = fn(&a->team.list[i], wants, previous);
	for (uint32_t d = 0; d < a->n_labels; d++)
		for (uint32_t i = 0; i < a->label[d].n && r >= 0; i++)
			r = fn(&a->label[d].list[i], wants, previous);
	for (size_t i = 0; i < a->n_on_behalf && r >= 0; i++)
		r = fn(&a->on_behalf[i].source, wants, previous);
	return r < 0 ? r : 0;
}

static void put_claims_last(struct attribution *a)
{
	const char *why;
	struct sources sorted = { 0 };
	struct fact people;
	bool listed = !a->people.n;

	for (uint32_t i = 0; i < a->team.n; i++) {
		listed |= a->team.list[i].kind == FACT_PEOPLE;
		if (!fact_is_claim(&a->team.list[i]))
			sorted.list[sorted.n++] = a->team.list[i];
	}
	if (!listed && fact_parse(STR("people"), &people, &why) == 0)
		sorted.list[sorted.n++] = people;
	for (uint32_t i = 0; i < a->team.n; i++)
		if (fact_is_claim(&a->team.list[i]))
			sorted.list[sorted.n++] = a->team.list[i];
	a->team = sorted;
}

int attribution_seal(struct attribution *a, struct wants *wants, const struct wants *previous)
{
	int r;

	put_claims_last(a);
	r = each_fact(a, keep_row, wants, previous);
	if (r >= 0)
		r = each_fact(a, take_row, wants, previous);
	if (r < 0)
		return r;
	a->sealed = true;
	return 0;
}
