/* SPDX-License-Identifier: Apache-2.0 */
/* Relations and spreads as JSON: an object with arrays of numbers, six digits each. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ai/estimate_inside.h"

#define NUMBERS 176

_Static_assert(NUMBERS >= SPREAD_MAX + 4, "a spread fits");
_Static_assert(NUMBERS >= RELATION_DIMS * (RELATION_DIMS + 3) / 2 + 2, "a relation fits");

static int put_numbers(const char *name, const double *number, size_t n, int digits, char *text, size_t size)
{
	size_t at = strlen(text);
	int more;

	/* the object's closing brace is written over */
	if (at && text[at - 1] == '}')
		at--;
	more = snprintf(text + at, size - at, "%s\"%s\":[", at ? "," : "{", name);
	for (size_t i = 0; i < n && more >= 0 && (size_t)more < size - at; i++) {
		at += (size_t)more;
		more = snprintf(text + at, size - at, "%s%.*g", i ? "," : "", digits, number[i]);
	}
	if (more < 0 || (size_t)more >= size - at || size - at - (size_t)more < 3)
		return -ENOSPC;
	memcpy(text + at + more, "]}", 3);
	return 0;
}

static size_t get_numbers(const char *name, const char *text, double *ret, size_t n)
{
	char key[32];
	const char *at;
	size_t i = 0;

	snprintf(key, sizeof(key), "\"%s\":[", name);
	at = strstr(text, key);
	if (!at)
		return 0;
	for (at += strlen(key); i < n; at++) {
		char *end;

		ret[i] = strtod(at, &end);
		if (end == at || !isfinite(ret[i]))
			return 0;
		i++;
		at = end;
		if (*at != ',')
			return *at == ']' ? i : 0;
	}
	return 0;	/* more than there may be */
}

int keep_numbers(const char *name, const double *number, size_t n, char *text, size_t size)
{
	return put_numbers(name, number, n, 6, text, size);
}

bool kept_numbers(const char *name, const char *text, double *ret, size_t n)
{
	double number[NUMBERS];

	if (n > NUMBERS || get_numbers(name, text, number, NUMBERS) != n)
		return false;
	memcpy(ret, number, n * sizeof(*ret));
	return true;
}

int keep_relation(const struct relation *r, const char *name, char *text, size_t size)
{
	double number[NUMBERS];
	size_t n = 0;

	number[n++] = r->n;
	number[n++] = r->noise;
	for (int i = 0; i < RELATION_DIMS; i++)
		number[n++] = r->weight[i];
	for (int i = 0; i < RELATION_DIMS; i++)
		for (int j = 0; j <= i; j++)
			number[n++] = r->variance[i][j];
	return put_numbers(name, number, n, 6, text, size);
}

bool kept_relation(struct relation *r, const char *name, const char *text)
{
	double number[NUMBERS];
	size_t n = 2;

	if (get_numbers(name, text, number, NUMBERS) != RELATION_DIMS * (RELATION_DIMS + 3) / 2 + 2)
		return false;
	for (int i = 0; i < RELATION_DIMS; i++)
		if (number[2 + RELATION_DIMS + i * (i + 3) / 2] < 0)	/* a variance */
			return false;
	if (number[0] < 0 || number[0] > UINT32_MAX || number[1] < 0)
		return false;
	r->n = (uint32_t)number[0];
	r->noise = number[1];
	for (int i = 0; i < RELATION_DIMS; i++)
		r->weight[i] = number[n++];
	for (int i = 0; i < RELATION_DIMS; i++)
		for (int j = 0; j <= i; j++)
			r->variance[i][j] = r->variance[j][i] = number[n++];
	return true;
}

int keep_spread(const struct spread *s, char *text, size_t size)
{
	size_t n = s->n < SPREAD_MAX ? s->n : SPREAD_MAX;
	double number[NUMBERS] = { s->n, s->told, s->said, s->tail };

	for (size_t i = 0; i < n; i++)
		number[4 + i] = (double)s->off[i];
	return put_numbers("spread", number, n + 4, 5, text, size);
}

bool kept_spread(struct spread *s, const char *text)
{
	double number[NUMBERS];
	size_t n = get_numbers("spread", text, number, NUMBERS);
	uint32_t in_all;

	if (n < 5 || number[0] < 1 || number[0] > UINT32_MAX || number[1] < 0 || number[2] < 0 || !(number[3] >= 0 && number[3] <= 0.5))
		return false;
	in_all = (uint32_t)number[0];
	if (n - 4 != (in_all < SPREAD_MAX ? in_all : SPREAD_MAX))
		return false;
	s->n = in_all;
	s->told = number[1];
	s->said = number[2];
	s->tail = number[3];
	for (size_t i = 4; i < n; i++)
		s->off[i - 4] = (float)number[i];
	return true;
}
