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

/* Has it a child of such a key? Mostly not, and that shows in length and first byte. */
static inline bool skim_may_have(const struct skim_table *table, uint16_t parent, const char *key, size_t n)
{
	const struct skim_node *node = &table->nodes[parent == SKIM_NODES ? 0 : parent];

	return parent != SKIM_NODES && n && node->lengths >> n % 64 & 1 && node->firsts >> (uint8_t)key[0] % 64 & 1;
}

/* The child of that key; SKIM_NODES where none is wanted. */
uint16_t skim_child(const struct skim_table *, uint16_t parent, const char *key, size_t n);

/*
 * What a skim does with a value, for one who knows where it stands: a string's raw text with its quote behind it,
 * a literal, an object or array. The state that follows is DEAD where the text has a bad escape.
 */
void skim_string(struct skim *, uint16_t node, struct str raw);
void skim_literal(struct skim *, uint16_t node, struct str text);
void skim_container(struct skim *, uint16_t node);

/* What was met, for one who asked to be told (skim.tokens): values in their order, where they stood in the text. */
enum token_kind { TOKEN_STRING, TOKEN_LITERAL, TOKEN_CONTAINER };

struct token {
	const char *p, *end;	/* of a string without its quotes; of a container no end */
	uint16_t node;		/* SKIM_NODES: nobody wants it */
	uint8_t kind;		/* enum token_kind */
};

#define SKIM_TOKENS 64

struct tokens {
	unsigned int n;
	bool unfit;		/* there were more, or an object that is taken as a whole */
	struct token token[SKIM_TOKENS];
};

static inline void skim_note(struct skim *s, enum token_kind kind, uint16_t node, const char *p)
{
	struct tokens *tokens = s->tokens;

	if (!tokens)
		return;
	if (tokens->n == SKIM_TOKENS)
		tokens->unfit = true;
	else
		tokens->token[tokens->n++] = (struct token){ p, p, node, (uint8_t)kind };
}

static inline void skim_note_unfit(struct skim *s)
{
	if (s->tokens)
		s->tokens->unfit = true;
}

static inline void skim_note_end(struct skim *s, const char *end)
{
	if (s->tokens && s->tokens->n)
		s->tokens->token[s->tokens->n - 1].end = end;
}

static inline bool skim_ends_literal(char c)
{
	switch (c) {
	case ' ': case '\n': case '\r': case '\t':
	case ',': case ':': case '"': case '{': case '}': case '[': case ']': case 0:
		return true;
	}
	return false;
}

/* ---- where a skim stands */

static inline bool in_object(const struct skim *s)
{
	return s->depth && !s->level[s->depth - 1].array;
}

static inline const struct skim_node *node_of(const struct skim *s, uint16_t node)
{
	return node == SKIM_NODES ? NULL : &s->table->nodes[node];
}

/* Every want of a node: for (at = first_want(s, node); at; at = next_want(s, at)) */
static inline const struct skim_node *first_want(const struct skim *s, uint16_t node)
{
	const struct skim_node *at = node_of(s, node);

	return at && at->want ? at : NULL;
}

static inline const struct skim_node *next_want(const struct skim *s, const struct skim_node *at)
{
	return at->same ? &s->table->nodes[at->same] : NULL;
}

/* Before a value: which node is it? In an object its key has said so. */
static inline uint16_t value_node(const struct skim *s)
{
	if (!s->depth)
		return 0;
	return s->level[s->depth - 1].array ? s->level[s->depth - 1].node : s->node;
}

static inline void skim_value_over(struct skim *s)
{
	s->state = s->depth ? NEXT : ROOT;
}

/* A bracket at p; p is behind one. */
void skim_open(struct skim *, const char *p, bool array);
void skim_close(struct skim *, const char *p, bool array);

/* What a value is put into: item's slots and texts. */
/* a string's text, which is kept or whose letters are counted */
static inline bool value_keeps(const struct want *want)
{
	return want->rule == WANT_LAST || want->rule == WANT_FIRST || want->rule == WANT_NAMES || want->rule == WANT_LETTERS;
}

static inline bool want_is_text(const struct want *want)
{
	return want->rule >= WANT_TEXT;
}
void value_container(struct item *, const struct want *);
void value_literal(struct item *, const struct want *, struct str literal);
/* A string: begin, pieces of decoded text, end with the length of it all. */
void value_begin(struct item *, const struct want *);
void value_text(struct item *, const struct want *, const char *p, size_t n);
/* The whole of one, for WANT_LAST. */
void value_whole(struct item *, const struct want *, struct str text);
void value_end(struct item *, const struct want *, uint64_t length);

/* A string under way: decoded text, what followed a backslash, a digit of \u, a first surrogate left alone. */
void skim_put(struct skim *, const char *p, size_t n);
void skim_escaped(struct skim *, char c);
void skim_hex_digit(struct skim *, char c);
void skim_flush_half(struct skim *);

static inline void skim_flush_high(struct skim *s)
{
	if (s->high)
		skim_flush_half(s);
}


/* A value that may be counted begins at p (NULL: with what is written next); one that ends before p may have been. */
void skim_text_begin(struct skim *, uint16_t node, const char *p, bool string);
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
