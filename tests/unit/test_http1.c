/* SPDX-License-Identifier: Apache-2.0 */
/* Conversations in HTTP/1 and what is told of them: whole, byte by byte, and split at every place. */
#include "tests/lib/wire_script.h"

struct row {
	const char *name;
	const char *told;
	enum conn_protocol protocol;
	bool unborn;
	bool depends;	/* on where calls began, by design: what follows bytes that are no message */
	struct call_of calls[CALLS_MAX];
};

#define OK "HTTP/1.1 200 OK\r\n"
#define REQUEST(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

static const struct row rows[] = {
	{ "a length each way", "client POST h /a d{abc} 200 d{hello} complete\n", CONN_HTTP1, .calls = {
		SENT("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"),
		GOT(OK "Content-Length: 5\r\n\r\nhello") } },
	{ "keep-alive", "client GET h /a 200 d{1} complete\nclient GET h /b 200 d{22} complete\n", CONN_HTTP1, .calls = {
		SENT(REQUEST("/a")), GOT(OK "Content-Length: 1\r\n\r\n1"), SENT(REQUEST("/b")),
		GOT(OK "Content-Length: 2\r\n\r\n22") } },
	{ "pipelined", "client GET h /a 200 d{1} complete\nclient GET h /b 200 d{22} complete\n", CONN_HTTP1, .calls = {
		SENT(REQUEST("/a") REQUEST("/b")), GOT(OK "Content-Length: 1\r\n\r\n1" OK "Content-Length: 2\r\n\r\n22") } },
	{ "the serving side", "server GET h /a 200 d{1} complete\n", CONN_HTTP1, .calls = {
		GOT(REQUEST("/a")), SENT(OK "Content-Length: 1\r\n\r\n1") } },
};

static void run_row(const struct row *row, size_t most, size_t split)
{
	size_t n = 0;
	struct parts parts;
	struct told told;

	while (n < CALLS_MAX && row->calls[n].bytes.p)
		n++;
	assert_int_equal(told_init(&told), 0);
	parts_of(row->calls, n, most, split, &parts);
	play(&told, &parts, NULL, !row->unborn);
	assert_string_equal(buf_cstr(&told.text), row->told);
	parts_done(&parts);
	told_done(&told);
}

static void whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		run_row(&rows[i], SIZE_MAX, 0);
}

static void by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		run_row(&rows[i], 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(whole), cmocka_unit_test(by_byte) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
