/* SPDX-License-Identifier: Apache-2.0 */
/* Conversations in HTTP/1 and what is told of them: whole, in pieces of every kind, and with holes. */
#include "tests/lib/wire_script.h"

struct row {
	const char *name;
	const char *told;
	enum conn_protocol protocol;
	bool unborn;
	bool depends;	/* by design on where calls began: what follows bytes that are no message */
	struct call_of calls[CALLS_MAX];
};

#define OK "HTTP/1.1 200 OK\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"
#define POST(path, fields) "POST " path " HTTP/1.1\r\nHost: h\r\n" fields "\r\n"
#define ONE OK "Content-Length: 1\r\n\r\n1"
#define TWO OK "Content-Length: 2\r\n\r\n22"
#define CHUNKED "Transfer-Encoding: chunked\r\n"
#define SSE "Content-Type: text/event-stream\r\n"

static const struct row rows[] = {
	/* framing */
	{ "a length each way", "client POST h /a d{abc} 200 d{hello} complete\n", CONN_HTTP1, .calls = {
		SENT(POST("/a", "Content-Length: 3\r\n") "abc"), GOT(OK "Content-Length: 5\r\n\r\nhello") } },
	{ "chunked each way", "client POST h /a d{abcdef} 200 d{hello world} complete\n", CONN_HTTP1, .calls = {
		SENT(POST("/a", CHUNKED) "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"),
		GOT(OK CHUNKED "\r\n5\r\nhello\r\n006\r\n world\r\n0\r\n\r\n") } },
	{ "chunk extensions and trailers", "client GET h /a 200 d{hello} complete\nclient GET h /b 200 d{1} complete\n",
		CONN_HTTP1, .calls = { SENT(GET("/a")),
		GOT(OK CHUNKED "Trailer: X\r\n\r\n5;name=\"v;\\\"\" ; b\r\nhello\r\n0;last\r\nX: 1\r\nY: 2\r\n\r\n"),
		SENT(GET("/b")), GOT(ONE) } },
	{ "chunked wins over a length", "client GET h /a 200 d{ab} complete\nclient GET h /b 200 d{1} complete\n", CONN_HTTP1,
		.calls = { SENT(GET("/a")), GOT(OK CHUNKED "Content-Length: 50\r\n\r\n2\r\nab\r\n0\r\n\r\n"), SENT(GET("/b")), GOT(ONE) } },
	{ "bare line feeds", "client GET h /a 200 d{hi} complete\n", CONN_HTTP1, .calls = {
		SENT("GET /a HTTP/1.1\nHost: h\n\n"), GOT("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nhi\n0\n\n") } },
	{ "folded fields", "client GET h /a 200 d{hi} complete\n", CONN_HTTP1, .calls = {
		SENT(GET("/a")), GOT(OK "X: a\r\n b\r\nContent-Length:\r\n\t2\r\n\r\nhi") } },
	{ "until close", "client GET h /a 200 d{all of it} complete\n", CONN_HTTP1, .calls = {
		SENT(GET("/a")), GOT(OK "\r\nall "), GOT("of it") } },
	{ "HTTP/1.0", "client GET  /a 200 d{old} complete\n", CONN_HTTP1, .calls = {
		SENT("GET /a HTTP/1.0\r\n\r\n"), GOT("HTTP/1.0 200 OK\r\n\r\nold") } },
	{ "an empty body", "client GET h /a 200 complete\nclient GET h /b 200 complete\n", CONN_HTTP1, .calls = {
		SENT(GET("/a")), GOT(OK "Content-Length: 0\r\n\r\n"), SENT(GET("/b")), GOT(OK CHUNKED "\r\n0\r\n\r\n") } },
	{ "lengths that differ", "client GET h /a 200 hole +undecoded\n", CONN_HTTP1, .calls = {
		SENT(GET("/a")), GOT(OK "Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc") } },
	{ "the same length twice", "client GET h /a 200 d{ab} complete\n", CONN_HTTP1, .calls = {
		SENT(GET("/a")), GOT(OK "Content-Length: 2, 2\r\n\r\nab") } },
	{ "not chunked after all", "client GET h /a 200 hole +undecoded\n", CONN_HTTP1, .depends = true, .calls = {
		SENT(GET("/a")), GOT(OK CHUNKED "\r\nhello\r\n0\r\n\r\n") } },
	{ "a chunk that is too long", "client GET h /a 200 d{ab hole +undecoded\n", CONN_HTTP1, .depends = true, .calls = {
		SENT(GET("/a")), GOT(OK CHUNKED "\r\n2\r\nabc\r\n0\r\n\r\n") } },
	{ "a chunk size that overflows", "client GET h /a 200 hole +undecoded\n", CONN_HTTP1, .depends = true, .calls = {
		SENT(GET("/a")), GOT(OK CHUNKED "\r\n11111111111111111\r\nabc\r\n0\r\n\r\n") } },
	{ "a transfer coding below", "client GET h /a 200 complete +undecoded\n", CONN_HTTP1, .calls = {
		SENT(GET("/a")), GOT(OK "Transfer-Encoding: compress, chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n") } },

	/* one after another */
	{ "keep-alive", "client GET h /a 200 d{1} complete\nclient GET h /b 200 d{22} complete\n", CONN_HTTP1, .calls = {
		SENT(GET("/a")), GOT(ONE), SENT(GET("/b")), GOT(TWO) } },
	{ "pipelined", "client GET h /a 200 d{1} complete\nclient GET h /b 200 d{22} complete\nclient GET h /c 404 complete\n",
		CONN_HTTP1, .calls = { SENT(GET("/a") GET("/b") GET("/c")), GOT(ONE TWO "HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n") } },
	{ "empty lines between", "client GET h /a 200 d{1} complete\nclient GET h /b 200 d{22} complete\n", CONN_HTTP1, .calls = {
		SENT("\r\n" GET("/a")), GOT(ONE "\r\n"), SENT("\r\n\r\n" GET("/b")), GOT(TWO) } },
	{ "the serving side", "server GET h /a 200 d{1} complete\nserver GET h /b 200 d{22} complete\n", CONN_HTTP1, .calls = {
		GOT(GET("/a")), SENT(ONE), GOT(GET("/b")), SENT(TWO) } },
	{ "answered early", "client POST h /a d{abc} 413 d{no} complete\n", CONN_HTTP1, .calls = {
		SENT(POST("/a", "Content-Length: 3\r\n") "ab"), GOT("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"), SENT("c") } },
	{ "no answer", "client GET h /a aborted\n", CONN_HTTP1, .calls = { SENT(GET("/a")) } },
	{ "cut off", "client GET h /a 200 d{hel aborted\n", CONN_HTTP1, .calls = {
		SENT(GET("/a")), GOT(OK "Content-Length: 5\r\n\r\nhel") } },
	{ "cut off in the request", "client POST h /a d{ab aborted\n", CONN_HTTP1, .calls = {
		SENT(POST("/a", "Content-Length: 3\r\n") "ab") } },

	/* no body */
	{ "HEAD", "client HEAD h /a 200 complete\nclient GET h /b 200 d{1} complete\n", CONN_HTTP1, .calls = {
		SENT("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n"), GOT(OK "Content-Length: 500\r\n\r\n"), SENT(GET("/b")), GOT(ONE) } },
	{ "204 and 304", "client GET h /a 204 complete\nclient GET h /b 304 complete\nclient GET h /c 200 d{1} complete\n", CONN_HTTP1,
		.calls = { SENT(GET("/a")), GOT("HTTP/1.1 204 None\r\n\r\n"), SENT(GET("/b")),
		GOT("HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n"), SENT(GET("/c")), GOT(ONE) } },
	{ "100 Continue", "client POST h /a d{abc} 200 d{1} complete\n", CONN_HTTP1, .calls = {
		SENT(POST("/a", "Expect: 100-continue\r\nContent-Length: 3\r\n")), GOT("HTTP/1.1 100 Continue\r\n\r\n"), SENT("abc"), GOT(ONE) } },
	{ "103 twice", "client GET h /a 200 d{1} complete\n", CONN_HTTP1, .calls = {
		SENT(GET("/a")), GOT("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" ONE) } },

	/* targets */
	{ "absolute form", "client GET x.test /a?q=1 200 d{1} complete\n", CONN_HTTP1, .calls = {
		SENT("GET http://x.test:81/a?q=1 HTTP/1.1\r\nHost: other\r\n\r\n"), GOT(ONE) } },
	{ "host with a port", "client GET ::1 /a 200 d{1} complete\n", CONN_HTTP1, .calls = {
		SENT("GET /a HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"), GOT(ONE) } },
	{ "a rare method", "client PROPFIND h /a 200 d{1} complete\nclient PURGE h /b 200 d{22} complete\n", CONN_HTTP1, .calls = {
		SENT("PROPFIND /a HTTP/1.1\r\nHost: h\r\n\r\n"), GOT(ONE), SENT("PURGE /b HTTP/1.1\r\nHost: h\r\n\r\n"), GOT(TWO) } },

	/* other protocols */
	{ "WebSocket", "client GET h /a m{yo} 101 m{hi} complete\n", CONN_WEBSOCKET, .calls = {
		SENT("GET /a HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
		GOT("HTTP/1.1 101 Switching\r\nUpgrade: WebSocket\r\n\r\n\x81\x02hi"), SENT("\x81\x82" "1111H^"), GOT("\x88\0") } },
	{ "WebSocket, refused", "client GET h /a 401 d{1} complete\nclient GET h /b 200 d{1} complete\n", CONN_HTTP1, .calls = {
		SENT("GET /a HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
		GOT("HTTP/1.1 401 No\r\nContent-Length: 1\r\n\r\n1"), SENT(GET("/b")), GOT(ONE) } },
	{ "h2c", "client GET h /a aborted\n", CONN_HTTP2, .calls = {
		SENT("GET /a HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\n\r\n"), GOT("HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n\0\0\0\4") } },
	{ "no HTTP after all, while an answer waits", "", CONN_OTHER, .calls = {
		SENT("GET /a HT"), GOT("HTTP/1.1 200 OK\r\n\r\n"), SENT("x\r\n\r\n"), GOT("abc") } },
	{ "CONNECT", "client CONNECT x.test  200 complete\n", CONN_OTHER, .calls = {
		SENT("CONNECT x.test:443 HTTP/1.1\r\n\r\n"), GOT("HTTP/1.1 200 OK\r\n\r\n"), SENT("\x16\x03\x01") } },
	{ "CONNECT refused", "client CONNECT x.test  403 d{1} complete\nclient GET h /b 200 d{22} complete\n", CONN_HTTP1, .calls = {
		SENT("CONNECT x.test:443 HTTP/1.1\r\n\r\n"), GOT("HTTP/1.1 403 No\r\nContent-Length: 1\r\n\r\n1"), SENT(GET("/b")), GOT(TWO) } },
	{ "HTTP/2", "", CONN_HTTP2, .calls = {
		SENT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"), GOT("\0\0\0\4\0\0\0\0\0") } },
	{ "HTTP/2 by its server", "", CONN_HTTP2, .calls = { GOT("\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x64") } },
	{ "a mail server", "", CONN_OTHER, .calls = { GOT("220 mail ESMTP\r\n"), SENT("EHLO me\r\n") } },
	{ "a request line that is none", "", CONN_OTHER, .calls = { SENT("GET / HTTP/9\r\n\r\n") } },
	{ "zeros", "", CONN_OTHER, .calls = { SENT("\0\0\0\0\0\0\0\0\0\0\0\0"), GOT("\0\0") } },

	/* streams */
	{ "events in chunks", "client POST h /a d{{}} 200 e{{\"a\":1}} e:stop{[DONE]} complete\n", CONN_HTTP1, .calls = {
		SENT(POST("/a", "Content-Length: 2\r\n") "{}"),
		GOT(OK SSE CHUNKED "\r\na\r\ndata: {\"a\"\r\n"), GOT("5\r\n:1}\n\n\r\n"),
		GOT("1a\r\nevent: stop\ndata: [DONE]\n\n\r\n"), GOT("0\r\n\r\n") } },
	{ "events until close, the last unended", "client GET h /a 200 e{1} e{2} complete\n", CONN_HTTP1, .calls = {
		SENT(GET("/a")), GOT(OK SSE "\r\ndata:1\r\n\r\ndata: 2") } },
	{ "lines", "client GET h /a 200 l{{\"a\":1}} l{{}} complete\n", CONN_HTTP1, .calls = {
		SENT(GET("/a")), GOT(OK "Content-Type: application/x-ndjson\r\nContent-Length: 12\r\n\r\n{\"a\":1}\n\n{}\n") } },
	{ "an unknown coding", "client GET h /a 200 complete +undecoded\nclient GET h /b 200 d{1} complete\n", CONN_HTTP1, .calls = {
		SENT(GET("/a")), GOT(OK "Content-Encoding: lzma\r\nContent-Length: 2\r\n\r\nxx"), SENT(GET("/b")), GOT(ONE) } },
	{ "a frame format that is not read", "client GET h /a 200 complete +undecoded\n", CONN_HTTP1, .calls = {
		SENT(GET("/a")), GOT(OK "Content-Type: application/vnd.amazon.eventstream\r\nContent-Length: 2\r\n\r\nxx") } },

	/* connections that were not seen from their birth */
	{ "joined between", "client GET h /a 200 d{1} complete\n", CONN_HTTP1, .unborn = true, .calls = { SENT(GET("/a")), GOT(ONE) } },
	{ "joined in a response's body", "client GET h /a 200 d{1} complete\n", CONN_HTTP1, .unborn = true, .calls = {
		GOT("rest of something\r\n\r\n"), SENT(GET("/a")), GOT(ONE) } },
	{ "joined in a request's body", "client GET h /b 200 d{22} complete\n", CONN_HTTP1, .unborn = true, .calls = {
		SENT("\"tail\":1}"), GOT(ONE), SENT(GET("/b")), GOT(TWO) } },
	{ "joined before a response", "client GET h /b 200 d{22} complete\n", CONN_HTTP1, .unborn = true, .calls = {
		GOT(ONE), SENT(GET("/b")), GOT(TWO) } },
	{ "joined on the serving side", "server GET h /b 200 d{22} complete\n", CONN_HTTP1, .unborn = true, .calls = {
		SENT("tail of one"), GOT(GET("/b")), SENT(TWO) } },
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static size_t length_of(const struct row *row, size_t *ret_calls)
{
	size_t n = 0, total = 0;

	while (n < CALLS_MAX && row->calls[n].bytes.p)
		total += row->calls[n++].bytes.n;
	*ret_calls = n;
	return total;
}

static void run_row(const struct row *row, size_t most, size_t split)
{
	struct parts parts;
	struct told told;
	struct conn *conn;
	size_t n;

	length_of(row, &n);
	assert_int_equal(told_init(&told), 0);
	parts_of(row->calls, n, most, split, &parts);
	assert_int_equal(conn_new(&told.wire, 1, !row->unborn, &conn), 0);
	for (size_t i = 0; i < parts.n; i++)
		feed_part(conn, &parts.part[i]);
	conn_end(conn, parts.length);
	if (strcmp(buf_cstr(&told.text), row->told) || conn_facts(conn).protocol != row->protocol)
		print_error("%s: pieces of %zu, split at %zu, protocol %d\n", row->name, most, split, conn_facts(conn).protocol);
	assert_string_equal(buf_cstr(&told.text), row->told);
	assert_int_equal(conn_facts(conn).protocol, row->protocol);
	assert_int_equal(conn_facts(conn).missing, 0);
	conn_free(conn);
	parts_done(&parts);
	told_done(&told);
}

static void whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ROWS; i++)
		run_row(&rows[i], SIZE_MAX, 0);
}

static void by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ROWS; i++)
		for (size_t most = 1; most < 5; most++)
			if (!rows[i].depends)
				run_row(&rows[i], most, 0);
}

static void every_split(void **state)
{
	size_t n;

	(void)state;
	for (size_t i = 0; i < N_ROWS; i++)
		for (size_t at = 1, total = length_of(&rows[i], &n); at < total && !rows[i].depends; at++)
			run_row(&rows[i], SIZE_MAX, at);
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
static void run_hole(const struct row *row, size_t from, size_t n, bool orderly)
{
	struct parts parts;
	struct told told;
	struct conn *conn;
	size_t calls, at = 0;

	length_of(row, &calls);
	assert_int_equal(told_init(&told), 0);
	parts_of(row->calls, calls, 1, 0, &parts);
	assert_int_equal(conn_new(&told.wire, 1, !row->unborn, &conn), 0);
	for (size_t i = 0, call = 0, left = row->calls[0].bytes.n; i < parts.n && call < calls; ) {
		size_t run = at < from ? from - at : at < from + n ? from + n - at : SIZE_MAX;
		struct part part = parts.part[i];

		run = run < left ? run : left;
		part.n = run;
		part.lost = at >= from && at < from + n;
		feed_part(conn, &part);
		if (orderly)
			conn_tick(conn, part.boot_ns + LIMIT_REORDER_NS + 1000000000);
		at += run;
		i += run;
		left -= run;
		if (!left && ++call < calls)
			left = row->calls[call].bytes.n;
	}
	conn_end(conn, parts.length);
	assert_int_equal(conn_facts(conn).missing, n);
	assert_int_equal(told.wire.counts.hole_bytes, n);
	conn_free(conn);
	check_lines(row, buf_view(&told.text), from, n);
	parts_done(&parts);
	told_done(&told);
}

static void holes_everywhere(void **state)
{
	static const size_t lengths[] = { 1, 2, 7, 40, 90 };
	size_t n;

	(void)state;
	for (size_t i = 0; i < N_ROWS; i++)
		for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++)
			for (size_t at = 0, total = length_of(&rows[i], &n); at + lengths[k] <= total; at++) {
				run_hole(&rows[i], at, lengths[k], false);
				run_hole(&rows[i], at, lengths[k], true);
			}
}

/* A hole ends the unit it hits, and nothing more. */
static void a_hole_ends_one_unit(void **state)
{
	static const struct { const char *told; struct call_of calls[CALLS_MAX]; size_t lost; } cases[] = {
		{ "client GET h /a 200 d{h hole +missing\nclient GET h /b 200 d{1} complete\n",
		  { SENT(GET("/a")), GOT(OK "Content-Length: 5\r\n\r\nh"), GOT("ell"), GOT("o"), SENT(GET("/b")), GOT(ONE) }, 2 },
		{ "client GET h /a 200 e{1} e{4} hole +missing\nclient GET h /b 200 d{1} complete\n",
		  { SENT(GET("/a")), GOT(OK SSE "Content-Length: 36\r\n\r\ndata: 1\n\n"), GOT("data: 2\n\n"), GOT("data: 3\n\ndata: 4\n\n"),
		    SENT(GET("/b")), GOT(ONE) }, 2 },
		{ "client GET h /a 200 hole +missing\nclient GET h /b 200 d{1} complete\n",
		  { SENT(GET("/a")), GOT(OK CHUNKED "\r\n2\r\n"), GOT("ab"), GOT("\r\n0\r\n\r\n"), SENT(GET("/b")), GOT(ONE) }, 2 },
		{ "client GET h /a 200 d{ab hole +missing\nclient GET h /b 200 d{1} complete\n",
		  { SENT(GET("/a")), GOT(OK CHUNKED "\r\n2\r\nab"), GOT("\r\n1\r\nc"), GOT("\r\n0\r\n\r\n"), SENT(GET("/b")), GOT(ONE) }, 2 },
		{ "client GET h /a hole +missing\nclient GET h /b 200 d{1} complete\n",
		  { SENT(GET("/a")), GOT(TWO), SENT(GET("/b")), GOT(ONE) }, 1 },
		{ "client GET h /b 200 d{1} complete\n", { SENT(GET("/a")), GOT(TWO), SENT(GET("/b")), GOT(ONE) }, 0 },
		{ "client POST h /a 200 d{22} complete +missing\nclient GET h /b 200 d{1} complete\n",
		  { SENT(POST("/a", "Content-Length: 4\r\n")), SENT("abc"), SENT("d"), GOT(TWO), SENT(GET("/b")), GOT(ONE) }, 1 },
		{ "client GET h /a hole +missing\nclient GET h /b hole\nclient GET h /c 200 d{1} complete\n",
		  { SENT(GET("/a") GET("/b")), GOT(ONE), GOT(TWO), SENT(GET("/c")), GOT(ONE) }, 1 },
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
		assert_string_equal(buf_cstr(&told.text), cases[i].told);
		parts_done(&parts);
		told_done(&told);
	}
}

static void allocations_refused(void **state)
{
	size_t n;

	(void)state;
	for (size_t i = 0; i < N_ROWS; i++)
		for (uint64_t nth = 1; ; nth++) {
			struct parts parts;
			struct told told;
			uint64_t before;

			length_of(&rows[i], &n);
			parts_of(rows[i].calls, n, 3, 0, &parts);
			assert_int_equal(told_init(&told), 0);
			before = mem_count();
			mem_fail_at(nth);
			play(&told, &parts, NULL, !rows[i].unborn);
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
		cmocka_unit_test(whole), cmocka_unit_test(by_byte), cmocka_unit_test(every_split),
		cmocka_unit_test(a_hole_ends_one_unit), cmocka_unit_test(holes_everywhere), cmocka_unit_test(allocations_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
