/* SPDX-License-Identifier: Apache-2.0 */
/* multipart/form-data: fields, files, delimiters that are none, and what a hole leaves. */
#include <stdio.h>

#include "tests/lib/wire_body.h"

#define T "multipart/form-data; boundary=XX"
#define FIELD(name) "Content-Disposition: form-data; name=\"" name "\"\r\n\r\n"

static const struct body_row rows[] = {
	{ "two fields", T, "f:model{whisper-1} f:n{2}",
	  STR("--XX\r\n" FIELD("model") "whisper-1\r\n--XX\r\n" FIELD("n") "2\r\n--XX--\r\n") },
	{ "a file", T, "F:file{RIFF\r\n--X\r\n-- } f:model{m}",
	  STR("--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\n"
	      "RIFF\r\n--X\r\n-- \r\n--XX\r\n" FIELD("model") "m\r\n--XX--") },
	{ "a file by its long name", T, "F:file{x}",
	  STR("--XX\r\nContent-Disposition: form-data; name=file; filename*=UTF-8''a\r\n\r\nx\r\n--XX--") },
	{ "fields of a head in any order and case", T, "f:a{1}",
	  STR("--XX\r\nX: y\r\ncontent-DISPOSITION:form-data;NAME=\"a\"\r\nContent-Type: text/plain\r\n\r\n1\r\n--XX--\r\n") },
	{ "a preamble and an epilogue", T, "f:a{1}",
	  STR("This is --XX not it\r\n--X\r\n--XX \t\r\n" FIELD("a") "1\r\n--XX--\r\n--XX\r\n" FIELD("b") "2\r\n--XX--") },
	{ "false starts", T, "f:a{\r\r\n\r\n-\r\n--\r\n--X\r\r\n--X-}",
	  STR("--XX\r\n" FIELD("a") "\r\r\n\r\n-\r\n--\r\n--X\r\r\n--X-\r\n--XX--") },
	{ "an empty field", T, "f:a{} f:b{}", STR("--XX\r\n" FIELD("a") "\r\n--XX\r\n" FIELD("b") "\r\n--XX--") },
	{ "quotes around what separates", T, "F:a{1}",
	  STR("--XX\r\nContent-Disposition: form-data; filename=\"x; name=evil\\\"; name=evil\"; name=\"a\"\r\n\r\n1\r\n--XX--") },
	{ "no name, no field", T, "f:b{2}",
	  STR("--XX\r\nContent-Type: a/b\r\n\r\n1\r\n--XX\r\n" FIELD("b") "2\r\n--XX--") },
	{ "cut off in a field", T, "f:a{1", STR("--XX\r\n" FIELD("a") "1") },
	{ "cut off in a delimiter", T, "f:a{1", STR("--XX\r\n" FIELD("a") "1\r\n--X") },
	{ "cut off in a head", T, "", STR("--XX\r\nContent-Disp") },
	{ "bare line feeds in a head", T, "f:a{1}", STR("--XX\nContent-Disposition: form-data; name=a\n\n1\r\n--XX--") },
	{ "NULs", T, "f:a{1}", STR("--XX\r\n" FIELD("a") "1\r\n--XX--\0\0") },
	{ "a quoted boundary", "multipart/form-data; charset=x; Boundary=\"X Y;Z\"", "f:a{1}",
	  STR("--X Y;Z\r\n" FIELD("a") "1\r\n--X Y;Z--") },
	{ "a boundary of dashes", "multipart/form-data; boundary=----", "f:a{-\r\n---}",
	  STR("------\r\n" FIELD("a") "-\r\n---\r\n--------") },
};

static void every_row_every_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		body_check_every_way(rows[i].name, rows[i].type, "", rows[i].bytes, rows[i].told);
}

/* Names and head lines above their ceilings are cut; nothing else happens. */
static void long_lines(void **state)
{
	char name[600], bytes[2000], told[700];

	(void)state;
	memset(name, 'n', sizeof(name));
	for (int n = 100; n < 600; n++) {
		int length = snprintf(bytes, sizeof(bytes), "--XX\r\nContent-Disposition: form-data; name=%.*s\r\n\r\n1\r\n--XX--", n, name);

		snprintf(told, sizeof(told), "f:%.*s{1}", n < LIMIT_FORM_NAME ? n : LIMIT_FORM_NAME, name);
		body_check("long name", T, "", (struct str){ bytes, (size_t)length }, 7, 0, told);
	}
}

static void boundaries_that_are_none(void **state)
{
	static const char *const types[] = {
		"multipart/form-data", "multipart/form-data; boundary", "multipart/form-data; boundary=\"\"",
		"multipart/form-data; boundary=01234567890123456789012345678901234567890123456789012345678901234567890",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct body_run run;

		body_begin(&run, types[i], "");
		assert_int_equal(run.result, 1);
		body_done(&run);
	}
}

/* Fields told as whole were told so without the hole; those behind the next delimiter are told. */
static void holes(void **state)
{
	static const char bytes[] = "--XX\r\n" FIELD("a") "11\r\n--XX\r\n" FIELD("b") "22\r\n--XX\r\n" FIELD("c") "33\r\n--XX--";
	static const struct str all = STR("f:a{11} f:b{22} f:c{33} ");
	size_t n = sizeof(bytes) - 1, second = 6 + 43 + 4;

	(void)state;
	for (size_t from = 0; from < n; from++)
		for (size_t len = 1; from + len <= n; len++) {
			struct body_run run;
			struct str rest, item;

			body_run_pieces(&run, T, "", (struct str){ bytes, n }, SIZE_MAX, 0, from, len);
			rest = str_of(body_finish(&run));
			assert_true(from + len >= second || str_find(rest, STR("f:c{33}")) >= 0);
			while (str_split(&rest, ' ', &item))
				if (str_ends(item, STR("}")) && str_find(all, item) < 0)
					fail_msg("hole of %zu at %zu: %.*s", len, from, (int)item.n, item.p);
			body_done(&run);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_every_way), cmocka_unit_test(long_lines), cmocka_unit_test(boundaries_that_are_none),
		cmocka_unit_test(holes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
