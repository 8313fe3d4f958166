/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Picked values. Texts stand in the item's own small arena: a pick takes its
 * room once, and further values of it are written over the first.
 */
#include <string.h>

#include "ai/skim_inside.h"

#define NUMBER_ROOM 40
#define NAMES_ROOM 512
#define RAW_ROOM 2047

static struct value *slot(struct item *item, const struct want *want)
{
	struct value *value = &item->values[want->pick];

	if (!item_has(item, want->pick))
		*value = (struct value){ .at = value->at, .room = value->room };
	item->touched |= 1ull << want->pick;
	return value;
}

static void see(struct item *item, const struct want *want, struct value *value, enum value_kind kind)
{
	value->kind = (uint8_t)kind;
	item->seen |= 1ull << want->pick;
}

static void make_room(struct item *item, struct value *value, size_t room)
{
	if (value->room >= room)
		return;
	if (room > SKIM_TEXT - (size_t)item->used)
		room = SKIM_TEXT - (size_t)item->used;
	if (value->room >= room)
		return;
	value->at = item->used;
	value->room = (uint16_t)room;
	item->used = (uint16_t)(item->used + room);
}

static void append(struct item *item, struct value *value, const char *p, size_t n)
{
	size_t room = (size_t)value->room - value->n;

	if (n > room) {
		n = room;
		value->cut = true;
	}
	memcpy(item->text + value->at + value->n, p, n);
	value->n = (uint16_t)(value->n + n);
}

/* Of UTF-8: the bytes that do not continue a character. */
static uint64_t letters(const char *p, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (p[i] & 0xc0) != 0x80;
	return sum;
}

/* ---- numbers */

static size_t digits(struct str s, size_t at)
{
	size_t n = 0;

	while (at + n < s.n && s.p[at + n] >= '0' && s.p[at + n] <= '9')
		n++;
	return n;
}

bool number_valid(struct str s)
{
	size_t at = s.n && s.p[0] == '-', n = digits(s, at);

	if (!n || (n > 1 && s.p[at] == '0'))
		return false;
	at += n;
	if (at < s.n && s.p[at] == '.') {
		n = digits(s, at + 1);
		if (!n)
			return false;
		at += 1 + n;
	}
	if (at < s.n && (s.p[at] | 32) == 'e') {
		at++;
		at += at < s.n && (s.p[at] == '+' || s.p[at] == '-');
		n = digits(s, at);
		if (!n)
			return false;
		at += n;
	}
	return at == s.n;
}

static int exponent_of(struct str s)
{
	bool negative = s.n && s.p[0] == '-';
	int e = 0;

	for (size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+'); i < s.n; i++)
		e = e < 1000 ? e * 10 + (s.p[i] - '0') : e;
	return negative ? -e : e;
}

bool number_parse(struct str s, unsigned int scale, uint64_t *ret)
{
	uint64_t value = 0;
	int e = (int)scale;
	bool fraction = false;
	size_t i;

	if (!number_valid(s))
		return false;
	for (i = s.p[0] == '-'; i < s.n && (s.p[i] | 32) != 'e'; i++) {
		uint64_t next;

		if (s.p[i] == '.') {
			fraction = true;
			continue;
		}
		if (__builtin_mul_overflow(value, 10, &next) ||
		    __builtin_add_overflow(next, (uint64_t)(s.p[i] - '0'), &next)) {
			if (!fraction)
				return false;
			continue;	/* digits that do not matter */
		}
		value = next;
		e -= fraction;
	}
	if (i < s.n)
		e += exponent_of(str_sub(s, i + 1, s.n));
	if (s.p[0] == '-' && value)
		return false;
	for (; e > 0 && value; e--)
		if (__builtin_mul_overflow(value, 10, &value))
			return false;
	for (; e < -1 && value; e++)
		value /= 10;
	*ret = e == -1 ? value / 10 + (value % 10 >= 5) : value;
	return true;
}

bool item_text_number(const struct item *item, unsigned int pick, uint64_t *ret)
{
	return number_parse(item_text(item, pick), 0, ret);
}

/* ---- values */

static void count(struct item *item, const struct want *want)
{
	struct value *value = slot(item, want);

	if (want->rule == WANT_COUNT)
		value->number += want->scale ? 1000 : 1;
	else
		value->number = 1;
	see(item, want, value, VALUE_NUMBER);
}

void value_container(struct item *item, const struct want *want)
{
	if (want->rule == WANT_COUNT || want->rule == WANT_SEEN)
		count(item, want);
	else if (!want_is_text(want))
		item->unread |= 1ull << want->pick;
}

static void put_text(struct item *item, struct value *value, struct str text)
{
	make_room(item, value, NUMBER_ROOM);
	value->n = 0;
	value->cut = false;
	append(item, value, text.p, text.n);
}

static void put_number(struct item *item, const struct want *want, struct str literal)
{
	struct value *value = slot(item, want);
	uint64_t n;

	if (!number_parse(literal, want->scale, &n)) {
		item->unread |= 1ull << want->pick;
		return;
	}
	if (want->rule == WANT_SUM) {
		if (__builtin_add_overflow(value->number, n, &value->number))
			value->number = UINT64_MAX;
	} else if (want->rule == WANT_LAST || want->rule == WANT_FIRST) {
		put_text(item, value, literal);
		value->number = n;
	} else {
		return;
	}
	see(item, want, value, VALUE_NUMBER);
}

void value_literal(struct item *item, const struct want *want, struct str literal)
{
	bool truth = str_eq(literal, STR("true"));

	if (want_is_text(want))
		return;
	if (!literal.n || str_eq(literal, STR("null"))) {
		item->unread |= 1ull << want->pick;
		return;
	}
	if (want->rule == WANT_COUNT || want->rule == WANT_SEEN) {
		count(item, want);
	} else if (want->rule == WANT_FIRST && item_has(item, want->pick)) {
		return;
	} else if (truth || str_eq(literal, STR("false"))) {
		struct value *value = slot(item, want);

		if (want->rule != WANT_LAST && want->rule != WANT_FIRST)
			return;
		put_text(item, value, literal);
		value->number = truth;
		see(item, want, value, VALUE_BOOL);
	} else {
		put_number(item, want, literal);
	}
}

void value_begin(struct item *item, const struct want *want)
{
	struct value *value = slot(item, want);

	if (want->rule == WANT_NAMES) {
		make_room(item, value, want->room ? want->room : NAMES_ROOM);
		value->number = value->n;	/* where this name begins */
		if (value->n)
			append(item, value, ",", 1);
		value->cut = false;
	} else if (want->rule == WANT_LAST || want->rule == WANT_FIRST) {
		make_room(item, value, want->room ? want->room : SKIM_ROOM);
		value->number = value->n;	/* what an empty string leaves as it was */
		value->n = 0;
		value->cut = false;
		item_drop(item, want->pick);	/* half a string is none */
	}
}

void value_whole(struct item *item, const struct want *want, struct str text)
{
	struct value *value = slot(item, want);

	make_room(item, value, want->room ? want->room : SKIM_ROOM);
	value->cut = false;
	if (text.n)
		value->n = 0;
	append(item, value, text.p, text.n);
	value->number = 0;
	see(item, want, value, VALUE_TEXT);
}

void value_text(struct item *item, const struct want *want, const char *p, size_t n)
{
	if (want->rule == WANT_LETTERS)
		item->values[want->pick].number += letters(p, n);
	else if (value_keeps(want))
		append(item, &item->values[want->pick], p, n);
}

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i], l = (char)(c | 32);
		/* - . / 0 to 9 : and @ A to Z */
		if (!((l >= 'a' && l <= 'z') || (c >= '-' && c <= ':') || c == '_' || c == '@'))
			return false;
	}
	return s.n > 0;
}

static bool listed(struct str list, struct str name)
{
	struct str one;

	while (str_split(&list, ',', &one))
		if (str_eq(one, name))
			return true;
	return false;
}

static void end_name(struct item *item, const struct want *want, struct value *value)
{
	struct str all = { item->text + value->at, value->n };
	struct str before = str_sub(all, 0, value->number);
	struct str name = str_sub(all, value->number + (value->number > 0), value->n);

	if (value->cut || !is_name(name) || listed(before, name))
		value->n = (uint16_t)value->number;
	if (value->n)
		see(item, want, value, VALUE_TEXT);
}

void value_end(struct item *item, const struct want *want, uint64_t length)
{
	struct value *value = &item->values[want->pick];

	switch (want->rule) {
	case WANT_NAMES:
		end_name(item, want, value);
		break;
	case WANT_LAST:
	case WANT_FIRST:
		if (!length)
			value->n = (uint16_t)value->number;
		value->number = 0;
		see(item, want, value, VALUE_TEXT);
		break;
	case WANT_LETTERS:
		see(item, want, value, VALUE_NUMBER);
		break;
	case WANT_BYTES:
		value = slot(item, want);
		if (length) {
			value->number += length;
			see(item, want, value, VALUE_NUMBER);
		}
		break;
	case WANT_COUNT:
	case WANT_SEEN:
		count(item, want);
	}
}

/* ---- an object as it is, numbers only */

static bool raw_fits(const struct skim *s, size_t n)
{
	/* room is kept for a bracket to close each level */
	return s->raw_value->n + n + s->raw_open + 1 <= s->raw_value->room;
}

static void raw_put(struct skim *s, const char *p, size_t n)
{
	append(&s->item, s->raw_value, p, n);
}

/* Does the innermost level that is open have a member of that name? Nearly always its hash is new. */
static bool raw_has(struct skim *s, struct str key)
{
	uint64_t hash = 1ull << ((key.n * 31 + (uint8_t)key.p[0] * 7ul + (uint8_t)key.p[key.n - 1]) & 63);
	const char *text = s->item.text + s->raw_value->at;
	char quoted[SKIM_KEY + 3];
	bool may = s->raw_names & hash;
	int depth = 0;

	s->raw_names |= hash;
	if (!may)
		return false;
	quoted[0] = '"';
	memcpy(quoted + 1, key.p, key.n);
	quoted[key.n + 1] = '"';
	quoted[key.n + 2] = ':';
	if (!memmem(text, s->raw_value->n, quoted, key.n + 3))
		return false;
	for (size_t at = s->raw_value->n; at-- > 0 && depth >= 0;) {
		depth += text[at] == '}' || text[at] == ']';
		depth -= text[at] == '{' || text[at] == '[';
		if (!depth && s->raw_value->n - at >= key.n + 3 && !memcmp(text + at, quoted, key.n + 3))
			return true;
	}
	return false;
}

/* Comma and key of what is to be written; false where it cannot be. */
static bool raw_member(struct skim *s, bool keyed, size_t n)
{
	struct str key = { s->key_text, s->n_key };

	/* only directly within a level that was written */
	if (s->depth - s->raw + 1 != s->raw_open)
		return false;
	if (keyed && (key.n > SKIM_KEY || !is_name(key) || raw_has(s, key)))
		return false;
	if (!raw_fits(s, n + 1 + (keyed ? key.n + 3 : 0)))
		return false;
	if (s->raw_comma)
		raw_put(s, ",", 1);
	if (keyed) {
		raw_put(s, "\"", 1);
		raw_put(s, key.p, key.n);
		raw_put(s, "\":", 2);
	}
	return true;
}

void raw_begin(struct skim *s, const struct want *want)
{
	struct value *value = slot(&s->item, want);

	make_room(&s->item, value, RAW_ROOM);
	if (value->room < 64)
		return;
	item_drop(&s->item, want->pick);
	value->n = 0;
	s->raw = s->depth;
	s->raw_open = 1;
	s->raw_comma = false;
	s->raw_names = 0;
	s->raw_value = value;
	raw_put(s, "{", 1);
}

/* Called before the level is entered. */
void raw_open(struct skim *s, bool array, bool keyed)
{
	if (!raw_member(s, keyed, 2))
		return;
	raw_put(s, array ? "[" : "{", 1);
	s->raw_open++;
	s->raw_comma = false;
}

/* Called before the level is left. */
void raw_close(struct skim *s, bool array)
{
	if (s->depth - s->raw + 1 != s->raw_open)
		return;
	raw_put(s, array ? "]" : "}", 1);
	s->raw_comma = true;
	if (--s->raw_open)
		return;
	s->item.seen |= 1ull << (s->raw_value - s->item.values);
	s->raw_value->kind = VALUE_TEXT;
	s->raw = 0;
}

void raw_number(struct skim *s, struct str literal, bool keyed)
{
	if (!number_valid(literal) || !raw_member(s, keyed, literal.n))
		return;
	raw_put(s, literal.p, literal.n);
	s->raw_comma = true;
}
