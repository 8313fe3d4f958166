/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server-sent events, as the HTML standard's section 9.2.6 reads them: lines end
 * with CR, LF or CRLF; a byte order mark may stand in front; "data" lines are
 * joined by LF; an empty line ends the event, and one without data is none. Two
 * liberties: an event that only the end of the stream ends is told, for some
 * servers leave the last empty line out; and a name that comes behind data is
 * not taken, for the data may have been told by then.
 *
 * Data is handed on as it comes. The last of it is held back until the next
 * line is begun, within one write, so that an event in one buffer is one piece.
 */
#include <string.h>

#include "wire/body.h"

enum place { LINE_BEGIN, IN_NAME, VALUE_BEGIN, IN_DATA, IN_EVENT, IN_OTHER };

struct events {
	struct filter filter;
	uint8_t place;		/* enum place */
	uint8_t bom;		/* bytes of the byte order mark seen; 3: it can come no more */
	uint8_t n_name;		/* of the field's name; 255: longer than those that matter */
	bool after_cr;		/* a LF that follows belongs to it */
	bool open;		/* a piece of the event was told */
	bool data;		/* the event has a data line */
	bool lost;		/* a hole: until an empty line */
	struct str held;	/* data of this write, not yet told */
	char name[5];
	uint16_t n_event;
	char event[LIMIT_SSE_FIELD];
};

_Static_assert(sizeof(struct events) <= CUTTER_SIZE, "a cutter has its room in a body");

static int tell(struct events *f, struct str text, bool last)
{
	struct piece piece = { .kind = ITEM_EVENT, .first = !f->open, .last = last, .name = { f->event, f->n_event },
			       .text = text };

	if (f->lost)
		return 0;
	f->open = !last;
	return filter_tell(&f->filter, &piece);
}

static int tell_held(struct events *f, bool last)
{
	struct str held = f->held;

	f->held = (struct str){ NULL, 0 };
	return held.n || last ? tell(f, held, last) : 0;
}

/* An empty line. */
static int dispatch(struct events *f)
{
	int err = f->data ? tell_held(f, true) : 0;

	f->data = false;
	f->open = false;
	f->lost = false;
	f->n_event = 0;
	return err;
}

/* Where a line's value begins: what is it of? A line without a colon is a name with an empty value. */
static int field(struct events *f)
{
	bool more = f->data;
	int err;

	f->place = IN_OTHER;
	if (f->n_name == 5 && !more && !memcmp(f->name, "event", 5)) {
		f->place = IN_EVENT;
		f->n_event = 0;
	} else if (f->n_name == 4 && !memcmp(f->name, "data", 4)) {
		f->place = IN_DATA;
		f->data = true;
		if (more) {
			err = tell_held(f, false);
			return err ? err : tell(f, STR("\n"), false);
		}
	}
	return 0;
}

#define NEAR 256	/* where the end of most lines is: one look tells of LF and CR */

typedef uint8_t v16 __attribute__((vector_size(16)));

static const uint8_t *line_end(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *lf, *cr;

	for (const uint8_t *near = end - p > NEAR ? p + NEAR : end; near - p >= 16; p += 16) {
		uint64_t half[2];
		v16 v;

		memcpy(&v, p, 16);
		v = (v16)(v == '\n') | (v16)(v == '\r');
		memcpy(half, &v, 16);
		if (half[0])
			return p + __builtin_ctzll(half[0]) / 8;
		if (half[1])
			return p + 8 + __builtin_ctzll(half[1]) / 8;
	}
	lf = memchr(p, '\n', (size_t)(end - p));
	cr = memchr(p, '\r', (size_t)((lf ? lf : end) - p));

	return cr ? cr : lf ? lf : end;
}

static void name_byte(struct events *f, uint8_t c)
{
	if (f->n_name < sizeof(f->name))
		f->name[f->n_name++] = (char)c;
	else
		f->n_name = 255;
}

static void event_bytes(struct events *f, const uint8_t *p, size_t n)
{
	size_t room = sizeof(f->event) - f->n_event;

	if (n > room)
		n = room;
	memcpy(f->event + f->n_event, p, n);
	f->n_event = (uint16_t)(f->n_event + n);
}

static const uint8_t *begin_line(struct events *f, const uint8_t *p, int *err)
{
	static const uint8_t bom[3] = { 0xef, 0xbb, 0xbf };
	bool after_cr = f->after_cr;

	f->after_cr = false;
	if (f->bom < 3) {
		if (*p == bom[f->bom]) {
			f->bom++;
			return p + 1;
		}
		f->place = f->bom ? IN_OTHER : LINE_BEGIN;	/* two bytes of it are a name of no interest */
		f->bom = 3;
		if (f->place == IN_OTHER)
			return p;
	}
	if (*p == '\n' && after_cr)
		return p + 1;
	if (*p == '\n' || *p == '\r') {
		f->after_cr = *p == '\r';
		*err = dispatch(f);
		return p + 1;
	}
	f->n_name = 0;
	f->place = IN_NAME;
	return p;
}

static void end_line(struct events *f, uint8_t c)
{
	f->after_cr = c == '\r';
	f->place = LINE_BEGIN;
}

/* The names that matter are mostly there as a whole, with their colon: then they are not taken byte by byte. */
static bool usual_name(struct events *f, const uint8_t *p, const uint8_t *end)
{
	size_t n = end - p < 6 ? 0 : !memcmp(p, "data:", 5) ? 4 : !memcmp(p, "event:", 6) ? 5 : 0;

	if (!n)
		return false;
	memcpy(f->name, p, n);
	f->n_name = (uint8_t)n;
	f->place = VALUE_BEGIN;
	return true;
}

static const uint8_t *in_name(struct events *f, const uint8_t *p, const uint8_t *end, int *err)
{
	if (!f->n_name && usual_name(f, p, end))
		return p + f->n_name + 1;
	if (*p == ':') {
		f->place = VALUE_BEGIN;
		return p + 1;
	}
	if (*p == '\n' || *p == '\r') {
		*err = field(f);
		end_line(f, *p);
		return p + 1;
	}
	name_byte(f, *p);
	return p + 1;
}

static const uint8_t *in_value(struct events *f, const uint8_t *p, const uint8_t *end, int *err)
{
	const uint8_t *stop = line_end(p, end);

	if (f->place == IN_EVENT)
		event_bytes(f, p, (size_t)(stop - p));
	if (f->place == IN_DATA && stop > p) {
		*err = tell_held(f, false);
		f->held = (struct str){ (const char *)p, (size_t)(stop - p) };
	}
	if (stop == end)
		return end;
	end_line(f, *stop);
	return stop + 1;
}

static int events_write(struct filter *filter, const uint8_t *p, size_t n)
{
	struct events *f = (struct events *)filter;
	const uint8_t *end = p + n;
	int err = 0;

	while (p < end && !err) {
		switch (f->place) {
		case LINE_BEGIN:
			p = begin_line(f, p, &err);
			break;
		case IN_NAME:
			p = in_name(f, p, end, &err);
			break;
		case VALUE_BEGIN:
			err = field(f);
			if (*p == ' ')
				p++;
			break;
		default:
			p = in_value(f, p, end, &err);
		}
	}
	if (!err)
		err = tell_held(f, false);
	return err < 0 ? err : (int)n;
}

static int events_end(struct filter *filter)
{
	struct events *f = (struct events *)filter;
	int err = f->place == IN_NAME || f->place == VALUE_BEGIN ? field(f) : 0;

	return err ? err : dispatch(f);
}

static int events_hole(struct filter *filter)
{
	struct events *f = (struct events *)filter;

	f->bom = 3;
	f->after_cr = false;
	f->place = IN_OTHER;	/* the middle of some line */
	f->lost = true;
	f->open = false;
	f->data = false;
	f->n_event = 0;
	return 0;
}

const struct filter_ops filter_events = {
	.name = "events", .size = sizeof(struct events), .write = events_write, .end = events_end, .hole = events_hole,
};
