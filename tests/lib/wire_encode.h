/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies as a server would encode them. */
#ifndef AITAP_TESTS_WIRE_ENCODE_H
#define AITAP_TESTS_WIRE_ENCODE_H

#include <stddef.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"

#define ENCODE_ROOM MIB(1)

/* window_bits as zlib has it: 15 zlib, -15 raw, 31 gzip. Flushed every `flush` bytes, as a stream of events is. */
static inline struct str encode_zlib(struct str text, int window_bits, size_t flush)
{
	char *to = mem_new(ENCODE_ROOM);
	z_stream z = { .next_out = (uint8_t *)to, .avail_out = ENCODE_ROOM };

	assert_non_null(to);
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
	for (size_t at = 0; at < text.n; at += flush) {
		z.next_in = (uint8_t *)text.p + at;
		z.avail_in = (unsigned int)(text.n - at < flush ? text.n - at : flush);
		assert_int_equal(deflate(&z, Z_SYNC_FLUSH), Z_OK);
		if (flush > text.n)
			break;
	}
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return (struct str){ to, ENCODE_ROOM - z.avail_out };
}

static inline struct str encode_brotli(struct str text, int quality)
{
	char *to = mem_new(ENCODE_ROOM);
	size_t n = ENCODE_ROOM;

	assert_non_null(to);
	assert_true(BrotliEncoderCompress(quality, BROTLI_DEFAULT_WINDOW, BROTLI_DEFAULT_MODE, text.n, (const uint8_t *)text.p,
					  &n, (uint8_t *)to));
	return (struct str){ to, n };
}

/* With a check value at its end, and in several blocks where flush is smaller than the text. */
static inline struct str encode_zstd(struct str text, size_t flush)
{
	char *to = mem_new(ENCODE_ROOM);
	ZSTD_CCtx *z = ZSTD_createCCtx();
	ZSTD_outBuffer out = { to, ENCODE_ROOM, 0 };

	assert_non_null(to);
	assert_non_null(z);
	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	for (size_t at = 0; at < text.n; ) {
		size_t n = text.n - at < flush ? text.n - at : flush;
		ZSTD_inBuffer in = { text.p + at, n, 0 };

		at += n;
		assert_int_equal(ZSTD_compressStream2(z, &out, &in, at < text.n ? ZSTD_e_flush : ZSTD_e_end), 0);
	}
	ZSTD_freeCCtx(z);
	return (struct str){ to, out.pos };
}

static inline void encode_done(struct str encoded)
{
	mem_free((void *)encoded.p);
}

#endif
