/* SPDX-License-Identifier: Apache-2.0 */
/* Objects and arrays: which are followed, what their beginning and end mean to those who want them. */
#include "ai/skim_inside.h"

static bool followed(const struct skim *s, uint16_t node, bool array)
{
	const struct skim_node *at = node_of(s, node);
	uint64_t own = 0;

	if (s->depth == SKIM_DEPTH)
		return false;
	if (s->raw || !s->depth)
		return true;
	if (!at)
		return false;
	if (array)
		return at->elements;
	for (const struct skim_node *each = first_want(s, node); each; each = next_want(s, each)) {
		own |= each->want->rule == WANT_EACH || each->want->rule == WANT_NUMBERS;
	}
	return at->below || own;
}

/* At the root an array is looked through. */
static uint16_t content_node(const struct skim *s, uint16_t node, bool array)
{
	const struct skim_node *at = node_of(s, node);

	if (!array || !at || (!node && s->depth < 2))
		return node;
	return at->elements ? at->elements : SKIM_NODES;
}

void skim_open(struct skim *s, const char *p, bool array)
{
	uint16_t node = value_node(s);
	bool keyed = in_object(s), fit = true;
	const struct want *numbers = NULL;

	skim_text_begin(s, node, p, false);
	for (const struct skim_node *at = first_want(s, node); at; at = next_want(s, at)) {
		value_container(&s->item, at->want);
		fit &= at->want->rule != WANT_EACH && at->want->rule != WANT_NUMBERS &&
			at->want->rule != WANT_JSON && at->want->rule != WANT_TALLY;
		if (at->want->rule == WANT_NUMBERS && !array && !s->raw)
			numbers = at->want;
	}
	if (!fit)
		skim_note_unfit(s);
	else if (first_want(s, node))
		skim_note(s, TOKEN_CONTAINER, node, p + 1);
	if (!followed(s, node, array)) {
		s->skipped = 1;
		s->state = SKIP;
		return;
	}
	if (s->raw)
		raw_open(s, array, keyed);
	s->level[s->depth++] = (struct skim_level){ .array = array };
	s->level[s->depth - 1].node = content_node(s, node, array);
	if (numbers)
		raw_begin(s, numbers);
	s->state = array ? VALUE : KEY;
}

/* The object of a WANT_EACH is over. */
static void look(struct skim *s, uint16_t node)
{
	for (const struct skim_node *at = first_want(s, node); at; at = next_want(s, at)) {
		if (at->want->rule != WANT_EACH || !s->each)
			continue;
		s->item.each = at->want->pick;
		s->error = s->each(s->ctx, &s->item);
		s->item.each = 0;
		s->item.seen &= ~s->table->nodes[node].below;
		if (s->error < 0)
			s->state = DEAD;
	}
}

void skim_close(struct skim *s, const char *p, bool array)
{
	const struct skim_level *level = &s->level[s->depth ? s->depth - 1 : 0];
	uint16_t node = level->node;

	if (!s->depth || level->array != array) {
		s->state = DEAD;
		return;
	}
	if (s->raw)
		raw_close(s, array);
	s->depth--;
	skim_text_over(s, p);
	skim_value_over(s);
	if (!array && node)
		look(s, node);
}

void skim_container(struct skim *s, uint16_t node)
{
	for (const struct skim_node *at = first_want(s, node); at; at = next_want(s, at)) {
		value_container(&s->item, at->want);
	}
}
