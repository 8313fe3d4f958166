/* SPDX-License-Identifier: Apache-2.0 */
/* Brotli (RFC 7932) by libbrotlidec. */
#include <errno.h>

#include <brotli/decode.h>

#include "base/mem.h"
#include "wire/body.h"

struct brotli {
	struct filter filter;
	BrotliDecoderState *state;
	bool ended;
};

_Static_assert(sizeof(struct brotli) <= FILTER_SIZE, "a coding has its room in a body");

static void *br_new(void *budget, size_t size)
{
	return mem_budget_new(budget, size);
}

static void br_free(void *budget, void *p)
{
	mem_budget_free(budget, p);
}

static int failure(const struct brotli *f)
{
	BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(f->state);

	return code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES && code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES ?
		-ENOMEM : -EBADMSG;
}

static int brotli_write(struct filter *filter, const uint8_t *p, size_t n)
{
	struct brotli *f = (struct brotli *)filter;
	uint8_t *room = filter_room(filter), *out;
	size_t left = n, free_bytes;
	BrotliDecoderResult result;
	int err;

	if (!f->state)
		f->state = BrotliDecoderCreateInstance(br_new, br_free, filter_budget(filter));
	if (!f->state)
		return -ENOMEM;
	if (f->ended)
		return (int)n;
	do {
		out = room;
		free_bytes = FILTER_ROOM;
		result = BrotliDecoderDecompressStream(f->state, &left, &p, &free_bytes, &out, NULL);
		err = filter_pass(filter, room, FILTER_ROOM - free_bytes);
		if (err < 0)
			return err;
		if (result == BROTLI_DECODER_RESULT_ERROR)
			return failure(f);
	} while (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT);
	f->ended = result == BROTLI_DECODER_RESULT_SUCCESS;
	return (int)n;
}

static int brotli_end(struct filter *filter)
{
	struct brotli *f = (struct brotli *)filter;

	return f->state && !f->ended ? -EBADMSG : 0;
}

static void brotli_done(struct filter *filter)
{
	struct brotli *f = (struct brotli *)filter;

	if (f->state)
		BrotliDecoderDestroyInstance(f->state);
}

const struct filter_ops filter_brotli = {
	.name = "br", .size = sizeof(struct brotli), .write = brotli_write, .end = brotli_end, .done = brotli_done,
};
