/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/pack.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define RUN 8	/* words that are looked at together: most of a call is nothing but zeros */

static bool is_empty(const uint64_t *word)
{
	uint64_t any = 0;

	for (size_t i = 0; i < RUN; i++)
		any |= word[i];
	return !any;
}

size_t pack(void *to, const void *from, size_t size)
{
	size_t n_words = size / 8, n_bits = (n_words + 63) / 64, i = 0;
	const uint64_t *word = from;
	uint64_t *bits = to, *out = bits + n_bits;

	memset(bits, 0, n_bits * 8);
	while (i < n_words) {
		size_t end = i + RUN < n_words ? i + RUN : n_words;

		if (end - i == RUN && is_empty(word + i)) {
			i = end;
			continue;
		}
		/* without a branch: a word that is zero is overwritten by the next */
		for (; i < end; i++) {
			*out = word[i];
			out += word[i] != 0;
			bits[i / 64] |= (uint64_t)(word[i] != 0) << i % 64;
		}
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
