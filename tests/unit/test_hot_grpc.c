/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC through the hot half, as Google's clients speak it: protobuf messages in
 * DATA frames, the status in the trailers; and what is left of it where the
 * connection is met late, when neither path nor host can be had any more.
 */
#include <nghttp2/nghttp2.h>

#include "tests/lib/hot_bench.h"
#include "tests/lib/proto_text.h"

enum { DATA, HEADERS, SETTINGS = 4 };
enum { END_STREAM = 1, END_HEADERS = 4 };

#define VERTEX "us-central1-aiplatform.googleapis.com"
#define STREAM_PATH "/google.cloud.aiplatform.v1.PredictionService/StreamGenerateContent"
#define REQUEST "5:\"projects/p1/locations/us-central1/publishers/google/models/gemini-2.5-pro\" 2{1:\"user\" 2{1:\"hi\"}}"

struct talk {
	struct bench *bench;
	nghttp2_hd_deflater *deflater[2];	/* by enum event_dir */
	uint32_t next;
};

static void frame(struct talk *talk, enum event_dir dir, unsigned int type, unsigned int flags, uint32_t stream, struct str payload)
{
	uint8_t bytes[2048] = { 0, (uint8_t)(payload.n >> 8), (uint8_t)payload.n, (uint8_t)type, (uint8_t)flags, 0, 0, 0, (uint8_t)stream };

	assert_true(payload.n < sizeof(bytes) - 9);
	memcpy(bytes + 9, payload.p, payload.n);
	line_data(&talk->bench->line, dir, bytes, payload.n + 9);
}

static void fields(struct talk *talk, enum event_dir dir, uint32_t stream, unsigned int flags, const char *const list[][2])
{
	nghttp2_nv nv[16];
	uint8_t block[1024];
	size_t n = 0;
	ssize_t length;

	for (; list[n][0]; n++)
		nv[n] = (nghttp2_nv){ (uint8_t *)list[n][0], (uint8_t *)list[n][1], strlen(list[n][0]), strlen(list[n][1]), 0 };
	length = nghttp2_hd_deflate_hd(talk->deflater[dir], block, sizeof(block), nv, n);
	assert_true(length > 0);
	frame(talk, dir, HEADERS, END_HEADERS | flags, stream, (struct str){ (char *)block, (size_t)length });
}

/* A message behind its five bytes, cut into frames of so many. */
static void message(struct talk *talk, enum event_dir dir, uint32_t stream, const char *text, size_t step, bool last)
{
	struct buf body = BUF(4096), bytes = BUF(4096);

	proto_fields(&body, text);
	buf_add(&bytes, (const char[]){ 0, 0, 0, (char)(body.n >> 8), (char)body.n }, 5);
	buf_add(&bytes, body.p, body.n);
	for (size_t at = 0; at < bytes.n; at += step) {
		size_t n = step < bytes.n - at ? step : bytes.n - at;

		frame(talk, dir, DATA, last && at + n == bytes.n ? END_STREAM : 0, stream, (struct str){ bytes.p + at, n });
	}
	buf_done(&bytes);
	buf_done(&body);
}

static struct talk begin(struct bench *bench, bool born, const char *name)
{
	struct talk talk = { .bench = bench, .next = 1 };

	assert_int_equal(nghttp2_hd_deflate_new(&talk.deflater[0], 4096), 0);
	assert_int_equal(nghttp2_hd_deflate_new(&talk.deflater[1], 4096), 0);
	line_open(&bench->line, born, str_of(name));
	line_text(&bench->line, EVENT_SENT, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	frame(&talk, EVENT_SENT, SETTINGS, 0, 0, STR(""));
	frame(&talk, EVENT_RECEIVED, SETTINGS, 0, 0, STR(""));
	return talk;
}

static void end(struct talk *talk)
{
	nghttp2_hd_deflate_del(talk->deflater[0]);
	nghttp2_hd_deflate_del(talk->deflater[1]);
}

static void call_of(struct talk *talk, const char *const came[], const char *status, size_t step)
{
	static const char *const asked[][2] = {
		{ ":method", "POST" }, { ":scheme", "https" }, { ":path", STREAM_PATH }, { ":authority", VERTEX }, { "te", "trailers" },
		{ "content-type", "application/grpc" }, { "authorization", "Bearer ya29.test" }, { NULL, NULL },
	};
	static const char *const answered[][2] = { { ":status", "200" }, { "content-type", "application/grpc" }, { NULL, NULL } };
	const char *const trailers[][2] = { { "grpc-status", status }, { "grpc-message", "" }, { NULL, NULL } };
	uint32_t stream = talk->next;

	talk->next += 2;
	fields(talk, EVENT_SENT, stream, 0, asked);
	message(talk, EVENT_SENT, stream, REQUEST, step, true);
	fields(talk, EVENT_RECEIVED, stream, 0, answered);
	for (size_t i = 0; came[i]; i++)
		message(talk, EVENT_RECEIVED, stream, came[i], step, false);
	fields(talk, EVENT_RECEIVED, stream, END_STREAM, trailers);
}

static const char *const answers[] = {
	"2{2{2{1:\"hel\"}}} 4{8:1} 11:\"gemini-2.5-pro\" 13:\"r1\"",
	"2{2{2{1:\"lo\"}} 3:1} 4{1:100 2:20 3:125 8:1 14:5} 11:\"gemini-2.5-pro\" 13:\"r1\"", NULL,
};

static void test_a_stream(void **state)
{
	static const size_t steps[] = { 1, 3, 7, 1000 };
	struct bench *bench = *state;
	struct talk talk = begin(bench, true, VERTEX);

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		const struct call *call = &bench->calls[i];

		call_of(&talk, answers, "0", steps[i]);
		play(bench);
		assert_int_equal(bench->n_calls, i + 1);
		assert_string_equal(call->provider, "gcp.vertex_ai");
		assert_string_equal(call->dialect, "vertex-grpc");
		assert_string_equal(call->operation, "generate_content");
		assert_string_equal(call->path, STREAM_PATH);
		assert_string_equal(call->model_requested, "gemini-2.5-pro");
		assert_string_equal(call->response_id, "r1");
		assert_int_equal(call->usages[0].count[COUNT_INPUT], 100);
		assert_int_equal(call->usages[0].count[COUNT_OUTPUT], 25);
		assert_int_equal(call->usages[0].count[COUNT_REASONING], 5);
		assert_int_equal(call->flags & (CALL_ERROR | CALL_INCOMPLETE | CALL_ABORTED | CALL_MID_CONNECTION | CALL_FREE), 0);
		assert_true(call->flags & CALL_STREAM);
	}
	assert_int_equal(stat(bench, STAT_MISSING_BYTES), 0);
	end(&talk);
}

static void test_a_status_that_is_an_error(void **state)
{
	static const char *const nothing[] = { NULL };
	struct bench *bench = *state;
	struct talk talk = begin(bench, true, VERTEX);

	call_of(&talk, nothing, "8", 1000);
	call_of(&talk, answers, "14", 1000);
	play(bench);
	assert_int_equal(bench->n_calls, 2);
	assert_string_equal(bench->calls[0].error_type, "RESOURCE_EXHAUSTED");
	assert_int_equal(bench->calls[0].n_usages, 0);
	/* what had been said until then is said */
	assert_string_equal(bench->calls[1].error_type, "UNAVAILABLE");
	assert_true(bench->calls[1].flags & CALL_ERROR);
	assert_int_equal(bench->calls[1].usages[0].count[COUNT_INPUT], 100);
	end(&talk);
}

/* The first call passed before anybody looked, and took path and host into the header table with it. */
static void test_met_late(void **state)
{
	struct bench *bench = *state;
	const struct call *call = &bench->calls[0];
	struct talk talk = begin(bench, false, VERTEX);

	call_of(&talk, answers, "0", 1000);
	for (int dir = 0; dir < 2; dir++)
		bench->line.offset[dir] += 100000;
	bench->image.n = 0;
	line_open(&bench->line, false, STR(VERTEX));
	call_of(&talk, answers, "0", 1000);
	line_close(&bench->line, EVENT_CLOSE_FREE);
	play(bench);
	assert_int_equal(bench->n_calls, 1);
	assert_string_equal(call->provider, "gcp.vertex_ai");
	assert_string_equal(call->dialect, "vertex-grpc");
	assert_true(call->flags & CALL_MID_CONNECTION);
	assert_string_equal(call->model_requested, "gemini-2.5-pro");
	assert_int_equal(call->usages[0].count[COUNT_INPUT], 100);
	assert_int_equal(call->usages[0].count[COUNT_OUTPUT], 25);
	end(&talk);
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
