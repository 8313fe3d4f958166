/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of 64 bytes, counted by class: the inside of text.c, which includes it
 * once a kind of machine. BLOCK: its name; TARGET: what its machine has; VECTOR:
 * bytes of a register; BITS: one bit a byte of a comparison's result.
 */
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define VEC PASTE(BLOCK, _vector)
#define MASK(expression) \
	({ \
		uint64_t mask = 0; \
		for (unsigned int part = 0; part < TEXT_BLOCK / VECTOR; part++) { \
			const VEC x = v[part]; \
			mask |= (uint64_t)BITS((VEC)(expression)) << part * VECTOR; \
		} \
		mask; \
	})

typedef uint8_t VEC __attribute__((vector_size(VECTOR)));

/* end: of a text, where nothing is taken for a picture. */
TARGET static void BLOCK(struct text *to, struct carry *carry, const uint8_t *p, size_t blocks, bool end)
{
	uint32_t count[TEXT_COUNTS] = { 0 };
	struct carry before = *carry;

	for (; blocks--; p += TEXT_BLOCK) {
		VEC v[TEXT_BLOCK / VECTOR];
		uint64_t letter, upper, digit, visible, escape, mark, escaped, code, high, lead_3, follows;

		memcpy(v, p, sizeof(v));
		letter = MASK((x | 0x20) - 'a' < 26);
		digit = MASK(x - '0' < 10);
		if (!end && !~(letter | digit | MASK((x == '+') | (x == '/') | (x == '=') | (x == '-') | (x == '_')))) {
			to->opaque += TEXT_BLOCK;
			before = (struct carry){ letter >> 63, digit >> 63, ~(letter | digit) >> 63, 0 };
			continue;
		}
		upper = MASK(x - 'A' < 26);
		visible = MASK(x - 0x21 < 0x7f - 0x21);
		escape = MASK(x == '\\');
		high = MASK(x >= 0xc0);
		lead_3 = MASK(x >= 0xe0);
		mark = visible & ~(letter | digit | escape);
		escaped = escape << 1 | before.escape;
		code = escaped & letter;
		letter &= ~escaped;	/* in \n there is no letter */
		follows = letter << 1 | before.letter;
		count[TEXT_WORDS] += (uint32_t)__builtin_popcountll(letter & ~follows);
		count[TEXT_LETTERS] += (uint32_t)__builtin_popcountll(letter);
		count[TEXT_CAMELS] += (uint32_t)__builtin_popcountll(upper & letter & follows);
		count[TEXT_DIGITS] += (uint32_t)__builtin_popcountll(digit);
		count[TEXT_NUMBERS] += (uint32_t)__builtin_popcountll(digit & ~(digit << 1 | before.digit));
		count[TEXT_MARKS] += (uint32_t)__builtin_popcountll(mark);
		count[TEXT_MARK_RUNS] += (uint32_t)__builtin_popcountll(mark & ~(mark << 1 | before.mark));
		count[TEXT_SPACES] += (uint32_t)__builtin_popcountll(MASK(x == ' '));
		count[TEXT_BREAKS] += (uint32_t)__builtin_popcountll(MASK(x < ' ') | code);
		if (code)
			count[TEXT_ESCAPES] += (uint32_t)__builtin_popcountll(MASK(x == 'u') & code);
		if (high) {
			count[TEXT_LEADS_2] += (uint32_t)__builtin_popcountll(high & ~lead_3);
			count[TEXT_LEADS_3] += (uint32_t)__builtin_popcountll(lead_3);
		}
		count[TEXT_BRACES] += (uint32_t)__builtin_popcountll(MASK(x == '{'));
		before = (struct carry){ letter >> 63, digit >> 63, mark >> 63, escape >> 63 };
	}
	for (int i = 0; i < TEXT_COUNTS; i++)
		to->count[i] += count[i];
	*carry = before;
}

#undef PASTE
#undef PASTE_
#undef VEC
#undef MASK
#undef BLOCK
#undef TARGET
#undef VECTOR
#undef BITS
