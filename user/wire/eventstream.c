/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS event streams (application/vnd.amazon.eventstream; "Event stream encoding"
 * in the Amazon Lex developer guide): messages of
 *
 *	u32 length of all | u32 length of headers | u32 CRC of these two
 *	headers | payload | u32 CRC of all before
 *
 * in network order. A message is an item; its payload is handed on as it comes,
 * so its length is no memory. Its end is told only when its CRC is right: an item
 * without an end says nothing. A prelude whose CRC is wrong leaves no way to the
 * next message, except behind a hole: there eight bytes that their CRC fits are
 * looked for.
 */
#include <errno.h>
#include <string.h>

#include <zlib.h>

#include "wire/body.h"

#define PRELUDE EVENTSTREAM_PRELUDE	/* with its CRC */
#define CHECK 4

enum place { IN_PRELUDE, SEARCHING, IN_HEADERS, IN_PAYLOAD, IN_CHECK };
enum part { NAME_LENGTH, NAME, TYPE, VALUE_LENGTH, VALUE };
enum wanted { WANTED_NOT, WANTED_TYPE, WANTED_KIND };

/* The header in hand. */
struct field {
	uint8_t part;		/* enum part */
	uint8_t wanted;		/* enum wanted */
	uint8_t n_name;
	uint8_t n;		/* of the name, or of the length, seen */
	uint16_t left;		/* of the value */
	char name[16];
};

struct eventstream {
	struct filter filter;
	uint8_t place;		/* enum place */
	uint8_t n_word;
	uint8_t word[PRELUDE];	/* the prelude, or the CRC at the end */
	uint32_t headers;	/* bytes to come */
	uint32_t payload;
	uint32_t crc;		/* of the message so far */
	bool open;		/* a piece of the message was told */
	bool unread;		/* its headers cannot be read */
	struct field field;
	uint8_t n_kind;
	uint16_t n_type;
	char kind[12];		/* event, exception, error */
	char type[LIMIT_SSE_FIELD];
};

_Static_assert(sizeof(struct eventstream) <= CUTTER_SIZE, "a cutter has its room in a body");

static uint32_t u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

bool eventstream_begins(const uint8_t p[EVENTSTREAM_PRELUDE])
{
	uint32_t length = u32(p), headers = u32(p + 4);

	return length <= LIMIT_EVENT_MESSAGE && headers <= LIMIT_EVENT_HEADERS && length >= headers + PRELUDE + CHECK &&
	       crc32(0, p, 8) == u32(p + 8);
}

static int tell(struct eventstream *f, const uint8_t *p, size_t n, bool last)
{
	struct piece piece = { .kind = ITEM_FRAME, .first = !f->open, .last = last, .name = { f->type, f->n_type },
			       .text = { (const char *)p, n } };

	piece.exception = f->n_kind && !str_eq((struct str){ f->kind, f->n_kind }, STR("event"));
	f->open = !last;
	return filter_tell(&f->filter, &piece);
}

/* ---- headers */

static void begin_field(struct eventstream *f)
{
	f->field.part = NAME_LENGTH;
	f->field.n = 0;
}

static enum wanted wanted(const struct field *field)
{
	static const struct { struct str name; enum wanted wanted; } known[] = {
		{ STR(":event-type"), WANTED_TYPE }, { STR(":exception-type"), WANTED_TYPE },
		{ STR(":error-code"), WANTED_TYPE }, { STR(":message-type"), WANTED_KIND },
	};
	struct str name = { field->name, field->n_name };

	for (size_t i = 0; field->n_name <= sizeof(field->name) && i < sizeof(known) / sizeof(known[0]); i++)
		if (str_eq(known[i].name, name))
			return known[i].wanted;
	return WANTED_NOT;
}

static void begin_value(struct eventstream *f, uint16_t n)
{
	f->field.left = n;
	f->field.part = VALUE;
	if (!n)
		begin_field(f);
}

/* Two truths, integers of four sizes, bytes, text, a time and a UUID. */
static void value_type(struct eventstream *f, uint8_t type)
{
	static const uint8_t sizes[] = { 0, 0, 1, 2, 4, 8, 0, 0, 8, 16 };

	f->field.wanted = (uint8_t)(type == 7 ? wanted(&f->field) : WANTED_NOT);
	f->field.n = 0;
	f->unread |= type >= sizeof(sizes);
	if (type == 6 || type == 7)
		f->field.part = VALUE_LENGTH;
	else if (!f->unread)
		begin_value(f, sizes[type]);
}

static void keep(struct eventstream *f, char c)
{
	if (f->field.wanted == WANTED_TYPE && f->n_type < sizeof(f->type))
		f->type[f->n_type++] = c;
	if (f->field.wanted == WANTED_KIND && f->n_kind < sizeof(f->kind))
		f->kind[f->n_kind++] = c;
}

static void header_byte(struct eventstream *f, uint8_t c)
{
	struct field *field = &f->field;

	switch (field->part) {
	case NAME_LENGTH:
		field->n_name = c;
		field->part = c ? NAME : TYPE;
		break;
	case NAME:
		if (field->n < sizeof(field->name))
			field->name[field->n] = (char)c;
		if (++field->n == field->n_name)
			field->part = TYPE;
		break;
	case TYPE:
		value_type(f, c);
		break;
	case VALUE_LENGTH:
		field->left = (uint16_t)(field->left << 8 | c);
		if (++field->n == 2)
			begin_value(f, field->left);
		break;
	default:
		keep(f, (char)c);
		if (!--field->left)
			begin_field(f);
	}
}

/* ---- messages */

static void begin_message(struct eventstream *f)
{
	f->headers = u32(f->word + 4);
	f->payload = u32(f->word) - f->headers - PRELUDE - CHECK;
	f->crc = (uint32_t)crc32(0, f->word, PRELUDE);
	f->n_word = 0;
	f->place = f->headers ? IN_HEADERS : f->payload ? IN_PAYLOAD : IN_CHECK;
	f->open = f->unread = false;
	f->n_type = f->n_kind = 0;
	begin_field(f);
}

static const uint8_t *in_prelude(struct eventstream *f, const uint8_t *p, int *err)
{
	f->word[f->n_word++] = *p++;
	if (f->n_word < PRELUDE)
		return p;
	if (eventstream_begins(f->word)) {
		begin_message(f);
	} else if (f->place == SEARCHING) {
		memmove(f->word, f->word + 1, PRELUDE - 1);
		f->n_word--;
	} else {
		*err = -EBADMSG;
	}
	return p;
}

static const uint8_t *in_headers(struct eventstream *f, const uint8_t *p, const uint8_t *end)
{
	size_t n = (size_t)(end - p) < f->headers ? (size_t)(end - p) : f->headers;

	f->crc = (uint32_t)crc32(f->crc, p, (uInt)n);
	f->headers -= (uint32_t)n;
	for (end = p + n; p < end && !f->unread; p++)
		header_byte(f, *p);
	if (!f->headers) {
		f->unread |= f->field.part != NAME_LENGTH;
		f->place = f->payload ? IN_PAYLOAD : IN_CHECK;
	}
	return end;
}

static const uint8_t *in_payload(struct eventstream *f, const uint8_t *p, const uint8_t *end, int *err)
{
	size_t n = (size_t)(end - p) < f->payload ? (size_t)(end - p) : f->payload;

	f->crc = (uint32_t)crc32(f->crc, p, (uInt)n);
	f->payload -= (uint32_t)n;
	if (!f->unread)
		*err = tell(f, p, n, false);
	if (!f->payload)
		f->place = IN_CHECK;
	return p + n;
}

static const uint8_t *in_check(struct eventstream *f, const uint8_t *p, int *err)
{
	f->word[f->n_word++] = *p++;
	if (f->n_word < CHECK)
		return p;
	f->place = IN_PRELUDE;
	f->n_word = 0;
	if (f->unread || f->crc != u32(f->word))
		filter_undecoded(&f->filter);
	else
		*err = tell(f, NULL, 0, true);
	f->open = false;
	return p;
}

static int eventstream_write(struct filter *filter, const uint8_t *p, size_t n)
{
	struct eventstream *f = (struct eventstream *)filter;
	const uint8_t *end = p + n;
	int err = 0;

	while (p < end && !err) {
		switch (f->place) {
		case IN_HEADERS:
			p = in_headers(f, p, end);
			break;
		case IN_PAYLOAD:
			p = in_payload(f, p, end, &err);
			break;
		case IN_CHECK:
			p = in_check(f, p, &err);
			break;
		default:
			p = in_prelude(f, p, &err);
		}
	}
	return err < 0 ? err : (int)n;
}

static int eventstream_end(struct filter *filter)
{
	struct eventstream *f = (struct eventstream *)filter;

	return f->place == SEARCHING || (f->place == IN_PRELUDE && !f->n_word) ? 0 : -EBADMSG;
}

static int eventstream_hole(struct filter *filter)
{
	struct eventstream *f = (struct eventstream *)filter;

	f->place = SEARCHING;
	f->n_word = 0;
	f->open = false;
	return 0;
}

const struct filter_ops filter_eventstream = {
	.name = "eventstream", .size = sizeof(struct eventstream), .write = eventstream_write, .end = eventstream_end,
	.hole = eventstream_hole,
};
