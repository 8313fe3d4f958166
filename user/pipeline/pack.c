/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/pack.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define RUN 8	/* words that are looked at together: most of a call is nothing but zeros */

typedef uint64_t v2 __attribute__((vector_size(16)));

static inline bool is_empty(const uint64_t *word)
{
	v2 a, b, c, d;

	memcpy(&a, word, 16);
	memcpy(&b, word + 2, 16);
	memcpy(&c, word + 4, 16);
	memcpy(&d, word + 6, 16);
	a |= b | c | d;
	return !(a[0] | a[1]);
}

/* Without a branch: a word that is zero is overwritten by the next. */
static inline uint64_t *pack_run(uint64_t *out, const uint64_t *word, size_t n, uint64_t *ret_bits)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		*out = word[i];
		out += word[i] != 0;
		bits |= (uint64_t)(word[i] != 0) << i;
	}
	*ret_bits = bits;
	return out;
}

size_t pack(void *to, const void *from, size_t size)
{
	size_t n_words = size / 8, n_bits = (n_words + 63) / 64;
	const uint64_t *word = from;
	uint64_t *bits = to, *out = bits + n_bits, some;

	memset(bits, 0, n_bits * 8);
	for (size_t i = 0; i < n_words; i += RUN) {
		bool whole = n_words - i >= RUN;

		if (whole && is_empty(word + i))
			continue;
		out = pack_run(out, word + i, whole ? RUN : n_words - i, &some);
		bits[i / 64] |= some << i % 64;
	}
	return (size_t)((uint8_t *)out - (uint8_t *)to);
}

int unpack(void *ret_to, size_t size, const void *from, size_t n)
{
	size_t n_words = size / 8, n_bits = (n_words + 63) / 64, at = n_bits;
	const uint64_t *in = from;
	uint64_t *word = ret_to;

	if (n % 8 || n < n_bits * 8)
		return -EBADMSG;
	memset(ret_to, 0, size);
	for (size_t group = 0; group < n_bits; group++)
		for (uint64_t bits = in[group]; bits; bits &= bits - 1) {
			size_t i = group * 64 + (size_t)__builtin_ctzll(bits);

			if (i >= n_words || at >= n / 8)
				return -EBADMSG;
			word[i] = in[at++];
		}
	return at == n / 8 ? 0 : -EBADMSG;
}
