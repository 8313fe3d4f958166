/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the skimmer, shared by skim*.c and nobody else. */
#ifndef AITAP_AI_SKIM_INSIDE_H
#define AITAP_AI_SKIM_INSIDE_H

#include "ai/skim.h"

enum state {
	ROOT,		/* before a text, or after one */
	MARK,		/* within a byte order mark */
	KEY,		/* in an object, before a key */
	COLON,
	VALUE,
	NEXT,		/* after a value */
	STRING,		/* a key, or a string that somebody wants */
	ESCAPE,
	UNICODE,
	LITERAL,
	PASS,		/* a string that nobody wants */
	PASS_ESCAPE,
	SKIP,		/* a container that nobody wants */
	FIELD,		/* no JSON: a form field's value */
	DEAD,
};

/* The child of that key; SKIM_NODES where none is wanted. */
uint16_t skim_child(const struct skim_table *, uint16_t parent, const char *key, size_t n);

/* What a value is put into: item's slots and texts. */
bool value_keeps(const struct want *);		/* a string's text */
void value_container(struct item *, const struct want *);
void value_literal(struct item *, const struct want *, struct str literal);
/* A string: begin, pieces of decoded text, end with the length of it all. */
void value_begin(struct item *, const struct want *);
void value_text(struct item *, const struct want *, const char *p, size_t n);
void value_end(struct item *, const struct want *, uint64_t length);

/* A string under way: decoded text, what followed a backslash, a digit of \u, a first surrogate left alone. */
void skim_put(struct skim *, const char *p, size_t n);
void skim_escaped(struct skim *, char c);
void skim_hex_digit(struct skim *, char c);
void skim_flush_high(struct skim *);

/* A value that may be counted begins at p (NULL: with what is written next); one that ends before p may have been. */
void skim_text_begin(struct skim *, uint16_t node, const char *p);
void skim_text_over(struct skim *, const char *p);

/* WANT_NUMBERS under way: an object opened or closed below it (or itself), a number met. */
void raw_begin(struct skim *, const struct want *);
void raw_open(struct skim *, bool array, bool keyed);
void raw_close(struct skim *, bool array);
void raw_number(struct skim *, struct str literal, bool keyed);

/* A JSON number, as RFC 8259 section 6 has it. */
bool number_valid(struct str);
/* times 10^scale, rounded; false for what is no number, negative or too large */
bool number_parse(struct str, unsigned int scale, uint64_t *ret);

#endif
