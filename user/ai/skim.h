/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wanted values of a JSON text, picked in one pass while it streams by: no
 * tree, no copy of what is not wanted, any nesting, resumable at any byte.
 *
 * A want is a path from the root: "usage.prompt_tokens", "choices[].delta.content".
 * [] stands for every element of an array; an array at the root is looked
 * through ("usage.x" also finds it in [{"usage": {"x": 1}}]). Only the path
 * itself counts: the same name elsewhere is not seen. null is as if absent.
 *
 * A table is compiled once and shared by any number of skims. A skim owns its
 * item; it never fails: what is no JSON yields nothing.
 */
#ifndef AITAP_AI_SKIM_H
#define AITAP_AI_SKIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ai/text.h"
#include "base/str.h"
#include "noun/head.h"

enum want_rule {
	WANT_LAST,	/* a scalar; of several the last. A number has its text as well */
	WANT_FIRST,	/* of several the first */
	WANT_SUM,	/* numbers, added up */
	WANT_COUNT,	/* how many values other than null stood there */
	WANT_NAMES,	/* strings, joined by commas, each once */
	WANT_BYTES,	/* how long strings were in sum; nothing is copied */
	WANT_LETTERS,	/* how many characters (code points) strings had in sum; nothing is copied */
	WANT_SEEN,	/* that something other than null stood there, an object or array as well: 1 */
	WANT_NUMBERS,	/* an object, kept as JSON without its strings, truths and nulls */
	WANT_EACH,	/* an object: skim_each_fn is called at its end, with what was picked so far */
	/* For these pick names a class of texts. Within a text that is being counted another is only one more of its class */
	WANT_TEXT,	/* a string is counted */
	WANT_JSON,	/* or a container, as it stands */
	WANT_TALLY,	/* one more; nothing of it is counted */
};

struct want {
	const char *path;	/* NULL ends a table */
	uint8_t pick;		/* where it goes: 0 to SKIM_PICKS - 1 */
	uint8_t rule;		/* enum want_rule */
	uint8_t scale;		/* a number is kept times 10^scale, rounded */
	uint16_t room;		/* longest text that is kept; 0: SKIM_ROOM */
};

#define SKIM_PICKS 64
#define SKIM_ROOM 160
#define SKIM_TEXT 6144		/* all texts of one item */
#define SKIM_KEY 63		/* the longest key that can be wanted */
#define SKIM_NODES 512		/* the largest table */
#define SKIM_SLOTS 1024
#define SKIM_DEPTH 24		/* the longest path, and what WANT_NUMBERS keeps of nesting */

enum value_kind { VALUE_NONE, VALUE_TEXT, VALUE_NUMBER, VALUE_BOOL };

struct value {
	uint8_t kind;		/* enum value_kind */
	bool cut;		/* the text was longer than its room */
	uint16_t at;		/* of its text in item.text */
	uint16_t n;
	uint16_t room;
	uint64_t number;	/* of a number (negative: 0), truth, sum, count or length */
};

/* One document, event, line or form field, with what was picked of it. */
struct item {
	enum side side;
	enum item_kind kind;
	uint8_t each;		/* 0: the item is over; else the pick of the WANT_EACH whose object just ended */
	bool file;		/* a form field that carries a file */
	bool exception;		/* an error in an event stream; name is what it is called */
	bool json;		/* it began like JSON */
	char name[64];		/* an event's or a field's name, cut */
	uint64_t boot_ns;	/* of its first byte */
	uint64_t seen;		/* bit 1 << pick */
	uint64_t unread;	/* what stood there was no number that can be had: null, negative, too big, an object */
	uint64_t touched;	/* values that are not zero */
	uint16_t used;		/* of text */
	struct value values[SKIM_PICKS];
	char text[SKIM_TEXT];
};

static inline bool item_has(const struct item *item, unsigned int pick)
{
	return item->seen >> pick & 1;
}

static inline void item_drop(struct item *item, unsigned int pick)
{
	item->seen &= ~(1ull << pick);
}

/* As if it had been picked: for what only code can tell. */
static inline void item_put(struct item *item, unsigned int pick, struct value value)
{
	item->values[pick] = value;
	item->seen |= 1ull << pick;
	item->touched |= 1ull << pick;
}

/* "" where there is none, or no text. */
static inline struct str item_text(const struct item *item, unsigned int pick)
{
	return item_has(item, pick) ? (struct str){ item->text + item->values[pick].at, item->values[pick].n } :
				      (struct str){ "", 0 };
}

static inline bool item_is(const struct item *item, unsigned int pick, const char *text)
{
	return item_has(item, pick) && str_eq(item_text(item, pick), str_of(text));
}

/* The number, or 0 where there is none. A text of digits is a number too; a truth is 1 or 0, but no count. */
bool item_text_number(const struct item *, unsigned int pick, uint64_t *ret);

static inline uint64_t item_number(const struct item *item, unsigned int pick)
{
	uint64_t n = 0;

	if (!item_has(item, pick))
		return 0;
	if (item->values[pick].kind != VALUE_TEXT)
		return item->values[pick].number;
	return item_text_number(item, pick, &n) ? n : 0;
}

static inline bool item_has_number(const struct item *item, unsigned int pick)
{
	uint64_t n;

	if (!item_has(item, pick) || item->values[pick].kind == VALUE_BOOL)
		return false;
	return item->values[pick].kind == VALUE_NUMBER || item_text_number(item, pick, &n);
}

struct skim_node {
	const char *key;	/* not NUL-terminated */
	const struct want *want;	/* NULL: only something below is wanted */
	uint64_t below;		/* picks that lie below */
	uint64_t lengths;	/* of its children's keys: bit 1 << n % 64 */
	uint64_t firsts;	/* their first bytes: bit 1 << byte % 64 */
	uint16_t parent;
	uint16_t elements;	/* the node of its elements; 0: none wanted */
	uint16_t same;		/* a further node that wants the same path; 0: none */
	uint8_t n_key;
};

/* Its arrays are whoever's compiles it: some room for nodes, and a power of two of slots, more than nodes. */
struct skim_table {
	struct skim_node *nodes;	/* node 0 is the root */
	uint16_t *slots;		/* (parent, key) to node; 0 is free */
	uint16_t max_nodes;		/* at most SKIM_NODES */
	uint16_t n_slots;
	uint16_t n_nodes;
};

/* Compiles wants up to the one without path. -EINVAL for a path that is none, -ENOSPC where the table is full. */
int skim_compile(const struct want *, struct skim_table *);

/* What is wanted of a path, written as in a want; NULL: nothing. */
const struct skim_node *skim_find(const struct skim_table *, struct str path);

typedef int (*skim_each_fn)(void *ctx, struct item *);

struct skim_level {
	uint16_t node;		/* of the object, or of the array's elements; SKIM_NODES: nothing wanted */
	bool array;
};

struct skim {
	const struct skim_table *table;
	skim_each_fn each;
	void *ctx;
	uint8_t state;
	uint8_t after;		/* the state that follows the string under way */
	bool key;		/* the string under way is a key */
	uint8_t depth;		/* levels that are followed */
	uint64_t skipped;	/* levels below them that are not */
	uint16_t node;		/* of the value to come */
	const struct want *want;	/* that keeps the string under way, or its length; NULL: nobody */
	uint8_t n_key;		/* above SKIM_KEY: it is longer */
	uint8_t n_literal;	/* above the room: likewise */
	char key_text[SKIM_KEY + 1];
	char literal[64];	/* a number or a word */
	uint8_t digits;		/* of a \u escape, seen */
	uint16_t unit;		/* the UTF-16 unit that they make */
	uint16_t high;		/* a surrogate that waits for its other half */
	uint64_t length;	/* of the string under way, decoded */
	uint8_t raw;		/* the level at which WANT_NUMBERS began, from 1; 0: not under way */
	uint8_t raw_open;	/* levels open in what it writes */
	bool raw_comma;
	uint64_t raw_names;	/* hashes of the names that it has: bit by bit */
	struct value *raw_value;
	int error;
	struct text *texts;	/* by class, where WANT_TEXT counts: the caller's, set after skim_begin(); NULL: nowhere */
	struct text_scan scan;
	const char *text_from;	/* in what is being written; what stands before it has been counted */
	uint8_t text_depth;	/* of the value that is counted */
	struct tokens *tokens;	/* told what is met; NULL: nobody asks */
	struct skim_level level[SKIM_DEPTH];
	struct item item;
};

/* Starts a new item of the table; the item's own facts (side, kind, name, boot_ns) are the caller's. */
void skim_begin(struct skim *, const struct skim_table *, skim_each_fn, void *ctx);
/* Takes all of it. Negative: what a skim_each_fn returned; nothing more is picked then. */
int skim_write(struct skim *, const char *p, size_t n);
/* The text is over: a number at its very end is taken. */
int skim_end(struct skim *);
/* It breaks off: what stands at its end is not taken. */
void skim_stop(struct skim *);
/* After skim_begin(): the text to come is no JSON, but the value of the key of that name. */
void skim_field(struct skim *, struct str name);

#endif
