/* SPDX-License-Identifier: Apache-2.0 */
/* Long strides over text: 16 bytes at a time, in the compiler's own vectors. For skim.c. */
#ifndef AITAP_AI_STRIDE_H
#define AITAP_AI_STRIDE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t v16 __attribute__((vector_size(16)));

static inline v16 filled(uint8_t c)
{
	return (v16){ c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c };
}

/* The first of 16 bytes that is set in hit; 16: none. */
static inline unsigned int first_hit(v16 hit)
{
#ifdef __SSE2__
	typedef char c16 __attribute__((vector_size(16)));
	unsigned int bits = (unsigned int)__builtin_ia32_pmovmskb128((c16)hit);

	return bits ? (unsigned int)__builtin_ctz(bits) : 16;
#else
	uint64_t half[2];

	/* both kinds of machine are little-endian: the first byte is the lowest */
	memcpy(half, &hit, 16);
	return half[0] ? (unsigned int)__builtin_ctzll(half[0]) / 8 :
	       half[1] ? 8 + (unsigned int)__builtin_ctzll(half[1]) / 8 : 16;
#endif
}

static inline v16 load16(const char *p)
{
	v16 v;

	memcpy(&v, p, 16);
	return v;
}

/* Where the first quote or backslash stands. */
static inline const char *stride_text(const char *p, const char *end)
{
	const v16 quote = filled('"'), back = filled('\\');

	for (; end - p >= 16; p += 16) {
		v16 v = load16(p);
		unsigned int at = first_hit((v16)(v == quote) | (v16)(v == back));

		if (at < 16)
			return p + at;
	}
	while (p < end && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* Where white space ends: indentation is long. */
static inline const char *stride_space(const char *p, const char *end)
{
	const v16 space = filled(' '), line = filled('\n'), tab = filled('\t'), cr = filled('\r');

	for (; end - p >= 16; p += 16) {
		v16 v = load16(p);
		unsigned int at = first_hit(~((v16)(v == space) | (v16)(v == line) | (v16)(v == tab) | (v16)(v == cr)));

		if (at < 16)
			return p + at;
	}
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
		p++;
	return p;
}

/* The quote that ends a string whose inside begins at p; end: it is not there; end + 1: nor is what follows a backslash. */
static inline const char *string_end(const char *p, const char *end)
{
	while ((p = stride_text(p, end)) < end && *p == '\\') {
		if (end - p < 2)
			return end + 1;
		p += 2;
	}
	return p;
}

/* Where the first quote or bracket stands: [ ] { } */
static inline const char *stride_brackets(const char *p, const char *end)
{
	const v16 quote = filled('"'), open = filled('{'), close = filled('}');

	for (; end - p >= 16; p += 16) {
		v16 v = load16(p), low = v | 0x20;	/* [ and ] become { and } */
		unsigned int at = first_hit((v16)(v == quote) | (v16)(low == open) | (v16)(low == close));

		if (at < 16)
			return p + at;
	}
	while (p < end && *p != '"' && (*p | 0x20) != '{' && (*p | 0x20) != '}')
		p++;
	return p;
}

#endif
