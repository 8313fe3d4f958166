/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/2 connections that are met late, that are many, and that last. */
#include <stdio.h>

#include "tests/lib/h2_script.h"
#include "wire/http2.h"

#define HOST "\x01\x01h"	/* not kept */
#define ASK(n) M_GET HTTPS HOST PATH("\2", "/" n)
#define TYPE "\x0f\x10\x0ctext/plain;x"

/* Four streams, the requests of which are all in themselves. */
static const struct h2_frame talk[FRAMES_MAX] = {
	BEGUN, OUT(SETTINGS, 1, 0, ""), OUT(HEADERS, ALL, 1, ASK("a")), IN(SETTINGS, 1, 0, ""), IN(HEADERS, END_HEADERS, 1, S_200),
	IN(DATA, 0, 1, "{\"first\":1,"), OUT(WINDOW, 0, 0, "\0\1\0\0"), OUT(HEADERS, END_HEADERS, 3, M_POST HTTPS HOST PATH("\2", "/b")),
	OUT(DATA, END_STREAM, 3, "{\"model\":\"m\"}"), IN(HEADERS, END_HEADERS, 3, S_200), IN(DATA, END_STREAM, 1, "\"last\":2}"),
	IN(PING, 0, 0, "12345678"), IN(DATA, 0, 3, "{\"usage\":"), OUT(HEADERS, ALL, 5, ASK("c")), IN(DATA, END_STREAM, 3, "3}"),
	IN(HEADERS, END_HEADERS, 5, S_200 TYPE), IN(DATA, END_STREAM, 5, "five"), OUT(HEADERS, ALL, 7, ASK("d")),
	IN(HEADERS, END_HEADERS, 7, S_200), IN(DATA, END_STREAM, 7, "[7]"),
};

static const struct { const char *line; size_t request; } lines[] = {	/* the call that brings its request */
	{ "client GET h /a 200 d{{\"first\":1,\"last\":2}} complete\n", 4 },
	{ "client POST h /b d{{\"model\":\"m\"}} 200 d{{\"usage\":3}} complete\n", 8 },
	{ "client GET h /c 200 d{five} complete\n", 14 },
	{ "client GET h /d 200 d{[7]} complete\n", 18 },
};

#define N_LINES (sizeof(lines) / sizeof(lines[0]))

/* Every complete line is one of those above; from_call: their requests came from there on, so they must be there. */
static void check(struct told *told, size_t from_call)
{
	struct str text = buf_view(&told->text), line, rest = text;
	char whole[200];

	while (str_split(&rest, '\n', &line)) {
		bool found = false;

		if (!line.n || !str_ends(line, STR(" complete")))
			continue;
		for (size_t i = 0; i < N_LINES; i++) {
			snprintf(whole, sizeof(whole), "%.*s\n", (int)line.n, line.p);
			found |= !strcmp(whole, lines[i].line);
		}
		if (!found)
			print_error("from call %zu: %.*s\n", from_call, (int)line.n, line.p);
		assert_true(found);
	}
	for (size_t i = 0; i < N_LINES; i++) {
		if (lines[i].request < from_call)
			continue;
		if (str_find(text, str_of(lines[i].line)) < 0)
			print_error("from call %zu, no %s in %s\n", from_call, lines[i].line, buf_cstr(&told->text));
		assert_true(str_find(text, str_of(lines[i].line)) >= 0);
	}
}

/* The first that is seen is byte `skip` of call `from`; calls come in pieces of at most `most`. */
static void join(const struct h2_script *script, size_t from, size_t skip, size_t most)
{
	struct call_of calls[FRAMES_MAX];
	struct parts parts;
	struct told told;
	struct conn *conn;

	memcpy(calls, script->calls, sizeof(calls));
	calls[from].bytes = str_sub(calls[from].bytes, skip, SIZE_MAX);
	assert_int_equal(told_init(&told), 0);
	parts_of(calls + from, script->n - from, most, 0, &parts);
	assert_int_equal(conn_new(&told.wire, 1, false, &conn), 0);
	for (size_t i = 0; i < parts.n; i++)
		feed_part(conn, &parts.part[i]);
	if (from + 2 < script->n)
		assert_int_equal(conn_facts(conn).protocol, CONN_HTTP2);
	conn_end(conn, parts.length);
	conn_free(conn);
	/* in the middle of a head one may be seen that is none: until a call tells better */
	check(&told, skip ? from + 5 : from);
	parts_done(&parts);
	told_done(&told);
}

static void met_at_every_frame(void **state)
{
	static struct h2_script script;

	(void)state;
	script_of(talk, &script);
	for (size_t from = 0; from < script.n; from++)
		join(&script, from, 0, SIZE_MAX);
}

/* In the middle of a call: the rest of it is nothing, the next call begins a frame. */
static void met_at_every_byte(void **state)
{
	static struct h2_script script;

	(void)state;
	script_of(talk, &script);
	for (size_t from = 0; from < 17; from++)
		for (size_t skip = 1; skip < script.calls[from].bytes.n; skip++)
			join(&script, from, skip, SIZE_MAX);
}

/* Several frames a call, and the first begins within one. */
static void met_within_a_call(void **state)
{
	static struct h2_script script, large;
	static const struct h2_frame frames[FRAMES_MAX] = {
		IN(DATA, 0, 1, "some text of an answer that began before, which goes on for a while"), IN(DATA, END_STREAM, 1, "and ends"),
		IN(WINDOW, 0, 0, "\0\1\0\0"), OUT(HEADERS, ALL, 3, ASK("b")), IN(HEADERS, END_HEADERS, 3, S_200), IN(DATA, END_STREAM, 3, "[1]"),
	};

	(void)state;
	script_of(frames, &script);
	for (size_t skip = 0; skip < 70; skip++) {
		struct parts parts;
		struct told told;

		large = script;
		large.calls[0].bytes = str_sub((struct str){ script.calls[0].bytes.p, script.calls[0].bytes.n + script.calls[1].bytes.n +
					       script.calls[2].bytes.n }, skip, SIZE_MAX);
		memmove(&large.calls[1], &large.calls[3], 3 * sizeof(large.calls[0]));
		assert_int_equal(told_init(&told), 0);
		parts_of(large.calls, 4, SIZE_MAX, 0, &parts);
		play(&told, &parts, NULL, false);
		assert_string_equal(buf_cstr(&told.text), "client GET h /b 200 d{[1]} complete\n");
		parts_done(&parts);
		told_done(&told);
	}
}

/* What looks like a frame, and is not: the search goes on, and finds HTTP/1. */
static void what_is_none(void **state)
{
	static const struct call_of calls[] = {
		GOT("\0\0\4\0\0\0\0\0\1oops" "something else"), GOT("\0\0\2\0\1\0\0\0\1"), GOT("hi and more of that"),
		SENT("GET /a HTTP/1.1\r\nHost: h\r\n\r\n"), GOT("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
	};
	struct parts parts;
	struct told told;

	(void)state;
	assert_int_equal(told_init(&told), 0);
	parts_of(calls, sizeof(calls) / sizeof(calls[0]), SIZE_MAX, 0, &parts);
	play(&told, &parts, NULL, false);
	assert_string_equal(buf_cstr(&told.text), "client GET h /a 200 d{hi} complete\n");
	parts_done(&parts);
	told_done(&told);
}

/* Codings whose field is lost are told by the body itself. */
static void a_lost_coding(void **state)
{
	/* {"a":1} by gzip */
	static const struct h2_frame frames[FRAMES_MAX] = {
		OUT(HEADERS, ALL, 3, ASK("b")), IN(HEADERS, END_HEADERS, 3, S_200 NEWEST SECOND),
		IN(DATA, 0, 3, "\x1f\x8b\x08\0\0\0\0\0\2\x03\xab\x56\x4a\x54\xb2"), IN(DATA, END_STREAM, 3, "\x32\xac\x05\0\xaf\xac\x1b\x56\7\0\0\0"),
		OUT(HEADERS, ALL, 5, ASK("c")), IN(HEADERS, END_HEADERS, 5, S_200 NEWEST), IN(DATA, END_STREAM, 5, "{\"plain\":1}"),
	};
	static struct h2_script script;
	struct parts parts;
	struct told told;

	(void)state;
	script_of(frames, &script);
	assert_int_equal(told_init(&told), 0);
	parts_of(script.calls, script.n, SIZE_MAX, 0, &parts);
	play(&told, &parts, NULL, false);
	assert_string_equal(buf_cstr(&told.text), "client GET h /b 200 d{{\"a\":1}} complete\nclient GET h /c 200 d{{\"plain\":1}} complete\n");
	parts_done(&parts);
	told_done(&told);
}

/* ---- many, and for long */

static unsigned int n_heads, n_ends, n_complete;

static int count_head(void *ctx, struct exchange *exchange, const struct head *head)
{
	(void)ctx;
	(void)exchange;
	n_heads += head->side == SIDE_REQUEST;
	return 1;
}

static int count_piece(void *ctx, struct exchange *exchange, const struct piece *piece)
{
	(void)ctx;
	(void)exchange;
	(void)piece;
	return 0;
}

static void count_end(void *ctx, struct exchange *exchange, enum ending ending)
{
	(void)ctx;
	(void)exchange;
	n_ends++;
	n_complete += ending == ENDING_COMPLETE;
}

static const struct wire_ops count_ops = { .head = count_head, .piece = count_piece, .end = count_end };

struct flow {
	struct conn *conn;
	uint64_t offset[2], now;
};

static void send_frame(struct flow *flow, enum dir dir, unsigned int type, unsigned int flags, uint32_t stream, struct str payload)
{
	uint8_t bytes[200] = { 0, 0, (uint8_t)payload.n, (uint8_t)type, (uint8_t)flags, 0, (uint8_t)(stream >> 16), (uint8_t)(stream >> 8),
			       (uint8_t)stream };

	memcpy(bytes + 9, payload.p, payload.n);
	conn_feed(flow->conn, dir, flow->offset[dir], flow->offset[!dir], flow->now, bytes, payload.n + 9);
	flow->offset[dir] += payload.n + 9;
}

static struct flow flow_new(struct wire *wire)
{
	struct flow flow = { .now = 1000 };

	assert_int_equal(conn_new(wire, 1, true, &flow.conn), 0);
	conn_feed(flow.conn, DIR_SENT, 0, 0, 1000, (const uint8_t *)"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);
	flow.offset[DIR_SENT] = 24;
	send_frame(&flow, DIR_SENT, SETTINGS, 0, 0, STR(""));
	send_frame(&flow, DIR_RECEIVED, SETTINGS, 0, 0, STR(""));
	return flow;
}

static void open_stream(struct flow *flow, uint32_t id)
{
	send_frame(flow, DIR_SENT, HEADERS, ALL, id, STR(M_GET HTTPS HOST PATH("\2", "/b")));
	send_frame(flow, DIR_RECEIVED, HEADERS, END_HEADERS, id, STR(S_200 SSE));
	send_frame(flow, DIR_RECEIVED, DATA, 0, id, STR("data: 1\n\ndata"));
}

static void a_hundred_thousand_streams(void **state)
{
	enum { CONNS = 100, STREAMS = 1000 };
	static struct flow flows[CONNS];
	struct wire wire;

	(void)state;
	n_heads = n_ends = n_complete = 0;
	assert_int_equal(wire_init(&wire, &count_ops, NULL, 8), 0);
	for (size_t i = 0; i < CONNS; i++)
		flows[i] = flow_new(&wire);
	for (uint32_t id = 1; id < 2 * STREAMS; id += 2)
		for (size_t i = 0; i < CONNS; i++)
			open_stream(&flows[i], id);
	assert_int_equal(wire.n_streams, CONNS * STREAMS);
	assert_true(wire.tables.used < MIB(2));
	for (uint32_t id = 1; id < 2 * STREAMS; id += 2)
		for (size_t i = 0; i < CONNS; i++)
			send_frame(&flows[i], DIR_RECEIVED, DATA, END_STREAM, id, STR(": 2\n\n"));
	assert_int_equal(wire.n_streams, 0);
	assert_int_equal(n_heads, CONNS * STREAMS);
	assert_int_equal(n_complete, CONNS * STREAMS);
	assert_int_equal(wire.counts.streams_full, 0);
	for (size_t i = 0; i < CONNS; i++)
		conn_free(flows[i].conn);
	wire_done(&wire);
}

/* Heads of many connections that never end: what is kept of all of them together is bounded, and connections go on without it. */
static void heads_without_end(void **state)
{
	enum { CONNS = 100 };
	static struct flow flows[CONNS];
	static char part[100];
	struct wire wire;

	(void)state;
	n_heads = n_ends = n_complete = 0;
	assert_int_equal(wire_init(&wire, &count_ops, NULL, 8), 0);
	wire.heads.limit = KIB(64);
	for (size_t i = 0; i < CONNS; i++) {
		flows[i] = flow_new(&wire);
		send_frame(&flows[i], DIR_SENT, HEADERS, END_STREAM, 1, STR(M_GET HTTPS HOST PATH("\2", "/b")));
		for (int k = 0; k < 40; k++)
			send_frame(&flows[i], DIR_SENT, CONTINUATION, 0, 1, (struct str){ part, sizeof(part) });
		assert_true(wire.heads.used <= KIB(64));
	}
	assert_true(wire.counts.no_memory > CONNS / 2);
	assert_int_equal(n_heads, 0);
	send_frame(&flows[CONNS - 1], DIR_SENT, CONTINUATION, END_HEADERS, 1, STR("\x84"));
	assert_int_equal(n_heads, 1);	/* of which nothing is known */
	open_stream(&flows[CONNS - 1], 3);
	send_frame(&flows[CONNS - 1], DIR_RECEIVED, DATA, END_STREAM, 3, STR(""));
	assert_int_equal(n_complete, 1);
	for (size_t i = 0; i < CONNS; i++)
		conn_free(flows[i].conn);
	assert_int_equal(wire.heads.used, 0);
	wire_done(&wire);
}

/* The end of an answer is lost: its call is over when nothing more comes of it, and not before. */
static void an_end_that_is_lost(void **state)
{
	struct wire wire;
	struct flow flow;

	(void)state;
	n_heads = n_ends = n_complete = 0;
	assert_int_equal(wire_init(&wire, &count_ops, NULL, 8), 0);
	flow = flow_new(&wire);
	open_stream(&flow, 1);
	open_stream(&flow, 3);
	flow.offset[DIR_RECEIVED] += 15;	/* END_STREAM of stream 1 */
	send_frame(&flow, DIR_RECEIVED, DATA, 0, 3, STR(": 2\n\n"));
	flow.now += LIMIT_REORDER_NS;
	conn_tick(flow.conn, flow.now);
	flow.now += LIMIT_STREAM_DOUBT_NS - LIMIT_REORDER_NS - 1;
	send_frame(&flow, DIR_RECEIVED, DATA, 0, 3, STR("data: 3\n\n"));
	open_stream(&flow, 5);
	assert_int_equal(n_ends, 0);
	flow.now += LIMIT_REORDER_NS + 2;
	open_stream(&flow, 7);
	assert_int_equal(n_ends, 1);
	send_frame(&flow, DIR_RECEIVED, DATA, END_STREAM, 3, STR(""));
	send_frame(&flow, DIR_RECEIVED, DATA, END_STREAM, 5, STR(""));
	assert_int_equal(n_ends, 3);
	assert_int_equal(n_complete, 1);
	conn_free(flow.conn);
	assert_int_equal(n_ends, 4);
	wire_done(&wire);
}

/* More streams than are followed: the others are, and these are counted. */
static void too_many_streams(void **state)
{
	struct wire wire;
	struct flow flow;

	(void)state;
	n_heads = n_ends = n_complete = 0;
	assert_int_equal(wire_init(&wire, &count_ops, NULL, 8), 0);
	flow = flow_new(&wire);
	for (uint32_t i = 0; i < LIMIT_STREAMS + 10; i++)
		open_stream(&flow, 2 * i + 1);
	assert_int_equal(wire.counts.streams_full, 10);
	for (uint32_t i = 0; i < LIMIT_STREAMS + 10; i++)
		send_frame(&flow, DIR_RECEIVED, DATA, END_STREAM, 2 * i + 1, STR(""));
	open_stream(&flow, 2 * LIMIT_STREAMS + 101);
	conn_free(flow.conn);
	assert_int_equal(n_complete, LIMIT_STREAMS);
	assert_int_equal(n_ends, LIMIT_STREAMS + 1);
	wire_done(&wire);
}

static void no_allocation_in_the_steady_state(void **state)
{
	struct wire wire;
	struct flow flow;
	uint64_t before = 0;

	(void)state;
	assert_int_equal(wire_init(&wire, &count_ops, NULL, 8), 0);
	flow = flow_new(&wire);
	for (uint32_t i = 0; i < 20000; i++) {
		if (i == 1000)
			before = mem_count();
		open_stream(&flow, 2 * i + 1);
		send_frame(&flow, DIR_RECEIVED, DATA, END_STREAM, 2 * i + 1, STR(": 2\n\n"));
	}
	assert_int_equal(mem_count() - before, 0);
	conn_free(flow.conn);
	wire_done(&wire);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(met_at_every_frame),
		cmocka_unit_test(met_at_every_byte),
		cmocka_unit_test(met_within_a_call),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(a_lost_coding),
		cmocka_unit_test(a_hundred_thousand_streams),
		cmocka_unit_test(heads_without_end),
		cmocka_unit_test(an_end_that_is_lost),
		cmocka_unit_test(too_many_streams),
		cmocka_unit_test(no_allocation_in_the_steady_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
