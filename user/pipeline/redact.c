/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/redact.h"

#include <string.h>

#include "ai/keep.h"

enum { OUTSIDE, IN_STRING, IN_ESCAPE, IN_UNICODE };

void redact_begin(struct redact *redact, const struct wants *wants, const struct piece *first)
{
	/* not the whole struct: the arrays need no zeros */
	memset(redact, 0, offsetof(struct redact, level));
	redact->wants = wants;
	redact->side = first->side;
	redact->n_path = redact->n_person = 0;
	redact->rule = KEEP_NOTHING;
	if (first->kind == ITEM_FIELD) {
		redact->plain = redact->begun = true;
		redact->rule = first->file ? KEEP_NOTHING : (uint8_t)keep_path(wants, first->side, first->name);
	}
}

/* ---- one character stands in for another of the same length */

static void stand_in(struct redact *redact, unsigned char c, struct buf *to)
{
	static const struct {
		unsigned char mask, is;
		char lead;
		uint8_t n_tail;
		char tail[3];
	} classes[] = {
		{ 0x80, 0x00, 'x', 0, "" },
		{ 0xe0, 0xc0, '\xc3', 1, { '\x97' } },
		{ 0xf0, 0xe0, '\xe2', 2, { '\x80', '\xa6' } },
		{ 0xf8, 0xf0, '\xf0', 3, { '\x9d', '\x9a', '\xa1' } },
	};

	if ((c & 0xc0) == 0x80 && redact->n_tail) {
		redact->n_tail--;
		buf_char(to, redact->tail[redact->n_tail]);
		return;
	}
	redact->n_tail = 0;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if ((c & classes[i].mask) != classes[i].is)
			continue;
		buf_char(to, classes[i].lead);
		redact->n_tail = classes[i].n_tail;
		for (size_t j = 0; j < redact->n_tail; j++)
			redact->tail[j] = classes[i].tail[redact->n_tail - 1 - j];
		return;
	}
	buf_char(to, 'x');
}

/* \uXXXX: which of them it is would tell the text; a stand-in takes as many bytes once it is decoded. */
static void stand_in_escape(struct redact *redact, struct buf *to)
{
	unsigned int unit = 0;

	for (size_t i = 0; i < 4; i++) {
		char c = redact->hex[i];

		unit = unit << 4 | (unsigned int)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
	}
	if (unit >= 0xd800 && unit < 0xdc00)
		buf_puts(to, "\\ud835");
	else if (unit >= 0xdc00 && unit < 0xe000)
		buf_puts(to, "\\udea1");
	else
		buf_puts(to, unit < 0x80 ? "\\u0078" : unit < 0x800 ? "\\u00d7" : "\\u2026");
}

/* ---- where in the document we are */

static void path_add(struct redact *redact, const char *p, size_t n)
{
	if (n > sizeof(redact->path) - redact->n_path) {
		redact->lost = true;
		return;
	}
	memcpy(redact->path + redact->n_path, p, n);
	redact->n_path = (uint16_t)(redact->n_path + n);
}

static void open_level(struct redact *redact, bool array)
{
	redact->key_next = !array;
	if (redact->depth == REDACT_DEPTH || redact->skipped) {
		redact->skipped++;
		return;
	}
	/* an array at the root is looked through */
	if (array && redact->depth)
		path_add(redact, "[]", 2);
	redact->level[redact->depth].n_path = redact->n_path;
	redact->level[redact->depth++].array = array;
}

static void close_level(struct redact *redact)
{
	redact->key_next = false;
	if (redact->skipped) {
		redact->skipped--;
		return;
	}
	if (redact->depth)
		redact->depth--;
	redact->n_path = redact->depth ? redact->level[redact->depth - 1].n_path : 0;
	if (redact->n_path < sizeof(redact->path) / 2)
		redact->lost = false;
}

static bool in_array(const struct redact *redact)
{
	return !redact->depth || redact->level[redact->depth - 1].array;
}

static void begin_string(struct redact *redact)
{
	redact->state = IN_STRING;
	redact->key = redact->key_next && !in_array(redact);
	redact->n_person = 0;
	redact->n_tail = 0;
	if (redact->key && !redact->skipped) {
		redact->n_path = redact->level[redact->depth - 1].n_path;
		redact->lost = false;
		if (redact->n_path)
			path_add(redact, ".", 1);
	}
	redact->rule = redact->key ? KEEP_TEXT :
		       redact->skipped || redact->lost || !redact->depth ? KEEP_NOTHING :
		       (uint8_t)keep_path(redact->wants, redact->side, (struct str){ redact->path, redact->n_path });
}

static void put_person(struct redact *redact, struct buf *to)
{
	if (redact->rule == KEEP_PERSON && redact->n_person)
		keep_person(redact->wants, (struct str){ redact->person, redact->n_person }, to);
}

static void end_string(struct redact *redact, struct buf *to)
{
	put_person(redact, to);
	buf_char(to, '"');
	redact->state = OUTSIDE;
	if (redact->key)
		redact->key_next = false;
}

/* ---- bytes */

static void string_byte(struct redact *redact, char c, struct buf *to)
{
	if (redact->key && !redact->skipped)
		path_add(redact, &c, 1);
	if (redact->rule == KEEP_TEXT)
		buf_char(to, c);
	else if (redact->rule != KEEP_PERSON)
		stand_in(redact, (unsigned char)c, to);
	else if (redact->n_person < sizeof(redact->person))
		redact->person[redact->n_person++] = c;
}

static void escape_byte(struct redact *redact, char c, struct buf *to)
{
	redact->state = IN_STRING;
	if (c == 'u' && redact->rule != KEEP_TEXT && redact->rule != KEEP_PERSON) {
		redact->state = IN_UNICODE;
		redact->digits = 0;
		return;
	}
	if (redact->rule == KEEP_PERSON) {
		string_byte(redact, '\\', to);
		string_byte(redact, c, to);
		return;
	}
	buf_char(to, '\\');
	buf_char(to, c);
}

static void unicode_byte(struct redact *redact, char c, struct buf *to)
{
	bool hex = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f');

	redact->hex[redact->digits++] = hex ? c : '0';
	if (redact->digits < 4)
		return;
	stand_in_escape(redact, to);
	redact->state = IN_STRING;
}

/* Only what can be JSON passes; of letters the literals, and the mark that ends OpenAI's streams. */
static void letter(struct redact *redact, char c, struct buf *to)
{
	static const char *const literals[] = { "true", "false", "null", "DONE" };

	/* a NUL is no part of a literal: it is its end */
	if (redact->literal && c && redact->literal_is[redact->literal] == c) {
		redact->literal++;
		buf_char(to, c);
		return;
	}
	redact->literal = 0;
	for (size_t i = 0; i < sizeof(literals) / sizeof(literals[0]); i++)
		if (literals[i][0] == c) {
			redact->literal_is = literals[i];
			redact->literal = 1;
			buf_char(to, c);
			return;
		}
	buf_char(to, strchr("0123456789+-.eE: \t\r\n", c) && c ? c : 'x');
}

static void outside_byte(struct redact *redact, char c, struct buf *to)
{
	switch (c) {
	case '"':
		begin_string(redact);
		break;
	case '{':
	case '[':
		open_level(redact, c == '[');
		break;
	case '}':
	case ']':
		close_level(redact);
		break;
	case ',':
		redact->key_next = !in_array(redact);
		break;
	default:
		letter(redact, c, to);
		return;
	}
	redact->literal = 0;
	buf_char(to, c);
}

static void json_byte(struct redact *redact, char c, struct buf *to)
{
	switch (redact->state) {
	case OUTSIDE:
		outside_byte(redact, c, to);
		break;
	case IN_STRING:
		if (c == '"')
			end_string(redact, to);
		else if (c == '\\')
			redact->state = IN_ESCAPE;
		else
			string_byte(redact, c, to);
		break;
	case IN_ESCAPE:
		escape_byte(redact, c, to);
		break;
	case IN_UNICODE:
		unicode_byte(redact, c, to);
		break;
	}
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int redact_write(struct redact *redact, struct str text, struct buf *to)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (!redact->begun && !is_space(c)) {
			redact->begun = true;
			redact->plain = c != '{' && c != '[' && c != '"';
		}
		if (!redact->plain)
			json_byte(redact, c, to);
		else if (is_space(c))
			buf_char(to, c);
		else
			string_byte(redact, c, to);
	}
	return to->error;
}

int redact_end(struct redact *redact, struct buf *to)
{
	if (redact->plain)
		put_person(redact, to);
	return to->error;
}
