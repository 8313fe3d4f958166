/* SPDX-License-Identifier: Apache-2.0 */
/* Conversations in HTTP/2 and what is told of them: whole, in pieces of every kind, and with holes. */
#include "tests/lib/h2_script.h"

struct row {
	const char *name;
	const char *told;
	bool early;	/* a stream ends while a side goes on: what is missing of that is seen too late */
	struct h2_frame frames[FRAMES_MAX];
};

static const struct row rows[] = {
	{ "one", "client GET h /a 200 d{hello} complete\n", .frames = {
		BEGUN, OUT(HEADERS, ALL, 1, GET("/a")), IN(HEADERS, END_HEADERS, 1, S_200), IN(DATA, END_STREAM, 1, "hello") } },
	{ "bodies each way, in parts", "client POST h /a?q=1 d{abcd} 200 d{hello} complete\n", .frames = {
		BEGUN, OUT(HEADERS, END_HEADERS, 1, M_POST HTTPS "\x41\x04h:81" PATH("\6", "/a?q=1")), OUT(DATA, 0, 1, "ab"),
		OUT(DATA, END_STREAM, 1, "cd"), IN(HEADERS, END_HEADERS, 1, S_200), IN(DATA, 0, 1, "hel"), IN(DATA, 0, 1, "lo"),
		IN(DATA, END_STREAM, 1, "") } },
	{ "two at a time", "client GET h /b 200 d{123} complete\nclient GET h /a 200 d{xyz} complete\n", .frames = {
		BEGUN, OUT(HEADERS, ALL, 1, GET("/a")), OUT(HEADERS, ALL, 3, M_GET HTTPS NEWEST PATH("\2", "/b")),
		IN(HEADERS, END_HEADERS, 3, S_200), IN(HEADERS, END_HEADERS, 1, S_200), IN(DATA, 0, 1, "x"), IN(DATA, 0, 3, "12"),
		IN(DATA, 0, 1, "y"), IN(DATA, END_STREAM, 3, "3"), IN(DATA, END_STREAM, 1, "z") } },
	{ "padding and priorities", "client POST h /a d{abc} 200 d{hello} complete\n", .frames = {
		BEGUN, OUT(PRIORITY, 0, 1, "\0\0\0\0\20"), OUT(HEADERS, END_HEADERS | PADDED | PRIORITISED, 1,
		"\3\0\0\0\0\20" M_POST HTTPS HOST_ADD PATH("\2", "/a") "\0\0\0"), OUT(DATA, END_STREAM | PADDED, 1, "\2abc\0\0"),
		IN(HEADERS, END_HEADERS | PADDED, 1, "\0" S_200), IN(DATA, PADDED, 1, "\0hel"), IN(DATA, PADDED, 1, "\4" "\0\0\0\0"),
		IN(DATA, END_STREAM | PADDED, 1, "\1lo\0") } },
	{ "a head in parts", "client GET h /a 200 d{hi} complete\n", .frames = {
		BEGUN, OUT(HEADERS, END_STREAM, 1, M_GET), OUT(CONTINUATION, 0, 1, HTTPS "\x41\x01"), OUT(CONTINUATION, 0, 1, ""),
		OUT(CONTINUATION, END_HEADERS, 1, "h" PATH("\2", "/a")), IN(HEADERS, PADDED, 1, "\1\0"), IN(CONTINUATION, END_HEADERS, 1, S_200),
		IN(DATA, END_STREAM, 1, "hi") } },
	{ "trailers", "client POST h /a d{a} t{x=1} 200 d{hi} t{y=22} complete\n", .frames = {
		BEGUN, OUT(HEADERS, END_HEADERS, 1, M_POST HTTPS HOST_ADD PATH("\2", "/a")), OUT(DATA, 0, 1, "a"),
		OUT(HEADERS, ALL, 1, "\0\1x\0011"), IN(HEADERS, END_HEADERS, 1, S_200), IN(DATA, 0, 1, "hi"),
		IN(HEADERS, ALL, 1, "\0\1y\00222") } },
	{ "interim heads", "client GET h /a 200 d{hi} complete\n", .frames = {
		BEGUN, OUT(HEADERS, ALL, 1, GET("/a")), IN(HEADERS, END_HEADERS, 1, "\x08\3" "100"), IN(HEADERS, END_HEADERS, 1, "\x08\3" "103"),
		IN(HEADERS, END_HEADERS, 1, S_200), IN(DATA, END_STREAM, 1, "hi") } },
	{ "no body", "client GET h /a 204 complete\n", .frames = {
		BEGUN, OUT(HEADERS, ALL, 1, GET("/a")), IN(HEADERS, ALL, 1, "\x89") } },
	{ "events", "client GET h /a 200 e{1} e{2} complete\n", .frames = {
		BEGUN, OUT(HEADERS, ALL, 1, GET("/a")), IN(HEADERS, END_HEADERS, 1, S_200 SSE), IN(DATA, 0, 1, "data: 1\n\nda"),
		IN(DATA, END_STREAM, 1, "ta: 2\n\n") } },
	{ "the serving side", "server GET h /a 200 d{hi} complete\n", .frames = {
		IN(RAW, 0, 0, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), IN(SETTINGS, 0, 0, ""), OUT(SETTINGS, 0, 0, ""),
		IN(HEADERS, ALL, 1, GET("/a")), OUT(HEADERS, END_HEADERS, 1, S_200), OUT(DATA, END_STREAM, 1, "hi") } },
	{ "the server speaks first", "client GET h /a 200 d{hi} complete\n", .frames = {
		IN(SETTINGS, 0, 0, "\0\3\0\0\0\x64"), OUT(RAW, 0, 0, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), OUT(SETTINGS, 0, 0, ""),
		OUT(HEADERS, ALL, 1, GET("/a")), IN(HEADERS, END_HEADERS, 1, S_200), IN(DATA, END_STREAM, 1, "hi") } },

	/* the table */
	{ "a table that is resized", "client GET h /a 200 d{1} complete\nclient GET h /a 200 d{2} complete\nclient GET i /a 200 d{3} complete\n", .frames = {
		BEGUN, IN(SETTINGS, 0, 0, "\0\1\0\1\0\0"), OUT(HEADERS, ALL, 1, "\x3f\xe1\xff\3" GET("/a")), IN(HEADERS, END_HEADERS, 1, S_200),
		IN(DATA, END_STREAM, 1, "1"), OUT(HEADERS, ALL, 3, M_GET HTTPS NEWEST PATH("\2", "/a")), IN(HEADERS, END_HEADERS, 3, S_200),
		IN(DATA, END_STREAM, 3, "2"), IN(SETTINGS, 0, 0, "\0\1\0\0\0\0"),
		OUT(HEADERS, ALL, 5, "\x20" M_GET HTTPS "\x01\1i" PATH("\2", "/a")), IN(HEADERS, END_HEADERS, 5, S_200),
		IN(DATA, END_STREAM, 5, "3") } },
	{ "settings whose effect is seen before they are", "client GET h /a 200 d{1} complete\n", .frames = {
		BEGUN, OUT(HEADERS, ALL, 1, "\x3f\xe1\x5f" GET("/a")), IN(SETTINGS, 0, 0, "\0\1\0\0\x40\0"), IN(HEADERS, END_HEADERS, 1, S_200),
		IN(DATA, END_STREAM, 1, "1") } },
	{ "what is pushed", "client GET h /a 200 d{hi} complete\n", .frames = {
		BEGUN, OUT(HEADERS, ALL, 1, GET("/a")), IN(PUSH, END_HEADERS, 1, "\0\0\0\2" M_GET HTTPS HOST_ADD PATH("\2", "/x")),
		IN(HEADERS, END_HEADERS, 2, S_200), IN(DATA, END_STREAM, 2, "pushed"), IN(HEADERS, END_HEADERS, 1, S_200),
		IN(DATA, END_STREAM, 1, "hi") } },

	/* what passes by */
	{ "flow control, pings, frames of no known type", "client GET h /a 200 d{hi} complete\n", .frames = {
		BEGUN, OUT(SETTINGS, 1, 0, ""), OUT(WINDOW, 0, 0, "\0\1\0\0"), OUT(HEADERS, ALL, 1, GET("/a")), IN(SETTINGS, 1, 0, ""),
		IN(PING, 0, 0, "12345678"), OUT(PING, 1, 0, "12345678"), IN(0xbe, 0xff, 77, "GET / HTTP/1.1\r\n\r\n"), IN(HEADERS, END_HEADERS, 1, S_200),
		OUT(WINDOW, 0, 1, "\0\1\0\0"), IN(16, 0, 0, "\0\0\0\1u=1"), IN(DATA, END_STREAM, 1, "hi") } },

	{ "settings beyond what the RFC allows", "client GET h /a 200 d{hi} complete\n", .frames = {
		BEGUN, IN(SETTINGS, 0, 0, "\0\5\1\0\0\0"), OUT(HEADERS, ALL, 1, GET("/a")), IN(HEADERS, END_HEADERS, 1, S_200),
		IN(DATA, END_STREAM, 1, "hi") } },

	/* ends */
	{ "no answer", "client GET h /a aborted\n", .frames = { BEGUN, OUT(HEADERS, ALL, 1, GET("/a")) } },
	{ "reset by the client", "client GET h /a 200 d{hi aborted\nclient GET h /b 200 d{1} complete\n", .frames = {
		BEGUN, OUT(HEADERS, ALL, 1, GET("/a")), IN(HEADERS, END_HEADERS, 1, S_200), IN(DATA, 0, 1, "hi"), OUT(RST, 0, 1, "\0\0\0\x8"),
		IN(DATA, 0, 1, "late"), OUT(HEADERS, ALL, 3, M_GET HTTPS NEWEST PATH("\2", "/b")), IN(HEADERS, END_HEADERS, 3, S_200),
		IN(DATA, END_STREAM, 3, "1") } },
	{ "reset behind a whole answer", "client POST h /a d{ab 413 complete\n", .early = true, .frames = {
		BEGUN, OUT(HEADERS, END_HEADERS, 1, M_POST HTTPS HOST_ADD PATH("\2", "/a")), OUT(DATA, 0, 1, "ab"),
		OUT(WINDOW, 0, 0, "\0\1\0\0"), IN(HEADERS, ALL, 1, "\x08\3" "413"), IN(RST, 0, 1, "\0\0\0\0") } },
	{ "going away", "client GET h /b aborted\nclient GET h /a 200 d{1} complete\n", .frames = {
		BEGUN, OUT(HEADERS, ALL, 1, GET("/a")), OUT(HEADERS, ALL, 3, M_GET HTTPS NEWEST PATH("\2", "/b")),
		IN(GOAWAY, 0, 0, "\0\0\0\1\0\0\0\0why"), IN(HEADERS, END_HEADERS, 1, S_200), IN(DATA, END_STREAM, 1, "1") } },
	{ "cut off", "client GET h /a 200 d{hel aborted\n", .frames = {
		BEGUN, OUT(HEADERS, ALL, 1, GET("/a")), IN(HEADERS, END_HEADERS, 1, S_200), IN(DATA, 0, 1, "hel") } },

	/* upgrade */
	{ "h2c", "client GET h /u 200 d{up} complete\nclient GET h /a 200 d{hi} complete\n", .frames = {
		OUT(RAW, 0, 0, "GET /u HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"),
		IN(RAW, 0, 0, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"), IN(SETTINGS, 0, 0, ""),
		OUT(RAW, 0, 0, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), OUT(SETTINGS, 0, 0, ""), IN(HEADERS, END_HEADERS, 1, S_200),
		IN(DATA, END_STREAM, 1, "up"), OUT(HEADERS, ALL, 3, GET("/a")), IN(HEADERS, END_HEADERS, 3, S_200),
		IN(DATA, END_STREAM, 3, "hi") } },
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static void run_row(const struct row *row, const struct h2_script *script, size_t most, size_t split)
{
	struct parts parts;
	struct told told;
	struct conn *conn;

	assert_int_equal(told_init(&told), 0);
	parts_of(script->calls, script->n, most, split, &parts);
	assert_int_equal(conn_new(&told.wire, 1, true, &conn), 0);
	for (size_t i = 0; i < parts.n; i++)
		feed_part(conn, &parts.part[i]);
	conn_end(conn, parts.length);
	if (strcmp(buf_cstr(&told.text), row->told))
		print_error("%s: pieces of %zu, split at %zu\n", row->name, most, split);
	assert_string_equal(buf_cstr(&told.text), row->told);
	assert_int_equal(conn_facts(conn).protocol, CONN_HTTP2);
	assert_int_equal(conn_facts(conn).missing, 0);
	assert_int_equal(told.wire.counts.bad_heads + told.wire.counts.lost + told.wire.counts.lost_fields, 0);
	conn_free(conn);
	assert_int_equal(told.wire.n_streams, 0);
	parts_done(&parts);
	told_done(&told);
}

static void whole_and_in_pieces(void **state)
{
	static struct h2_script script;

	(void)state;
	for (size_t i = 0; i < N_ROWS; i++) {
		script_of(rows[i].frames, &script);
		run_row(&rows[i], &script, SIZE_MAX, 0);
		for (size_t most = 1; most < 12; most++)
			run_row(&rows[i], &script, most, 0);
	}
}

static void every_split(void **state)
{
	static struct h2_script script;

	(void)state;
	for (size_t i = 0; i < N_ROWS; i++) {
		script_of(rows[i].frames, &script);
		for (size_t at = 1, total = script_length(&script); at < total; at++)
			run_row(&rows[i], &script, SIZE_MAX, at);
	}
}

/* All that one side says at a time in one call. */
static void run_together(void **state)
{
	static struct h2_script script;

	(void)state;
	for (size_t i = 0; i < N_ROWS; i++) {
		size_t n = 0;

		script_of(rows[i].frames, &script);
		for (size_t k = 1; k < script.n; k++)
			if (script.calls[k].dir == script.calls[n].dir)
				script.calls[n].bytes.n += script.calls[k].bytes.n;
			else
				script.calls[++n] = script.calls[k];
		script.n = n + 1;
		run_row(&rows[i], &script, SIZE_MAX, 0);
	}
}

/* What was told as complete, with nothing missing, was told just so when nothing was lost. */
static void check_lines(const struct row *row, struct str text, size_t from, size_t n)
{
	struct str line, rest = text;

	while (str_split(&rest, '\n', &line)) {
		if (!line.n || !str_ends(line, STR(" complete")))
			continue;
		if (str_find(str_of(row->told), line) < 0)
			print_error("%s: lost %zu from %zu: %.*s\n", row->name, n, from, (int)line.n, line.p);
		assert_true(str_find(str_of(row->told), line) >= 0);
	}
}

/* n bytes are lost from a place on; calls are cut there. */
static void run_hole(const struct row *row, const struct h2_script *script, size_t from, size_t n, size_t most)
{
	struct parts parts;
	struct told told;
	struct conn *conn;
	size_t at = 0;

	assert_int_equal(told_init(&told), 0);
	told.heads_lost = true;
	parts_of(script->calls, script->n, most, from, &parts);
	assert_int_equal(conn_new(&told.wire, 1, true, &conn), 0);
	for (size_t i = 0; i < parts.n; at += parts.part[i++].n) {
		struct part part = parts.part[i];
		size_t skip = from + n > at ? from + n - at : 0;

		if (at < from)
			skip = 0;
		if (skip >= part.n)
			continue;
		part.offset += skip;
		part.p += skip;
		part.n -= skip;
		feed_part(conn, &part);
		conn_tick(conn, part.boot_ns + LIMIT_REORDER_NS + 1000000000);
	}
	conn_end(conn, parts.length);
	assert_int_equal(conn_facts(conn).missing, n);
	conn_free(conn);
	check_lines(row, buf_view(&told.text), from, n);
	parts_done(&parts);
	told_done(&told);
}

static void holes_everywhere(void **state)
{
	static const size_t lengths[] = { 1, 2, 7, 9, 20, 40, 90 };
	static struct h2_script script;

	(void)state;
	for (size_t i = 0; i < N_ROWS; i++) {
		script_of(rows[i].frames, &script);
		for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]) && !rows[i].early; k++)
			for (size_t at = 0, total = script_length(&script); at + lengths[k] <= total; at++) {
				run_hole(&rows[i], &script, at, lengths[k], SIZE_MAX);
				run_hole(&rows[i], &script, at, lengths[k], 5);
			}
	}
}

/* A hole ends the stream it hits, and nothing more, where it leaves no doubt whose it was. */
static void a_hole_hits_what_it_holds(void **state)
{
	static const struct { const char *told; size_t call, from, n; } cases[] = {
		/* within the data of /a, which goes on behind it */
		{ "client GET h /b 200 e{7} complete\nclient GET h /a 200 e{1} e{2} hole +missing\n", 7, 20, 6 },
		/* a whole frame of data: whose it was cannot be known */
		{ "client GET h /b 200 hole +missing\nclient GET h /a 200 e{1} hole +missing\n", 7, 0, 27 },
		/* a window update that nobody needs */
		{ "client GET h /b 200 e{7} complete\nclient GET h /a 200 e{1} e{2} e{3} e{4} complete\n", 6, 10, 2 },
	};
	static const struct h2_frame frames[FRAMES_MAX] = {
		OUT(RAW, 0, 0, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), OUT(HEADERS, ALL, 1, GET("/a")),
		OUT(HEADERS, ALL, 3, M_GET HTTPS NEWEST PATH("\2", "/b")), IN(HEADERS, END_HEADERS, 1, S_200 SSE),
		IN(HEADERS, END_HEADERS, 3, S_200 SSE), IN(DATA, 0, 1, "data: 1\n\n"), IN(WINDOW, 0, 0, "\0\1\0\0"),
		IN(DATA, 0, 1, "data: 2\n\ndata: 3\n\n"), IN(DATA, 0, 3, "data: 7\n\n"), IN(DATA, END_STREAM, 3, ""),
		IN(DATA, 0, 1, "data: 4\n\n"), IN(DATA, END_STREAM, 1, ""),
	};
	static struct h2_script script;

	(void)state;
	script_of(frames, &script);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct parts parts;
		struct told told;
		struct conn *conn;

		assert_int_equal(told_init(&told), 0);
		parts_of(script.calls, script.n, SIZE_MAX, 0, &parts);
		assert_int_equal(conn_new(&told.wire, 1, true, &conn), 0);
		for (size_t k = 0; k < parts.n; k++) {
			struct part part = parts.part[k], rest = part;

			if (k == cases[i].call) {
				size_t behind = cases[i].from + cases[i].n;

				part.n = cases[i].from;
				rest = (struct part){ rest.dir, rest.offset + behind, rest.peer_offset, rest.boot_ns, rest.p + behind,
						      rest.n - behind, false };
				if (part.n)
					feed_part(conn, &part);
				if (!rest.n)
					continue;
				part = rest;
			}
			feed_part(conn, &part);
		}
		conn_end(conn, parts.length);
		conn_free(conn);
		assert_string_equal(buf_cstr(&told.text), cases[i].told);
		parts_done(&parts);
		told_done(&told);
	}
}

/* Bytes that are no frame may have been any stream's: those that were under way say so, whichever side it was. */
static void bytes_that_are_no_frame(void **state)
{
	static const struct { const char *told; struct h2_frame frames[FRAMES_MAX]; } cases[] = {
		{ "client POST h /a d{ab 200 d{hi} complete +missing\n", {
			BEGUN, OUT(HEADERS, END_HEADERS, 1, M_POST HTTPS HOST_ADD PATH("\2", "/a")), OUT(DATA, 0, 1, "ab"),
			OUT(CONTINUATION, END_HEADERS, 1, "?????"), OUT(DATA, END_STREAM, 1, "cd"), IN(HEADERS, END_HEADERS, 1, S_200),
			IN(DATA, END_STREAM, 1, "hi") } },
		{ "client GET h /a 200 d{h hole +missing\n", {
			BEGUN, OUT(HEADERS, ALL, 1, GET("/a")), IN(HEADERS, END_HEADERS, 1, S_200), IN(DATA, 0, 1, "h"),
			IN(CONTINUATION, END_HEADERS, 1, "?????"), IN(DATA, END_STREAM, 1, "i") } },
	};
	static struct h2_script script;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct parts parts;
		struct told told;

		script_of(cases[i].frames, &script);
		assert_int_equal(told_init(&told), 0);
		parts_of(script.calls, script.n, SIZE_MAX, 0, &parts);
		play(&told, &parts, NULL, true);
		assert_string_equal(buf_cstr(&told.text), cases[i].told);
		assert_int_equal(told.wire.counts.lost, 1);
		parts_done(&parts);
		told_done(&told);
	}
}

/* The answers are seen before the requests that they are to, as events of several threads may be. */
static void answers_before_requests(void **state)
{
	static struct h2_script script;

	(void)state;
	for (size_t i = 0; i < N_ROWS; i++) {
		size_t order[FRAMES_MAX], n = 0;
		struct parts parts;
		struct told told;

		if (!strcmp(rows[i].name, "h2c") || strstr(rows[i].told, "server") || strstr(rows[i].told, "aborted") ||
		    strstr(rows[i].name, "reset"))
			continue;	/* what is cut off in the middle depends on the order */
		script_of(rows[i].frames, &script);
		assert_int_equal(told_init(&told), 0);
		parts_of(script.calls, script.n, SIZE_MAX, 0, &parts);
		for (unsigned int pass = 0; pass < 2; pass++)
			for (size_t k = 0; k < parts.n; k++)
				if ((parts.part[k].dir == DIR_RECEIVED) == !pass)
					order[n++] = k;
		play(&told, &parts, order, true);
		if (strcmp(buf_cstr(&told.text), rows[i].told))
			print_error("%s\n", rows[i].name);
		assert_int_equal(buf_view(&told.text).n, strlen(rows[i].told));
		for (struct str line, rest = str_of(rows[i].told); str_split(&rest, '\n', &line); )
			assert_true(str_find(buf_view(&told.text), line) >= 0);
		parts_done(&parts);
		told_done(&told);
	}
}

static void allocations_refused(void **state)
{
	static struct h2_script script;

	(void)state;
	for (size_t i = 0; i < N_ROWS; i++) {
		script_of(rows[i].frames, &script);
		for (uint64_t nth = 1; ; nth++) {
			struct parts parts;
			struct told told;
			uint64_t before;

			parts_of(script.calls, script.n, 3, 0, &parts);
			assert_int_equal(told_init(&told), 0);
			told.heads_lost = true;
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
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_and_in_pieces),
		cmocka_unit_test(every_split),
		cmocka_unit_test(run_together),
		cmocka_unit_test(a_hole_hits_what_it_holds),
		cmocka_unit_test(holes_everywhere),
		cmocka_unit_test(bytes_that_are_no_frame),
		cmocka_unit_test(answers_before_requests),
		cmocka_unit_test(allocations_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
