/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC through the hot half, as Google's clients speak it: protobuf messages in
 * DATA frames, the status in the trailers; and what is left of it where the
 * connection is met late, when neither path nor host can be had any more.
 */
#include "tests/lib/grpc_talk.h"
#include "tests/lib/hot_bench.h"

static void test_a_stream(void **state)
{
	static const size_t steps[] = { 1, 3, 7, 1000 };
	struct bench *bench = *state;
	struct grpc_talk talk = grpc_begin(&bench->line, true, GRPC_HOST);

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		const struct call *call = &bench->calls[i];

		grpc_call(&talk, grpc_answers, "0", steps[i]);
		play(bench);
		assert_int_equal(bench->n_calls, i + 1);
		assert_string_equal(call->provider, "gcp.vertex_ai");
		assert_string_equal(call->dialect, "vertex-grpc");
		assert_string_equal(call->operation, "generate_content");
		assert_string_equal(call->path, GRPC_PATH);
		assert_string_equal(call->model_requested, "gemini-2.5-pro");
		assert_string_equal(call->response_id, "r1");
		assert_int_equal(call->usages[0].count[COUNT_INPUT], 100);
		assert_int_equal(call->usages[0].count[COUNT_OUTPUT], 25);
		assert_int_equal(call->usages[0].count[COUNT_REASONING], 5);
		assert_int_equal(call->flags & (CALL_ERROR | CALL_INCOMPLETE | CALL_ABORTED | CALL_MID_CONNECTION | CALL_FREE), 0);
		assert_true(call->flags & CALL_STREAM);
	}
	assert_int_equal(stat(bench, STAT_MISSING_BYTES), 0);
	grpc_end(&talk);
}

static void test_a_status_that_is_an_error(void **state)
{
	static const char *const nothing[] = { NULL };
	struct bench *bench = *state;
	struct grpc_talk talk = grpc_begin(&bench->line, true, GRPC_HOST);

	grpc_call(&talk, nothing, "8", 1000);
	grpc_call(&talk, grpc_answers, "14", 1000);
	play(bench);
	assert_int_equal(bench->n_calls, 2);
	assert_string_equal(bench->calls[0].error_type, "RESOURCE_EXHAUSTED");
	assert_int_equal(bench->calls[0].n_usages, 0);
	/* what had been said until then is said */
	assert_string_equal(bench->calls[1].error_type, "UNAVAILABLE");
	assert_true(bench->calls[1].flags & CALL_ERROR);
	assert_int_equal(bench->calls[1].usages[0].count[COUNT_INPUT], 100);
	grpc_end(&talk);
}

/* The first call passed before anybody looked, and took path and host into the header table with it. */
static void test_met_late(void **state)
{
	struct bench *bench = *state;
	const struct call *call = &bench->calls[0];
	struct grpc_talk talk = grpc_begin(&bench->line, false, GRPC_HOST);

	grpc_call(&talk, grpc_answers, "0", 1000);
	for (int dir = 0; dir < 2; dir++)
		bench->line.offset[dir] += 100000;
	bench->image.n = 0;
	line_open(&bench->line, false, STR(GRPC_HOST));
	grpc_call(&talk, grpc_answers, "0", 1000);
	line_close(&bench->line, EVENT_CLOSE_FREE);
	play(bench);
	assert_int_equal(bench->n_calls, 1);
	assert_string_equal(call->provider, "gcp.vertex_ai");
	assert_string_equal(call->dialect, "vertex-grpc");
	assert_true(call->flags & CALL_MID_CONNECTION);
	assert_string_equal(call->model_requested, "gemini-2.5-pro");
	assert_int_equal(call->usages[0].count[COUNT_INPUT], 100);
	assert_int_equal(call->usages[0].count[COUNT_OUTPUT], 25);
	grpc_end(&talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_stream, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_status_that_is_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(test_met_late, setup, teardown),
	};

	return RUN(tests);
}
