/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/limits.h"
#include "wire/chunked.h"

enum place { IN_SIZE, IN_EXTENSION, IN_DATA, AFTER_DATA, IN_TRAILERS };

static int digit_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void line_ended(struct chunked *c)
{
	c->n_line = 0;
	c->digit = false;
	c->place = c->left ? IN_DATA : IN_TRAILERS;
}

static int size_byte(struct chunked *c, uint8_t byte)
{
	int digit = digit_of(byte);

	if (digit >= 0) {
		if (c->left >> 60)
			return -EBADMSG;
		c->left = c->left << 4 | (unsigned int)digit;
		c->digit = true;
		return 0;
	}
	if (!c->digit)
		return -EBADMSG;
	if (byte == '\n')
		line_ended(c);
	else if (byte == ';' || byte == ' ' || byte == '\t' || byte == '\r')
		c->place = IN_EXTENSION;
	else
		return -EBADMSG;
	return 0;
}

/* true: the empty line behind the trailers */
static bool trailer_byte(struct chunked *c, uint8_t byte)
{
	if (byte == '\n') {
		bool empty = !c->n_line;

		c->n_line = 0;
		return empty;
	}
	if (byte != '\r')
		c->n_line++;
	return false;
}

static int framing_byte(struct chunked *c, uint8_t byte, bool *ret_end)
{
	switch (c->place) {
	case IN_SIZE:
		return size_byte(c, byte);
	case IN_EXTENSION:
		if (byte == '\n')
			line_ended(c);
		else if (++c->n_line > LIMIT_CHUNK_LINE)
			return -EBADMSG;
		return 0;
	case AFTER_DATA:
		if (byte == '\n')
			c->place = IN_SIZE;
		return byte == '\n' || byte == '\r' ? 0 : -EBADMSG;
	default:
		*ret_end = trailer_byte(c, byte);
		return ++c->n_trailers > LIMIT_HEAD ? -EBADMSG : 0;
	}
}

ptrdiff_t chunked_next(struct chunked *c, const uint8_t *p, size_t n, const uint8_t **ret_data, size_t *ret_n, bool *ret_end)
{
	size_t used = 0;

	*ret_data = NULL;
	*ret_n = 0;
	*ret_end = false;
	while (used < n && c->place != IN_DATA && !*ret_end) {
		int err = framing_byte(c, p[used++], ret_end);

		if (err)
			return err;
	}
	if (c->place != IN_DATA || used == n)
		return (ptrdiff_t)used;
	*ret_data = p + used;
	*ret_n = c->left < n - used ? (size_t)c->left : n - used;
	c->left -= *ret_n;
	if (!c->left)
		c->place = AFTER_DATA;
	return (ptrdiff_t)(used + *ret_n);
}

bool chunked_hole(struct chunked *c, uint64_t n)
{
	if (c->place != IN_DATA || n > c->left)
		return false;
	c->left -= n;
	if (!c->left)
		c->place = AFTER_DATA;
	return true;
}
