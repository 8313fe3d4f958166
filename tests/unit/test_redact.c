/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#define json_bool json_c_bool	/* base/json.h has its own */
#include <json-c/json.h>
#undef json_bool

#include "base/limits.h"
#include "pipeline/redact.h"

static const struct wants wants = { .secret_generation = 1, .n_wanted = 1, .wanted = { { WANTED_BODY, "metadata.feature" } } };

static struct buf redacted(struct str text, enum item_kind kind, size_t split)
{
	struct piece first = { .side = SIDE_REQUEST, .kind = kind, .first = true, .text = text };
	struct redact redact;
	struct buf to = BUF(MIB(1));

	redact_begin(&redact, &wants, &first);
	for (size_t at = 0; at < text.n; at += split)
		assert_true(redact_write(&redact, str_sub(text, at, split), &to) >= 0);
	assert_true(redact_end(&redact, &to) >= 0);
	return to;
}

static void test_text_goes_and_numbers_stay(void **state)
{
	static const struct { const char *from, *to; } table[] = {
		{ "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"hi there\"}],\"max_tokens\":5,\"n\":-1.5e3}",
		  "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"xxxx\",\"content\":\"xxxxxxxx\"}],\"max_tokens\":5,\"n\":-1.5e3}" },
		{ " { \"a\" : [ true , false , null , \"b\" ] } ", " { \"a\" : [ true , false , null , \"x\" ] } " },
		{ "{\"metadata\":{\"feature\":\"rerank\",\"other\":\"rerank\"}}", "{\"metadata\":{\"feature\":\"rerank\",\"other\":\"xxxxxx\"}}" },
		{ "[]", "[]" }, { "{}", "{}" }, { "7", "x" }, { "\"text\"", "\"xxxx\"" },
	};

	(void)state;
	EACH(row, table)
		for (size_t split = 1; split < 8; split++) {
			struct buf to = redacted(str_of(row->from), ITEM_DOCUMENT, split);

			assert_string_equal(buf_cstr(&to), row->to);
			buf_done(&to);
		}
}

/* A NUL behind a literal is not its end, nor what follows in memory its rest. */
static void test_nuls(void **state)
{
	static const char body[] = "[true\0\0false\0, null\0hunter2\0]";
	struct buf to = redacted((struct str){ body, sizeof(body) - 1 }, ITEM_DOCUMENT, 2);

	(void)state;
	assert_int_equal(to.n, sizeof(body) - 1);
	assert_null(memchr(to.p, 0, to.n));
	assert_int_equal(str_find(buf_view(&to), STR("hunter2")), -1);
	buf_done(&to);
}

/* Whatever it is: nothing of the text is left, the length is the same, and JSON stays JSON, however it is cut. */
static void test_hides_and_keeps_its_form(void **state)
{
	static const char *const bodies[] = {
		"{\"content\":\"hunter2 \\n\\t\\\" \\u0041\\ud83d\\ude00 hunter2\"}", "{\"content\":\"h\xc3\xa9 hunter2 \xf0\x9f\x98\x80\"}",
		"[[[[{\"deep\":[\"hunter2\"]}]]]]", "{\"model\":{\"x\":\"hunter2\"}}", "{\"messages\":[\"hunter2\",{\"model\":\"hunter2\"}]}",
		"{\"content\":[{\"type\":\"text\",\"text\":\"hunter2\"}]}", "{\"\":\"hunter2\"}",
	};

	(void)state;
	EACH(body, bodies) {
		struct buf whole = redacted(str_of(*body), ITEM_DOCUMENT, SIZE_MAX / 2);
		struct json_object *o = json_tokener_parse(buf_cstr(&whole));

		assert_non_null(o);
		json_object_put(o);
		assert_int_equal(whole.n, strlen(*body));
		assert_int_equal(str_find(buf_view(&whole), STR("hunter2")), -1);
		for (size_t split = 1; split < strlen(*body); split++) {
			struct buf to = redacted(str_of(*body), ITEM_DOCUMENT, split);

			assert_int_equal(to.n, whole.n);
			assert_memory_equal(to.p, whole.p, to.n);
			buf_done(&to);
		}
		buf_done(&whole);
	}
}

static void test_what_is_no_json_goes_whole(void **state)
{
	static const char *const bodies[] = { "hunter2 is the password", "<html>hunter2</html>", "{\"a\": hunter2}", "{\"a\":1} hunter2", "{hunter2:1}",
					      "{\"a\":tru hunter2", "\x01\x02hunter2" };

	(void)state;
	EACH(body, bodies) {
		struct buf to = redacted(str_of(*body), ITEM_DOCUMENT, 3);

		assert_int_equal(to.n, strlen(*body));
		assert_int_equal(str_find(buf_view(&to), STR("hunter2")), -1);
		buf_done(&to);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_goes_and_numbers_stay), cmocka_unit_test(test_hides_and_keeps_its_form),
		cmocka_unit_test(test_what_is_no_json_goes_whole),
		cmocka_unit_test(test_nuls),
	};

	return RUN(tests);
}
