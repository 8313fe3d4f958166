/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire format of protocol buffers (protobuf.dev/programming-guides/encoding):
 * a message is fields, a field a tag (number and wire type) and a value: a
 * varint, four or eight bytes, or a length with so many bytes, which are a text
 * or a message of their own. Which of the two the wire does not say; here it is
 * a message if something below its number is wanted.
 *
 * Every inner length is held against what is left of the message around it, so
 * that no hostile length leads anywhere. Groups, wire types 3 and 4, are not in
 * proto3: whoever sends one is not understood.
 */
#include "ai/proto.h"
#include "ai/skim_inside.h"

enum { TAG, VARINT, LENGTH, TEXT, PASS_BY, STOPPED };

enum wire { WIRE_VARINT, WIRE_64, WIRE_LENGTH, WIRE_32 = 5 };

#define FIELD_MAX ((1u << 29) - 1)
#define DIGITS 20

/* A number as its digits, written to the end of room: a message may be nothing but numbers. */
static struct str decimal(uint64_t n, char room[static DIGITS])
{
	size_t at = DIGITS;

	do
		room[--at] = (char)('0' + n % 10);
	while (n /= 10);
	return (struct str){ room + at, DIGITS - at };
}

void proto_begin(struct proto *p, const struct skim_table *table, struct item *item, skim_each_fn each, void *ctx)
{
	*p = (struct proto){ .table = table, .item = item, .each = each, .ctx = ctx };
}

static uint64_t end_of(const struct proto *p)
{
	return p->depth ? p->level[p->depth - 1].end : UINT64_MAX;
}

static const struct skim_node *first(const struct proto *p, uint16_t node)
{
	const struct skim_node *at = node && node < p->table->n_nodes ? &p->table->nodes[node] : NULL;

	return at && at->want ? at : NULL;
}

static const struct skim_node *next(const struct proto *p, const struct skim_node *at)
{
	return at->same ? &p->table->nodes[at->same] : NULL;
}

/* An inner message is over: whoever wants each is told, as ai/skim does. */
static void look(struct proto *p, uint16_t node)
{
	for (const struct skim_node *at = first(p, node); at && p->error >= 0; at = next(p, at)) {
		if (at->want->rule == WANT_NUMBERS)	/* it has no names that could be kept: that it was there */
			p->item->seen |= 1ull << at->want->pick;
		if (at->want->rule != WANT_EACH || !p->each)
			continue;
		p->item->each = at->want->pick;
		p->error = p->each(p->ctx, p->item);
		p->item->each = 0;
		p->item->seen &= ~p->table->nodes[node].below;
	}
}

/* A field is over, and with it perhaps the messages that it ends. */
static void field_over(struct proto *p)
{
	p->state = TAG;
	p->shift = 0;
	p->number = 0;
	while (p->depth && p->at == end_of(p))
		look(p, p->level[--p->depth].node);
	if (p->error < 0)
		p->state = STOPPED;
}

static void take_number(struct proto *p)
{
	char room[DIGITS];
	struct str text = decimal(p->number, room);

	/* a negative one is told in two's complement: nothing is counted so */
	if (p->number > INT64_MAX)
		text.n = 0;
	for (const struct skim_node *at = first(p, p->node); at; at = next(p, at))
		value_literal(p->item, at->want, text);
}

static void open_message(struct proto *p)
{
	for (const struct skim_node *at = first(p, p->node); at; at = next(p, at))
		if (at->want->rule == WANT_COUNT || at->want->rule == WANT_SEEN)
			value_container(p->item, at->want);
	p->level[p->depth++] = (struct proto_level){ p->node, p->at + p->length };
	field_over(p);
}

static void text_over(struct proto *p)
{
	for (const struct skim_node *at = first(p, p->node); at; at = next(p, at))
		value_end(p->item, at->want, p->length);
	field_over(p);
}

static void open_field(struct proto *p)
{
	const struct skim_node *node = p->node < p->table->n_nodes ? &p->table->nodes[p->node] : NULL;

	p->length = p->left = p->number;
	if (p->length > end_of(p) - p->at) {
		p->state = STOPPED;
		return;
	}
	if (node && node->below && p->depth < PROTO_DEPTH) {
		open_message(p);
		return;
	}
	p->state = node && node->want ? TEXT : PASS_BY;
	for (const struct skim_node *at = first(p, p->node); at && p->state == TEXT; at = next(p, at))
		value_begin(p->item, at->want);
	if (!p->left && p->state == TEXT)
		text_over(p);
	else if (!p->left)
		field_over(p);
}

static void begin_field(struct proto *p)
{
	uint64_t field = p->number >> 3, fixed = (p->number & 7) == WIRE_64 ? 8 : 4;
	uint16_t parent = p->depth ? p->level[p->depth - 1].node : 0;
	char room[DIGITS];
	struct str key = decimal(field, room);

	p->state = STOPPED;
	if (!field || field > FIELD_MAX)
		return;
	p->node = skim_child(p->table, parent, key.p, key.n);
	switch (p->number & 7) {
	case WIRE_VARINT:
		p->state = VARINT;
		break;
	case WIRE_LENGTH:
		p->state = LENGTH;
		break;
	case WIRE_64:
	case WIRE_32:
		p->left = fixed;
		p->state = fixed <= end_of(p) - p->at ? PASS_BY : STOPPED;
	}
	p->shift = 0;
	p->number = 0;
}

/* Seven bits a byte, the lowest first; ten bytes hold 64 bits. */
static void varint(struct proto *p, uint8_t c)
{
	p->at++;
	if (p->shift > 63 || p->at > end_of(p) || (p->shift == 63 && c & 0x7e)) {
		p->state = STOPPED;
		return;
	}
	p->number |= (uint64_t)(c & 0x7f) << p->shift;
	p->shift = (uint8_t)(p->shift + 7);
	if (c & 0x80)
		return;
	if (p->state == TAG) {
		begin_field(p);
	} else if (p->state == LENGTH) {
		open_field(p);
	} else {
		take_number(p);
		field_over(p);
	}
}

static size_t bytes(struct proto *p, const char *text, size_t n)
{
	bool wanted = p->state == TEXT;

	if (n > p->left)
		n = (size_t)p->left;
	for (const struct skim_node *at = wanted ? first(p, p->node) : NULL; at; at = next(p, at))
		value_text(p->item, at->want, text, n);
	p->at += n;
	p->left -= n;
	if (!p->left && wanted)
		text_over(p);
	else if (!p->left)
		field_over(p);
	return n;
}

int proto_write(struct proto *p, const char *text, size_t n)
{
	while (n && p->state != STOPPED) {
		size_t taken = 1;

		if (p->state == TEXT || p->state == PASS_BY)
			taken = bytes(p, text, n);
		else
			varint(p, (uint8_t)*text);
		text += taken;
		n -= taken;
	}
	return p->error;
}

bool proto_whole(const struct proto *p)
{
	return p->state == TAG && !p->depth && !p->shift;
}
