/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mould is a row of parts: bytes that must be the same, then a hole. A string's
 * hole ends at the quote that ends the string, a number's where a number ends,
 * so what lies in it is one token whatever it says, and all tokens around it are
 * the mould's own; keys are never holes but where nobody wants what they lead to.
 * A skim that reads such a text makes the same turns as with the text that the
 * mould was learnt from. What remains to be done is what it does with values that
 * somebody wants, in their order.
 *
 * How a text falls into parts is not worked out a second time: the skim that
 * reads it notes the values that it meets. Texts in which an object is picked as
 * it is or looked at on its own (WANT_NUMBERS, WANT_TEXT, WANT_EACH) are not learnt.
 *
 * Moulds stand in small sets; a text can be in one of them alone, and takes the
 * place of the one there that was not used for longest.
 */
#include "ai/mould.h"

#include <errno.h>
#include <string.h>

#include "ai/skim_inside.h"
#include "ai/stride.h"
#include "base/mem.h"

#define SETS 16
#define WAYS 16
#define FIXED 1024	/* bytes of a mould, its holes left out */
#define TEXT_MIN 4
#define TEXT_MAX 4096

enum part_kind {
	PART_STRING,
	PART_NUMBER,
	PART_WORD,	/* no hole: true or null that somebody wants, the last n_word bytes before it */
	PART_CONTAINER,	/* no hole: an object or array whose being there somebody wants */
};

struct part {
	uint16_t fixed;		/* bytes before it */
	uint16_t node;		/* SKIM_NODES: nobody wants it */
	uint8_t kind;		/* enum part_kind */
	uint8_t n_word;
};

struct mould {
	const struct skim_table *table;	/* NULL: empty */
	struct mould *next;	/* which one fitted when this one had last */
	uint32_t mark;		/* of the text that it was learnt from */
	uint32_t used;		/* when it fitted last */
	uint16_t n_parts;
	uint16_t n_fixed;
	uint16_t tail;		/* bytes behind the last part */
	struct part parts[SKIM_TOKENS];
	char fixed[FIXED];
};

struct moulds {
	struct mould *last;	/* that fitted */
	uint32_t now;		/* texts seen */
	uint64_t fitted;
	struct tokens tokens;
	struct str hole[SKIM_TOKENS];
	struct mould mould[SETS][WAYS];
};

int moulds_new(struct moulds **ret)
{
	struct moulds *moulds = mem_new(sizeof(*moulds));

	if (!moulds)
		return -ENOMEM;
	moulds->last = moulds->mould[0];
	for (size_t i = 0; i < (size_t)SETS * WAYS; i++)
		moulds->mould[i / WAYS][i % WAYS].next = &moulds->mould[i / WAYS][i % WAYS];
	*ret = moulds;
	return 0;
}

struct moulds *moulds_free(struct moulds *moulds)
{
	return mem_free(moulds);
}

uint64_t moulds_fitted(const struct moulds *moulds)
{
	return moulds->fitted;
}

/* ---- fitting */

/* Mostly less than 16 bytes; the mould's own can be read beyond them. */
static inline bool same(const char *fixed, const char *p, const char *end, size_t n)
{
	if ((size_t)(end - p) < n)
		return false;
	if (n > 16 || end - p < 16)
		return !memcmp(fixed, p, n);
	return first_hit((v16)(load16(fixed) != load16(p))) >= n;
}

static inline bool begins_number(char c)
{
	return (c >= '0' && c <= '9') || c == '-';
}

static const char *number_end(const char *p, const char *end)
{
	if (p == end || !begins_number(*p))
		return p;
	while (p < end && !skim_ends_literal(*p))
		p++;
	return p;
}

static bool fits(const struct mould *mould, struct str text, struct str *hole)
{
	const char *p = text.p, *end = p + text.n, *fixed = mould->fixed, *stop;

	if (text.n < mould->n_fixed)
		return false;
	for (size_t i = 0; i < mould->n_parts; i++) {
		const struct part *part = &mould->parts[i];

		if (!same(fixed, p, end, part->fixed))
			return false;
		fixed += part->fixed;
		p += part->fixed;
		if (part->kind > PART_NUMBER) {
			hole[i] = (struct str){ p - part->n_word, part->n_word };
			continue;
		}
		stop = part->kind == PART_STRING ? string_end(p, end) : number_end(p, end);
		if (part->kind == PART_NUMBER && stop == p)
			return false;
		if (stop >= end)
			return false;
		hole[i] = (struct str){ p, (size_t)(stop - p) };
		p = stop;
	}
	return (size_t)(end - p) == mould->tail && !memcmp(fixed, p, mould->tail);
}

static void pour(const struct mould *mould, struct skim *s, struct str text, const struct str *hole)
{
	s->depth = 1;
	s->item.json = true;
	for (size_t i = 0; i < mould->n_parts; i++) {
		const struct part *part = &mould->parts[i];

		if (part->node == SKIM_NODES)
			continue;
		if (part->kind == PART_STRING)
			skim_string(s, part->node, hole[i]);
		else if (part->kind == PART_CONTAINER)
			skim_container(s, part->node);
		else
			skim_literal(s, part->node, hole[i]);
		if (s->state == DEAD) {	/* of a bad escape: nothing that follows is read */
			if (s->scan.to)
				text_add(&s->scan, hole[i].p + hole[i].n + 1, (size_t)(text.p + text.n - hole[i].p - hole[i].n) - 1);
			return;
		}
	}
	s->depth = 0;
	s->state = ROOT;
}

/* ---- learning */

static bool add_fixed(struct mould *mould, const char *p, const char *end)
{
	size_t n = (size_t)(end - p);

	/* what is compared is read in sixteens */
	if (n > sizeof(mould->fixed) - 16 - mould->n_fixed)
		return false;
	memcpy(mould->fixed + mould->n_fixed, p, n);
	mould->n_fixed = (uint16_t)(mould->n_fixed + n);
	return true;
}

static bool add_part(struct mould *mould, const struct token *token, const char **from)
{
	struct part *part = &mould->parts[mould->n_parts++];
	const char *at = token->p;

	part->node = token->node;
	part->n_word = 0;
	part->kind = token->kind == TOKEN_STRING ? PART_STRING : token->kind == TOKEN_CONTAINER ? PART_CONTAINER : PART_NUMBER;
	if (part->kind == PART_NUMBER && !begins_number(*at)) {
		part->kind = PART_WORD;
		part->n_word = (uint8_t)(token->end - at);
		at = token->end;
		if (at - token->p > UINT8_MAX)
			return false;
	}
	if (!add_fixed(mould, *from, at))
		return false;
	part->fixed = (uint16_t)(at - *from);
	*from = part->kind == PART_CONTAINER ? at : token->end;
	return true;
}

/* Of a text that was read to its end, with what was met. */
static bool learn(struct mould *mould, const struct tokens *tokens, struct str text)
{
	const char *from = text.p, *end = text.p + text.n;

	mould->n_parts = mould->n_fixed = 0;
	for (unsigned int i = 0; i < tokens->n; i++)
		if (!add_part(mould, &tokens->token[i], &from))
			return false;
	mould->tail = (uint16_t)(end - from);
	return add_fixed(mould, from, end);
}

static int write_and_learn(struct moulds *moulds, struct mould *mould, struct skim *s, struct str text)
{
	struct tokens *tokens = &moulds->tokens;
	int err;

	tokens->n = 0;
	tokens->unfit = false;
	s->tokens = tokens;
	err = skim_write(s, text.p, text.n);
	s->tokens = NULL;
	if (tokens->unfit || err || s->state != ROOT || s->depth || !learn(mould, tokens, text))
		return err;
	mould->table = s->table;
	mould->next = mould;
	return 0;
}

/* ---- */

/* How many quotes and how many opening and closing brackets there are, in the low and the high half; of more than 255 the rest. */
static uint32_t punctuation(const char *p, const char *end)
{
	const v16 quote = filled('"'), open = filled('{');
	v16 quotes = { 0 }, brackets = { 0 };
	uint32_t n = 0;

	/* a comparison's true is minus one */
	for (; end - p >= 16; p += 16) {
		v16 v = load16(p);

		quotes -= (v16)(v == quote);
		brackets -= (v16)((v | 0x20) == open);
	}
	for (int i = 0; i < 16; i++)
		n += quotes[i] + ((uint32_t)brackets[i] << 16);
	for (; p < end; p++)
		n += (*p == '"') + ((uint32_t)((*p | 0x20) == '{') << 16);
	return n;
}

/* Texts that fit one mould begin and end alike, and mostly have as many quotes and brackets; few others do. */
static uint32_t mark_of(const struct skim_table *table, struct str text)
{
	uint32_t first;

	memcpy(&first, text.p, sizeof(first));
	first ^= (uint32_t)(uintptr_t)table ^ (uint32_t)(uint8_t)text.p[text.n - 1] << 8;
	return first * 0x9e3779b1u + punctuation(text.p, text.p + text.n) * 0x85ebca6bu;
}

/* The one that fits; else NULL, and the one whose place the text may take. */
static struct mould *find(struct moulds *moulds, const struct skim_table *table, struct str text, struct mould **ret_place)
{
	uint32_t mark = mark_of(table, text);
	struct mould *set = moulds->mould[(mark ^ mark >> 15) % SETS], *oldest = set;

	for (struct mould *mould = set; mould < set + WAYS; mould++) {
		if (mould->table == table && mould->mark == mark && fits(mould, text, moulds->hole))
			return mould;
		if (moulds->now - mould->used > moulds->now - oldest->used)
			oldest = mould;
	}
	oldest->table = NULL;
	oldest->mark = mark;
	oldest->used = moulds->now;
	*ret_place = oldest;
	return NULL;
}

int moulds_write(struct moulds *moulds, struct skim *s, struct str text)
{
	struct mould *mould = moulds->last->next, *place;

	if (text.n < TEXT_MIN || text.n > TEXT_MAX || *text.p != '{')
		return skim_write(s, text.p, text.n);
	moulds->now++;
	if (mould->table != s->table || !fits(mould, text, moulds->hole))
		mould = find(moulds, s->table, text, &place);
	if (!mould)
		return write_and_learn(moulds, place, s, text);
	moulds->fitted++;
	mould->used = moulds->now;
	moulds->last->next = mould;
	moulds->last = mould;
	pour(mould, s, text, moulds->hole);
	return 0;
}
