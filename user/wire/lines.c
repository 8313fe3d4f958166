/* SPDX-License-Identifier: Apache-2.0 */
/* Newline-delimited JSON: an item a line; lines of nothing but white space are none. */
#include <string.h>

#include "wire/body.h"

struct lines {
	struct filter filter;
	bool open;		/* an item has begun */
	bool lost;		/* a hole: until the line's end */
};

static int tell(struct lines *f, const uint8_t *p, size_t n, bool last)
{
	struct piece piece = { .kind = ITEM_LINE, .first = !f->open, .last = last, .text = { (const char *)p, n } };

	f->open = !last;
	return filter_tell(&f->filter, &piece);
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static int lines_write(struct filter *filter, const uint8_t *p, size_t n)
{
	struct lines *f = (struct lines *)filter;
	const uint8_t *end = p + n;
	int err = 0;

	while (p < end && !err) {
		const uint8_t *newline = memchr(p, '\n', (size_t)(end - p)), *stop = newline ? newline : end;

		while (!f->open && p < stop && is_space(*p))
			p++;
		if (!f->lost && (p < stop || (f->open && newline)))
			err = tell(f, p, (size_t)(stop - p), newline);
		if (newline)
			f->lost = false;
		p = newline ? newline + 1 : end;
	}
	return err < 0 ? err : (int)n;
}

static int lines_end(struct filter *filter)
{
	struct lines *f = (struct lines *)filter;

	return f->open && !f->lost ? tell(f, NULL, 0, true) : 0;
}

static int lines_hole(struct filter *filter)
{
	struct lines *f = (struct lines *)filter;

	f->lost = true;
	f->open = false;
	return 0;
}

const struct filter_ops filter_lines = {
	.name = "lines", .size = sizeof(struct lines), .write = lines_write, .end = lines_end, .hole = lines_hole,
};
