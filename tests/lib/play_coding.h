/* SPDX-License-Identifier: Apache-2.0 */
/* Content codings as a server would put them over a body: none, gzip, br, zstd. */
#ifndef AITAP_TESTS_PLAY_CODING_H
#define AITAP_TESTS_PLAY_CODING_H

#include <brotli/encode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"

static inline void play_check(bool fine)
{
	if (fine)
		return;
	fputs("a recording cannot be encoded\n", stderr);
	exit(1);
}

static inline void play_gzip(struct str from, struct buf *to)
{
	z_stream z = { .next_in = (Bytef *)from.p, .avail_in = (uInt)from.n };
	char out[16384];
	int r;

	play_check(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	do {
		z.next_out = (Bytef *)out;
		z.avail_out = sizeof(out);
		r = deflate(&z, Z_FINISH);
		buf_add(to, out, sizeof(out) - z.avail_out);
	} while (r == Z_OK);
	deflateEnd(&z);
}

static inline void play_br(struct str from, struct buf *to)
{
	size_t n = BrotliEncoderMaxCompressedSize(from.n) + 16;
	uint8_t *out = mem_new(n);

	play_check(out && BrotliEncoderCompress(4, 18, BROTLI_MODE_TEXT, from.n, (const uint8_t *)from.p, &n, out));
	buf_add(to, out, n);
	mem_free(out);
}

static inline void play_zstd(struct str from, struct buf *to)
{
	size_t n = ZSTD_compressBound(from.n);
	void *out = mem_new(n);

	play_check(out != NULL);
	n = ZSTD_compress(out, n, from.p, from.n, 3);
	play_check(!ZSTD_isError(n));
	buf_add(to, out, n);
	mem_free(out);
}

/* coding: NULL for none. Appends; gives the coded body. */
static inline struct str play_coded(struct str body, const char *coding, struct buf *to)
{
	if (!coding)
		return body;
	if (!strcmp(coding, "gzip"))
		play_gzip(body, to);
	else if (!strcmp(coding, "br"))
		play_br(body, to);
	else
		play_zstd(body, to);
	play_check(!to->error);
	return buf_view(to);
}

#endif
