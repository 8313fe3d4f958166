/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokenizers split text where letters, digits, marks and spaces meet, then cut
 * long and rare pieces further. So the number of such runs, with their lengths,
 * says within a few per cent how many tokens there are, for any vocabulary; how
 * much each counts is the estimator's.
 *
 * 64 bytes at a time become one word a class, a bit a byte. Then a run's begin
 * is a bit whose neighbour is not set, and counting is counting bits. What comes
 * before a block is a bit of each class, carried along; text_block.h has it,
 * once for any machine and once for those with AVX2.
 *
 * A block that has nothing but base64's letters is no text: pictures.
 */
#include <stdbool.h>
#include <string.h>

#include "ai/text.h"

#define STRETCH 4096	/* of a long text: one is counted, three are passed over */
#define NOTHING 0x7f	/* a byte of no class */

static inline bool is_letter(uint8_t c)
{
	return (uint8_t)((c | 0x20) - 'a') < 26;
}

static inline bool is_digit(uint8_t c)
{
	return (uint8_t)(c - '0') < 10;
}

static inline bool is_mark(uint8_t c)
{
	return c > ' ' && c < NOTHING && c != '\\' && !is_letter(c) && !is_digit(c);
}

/* Of the byte before a block, in bit 0. */
struct carry {
	uint64_t letter, digit, mark, escape;
};

#define BLOCK count_block
#define TARGET
#define VECTOR 16
#ifdef __SSE2__
#define BITS(hit) (uint16_t)__builtin_ia32_pmovmskb128((bits_of_block)(hit))
typedef char bits_of_block __attribute__((vector_size(16)));
#else
#define BITS(hit) ({ const vector_of_block compared = (vector_of_block)(hit); bits_of(&compared); })
typedef uint8_t vector_of_block __attribute__((vector_size(16)));

/* Each byte is all ones or zero. The product puts bit i of byte i beside the others, at the top. */
static inline uint64_t bits_of(const vector_of_block *hit)
{
	uint64_t half[2];

	memcpy(half, hit, 16);
	for (int i = 0; i < 2; i++)
		half[i] = (half[i] & 0x8040201008040201) * 0x0101010101010101 >> 56;
	return half[0] | half[1] << 8;
}
#endif
#include "ai/text_block.h"

#ifdef __x86_64__
#define BLOCK count_block_avx2
#define TARGET __attribute__((target("avx2,popcnt,bmi,bmi2")))
#define VECTOR 32
#define BITS(hit) (uint32_t)__builtin_ia32_pmovmskb256((bits_of_avx2)(hit))
typedef char bits_of_avx2 __attribute__((vector_size(32)));
#include "ai/text_block.h"
#endif

static void count_blocks(struct text_scan *scan, const uint8_t *p, size_t blocks, bool end)
{
	uint8_t before = scan->before;
	struct carry carry = { is_letter(before), is_digit(before), is_mark(before), before == '\\' };

#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi2"))
		count_block_avx2(scan->to, &carry, p, blocks, end);
	else
#endif
		count_block(scan->to, &carry, p, blocks, end);
	before = p[blocks * TEXT_BLOCK - 1];
	/* a letter that was none must not be taken for one */
	scan->before = is_letter(before) && !carry.letter ? '\n' : before;
}

static bool looked_at(const struct text *to)
{
	return to->bytes < TEXT_WHOLE || to->bytes / STRETCH % 4 == 0;
}

static void add_blocks(struct text_scan *scan, const uint8_t *p, size_t blocks)
{
	struct text *to = scan->to;

	while (blocks) {
		size_t left = (STRETCH - to->bytes % STRETCH + TEXT_BLOCK - 1) / TEXT_BLOCK, n = blocks < left ? blocks : left;

		if (looked_at(to)) {
			to->counted += n * TEXT_BLOCK;
			count_blocks(scan, p, n, false);
		}
		scan->before = looked_at(to) ? scan->before : p[n * TEXT_BLOCK - 1];
		to->bytes += n * TEXT_BLOCK;
		p += n * TEXT_BLOCK;
		blocks -= n;
	}
}

void text_add(struct text_scan *scan, const char *text, size_t n)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t fill = TEXT_BLOCK - scan->n;

	if (!n)
		return;
	if (scan->n || n < TEXT_BLOCK) {
		fill = fill < n ? fill : n;
		memcpy(scan->rest + scan->n, p, fill);
		scan->n = (uint8_t)(scan->n + fill);
		p += fill;
		n -= fill;
		if (scan->n < TEXT_BLOCK)
			return;
		add_blocks(scan, scan->rest, 1);
		scan->n = 0;
	}
	add_blocks(scan, p, n / TEXT_BLOCK);
	scan->n = n % TEXT_BLOCK;
	memcpy(scan->rest, p + n - scan->n, scan->n);
}

/* ---- the end of a text: most of a stream's have no more than a few bytes */

#define FEW 16

static void count_byte(uint32_t *count, uint8_t c, uint8_t before, bool *letter)
{
	bool is = is_letter(c);

	if (is && before == '\\') {
		count[TEXT_BREAKS]++;
		count[TEXT_ESCAPES] += c == 'u';
		is = false;
	} else if (is) {
		count[TEXT_LETTERS]++;
		count[TEXT_WORDS] += !*letter;
		count[TEXT_CAMELS] += *letter && c < 'a';
	} else if (c == ' ') {
		count[TEXT_SPACES]++;
	} else if (is_digit(c)) {
		count[TEXT_DIGITS]++;
		count[TEXT_NUMBERS] += !is_digit(before);
	} else if (is_mark(c)) {
		count[TEXT_MARKS]++;
		count[TEXT_MARK_RUNS] += !is_mark(before);
		count[TEXT_BRACES] += c == '{';
	} else if (c < ' ') {
		count[TEXT_BREAKS]++;
	} else if (c >= 0xc0) {
		count[c < 0xe0 ? TEXT_LEADS_2 : TEXT_LEADS_3]++;
	}
	*letter = is;
}

static void count_end(struct text_scan *scan)
{
	uint8_t before = scan->before;
	bool letter = is_letter(before);

	if (scan->n > FEW) {
		memset(scan->rest + scan->n, NOTHING, TEXT_BLOCK - scan->n);
		count_blocks(scan, scan->rest, 1, true);
		return;
	}
	for (unsigned int i = 0; i < scan->n; before = scan->rest[i++])
		count_byte(scan->to->count, scan->rest[i], before, &letter);
}

void text_end(struct text_scan *scan)
{
	struct text *to = scan->to;

	if (looked_at(to)) {
		count_end(scan);
		to->counted += scan->n;
	}
	to->bytes += scan->n;
	scan->to = NULL;
}
