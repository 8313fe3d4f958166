/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

/* both have a json_bool */
#define json_bool json_c_bool
#include <json-c/json.h>
#undef json_bool

#include "base/json.h"

static void test_places_commas(void **state)
{
	struct buf buf = BUF(1000);
	struct json json = { .to = &buf };

	(void)state;
	json_open(&json, '{');
	json_key(&json, "a");
	json_u64(&json, UINT64_MAX);
	json_key(&json, "b");
	json_open(&json, '[');
	json_i64(&json, INT64_MIN);
	json_bool(&json, true);
	json_bool(&json, false);
	json_null(&json);
	json_cstr(&json, NULL);
	json_cstr(&json, "");
	json_raw(&json, STR("1.5"));
	json_open(&json, '{');
	json_close(&json, '}');
	json_close(&json, ']');
	json_key(&json, "c");
	json_open(&json, '[');
	json_close(&json, ']');
	json_close(&json, '}');
	assert_string_equal(buf_cstr(&buf), "{\"a\":18446744073709551615,\"b\":[-9223372036854775808,true,false,null,null,\"\",1.5,{}],"
					    "\"c\":[]}");
	buf_done(&buf);
}

#define GONE "\xef\xbf\xbd"

static void test_escapes(void **state)
{
	static const struct { const char *from; size_t n; const char *to; } table[] = {
		{ "plain", 5, "\"plain\"" }, { "\"\\/", 3, "\"\\\"\\\\/\"" }, { "\n\r\t", 3, "\"\\n\\r\\t\"" }, { "\0\x1f", 2, "\"\\u0000\\u001f\"" },
		{ "\x7f", 1, "\"\x7f\"" }, { "\xc3\xa9", 2, "\"\xc3\xa9\"" }, { "\xf0\x9f\x98\x80", 4, "\"\xf0\x9f\x98\x80\"" },
		{ "\xff", 1, "\"" GONE "\"" },
		{ "a\xc3", 2, "\"a" GONE "\"" },			/* ends within a sequence */
		{ "\xc0\x80", 2, "\"" GONE GONE "\"" },			/* overlong */
		{ "\xe0\x80\x80", 3, "\"" GONE GONE GONE "\"" },
		{ "\xed\xa0\x80", 3, "\"" GONE GONE GONE "\"" },	/* a surrogate */
		{ "\xf4\x90\x80\x80", 4, "\"" GONE GONE GONE GONE "\"" },	/* above U+10FFFF */
		{ "\xf0\x82\x82\xac", 4, "\"" GONE GONE GONE GONE "\"" },
	};

	(void)state;
	EACH(row, table) {
		struct buf buf = BUF(1000);
		struct json json = { .to = &buf };

		json_str(&json, (struct str){ row->from, row->n });
		assert_string_equal(buf_cstr(&buf), row->to);
		buf_done(&buf);
	}
}

/* Any two bytes give text that another parser reads. */
static void test_is_always_json(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 65536; i++) {
		char bytes[2] = { (char)(i >> 8), (char)i };
		struct buf buf = BUF(1000);
		struct json json = { .to = &buf };
		struct json_tokener *tokener = json_tokener_new();
		struct json_object *o;

		json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
		json_str(&json, (struct str){ bytes, 2 });
		o = json_tokener_parse_ex(tokener, buf.p, (int)buf.n);
		assert_true(json_object_is_type(o, json_type_string));
		json_object_put(o);
		json_tokener_free(tokener);
		buf_done(&buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places_commas), cmocka_unit_test(test_escapes), cmocka_unit_test(test_is_always_json),
	};

	return RUN(tests);
}
