/* SPDX-License-Identifier: Apache-2.0 */
/* A realtime session through the hot half: what of each call is its turn's own, and what is the session's. */
#include "noun/head.h"
#include "tests/lib/hot_bench.h"
#include "tests/lib/ws_frame.h"

#define CREATED(id) "{\"type\":\"response.created\",\"response\":{\"id\":\"" id "\"}}"
#define DELTA(id) "{\"type\":\"response.text.delta\",\"response_id\":\"" id "\",\"delta\":\"abc\"}"
#define DONE(id, in) "{\"type\":\"response.done\",\"response\":{\"id\":\"" id "\",\"status\":\"completed\",\"usage\":{\"total_tokens\":" #in \
	"1,\"input_tokens\":" #in "0,\"output_tokens\":1}}}"
#define CREATE "{\"type\":\"response.create\"}"

static void upgrade(struct bench *bench)
{
	line_open(&bench->line, true, STR("api.openai.com"));
	line_text(&bench->line, EVENT_SENT, "GET /v1/realtime?model=gpt-realtime HTTP/1.1\r\nHost: api.openai.com\r\nUpgrade: websocket\r\n\r\n");
	line_text(&bench->line, EVENT_RECEIVED, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
}

/* Gives when it passed. */
static uint64_t say(struct bench *bench, enum event_dir dir, const char *text)
{
	struct buf frame = BUF(4096);

	bench->line.boot_ns += 1000;
	ws_frame(&frame, dir == EVENT_SENT, 0x81, str_of(text));
	line_data(&bench->line, dir, frame.p, frame.n);
	buf_done(&frame);
	return bench->line.boot_ns;
}

static void turn(struct bench *bench, const char *created, const char *delta, const char *done, uint64_t times[4])
{
	times[0] = say(bench, EVENT_SENT, CREATE);
	times[1] = say(bench, EVENT_RECEIVED, created);
	times[2] = say(bench, EVENT_RECEIVED, delta);
	times[3] = say(bench, EVENT_RECEIVED, done);
}

static void check_turn(const struct call *call, unsigned int part, const uint64_t times[4], const char *id, uint64_t input)
{
	assert_int_equal(call->part, part);
	assert_int_equal(call->exchange, 0);
	assert_int_equal(call->begin_ns, times[0]);
	assert_int_equal(call->sent_ns, times[0]);
	assert_int_equal(call->first_byte_ns, times[1]);
	assert_int_equal(call->first_token_ns, times[2]);
	assert_int_equal(call->end_ns, times[3]);
	assert_string_equal(call->response_id, id);
	assert_string_equal(call->model_requested, "gpt-realtime");
	assert_int_equal(call->usages[0].count[COUNT_INPUT], input);
	assert_int_equal(call->content_bytes[SIDE_RESPONSE], 3);
	assert_int_equal(call->flags, CALL_STREAM | CALL_TURN);
}

static void test_turns(void **state)
{
	struct bench *bench = *state;
	uint64_t times[2][4];

	upgrade(bench);
	turn(bench, CREATED("resp_1"), DELTA("resp_1"), DONE("resp_1", 1), times[0]);
	turn(bench, CREATED("resp_2"), DELTA("resp_2"), DONE("resp_2", 2), times[1]);
	say(bench, EVENT_RECEIVED, CREATED("resp_3"));
	line_close(&bench->line, EVENT_CLOSE_SHUTDOWN);
	play(bench);
	hot_drain(bench->hot);
	take(bench);
	assert_int_equal(bench->n_calls, 3);
	check_turn(&bench->calls[0], 0, times[0], "resp_1", 10);
	check_turn(&bench->calls[1], 1, times[1], "resp_2", 20);
	/* messages, as they were before they were framed */
	assert_int_equal(bench->calls[0].request_bytes, strlen(CREATE));
	assert_int_equal(bench->calls[1].request_bytes, strlen(CREATE));
	assert_int_equal(bench->calls[1].response_bytes, strlen(CREATED("resp_2") DELTA("resp_2") DONE("resp_2", 2)));
	assert_string_equal(bench->calls[2].response_id, "resp_3");
	assert_int_equal(bench->calls[2].n_usages, 0);
	assert_int_equal(bench->calls[2].request_bytes, 0);
	assert_int_equal(bench->calls[2].flags, CALL_STREAM | CALL_TURN | CALL_ABORTED);
}

/* What is lost is the turn's in which it was lost. */
static void test_a_loss_in_one_turn(void **state)
{
	struct bench *bench = *state;
	uint64_t times[4];

	upgrade(bench);
	turn(bench, CREATED("resp_1"), DELTA("resp_1"), DONE("resp_1", 1), times);
	say(bench, EVENT_RECEIVED, CREATED("resp_2"));
	bench->line.offset[EVENT_RECEIVED] += 100;
	say(bench, EVENT_RECEIVED, DONE("resp_2", 2));
	turn(bench, CREATED("resp_3"), DELTA("resp_3"), DONE("resp_3", 3), times);
	line_close(&bench->line, EVENT_CLOSE_SHUTDOWN);
	play(bench);
	hot_drain(bench->hot);
	take(bench);
	assert_int_equal(bench->n_calls, 3);
	assert_int_equal(bench->calls[0].flags & CALL_INCOMPLETE, 0);
	assert_int_equal(bench->calls[0].missing_bytes, 0);
	assert_int_equal(bench->calls[1].flags & CALL_INCOMPLETE, CALL_INCOMPLETE);
	assert_int_equal(bench->calls[1].missing_bytes, 100);
	assert_int_equal(bench->calls[1].usages[0].count[COUNT_INPUT], 20);
	check_turn(&bench->calls[2], 2, times, "resp_3", 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_turns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_loss_in_one_turn, setup, teardown),
	};

	return RUN(tests);
}
