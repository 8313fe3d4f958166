/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of messages: what bytes look like, where a head ends, and what stands in it. */
#include "base/buf.h"
#include "tests/lib/wire_page.h"
#include "wire/message.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void looks(void **state)
{
	static const struct { struct str bytes; enum looks strict, loose; } rows[] = {
		{ STR("GET / HTTP/1.1\r\n"), LOOKS_REQUEST, LOOKS_REQUEST }, { STR("POST "), LOOKS_REQUEST, LOOKS_REQUEST },
		{ STR("OPTIONS * HTTP/1.1"), LOOKS_REQUEST, LOOKS_REQUEST }, { STR("PURGE /a"), LOOKS_OTHER, LOOKS_REQUEST },
		{ STR("M-SEARCH *"), LOOKS_OTHER, LOOKS_REQUEST }, { STR("get /"), LOOKS_OTHER, LOOKS_REQUEST },
		{ STR("HTTP/1.1 200 OK"), LOOKS_RESPONSE, LOOKS_RESPONSE }, { STR("HTTP/1.0"), LOOKS_RESPONSE, LOOKS_RESPONSE },
		{ STR("HTTP/2 200"), LOOKS_OTHER, LOOKS_OTHER }, { STR("HTTPS"), LOOKS_OTHER, LOOKS_SHORT },
		{ STR("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), LOOKS_HTTP2, LOOKS_HTTP2 },
		{ STR("\0\0\x12\4\0\0\0\0\0\0\3"), LOOKS_HTTP2, LOOKS_HTTP2 }, { STR("\0\0\0\4\1\0\0\0\0"), LOOKS_HTTP2, LOOKS_HTTP2 },
		{ STR("\0\0\x11\4\0\0\0\0\0"), LOOKS_OTHER, LOOKS_OTHER }, { STR("\0\0\0\4\0\0\0\0\1"), LOOKS_OTHER, LOOKS_OTHER },
		{ STR("{\"a\":1}"), LOOKS_OTHER, LOOKS_OTHER }, { STR(" GET /"), LOOKS_OTHER, LOOKS_OTHER },
		{ STR("THISMETHODISFARTOOLONGTOBEONE "), LOOKS_OTHER, LOOKS_OTHER }, { STR("\x16\x03\x01"), LOOKS_OTHER, LOOKS_OTHER },
		{ STR("GET\r\n"), LOOKS_OTHER, LOOKS_OTHER }, { STR("220 mail"), LOOKS_OTHER, LOOKS_REQUEST },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const uint8_t *p = page_guarded(rows[i].bytes.p, rows[i].bytes.n);

		assert_int_equal(message_looks(p, rows[i].bytes.n, true), rows[i].strict);
		assert_int_equal(message_looks(p, rows[i].bytes.n, false), rows[i].loose);
		/* fewer bytes say the same, or that they are too few */
		for (size_t n = 1; n < rows[i].bytes.n; n++)
			for (unsigned int strict = 0; strict < 2; strict++) {
				enum looks part = message_looks(page_guarded(rows[i].bytes.p, n), n, strict);

				assert_true(part == LOOKS_SHORT || part == (strict ? rows[i].strict : rows[i].loose));
			}
	}
}

static void head_lengths(void **state)
{
	static const struct { struct str bytes; size_t length; } rows[] = {
		{ STR("GET / HTTP/1.1\r\n\r\nbody"), 18 }, { STR("GET / HTTP/1.1\n\nbody"), 16 }, { STR("a\r\nb: c\r\n\r\n"), 11 },
		{ STR("a\nb: c\r\n\r\n"), 10 }, { STR("a\r\nb: c\n\n"), 9 }, { STR("a\r\n\n"), 4 }, { STR("a\r\nb\r\n"), 0 },
		{ STR("a\r\n\r"), 0 }, { STR("a\r\n \r\n"), 0 }, { STR("\n\n"), 2 }, { STR("a\0\n\0\n\n"), 6 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t n = rows[i].bytes.n, want = rows[i].length;

		for (size_t had = 0; had <= n; had++) {
			/* bytes looked at before hold no whole head */
			if (want && had >= want)
				break;
			assert_int_equal(message_head_length(page_guarded(rows[i].bytes.p, n), n, had), want);
			assert_int_equal(message_head_length(page_guarded(rows[i].bytes.p, had), had, 0), 0);
		}
	}
}

static struct header fields[LIMIT_HEADERS];

static int parse(const char *text, size_t n, enum side side, struct head *head, struct framing *framing, bool *cut)
{
	struct str guarded = { (const char *)page_guarded(text, n), n };

	return message_parse(guarded, side, fields, head, framing, cut);
}

static void request_lines(void **state)
{
	static const struct { const char *line; int result; const char *method, *scheme, *host; uint16_t port; const char *path, *query; } rows[] = {
		{ "GET /a/b?c=d?e HTTP/1.1", 0, "GET", "", "h", 0, "/a/b", "c=d?e" },
		{ "GET /a? HTTP/1.0", 0, "GET", "", "h", 0, "/a", "" },
		{ "GET http://x.test/ HTTP/1.1", 0, "GET", "http", "x.test", 0, "/", "" },
		{ "GET https://x.test:8443/?q HTTP/1.1", 0, "GET", "https", "x.test", 8443, "/", "q" },
		{ "GET https://x.test?q=/a HTTP/1.1", 0, "GET", "https", "x.test", 0, "", "q=/a" },
		{ "GET /p?u=http://x.test/ HTTP/1.1", 0, "GET", "", "h", 0, "/p", "u=http://x.test/" },
		{ "OPTIONS * HTTP/1.1", 0, "OPTIONS", "", "h", 0, "*", "" },
		{ "CONNECT x.test:443 HTTP/1.1", 0, "CONNECT", "", "x.test", 443, "", "" },
		{ "GET /with space HTTP/1.1", 0, "GET", "", "h", 0, "/with space", "" },
		{ "GET / HTTP/2.0", -EBADMSG, NULL, NULL, NULL, 0, NULL, NULL }, { "GET / HTTP/1.x", -EBADMSG, NULL, NULL, NULL, 0, NULL, NULL },
		{ "GET /", -EBADMSG, NULL, NULL, NULL, 0, NULL, NULL }, { "GET  HTTP/1.1", -EBADMSG, NULL, NULL, NULL, 0, NULL, NULL },
		{ "G(T / HTTP/1.1", -EBADMSG, NULL, NULL, NULL, 0, NULL, NULL }, { "", -EBADMSG, NULL, NULL, NULL, 0, NULL, NULL },
		{ "GET HTTP/1.1", -EBADMSG, NULL, NULL, NULL, 0, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[200];
		size_t n = strlen(rows[i].line);
		struct framing framing;
		struct head head;
		bool cut;

		memcpy(text, rows[i].line, n);
		memcpy(text + n, "\r\nHost: h\r\n\r\n", 13);
		if (parse(text, n + 13, SIDE_REQUEST, &head, &framing, &cut) != rows[i].result)
			fail_msg("%s", rows[i].line);
		if (rows[i].result)
			continue;
		assert_true(str_eq(head.method, str_of(rows[i].method)));
		assert_true(str_eq(head.scheme, str_of(rows[i].scheme)));
		assert_true(str_eq(head.host, str_of(rows[i].host)));
		assert_int_equal(head.port, rows[i].port);
		assert_true(str_eq(head.path, str_of(rows[i].path)));
		assert_true(str_eq(head.query, str_of(rows[i].query)));
		assert_true(message_start_line((const uint8_t *)text, n + 13, SIDE_REQUEST));
	}
}

static void status_lines(void **state)
{
	static const struct { const char *line; int status; } rows[] = {
		{ "HTTP/1.1 200 OK", 200 }, { "HTTP/1.0 404", 404 }, { "HTTP/1.1 503 ", 503 }, { "HTTP/1.1 999 Odd", 999 },
		{ "HTTP/1.1 099 Low", 0 }, { "HTTP/1.1 2000", 0 }, { "HTTP/1.1 20", 0 }, { "HTTP/1.1  200", 0 }, { "HTTP/1.1 2x0 OK", 0 },
		{ "HTTP/2 200 OK", 0 }, { "HTTP/1.1", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[100];
		size_t n = strlen(rows[i].line);
		struct framing framing;
		struct head head;
		bool cut;

		memcpy(text, rows[i].line, n);
		memcpy(text + n, "\r\n\r\n", 4);
		assert_int_equal(parse(text, n + 4, SIDE_RESPONSE, &head, &framing, &cut), rows[i].status ? 0 : -EBADMSG);
		if (!rows[i].status)
			continue;
		assert_int_equal(head.status, rows[i].status);
		assert_true(message_start_line((const uint8_t *)text, n + 4, SIDE_RESPONSE));
	}
}

static void framings(void **state)
{
	static const struct { struct str fields; bool chunked, coded, length, contradiction; uint64_t n; const char *codings; } rows[] = {
		{ STR(""), false, false, false, false, 0, "" },
		{ STR("Content-Length: 5\r\n"), false, false, true, false, 5, "" },
		{ STR("CONTENT-LENGTH:\t18446744073709551615 \r\n"), false, false, true, false, UINT64_MAX, "" },
		{ STR("Content-Length: 18446744073709551616\r\n"), false, false, false, true, 0, "" },
		{ STR("Content-Length: +5\r\n"), false, false, false, true, 0, "" },
		{ STR("Content-Length: 5, 5\r\nContent-Length: 5\r\n"), false, false, true, false, 5, "" },
		{ STR("Content-Length: 5\r\nContent-Length: 6\r\n"), false, false, true, true, 5, "" },
		{ STR("Content-Length:\r\n"), false, false, false, true, 0, "" },
		{ STR("Transfer-Encoding: chunked\r\n"), true, true, false, false, 0, "" },
		{ STR("Transfer-Encoding: gzip, Chunked\r\n"), true, true, false, false, 0, "gzip" },
		{ STR("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), true, true, false, false, 0, "gzip" },
		{ STR("Transfer-Encoding: chunked, gzip\r\n"), false, true, false, false, 0, "gzip" },
		{ STR("Transfer-Encoding: identity\r\nContent-Length: 3\r\n"), false, true, true, false, 3, "" },
		{ STR("Transfer-Encoding: deflate;q=1\r\nContent-Encoding: br , gzip\r\n"), false, true, false, false, 0, "br gzip deflate" },
		{ STR("Content-Encoding: a\r\nContent-Encoding: b,c,d,e,f,g\r\n"), false, false, false, false, 0, "a b c d e" },
		{ STR("Content-Encoding: identity,,\r\n"), false, false, false, false, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str rest = str_of(rows[i].codings), name;
		struct framing framing;
		struct head head;
		char text[300] = "HTTP/1.1 200 OK\r\n";
		size_t n = strlen(text), k = 0;
		bool cut;

		memcpy(text + n, rows[i].fields.p, rows[i].fields.n);
		n += rows[i].fields.n;
		memcpy(text + n, "\r\n", 2);
		assert_int_equal(parse(text, n + 2, SIDE_RESPONSE, &head, &framing, &cut), 0);
		assert_int_equal(framing.chunked, rows[i].chunked);
		assert_int_equal(framing.transfer_coded, rows[i].coded);
		assert_int_equal(framing.has_length, rows[i].length);
		assert_int_equal(framing.contradiction, rows[i].contradiction);
		assert_int_equal(framing.length, rows[i].n);
		for (; rest.n && str_split(&rest, ' ', &name); k++)
			assert_true(k < framing.n_codings && str_eq(framing.codings[k], name));
		assert_int_equal(framing.n_codings, k);
	}
}

static void fields_and_their_ceiling(void **state)
{
	struct buf text = BUF(KIB(64));

	(void)state;
	for (int extra = -1; extra < 3; extra++) {
		struct framing framing;
		struct head head;
		bool cut;

		buf_reset(&text);
		buf_puts(&text, "GET / HTTP/1.1\r\n");
		for (int i = 1; i < LIMIT_HEADERS + extra; i++)
			buf_printf(&text, "X-%d: %d\r\n", i, i);
		buf_puts(&text, "Content-Length: 7\r\n\r\n");
		assert_int_equal(parse(text.p, text.n, SIDE_REQUEST, &head, &framing, &cut), 0);
		assert_int_equal(head.n_headers, extra > 0 ? LIMIT_HEADERS : LIMIT_HEADERS + extra);
		assert_int_equal(cut, extra > 0);
		/* a field that finds no place counts for the framing all the same */
		assert_true(framing.has_length && framing.length == 7);
	}
	buf_done(&text);
}

static void field_values(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nX-A:  1 2\t\r\nX-Empty:\r\nno colon\r\n: no name\r\nX-A: 3\nContent-Type: a/b; c=d\r\n"
				   "Upgrade: websocket\r\nHOST: h.test:80\r\nX-NUL: a\0b\r\n\r\n";
	struct framing framing;
	struct head head;
	bool cut;

	(void)state;
	assert_int_equal(parse(text, sizeof(text) - 1, SIDE_REQUEST, &head, &framing, &cut), 0);
	assert_int_equal(head.n_headers, 7);
	assert_true(str_eq(head_get(&head, STR("x-a")), STR("1 2")));
	assert_true(head_get(&head, STR("X-Empty")).p && !head_get(&head, STR("X-Empty")).n);
	assert_true(str_eq(head_get(&head, STR("x-nul")), STR("a\0b")));
	assert_null(head_get(&head, STR("no colon")).p);
	assert_true(str_eq(framing.content_type, STR("a/b; c=d")));
	assert_true(str_eq(framing.upgrade, STR("websocket")));
	assert_true(str_eq(head.host, STR("h.test")));
	assert_int_equal(head.port, 80);
}

static void folding(void **state)
{
	char text[] = "GET / HTTP/1.1\r\nX-A: 1\r\n 2\r\n\t3\nX-B: 4\n 5\r\n\r\n";
	size_t n = sizeof(text) - 1;
	struct framing framing;
	struct head head;
	bool cut;

	(void)state;
	assert_int_equal(parse(text, n, SIDE_REQUEST, &head, &framing, &cut), 1);
	message_unfold(text, n);
	assert_int_equal(parse(text, n, SIDE_REQUEST, &head, &framing, &cut), 0);
	assert_int_equal(head.n_headers, 2);
	assert_true(str_starts(head_get(&head, STR("X-A")), STR("1 ")));
	assert_true(str_ends(head_get(&head, STR("X-A")), STR("3")));
	assert_true(str_ends(head_get(&head, STR("X-B")), STR(" 5")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks), cmocka_unit_test(head_lengths), cmocka_unit_test(request_lines), cmocka_unit_test(status_lines),
		cmocka_unit_test(framings), cmocka_unit_test(fields_and_their_ceiling), cmocka_unit_test(field_values),
		cmocka_unit_test(folding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
