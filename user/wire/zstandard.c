/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zstandard (RFC 8878) by libzstd; several frames in a row are one body. The
 * window is at most 8 MiB, as RFC 9659 section 3 has it for content codings.
 *
 * When a call fails, libzstd does not say what it had put out before. So it is
 * given one block at a time, as it asks for: what was decoded before a corrupt
 * block is then passed on however the input was split.
 */
#include <errno.h>

#define ZSTD_STATIC_LINKING_ONLY	/* ZSTD_createDCtx_advanced: allocation from the budget */
#include <zstd.h>
#include <zstd_errors.h>

#include "base/mem.h"
#include "wire/body.h"

#define WINDOW_LOG_MAX 23

struct zstandard {
	struct filter filter;
	ZSTD_DCtx *state;
	size_t asks;		/* for so many bytes next: the rest of a block and the next one's header */
	bool inside;		/* of a frame */
};

_Static_assert(sizeof(struct zstandard) <= FILTER_SIZE, "a coding has its room in a body");

static void *zs_new(void *budget, size_t size)
{
	return mem_budget_new(budget, size);
}

static void zs_free(void *budget, void *p)
{
	mem_budget_free(budget, p);
}

static int begin(struct zstandard *f)
{
	f->state = ZSTD_createDCtx_advanced((ZSTD_customMem){ zs_new, zs_free, filter_budget(&f->filter) });
	if (!f->state)
		return -ENOMEM;
	ZSTD_DCtx_setParameter(f->state, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	f->asks = ZSTD_FRAMEHEADERSIZE_MIN(ZSTD_f_zstd1);
	return 0;
}

/* One call; *ret_more: there may be output left. */
static int turn(struct zstandard *f, ZSTD_inBuffer *in, bool *ret_more)
{
	ZSTD_outBuffer out = { filter_room(&f->filter), FILTER_ROOM, 0 };
	size_t result = ZSTD_decompressStream(f->state, &out, in);

	if (ZSTD_isError(result))
		return ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation ? -ENOMEM : -EBADMSG;
	f->inside = result != 0;
	f->asks = result ? result : ZSTD_FRAMEHEADERSIZE_MIN(ZSTD_f_zstd1);
	*ret_more = out.pos == out.size;
	return filter_pass(&f->filter, out.dst, out.pos);
}

static int zstandard_write(struct filter *filter, const uint8_t *p, size_t n)
{
	struct zstandard *f = (struct zstandard *)filter;
	ZSTD_inBuffer in = { p, 0, 0 };
	int err = f->state ? 0 : begin(f);
	bool more = false;

	while (!err && (more || in.pos < n)) {
		in.size = n - in.pos < f->asks ? n : in.pos + f->asks;
		err = turn(f, &in, &more);
	}
	return err ? err : (int)n;
}

static int zstandard_end(struct filter *filter)
{
	return ((struct zstandard *)filter)->inside ? -EBADMSG : 0;
}

static void zstandard_done(struct filter *filter)
{
	ZSTD_freeDCtx(((struct zstandard *)filter)->state);
}

const struct filter_ops filter_zstd = {
	.name = "zstd", .size = sizeof(struct zstandard), .write = zstandard_write, .end = zstandard_end,
	.done = zstandard_done,
};
