/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of gRPC and what they share with gRPC-Web and Connect. */
#include <stdio.h>

#include "tests/lib/wire_body.h"
#include "tests/lib/wire_encode.h"

#define T "application/grpc"

static const struct body_row rows[] = {
	{ "one", T, "M{hello}", STR("\0\0\0\0\5hello") },
	{ "several, one empty", "application/grpc+proto; charset=x", "M{a} M{} M{bc}", STR("\0\0\0\0\1a" "\0\0\0\0\0" "\0\0\0\0\2bc") },
	{ "JSON", "application/grpc+json", "m{{}}", STR("\0\0\0\0\2{}") },
	{ "for the web, with trailers in the body", "application/grpc-web+proto", "M{a}", STR("\0\0\0\0\1a" "\x80\0\0\0\x0fgrpc-status: 0\n") },
	{ "Connect, with its end", "application/connect+json", "m{{\"a\":1}}", STR("\0\0\0\0\7{\"a\":1}" "\2\0\0\0\2{}") },
	{ "bytes of any kind", T, "M{\x80\xff\1}", STR("\0\0\0\0\3\x80\xff\1") },
	{ "cut off in a message", T, "M{ab!", STR("\0\0\0\0\5ab") },
	{ "cut off in a prefix", T, "M{a}!", STR("\0\0\0\0\1a\0\0") },
	{ "no prefix", T, "!", STR("{\"a\":1}") },
	{ "compressed, and it is not", T, "M{b}", STR("\1\0\0\0\3abc" "\0\0\0\0\1b") },
	{ "compressed, and empty", T, "M{} M{b}", STR("\1\0\0\0\0" "\0\0\0\0\1b") },
	{ "nothing", T, "", STR("") },
};

static void every_row_every_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		body_check_every_way(rows[i].name, rows[i].type, "", rows[i].bytes, rows[i].told);
}

static struct str wrap(char *to, struct str message, size_t keep)
{
	struct buf buf = BUF(4096);
	const char prefix[5] = { 1, 0, 0, (char)(keep >> 8), (char)keep };

	buf_add(&buf, prefix, 5);
	buf_add(&buf, message.p, keep);
	buf_add(&buf, "\0\0\0\0\1z", 6);
	assert_int_equal(buf.error, 0);
	memcpy(to, buf.p, buf.n);
	buf_done(&buf);
	return (struct str){ to, keep + 11 };
}

static void compressed_messages(void **state)
{
	static char text[3000], bytes[4096], told[3100];
	static const int windows[] = { 31, 15 };

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i * 7 % 23);
	snprintf(told, sizeof(told), "M{%.*s} M{z}", (int)sizeof(text), text);
	for (size_t i = 0; i < 2; i++) {
		struct str encoded = encode_zlib((struct str){ text, sizeof(text) }, windows[i], SIZE_MAX);

		body_check_every_way("compressed", T, "", wrap(bytes, encoded, encoded.n), told);
		encode_done(encoded);
	}
}

/* What is inflated of a message that breaks off is no message. */
static void a_compressed_message_that_breaks_off(void **state)
{
	static char bytes[4096];
	struct str encoded = encode_zlib(STR("hello hello hello"), 31, SIZE_MAX);
	struct body_run run;
	struct str all = wrap(bytes, encoded, encoded.n - 9);

	(void)state;
	body_run_pieces(&run, T, "", all, SIZE_MAX, 0, NO_HOLE, 0);
	assert_null(strstr(body_finish(&run), "hello}"));
	assert_non_null(strstr(buf_cstr(&run.text), "M{z}"));
	assert_int_equal(run.told.wire.counts.undecodable, 1);
	body_done(&run);
	encode_done(encoded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_every_way),
		cmocka_unit_test(compressed_messages),
		cmocka_unit_test(a_compressed_message_that_breaks_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
