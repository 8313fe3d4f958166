/* SPDX-License-Identifier: Apache-2.0 */
/* AWS event streams. */
#include "tests/lib/aws_frame.h"
#include "tests/lib/wire_body.h"

#define T "application/vnd.amazon.eventstream"

struct row {
	const char *name;
	const char *told;
	void (*write)(struct buf *);
};

static void two_events(struct buf *to)
{
	aws_event(to, "event", "messageStart", STR("{\"role\":\"assistant\"}"));
	aws_event(to, "event", "metadata", STR("{\"usage\":{}}"));
}

static void an_exception(struct buf *to)
{
	aws_event(to, "event", "chunk", STR("{}"));
	aws_event(to, "exception", "throttlingException", STR("{\"message\":\"slow\"}"));
	aws_event(to, "error", "InternalError", STR(""));
}

/* One header of every type there is, in front of the name and behind it. */
static void every_type(struct buf *to)
{
	static const uint8_t sizes[] = { 0, 0, 1, 2, 4, 8, 3, 4, 8, 16 };
	struct buf headers = BUF(4096);

	for (size_t type = 0; type < sizeof(sizes); type++) {
		if (type == 5)
			aws_header(&headers, ":event-type", "typed");
		buf_add(&headers, "\3a-b", 4);
		buf_char(&headers, (char)type);
		if (type == 6 || type == 7)
			buf_add(&headers, "\0", 1), buf_char(&headers, (char)sizes[type]);
		buf_add(&headers, "\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7\7", sizes[type]);
	}
	aws_header(&headers, "empty", "");
	aws_header(&headers, ":event-type-of-another-kind", "no");
	aws_message(to, buf_view(&headers), STR("x"));
	buf_done(&headers);
}

static void no_headers(struct buf *to)
{
	aws_message(to, STR(""), STR("bare"));
	aws_message(to, STR(""), STR(""));
}

static void headers_that_are_none(struct buf *to)
{
	aws_message(to, STR("\1a\12zz"), STR("lost"));		/* no such type */
	aws_message(to, STR("\1a\7\0\11short"), STR("lost"));	/* longer than what is there */
	aws_message(to, STR("\11a"), STR("lost"));
	aws_event(to, "event", "next", STR("kept"));
}

static const struct row rows[] = {
	{ "two events", "r:messageStart{{\"role\":\"assistant\"}} r:metadata{{\"usage\":{}}}", two_events },
	{ "exceptions", "r:chunk{{}} R:throttlingException{{\"message\":\"slow\"}} R:InternalError{}", an_exception },
	{ "every type of header", "r:typed{x}", every_type },
	{ "no headers", "r{bare} r{}", no_headers },
	{ "headers that are none", "r:next{kept}", headers_that_are_none },
};

static void every_row_every_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf bytes = BUF(MIB(1));

		rows[i].write(&bytes);
		body_check_every_way(rows[i].name, T, "", buf_view(&bytes), rows[i].told);
		/* without a type, and with one that says little, its first bytes tell */
		body_check_every_way(rows[i].name, "", "", buf_view(&bytes), rows[i].told);
		body_check_every_way(rows[i].name, "application/octet-stream", "", buf_view(&bytes), rows[i].told);
		buf_done(&bytes);
	}
}

/* A bit that is wrong, wherever it is, costs items; never does it make one. */
static void every_bit_wrong(void **state)
{
	static const struct str all = STR("r:a{1} r:b{22} ");
	struct buf bytes = BUF(MIB(1));

	(void)state;
	aws_event(&bytes, "event", "a", STR("1"));
	aws_event(&bytes, "event", "b", STR("22"));
	for (size_t bit = 0; bit < bytes.n * 8; bit++) {
		struct body_run run;
		struct str rest, item;
		unsigned int whole = 0;

		bytes.p[bit / 8] ^= (char)(1 << bit % 8);
		body_run_pieces(&run, T, "", buf_view(&bytes), SIZE_MAX, 0, NO_HOLE, 0);
		rest = str_of(body_finish(&run));
		while (str_split(&rest, ' ', &item))
			if (str_ends(item, STR("}"))) {
				whole++;
				assert_true(str_find(all, item) >= 0);
			}
		assert_true(whole < 2);
		assert_true(run.told.wire.counts.undecodable || run.error == -EBADMSG);
		assert_true(run.error || run.exchange->facts.undecoded);
		bytes.p[bit / 8] ^= (char)(1 << bit % 8);
		body_done(&run);
	}
	buf_done(&bytes);
}

/* What is told as whole was told so without the hole, and what lies behind it is told. */
static void holes(void **state)
{
	static const struct str all = STR("r:a{{1}} r:b{{22}} r:c{{333}} ");
	struct buf bytes = BUF(MIB(1));
	size_t last, first;

	(void)state;
	aws_event(&bytes, "event", "a", STR("{1}"));
	first = bytes.n;
	aws_event(&bytes, "event", "b", STR("{22}"));
	last = bytes.n;
	aws_event(&bytes, "event", "c", STR("{333}"));
	for (size_t from = 0; from < bytes.n; from++)
		for (size_t len = 1; from + len <= bytes.n; len += 1 + len / 8) {
			struct body_run run;
			struct str rest, item;

			body_run_pieces(&run, T, "", buf_view(&bytes), SIZE_MAX, 0, from, len);
			rest = str_of(body_finish(&run));
			assert_true(from < first || str_starts(rest, STR("r:a{{1}}")));
			assert_true(from + len > last || str_find(rest, STR("r:c{{333}}")) >= 0);
			while (str_split(&rest, ' ', &item))
				assert_true(!str_ends(item, STR("}}")) || str_find(all, item) >= 0);
			body_done(&run);
		}
	buf_done(&bytes);
}

static void broken_off(void **state)
{
	struct buf bytes = BUF(MIB(1));
	size_t first;

	(void)state;
	aws_event(&bytes, "event", "a", STR("1"));
	first = bytes.n;
	aws_event(&bytes, "event", "b", STR("22"));
	for (size_t n = 1; n < bytes.n; n++) {
		bool between = n == first;
		struct body_run run;
		const char *text;

		body_run_pieces(&run, T, "", (struct str){ bytes.p, n }, SIZE_MAX, 0, NO_HOLE, 0);
		text = body_finish(&run);
		assert_int_equal(run.error, between ? 0 : -EBADMSG);
		assert_int_equal(str_starts(str_of(text), STR("r:a{1}")), n >= first);
		assert_true(str_find(str_of(text), STR("r:b{22}")) < 0);
		body_done(&run);
	}
	buf_done(&bytes);
}

/* No length of a message is memory. */
static void long_messages(void **state)
{
	static const size_t payload = MIB(20);
	struct body_run run;
	struct buf bytes = BUF(MIB(32));
	char *filler = mem_new(payload);

	(void)state;
	memset(filler, 'x', payload);
	aws_message(&bytes, STR(""), (struct str){ filler, payload });
	aws_event(&bytes, "event", "next", STR("kept"));
	body_run_pieces(&run, T, "", buf_view(&bytes), 4000, 0, NO_HOLE, 0);
	assert_true(str_ends(str_of(body_finish(&run)), STR("x} r:next{kept}")));
	assert_int_equal(run.told.largest_piece, 4000);
	body_done(&run);
	buf_done(&bytes);
	mem_free(filler);
}

/* A length that no message has, with a check sum that fits it. */
static void lengths_that_are_none(void **state)
{
	static const uint32_t lengths[][2] = {
		{ 15, 0 }, { 0, 0 }, { 100, 85 }, { 0x7fffffff, 0 }, { 0xffffffff, 0xffffffff }, { MIB(24), KIB(128) + 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct buf bytes = BUF(4096);
		struct body_run run;

		aws_u32(&bytes, lengths[i][0]);
		aws_u32(&bytes, lengths[i][1]);
		aws_u32(&bytes, (uint32_t)crc32(0, (const Bytef *)bytes.p, 8));
		aws_event(&bytes, "event", "next", STR("kept"));
		body_run_pieces(&run, T, "", buf_view(&bytes), SIZE_MAX, 0, NO_HOLE, 0);
		assert_string_equal(body_finish(&run), "!");
		assert_int_equal(run.error, -EBADMSG);
		body_done(&run);
		buf_done(&bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_every_way), cmocka_unit_test(every_bit_wrong), cmocka_unit_test(holes),
		cmocka_unit_test(broken_off), cmocka_unit_test(long_messages), cmocka_unit_test(lengths_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
