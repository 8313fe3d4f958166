/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multipart/form-data (RFC 7578, RFC 2046 section 5.1): an item a field. The
 * delimiter is CR LF "--" boundary; no CR can stand inside it, so after a false
 * start only its first byte can begin another one, and what had matched is told
 * from the delimiter itself. Of a part's head only Content-Disposition counts.
 */
#include <errno.h>
#include <string.h>

#include "wire/body.h"

#define BOUNDARY_MAX 70			/* RFC 2046 section 5.1.1 */
#define DELIMITER_MAX (4 + BOUNDARY_MAX)
#define HEAD_LINE_MAX 400		/* kept of one line of a part's head */

enum place { IN_PREAMBLE, AFTER_DELIMITER, IN_HEAD, IN_PART, IN_EPILOGUE };

struct form {
	struct filter filter;
	uint8_t place;		/* enum place */
	uint8_t n_delimiter;
	uint8_t matched;	/* bytes of the delimiter */
	bool open;		/* a piece of the field was told */
	bool named;
	bool file;
	bool lost;		/* a hole: until the next delimiter */
	uint8_t dashes;		/* right after a delimiter: two end the body */
	uint16_t n_line;
	uint16_t n_name;
	char delimiter[DELIMITER_MAX];
	char line[HEAD_LINE_MAX];
	char name[LIMIT_FORM_NAME];
};

_Static_assert(sizeof(struct form) <= CUTTER_SIZE, "a cutter has its room in a body");

/* Up to the next semicolon outside of quotes. */
static struct str next_parameter(struct str *rest)
{
	bool quoted = false;
	struct str part;
	size_t i;

	for (i = 0; i < rest->n && (quoted || rest->p[i] != ';'); i++)
		if (rest->p[i] == '"')
			quoted = !quoted;
		else if (quoted && rest->p[i] == '\\' && i + 1 < rest->n)
			i++;
	part = str_trim(str_sub(*rest, 0, i));
	*rest = str_sub(*rest, i + 1, SIZE_MAX);
	return part;
}

/* The value of a parameter in `type; name=value; name="value"`; empty with p == NULL: not there. */
static struct str parameter(struct str text, struct str name)
{
	while (text.n) {
		struct str part = next_parameter(&text), value;
		ptrdiff_t equals = str_chr(part, '=');

		if (equals < 0 || !str_ieq(str_trim(str_sub(part, 0, (size_t)equals)), name))
			continue;
		value = str_trim(str_sub(part, (size_t)equals + 1, SIZE_MAX));
		if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
			value = str_sub(value, 1, value.n - 2);
		return value;
	}
	return (struct str){ NULL, 0 };
}

int form_boundary(struct filter *filter, struct str content_type)
{
	struct form *f = (struct form *)filter;
	struct str boundary = parameter(content_type, STR("boundary"));

	if (!boundary.n || boundary.n > BOUNDARY_MAX || str_chr(boundary, '\r') >= 0)
		return -EBADMSG;
	memcpy(f->delimiter, "\r\n--", 4);
	memcpy(f->delimiter + 4, boundary.p, boundary.n);
	f->n_delimiter = (uint8_t)(4 + boundary.n);
	f->matched = 2;		/* the first delimiter needs no line before it */
	return 0;
}

static int tell(struct form *f, const void *p, size_t n, bool last)
{
	struct piece piece = { .kind = ITEM_FIELD, .first = !f->open, .last = last, .file = f->file,
			       .name = { f->name, f->n_name }, .text = { p, n } };

	if (f->place != IN_PART || !f->named || f->lost || (!n && !last))
		return 0;
	f->open = true;
	return filter_tell(&f->filter, &piece);
}

static void begin_part(struct form *f)
{
	f->place = AFTER_DELIMITER;
	f->open = f->named = f->file = f->lost = false;
	f->matched = 0;
	f->dashes = 0;
	f->n_line = 0;
	f->n_name = 0;
}

/* Preamble or part: up to the next delimiter. */
static const uint8_t *in_text(struct form *f, const uint8_t *p, const uint8_t *end, int *err)
{
	const uint8_t *from = p;

	if (!f->matched) {
		p = memchr(p, '\r', (size_t)(end - p));
		if (!p)
			p = end;
		*err = tell(f, from, (size_t)(p - from), false);
		if (p == end || *err)
			return p;
		f->matched = 1;
		return p + 1;
	}
	if ((char)*p == f->delimiter[f->matched]) {
		if (++f->matched == f->n_delimiter) {
			*err = tell(f, NULL, 0, true);
			begin_part(f);
		}
		return p + 1;
	}
	*err = tell(f, f->delimiter, f->matched, false);
	f->matched = 0;
	return p;
}

/* One line of a part's head. */
static void head_line(struct form *f)
{
	struct str line = str_trim((struct str){ f->line, f->n_line }), name;

	if (!str_istarts(line, STR("content-disposition:")))
		return;
	name = parameter(line, STR("name"));
	f->named = name.p != NULL;
	f->file = parameter(line, STR("filename")).p || parameter(line, STR("filename*")).p;
	f->n_name = (uint16_t)(name.n < sizeof(f->name) ? name.n : sizeof(f->name));
	if (name.p)
		memcpy(f->name, name.p, f->n_name);
}

static void in_head(struct form *f, uint8_t c)
{
	if (c != '\n') {
		if (f->n_line < sizeof(f->line))
			f->line[f->n_line++] = (char)c;
		return;
	}
	if (!f->n_line || (f->n_line == 1 && f->line[0] == '\r'))
		f->place = IN_PART;
	else
		head_line(f);
	f->n_line = 0;
}

/* The rest of the delimiter's line: padding, or the two dashes of the last one. */
static void after_delimiter(struct form *f, uint8_t c)
{
	if (c == '-' && ++f->dashes == 2)
		f->place = IN_EPILOGUE;
	else if (c == '\n')
		f->place = IN_HEAD;
}

static int form_write(struct filter *filter, const uint8_t *p, size_t n)
{
	struct form *f = (struct form *)filter;
	const uint8_t *end = p + n;
	int err = 0;

	while (p < end && !err) {
		switch (f->place) {
		case IN_PREAMBLE:
		case IN_PART:
			p = in_text(f, p, end, &err);
			break;
		case AFTER_DELIMITER:
			after_delimiter(f, *p++);
			break;
		case IN_HEAD:
			in_head(f, *p++);
			break;
		default:
			p = end;
		}
	}
	return err < 0 ? err : (int)n;
}

static int form_hole(struct filter *filter)
{
	struct form *f = (struct form *)filter;

	if (f->place != IN_EPILOGUE)
		f->place = IN_PART;
	f->lost = true;
	f->open = false;
	f->matched = 0;
	return 0;
}

const struct filter_ops filter_form = {
	.name = "form", .size = sizeof(struct form), .write = form_write, .hole = form_hole,
};
