/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokenizers split text where letters, digits, marks and spaces meet, then cut
 * long and rare pieces further. So the number of such runs, with their lengths,
 * says within a few per cent how many tokens there are, for any vocabulary; how
 * much each counts is the estimator's. Bytes are classed 16 at a time.
 *
 * A block of 64 that has nothing but base64's letters is no text: pictures.
 */
#include <stdbool.h>
#include <string.h>

#include "ai/text.h"

#define STRETCH 4096	/* of a long text: one is counted, three are passed over */
#define BLOCKS 63	/* 4 in each of 16 bytes of an accumulator: 252 at most */

typedef uint8_t v16 __attribute__((vector_size(16)));

#if __has_builtin(__builtin_shufflevector)
#define BEHIND(before, v) \
	__builtin_shufflevector(before, v, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30)
#else
#define BEHIND(before, v) \
	__builtin_shuffle(before, v, (v16){ 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30 })
#endif

/* Of 16 bytes, each all ones or zero. */
struct classes {
	v16 letter, upper, digit, mark, escape;
};

static inline v16 filled(uint8_t c)
{
	return (v16){ c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c };
}

static inline v16 within(v16 v, uint8_t from, uint8_t n)
{
	return (v16)(v - filled(from) < filled(n));
}

static inline bool none(v16 v)
{
	uint64_t half[2];

	memcpy(half, &v, 16);
	return !(half[0] | half[1]);
}

static inline struct classes classes_of(v16 v)
{
	struct classes c;

	c.letter = within(v | filled(0x20), 'a', 26);
	c.upper = within(v, 'A', 26);
	c.digit = within(v, '0', 10);
	c.escape = (v16)(v == filled('\\'));
	c.mark = within(v, 0x21, 0x7f - 0x21) & ~(c.letter | c.digit | c.escape);
	return c;
}

/* Each accumulator loses one, which is all ones, where its class is. */
static inline struct classes count_16(v16 acc[TEXT_COUNTS], v16 v, const struct classes *before)
{
	struct classes c = classes_of(v);
	v16 escaped = BEHIND(before->escape, c.escape), code = escaped & c.letter, lead_3 = (v16)(v >= filled(0xe0));

	/* in \n there is no letter */
	c.letter &= ~escaped;
	acc[TEXT_WORDS] -= c.letter & ~BEHIND(before->letter, c.letter);
	acc[TEXT_LETTERS] -= c.letter;
	acc[TEXT_CAMELS] -= c.upper & c.letter & BEHIND(before->letter, c.letter);
	acc[TEXT_DIGITS] -= c.digit;
	acc[TEXT_NUMBERS] -= c.digit & ~BEHIND(before->digit, c.digit);
	acc[TEXT_MARKS] -= c.mark;
	acc[TEXT_MARK_RUNS] -= c.mark & ~BEHIND(before->mark, c.mark);
	acc[TEXT_SPACES] -= (v16)(v == filled(' '));
	acc[TEXT_BREAKS] -= (v16)(v < filled(' ')) | code;
	acc[TEXT_ESCAPES] -= (v16)(v == filled('u')) & code;
	acc[TEXT_LEADS_2] -= (v16)(v >= filled(0xc0)) & ~lead_3;
	acc[TEXT_LEADS_3] -= lead_3;
	acc[TEXT_BRACES] -= (v16)(v == filled('{'));
	return c;
}

static bool is_letter(uint8_t c)
{
	return (uint8_t)((c | 0x20) - 'a') < 26;
}

static bool is_digit(uint8_t c)
{
	return (uint8_t)(c - '0') < 10;
}

static bool is_opaque(const v16 v[4])
{
	v16 other = filled(0);

	for (int i = 0; i < 4; i++)
		other |= (v16)(v[i] == filled(' ')) | (v16)(v[i] == filled('"'));
	if (!none(other))
		return false;
	for (int i = 0; i < 4; i++) {
		struct classes c = classes_of(v[i]);

		other |= ~(c.letter | c.digit | (v16)(v[i] == filled('+')) | (v16)(v[i] == filled('/')) |
			   (v16)(v[i] == filled('=')) | (v16)(v[i] == filled('-')) | (v16)(v[i] == filled('_')));
	}
	return none(other);
}

static uint32_t sum(v16 v)
{
	uint32_t n = 0;

	for (int i = 0; i < 16; i++)
		n += v[i];
	return n;
}

/* At most BLOCKS of them. */
static void count_blocks(struct text_scan *scan, const uint8_t *p, size_t blocks)
{
	struct text *to = scan->to;
	struct classes before = classes_of(filled(scan->before));
	v16 acc[TEXT_COUNTS] = { 0 };

	for (size_t at = 0; at < blocks; at++, p += TEXT_BLOCK) {
		v16 v[4];

		memcpy(v, p, sizeof(v));
		if (is_opaque(v)) {
			to->opaque += TEXT_BLOCK;
			before = classes_of(v[3]);
			continue;
		}
		for (int i = 0; i < 4; i++)
			before = count_16(acc, v[i], &before);
	}
	for (int i = 0; i < TEXT_COUNTS; i++)
		to->count[i] += sum(acc[i]);
	to->counted += blocks * TEXT_BLOCK;
	/* a letter that was none must not be taken for one */
	scan->before = is_letter(p[-1]) && !before.letter[15] ? '\n' : p[-1];
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

		n = n < BLOCKS ? n : BLOCKS;
		if (looked_at(to))
			count_blocks(scan, p, n);
		else
			scan->before = p[n * TEXT_BLOCK - 1];
		to->bytes += n * TEXT_BLOCK;
		p += n * TEXT_BLOCK;
		blocks -= n;
	}
}

void text_add(struct text_scan *scan, const char *text, size_t n)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t fill = TEXT_BLOCK - scan->n;

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

/* ---- the end of a text: byte by byte, most have no more */

static bool is_mark(uint8_t c)
{
	return c > ' ' && c < 0x7f && c != '\\' && !is_letter(c) && !is_digit(c);
}

static void count_byte(struct text *to, uint8_t c, uint8_t before, bool *letter)
{
	bool escaped = before == '\\', is = is_letter(c);

	if (is && escaped) {
		to->count[TEXT_BREAKS]++;
		to->count[TEXT_ESCAPES] += c == 'u';
		is = false;
	} else if (is) {
		to->count[TEXT_LETTERS]++;
		to->count[TEXT_WORDS] += !*letter;
		to->count[TEXT_CAMELS] += *letter && c < 'a';
	} else if (c == ' ') {
		to->count[TEXT_SPACES]++;
	} else if (is_digit(c)) {
		to->count[TEXT_DIGITS]++;
		to->count[TEXT_NUMBERS] += !is_digit(before);
	} else if (is_mark(c)) {
		to->count[TEXT_MARKS]++;
		to->count[TEXT_MARK_RUNS] += !is_mark(before);
		to->count[TEXT_BRACES] += c == '{';
	} else if (c < ' ') {
		to->count[TEXT_BREAKS]++;
	} else if (c >= 0xc0) {
		to->count[c < 0xe0 ? TEXT_LEADS_2 : TEXT_LEADS_3]++;
	}
	*letter = is;
}

void text_end(struct text_scan *scan)
{
	struct text *to = scan->to;
	uint8_t before = scan->before;
	bool letter = is_letter(before);

	for (size_t i = 0; looked_at(to) && i < scan->n; before = scan->rest[i++])
		count_byte(to, scan->rest[i], before, &letter);
	to->counted += looked_at(to) ? scan->n : 0;
	to->bytes += scan->n;
	scan->to = NULL;
}
