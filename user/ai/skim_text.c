/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a string under way: escapes and UTF-16 pairs decoded, pieces handed to the key or the value.
 * And texts that are counted: those as they stand, a container with all that is in it.
 */
#include <string.h>

#include "ai/skim_inside.h"

void skim_put(struct skim *s, const char *p, size_t n)
{
	s->length += n;
	if (s->key) {
		size_t room = SKIM_KEY - (s->n_key < SKIM_KEY ? s->n_key : SKIM_KEY);
		if (n > room)
			s->n_key = SKIM_KEY + 1;
		else if (n)
			memcpy(s->key_text + s->n_key, p, n), s->n_key = (uint8_t)(s->n_key + n);
	} else if (s->want) {
		value_text(&s->item, s->want, p, n);
	}
}

static void put_point(struct skim *s, uint32_t c)
{
	char text[4];
	size_t n = 0;

	if (c < 0x80) {
		text[n++] = (char)c;
	} else if (c < 0x800) {
		text[n++] = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		text[n++] = (char)(0xe0 | c >> 12);
		text[n++] = (char)(0x80 | (c >> 6 & 63));
	} else {
		text[n++] = (char)(0xf0 | c >> 18);
		text[n++] = (char)(0x80 | (c >> 12 & 63));
		text[n++] = (char)(0x80 | (c >> 6 & 63));
	}
	if (c >= 0x80)
		text[n++] = (char)(0x80 | (c & 63));
	skim_put(s, text, n);
}

/* A first half of a pair that no second half followed. */
void skim_flush_half(struct skim *s)
{
	put_point(s, 0xfffd);
	s->high = 0;
}

static void put_unit(struct skim *s, uint32_t unit)
{
	bool second = unit >= 0xdc00 && unit < 0xe000;

	if (second && s->high) {
		put_point(s, 0x10000 + ((uint32_t)(s->high - 0xd800) << 10) + (unit - 0xdc00));
		s->high = 0;
		return;
	}
	skim_flush_high(s);
	if (unit >= 0xd800 && unit < 0xdc00)
		s->high = (uint16_t)unit;
	else
		put_point(s, second ? 0xfffd : unit);
}

void skim_escaped(struct skim *s, char c)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *at = c ? strchr(from, c) : NULL;

	s->state = STRING;
	if (c == 'u') {
		s->state = UNICODE;
		s->digits = 0;
		s->unit = 0;
		return;
	}
	skim_flush_high(s);
	skim_put(s, at ? &to[at - from] : &c, 1);
}

void skim_hex_digit(struct skim *s, char c)
{
	int v = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;

	if (v < 0) {
		s->state = DEAD;
		return;
	}
	s->unit = (uint16_t)(s->unit << 4 | v);
	if (++s->digits < 4)
		return;
	s->state = STRING;
	put_unit(s, s->unit);
}

void skim_text_begin(struct skim *s, uint16_t node, const char *p, bool string)
{
	const struct skim_node *at = node == SKIM_NODES ? NULL : &s->table->nodes[node];

	for (; s->texts && at && at->want; at = &s->table->nodes[at->same]) {
		const struct want *want = at->want;

		if (want->rule == WANT_TALLY || (s->scan.to && want_is_text(want))) {
			s->texts[want->pick].pieces++;
		} else if (want->rule == WANT_JSON || (want->rule == WANT_TEXT && string)) {
			text_begin(&s->scan, &s->texts[want->pick]);
			s->text_from = p;
			s->text_depth = s->depth;
		}
		if (!at->same)
			break;
	}
}

void skim_text_over(struct skim *s, const char *p)
{
	if (!s->scan.to || s->depth != s->text_depth)
		return;
	text_add(&s->scan, s->text_from, (size_t)(p - s->text_from));
	text_end(&s->scan);
}
