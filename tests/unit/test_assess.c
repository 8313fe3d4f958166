/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams that never tell their usage, as events through the whole pipeline:
 * each gives one record, estimated and priced, and its JSON says so.
 */
#include "tests/lib/unit.h"

#include <json-c/json.h>
#include <stdio.h>

#include "base/buf.h"
#include "noun/head.h"
#include "out/record.h"
#include "tests/lib/through.h"

struct seen {
	unsigned int n;
	struct record record;
	struct call call;
	char json[KIB(64)];
};

static void on_record(void *ctx, const struct record *record)
{
	struct buf buf = BUF(KIB(64));
	struct seen *seen = ctx;

	seen->n++;
	seen->record = *record;
	seen->call = *record->call;
	assert_int_equal(record_json(record, &buf), 0);
	assert_in_range(snprintf(seen->json, sizeof(seen->json), "%s", buf_cstr(&buf)), 1, sizeof(seen->json) - 1);
	buf_done(&buf);
}

/* ---- what is said */

static const char openai_host[] = "api.openai.com", anthropic_host[] = "api.anthropic.com";

static void ask(struct buf *to, const char *host, const char *path, const char *body)
{
	buf_printf(to, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", path, host,
		   strlen(body), body);
}

static void begin_answer(struct buf *to)
{
	buf_puts(to, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
}

static void chunk(struct buf *to, const char *text)
{
	buf_printf(to, "%zx\r\n%s\r\n", strlen(text), text);
}

static void openai_delta(struct buf *to, const char *text)
{
	char event[512];

	snprintf(event, sizeof(event), "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o-2024-08-06\","
		 "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"},\"finish_reason\":null}]}\n\n", text);
	chunk(to, event);
}

static const char openai_body[] =
	"{\"model\":\"gpt-4o\",\"stream\":true,\"messages\":[{\"role\":\"system\",\"content\":\"You answer in one short sentence.\"},"
	"{\"role\":\"user\",\"content\":\"What is the capital of France, and on which river does it lie?\"}]}";

static const char anthropic_body[] =
	"{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":64,\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"Tell me of Paris.\"}]}";

enum end { END_WHOLE, END_CUT, END_SILENT };

static void openai_answer(struct buf *to, enum end end)
{
	static const char *const words[] = { "Paris", " is", " the", " capital", " of", " France", ",", " on", " the", " Seine", "." };

	if (end == END_SILENT)
		return;
	begin_answer(to);
	EACH(word, words)
		openai_delta(to, *word);
	if (end == END_WHOLE) {
		chunk(to, "data: [DONE]\n\n");
		buf_puts(to, "0\r\n\r\n");
	}
}

static void anthropic_answer(struct buf *to, enum end end)
{
	begin_answer(to);
	chunk(to, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\","
	      "\"model\":\"claude-sonnet-4-5-20250929\",\"usage\":{\"input_tokens\":1234,\"cache_read_input_tokens\":1000,"
	      "\"cache_creation_input_tokens\":0,\"output_tokens\":1}}}\n\n");
	chunk(to, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","
	      "\"text\":\"Paris is the capital of France, and lies on the Seine.\"}}\n\n");
	(void)end;
}

static void play(const char *host, const char *path, const char *body, void (*answer)(struct buf *, enum end), enum end end,
		 struct seen *seen)
{
	struct image image = { 0 };
	struct line line = { .to = &image, .id = 1, .task = { 1000, 5000 } };
	struct buf request = BUF(KIB(64)), response = BUF(KIB(64));
	struct through through;

	memset(seen, 0, sizeof(*seen));
	assert_int_equal(through_open(&through, on_record, seen), 0);
	ask(&request, host, path, body);
	answer(&response, end);
	line_open(&line, true, str_of(host));
	line_data(&line, EVENT_SENT, request.p, request.n);
	if (response.n)
		line_data(&line, EVENT_RECEIVED, response.p, response.n);
	line_close(&line, EVENT_CLOSE_FREE);
	assert_int_equal(through_run(&through, &image), 0);
	through_close(&through);
	image_done(&image);
	buf_done(&request);
	buf_done(&response);
}

/* ---- what comes of it */

static void enclosed(struct json_object *estimate, const char *key, uint64_t tokens)
{
	struct json_object *bounds = NULL;

	assert_true(json_object_object_get_ex(estimate, key, &bounds));
	assert_int_equal(json_object_array_length(bounds), 2);
	assert_in_range(tokens, json_object_get_uint64(json_object_array_get_idx(bounds, 0)),
			json_object_get_uint64(json_object_array_get_idx(bounds, 1)));
}

static void is_estimated(const struct seen *seen, uint64_t input, uint64_t output)
{
	struct json_object *record = json_tokener_parse(seen->json), *field = NULL;
	const struct estimate *estimate = &seen->record.estimate;

	assert_int_equal(seen->n, 1);
	assert_true(seen->record.spend);
	assert_int_equal(seen->call.usage_source, USAGE_ESTIMATED);
	assert_in_range(input, estimate->low[SIDE_REQUEST], estimate->high[SIDE_REQUEST]);
	assert_in_range(output, estimate->low[SIDE_RESPONSE], estimate->high[SIDE_RESPONSE]);
	/* priced like any other, and at its bounds */
	assert_int_equal(seen->record.cost.status, COST_PRICED);
	assert_true(seen->record.cost.pico > 0);
	assert_true(estimate->priced);
	assert_true(estimate->low_pico < seen->record.cost.pico);
	assert_true(seen->record.cost.pico < estimate->high_pico);
	assert_non_null(record);
	assert_true(json_object_object_get_ex(record, "usage_source", &field));
	assert_string_equal(json_object_get_string(field), "estimated");
	assert_true(json_object_object_get_ex(record, "estimate", &field));
	enclosed(field, "input_tokens", seen->call.usages[0].count[COUNT_INPUT]);
	enclosed(field, "output_tokens", seen->call.usages[0].count[COUNT_OUTPUT]);
	json_object_put(record);
}

static void without_include_usage(void **state)
{
	static struct seen seen;

	(void)state;
	play(openai_host, "/v1/chat/completions", openai_body, openai_answer, END_WHOLE, &seen);
	is_estimated(&seen, 32, 11);
	assert_string_equal(seen.call.model, "gpt-4o-2024-08-06");
	assert_string_equal(seen.call.usages[0].model, "gpt-4o-2024-08-06");
	assert_false(seen.call.flags & CALL_ABORTED);
	/* no text of it, only its counts */
	assert_null(strstr(seen.json, "Seine"));
}

static void broken_off(void **state)
{
	static struct seen seen;

	(void)state;
	play(openai_host, "/v1/chat/completions", openai_body, openai_answer, END_CUT, &seen);
	is_estimated(&seen, 32, 11);
	assert_true(seen.call.flags & CALL_ABORTED);
	assert_non_null(strstr(seen.json, "\"aborted\""));
}

static void never_answered(void **state)
{
	static struct seen seen;

	(void)state;
	play(openai_host, "/v1/chat/completions", openai_body, openai_answer, END_SILENT, &seen);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.call.status, 0);
	assert_int_equal(seen.call.usage_source, USAGE_ESTIMATED);
	assert_in_range(32, seen.record.estimate.low[SIDE_REQUEST], seen.record.estimate.high[SIDE_REQUEST]);
}

static void exact_input(void **state)
{
	static struct seen seen;

	(void)state;
	play(anthropic_host, "/v1/messages", anthropic_body, anthropic_answer, END_CUT, &seen);
	is_estimated(&seen, 2234, 14);
	assert_int_equal(seen.call.usages[0].count[COUNT_INPUT], 2234);
	assert_int_equal(seen.call.usages[0].count[COUNT_CACHE_READ], 1000);
	assert_int_equal(seen.record.estimate.counts, 1u << COUNT_OUTPUT);
	assert_int_equal(seen.record.estimate.low[SIDE_REQUEST], 2234);
	assert_int_equal(seen.record.estimate.high[SIDE_REQUEST], 2234);
	assert_in_range(seen.call.usages[0].count[COUNT_OUTPUT], 1, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_include_usage),
		cmocka_unit_test(broken_off),
		cmocka_unit_test(never_answered),
		cmocka_unit_test(exact_input),
	};

	return RUN(tests);
}
