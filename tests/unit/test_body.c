/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies through their codings, and by which of their first bytes they fall into items. */
#include "tests/lib/wire_body.h"
#include "tests/lib/wire_encode.h"

#define EVENTS "text/event-stream; charset=utf-8"

static const struct str stream = STR("event: a\ndata: {\"model\":\"m\",\"delta\":\"aaaaaaaaaaaaaaaaaaaaaaaaaa\"}\n\n"
				     "data: {\"usage\":{\"input_tokens\":17,\"output_tokens\":4}}\n\ndata: [DONE]\n\n");
static const char told[] = "e:a{{\"model\":\"m\",\"delta\":\"aaaaaaaaaaaaaaaaaaaaaaaaaa\"}}"
			   " e{{\"usage\":{\"input_tokens\":17,\"output_tokens\":4}}} e{[DONE]}";

static void check_coding(const char *coding, struct str encoded)
{
	body_check_every_way(coding, EVENTS, coding, encoded, told);
	encode_done(encoded);
}

static void codings(void **state)
{
	(void)state;
	check_coding("gzip", encode_zlib(stream, 31, SIZE_MAX));
	check_coding("x-gzip", encode_zlib(stream, 31, 20));
	check_coding("GZip", encode_zlib(stream, 31, 1));
	check_coding("deflate", encode_zlib(stream, 15, SIZE_MAX));
	check_coding("deflate", encode_zlib(stream, 15, 20));
	check_coding("deflate", encode_zlib(stream, -15, SIZE_MAX));
	check_coding("deflate", encode_zlib(stream, -15, 20));
	check_coding("br", encode_brotli(stream, 1));
	check_coding("br", encode_brotli(stream, 11));
	check_coding("zstd", encode_zstd(stream, SIZE_MAX));
	check_coding("zstd", encode_zstd(stream, 20));
}

/* Named in the order in which they were applied. */
static void stacked_codings(void **state)
{
	struct str inner = encode_zstd(stream, 30), middle = encode_brotli(inner, 5), outer = encode_zlib(middle, 31, 50);

	(void)state;
	body_check_every_way("stacked", EVENTS, "zstd, br, gzip", outer, told);
	encode_done(inner);
	encode_done(middle);
	encode_done(outer);
	inner = encode_zlib(stream, 31, SIZE_MAX);
	check_coding("gzip, gzip", encode_zlib(inner, 31, SIZE_MAX));
	encode_done(inner);
}

static struct str joined(struct str a, struct str b)
{
	char *to = mem_new(a.n + b.n);

	assert_non_null(to);
	memcpy(to, a.p, a.n);
	memcpy(to + a.n, b.p, b.n);
	return (struct str){ to, a.n + b.n };
}

/* Several members or frames in a row are one body; what follows the last of gzip is padding. */
static void several_members(void **state)
{
	struct str half[2] = { str_sub(stream, 0, 50), str_sub(stream, 50, SIZE_MAX) };
	struct str gzip[2] = { encode_zlib(half[0], 31, SIZE_MAX), encode_zlib(half[1], 31, SIZE_MAX) };
	struct str zstd[2] = { encode_zstd(half[0], SIZE_MAX), encode_zstd(half[1], SIZE_MAX) };
	struct str both = joined(gzip[0], gzip[1]);

	(void)state;
	check_coding("gzip", joined(both, STR("\0\0\0\x1f\x8b\0")));
	check_coding("gzip", both);
	check_coding("zstd", joined(zstd[0], zstd[1]));
	for (unsigned int i = 0; i < 2; i++) {
		encode_done(gzip[i]);
		encode_done(zstd[i]);
	}
}

/* Text comes as soon as a server has flushed it. */
static void pieces_come_when_they_are_flushed(void **state)
{
	static const struct { const char *coding; int window_bits; } zlib[] = { { "gzip", 31 }, { "deflate", -15 } };

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		struct str first = STR("data: 1\n\n"), second = STR("data: 2\n\n"), encoded;
		struct told_exchange *user;
		struct body_run run;
		size_t flushed;

		encoded = joined(first, second);
		second = encoded;
		encoded = i < 2 ? encode_zlib(second, zlib[i].window_bits, first.n) : encode_zstd(second, first.n);
		encode_done(second);
		body_begin(&run, EVENTS, i < 2 ? zlib[i].coding : "zstd");
		user = exchange_user(run.exchange);
		for (flushed = 0; flushed < encoded.n && strcmp(buf_cstr(&user->side[1]), " e{1}"); flushed++)
			body_part(&run, encoded.p + flushed, 1);
		assert_true(flushed < encoded.n - 6);
		body_part(&run, encoded.p + flushed, encoded.n - flushed);
		assert_string_equal(body_finish(&run), "e{1} e{2}");
		body_done(&run);
		encode_done(encoded);
	}
}

/* What was decoded stays told, and is the beginning of what would have been. */
static void cut_short(void **state)
{
	static const char *const names[] = { "gzip", "deflate", "br", "zstd" };

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct str encoded = i == 0 ? encode_zlib(stream, 31, 20) : i == 1 ? encode_zlib(stream, 15, 20) :
				     i == 2 ? encode_brotli(stream, 5) : encode_zstd(stream, 20);

		for (size_t n = 1; n < encoded.n; n++) {
			struct body_run run;
			struct str text;

			body_run_pieces(&run, EVENTS, names[i], str_sub(encoded, 0, n), SIZE_MAX, 0, NO_HOLE, 0);
			text = str_of(body_finish(&run));
			if (i == 0 && n >= encoded.n - 8)	/* of gzip, only CRC and length: not an error */
				assert_string_equal(text.p, told);
			else if (str_ends(text, STR("!")))
				assert_true(str_starts(str_of(told), str_sub(text, 0, text.n - 1)));
			else if (n > 10)
				assert_true(i == 1 && n >= encoded.n - 4);
			body_done(&run);
		}
		encode_done(encoded);
	}
}

static bool agree(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;

	return !memcmp(a.p, b.p, n > 0 ? n - 1 : 0);	/* but for the mark of failure */
}

/* Corrupt at every byte, whole and byte by byte: it fails in both or in neither, and nothing is told that the other contradicts. */
static void corrupt(void **state)
{
	static const char *const names[] = { "gzip", "deflate", "zstd", "br" };

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct str encoded = i == 0 ? encode_zlib(stream, 31, 20) : i == 1 ? encode_zlib(stream, 15, 20) :
				     i == 2 ? encode_zstd(stream, 20) : encode_brotli(stream, 5);

		for (size_t at = 0; at < encoded.n; at++)
			for (unsigned int flip = 1; flip < 256; flip <<= 1) {
				struct body_run whole, bytes;
				char *p = (char *)encoded.p + at;

				*p = (char)(*p ^ flip);
				body_run_pieces(&whole, EVENTS, names[i], encoded, SIZE_MAX, 0, NO_HOLE, 0);
				body_run_pieces(&bytes, EVENTS, names[i], encoded, 1, 0, NO_HOLE, 0);
				body_finish(&whole);
				body_finish(&bytes);
				assert_int_equal(whole.error, bytes.error);
				assert_true(agree(buf_view(&whole.text), buf_view(&bytes.text)));
				*p = (char)(*p ^ flip);
				body_done(&whole);
				body_done(&bytes);
			}
		encode_done(encoded);
	}
}

/* A small body that grows a thousandfold: told in bounded pieces, from bounded memory. */
static void a_bomb(void **state)
{
	char *zeros = mem_new(MIB(16));
	struct str text = { zeros, MIB(16) };
	static const char *const names[] = { "gzip", "br", "zstd" };

	(void)state;
	assert_non_null(zeros);
	memset(zeros, 'z', MIB(16));
	for (unsigned int i = 0; i < 3; i++) {
		struct str encoded = i == 0 ? encode_zlib(text, 31, SIZE_MAX) : i == 1 ? encode_brotli(text, 5) :
				     encode_zstd(text, SIZE_MAX);
		struct body_run run;

		body_begin(&run, "audio/mpeg", names[i]);
		body_part(&run, encoded.p, encoded.n);
		assert_int_equal(run.error, 0);
		assert_int_equal(exchange_facts(run.exchange)->response_bytes, MIB(16));
		assert_true(run.told.largest_piece <= FILTER_ROOM);
		assert_true(run.told.wire.budget.used < MIB(20));
		/* its last byte has filled the room of the output: it is over all the same */
		assert_int_equal(body_end(run.body), 0);
		body_done(&run);
		encode_done(encoded);
	}
	mem_free(zeros);
}

/* Some kilobytes that would become a gigabyte: what a body may become is bounded, and so is the time that it takes. */
static void a_bomb_in_a_bomb(void **state)
{
	char *zeros = mem_new(MIB(16));
	struct buf members = BUF(MIB(2));
	struct str inner, outer;
	struct body_run run;

	(void)state;
	assert_non_null(zeros);
	inner = encode_zlib((struct str){ zeros, MIB(16) }, 31, SIZE_MAX);
	for (int i = 0; i < 64; i++)
		buf_str(&members, inner);
	assert_int_equal(members.error, 0);
	outer = encode_zlib(buf_view(&members), 31, SIZE_MAX);
	body_begin(&run, "audio/mpeg", "gzip, gzip");
	body_part(&run, outer.p, outer.n);
	assert_int_equal(run.error, -EBADMSG);
	assert_true(exchange_facts(run.exchange)->response_bytes <= LIMIT_GROWN + LIMIT_GROWTH * outer.n);
	body_done(&run);
	buf_done(&members);
	encode_done(inner);
	encode_done(outer);
	mem_free(zeros);
}

/* A state that inflated another body holds its text still: what refers to bytes before its own first one is told nothing of it. */
static void nothing_of_the_body_before(void **state)
{
	/* RFC 1951 section 3.2.6: a last block of fixed codes; length 258, 32768 bytes back, five times; the end */
	static const uint8_t far[] = { 0x1b, 0xbd, 0xff, 0x7f, 0xf4, 0xfe, 0xff, 0xd1, 0xfb, 0xff, 0x47, 0xef, 0xff, 0x1f, 0xbd, 0xff,
					0x1f, 0x00 };
	static const char *const names[] = { "deflate", "gzip" };
	char *text = mem_new(KIB(256));

	(void)state;
	assert_non_null(text);
	memset(text, 's', KIB(256));
	for (unsigned int i = 0; i < 2; i++) {
		struct str encoded = encode_zlib((struct str){ text, KIB(256) }, i ? 31 : -15, SIZE_MAX);
		struct told_exchange *user;
		struct body *second;
		struct body_run run;

		body_begin(&run, "audio/mpeg", names[i]);
		body_part(&run, encoded.p, encoded.n);
		assert_int_equal(run.error, 0);
		run.body = body_free(run.body);
		user = exchange_user(run.exchange);
		buf_reset(&user->side[1]);
		assert_int_equal(body_new(&run.told.wire, run.exchange, SIDE_RESPONSE, &STR("deflate"), 1, STR("audio/mpeg"), &second), 0);
		assert_int_equal(body_write(second, far, sizeof(far), 1), -EBADMSG);
		body_free(second);
		for (size_t at = 0; at < user->side[1].n; at++)
			assert_int_not_equal(user->side[1].p[at], 's');
		body_done(&run);
		encode_done(encoded);
	}
	mem_free(text);
}

static void over_the_budget(void **state)
{
	static const char *const names[] = { "gzip", "deflate", "br", "zstd" };

	(void)state;
	for (unsigned int i = 0; i < 4; i++)
		for (size_t limit = 0; limit < KIB(64); limit += 1000) {
			struct str encoded = i == 0 ? encode_zlib(stream, 31, 20) : i == 1 ? encode_zlib(stream, 15, 20) :
					     i == 2 ? encode_brotli(stream, 5) : encode_zstd(stream, 20);
			struct body_run run;

			body_begin(&run, EVENTS, names[i]);
			run.told.wire.budget.limit = limit;
			body_part(&run, encoded.p, encoded.n);
			assert_true(run.error == -ENOMEM || (!run.error && limit > KIB(5)));
			assert_true(limit > 1000 || run.error == -ENOMEM);
			body_done(&run);
			encode_done(encoded);
		}
}

/* ---- how a body falls into items */

static const struct body_row rows[] = {
	{ "JSON", "application/json", "d{{\"a\":1}}", STR("{\"a\":1}") },
	{ "JSON behind space", "application/json", "d{[1]}", STR(" \r\n\t\n[1]") },
	{ "events as JSON", "application/json", "e{1}", STR("data: 1\n\n") },
	{ "text", "text/plain", "d{Not Found}", STR("Not Found") },
	{ "text that begins like a field", "text/plain", "d{dates}", STR("dates") },
	{ "and ends there", "text/plain", "d{data}", STR("data") },
	{ "no type", "", "d{{}}", STR("{}") },
	{ "no type, events", "", "e:x{1}", STR("event: x\ndata: 1\n\n") },
	{ "no type, retry", "", "e{1}", STR("\n\nretry: 5\n\ndata: 1\n\n") },
	{ "no type, comment", "", "e{1}", STR(": wait\n\nid: 1\ndata: 1\n\n") },
	{ "a document under events", "text/event-stream", "d{{\n\"error\":1}}", STR("{\n\"error\":1}") },
	{ "capitals", "Text/Event-Stream;charset=x", "e{1}", STR("data: 1\n\n") },
	{ "unknown field first", "text/event-stream", "e{1}", STR("x: y\ndata: 1\n\n") },
	{ "lines as octets", "application/octet-stream", "l{{\"a\":1}} l{{\"b\":2}}", STR("{\"a\":1}\n{\"b\":2}") },
	{ "a document as octets", "application/octet-stream", "d{{\n\"a\":1}}", STR("{\n\"a\":1}") },
	{ "octets", "application/octet-stream", "d{\x89PNG}", STR("\x89PNG") },
	{ "lines", "application/x-jsonl", "l{1} l{2}", STR("1\n2\n") },
	{ "sound", "audio/mpeg", "d{data: x\n\n}", STR("data: x\n\n") },
	{ "empty", "application/json", "", STR("") },
	{ "nothing but space", "", "", STR(" \n") },
};

static void by_type_and_first_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		body_check_every_way(rows[i].name, rows[i].type, "", rows[i].bytes, rows[i].told);
}

static void what_cannot_be_read(void **state)
{
	static const struct { const char *type, *codings; } cases[] = {
		{ "text/event-stream", "compress" }, { "text/event-stream", "gzip, aws-chunked" },
		{ "text/event-stream", "gzip, gzip, gzip, gzip, gzip" },
		{ "multipart/form-data", "" }, { "multipart/form-data; boundary=", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct body_run run;

		body_begin(&run, cases[i].type, cases[i].codings);
		assert_int_equal(run.result, 1);
		assert_null(run.body);
		body_done(&run);
	}
}

/* A document is one unit, as is whatever is encoded: nothing is told behind a hole. Failure is told once. */
static void holes_that_end_a_body(void **state)
{
	static const struct { const char *type, *codings; } cases[] = { { "application/json", "" }, { EVENTS, "gzip" }, { "", "" } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct body_run run;

		body_begin(&run, cases[i].type, cases[i].codings);
		assert_int_equal(body_hole(run.body), -ENODATA);
		assert_int_equal(body_hole(run.body), 0);
		body_part(&run, "data: 1\n\n", 9);
		assert_string_equal(body_finish(&run), "");
		body_done(&run);
	}
}

/* The first bytes of an event stream may be what is lost. */
static void a_hole_before_the_first_byte(void **state)
{
	struct body_run run;

	(void)state;
	body_begin(&run, EVENTS, "");
	assert_int_equal(body_hole(run.body), 0);
	body_part(&run, "ata: 1\n\ndata: 2\n\n", 17);
	assert_string_equal(body_finish(&run), "e{2}");
	body_done(&run);
}

static void no_more_please(void **state)
{
	struct body_run run;

	(void)state;
	body_begin(&run, EVENTS, "");
	run.told.stop_pieces = true;
	body_part(&run, "data: 1\n\ndata: 2\n\n", 18);
	assert_int_equal(run.error, -ECANCELED);
	body_part(&run, "data: 3\n\n", 9);
	assert_string_equal(body_finish(&run), "e{1}!");
	body_done(&run);
}

static void no_memory_for_a_body(void **state)
{
	struct body_run run;

	(void)state;
	body_begin(&run, "audio/mpeg", "");
	mem_fail_at(1);
	assert_int_equal(body_new(&run.told.wire, run.exchange, SIDE_REQUEST, NULL, 0, STR(""), &(struct body *){ NULL }), -ENOMEM);
	mem_fail_at(0);
	body_done(&run);
}

static int without_igzip(void **state)
{
	(void)state;
	body_without_igzip = true;
	return 0;
}

int main(void)
{
	const struct CMUnitTest slow[] = {
		cmocka_unit_test(codings), cmocka_unit_test(stacked_codings), cmocka_unit_test(several_members),
		cmocka_unit_test(pieces_come_when_they_are_flushed), cmocka_unit_test(cut_short), cmocka_unit_test(corrupt),
		cmocka_unit_test(a_bomb), cmocka_unit_test(a_bomb_in_a_bomb), cmocka_unit_test(nothing_of_the_body_before),
		cmocka_unit_test(over_the_budget),
	}, tests[] = {
		cmocka_unit_test(codings), cmocka_unit_test(stacked_codings), cmocka_unit_test(several_members),
		cmocka_unit_test(pieces_come_when_they_are_flushed), cmocka_unit_test(cut_short), cmocka_unit_test(corrupt),
		cmocka_unit_test(a_bomb), cmocka_unit_test(a_bomb_in_a_bomb), cmocka_unit_test(nothing_of_the_body_before),
		cmocka_unit_test(over_the_budget), cmocka_unit_test(by_type_and_first_bytes),
		cmocka_unit_test(what_cannot_be_read), cmocka_unit_test(holes_that_end_a_body),
		cmocka_unit_test(a_hole_before_the_first_byte), cmocka_unit_test(no_more_please),
		cmocka_unit_test(no_memory_for_a_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) + cmocka_run_group_tests(slow, without_igzip, NULL);
}
