/* SPDX-License-Identifier: Apache-2.0 */
/* Every text whole, byte by byte, cut at every place, and ending where no memory follows: the same picks. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "ai/skim.h"
#include "base/mem.h"

enum { P_EACH = 17, P_EACH_KEY = 18 };

static const struct want wants[] = {
	{ "id", 1 },
	{ "n", 2 },
	{ "f", 3, .scale = 3 },
	{ "usage", 4, WANT_NUMBERS },
	{ "usage.in", 5 },
	{ "usage.d.c", 6 },
	{ "list[].v", 7, WANT_SUM },
	{ "list[]", 8, WANT_COUNT },
	{ "names[].name", 9, WANT_NAMES },
	{ "text", 10, WANT_BYTES },
	{ "obj", 11, WANT_SEEN },
	{ "first[]", 12, WANT_FIRST },
	{ "deep.a.b.c.d", 13 },
	{ "short", 15, .room = 4 },
	{ "flag", 16 },
	{ "each[]", P_EACH, WANT_EACH },
	{ "each[].k", P_EACH_KEY },
	{ "m[][]", 19, WANT_SUM },
	{ "cost", 20, .scale = 12 },
	{ "cost.total", 20, .scale = 12 },
	{ "images[]", 21, WANT_COUNT, .scale = 3 },
	{ NULL },
};

static const struct {
	const char *name;
	const char *text;
	const char *picks;	/* pick:text, pick=number; at each element {picks} */
} table[] = {
	{ "plain", "{\"id\":\"a\",\"n\":12}", "1:a 2=12" },
	{ "space", " \t\r\n{ \"id\" : \"a\" , \"n\" : 12 }\n ", "1:a 2=12" },
	{ "empty", "", "" },
	{ "empty object", "{}", "" },
	{ "empty array", "[]", "" },
	{ "null is absent", "{\"id\":null,\"n\":null,\"obj\":null,\"usage\":null,\"list\":null}", "" },
	{ "null does not overwrite", "{\"id\":\"a\",\"id\":null,\"n\":3,\"n\":null}", "1:a 2=3" },
	{ "the last of two", "{\"id\":\"a\",\"id\":\"bb\",\"n\":1,\"n\":2}", "1:bb 2=2" },
	{ "an empty text leaves what was", "{\"id\":\"a\",\"id\":\"\"}", "1:a" },
	{ "an empty text alone", "{\"id\":\"\"}", "1:" },
	{ "a look-alike below", "{\"x\":{\"id\":\"no\",\"usage\":{\"in\":9}},\"usage\":{\"in\":1}}", "4:{\"in\":1} 5=1" },
	{ "a look-alike above", "{\"in\":9,\"usage\":{\"in\":1,\"usage\":{\"in\":8}}}", "4:{\"in\":1,\"usage\":{\"in\":8}} 5=1" },
	{ "a look-alike in a text", "{\"id\":\"{\\\"id\\\":\\\"no\\\"}\",\"z\":\"\\\\\",\"n\":1}", "1:{\"id\":\"no\"} 2=1" },
	{ "a look-alike in an unwanted text", "{\"z\":\"}],\\\"n\\\":5,\\\\\",\"n\":1}", "2=1" },
	{ "an array where an object is wanted", "{\"usage\":[{\"in\":9}],\"n\":1}", "2=1" },
	{ "an object where an array is wanted", "{\"list\":{\"v\":5},\"n\":1}", "2=1" },
	{ "an array at the root", "[{\"id\":\"a\"},{\"n\":1},[{\"n\":7}]]", "1:a 2=1" },
	{ "several texts", "{\"id\":\"a\",\"n\":1}\n{\"n\":2}{\"id\":\"c\"}", "1:c 2=2" },
	{ "byte order mark", "\xef\xbb\xbf{\"n\":1}", "2=1" },
	{ "numbers only", "{\"usage\":{\"in\":1,\"s\":\"secret\",\"t\":true,\"d\":{\"c\":2.5,\"z\":null},\"l\":[1,\"x\",{\"y\":3}],\"e\":{}}}",
	  "4:{\"in\":1,\"d\":{\"c\":2.5},\"l\":[1,{\"y\":3}],\"e\":{}} 5=1 6=3" },
	{ "keys that are text", "{\"usage\":{\"a b\":1,\"x\\u0022y\":2,\"in\":3,\"p p\":{\"q\":4,\"r\":{\"s\":5}}}}", "4:{\"in\":3} 5=3" },
	{ "sum and count", "{\"list\":[{\"v\":1},{\"v\":2,\"w\":9},{},null,{\"v\":null},7]}", "7=3 8=5" },
	{ "names", "{\"names\":[{\"name\":\"a\"},{\"name\":\"b c\"},{\"name\":\"a\"},{\"name\":\"d_e\"},{\"name\":\"\"},{\"name\":\"x,y\"}]}",
	  "9:a,d_e" },
	{ "length of texts", "{\"text\":\"abc\",\"text\":\"\\u00e9\\n\",\"text\":\"\"}", "10=6" },
	{ "seen", "{\"obj\":{\"a\":1}}", "11=1" },
	{ "first", "{\"first\":[null,\"a\",\"b\"],\"first\":[\"c\"]}", "12:a" },
	{ "deep", "{\"deep\":{\"a\":{\"b\":{\"c\":{\"d\":\"x\"}}},\"b\":{\"c\":{\"d\":\"no\"}}}}", "13:x" },
	{ "cut to its room", "{\"short\":\"abcdef\"}", "15:abcd~" },
	{ "truths", "{\"flag\":true}", "16=1" },
	{ "untruths", "{\"flag\":false}", "16=0" },
	{ "escapes", "{\"id\":\"\\u0041\\/\\\\\\\"\\b\\f\\n\\r\\t\"}", "1:A/\\\"\b\f\n\r\t" },
	{ "an escaped key", "{\"i\\u0064\":\"a\",\"\\u006e\":2}", "1:a 2=2" },
	{ "surrogates", "{\"id\":\"\\ud83d\\ude00\"}", "1:\xf0\x9f\x98\x80" },
	{ "half a surrogate", "{\"id\":\"\\ud83dx\\ude00\"}", "1:\xef\xbf\xbdx\xef\xbf\xbd" },
	{ "two first halves", "{\"id\":\"\\ud83d\\ud83d\\ude00\"}", "1:\xef\xbf\xbd\xf0\x9f\x98\x80" },
	{ "half at the end", "{\"id\":\"\\ud83d\"}", "1:\xef\xbf\xbd" },
	{ "truncated UTF-8 is handed on", "{\"id\":\"a\xe2\x82\"}", "1:a\xe2\x82" },
	{ "scale", "{\"f\":1.5}", "3=1500" },
	{ "scale, rounded", "{\"f\":0.0005}", "3=1" },
	{ "scale, rounded down", "{\"f\":0.0004999}", "3=0" },
	{ "a float is a number", "{\"n\":12.0}", "2=12" },
	{ "exponents", "{\"cost\":1.5e-7,\"f\":2E2}", "3=200000 20=150000" },
	{ "a small exponent", "{\"cost\":1e-400}", "20=0" },
	{ "a large exponent", "{\"n\":1e400}", "" },
	{ "the largest", "{\"n\":18446744073709551615}", "2=18446744073709551615" },
	{ "too large", "{\"n\":18446744073709551616}", "" },
	{ "many digits", "{\"n\":12345678901234567890123456789012345678901234567890123456789012345678901234567890}", "" },
	{ "negative", "{\"n\":-1}", "" },
	{ "minus nothing", "{\"n\":-0}", "2=0" },
	{ "no number", "{\"n\":01,\"f\":1.,\"cost\":+1}", "" },
	{ "words that are none", "{\"n\":NaN,\"f\":Infinity,\"flag\":TRUE,\"id\":\"a\"}", "1:a" },
	{ "a text of digits", "{\"n\":\"17\"}", "2:17" },
	{ "an object or a number", "{\"cost\":{\"total\":0.5}}", "20=500000000000" },
	{ "arrays in arrays", "{\"m\":[[1,2],[3],4,[[5]]]}", "19=6" },
	{ "counted in thousandths", "{\"images\":[{},{}]}", "21=2000" },
	{ "each", "{\"each\":[{\"k\":\"a\"},{},{\"k\":\"b\"}],\"n\":1}", "{18:a}{}{18:b}2=1" },
	{ "no JSON", "<html>{\"n\":1}</html>", "" },
	{ "a text at the root", "\"{\\\"n\\\":1}\"", "" },
	{ "brackets that do not match", "{\"n\":1,\"x\":[}],\"n\":2}", "2=1" },
	{ "no colon", "{\"n\" 5,\"id\":\"a\"}", "" },
	{ "a bad escape digit", "{\"n\":1,\"id\":\"\\u00zz\",\"n\":2}", "2=1" },
	{ "commas too many", "{\"n\":1,,\"id\":\"a\",}", "1:a 2=1" },
	{ "a text that does not end", "{\"n\":1,\"id\":\"abc", "2=1" },
	{ "a number at the very end", "{\"n\":12", "2=12" },
	{ "an object that does not end", "{\"usage\":{\"in\":1,\"d\":{\"c\":2", "5=1 6=2" },
	{ "a long key", "{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaid\":1,\"n\":1}", "2=1" },
};

static struct skim_node nodes[SKIM_NODES];
static uint16_t slots[SKIM_SLOTS];
static struct skim_table compiled = { nodes, slots, SKIM_NODES, SKIM_SLOTS, 0 };
static char picks[8192];

static void add(const char *format, ...)
{
	size_t n = strlen(picks);
	va_list args;

	va_start(args, format);
	vsnprintf(picks + n, sizeof(picks) - n, format, args);
	va_end(args);
}

static void render(const struct item *item)
{
	const char *space = "";

	for (unsigned int pick = 0; pick < SKIM_PICKS; pick++) {
		const struct value *value = &item->values[pick];
		if (!item_has(item, pick))
			continue;
		if (value->kind == VALUE_TEXT)
			add("%s%u:%.*s%s", space, pick, (int)value->n, item->text + value->at, value->cut ? "~" : "");
		else
			add("%s%u=%llu", space, pick, (unsigned long long)value->number);
		space = " ";
	}
}

static int on_each(void *ctx, struct item *item)
{
	(void)ctx;
	assert_int_equal(item->each, P_EACH);
	add("{");
	render(item);
	add("}");
	return 0;
}

static void begin(struct skim *skim)
{
	picks[0] = 0;
	skim_begin(skim, &compiled, on_each, NULL);
}

static void expect(struct skim *skim, const char *name, const char *how, const char *expected)
{
	assert_int_equal(skim_end(skim), 0);
	render(&skim->item);
	if (strcmp(picks, expected) != 0)
		fail_msg("%s, %s: got '%s', expected '%s'", name, how, picks, expected);
}

static void cut(struct skim *skim, const char *text, size_t n, size_t at)
{
	begin(skim);
	skim_write(skim, text, at);
	skim_write(skim, text + at, n - at);
}

static void test_table(void **state)
{
	struct skim *skim = mem_new(sizeof(*skim));

	(void)state;
	assert_int_equal(skim_compile(wants, &compiled), 0);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const char *text = table[i].text;
		size_t n = strlen(text);

		begin(skim);
		skim_write(skim, text, n);
		expect(skim, table[i].name, "whole", table[i].picks);
		begin(skim);
		for (size_t at = 0; at < n; at++)
			skim_write(skim, text + at, 1);
		expect(skim, table[i].name, "byte by byte", table[i].picks);
		for (size_t at = 0; at <= n; at++) {
			cut(skim, text, n, at);
			expect(skim, table[i].name, "cut", table[i].picks);
		}
	}
	mem_free(skim);
}

static void test_unreadable_page(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct skim *skim = mem_new(sizeof(*skim));

	(void)state;
	assert_ptr_not_equal(map, MAP_FAILED);
	assert_int_equal(mprotect(map + page, page, PROT_NONE), 0);
	assert_int_equal(skim_compile(wants, &compiled), 0);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		size_t n = strlen(table[i].text);
		/* every beginning of it, each with its last byte before the page */
		for (size_t part = 0; part <= n; part++) {
			memcpy(map + page - part, table[i].text, part);
			begin(skim);
			skim_write(skim, map + page - part, part);
		}
		expect(skim, table[i].name, "at the page's end", table[i].picks);
	}
	mem_free(skim);
	munmap(map, 2 * page);
}

static void nest(char *text, size_t depth, char open, char close, const char *tail)
{
	memset(text, open, depth);
	memset(text + depth, close, depth);
	strncpy(text + 2 * depth, tail, 64);
}

static void test_depth(void **state)
{
	const size_t depth = 10000;
	char *text = mem_new(2 * depth + 100);
	struct skim *skim = mem_new(sizeof(*skim));

	(void)state;
	assert_int_equal(skim_compile(wants, &compiled), 0);
	for (int wanted = 0; wanted < 3; wanted++) {
		/* in a place that nobody wants, in one that is wanted, and at the root */
		const char *head = (const char *[]){ "{\"x\":", "{\"usage\":{\"in\":4,\"d\":", "[" }[wanted];
		const char *tail = (const char *[]){ ",\"n\":1}", "},\"n\":1}", ",{\"n\":1}]" }[wanted];

		nest(text, depth, '[', ']', tail);
		begin(skim);
		skim_write(skim, head, strlen(head));
		skim_write(skim, text, strlen(text));
		assert_int_equal(skim_end(skim), 0);
		assert_true(item_has(&skim->item, 2));
		assert_int_equal(item_number(&skim->item, 2), 1);
	}
	mem_free(skim);
	mem_free(text);
}

/* Text that is longer than any stride, with the quote at every place of it. */
static void test_long_strings(void **state)
{
	struct skim *skim = mem_new(sizeof(*skim));
	char *text = mem_new(4096), fill[200];

	(void)state;
	assert_int_equal(skim_compile(wants, &compiled), 0);
	for (size_t n = 0; n < sizeof(fill); n++) {
		memset(fill, n % 2 ? '{' : 0x80 + (int)(n % 64), n);
		snprintf(text, 4096, "{\"z\":\"%.*s\\\"\",\"text\":\"%.*s\",\"n\":7}", (int)n, fill, (int)n, fill);
		begin(skim);
		skim_write(skim, text, strlen(text));
		assert_int_equal(skim_end(skim), 0);
		assert_int_equal(item_number(&skim->item, 2), 7);
		assert_int_equal(item_number(&skim->item, 10), n);
	}
	mem_free(text);
	mem_free(skim);
}

static void test_nul_bytes(void **state)
{
	static const char inside[] = "{\"id\":\"a\0b\",\"n\":1}", between[] = "{\"n\":1,\0\"n\":2}";
	struct skim *skim = mem_new(sizeof(*skim));
	struct str id;

	(void)state;
	assert_int_equal(skim_compile(wants, &compiled), 0);
	begin(skim);
	skim_write(skim, inside, sizeof(inside) - 1);
	skim_end(skim);
	id = item_text(&skim->item, 1);
	assert_int_equal(id.n, 3);
	assert_memory_equal(id.p, "a\0b", 3);
	assert_int_equal(item_number(&skim->item, 2), 1);
	begin(skim);
	skim_write(skim, between, sizeof(between) - 1);
	skim_end(skim);
	assert_int_equal(item_number(&skim->item, 2), 1);
	mem_free(skim);
}

/* A name stands once in what is kept of an object, however often it came. */
static void test_numbers_once(void **state)
{
	static const char text[] = "{\"usage\":{\"a\":1,\"aa\":2,\"b\":{\"a\":3,\"c\":4},\"a\":5,\"b\":{\"d\":6},\"c\":7,\"b\":8}}";
	struct skim *skim = mem_new(sizeof(*skim));

	(void)state;
	assert_int_equal(skim_compile(wants, &compiled), 0);
	begin(skim);
	skim_write(skim, text, strlen(text));
	skim_end(skim);
	assert_true(str_eq(item_text(&skim->item, 4), STR("{\"a\":1,\"aa\":2,\"b\":{\"a\":3,\"c\":4},\"c\":7}")));
	mem_free(skim);
}

/* More than fits: the object stays JSON, and every bracket is closed. */
static void test_numbers_ceiling(void **state)
{
	struct skim *skim = mem_new(sizeof(*skim));
	char member[64];
	struct str raw;
	int depth = 0;

	(void)state;
	assert_int_equal(skim_compile(wants, &compiled), 0);
	begin(skim);
	skim_write(skim, "{\"usage\":{\"in\":5", 16);
	for (int i = 0; i < 500; i++) {
		int n = snprintf(member, sizeof(member), ",\"k%d\":{\"a\":[%d,{\"b\":%d}]}", i, i, i);
		skim_write(skim, member, (size_t)n);
	}
	skim_write(skim, "},\"n\":3}", 8);
	skim_end(skim);
	raw = item_text(&skim->item, 4);
	assert_true(raw.n > 1500 && raw.n < 2048);
	for (size_t i = 0; i < raw.n; i++)
		depth += raw.p[i] == '{' || raw.p[i] == '[' ? 1 : raw.p[i] == '}' || raw.p[i] == ']' ? -1 : 0;
	assert_int_equal(depth, 0);
	assert_int_equal(raw.p[raw.n - 1], '}');
	assert_int_equal(item_number(&skim->item, 5), 5);
	assert_int_equal(item_number(&skim->item, 2), 3);
	mem_free(skim);
}

static void test_texts_ceiling(void **state)
{
	struct want many[61];
	char names[60][8], text[300];
	struct skim *skim = mem_new(sizeof(*skim));
	size_t kept = 0;

	(void)state;
	memset(text, 'x', sizeof(text));
	for (unsigned int i = 0; i < 60; i++) {
		snprintf(names[i], sizeof(names[i]), "k%u", i);
		many[i] = (struct want){ names[i], (uint8_t)i, WANT_LAST, 0, 250 };
	}
	many[60].path = NULL;
	assert_int_equal(skim_compile(many, &compiled), 0);
	begin(skim);
	skim_write(skim, "{", 1);
	for (unsigned int i = 0; i < 60; i++) {
		char head[16];
		int n = snprintf(head, sizeof(head), "\"k%u\":\"", i);
		skim_write(skim, head, (size_t)n);
		skim_write(skim, text, sizeof(text));
		skim_write(skim, "\",", 2);
	}
	skim_end(skim);
	for (unsigned int i = 0; i < 60; i++) {
		assert_true(item_has(&skim->item, i));
		assert_true(skim->item.values[i].cut);
		kept += item_text(&skim->item, i).n;
	}
	assert_true(kept <= SKIM_TEXT);
	assert_int_equal(skim->item.used, SKIM_TEXT);
	mem_free(skim);
}

/* What one item held is not in the next, and a room is never another's. */
static void test_items(void **state)
{
	struct skim *skim = mem_new(sizeof(*skim));
	uint64_t before;

	(void)state;
	assert_int_equal(skim_compile(wants, &compiled), 0);
	before = mem_count();
	for (int i = 0; i < 50; i++) {
		const char *text = i % 2 ? "{\"id\":\"a\",\"short\":\"bb\",\"n\":1}" : "{\"short\":\"cc\",\"text\":\"x\",\"id\":\"dd\"}";
		begin(skim);
		skim_write(skim, text, strlen(text));
		expect(skim, "items", "in turn", i % 2 ? "1:a 2=1 15:bb" : "1:dd 10=1 15:cc");
	}
	assert_int_equal(mem_count(), before);
	mem_free(skim);
}

static void test_field(void **state)
{
	struct skim *skim = mem_new(sizeof(*skim));

	(void)state;
	assert_int_equal(skim_compile(wants, &compiled), 0);
	begin(skim);
	skim_field(skim, STR("id"));
	skim_write(skim, "{\"n\":", 5);
	skim_write(skim, "1}", 2);
	expect(skim, "field", "in two", "1:{\"n\":1}");
	begin(skim);
	skim_field(skim, STR("n"));
	skim_write(skim, "12", 2);
	assert_int_equal(skim_end(skim), 0);
	assert_int_equal(item_number(&skim->item, 2), 12);
	begin(skim);
	skim_field(skim, STR("nobody"));
	skim_write(skim, "{\"n\":1}", 7);
	expect(skim, "field", "unwanted", "");
	mem_free(skim);
}

static int refuse(void *ctx, struct item *item)
{
	(void)ctx;
	(void)item;
	return -ECANCELED;
}

static void test_refusal(void **state)
{
	static const char text[] = "{\"each\":[{\"k\":1},{\"k\":2}],\"n\":1}";
	struct skim *skim = mem_new(sizeof(*skim));

	(void)state;
	assert_int_equal(skim_compile(wants, &compiled), 0);
	skim_begin(skim, &compiled, refuse, NULL);
	assert_int_equal(skim_write(skim, text, sizeof(text) - 1), -ECANCELED);
	assert_false(item_has(&skim->item, 2));
	mem_free(skim);
}

static void test_compile(void **state)
{
	static const char *const bad[] = { "", ".a", "a.", "a..b", "a[", "a[]b", "a[0]", "[]", "a.[]" };
	struct want one[2] = { { NULL }, { NULL } };
	struct skim_node few[4];
	uint16_t some[8];
	struct skim_table small = { few, some, 4, 8, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		one[0] = (struct want){ bad[i], 1 };
		if (skim_compile(one, &compiled) != -EINVAL)
			fail_msg("'%s' was taken for a path", bad[i]);
	}
	one[0] = (struct want){ "a", SKIM_PICKS };
	assert_int_equal(skim_compile(one, &compiled), -EINVAL);
	one[0] = (struct want){ "a.b.c.d", 1 };
	assert_int_equal(skim_compile(one, &small), -ENOSPC);
	one[0] = (struct want){ "a.b.c", 1 };
	assert_int_equal(skim_compile(one, &small), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_unreadable_page),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_long_strings),
		cmocka_unit_test(test_nul_bytes),
		cmocka_unit_test(test_numbers_once),
		cmocka_unit_test(test_numbers_ceiling),
		cmocka_unit_test(test_texts_ceiling),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_field),
		cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_compile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
