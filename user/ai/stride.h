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

/* Where the first byte stands that is a quote or a backslash; with brackets also [ ] { }. */
static inline const char *stride(const char *p, const char *end, bool brackets)
{
	const v16 quote = filled('"'), back = filled('\\'), open = filled('{'), close = filled('}');

	for (; end - p >= 16; p += 16) {
		uint64_t half[2];
		v16 v, hit;

		memcpy(&v, p, 16);
		if (brackets) {
			v16 low = v | 0x20;	/* [ and ] become { and } */
			hit = (v16)(v == quote) | (v16)(low == open) | (v16)(low == close);
		} else {
			hit = (v16)(v == quote) | (v16)(v == back);
		}
		/* both kinds of machine are little-endian: the first byte is the lowest */
		memcpy(half, &hit, 16);
		if (half[0])
			return p + __builtin_ctzll(half[0]) / 8;
		if (half[1])
			return p + 8 + __builtin_ctzll(half[1]) / 8;
	}
	for (; p < end; p++)
		if (*p == '"' || (brackets ? (*p | 0x20) == '{' || (*p | 0x20) == '}' : *p == '\\'))
			break;
	return p;
}

#endif
