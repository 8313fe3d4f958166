/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zstandard (RFC 8878) by libzstd; several frames in a row are one body. The
 * window is at most 8 MiB, as RFC 9659 section 3 has it for content codings.
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
	return 0;
}

static int zstandard_write(struct filter *filter, const uint8_t *p, size_t n)
{
	struct zstandard *f = (struct zstandard *)filter;
	ZSTD_inBuffer in = { p, n, 0 };
	ZSTD_outBuffer out;
	size_t result;
	int err = f->state ? 0 : begin(f);

	if (err)
		return err;
	do {
		out = (ZSTD_outBuffer){ filter_room(filter), FILTER_ROOM, 0 };
		result = ZSTD_decompressStream(f->state, &out, &in);
		if (ZSTD_isError(result))
			return ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation ? -ENOMEM : -EBADMSG;
		f->inside = result != 0;
		err = filter_pass(filter, out.dst, out.pos);
		if (err < 0)
			return err;
	} while (in.pos < in.size || (f->inside && out.pos == out.size));
	return (int)n;
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
