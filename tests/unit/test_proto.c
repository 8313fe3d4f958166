/* SPDX-License-Identifier: Apache-2.0 */
/* Every message whole, byte by byte, cut at every place, and ending where no memory follows: the same picks. */
#include <stdio.h>

#include "ai/proto.h"
#include "base/mem.h"
#include "tests/lib/proto_text.h"
#include "tests/lib/unit.h"
#include "tests/lib/wire_page.h"

enum { P_NAME = 1, P_COUNT, P_DEEP, P_NAMES, P_BYTES, P_HOW_MANY, P_EACH, P_KIND, P_TOKENS, P_WHOLE, P_SUM };

static const struct want wants[] = {
	{ "1", P_NAME },
	{ "2.3", P_COUNT },
	{ "2", P_WHOLE, WANT_NUMBERS },
	{ "2.4.5.600", P_DEEP },
	{ "3.1", P_NAMES, WANT_NAMES },
	{ "3.2", P_BYTES, WANT_BYTES },
	{ "3", P_HOW_MANY, WANT_COUNT },
	{ "4", P_EACH, WANT_EACH },
	{ "4.1", P_KIND },
	{ "4.2", P_TOKENS },
	{ "7", P_SUM, WANT_SUM },
	{ NULL },
};

/* As text, or where that cannot say it in hexadecimal. */
static const struct {
	const char *name;
	const char *text, *hex;
	const char *picks;	/* pick:text, pick=number; at each message {picks}; ! where it is not whole */
} table[] = {
	{ "nothing", "", NULL, "" },
	{ "a text", "1:\"models/m\"", NULL, "1:models/m" },
	{ "the last of two", "1:\"a\" 1:\"bb\"", NULL, "1:bb" },
	{ "an empty text", "1:\"\"", NULL, "1:" },
	{ "a number in a message", "2{3:300}", NULL, "2=300 10:" },
	{ "a message twice is one", "2{3:300} 2{4{5{600:7}}}", NULL, "2=300 3=7 10:" },
	{ "the same number elsewhere", "3{3:9} 9{3:9} 4{3:9}", NULL, "{6=1}6=1" },
	{ "a number where a message is wanted", "2:9", NULL, "" },
	{ "fixed widths are passed by", "8=8 2{3:1 9=4} 8=4", NULL, "2=1 10:" },
	{ "fixed width where a number is wanted", "2{3=8}", NULL, "10:" },
	{ "deep", "2{4{5{600:18446744073709551615}}}", NULL, "10:" },
	{ "deep, as large as it may be", "2{4{5{600:9223372036854775807}}}", NULL, "3=9223372036854775807 10:" },
	{ "names", "3{1:\"a\"} 3{1:\"b\" 2:\"1234\"} 3{1:\"a\" 2:\"56\"}", NULL, "4:a,b 5=6 6=3" },
	{ "each", "4{1:1 2:10} 4{2:20} 4{}", NULL, "{8=1 9=10}{9=20}{}" },
	{ "a sum", "7:5 7:6", NULL, "11=11" },
	{ "an empty message", "2{}", NULL, "10:" },
	{ "unknown fields of every kind", "99:1 100:\"x\" 101{1:\"y\"} 102=4 103=8 1:\"a\"", NULL, "1:a" },

	{ "a tag of field 0", NULL, "0001", "!" },
	{ "a group", NULL, "0a01610b0c", "1:a !" },
	{ "a wire type that is none", NULL, "0f", "!" },
	{ "a text longer than the message around it", NULL, "120422056161", "!" },
	{ "a message longer than the one around it", NULL, "1203220a18", "!" },
	{ "a message that ends within a number", NULL, "12021880", "!" },
	{ "a number beyond its message", NULL, "120218808001", "!" },
	{ "a varint of eleven bytes", NULL, "38ffffffffffffffffffff01", "!" },
	{ "a varint of 65 bits", NULL, "38ffffffffffffffffff02", "!" },
	{ "a varint of 64 bits is negative", NULL, "38ffffffffffffffffff01", "" },
	{ "leading zeros of a varint", NULL, "38858000", "11=5" },
	{ "an endless length", NULL, "0affffffffffffffffff0161", "!" },
	{ "a length without its text", NULL, "0a03", "!" },
	{ "half a tag", NULL, "0a0161fa", "1:a !" },
	{ "half a text", NULL, "0a026161120218030a0561", "2=3 10: !" },
	{ "eight bytes that are seven", NULL, "4100000000000000", "!" },
	{ "it is JSON", NULL, "7b226964223a226122", "!" },
};

struct told {
	struct buf *to;
	bool any;
};

static void write_picks(struct told *told, const struct item *item)
{
	bool first = true;

	for (unsigned int pick = 0; pick < SKIM_PICKS; pick++) {
		if (!item_has(item, pick))
			continue;
		if (item->values[pick].kind == VALUE_NUMBER)
			buf_printf(told->to, "%s%u=%llu", first ? "" : " ", pick, (unsigned long long)item_number(item, pick));
		else
			buf_printf(told->to, "%s%u:%.*s", first ? "" : " ", pick, (int)item_text(item, pick).n, item_text(item, pick).p);
		first = false;
	}
}

static int on_each(void *ctx, struct item *item)
{
	struct told *told = ctx;

	assert_int_equal(item->each, P_EACH);
	buf_char(told->to, '{');
	write_picks(told, item);
	buf_char(told->to, '}');
	return 0;
}

static struct skim_node nodes[64];
static uint16_t slots[128];
static struct skim_table compiled = { nodes, slots, 64, 128, 0 };

static void expect(const char *name, struct str text, size_t step, const char *expected)
{
	struct skim *skim = mem_new(sizeof(*skim));
	struct proto *proto = mem_new(sizeof(*proto));
	struct buf got = BUF(4096);
	struct told told = { &got, false };

	skim_begin(skim, &compiled, NULL, NULL);
	proto_begin(proto, &compiled, &skim->item, on_each, &told);
	for (size_t at = 0; at < text.n; at += step) {
		size_t n = step < text.n - at ? step : text.n - at;
		const uint8_t *own = page_guarded(text.p + at, n);

		assert_int_equal(proto_write(proto, (const char *)own, n), 0);
	}
	write_picks(&told, &skim->item);
	if (!proto_whole(proto))
		buf_puts(&got, got.n ? " !" : "!");
	if (strcmp(buf_cstr(&got), expected) != 0)
		fail_msg("%s, step %zu:\n  got      %s\n  expected %s", name, step, buf_cstr(&got), expected);
	buf_done(&got);
	mem_free(proto);
	mem_free(skim);
}

static void bytes_of(const char *text, const char *hex, struct buf *to)
{
	unsigned int byte;

	if (text)
		proto_fields(to, text);
	for (; hex && sscanf(hex, "%2x", &byte) == 1; hex += 2)
		buf_char(to, (char)byte);
}

static void picks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct buf bytes = BUF(65536);

		bytes_of(table[i].text, table[i].hex, &bytes);
		for (size_t step = 1; step <= bytes.n + 1; step++)
			expect(table[i].name, buf_view(&bytes), step, table[i].picks);
		buf_done(&bytes);
	}
}

/* Whatever ends early is not whole, and every count that it tells is one that the whole tells. */
static void cut(void **state)
{
	struct skim *skim = mem_new(sizeof(*skim));
	struct buf bytes = BUF(65536);
	struct proto proto;

	(void)state;
	proto_fields(&bytes, "1:\"models/m\" 2{3:300 4{5{600:7}}} 7:70000");
	for (size_t n = 0; n < bytes.n; n++) {
		skim_begin(skim, &compiled, NULL, NULL);
		proto_begin(&proto, &compiled, &skim->item, NULL, NULL);
		proto_write(&proto, bytes.p, n);
		assert_true(item_number(&skim->item, P_COUNT) == 0 || item_number(&skim->item, P_COUNT) == 300);
		assert_true(item_number(&skim->item, P_SUM) == 0);
		assert_true(!proto_whole(&proto) || bytes.p[n] == 0x0a || bytes.p[n] == 0x12 || bytes.p[n] == 0x38);
	}
	buf_done(&bytes);
	mem_free(skim);
}

/* Messages within messages without end: followed no deeper than paths go, and passed by unharmed. */
static void depth(void **state)
{
	struct buf bytes = BUF(65536), inner = BUF(65536);

	(void)state;
	buf_puts(&inner, "\x38\x05");
	for (int i = 0; i < 200; i++) {
		struct buf outer = BUF(65536);

		proto_varint(&outer, 2 << 3 | 2);
		proto_varint(&outer, inner.n);
		buf_add(&outer, inner.p, inner.n);
		buf_done(&inner);
		inner = outer;
	}
	buf_add(&bytes, inner.p, inner.n);
	buf_puts(&bytes, "\x38\x09");
	expect("depth", buf_view(&bytes), 1, "10: 11=9");
	expect("depth", buf_view(&bytes), bytes.n, "10: 11=9");
	buf_done(&inner);
	buf_done(&bytes);
}

static int stop(void *ctx, struct item *item)
{
	(void)item;
	++*(int *)ctx;
	return -1;
}

static void stopped(void **state)
{
	struct skim *skim = mem_new(sizeof(*skim));
	struct buf bytes = BUF(256);
	struct proto proto;
	int times = 0;

	(void)state;
	proto_fields(&bytes, "4{1:1} 4{1:2} 7:3");
	skim_begin(skim, &compiled, NULL, NULL);
	proto_begin(&proto, &compiled, &skim->item, stop, &times);
	assert_int_equal(proto_write(&proto, bytes.p, bytes.n), -1);
	assert_int_equal(proto_write(&proto, bytes.p, bytes.n), -1);
	assert_int_equal(times, 1);
	assert_false(item_has(&skim->item, P_SUM));
	buf_done(&bytes);
	mem_free(skim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(picks), cmocka_unit_test(cut), cmocka_unit_test(depth), cmocka_unit_test(stopped),
	};

	if (skim_compile(wants, &compiled) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
