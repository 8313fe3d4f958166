/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gzip and deflate (RFC 9110 section 8.4.1): by ISA-L where there is one, else by
 * zlib. A gzip body may be several members in a row (RFC 1952 section 2.2); what
 * follows the last is padding. "deflate" means the zlib format, but some senders
 * leave its two bytes out.
 *
 * Where only the check value behind the last block is missing, all of the body
 * was there. zlib tells that a block has ended, and that it was the last, if it
 * is asked to stop at each (Z_BLOCK).
 *
 * To make a state costs more than most bodies take to inflate, so a worker keeps
 * a few.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "wire/body.h"
#include "wire/igzip.h"
#include "wire/inflater.h"

struct inflate {
	struct filter filter;
	struct igzip *fast;	/* one of the two, from the first byte on */
	struct inflater *state;
	bool ended;
	bool padding;		/* behind the last member */
	bool data_over;		/* the last block has ended */
	uint8_t n_first;
	uint8_t first[2];	/* of a deflate body, until both are there */
};

_Static_assert(sizeof(struct inflate) <= FILTER_SIZE, "a coding has its room in a body");

static void *z_new(void *budget, unsigned int n, unsigned int size)
{
	return mem_budget_new(budget, (size_t)n * size);
}

static void z_free(void *budget, void *p)
{
	mem_budget_free(budget, p);
}

static int make(struct mem_budget *budget, int window_bits, struct inflater **ret)
{
	struct inflater *state = mem_budget_new(budget, sizeof(*state));

	if (!state)
		return -ENOMEM;
	state->z.zalloc = z_new;
	state->z.zfree = z_free;
	state->z.opaque = budget;
	if (inflateInit2(&state->z, window_bits) != Z_OK) {
		mem_budget_free(budget, state);
		return -ENOMEM;
	}
	*ret = state;
	return 0;
}

static void drop(struct mem_budget *budget, struct inflater *state)
{
	inflateEnd(&state->z);
	mem_budget_free(budget, state);
}

int inflater_take(struct wire *wire, int window_bits, struct inflater **ret)
{
	int err;

	*ret = wire->spare_inflaters;
	if (*ret) {
		wire->spare_inflaters = (*ret)->spare;
		wire->n_inflaters--;
		inflateReset2(&(*ret)->z, window_bits);
	} else {
		err = make(&wire->budget, window_bits, ret);
		if (err)
			return err;
	}
	inflateValidate(&(*ret)->z, 0);
	return 0;
}

struct inflater *inflater_put(struct wire *wire, struct inflater *state)
{
	if (!state)
		return NULL;
	if (wire->n_inflaters >= LIMIT_INFLATERS) {
		drop(&wire->budget, state);
		return NULL;
	}
	state->spare = wire->spare_inflaters;
	wire->spare_inflaters = state;
	wire->n_inflaters++;
	return NULL;
}

void inflate_drop_spares(struct wire *wire)
{
	while (wire->spare_inflaters) {
		struct inflater *state = wire->spare_inflaters;

		wire->spare_inflaters = state->spare;
		drop(&wire->budget, state);
	}
	wire->n_inflaters = 0;
}

/* zlib.h on inflate(): bit 6 of data_type: in the last block; bit 7: it stopped right behind a block. */
static bool behind_last_block(const z_stream *z)
{
	return (z->data_type & 0xc0) == 0xc0;
}

static int begin(struct inflate *f, enum igzip_format format)
{
	static const int window_bits[] = { [FORMAT_GZIP] = 15 + 16, [FORMAT_ZLIB] = 15, [FORMAT_RAW] = -15 };
	struct wire *wire = filter_wire(&f->filter);
	int err;

	if (f->fast || f->state || igzip_take(wire, format, &f->fast) == 0)
		return 0;
	err = inflater_take(wire, window_bits[format], &f->state);
	if (!err)
		inflateValidate(&f->state->z, 1);
	return err;
}

static int write_zlib(struct inflate *f, const uint8_t *p, size_t n, size_t *ret_left)
{
	uint8_t *room = filter_room(&f->filter);
	z_stream *z = &f->state->z;
	int err, passed;

	z->next_in = (uint8_t *)p;
	z->avail_in = (unsigned int)n;
	do {
		z->next_out = room;
		z->avail_out = FILTER_ROOM;
		err = inflate(z, Z_BLOCK);
		passed = filter_pass(&f->filter, room, FILTER_ROOM - z->avail_out);
		if (passed < 0)
			return passed;
		if (err == Z_MEM_ERROR)
			return -ENOMEM;
		if (err != Z_OK && err != Z_STREAM_END && err != Z_BUF_ERROR)
			return -EBADMSG;
		f->data_over |= behind_last_block(z);
	} while (err == Z_OK && (z->avail_in || !z->avail_out));
	*ret_left = z->avail_in;
	return err == Z_STREAM_END;
}

/* All of p is consumed, or the stream has ended, or it failed; what was decoded is passed on in any case. */
static int turn(struct inflate *f, const uint8_t *p, size_t n, size_t *ret_left)
{
	int ended = f->fast ? igzip_write(f->fast, &f->filter, p, n, ret_left) : write_zlib(f, p, n, ret_left);

	if (ended < 0)
		return ended;
	f->ended = ended;
	if (f->fast)
		f->data_over = igzip_data_over(f->fast);
	return 0;
}

static void next_member(struct inflate *f)
{
	if (f->fast)
		igzip_again(f->fast);
	else
		inflateReset(&f->state->z);
	f->ended = f->data_over = false;
}

static int gzip_write(struct filter *filter, const uint8_t *p, size_t n)
{
	struct inflate *f = (struct inflate *)filter;
	const uint8_t *end = p + n;
	size_t left = 0;
	int err = begin(f, FORMAT_GZIP);

	while (!err && p < end) {
		if (f->ended) {
			f->padding |= *p != 0x1f;
			if (f->padding)
				break;
			next_member(f);
		}
		err = turn(f, p, (size_t)(end - p), &left);
		p = end - left;
	}
	return err ? err : (int)n;
}

/* RFC 1950 section 2.2: method 8, and both bytes together a multiple of 31. */
static enum igzip_format format_of(const uint8_t first[2])
{
	return (first[0] & 15) == 8 && (first[0] << 8 | first[1]) % 31 == 0 ? FORMAT_ZLIB : FORMAT_RAW;
}

static int deflate_write(struct filter *filter, const uint8_t *p, size_t n)
{
	struct inflate *f = (struct inflate *)filter;
	size_t used = 0, left;
	int err = 0;

	while (f->n_first < 2 && used < n)
		f->first[f->n_first++] = p[used++];
	if (f->n_first < 2)
		return (int)n;
	if (!f->fast && !f->state) {
		err = begin(f, format_of(f->first));
		if (!err)
			err = turn(f, f->first, 2, &left);
	}
	if (!err && used < n && !f->ended)
		err = turn(f, p + used, n - used, &left);
	return err ? err : (int)n;
}

static int inflate_end(struct filter *filter)
{
	struct inflate *f = (struct inflate *)filter;

	return (f->fast || f->state) && !f->ended && !f->data_over ? -EBADMSG : 0;
}

static void inflate_done(struct filter *filter)
{
	struct inflate *f = (struct inflate *)filter;

	f->fast = igzip_put(filter_wire(filter), f->fast);
	f->state = inflater_put(filter_wire(filter), f->state);
}

const struct filter_ops filter_gzip = {
	.name = "gzip", .size = sizeof(struct inflate), .write = gzip_write, .end = inflate_end, .done = inflate_done,
};

const struct filter_ops filter_deflate = {
	.name = "deflate", .size = sizeof(struct inflate), .write = deflate_write, .end = inflate_end, .done = inflate_done,
};
