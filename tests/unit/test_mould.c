/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that come again and again with other words in them: a skim with moulds picks what one without them does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ai/mould.h"
#include "base/mem.h"
#include "tests/lib/wire_page.h"

static const struct want wants[] = {
	{ "id", 1 },
	{ "n", 2 },
	{ "c[].d.t", 3, WANT_BYTES },
	{ "c[].d.t", 0, WANT_TEXT },
	{ "c[].d", 1, WANT_TEXT },
	{ "c[].f", 4 },
	{ "usage", 5, WANT_NUMBERS },
	{ "usage.in", 6 },
	{ "err", 7, WANT_SEEN },
	{ "list[]", 8, WANT_COUNT },
	{ "names[]", 9, WANT_NAMES },
	{ "t", 10, WANT_FIRST },
	{ "t", 2, WANT_TEXT },
	{ "sum[]", 11, WANT_SUM },
	{ "flag", 12 },
	{ "each[]", 13, WANT_EACH },
	{ "delta", 14, WANT_BYTES },
	{ NULL },
};

/* %s: some string; %d: some number; %w: a word; %x: something that mostly stands in the way */
static const char *const shapes[] = {
	"{\"id\":\"%s\",\"c\":[{\"i\":%d,\"x\":{\"a\":[%d,\"%s\"],\"%s\":null},\"f\":null}],\"n\":%d}",
	"{\"id\":\"%s\",\"c\":[{\"i\":%d,\"x\":{\"a\":[%d,\"%s\"],\"%s\":null},\"f\":\"%s\"}],\"n\":%d}",
	"{\"c\":[{\"d\":{\"t\":\"%s\"},\"f\":%w}],\"usage\":null}",
	"{\"id\":\"%s\", \"n\" : %d , \"delta\":\"%s\",\"obf\":\"%s\"}",
	"{\"delta\":{\"t\":\"%s\"},\"err\":{\"m\":\"%s\"}}",
	"{\"delta\":{\"t\":\"%s\"},\"err\":%w}",
	"{\"usage\":{\"in\":%d,\"out\":%d},\"n\":%d}",
	"{\"list\":[{},{\"a\":\"%s\"},%w],\"names\":[\"%s\",\"%s\"],\"sum\":[%d,%d,%d]}",
	"{\"t\":\"%s\",\"t\":\"%s\",\"flag\":%w,\"n\":\"%s\"}\n",
	"{\"i\\u0064\":\"%s\",\"each\":[],\"sum\":[%d],\"t\":\"%s\"}",
	"{\"each\":[{\"id\":\"%s\"}],\"id\":\"%s\"}",
	"{\"id\":\"%s\",\"x\":%x,\"n\":%d}",
	"{\"err\":[%x],\"z\":[1,2,%d],\"t\":\"%s\"}",
	"{\"id\":\"%s\"}}{\"n\":%d}",
	"%x",
};

static uint64_t seed = 88172645463325252;

static unsigned int random_below(unsigned int n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned int)(seed >> 33) % n;
}

static const char *pick(const char *const *of, size_t n)
{
	return of[random_below((unsigned int)n)];
}

#define PICK(list) pick(list, sizeof(list) / sizeof(*(list)))

static const char *some(char kind)
{
	static const char *const strings[] = {
		"", "a", "stop", "gpt-4o-mini", "a\\nb", "\\\"", "\\\\", "\\u00e9x", "\\ud83d\\ude00", "\\ud83d", "x\\", "\\u12", "{}", "],[",
		"a text that is a good deal longer than sixteen bytes, and has, in its middle, commas", "\xc3\xa9\xe2\x82\xac", "\\u00zz",
	};
	static const char *const numbers[] = { "0", "1", "-1", "17", "1.5", "2e3", "18446744073709551616", "01", "-", "9x" };
	static const char *const words[] = { "null", "true", "false", "nul", "\"stop\"", "5", "{\"a\":1}", "[]", "" };
	static const char *const others[] = {
		"null", "[]", "{}", "[1,[2,[3]]]", "{\"a\":{\"id\":\"no\"}}", "\"s\"", "}", "]", "\"", ":", "[DONE]", "{\"n\":5}", "7", "\x01",
	};

	return kind == 's' ? PICK(strings) : kind == 'd' ? PICK(numbers) : kind == 'w' ? PICK(words) : PICK(others);
}

static size_t make(char *to, size_t size)
{
	const char *shape = PICK(shapes);
	size_t n = 0;

	for (; *shape; shape++) {
		if (*shape == '%') {
			n += (size_t)snprintf(to + n, size - n, "%s", some(*++shape));
			continue;
		}
		to[n++] = *shape;
	}
	return n;
}

static struct skim_node nodes[SKIM_NODES];
static uint16_t slots[SKIM_SLOTS];
static struct skim_table table = { nodes, slots, SKIM_NODES, SKIM_SLOTS, 0 };

static int on_each(void *ctx, struct item *item)
{
	*(unsigned int *)ctx += 1 + item->values[1].n;
	return 0;
}

static void same_value(const struct item *a, const struct item *b, unsigned int i, const char *text)
{
	const struct value *x = &a->values[i], *y = &b->values[i];

	if (x->kind != y->kind || x->cut != y->cut || x->n != y->n || x->number != y->number ||
	    memcmp(a->text + x->at, b->text + y->at, x->n) != 0)
		fail_msg("pick %u of %s", i, text);
}

static void same(const struct skim *a, const struct skim *b, const char *text)
{
	if (a->item.seen != b->item.seen || a->item.unread != b->item.unread || a->item.touched != b->item.touched ||
	    a->item.json != b->item.json || !a->depth != !b->depth || a->error != b->error)
		fail_msg("%s", text);
	for (unsigned int i = 0; i < SKIM_PICKS; i++)
		if (item_has(&a->item, i))
			same_value(&a->item, &b->item, i, text);
}

static void test_same(void **state)
{
	static struct text with[TEXT_CLASSES], without[TEXT_CLASSES];
	struct skim *a = mem_new(sizeof(*a)), *b = mem_new(sizeof(*b));
	unsigned int each_a = 0, each_b = 0;
	struct moulds *moulds;
	char text[4096];

	(void)state;
	assert_int_equal(skim_compile(wants, &table), 0);
	assert_int_equal(moulds_new(&moulds), 0);
	for (int round = 0; round < 300000; round++) {
		size_t n = make(text, sizeof(text));
		const char *p = (const char *)page_guarded(text, n);

		text[n] = 0;
		skim_begin(a, &table, on_each, &each_a);
		skim_begin(b, &table, on_each, &each_b);
		a->texts = without;
		b->texts = with;
		skim_write(a, p, n);
		moulds_write(moulds, b, (struct str){ p, n });
		same(a, b, text);
		/* what may follow */
		skim_write(a, "{\"n\":3}", 7);
		skim_write(b, "{\"n\":3}", 7);
		skim_end(a);
		skim_end(b);
		same(a, b, text);
		if (each_a != each_b || memcmp(with, without, sizeof(with)) != 0)
			fail_msg("%s", text);
	}
	assert_true(moulds_fitted(moulds) > 50000);
	moulds_free(moulds);
	mem_free(a);
	mem_free(b);
}

static void test_no_memory(void **state)
{
	struct moulds *moulds;

	(void)state;
	mem_fail_at(1);
	assert_int_equal(moulds_new(&moulds), -12);
	assert_null(moulds_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
