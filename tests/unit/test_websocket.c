/* SPDX-License-Identifier: Apache-2.0 */
/* WebSockets: frames, compression, what holes cost, what is no frame. */
#include <stdlib.h>

#include "tests/lib/wire_script.h"
#include "tests/lib/ws_frame.h"
#include "wire/body.h"

#define UP SENT(WS_UPGRADE)
#define OPEN GOT(WS_ANSWER "\r\n")
#define M "1111"	/* a mask that takes H^ to yo */

struct row {
	const char *name;
	const char *told;
	struct call_of calls[CALLS_MAX];
};

static const struct row rows[] = {
	{ "messages of both sides", "client GET h /rt m{yo} 101 m{hi} M{\x01\x02} complete\n",
	  { UP, OPEN, GOT("\x81\x02hi"), SENT("\x81\x82" M "H^"), GOT("\x82\x02\x01\x02\x88\x02\x03\xe8") } },
	{ "behind the answer, in its call", "client GET h /rt 101 m{hi} complete\n", { UP, GOT(WS_ANSWER "\r\n\x81\x02hi\x88\0") } },
	{ "fragments, with frames of control between them", "client GET h /rt 101 m{hello} m{x} complete\n",
	  { UP, OPEN, GOT("\x01\x02he\x89\x03" "abc\0\x01l\x8a\0\x80\x02lo\x81\x01x\x88\0") } },
	{ "nothing in it", "client GET h /rt m{} 101 m{} m{a} complete\n",
	  { UP, OPEN, GOT("\x81\0\x01\0\0\x01" "a\x80\0\x88\0"), SENT("\x81\x80" M) } },
	{ "a close of the client alone", "client GET h /rt 101 m{a} complete\n", { UP, OPEN, GOT("\x81\x01" "a"), SENT("\x88\x80" M) } },
	{ "no close", "client GET h /rt 101 m{a} aborted\n", { UP, OPEN, GOT("\x81\x01" "a") } },
	{ "a message that breaks off", "client GET h /rt 101 m{a} m{bc aborted\n", { UP, OPEN, GOT("\x81\x01" "a\x81\x05" "bc") } },
	{ "a continuation of nothing", "client GET h /rt 101 m{a} complete\n", { UP, OPEN, GOT("\x80\x02no\x81\x01" "a\x88\0") } },
	{ "compressed though nobody agreed", "client GET h /rt 101 m{a} complete +undecoded\n",
	  { UP, OPEN, GOT("\xc1\x02no\x81\x01" "a\x88\0") } },
	{ "another extension's bits", "client GET h /rt 101 m{a} complete +undecoded\n",
	  { UP, OPEN, GOT("\xa1\x02no\x91\x02no\x81\x01" "a\x88\0") } },
	/* RFC 7692 sections 7.2.3.1, 7.2.3.2 and 7.2.3.4 */
	{ "the RFC's own", "client GET h /rt 101 m{Hello} m{Hello} m{Hello} complete\n",
	  { UP, GOT(WS_ANSWER "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"), GOT("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\0"),
	    GOT("\xc1\x05\xf2\x00\x11\0\0"), GOT("\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\0\0\x88\0") } },
	{ "the RFC's own, in fragments", "client GET h /rt 101 m{Hello} complete\n",
	  { UP, GOT(WS_ANSWER "Sec-WebSocket-Extensions: x-other, permessage-deflate; server_no_context_takeover\r\n\r\n"),
	    GOT("\x41\x03\xf2\x48\xcd\x89\0\x80\x04\xc9\xc9\x07\0\x88\0") } },
	{ "the RFC's own, not compressed", "client GET h /rt 101 m{Hello} complete\n",
	  { UP, GOT(WS_ANSWER "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"), GOT("\xc1\x0b\0\x05\0\xfa\xffHello\0\x88\0") } },
	{ "corrupt, and each begins anew", "client GET h /rt 101 m{Hello} complete +undecoded\n",
	  { UP, GOT(WS_ANSWER "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n\r\n"),
	    GOT("\xc1\x02\x07\xff"), GOT("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\0\x88\0") } },
	{ "corrupt, and the rest refers to it", "client GET h /rt 101 m{plain} complete +undecoded\n",
	  { UP, GOT(WS_ANSWER "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"), GOT("\xc1\x02\x07\xff"),
	    GOT("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\0\x81\x05plain\x88\0") } },
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static size_t count_calls(const struct row *row, size_t *ret_total)
{
	size_t n = 0;

	*ret_total = 0;
	while (n < CALLS_MAX && row->calls[n].bytes.p)
		*ret_total += row->calls[n++].bytes.n;
	return n;
}

static void run_row(const struct row *row, size_t most, size_t split)
{
	struct parts parts;
	struct told told;
	size_t total;

	assert_int_equal(told_init(&told), 0);
	parts_of(row->calls, count_calls(row, &total), most, split, &parts);
	play(&told, &parts, NULL, true);
	if (strcmp(buf_cstr(&told.text), row->told))
		print_error("%s: pieces of %zu, split at %zu\n", row->name, most, split);
	assert_string_equal(buf_cstr(&told.text), row->told);
	parts_done(&parts);
	told_done(&told);
}

static void every_row_every_way(void **state)
{
	size_t total;

	(void)state;
	for (size_t i = 0; i < N_ROWS; i++) {
		count_calls(&rows[i], &total);
		for (size_t most = 1; most < 6; most++)
			run_row(&rows[i], most, 0);
		for (size_t split = 0; split < total; split++)
			run_row(&rows[i], SIZE_MAX, split);
	}
}

/* The client's first frames are seen before the answer to its upgrade. */
static void events_that_pass_each_other(void **state)
{
	static const struct call_of calls[] = { UP, OPEN, SENT("\x81\x82" M "H^"), GOT("\x81\x02hi\x88\0") };
	static const size_t orders[][4] = { { 0, 2, 1, 3 }, { 2, 0, 1, 3 }, { 0, 2, 3, 1 }, { 3, 2, 1, 0 }, { 1, 0, 2, 3 } };

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		struct parts parts;
		struct told told;

		assert_int_equal(told_init(&told), 0);
		parts_of(calls, 4, SIZE_MAX, 0, &parts);
		play(&told, &parts, orders[i], true);
		assert_string_equal(buf_cstr(&told.text), "client GET h /rt m{yo} 101 m{hi} complete\n");
		parts_done(&parts);
		told_done(&told);
	}
}

/* The answer takes longer than what comes out of order may wait; then the client speaks. */
static void an_answer_that_takes_its_time(void **state)
{
	static const struct call_of calls[] = { UP, OPEN, SENT("\x81\x82" M "H^"), GOT("\x81\x02hi\x88\0") };
	struct parts parts;
	struct told told;
	struct conn *conn;

	(void)state;
	assert_int_equal(told_init(&told), 0);
	parts_of(calls, 4, SIZE_MAX, 0, &parts);
	assert_int_equal(conn_new(&told.wire, 1, true, &conn), 0);
	feed_part(conn, &parts.part[0]);
	conn_tick(conn, 1000 + 10 * LIMIT_REORDER_NS);
	for (size_t i = 1; i < parts.n; i++)
		feed_part(conn, &parts.part[i]);
	conn_end(conn, parts.length);
	conn_free(conn);
	assert_string_equal(buf_cstr(&told.text), "client GET h /rt m{yo} 101 m{hi} complete\n");
	parts_done(&parts);
	told_done(&told);
}

/* ---- compression */

static void extensions(void **state)
{
	static const struct { const char *header; bool takeover[2]; int bits[2]; } cases[] = {
		{ "permessage-deflate", { true, true }, { 15, 15 } },
		{ "permessage-deflate; server_no_context_takeover; client_no_context_takeover", { false, false }, { 15, 15 } },
		{ "permessage-deflate;server_max_window_bits=\"9\";client_max_window_bits=10; server_no_context_takeover", { true, false },
		  { 10, 9 } },
		{ "x-a;b=c, PERMESSAGE-DEFLATE ; client_max_window_bits = 9 ;client_no_context_takeover", { false, true }, { 9, 15 } },
	};
	char text[30000];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + (i * i + i / 97) % 26);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf answer = BUF(4096), frames[2] = { BUF(MIB(1)), BUF(MIB(1)) }, packed = BUF(MIB(1)), expect = BUF(MIB(1));
		struct ws_squeezer squeezer;

		buf_printf(&answer, WS_ANSWER "Sec-WebSocket-Extensions: %s\r\n\r\n", cases[i].header);
		for (int side = 0; side < 2; side++) {
			ws_squeeze_begin(&squeezer, cases[i].bits[side], cases[i].takeover[side]);
			for (size_t n = 1; n < 20000; n *= 5) {
				buf_reset(&packed);
				ws_squeeze(&squeezer, (struct str){ text, n }, &packed);
				ws_frame(&frames[side], side == SIDE_REQUEST, 0xc1, buf_view(&packed));
			}
			deflateEnd(&squeezer.z);
		}
		ws_frame(&frames[1], false, 0x88, STR(""));
		buf_puts(&expect, "client GET h /rt");
		for (int side = 0; side < 2; side++) {
			if (side)
				buf_puts(&expect, " 101");
			for (size_t n = 1; n < 20000; n *= 5) {
				buf_puts(&expect, " m{");
				buf_add(&expect, text, n);
				buf_char(&expect, '}');
			}
		}
		buf_puts(&expect, " complete\n");
		for (size_t most = 1; most < 100000; most *= 7) {
			const struct call_of calls[] = { UP, { DIR_RECEIVED, buf_view(&answer) }, { DIR_SENT, buf_view(&frames[0]) },
							 { DIR_RECEIVED, buf_view(&frames[1]) } };
			struct parts parts;
			struct told told;

			assert_int_equal(told_init(&told), 0);
			parts_of(calls, 4, most, 0, &parts);
			play(&told, &parts, NULL, true);
			assert_string_equal(buf_cstr(&told.text), buf_cstr(&expect));
			assert_true(told.largest_piece <= FILTER_ROOM);
			parts_done(&parts);
			told_done(&told);
		}
		buf_done(&answer), buf_done(&frames[0]), buf_done(&frames[1]), buf_done(&packed), buf_done(&expect);
	}
}

/* A state is kept where the next message may need it, and nowhere else. */
static void what_is_kept(void **state)
{
	(void)state;
	for (int takeover = 0; takeover < 2; takeover++) {
		const struct call_of calls[] = {
			UP, { DIR_RECEIVED, takeover ? STR(WS_ANSWER "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n") :
			      STR(WS_ANSWER "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n\r\n") },
			GOT("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\0"),
		};
		struct parts parts;
		struct told told;
		struct conn *conn;

		assert_int_equal(told_init(&told), 0);
		parts_of(calls, 3, SIZE_MAX, 0, &parts);
		assert_int_equal(conn_new(&told.wire, 1, true, &conn), 0);
		for (size_t i = 0; i < parts.n; i++)
			feed_part(conn, &parts.part[i]);
		assert_int_equal(told.wire.n_inflaters, takeover ? 0 : 1);
		conn_end(conn, parts.length);
		assert_int_equal(told.wire.n_inflaters, 1);
		conn_free(conn);
		parts_done(&parts);
		told_done(&told);
	}
}

/* ---- what is lost */

#define HOLE_CASE(name, told_text, lost_call, ...) { name, told_text, lost_call, { UP, __VA_ARGS__ } }

static void holes(void **state)
{
	static const struct { const char *name, *told; size_t lost; struct call_of calls[CALLS_MAX]; } cases[] = {
		HOLE_CASE("within a payload", "client GET h /rt 101 m{ab m{x} hole +missing\n", 3, OPEN, GOT("\x81\x06" "ab"), GOT("cd"),
			  GOT("ef\x81\x01x")),
		HOLE_CASE("a frame of control", "client GET h /rt 101 m{x} hole +missing\n", 3, OPEN, GOT("\x89\x04"), GOT("cdef"),
			  GOT("\x81\x01x")),
		HOLE_CASE("a frame", "client GET h /rt 101 m{{a} m{{c} hole +missing\n", 3, OPEN, GOT("\x81\x02{a"), GOT("\x81\x02{b"),
			  GOT("\x81\x02{c")),
		HOLE_CASE("a frame, and the next call begins in its middle", "client GET h /rt 101 m{{a} m{{d} hole +missing\n", 3, OPEN,
			  GOT("\x81\x02{a"), GOT("\x81\x7e\x01"), GOT("\x05{\"b\":1}"), GOT("\x81\x02{d")),
		HOLE_CASE("of a fragment", "client GET h /rt 101 m{he m{{x} hole +missing\n", 3, OPEN, GOT("\x01\x02he"), GOT("\0\x02ll"),
			  GOT("\x80\x01o"), GOT("\x81\x02{x")),
		HOLE_CASE("compressed, each anew", "client GET h /rt 101 m{Hello} hole +missing\n", 2,
			  GOT(WS_ANSWER "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n\r\n"),
			  GOT("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\0"), GOT("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\0")),
		HOLE_CASE("compressed, and the rest refers to it", "client GET h /rt 101 m{{p} hole +undecoded +missing\n", 2,
			  GOT(WS_ANSWER "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"), GOT("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\0"),
			  GOT("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\0"), GOT("\x81\x02{p")),
		HOLE_CASE("of the client", "client GET h /rt m{{}} 101 hole +missing\n", 2, OPEN, SENT("\x81\x82" M "JL"),
			  SENT("\x81\x82" M "H^"), SENT("\x81\x82" M "JL")),
		HOLE_CASE("of the answer", "client GET h /rt m{yo} 101 m{{a} hole +missing\n", 1, OPEN, GOT("\x81\x02{a"),
			  SENT("\x81\x82" M "H^")),
		HOLE_CASE("of the answer, and nobody knows what was agreed", "client GET h /rt hole +missing\n", 1,
			  GOT(WS_ANSWER "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"), GOT("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\0")),
		HOLE_CASE("of the answer, and what follows is HTTP", "client GET h /rt 200 d{1} complete +missing\n", 1, GOT("HTTP/1.1 100 Go on\r\n\r\n"),
			  GOT("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct parts parts;
		struct told told;
		size_t n = 0;

		while (n < CALLS_MAX && cases[i].calls[n].bytes.p)
			n++;
		assert_int_equal(told_init(&told), 0);
		parts_of(cases[i].calls, n, SIZE_MAX, 0, &parts);
		parts.part[cases[i].lost].lost = true;
		play(&told, &parts, NULL, true);
		if (strcmp(buf_cstr(&told.text), cases[i].told))
			print_error("%s\n", cases[i].name);
		assert_string_equal(buf_cstr(&told.text), cases[i].told);
		parts_done(&parts);
		told_done(&told);
	}
}

/* Wherever bytes are lost, no message is told as whole that was not sent so. */
static void holes_everywhere(void **state)
{
	static const struct str all = STR(" m{{\"a\":1}} m{{\"b\":22}} m{{\"c\":333}} m{{\"d\":4}} ");
	struct buf bytes = BUF(4096);

	(void)state;
	for (const char *text = "a:1 b:22 c:333 d:4 "; *text; text = strchr(text, ' ') + 1) {
		struct buf json = BUF(100);

		buf_printf(&json, "{\"%c\":%.*s}", text[0], (int)(strchr(text, ' ') - text - 2), text + 2);
		ws_frame(&bytes, false, 0x01, str_sub(buf_view(&json), 0, 3));
		ws_frame(&bytes, false, 0x89, STR("{"));
		ws_frame(&bytes, false, 0x80, str_sub(buf_view(&json), 3, json.n));
		buf_done(&json);
	}
	for (size_t from = 0; from < bytes.n; from++)
		for (size_t len = 1; from + len <= bytes.n; len++) {
			const struct call_of calls[] = { UP, OPEN, { DIR_RECEIVED, { bytes.p, from } },
							 { DIR_RECEIVED, { bytes.p + from, len } },
							 { DIR_RECEIVED, { bytes.p + from + len, bytes.n - from - len } } };
			struct str rest, item;
			struct parts parts;
			struct told told;

			assert_int_equal(told_init(&told), 0);
			parts_of(calls, 5, SIZE_MAX, 0, &parts);
			parts.part[from ? 3 : 2].lost = true;
			play(&told, &parts, NULL, true);
			rest = buf_view(&told.text);
			while (str_split(&rest, ' ', &item))
				if (str_starts(item, STR("m{")) && str_ends(item, STR("}}")))
					assert_true(str_find(all, item) >= 0);
			parts_done(&parts);
			told_done(&told);
		}
	buf_done(&bytes);
}

/* ---- what is none */

static void no_frames(void **state)
{
	static const struct call_of ends[] = {
		GOT("\x81\x82" M "H^"),			/* masked by a server */
		GOT("\x83\x01x"), GOT("\x8b\0"),	/* opcodes that are none */
		GOT("\x09\0"), GOT("\x89\x7e\0\x80"),	/* frames of control that are cut, or long */
		GOT("\x81\x7e\0\x01x"),			/* a length in more bytes than it needs */
		GOT("\x81\x7f\0\0\0\0\0\0\xff\xff"), GOT("\x81\x7f\x80\0\0\0\0\x01\0\0"),
		GOT("HTTP/1.1 200 OK\r\n\r\n"), SENT("\x81\x02no"), SENT("GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		for (size_t most = 1; most < 9; most += 7) {
			const struct call_of calls[] = { UP, OPEN, GOT("\x81\x01" "a"), ends[i], GOT("\x81\x02{b") };
			struct parts parts;
			struct told told;

			assert_int_equal(told_init(&told), 0);
			parts_of(calls, 5, i || most > 1 ? SIZE_MAX : most, 0, &parts);
			play(&told, &parts, NULL, true);
			assert_true(str_starts(buf_view(&told.text), STR("client GET h /rt 101 m{a}")));
			assert_true(str_find(buf_view(&told.text), STR("+undecoded")) > 0);
			assert_int_equal(told.wire.counts.lost, 1);
			assert_int_equal(told.begun, 1);
			parts_done(&parts);
			told_done(&told);
		}
}

/* A message of any length is no memory. */
static void long_messages(void **state)
{
	static const size_t length = MIB(20);
	struct buf frames = BUF(MIB(48));
	char *text = mem_new(length);
	struct told told;
	struct parts parts;
	uint64_t before;

	(void)state;
	memset(text, 'x', length);
	for (int client = 0; client < 2; client++)
		ws_frame(&frames, client, 0x81, (struct str){ text, length });
	{
		size_t half = frames.n / 2 - 2;		/* a client's head has four bytes more */
		const struct call_of calls[] = { UP, OPEN, { DIR_RECEIVED, { frames.p, half } },
						 { DIR_SENT, { frames.p + half, frames.n - half } } };
		struct conn *conn;

		assert_int_equal(told_init(&told), 0);
		parts_of(calls, 4, 100000, 0, &parts);
		assert_int_equal(conn_new(&told.wire, 1, true, &conn), 0);
		told.stop_pieces = false;
		feed_part(conn, &parts.part[0]);
		feed_part(conn, &parts.part[1]);
		before = told.wire.budget.used;
		for (size_t i = 2; i < parts.n; i++)
			feed_part(conn, &parts.part[i]);
		assert_int_equal(told.wire.budget.used, before);
		conn_end(conn, parts.length);
		conn_free(conn);
	}
	assert_true(told.largest_piece <= 100000);
	assert_true(told.text.n > 2 * length);
	parts_done(&parts);
	told_done(&told);
	buf_done(&frames);
	mem_free(text);
}

static void no_more_please(void **state)
{
	static const struct call_of calls[] = { UP, OPEN, GOT("\x81\x01" "a\x81\x01" "b\xc1\x01x"), SENT("\x81\x82" M "H^") };
	struct parts parts;
	struct told told;

	(void)state;
	assert_int_equal(told_init(&told), 0);
	told.stop_pieces = true;
	parts_of(calls, 4, SIZE_MAX, 0, &parts);
	play(&told, &parts, NULL, true);
	assert_true(str_starts(buf_view(&told.text), STR("client GET h /rt m{yo} 101 m{a}")));
	assert_true(str_find(buf_view(&told.text), STR("m{b")) < 0);
	parts_done(&parts);
	told_done(&told);
}

/* Met in its middle: nobody knows whose it is, or what was agreed. Nothing is made up. */
static void met_late(void **state)
{
	static const struct call_of calls[] = { GOT("\x81\x7e\x01\x05{\"type\":\"response.done\"}"), GOT("\x81\x0d{\"usage\":{}} "),
						SENT("\x81\x82" M "JL"), GOT("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\0"), GOT("\x88\0") };
	struct parts parts;
	struct told told;

	(void)state;
	for (size_t most = 1; most < 9; most += 7) {
		assert_int_equal(told_init(&told), 0);
		parts_of(calls, 5, most, 0, &parts);
		play(&told, &parts, NULL, false);
		assert_string_equal(buf_cstr(&told.text), "");
		assert_true(told.wire.counts.lost > 0);
		parts_done(&parts);
		told_done(&told);
	}
}

/* A socket of no interest is not read, and keeps nothing. */
static void not_wanted(void **state)
{
	static const struct call_of calls[] = { UP, OPEN, GOT("\x81\x01" "a"), SENT("\x81\x82" M "H^") };
	struct parts parts;
	struct told told;

	(void)state;
	assert_int_equal(told_init(&told), 0);
	told.not_wanted = STR("/rt");
	parts_of(calls, 4, SIZE_MAX, 0, &parts);
	play(&told, &parts, NULL, true);
	assert_string_equal(buf_cstr(&told.text), "client GET h /rt complete\n");
	parts_done(&parts);
	told_done(&told);
}

static void allocations_refused(void **state)
{
	size_t total;

	(void)state;
	for (size_t i = 0; i < N_ROWS; i++)
		for (uint64_t nth = 1; ; nth++) {
			struct parts parts;
			struct told told;
			uint64_t before;

			parts_of(rows[i].calls, count_calls(&rows[i], &total), 3, 0, &parts);
			assert_int_equal(told_init(&told), 0);
			before = mem_count();
			mem_fail_at(nth);
			play(&told, &parts, NULL, true);
			mem_fail_at(0);
			parts_done(&parts);
			told_done(&told);
			if (mem_count() - before < nth)
				break;
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_every_way), cmocka_unit_test(events_that_pass_each_other),
		cmocka_unit_test(an_answer_that_takes_its_time), cmocka_unit_test(extensions), cmocka_unit_test(what_is_kept),
		cmocka_unit_test(holes), cmocka_unit_test(holes_everywhere), cmocka_unit_test(no_frames),
		cmocka_unit_test(long_messages), cmocka_unit_test(no_more_please), cmocka_unit_test(met_late), cmocka_unit_test(not_wanted),
		cmocka_unit_test(allocations_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
