/* SPDX-License-Identifier: Apache-2.0 */
/* Counts of texts, against a second writing of what they mean, byte by byte. */
#include "tests/lib/unit.h"

#include <stdbool.h>
#include <stdlib.h>

#include "ai/skim.h"
#include "ai/text.h"

#define LONG 70000

static void scan(struct text *to, const char *p, size_t n, size_t piece)
{
	struct text_scan scan;

	text_begin(&scan, to);
	for (size_t at = 0, part; at < n; at += part) {
		part = piece < n - at ? piece : n - at;
		text_add(&scan, p + at, part);
	}
	text_add(&scan, NULL, 0);
	text_end(&scan);
}

/* ---- one text each */

static const struct {
	const char *text;
	uint32_t count[TEXT_COUNTS];
} texts[] = {
	{ "", { 0 } },
	{ "Hello, world", { [TEXT_WORDS] = 2, [TEXT_LETTERS] = 10, [TEXT_MARKS] = 1, [TEXT_MARK_RUNS] = 1, [TEXT_SPACES] = 1 } },
	{ "getUserName", { [TEXT_WORDS] = 1, [TEXT_LETTERS] = 11, [TEXT_CAMELS] = 2 } },
	{ "HTTP", { [TEXT_WORDS] = 1, [TEXT_LETTERS] = 4, [TEXT_CAMELS] = 3 } },
	{ "in 2026, 12%", { [TEXT_WORDS] = 1, [TEXT_LETTERS] = 2, [TEXT_DIGITS] = 6, [TEXT_NUMBERS] = 2, [TEXT_MARKS] = 2,
			    [TEXT_MARK_RUNS] = 2, [TEXT_SPACES] = 2 } },
	{ "a\\nb", { [TEXT_WORDS] = 2, [TEXT_LETTERS] = 2, [TEXT_BREAKS] = 1 } },
	{ "a\nb\tc", { [TEXT_WORDS] = 3, [TEXT_LETTERS] = 3, [TEXT_BREAKS] = 2 } },
	{ "say \\\"no\\\"", { [TEXT_WORDS] = 2, [TEXT_LETTERS] = 5, [TEXT_MARKS] = 2, [TEXT_MARK_RUNS] = 2, [TEXT_SPACES] = 1 } },
	{ "caf\\u00e9", { [TEXT_WORDS] = 2, [TEXT_LETTERS] = 4, [TEXT_DIGITS] = 3, [TEXT_NUMBERS] = 2, [TEXT_BREAKS] = 1, [TEXT_ESCAPES] = 1 } },
	{ "caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80", { [TEXT_WORDS] = 1, [TEXT_LETTERS] = 3, [TEXT_SPACES] = 2,
								      [TEXT_LEADS_2] = 1, [TEXT_LEADS_3] = 3 } },
	{ "{\"a\":{}}", { [TEXT_WORDS] = 1, [TEXT_LETTERS] = 1, [TEXT_MARKS] = 7, [TEXT_MARK_RUNS] = 2, [TEXT_BRACES] = 2 } },
};

static void counts(void **state)
{
	(void)state;
	EACH(row, texts) {
		struct text text = { 0 };

		scan(&text, row->text, strlen(row->text), SIZE_MAX);
		assert_memory_equal(text.count, row->count, sizeof(text.count));
		assert_int_equal(text.bytes, strlen(row->text));
		assert_int_equal(text.counted, text.bytes);
		assert_int_equal(text.pieces, 1);
		assert_int_equal(text.opaque, 0);
	}
}

/* ---- a second writing */

static bool letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool mark(uint8_t c)
{
	return c > 32 && c < 127 && !letter(c) && !digit(c) && c != '\\';
}

static bool base64(const uint8_t *p)
{
	for (size_t i = 0; i < TEXT_BLOCK; i++)
		if (!letter(p[i]) && !digit(p[i]) && !strchr("+/=-_", p[i]))
			return false;
	return true;
}

static bool skipped(size_t at)
{
	return at >= TEXT_WHOLE && at / 4096 % 4;
}

static void plainly(const uint8_t *p, size_t n, struct text *to)
{
	bool escaped_before = false;

	to->pieces = 1;
	to->bytes = n;
	for (size_t i = 0; i < n; i++) {
		uint8_t before = i ? p[i - 1] : 0;
		bool escaped = before == '\\', is = letter(p[i]) && !escaped, was = letter(before) && !escaped_before;
		bool seen = !skipped(i / TEXT_BLOCK * TEXT_BLOCK);

		/* where a stretch begins nothing is known of the one before but its last byte */
		if (i % 4096 == 0 && i >= TEXT_WHOLE && skipped(i - 1))
			was = letter(before);
		if (i % TEXT_BLOCK == 0 && n - i >= TEXT_BLOCK && base64(p + i)) {
			to->opaque += seen ? TEXT_BLOCK : 0;
			to->counted += seen ? TEXT_BLOCK : 0;
			i += TEXT_BLOCK - 1;
			escaped_before = false;
			continue;
		}
		escaped_before = letter(p[i]) && escaped;
		if (!seen)
			continue;
		to->counted++;
		to->count[TEXT_WORDS] += is && !was;
		to->count[TEXT_LETTERS] += is;
		to->count[TEXT_CAMELS] += is && was && p[i] <= 'Z';
		to->count[TEXT_DIGITS] += digit(p[i]);
		to->count[TEXT_NUMBERS] += digit(p[i]) && !digit(before);
		to->count[TEXT_MARKS] += mark(p[i]);
		to->count[TEXT_MARK_RUNS] += mark(p[i]) && !mark(before);
		to->count[TEXT_SPACES] += p[i] == ' ';
		to->count[TEXT_BREAKS] += p[i] < ' ' || (letter(p[i]) && escaped);
		to->count[TEXT_ESCAPES] += p[i] == 'u' && escaped;
		to->count[TEXT_LEADS_2] += p[i] >= 0xc0 && p[i] < 0xe0;
		to->count[TEXT_LEADS_3] += p[i] >= 0xe0;
		to->count[TEXT_BRACES] += p[i] == '{';
	}
}

static uint64_t next(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random;
}

/* Words, marks, escapes, other scripts and now and then a picture. */
static void make(char *p, size_t n, uint64_t seed)
{
	static const char some[] = "abcdefgh ijklmn OPQ 0123456789 .,:;\"'{}[]\\\\n\\u \xc3\xa9\xe6\x97\xa5\n";
	uint64_t random = seed * 0x9e3779b97f4a7c15u + 1;

	for (size_t i = 0; i < n;) {
		size_t run = next(&random) % 300;

		if (next(&random) % 8)
			for (; run-- && i < n; i++)
				p[i] = some[next(&random) % (sizeof(some) - 1)];
		else
			for (; run-- && i < n; i++)
				p[i] = "ABCDwxyz0189+/=_-"[next(&random) % 17];
	}
}

static void against_plainly(void **state)
{
	static const size_t lengths[] = { 1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 1000, 4095, 4096, 16384, 16385, 20000, LONG };
	char *p = malloc(LONG);

	(void)state;
	assert_non_null(p);
	for (uint64_t seed = 1; seed < 30; seed++)
		EACH(n, lengths) {
			struct text want = { 0 }, got = { 0 };

			make(p, *n, seed);
			plainly((uint8_t *)p, *n, &want);
			scan(&got, p, *n, SIZE_MAX);
			assert_memory_equal(&got, &want, sizeof(got));
		}
	free(p);
}

static void any_pieces(void **state)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 15, 16, 31, 63, 64, 65, 100, 4096, 5000 };
	char *p = malloc(LONG);

	(void)state;
	assert_non_null(p);
	for (uint64_t seed = 1; seed < 6; seed++) {
		struct text whole = { 0 };

		make(p, LONG, seed);
		scan(&whole, p, LONG, SIZE_MAX);
		EACH(piece, pieces) {
			struct text cut = { 0 };

			scan(&cut, p, LONG, *piece);
			assert_memory_equal(&cut, &whole, sizeof(cut));
		}
	}
	free(p);
}

static void pictures_are_no_text(void **state)
{
	struct text text = { 0 };
	char p[8192];

	(void)state;
	memset(p, 'A', sizeof(p));
	memcpy(p, "data:image/png;base64,", 22);
	scan(&text, p, sizeof(p), 1000);
	assert_int_equal(text.opaque, sizeof(p) - TEXT_BLOCK);
	assert_int_equal(text.count[TEXT_WORDS], 5);
}

/* ---- within JSON */

enum { PROMPT, TOOLS, TURNS, CLASSES };

static const struct want wants[] = {
	{ "messages[]", TURNS, WANT_TALLY },
	{ "messages[].content", PROMPT, WANT_TEXT },
	{ "messages[].content[].text", PROMPT, WANT_TEXT },
	{ "tools", TOOLS, WANT_JSON },
	{ "tools[].name", TURNS, WANT_TALLY },
	{ NULL },
};

static const char document[] =
	"{\"model\":\"a b c\",\"messages\":[{\"role\":\"system\",\"content\":\"one two\"},{\"content\":[{\"type\":\"text\",\"text\":\"three\\n\"},"
	"{\"image\":\"four five\"}]},{\"content\":null}],\"other\":{\"content\":\"six\"},\"tools\":[{\"name\":\"x y\"}]}";

static void write(struct text *in_all, size_t piece)
{
	static struct skim_node nodes[64];
	static uint16_t slots[128];
	struct skim_table table = { nodes, slots, 64, 128, 0 };
	static struct skim skim;

	assert_int_equal(skim_compile(wants, &table), 0);
	skim_begin(&skim, &table, NULL, NULL);
	skim.texts = in_all;
	for (size_t at = 0; at < sizeof(document) - 1; at += piece)
		skim_write(&skim, document + at, piece < sizeof(document) - 1 - at ? piece : sizeof(document) - 1 - at);
	skim_end(&skim);
}

static void wanted_texts(void **state)
{
	struct text in_all[CLASSES] = { 0 };

	(void)state;
	write(in_all, SIZE_MAX);
	assert_int_equal(in_all[PROMPT].pieces, 2);
	assert_int_equal(in_all[PROMPT].count[TEXT_WORDS], 3);
	assert_int_equal(in_all[PROMPT].count[TEXT_BREAKS], 1);
	assert_int_equal(in_all[PROMPT].bytes, strlen("one two") + strlen("three\\n"));
	assert_int_equal(in_all[TURNS].pieces, 3 + 1);
	assert_int_equal(in_all[TURNS].bytes, 0);
	assert_int_equal(in_all[TOOLS].pieces, 1);
	assert_int_equal(in_all[TOOLS].bytes, strlen("[{\"name\":\"x y\"}]"));
	assert_int_equal(in_all[TOOLS].count[TEXT_BRACES], 1);
}

static void wanted_texts_in_pieces(void **state)
{
	struct text whole[CLASSES] = { 0 };

	(void)state;
	write(whole, SIZE_MAX);
	for (size_t piece = 1; piece < sizeof(document); piece++) {
		struct text cut[CLASSES] = { 0 };

		write(cut, piece);
		assert_memory_equal(cut, whole, sizeof(cut));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(against_plainly),
		cmocka_unit_test(any_pieces),
		cmocka_unit_test(pictures_are_no_text),
		cmocka_unit_test(wanted_texts),
		cmocka_unit_test(wanted_texts_in_pieces),
	};

	return RUN(tests);
}
