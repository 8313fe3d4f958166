/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a scrubbed trace holds, byte by byte. That it gives the same records is
 * judged by the corpus (tests/traces).
 */
#include "tests/lib/unit.h"

#include <stdio.h>
#include <unistd.h>

#include "base/limits.h"
#include "pipeline/scrub.h"
#include "tests/lib/grpc_talk.h"
#include "tests/lib/aws_frame.h"
#include "tests/lib/play.h"
#include "tests/lib/through.h"

#define ASK "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"the password is hunter2\"}]}"
#define ANSWER "{\"id\":\"chatcmpl-1\",\"model\":\"gpt-4o-2024-08-06\",\"choices\":[{\"message\":{\"content\":\"hunter2, you say\"}}]," \
	"\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":7}}"

static char path[64];
static const struct wants wants = { .secret_generation = 1, .secret = "a secret of the fleet" };

static int setup(void **state)
{
	int fd;

	(void)state;
	strcpy(path, "/tmp/aitap-trace-XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static void converse(struct line *line)
{
	char text[1024];

	line_open(line, true, STR("api.openai.com"));
	snprintf(text, sizeof(text), "POST /v1/chat/completions?token=hunter2 HTTP/1.1\r\nHost: api.openai.com\r\nAuthorization: Bearer sk-hunter2\r\n"
		 "Cookie: session=hunter2\r\nX-Note: hunter2\r\nContent-Length: %zu\r\n\r\n" ASK, strlen(ASK));
	line_text(line, EVENT_SENT, text);
	snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nSet-Cookie: hunter2\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n" ANSWER,
		 strlen(ANSWER));
	line_text(line, EVENT_RECEIVED, text);
	/* of no interest: it leaves an empty one */
	line_text(line, EVENT_SENT, "GET /hunter2 HTTP/1.1\r\nHost: www.example.org\r\n\r\n");
	line_text(line, EVENT_RECEIVED, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nhunter2");
	line_close(line, EVENT_CLOSE_FREE);
}

static void scrub(const struct image *image)
{
	struct trace_about about = { .node = "node", .scrubbed = true };
	const struct event_header *event;
	struct trace_writer *writer;
	struct scrub *scrub;

	assert_int_equal(trace_writer_open(path, &about, (struct anchor){ 0, 0 }, &writer), 0);
	assert_int_equal(scrub_new(writer, 0, &wants, &scrub), 0);
	for (size_t at = 0; (event = image_next(image, &at));)
		assert_true(scrub_event(scrub, event, event->size) >= 0);
	assert_int_equal(scrub_drain(scrub), 0);
	scrub_free(scrub);
	assert_int_equal(trace_writer_end(writer), 0);
	trace_writer_free(writer);
}

static struct buf file_bytes(void)
{
	struct buf file = BUF(MIB(8));
	char block[4096];
	FILE *in = fopen(path, "rb");
	size_t n;

	assert_non_null(in);
	while ((n = fread(block, 1, sizeof(block), in)))
		buf_add(&file, block, n);
	fclose(in);
	return file;
}

struct result {
	unsigned int n;
	struct call call;
};

static void on_record(void *ctx, const struct record *record)
{
	struct result *result = ctx;

	if (!result->n++)
		result->call = *record->call;
}

static void keep_event(void *ctx, const struct event_header *event, size_t size)
{
	(void)size;
	image_copy(ctx, event);
}

static struct result records_of(const struct image *image)
{
	struct result result = { 0 };
	struct through through;

	assert_int_equal(through_open(&through, on_record, &result), 0);
	through.wants = wants;
	assert_int_equal(through_run(&through, image), 0);
	through_close(&through);
	return result;
}

static struct result replayed(void)
{
	struct image image = { 0 };
	struct source *source;
	struct result result;
	struct trace *trace;

	assert_int_equal(trace_load(path, &trace), 0);
	assert_int_equal(trace_open(trace, 0, 1, &source), 0);
	while (source->ops->poll(source, keep_event, &image, 0) >= 0)
		;
	result = records_of(&image);
	source->ops->close(source);
	trace_free(trace);
	image_done(&image);
	return result;
}

static void test_no_secret_is_left(void **state)
{
	struct image image = { 0 };
	struct line line = { .to = &image, .id = 1, .task = { 7, 8 }, .boot_ns = 1000 };
	struct result want, got;
	struct buf file;

	(void)state;
	converse(&line);
	scrub(&image);
	file = file_bytes();
	assert_int_equal(str_find(buf_view(&file), STR("hunter2")), -1);
	assert_true(str_find(buf_view(&file), STR("gpt-4o-2024-08-06")) > 0);
	assert_true(str_find(buf_view(&file), STR("k1:")) > 0);
	want = records_of(&image);
	got = replayed();
	assert_int_equal(want.n, 1);
	assert_int_equal(got.n, 1);
	assert_int_equal(want.call.usages[0].count[COUNT_OUTPUT], 7);
	assert_memory_equal(got.call.usages, want.call.usages, sizeof(got.call.usages));
	assert_string_equal(got.call.credential, want.call.credential);
	assert_int_equal(strncmp(got.call.credential, "k1:", 3), 0);
	assert_int_equal(got.call.begin_ns, want.call.begin_ns);
	assert_int_equal(got.call.end_ns, want.call.end_ns);
	assert_int_equal(got.call.flags, want.call.flags);
	buf_done(&file);
	image_done(&image);
}

/* Every event lost once: what is written is never more than what came, and says that something is missing. */
static void test_holes_stay_holes(void **state)
{
	struct image image = { 0 };
	struct line line = { .to = &image, .id = 1, .task = { 7, 8 }, .boot_ns = 1000 };
	size_t n = 0;

	(void)state;
	converse(&line);
	for (size_t at = 0; image_next(&image, &at);)
		n++;
	for (size_t lost = 0; lost < n; lost++) {
		struct image less = { 0 };
		struct event_header *event;
		struct result want, got;
		size_t i = 0;
		struct buf file;

		for (size_t at = 0; (event = image_next(&image, &at)); i++)
			if (i != lost)
				image_copy(&less, event);
		scrub(&less);
		file = file_bytes();
		assert_int_equal(str_find(buf_view(&file), STR("hunter2")), -1);
		want = records_of(&less);
		got = replayed();
		assert_int_equal(got.n, want.n);
		assert_int_equal(got.call.flags, want.call.flags);
		assert_int_equal(got.call.missing_bytes, want.call.missing_bytes);
		assert_memory_equal(got.call.usages, want.call.usages, sizeof(got.call.usages));
		buf_done(&file);
		image_done(&less);
	}
	image_done(&image);
}

/* Of an environment only what is wanted; a process's command name and exit stay. */
static void test_an_environment(void **state)
{
	static const char environ[] = "HOME=/home/hunter2\0AI_TEAM=search\0PASSWORD=hunter2";
	struct image image = { 0 };
	struct line line = { .to = &image, .id = 1, .task = { 7, 8 }, .boot_ns = 1000 };
	struct event_environ *event = (void *)line_event(&line, EVENT_ENVIRON, sizeof(*event) + sizeof(environ));
	struct buf file;

	(void)state;
	event->header.flags = EVENT_ENVIRON_LAST;
	event->task_start_ns = 8;
	event->len = sizeof(environ);
	memcpy(event + 1, environ, sizeof(environ));
	converse(&line);
	scrub(&image);
	file = file_bytes();
	assert_int_equal(str_find(buf_view(&file), STR("hunter2")), -1);
	buf_done(&file);
	image_done(&image);
}

/* Some answers tell what they took in their heads alone. */
static void test_counts_in_a_head(void **state)
{
	struct image image = { 0 };
	struct line line = { .to = &image, .id = 1, .task = { 7, 8 }, .boot_ns = 1000 };
	struct result want, got;

	(void)state;
	line_open(&line, true, STR("bedrock-runtime.us-east-1.amazonaws.com"));
	line_text(&line, EVENT_SENT, "POST /model/cohere.embed-english-v3/invoke HTTP/1.1\r\nHost: bedrock-runtime.us-east-1.amazonaws.com\r\n"
		  "Content-Type: application/json\r\nContent-Length: 19\r\n\r\n{\"texts\":[\"hello\"]}");
	line_text(&line, EVENT_RECEIVED, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Amzn-Bedrock-Input-Token-Count: 4\r\n"
		  "Content-Length: 2\r\n\r\n{}");
	line_close(&line, EVENT_CLOSE_FREE);
	want = records_of(&image);
	scrub(&image);
	got = replayed();
	assert_int_equal(want.call.usages[0].count[COUNT_INPUT], 4);
	assert_memory_equal(got.call.usages, want.call.usages, sizeof(got.call.usages));
	image_done(&image);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* Of protobuf no text is left, and what it counts is what it counted. */
static void test_grpc(void **state)
{
	struct image image = { 0 };
	struct line line = { .to = &image, .id = 7, .task = { 100, 5000 }, .boot_ns = NSEC_PER_SEC };
	struct grpc_talk talk = grpc_begin(&line, true, GRPC_HOST);
	static const char *const answers[] = {
		"2{2{2{1:\"hunter2\"}} 3:1} 4{1:100 2:20 3:125 5:64 8:1 14:5 11{1:2 2:7}} 11:\"gemini-2.5-pro\" 13:\"r1\"", NULL,
	};
	struct result before, after;
	struct buf file;

	(void)state;
	grpc_call(&talk, answers, "0", 7);
	line_close(&line, EVENT_CLOSE_FREE);
	before = records_of(&image);
	scrub(&image);
	file = file_bytes();
	assert_null(memmem(file.p, file.n, "hunter2", 7));
	after = replayed();
	assert_int_equal(before.n, 1);
	assert_int_equal(after.n, 1);
	assert_int_equal(before.call.usages[0].count[COUNT_INPUT], 100);
	assert_int_equal(before.call.usages[0].count[COUNT_OUTPUT], 25);
	assert_memory_equal(before.call.usages, after.call.usages, sizeof(before.call.usages));
	assert_string_equal(after.call.model_requested, before.call.model_requested);
	assert_string_equal(after.call.model_requested, "gemini-2.5-pro");
	assert_string_equal(after.call.model, before.call.model);
	assert_string_equal(after.call.response_id, "r1");
	assert_string_equal(after.call.project, "p1");
	assert_string_equal(after.call.dialect, "vertex-grpc");
	buf_done(&file);
	grpc_end(&talk);
	image_done(&image);
}

/* ---- over the other protocols */

#define COMMON "'status':200,'content_encoding':'identity','response_body_enc':'utf8','request_body_enc':'utf8','id':'x',"

/* ' for a quote, ^ for one within a body, ~ for a line's end there. */
static const char over_http2[] = "{" COMMON "'method':'POST','host':'api.openai.com','path':'/v1/chat/completions?token=hunter2',"
	"'request_headers':[['authorization','Bearer sk-hunter2'],['x-note','hunter2']],"
	"'response_headers':[['content-type','text/event-stream'],['set-cookie','hunter2']],"
	"'request_body':'{^model^:^gpt-4o^,^messages^:[{^content^:^hunter2^}]}',"
	"'response_body':'data: {^id^:^chatcmpl-1^,^model^:^gpt-4o^,^choices^:[{^delta^:{^content^:^hunter2^}}]}~~"
	"data: {^id^:^chatcmpl-1^,^model^:^gpt-4o^,^choices^:[],^usage^:{^prompt_tokens^:5,^completion_tokens^:7}}~~'}";
static const char over_a_socket[] = "{" COMMON "'method':'GET','host':'api.openai.com','path':'/v1/realtime','api':'realtime',"
	"'stream_format':'websocket','ws_order':'<><','request_headers':[['authorization','Bearer sk-hunter2']],'response_headers':[],"
	"'request_body':'{^type^:^response.create^,^response^:{^instructions^:^hunter2^}}',"
	"'response_body':'{^type^:^session.created^,^session^:{^model^:^gpt-realtime^,^instructions^:^hunter2^}}~"
	"{^type^:^response.done^,^response^:{^id^:^resp_1^,^output^:[{^content^:[{^text^:^hunter2^}]}],"
	"^usage^:{^total_tokens^:12,^input_tokens^:5,^output_tokens^:7}}}'}";

static struct json_object *recording(const char *text)
{
	struct buf json = BUF(KIB(8));
	struct json_object *o;

	for (; *text; text++)
		if (*text == '\'')
			buf_char(&json, '"');
		else if (*text == '^' || *text == '~')
			buf_puts(&json, *text == '^' ? "\\\"" : "\\n");
		else
			buf_char(&json, *text);
	o = json_tokener_parse(buf_cstr(&json));
	buf_done(&json);
	assert_non_null(o);
	return o;
}

static struct image played(const char *recorded, enum framing framing)
{
	struct image image = { 0 };
	struct line line = { .to = &image, .id = 1, .task = { 7, 8 }, .boot_ns = 1000 };
	struct corpus_case c = { .recorded = recording(recorded) };
	uint64_t random = 1;

	assert_int_equal(case_body(&c, 0, "request_body", "request_body_enc"), 0);
	assert_int_equal(case_body(&c, 1, "response_body", "response_body_enc"), 0);
	line_open(&line, true, STR("api.openai.com"));
	play_case(&line, &c, framing, &random);
	line_close(&line, EVENT_CLOSE_FREE);
	json_object_put(c.recorded);
	return image;
}

static void expect_scrubbed(const struct image *image, bool whole)
{
	struct result want = records_of(image), got;
	struct buf file;

	scrub(image);
	file = file_bytes();
	got = replayed();
	assert_int_equal(str_find(buf_view(&file), STR("hunter2")), -1);
	assert_int_equal(got.n, want.n);
	if (whole) {
		assert_int_equal(got.n, 1);
		assert_int_equal(got.call.usages[0].count[COUNT_OUTPUT], 7);
		assert_string_equal(got.call.credential, want.call.credential);
	}
	/* what was lost may take more with it in the copy, which says so then */
	if (!(got.call.flags & (CALL_INCOMPLETE | CALL_ABORTED)))
		assert_memory_equal(got.call.usages, want.call.usages, sizeof(got.call.usages));
	if (want.call.flags & CALL_INCOMPLETE)
		assert_true(got.call.flags & CALL_INCOMPLETE);
	buf_done(&file);
}

static struct image without(const struct image *image, size_t lost)
{
	struct event_header *event;
	struct image less = { 0 };
	size_t i = 0;

	for (size_t at = 0; (event = image_next(image, &at)); i++)
		if (i != lost)
			image_copy(&less, event);
	return less;
}

static void test_other_protocols(void **state)
{
	static const struct {
		const char *recorded;
		enum framing framing;
	} table[] = {
		{ over_http2, FRAMING_H2_WHOLE }, { over_http2, FRAMING_H2_CHUNKS },
		{ over_a_socket, FRAMING_WHOLE }, { over_a_socket, FRAMING_CHUNKS },
	};

	(void)state;
	EACH(row, table) {
		struct image image = played(row->recorded, row->framing);
		size_t n = 0;

		expect_scrubbed(&image, true);
		for (size_t at = 0; image_next(&image, &at);)
			n++;
		for (size_t lost = 1; lost + 1 < n; lost++) {
			struct image less = without(&image, lost);

			expect_scrubbed(&less, false);
			image_done(&less);
		}
		image_done(&image);
	}
}

/* What Bedrock wraps in base64 is text as well. */
static void test_what_is_wrapped(void **state)
{
	static const char said[] = "{\"type\":\"message_delta\",\"delta\":{\"text\":\"hunter2\"},\"usage\":{\"input_tokens\":5,\"output_tokens\":7}}";
	struct buf body = BUF(KIB(8)), headers = BUF(KIB(1)), text = BUF(KIB(1)), file;
	char wrapped[BASE64_ENCODE_RAW_LENGTH(sizeof(said) - 1) + 1] = { 0 };
	struct image image = { 0 };
	struct line line = { .to = &image, .id = 1, .task = { 7, 8 }, .boot_ns = 1000 };
	struct result got;

	(void)state;
	base64_encode_raw(wrapped, sizeof(said) - 1, (const uint8_t *)said);
	buf_printf(&text, "{\"bytes\":\"%s\",\"p\":\"abc\"}", wrapped);
	aws_header(&headers, ":message-type", "event");
	aws_header(&headers, ":event-type", "chunk");
	aws_message(&body, buf_view(&headers), buf_view(&text));
	line_open(&line, true, STR("bedrock-runtime.us-east-1.amazonaws.com"));
	line_text(&line, EVENT_SENT, "POST /model/anthropic.claude-3-haiku-20240307-v1%3A0/invoke-with-response-stream HTTP/1.1\r\n"
		  "Host: bedrock-runtime.us-east-1.amazonaws.com\r\nContent-Length: 2\r\n\r\n{}");
	buf_reset(&text);
	buf_printf(&text, "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\nContent-Length: %zu\r\n\r\n", body.n);
	line_text(&line, EVENT_RECEIVED, buf_cstr(&text));
	line_data(&line, EVENT_RECEIVED, body.p, body.n);
	line_close(&line, EVENT_CLOSE_FREE);
	scrub(&image);
	file = file_bytes();
	assert_int_equal(str_find(buf_view(&file), str_of(wrapped)), -1);
	got = replayed();
	assert_int_equal(got.n, 1);
	assert_int_equal(got.call.usages[0].count[COUNT_OUTPUT], 7);
	assert_int_equal(got.call.flags & CALL_INCOMPLETE, 0);
	buf_done(&file);
	buf_done(&headers);
	buf_done(&text);
	buf_done(&body);
	image_done(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_no_secret_is_left), TEST(test_holes_stay_holes), TEST(test_an_environment),
					    TEST(test_counts_in_a_head), TEST(test_grpc), TEST(test_other_protocols), TEST(test_what_is_wrapped) };

	return RUN(tests);
}
