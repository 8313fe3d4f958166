/* SPDX-License-Identifier: Apache-2.0 */
/* The order of a connection's bytes: events that pass each other, that never come, and that come twice. */
#include "tests/lib/wire_script.h"

#define OK "HTTP/1.1 200 OK\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"
#define ONE OK "Content-Length: 1\r\n\r\n1"
#define TWO OK "Content-Length: 2\r\n\r\n22"
#define SECOND 1000000000ull

static const struct call_of talk[] = {
	SENT("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\n"), SENT("{\"model\":1} "),
	GOT(OK "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"), GOT("9\r\ndata: 1\n\n\r\n"),
	GOT("9\r\ndata: 2\n\n\r\n0\r\n\r\n"), SENT(GET("/b")), GOT(ONE), SENT(GET("/c")), GOT(OK "\r\nuntil close"),
};
static const char talk_told[] = "client POST h /a d{{\"model\":1} } 200 e{1} e{2} complete\n"
				"client GET h /b 200 d{1} complete\nclient GET h /c 200 d{until close} complete\n";
#define N_TALK (sizeof(talk) / sizeof(talk[0]))

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	return *state ^= *state << 5;
}

/* Events move by at most `window` places. */
static void shuffle(size_t *order, size_t n, size_t window, uint32_t *state)
{
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t from = 0; from < n; from += window)
		for (size_t i = window < n - from ? window : n - from; i > 1; i--) {
			size_t k = from + next_random(state) % i, last = from + i - 1, moved = order[k];

			order[k] = order[last];
			order[last] = moved;
		}
}

static void events_that_pass_each_other(void **state)
{
	uint32_t seed = 20240229;

	(void)state;
	for (unsigned int round = 0; round < 3000; round++) {
		size_t order[512], most = round % 3 ? 1 + round % 40 : SIZE_MAX, window = 2 + round % 60;
		struct parts parts;
		struct told told;

		parts_of(talk, N_TALK, most, 0, &parts);
		assert_true(parts.n <= 512);
		shuffle(order, parts.n, window, &seed);
		assert_int_equal(told_init(&told), 0);
		play(&told, &parts, order, true);
		assert_string_equal(buf_cstr(&told.text), talk_told);
		assert_int_equal(told.wire.counts.holes, 0);
		assert_int_equal(told.wire.counts.orphans, 0);
		parts_done(&parts);
		told_done(&told);
	}
}

/* All that was received before all that was sent, and the other way round. */
static void one_direction_first(void **state)
{
	(void)state;
	for (unsigned int first = 0; first < 2; first++) {
		size_t order[N_TALK], n = 0;
		struct parts parts;
		struct told told;

		parts_of(talk, N_TALK, SIZE_MAX, 0, &parts);
		for (unsigned int dir = first, turn = 0; turn < 2; turn++, dir = !dir)
			for (size_t i = 0; i < parts.n; i++)
				if (parts.part[i].dir == dir)
					order[n++] = i;
		assert_int_equal(told_init(&told), 0);
		play(&told, &parts, order, true);
		assert_string_equal(buf_cstr(&told.text), talk_told);
		parts_done(&parts);
		told_done(&told);
	}
}

static void feed(struct conn *conn, enum dir dir, uint64_t offset, uint64_t peer_offset, uint64_t boot_ns, const char *text)
{
	conn_feed(conn, dir, offset, peer_offset, boot_ns, page_guarded(text, strlen(text)), strlen(text));
}

static struct conn *begin(struct told *told, bool born)
{
	struct conn *conn;

	assert_int_equal(told_init(told), 0);
	assert_int_equal(conn_new(&told->wire, 7, born, &conn), 0);
	return conn;
}

static void finish(struct told *told, struct conn *conn, const uint64_t end[2], const char *expected)
{
	conn_end(conn, end);
	conn_free(conn);
	assert_string_equal(buf_cstr(&told->text), expected);
	told_done(told);
}

/* A write that returned only after another thread had read the response: its offset was given last. */
static void a_write_delayed_past_its_response(void **state)
{
	struct told told;
	struct conn *conn = begin(&told, true);

	(void)state;
	feed(conn, DIR_RECEIVED, 0, 0, SECOND, ONE);
	assert_true(conn_waits(conn));
	feed(conn, DIR_SENT, 0, strlen(ONE), SECOND + 1, GET("/a"));
	assert_false(conn_waits(conn));
	assert_string_equal(buf_cstr(&told.text), "client GET h /a 200 d{1} complete\n");
	feed(conn, DIR_SENT, strlen(GET("/a")), strlen(ONE), 2 * SECOND, GET("/b"));
	feed(conn, DIR_RECEIVED, strlen(ONE), 2 * strlen(GET("/a")), 2 * SECOND, TWO);
	finish(&told, conn, NULL, "client GET h /a 200 d{1} complete\nclient GET h /b 200 d{22} complete\n");
}

/* So late that its response waits no more: it must not take the next one's. */
static void a_request_that_comes_too_late(void **state)
{
	struct told told;
	struct conn *conn = begin(&told, true);

	(void)state;
	feed(conn, DIR_RECEIVED, 0, 0, SECOND, ONE);
	conn_tick(conn, SECOND + LIMIT_REORDER_NS - 1);
	assert_true(conn_waits(conn));
	conn_tick(conn, SECOND + LIMIT_REORDER_NS);
	assert_false(conn_waits(conn));
	assert_int_equal(told.wire.counts.orphans, 1);
	feed(conn, DIR_SENT, 0, strlen(ONE), 2 * SECOND, GET("/a"));
	feed(conn, DIR_SENT, strlen(GET("/a")), strlen(ONE), 3 * SECOND, GET("/b"));
	feed(conn, DIR_RECEIVED, strlen(ONE), 2 * strlen(GET("/a")), 3 * SECOND, TWO);
	finish(&told, conn, NULL, "client GET h /a hole\nclient GET h /b 200 d{22} complete\n");
}

static void a_gap_waits_for_its_bytes(void **state)
{
	struct told told;
	struct conn *conn = begin(&told, true);

	(void)state;
	feed(conn, DIR_SENT, 0, 0, SECOND, GET("/a"));
	feed(conn, DIR_RECEIVED, strlen(ONE), 28, SECOND, TWO);
	conn_tick(conn, SECOND + LIMIT_REORDER_NS - 1);
	assert_int_equal(told.wire.counts.holes, 0);
	feed(conn, DIR_RECEIVED, 0, 28, 2 * SECOND, ONE);
	assert_int_equal(told.wire.counts.holes, 0);
	finish(&told, conn, NULL, "client GET h /a 200 d{1} complete\n");
}

static void a_gap_waits_no_longer(void **state)
{
	struct told told;
	struct conn *conn = begin(&told, true);

	(void)state;
	feed(conn, DIR_SENT, 0, 0, SECOND, GET("/a"));
	feed(conn, DIR_RECEIVED, 10, 28, SECOND, TWO);
	conn_tick(conn, SECOND + LIMIT_REORDER_NS);
	assert_false(conn_waits(conn));
	assert_int_equal(told.wire.counts.hole_bytes, 10);
	feed(conn, DIR_RECEIVED, 0, 28, 2 * SECOND, "too late");
	assert_int_equal(conn_facts(conn).missing, 10);
	finish(&told, conn, NULL, "client GET h /a 200 d{22} complete +missing\n");
}

static void events_that_come_twice_or_overlap(void **state)
{
	static const char request[] = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabcdef";
	size_t n = sizeof(request) - 1;

	(void)state;
	for (size_t from = 0; from < n; from++)
		for (size_t to = from + 1; to <= n; to++) {
			struct told told;
			struct conn *conn = begin(&told, true);

			/* the middle first, then all of it, then the beginning, then the middle again */
			conn_feed(conn, DIR_SENT, from, 0, 1, (const uint8_t *)request + from, to - from);
			conn_feed(conn, DIR_SENT, 0, 0, 2, (const uint8_t *)request, to);
			conn_feed(conn, DIR_SENT, 0, 0, 3, (const uint8_t *)request, n);
			conn_feed(conn, DIR_SENT, from, 0, 4, (const uint8_t *)request + from, to - from);
			feed(conn, DIR_RECEIVED, 0, n, 5, ONE);
			assert_int_equal(conn_facts(conn).missing, 0);
			finish(&told, conn, NULL, "client POST h /a d{abcdef} 200 d{1} complete\n");
		}
}

static void what_is_missing_at_the_end(void **state)
{
	static const struct { uint64_t end[2]; const char *told; } cases[] = {
		{ { 28, 22 }, "client GET h /a 200 d{now} complete\n" },
		{ { 28, 30 }, "client GET h /a 200 d{now hole +missing\n" },
		{ { 99, 22 }, "client GET h /a 200 d{now} complete\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct told told;
		struct conn *conn = begin(&told, true);

		feed(conn, DIR_SENT, 0, 0, 1, GET("/a"));
		feed(conn, DIR_RECEIVED, 0, 28, 2, OK "\r\nnow");
		finish(&told, conn, cases[i].end, cases[i].told);
	}
}

/* No close was seen, but the other stream's bytes say how long this one was. */
static void what_the_other_stream_says_is_missing(void **state)
{
	static const char request[] = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n";
	size_t n = sizeof(request) - 1;

	(void)state;
	for (unsigned int born = 0; born < 2; born++) {
		struct told told;
		struct conn *conn = begin(&told, born);

		feed(conn, DIR_SENT, 0, 0, 1, request);
		feed(conn, DIR_SENT, n, 0, 1, "12345");
		feed(conn, DIR_RECEIVED, 0, n + 9, 2, ONE);
		finish(&told, conn, NULL, "client POST h /a d{12345 200 d{1} complete +missing\n");
	}
}

/* Nobody says that the connection ended there: the body may go on. */
static void an_end_that_is_not_known(void **state)
{
	struct told told;
	struct conn *conn = begin(&told, true);

	(void)state;
	feed(conn, DIR_SENT, 0, 0, 1, GET("/a"));
	feed(conn, DIR_RECEIVED, 0, 28, 2, OK "\r\nnow");
	finish(&told, conn, NULL, "client GET h /a 200 d{now aborted\n");
}

static void freed_without_an_end(void **state)
{
	struct told told;
	struct conn *conn = begin(&told, true);

	(void)state;
	feed(conn, DIR_SENT, 0, 0, 1, GET("/a"));
	feed(conn, DIR_RECEIVED, 100, 28, 2, "waits");
	conn_free(conn);
	assert_string_equal(buf_cstr(&told.text), "client GET h /a aborted\n");
	told_done(&told);
}

/* What passed while nobody looked is skipped, and nothing of it is missing. */
static void skipped_on_purpose(void **state)
{
	struct told told;
	struct conn *conn = begin(&told, true);

	(void)state;
	feed(conn, DIR_SENT, 0, 0, 1, GET("/a"));
	feed(conn, DIR_RECEIVED, 0, 28, 2, OK "Content-Length: 900\r\n\r\n");
	conn_skip(conn, DIR_SENT, 5000, 7000);
	feed(conn, DIR_SENT, 5000, 7000, 3, "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab");
	conn_skip(conn, DIR_SENT, 5050, 7000);	/* a further event of the same call */
	feed(conn, DIR_SENT, 5050, 7000, 3, "cd");
	feed(conn, DIR_RECEIVED, 7000, 5052, 4, TWO);
	assert_int_equal(conn_facts(conn).missing, 0);
	assert_int_equal(conn_facts(conn).requests, 2);
	finish(&told, conn, NULL, "client GET h /a 200 hole\nclient POST h /b d{abcd} 200 d{22} complete\n");
}

/* A request begins on a connection that seemed to be something else, and nothing was skipped in its own direction. */
static void reopened_after_all(void **state)
{
	struct told told;
	struct conn *conn = begin(&told, true);

	(void)state;
	feed(conn, DIR_SENT, 0, 0, 1, "HELO\n");
	assert_int_equal(conn_facts(conn).protocol, CONN_OTHER);
	conn_skip(conn, DIR_SENT, 5, 10);
	feed(conn, DIR_SENT, 5, 10, 2, GET("/a"));
	feed(conn, DIR_RECEIVED, 10, 33, 3, ONE);
	assert_int_equal(conn_facts(conn).protocol, CONN_HTTP1);
	assert_int_equal(conn_facts(conn).missing, 0);
	finish(&told, conn, NULL, "client GET h /a 200 d{1} complete\n");
}

/* The middle of a call that the ring could not hold: nothing waits for it. */
static void a_gap_that_will_not_be_filled(void **state)
{
	static const char head[] = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 20000000\r\n\r\n{\"model\":1,";
	const uint64_t end = sizeof(head) - 12 + 20000000;
	struct told told;
	struct conn *conn = begin(&told, true);

	(void)state;
	feed(conn, DIR_SENT, 0, 0, SECOND, head);
	conn_gap(conn, DIR_SENT, end - 1, SECOND);
	assert_false(conn_waits(conn));
	feed(conn, DIR_SENT, end - 1, 0, SECOND, "}");
	feed(conn, DIR_RECEIVED, 0, end, SECOND, ONE);
	assert_string_equal(buf_cstr(&told.text), "client POST h /a d{{\"model\":1, 200 d{1} complete +missing\n");
	conn_gap(conn, DIR_SENT, 5, SECOND);		/* long since read */
	assert_int_equal(told.wire.counts.holes, 1);
	conn_end(conn, NULL);
	conn_free(conn);
	told_done(&told);
}

/* Such a gap behind bytes that are only late: they are waited for, it is not. */
static void a_gap_behind_bytes_that_are_late(void **state)
{
	struct told told;
	struct conn *conn = begin(&told, true);

	(void)state;
	feed(conn, DIR_SENT, 0, 0, SECOND, GET("/a"));
	feed(conn, DIR_RECEIVED, strlen(ONE), 28, SECOND, OK "Content-Length: 100\r\n\r\nab");
	conn_gap(conn, DIR_RECEIVED, strlen(ONE) + strlen(OK "Content-Length: 100\r\n\r\n") + 98, SECOND);
	feed(conn, DIR_RECEIVED, strlen(ONE) + strlen(OK "Content-Length: 100\r\n\r\n") + 98, 28, SECOND, "yz");
	feed(conn, DIR_SENT, 28, strlen(ONE), SECOND, GET("/b"));
	assert_int_equal(told.wire.counts.holes, 0);
	assert_true(conn_waits(conn));
	feed(conn, DIR_RECEIVED, 0, 28, SECOND, ONE);
	assert_false(conn_waits(conn));
	assert_int_equal(told.wire.counts.hole_bytes, 96);
	finish(&told, conn, NULL, "client GET h /a 200 d{1} complete\nclient GET h /b 200 d{ab hole +missing\n");
}

/*
 * A request with a gap that nobody announced, then two more calls with answers
 * larger than what may wait: each answer finds its request, for the gap is given
 * up before the answers are.
 */
static void large_answers_behind_a_gap_of_the_requests(void **state)
{
	static const char request[] = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 9000\r\n\r\n";
	static const char answer[] = OK "Content-Type: audio/mpeg\r\nContent-Length: 8388608\r\n\r\n";
	static uint8_t body[KIB(16)];
	uint64_t sent = strlen(request) + 9000, received = strlen(ONE);
	unsigned int i;
	struct told told;
	struct conn *conn = begin(&told, true);

	(void)state;
	feed(conn, DIR_SENT, 0, 0, SECOND, request);
	feed(conn, DIR_SENT, sent - 1, 0, SECOND, "}");
	feed(conn, DIR_RECEIVED, 0, sent, SECOND, ONE);
	for (i = 0; i < 2; i++) {
		feed(conn, DIR_SENT, sent, received, SECOND, GET("/b"));
		sent += 28;
		feed(conn, DIR_RECEIVED, received, sent, SECOND, answer);
		received += strlen(answer);
		for (size_t at = 0; at < MIB(8); at += sizeof(body), received += sizeof(body))
			conn_feed(conn, DIR_RECEIVED, received, sent, SECOND, body, sizeof(body));
	}
	conn_end(conn, NULL);
	conn_free(conn);
	assert_int_equal(told.wire.counts.orphans, 0);
	assert_int_equal(told.wire.counts.hole_bytes, 8999);
	assert_int_equal(told.ended, 3);
	assert_int_equal(told.begun, 3);
	assert_true(str_starts(buf_view(&told.text), STR("client POST h /a 200 d{1} complete +missing\nclient GET h /b 200 d{")));
	assert_true(str_ends(buf_view(&told.text), STR("} complete\n")));
	told_done(&told);
}

static void facts(void **state)
{
	struct told told;
	struct conn *conn = begin(&told, false);

	(void)state;
	assert_int_equal(conn_facts(conn).protocol, CONN_UNKNOWN);
	assert_int_equal(conn_facts(conn).role, ROLE_UNKNOWN);
	conn_role(conn, ROLE_CLIENT);
	assert_int_equal(conn_facts(conn).role, ROLE_CLIENT);
	conn_server_name(conn, STR("first.test"));
	conn_server_name(conn, STR("sni.test"));
	assert_true(str_eq(conn_facts(conn).server_name, STR("sni.test")));
	feed(conn, DIR_RECEIVED, 0, 0, 1, "GET /a HTTP/1.1\r\n\r\n");
	assert_int_equal(conn_facts(conn).role, ROLE_SERVER);	/* who reads a request serves it, whatever the library says */
	assert_int_equal(conn_facts(conn).bytes[DIR_RECEIVED], 19);
	finish(&told, conn, NULL, "server GET sni.test /a aborted\n");
}

/* Bytes in which no request begins are counted as another protocol in the end. */
static void searched_in_vain(void **state)
{
	struct told told;
	struct conn *conn = begin(&told, false);
	char noise[4096];

	(void)state;
	memset(noise, 'x', sizeof(noise));
	for (uint64_t at = 0; at < KIB(300); at += sizeof(noise))
		conn_feed(conn, DIR_SENT, at, 0, 1, (const uint8_t *)noise, sizeof(noise));
	assert_int_equal(conn_facts(conn).protocol, CONN_OTHER);
	finish(&told, conn, NULL, "");
}

/* ---- ceilings */

static void the_window_is_full(void **state)
{
	static uint8_t body[KIB(16)];
	struct told told;
	struct conn *conn = begin(&told, true);
	uint64_t at = 0;

	(void)state;
	memset(body, 'b', sizeof(body));
	feed(conn, DIR_SENT, 0, 0, SECOND, GET("/a"));
	feed(conn, DIR_RECEIVED, 0, 28, SECOND, OK "Content-Type: text/event-stream\r\nContent-Length: 90000000\r\n\r\n");
	at = strlen(OK "Content-Type: text/event-stream\r\nContent-Length: 90000000\r\n\r\n") + 5;
	for (; !told.wire.counts.holes; at += sizeof(body)) {
		assert_true(at < MIB(5));
		conn_feed(conn, DIR_RECEIVED, at, 28, SECOND, body, sizeof(body));
		assert_true(told.wire.reorder_bytes <= LIMIT_REORDER_BYTES);
	}
	assert_true(at > MIB(3));
	assert_int_equal(told.wire.counts.hole_bytes, 5);
	assert_false(conn_waits(conn));
	finish(&told, conn, NULL, "client GET h /a 200 hole +missing\n");
}

static void the_workers_window_is_full(void **state)
{
	static uint8_t body[KIB(16)];
	struct conn *conns[20];
	struct told told;

	(void)state;
	assert_int_equal(told_init(&told), 0);
	for (unsigned int i = 0; i < 20; i++) {
		assert_int_equal(conn_new(&told.wire, i, true, &conns[i]), 0);
		for (uint64_t at = 1; at < MIB(3); at += sizeof(body))
			conn_feed(conns[i], DIR_SENT, at, 0, SECOND, body, sizeof(body));
		assert_true(told.wire.reorder_bytes <= LIMIT_REORDER_TOTAL);
	}
	assert_true(told.wire.counts.reorder_full > 0);
	for (unsigned int i = 0; i < 20; i++)
		conn_free(conns[i]);
	told_done(&told);
}

static void too_many_wait_for_an_answer(void **state)
{
	struct told told;
	struct conn *conn = begin(&told, true);

	(void)state;
	for (unsigned int i = 0; i < 1000; i++)
		feed(conn, DIR_SENT, 28 * i, 0, SECOND, GET("/a"));
	assert_true(told.begun - told.ended <= LIMIT_PIPELINE);
	assert_true(told.wire.counts.pipeline_full > 0);
	conn_end(conn, NULL);
	conn_free(conn);
	told_done(&told);
}

static void an_endless_head(void **state)
{
	static const char line[] = "X-Line: 0123456789012345678901234567890123456789\r\n";
	struct told told;
	struct conn *conn = begin(&told, true);
	uint64_t at = 0;

	(void)state;
	feed(conn, DIR_SENT, 0, 0, SECOND, GET("/a"));
	feed(conn, DIR_RECEIVED, 0, 28, SECOND, OK);
	for (at = strlen(OK); at < MIB(1); at += strlen(line))
		feed(conn, DIR_RECEIVED, at, 28, SECOND, line);
	assert_int_equal(told.wire.counts.long_heads, 1);
	finish(&told, conn, NULL, "client GET h /a hole +truncated\n");
}

/* ---- memory: what streams by leaves none */

static size_t counted;

static int count_head(void *ctx, struct exchange *exchange, const struct head *head)
{
	(void)ctx, (void)exchange, (void)head;
	return 1;
}

static int count_piece(void *ctx, struct exchange *exchange, const struct piece *piece)
{
	(void)ctx, (void)exchange;
	counted += piece->text.n;
	return 0;
}

static void count_end(void *ctx, struct exchange *exchange, enum ending ending)
{
	(void)ctx, (void)exchange, (void)ending;
}

static const struct wire_ops count_ops = { .head = count_head, .piece = count_piece, .end = count_end };

static void a_large_response_takes_no_memory(void **state)
{
	static uint8_t body[KIB(16)];
	struct wire wire;
	struct conn *conn;
	uint64_t at, before;

	(void)state;
	memset(body, 'b', sizeof(body));
	assert_int_equal(wire_init(&wire, &count_ops, NULL, 8), 0);
	assert_int_equal(conn_new(&wire, 1, true, &conn), 0);
	feed(conn, DIR_SENT, 0, 0, 1, GET("/a"));
	feed(conn, DIR_RECEIVED, 0, 28, 1, OK "Content-Length: 209715200\r\n\r\n");
	at = strlen(OK "Content-Length: 209715200\r\n\r\n");
	before = mem_count();
	counted = 0;
	for (uint64_t i = 0; i < MIB(200); i += sizeof(body))
		conn_feed(conn, DIR_RECEIVED, at + i, 28, 2, body, sizeof(body));
	assert_int_equal(counted, MIB(200));
	assert_int_equal(mem_count(), before);
	conn_end(conn, NULL);
	conn_free(conn);
	wire_done(&wire);
}

/* The second exchange and all that follow allocate nothing. */
static void no_allocation_in_the_steady_state(void **state)
{
	static const char answer[] = OK "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
				     "9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n";
	uint64_t sent = 0, received = 0, before = 0;
	struct wire wire;
	struct conn *conn;

	(void)state;
	assert_int_equal(wire_init(&wire, &count_ops, NULL, 8), 0);
	assert_int_equal(conn_new(&wire, 1, true, &conn), 0);
	for (unsigned int i = 0; i < 1000; i++) {
		feed(conn, DIR_SENT, sent, received, 1, GET("/a"));
		sent += strlen(GET("/a"));
		feed(conn, DIR_RECEIVED, received, sent, 1, answer);
		received += strlen(answer);
		if (!i)
			before = mem_count();
	}
	assert_int_equal(conn_facts(conn).requests, 1000);
	assert_int_equal(mem_count(), before);
	conn_end(conn, NULL);
	conn_free(conn);
	wire_done(&wire);
}

static void allocations_refused(void **state)
{
	uint32_t seed = 5;

	(void)state;
	for (uint64_t nth = 1; nth < 60; nth++) {
		size_t order[512];
		struct parts parts;
		struct told told;

		parts_of(talk, N_TALK, 9, 0, &parts);
		shuffle(order, parts.n, 12, &seed);
		assert_int_equal(told_init(&told), 0);
		mem_fail_at(nth);
		play(&told, &parts, order, true);
		mem_fail_at(0);
		parts_done(&parts);
		told_done(&told);
	}
}

static void no_memory_for_a_worker(void **state)
{
	struct wire wire;

	(void)state;
	for (uint64_t nth = 1; nth <= 2; nth++) {
		mem_fail_at(nth);
		assert_int_equal(wire_init(&wire, &count_ops, NULL, 8), -ENOMEM);
		mem_fail_at(0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_that_pass_each_other), cmocka_unit_test(one_direction_first),
		cmocka_unit_test(a_write_delayed_past_its_response), cmocka_unit_test(a_request_that_comes_too_late),
		cmocka_unit_test(a_gap_waits_for_its_bytes), cmocka_unit_test(a_gap_waits_no_longer),
		cmocka_unit_test(events_that_come_twice_or_overlap), cmocka_unit_test(what_is_missing_at_the_end),
		cmocka_unit_test(an_end_that_is_not_known), cmocka_unit_test(freed_without_an_end),
		cmocka_unit_test(skipped_on_purpose), cmocka_unit_test(reopened_after_all), cmocka_unit_test(facts),
		cmocka_unit_test(what_the_other_stream_says_is_missing), cmocka_unit_test(a_gap_that_will_not_be_filled),
		cmocka_unit_test(a_gap_behind_bytes_that_are_late), cmocka_unit_test(large_answers_behind_a_gap_of_the_requests),
		cmocka_unit_test(searched_in_vain), cmocka_unit_test(the_window_is_full),
		cmocka_unit_test(the_workers_window_is_full), cmocka_unit_test(too_many_wait_for_an_answer),
		cmocka_unit_test(an_endless_head), cmocka_unit_test(a_large_response_takes_no_memory),
		cmocka_unit_test(no_allocation_in_the_steady_state), cmocka_unit_test(allocations_refused),
		cmocka_unit_test(no_memory_for_a_worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
