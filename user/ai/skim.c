/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A skim walks a JSON text once, byte by byte where something may be wanted
 * and in long strides where not. It keeps a level only for containers that lie
 * on a wanted path: everything else is one counter of open brackets, so that
 * depth costs nothing, and one loop over 16 bytes at a time that looks for
 * quotes and brackets. Within a string that nobody wants it looks for the
 * closing quote alone.
 *
 * It is lenient where leniency cannot mislead (commas, words), and gives up the
 * item where brackets do not match: what follows cannot be placed.
 */
#include <errno.h>
#include <string.h>

#include "ai/skim_inside.h"
#include "ai/stride.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* ---- literals */

static void literal_over(struct skim *s)
{
	struct str text = { s->literal, s->n_literal };

	skim_value_over(s);
	if (text.n == sizeof(s->literal) - 1)
		text = STR("too long");
	for (const struct skim_node *at = first_want(s, s->node); at; at = next_want(s, at)) {
		value_literal(&s->item, at->want, text);
	}
	if (s->raw)
		raw_number(s, text, in_object(s));
}

static const char *in_literal(struct skim *s, const char *p, const char *end)
{
	const char *stop = p;

	while (stop < end && !skim_ends_literal(*stop))
		stop++;
	if ((size_t)(stop - p) < sizeof(s->literal) - s->n_literal) {
		memcpy(s->literal + s->n_literal, p, (size_t)(stop - p));
		s->n_literal = (uint8_t)(s->n_literal + (stop - p));
	} else {
		s->n_literal = sizeof(s->literal) - 1;	/* full: it is longer than anything that counts */
	}
	if (stop < end) {
		skim_note_end(s, stop);
		literal_over(s);
	}
	return stop;
}

/* ---- strings */

static void key_over(struct skim *s, const char *key, size_t n)
{
	uint16_t parent = s->level[s->depth - 1].node;

	s->node = n > SKIM_KEY || !skim_may_have(s->table, parent, key, n) ? SKIM_NODES : skim_child(s->table, parent, key, n);
	s->state = COLON;
}

static void begin_string(struct skim *s, uint16_t node, const char *p)
{
	bool length = false;

	s->node = node;
	s->key = false;
	s->want = NULL;
	for (const struct skim_node *at = first_want(s, s->node); at; at = next_want(s, at)) {
		length |= !want_is_text(at->want);
		if (value_keeps(at->want) && !s->want &&
		    !(at->want->rule == WANT_FIRST && item_has(&s->item, at->want->pick)))
			s->want = at->want;
	}
	s->length = 0;
	s->high = 0;
	if (s->want)
		value_begin(&s->item, s->want);
	skim_text_begin(s, s->node, p, true);
	s->state = length ? STRING : PASS;
	s->after = s->depth ? NEXT : ROOT;
}

static void string_over(struct skim *s)
{
	skim_flush_high(s);
	if (s->key) {
		key_over(s, s->key_text, s->n_key);
		return;
	}
	for (const struct skim_node *at = first_want(s, s->node); at; at = next_want(s, at)) {
		if (at->want == s->want || !value_keeps(at->want))
			value_end(&s->item, at->want, s->length);
	}
	skim_value_over(s);
}

static const char *in_string(struct skim *s, const char *p, const char *end)
{
	const char *stop;

	for (;; p = stop + 2) {
		stop = stride_text(p, end);
		if (stop > p) {
			skim_flush_high(s);
			skim_put(s, p, (size_t)(stop - p));
		}
		if (stop == end)
			return end;
		if (*stop == '"')
			break;
		s->state = ESCAPE;
		if (end - stop < 2 || stop[1] == 'u')
			return stop + 1;
		skim_escaped(s, stop[1]);
	}
	if (!s->key) {
		skim_note_end(s, stop);
		skim_text_over(s, stop);
	}
	string_over(s);
	return stop + 1;
}

/* Most keys stand in one buffer and hold no escape. */
static const char *begin_key(struct skim *s, const char *p, const char *end)
{
	const char *stop = stride_text(p, end);

	s->key = true;
	s->n_key = 0;
	s->high = 0;
	s->want = NULL;
	s->state = STRING;
	if (stop == end || *stop != '"' || stop - p > SKIM_KEY)
		return p;
	if (s->raw)
		skim_put(s, p, (size_t)(stop - p));
	key_over(s, p, (size_t)(stop - p));
	return stop + 1;
}

/* ---- values that stand where somebody knows */

void skim_string(struct skim *s, uint16_t node, struct str raw)
{
	const struct skim_node *first = first_want(s, node);
	const char *end = raw.p + raw.n;

	if (!first->same && first->want->rule == WANT_LAST && stride_text(raw.p, end) == end) {
		value_whole(&s->item, first->want, raw);
		return;
	}
	begin_string(s, node, raw.p);
	if (s->state == STRING && stride_text(raw.p, end) < end) {
		skim_write(s, raw.p, raw.n + 1);
		return;
	}
	skim_text_over(s, raw.p + raw.n);
	if (s->state == PASS)
		return;
	if (raw.n)
		skim_put(s, raw.p, raw.n);
	string_over(s);
}

void skim_literal(struct skim *s, uint16_t node, struct str text)
{
	s->node = node;
	s->n_literal = 0;
	in_literal(s, text.p, text.p + text.n);
	literal_over(s);
}

/* ---- what nobody wants */

static const char *in_pass(struct skim *s, const char *p, const char *end)
{
	p = string_end(p, end);
	if (p >= end) {
		s->state = p > end ? PASS_ESCAPE : PASS;
		return end;
	}
	skim_note_end(s, p);
	if (s->after != SKIP)
		skim_text_over(s, p);
	s->state = s->after;
	return p + 1;
}

static const char *in_skip(struct skim *s, const char *p, const char *end)
{
	while ((p = stride_brackets(p, end)) < end) {
		char c = *p++;
		if (c == '"') {
			s->after = SKIP;
			skim_note(s, TOKEN_STRING, SKIM_NODES, p);
			p = in_pass(s, p, end);
			if (s->state != SKIP)
				return p;
		} else if (c == '{' || c == '[') {
			s->skipped++;
		} else if (!--s->skipped) {
			skim_text_over(s, p);
			skim_value_over(s);
			return p;
		}
	}
	return p;
}

static bool begins_plain(char c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == 't' || c == 'f' || c == 'n';
}

/* Behind a key that nobody wants: colon and value at once, where they are what they mostly are. */
static const char *after_unwanted(struct skim *s, const char *p, const char *end)
{
	const char *at = p, *stop;

	if (end - p < 3 || *at++ != ':')
		return p;
	at += *at == ' ';
	if (*at == '"') {
		s->key = false;
		s->want = NULL;
		s->after = NEXT;
		skim_note(s, TOKEN_STRING, SKIM_NODES, at + 1);
		return in_pass(s, at + 1, end);
	}
	if (s->raw || !begins_plain(*at))
		return p;
	for (stop = at; stop < end && !skim_ends_literal(*stop);)
		stop++;
	if (stop == end)
		return p;
	skim_note(s, TOKEN_LITERAL, SKIM_NODES, at);
	skim_note_end(s, stop);
	s->state = NEXT;
	return stop;
}

/* ---- between tokens */

static const char *in_value(struct skim *s, const char *p)
{
	char c = *p++;

	if (c == '{' || c == '[') {
		skim_open(s, p - 1, c == '[');
	} else if (c == '"') {
		begin_string(s, value_node(s), p);
		skim_note(s, TOKEN_STRING, first_want(s, s->node) ? s->node : SKIM_NODES, p);
	} else if (c == ']' || c == '}') {
		skim_close(s, p, c == ']');
	} else if (c == ':') {
		s->state = DEAD;
	} else if (c != ',') {
		s->node = value_node(s);
		s->n_literal = 0;
		s->state = LITERAL;
		skim_note(s, TOKEN_LITERAL, first_want(s, s->node) ? s->node : SKIM_NODES, p - 1);
		return p - 1;
	}
	return p;
}

static const char *in_root(struct skim *s, const char *p)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (s->state == MARK || *p == mark[0]) {
		bool fits = *p == mark[s->digits];
		s->digits = (uint8_t)(s->state == MARK ? s->digits + 1 : 1);
		s->state = !fits || s->item.json ? DEAD : s->digits == 3 ? ROOT : MARK;
		return p + 1;
	}
	if (*p != '{' && *p != '[') {
		s->state = DEAD;
		return p + 1;
	}
	s->item.json = true;
	return in_value(s, p);
}

/* After a key or a value. */
static const char *in_next(struct skim *s, const char *p, const char *end)
{
	char c = *p++;

	if (c == ',')
		s->state = in_object(s) ? KEY : VALUE;
	else if (c == '}' || c == ']')
		skim_close(s, p, c == ']');
	else if (c == '"' && s->state == KEY)
		return begin_key(s, p, end);
	else
		s->state = DEAD;
	return p;
}

/* Token after token, without a way back to the states' switch: its jumps are what a processor guesses worst. */
static const char *between(struct skim *s, const char *p, const char *end)
{
	while (p < end) {
		if (is_space(*p)) {
			p = p + 1 < end && is_space(p[1]) ? stride_space(p, end) : p + 1;
			continue;
		}
		if (s->state == KEY || s->state == NEXT) {
			p = in_next(s, p, end);
			if (s->state == COLON && s->node == SKIM_NODES)
				p = after_unwanted(s, p, end);
		} else if (s->state == COLON) {
			s->state = *p++ == ':' ? VALUE : DEAD;
		} else {
			p = in_value(s, p);
			if (s->state == PASS)
				p = in_pass(s, p, end);
			else if (s->state == LITERAL)
				p = in_literal(s, p, end);
			else if (s->state == STRING)
				p = in_string(s, p, end);
		}
		if (s->state < KEY || s->state > NEXT)
			return p;
	}
	return p;
}

static int walk(struct skim *s, const char *p, const char *end)
{

	while (p < end) {
		switch (s->state) {
		case STRING:
			p = in_string(s, p, end);
			break;
		case ESCAPE:
			skim_escaped(s, *p++);
			break;
		case UNICODE:
			skim_hex_digit(s, *p++);
			break;
		case LITERAL:
			p = in_literal(s, p, end);
			break;
		case PASS:
			p = in_pass(s, p, end);
			break;
		case PASS_ESCAPE:
			s->state = PASS;
			p++;
			break;
		case SKIP:
			p = in_skip(s, p, end);
			break;
		case FIELD:
			skim_put(s, p, (size_t)(end - p));
			return 0;
		case DEAD:
			return s->error;
		case ROOT:
		case MARK:
			p = is_space(*p) ? p + 1 : in_root(s, p);
			break;
		default:
			p = between(s, p, end);
		}
	}
	return s->error;
}

int skim_write(struct skim *s, const char *p, size_t n)
{
	const char *end = n ? p + n : p;
	int err;

	s->text_from = p;
	err = walk(s, p, end);
	if (s->scan.to)
		text_add(&s->scan, s->text_from, (size_t)(end - s->text_from));
	return err;
}

void skim_begin(struct skim *s, const struct skim_table *table, skim_each_fn each, void *ctx)
{
	for (uint64_t rest = s->item.touched; rest; rest &= rest - 1)
		s->item.values[__builtin_ctzll(rest)] = (struct value){ .kind = VALUE_NONE };
	s->item.touched = s->item.seen = s->item.unread = 0;
	s->item.used = 0;
	s->item.each = 0;
	s->item.json = false;
	s->table = table;
	s->each = each;
	s->ctx = ctx;
	s->state = ROOT;
	s->depth = 0;
	s->raw = 0;
	s->digits = 0;
	s->error = 0;
	s->texts = NULL;
	s->scan.to = NULL;
	s->tokens = NULL;
}

void skim_field(struct skim *s, struct str name)
{
	if (str_ends(name, STR("[]")))
		name.n -= 2;
	s->level[0] = (struct skim_level){ .node = name.n > SKIM_KEY ? SKIM_NODES : skim_child(s->table, 0, name.p, name.n) };
	s->node = s->level[0].node;
	s->depth = 1;
	begin_string(s, s->node, NULL);
	s->depth = 0;
	s->state = s->state == STRING ? FIELD : DEAD;
}

void skim_stop(struct skim *s)
{
	if (s->scan.to)
		text_end(&s->scan);
	s->state = DEAD;
}

int skim_end(struct skim *s)
{
	if (s->state == FIELD)
		string_over(s);
	else if (s->state == LITERAL)
		literal_over(s);
	skim_stop(s);
	return s->error;
}
