/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Input that is broken, endless or made to hurt, through the whole pipeline: a
 * record that says so, or none and a count, and never more memory.
 */
#include "tests/lib/unit.h"

#include "base/clock.h"
#include "out/record.h"
#include "tests/lib/play.h"
#include "tests/lib/through.h"

#define USAGE "\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":7}"
#define ASK "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}"

struct result {
	unsigned int n;
	struct call call;
	struct buf json;
};

static void on_record(void *ctx, const struct record *record)
{
	struct result *result = ctx;

	result->n++;
	result->call = *record->call;
	buf_reset(&result->json);
	assert_int_equal(record_json(record, &result->json), 0);
}

static void request(struct buf *to)
{
	buf_printf(to, "POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nContent-Type: application/json\r\n"
		   "Content-Length: %zu\r\n\r\n" ASK, strlen(ASK));
}

/* An exchange whose answer is these bytes, head and all. */
static struct result answered(const struct buf *answer)
{
	struct result result = { .json = BUF(RECORD_JSON_MAX) };
	struct image image = { 0 };
	struct line line = { .to = &image, .id = 1, .task = { 7, 8 }, .boot_ns = NSEC_PER_SEC };
	struct buf asked = BUF(KIB(4));
	struct through through;

	request(&asked);
	line_open(&line, true, STR("api.openai.com"));
	line_data(&line, EVENT_SENT, asked.p, asked.n);
	line_data(&line, EVENT_RECEIVED, answer->p, answer->n);
	line_close(&line, EVENT_CLOSE_FREE);
	assert_int_equal(through_open(&through, on_record, &result), 0);
	assert_int_equal(through_run(&through, &image), 0);
	assert_int_equal(stat_get(&through.stats.n[STAT_NO_MEMORY]), 0);
	through_close(&through);
	image_done(&image);
	buf_done(&asked);
	/* whatever came: what is told is JSON in UTF-8 */
	if (result.n) {
		struct json_tokener *tokener = json_tokener_new();
		struct json_object *o;

		json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
		o = json_tokener_parse_ex(tokener, result.json.p, (int)result.json.n);
		assert_true(json_object_is_type(o, json_type_object));
		json_object_put(o);
		json_tokener_free(tokener);
	}
	buf_done(&result.json);
	return result;
}

static void json_head(struct buf *to, size_t n)
{
	buf_printf(to, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", n);
}

static struct result answered_json(const struct buf *body)
{
	struct buf answer = BUF(MIB(64));
	struct result result;

	json_head(&answer, body->n);
	buf_add(&answer, body->p, body->n);
	result = answered(&answer);
	buf_done(&answer);
	return result;
}

static void repeat(struct buf *to, const char *text, size_t n)
{
	while (n--)
		buf_puts(to, text);
}

static void assert_counted(const struct result *result)
{
	assert_int_equal(result->n, 1);
	assert_int_equal(result->call.n_usages, 1);
	assert_int_equal(result->call.usages[0].count[COUNT_INPUT], 5);
	assert_int_equal(result->call.usages[0].count[COUNT_OUTPUT], 7);
}

static void test_deep_json(void **state)
{
	static const struct { const char *open, *close; size_t deep; } table[] = {
		{ "[", "]", 10000 }, { "[", "]", 200000 }, { "{\"a\":", "}", 10000 }, { "{\"usage\":", "}", 50000 }, { "[{\"a\":", "}]", 20000 },
	};

	(void)state;
	EACH(row, table) {
		struct buf body = BUF(MIB(32));
		struct result result;

		buf_puts(&body, "{\"model\":\"gpt-4o\",\"deep\":");
		repeat(&body, row->open, row->deep);
		buf_puts(&body, "1");
		repeat(&body, row->close, row->deep);
		buf_puts(&body, "," USAGE "}");
		result = answered_json(&body);
		assert_counted(&result);
		/* and one that never comes back up */
		buf_reset(&body);
		repeat(&body, row->open, row->deep);
		result = answered_json(&body);
		assert_int_equal(result.n, 1);
		assert_int_not_equal(result.call.usage_source, USAGE_REPORTED);
		buf_done(&body);
	}
}

static void test_strange_text(void **state)
{
	static const struct { const char *body; size_t n; } table[] = {
#define BODY(text) { text, sizeof(text) - 1 }
		BODY("{\"model\":\"gpt\xff\xfe-4o\"," USAGE "}"), BODY("{\"model\":\"gpt\xe2\x82\"," USAGE "}"),
		BODY("{\"model\":\"gpt\0-4o\"," USAGE "}"), BODY("{\"model\":\"\\u0000\\ud800\"," USAGE "}"),
		BODY("\xef\xbb\xbf{\"model\":\"gpt-4o\"," USAGE "}"), BODY("{\"model\":\"\\udead\\ubeef\"," USAGE "}\0\0\0"),
	};

	(void)state;
	EACH(row, table) {
		struct buf body = BUF(KIB(4));
		struct result result;

		buf_add(&body, row->body, row->n);
		result = answered_json(&body);
		assert_counted(&result);
		buf_done(&body);
	}
}

/* No number is made of what is none. */
static void test_strange_numbers(void **state)
{
	static const char *const table[] = { "-5", "1e999", "18446744073709551616", "99999999999999999999999999", "\"many\"", "[5]", "{\"a\":5}",
					     "null", "true", "0x10", "5abc", "--5", "1e-3" };

	(void)state;
	EACH(number, table) {
		struct buf body = BUF(KIB(4));
		struct result result;

		buf_printf(&body, "{\"model\":\"gpt-4o\",\"usage\":{\"prompt_tokens\":%s,\"completion_tokens\":7}}", *number);
		result = answered_json(&body);
		assert_int_equal(result.n, 1);
		/* of such a prompt only an estimate is told */
		if (result.call.usage_source == USAGE_REPORTED)
			assert_false(usage_knows(&result.call.usages[0], COUNT_INPUT) && result.call.usages[0].count[COUNT_INPUT]);
		else
			assert_int_equal(result.call.usages[0].count[COUNT_OUTPUT], 7);
		buf_done(&body);
	}
}

static void test_corrupt_gzip(void **state)
{
	static const char body[] = "{\"model\":\"gpt-4o\"," USAGE "}";

	(void)state;
	for (size_t spoil = 0; spoil < 4; spoil++) {
		struct buf squeezed = BUF(KIB(4)), answer = BUF(KIB(8));
		struct result result;

		play_gzip(STR(body), &squeezed);
		if (spoil == 0)
			memset(squeezed.p, 'x', 10);		/* no gzip at all */
		if (spoil == 1)
			squeezed.p[10] |= 6;			/* a block of no type */
		if (spoil == 2)
			squeezed.n /= 2;			/* ends early */
		if (spoil == 3)
			squeezed.n = 0;
		buf_printf(&answer, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
			   "Content-Length: %zu\r\n\r\n", squeezed.n);
		buf_add(&answer, squeezed.p, squeezed.n);
		result = answered(&answer);
		assert_int_equal(result.n, 1);
		assert_int_not_equal(result.call.usage_source, USAGE_REPORTED);
		if (spoil < 3)
			assert_true(result.call.flags & (CALL_UNDECODED | CALL_INCOMPLETE | CALL_TRUNCATED));
		buf_done(&squeezed);
		buf_done(&answer);
	}
}

/* A small body that becomes a large one: it is read through to its end, and its size is nobody's memory. */
static void test_a_bomb(void **state)
{
	struct buf body = BUF(MIB(64)), squeezed = BUF(MIB(1)), answer = BUF(MIB(1));
	struct result result;

	(void)state;
	buf_puts(&body, "{\"model\":\"gpt-4o\",\"choices\":[{\"message\":{\"content\":\"");
	repeat(&body, "                                                                ", 600000);
	buf_puts(&body, "\"}}]," USAGE "}");
	play_gzip(buf_view(&body), &squeezed);
	assert_true(squeezed.n < body.n / 500);
	buf_printf(&answer, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
		   "Content-Length: %zu\r\n\r\n", squeezed.n);
	buf_add(&answer, squeezed.p, squeezed.n);
	result = answered(&answer);
	assert_counted(&result);
	assert_int_equal(result.call.response_bytes, body.n);
	buf_done(&body);
	buf_done(&squeezed);
	buf_done(&answer);
}

static void test_endless_headers(void **state)
{
	static const char *const lines[] = { "X-Padding: padding padding padding padding\r\n", "X:\r\n", "folded:\r\n  value\r\n" };

	(void)state;
	EACH(line, lines) {
		struct buf answer = BUF(MIB(8));
		struct result result;

		buf_puts(&answer, "HTTP/1.1 200 OK\r\n");
		repeat(&answer, *line, MIB(1) / strlen(*line));
		buf_puts(&answer, "Content-Length: 2\r\n\r\n{}");
		result = answered(&answer);
		assert_int_equal(result.n, 1);
		assert_int_not_equal(result.call.usage_source, USAGE_REPORTED);
		assert_true(result.call.flags & (CALL_TRUNCATED | CALL_INCOMPLETE | CALL_ABORTED | CALL_UNDECODED));
		buf_done(&answer);
	}
}

static void test_lies_of_the_framing(void **state)
{
	static const char *const heads[] = {
		"Content-Length: 99999999999999999999\r\n", "Content-Length: -1\r\n", "Content-Length: 5\r\nContent-Length: 7\r\n",
		"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "Transfer-Encoding: nonsense\r\n", "Content-Length: 1000000\r\n",
		"Transfer-Encoding: chunked\r\n",
	};

	(void)state;
	EACH(head, heads) {
		struct buf answer = BUF(KIB(4));
		struct result result;

		buf_printf(&answer, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%s\r\nffffffffffffffffff\r\n{\"a\":", *head);
		result = answered(&answer);
		assert_int_equal(result.n, 1);
		assert_int_not_equal(result.call.usage_source, USAGE_REPORTED);
		buf_done(&answer);
	}
}

#define PIECE EVENT_CHUNK_MAX
#define PIECES (200 * 1024 * 1024 / PIECE)

/* 200 MB of answer, its usage at the end: the memory of the first piece does for all of them. */
static void test_a_long_answer(void **state)
{
	static const char tail[] = "\"}}]," USAGE "}";
	struct result result = { .json = BUF(RECORD_JSON_MAX) };
	struct image image = { 0 };
	struct line line = { .to = &image, .id = 1, .task = { 7, 8 }, .boot_ns = NSEC_PER_SEC };
	struct buf text = BUF(KIB(64));
	struct through through;
	struct source *source;
	struct queue *queue;
	struct hot *hot;
	uint64_t before = 0;

	(void)state;
	assert_int_equal(through_open(&through, on_record, &result), 0);
	assert_int_equal(memory_open(NULL, 0, &source), 0);
	assert_int_equal(queue_new(MIB(1), false, NULL, &queue), 0);
	assert_int_equal(hot_new(source, queue, &through.wants, &through.stats, &hot), 0);
	line_open(&line, true, STR("api.openai.com"));
	request(&text);
	line_data(&line, EVENT_SENT, text.p, text.n);
	buf_reset(&text);
	json_head(&text, (size_t)PIECES * PIECE + sizeof(tail) - 1);
	line_data(&line, EVENT_RECEIVED, text.p, text.n);
	buf_reset(&text);
	buf_puts(&text, "{\"model\":\"gpt-4o\",\"choices\":[{\"message\":{\"content\":\"");
	while (text.n < PIECE)
		buf_char(&text, (char)('a' + text.n % 26));
	for (size_t i = 0; i <= PIECES; i++) {
		struct event_header *event;

		if (i == PIECES)
			line_data(&line, EVENT_RECEIVED, tail, sizeof(tail) - 1);
		else
			line_data(&line, EVENT_RECEIVED, text.p, PIECE);
		for (size_t at = 0; (event = image_next(&image, &at));)
			hot_event(hot, event, event->size);
		image.n = 0;
		if (i == 0)
			before = mem_count();
		if (i == 0)
			memset(text.p, 'x', PIECE);
	}
	assert_int_equal(mem_count(), before);
	through_messages(&through, queue);
	cold_tick(through.cold, UINT64_MAX);
	assert_counted(&result);
	assert_int_equal(result.call.response_bytes, (uint64_t)PIECES * PIECE + sizeof(tail) - 1);
	hot_free(hot);
	queue_free(queue);
	source->ops->close(source);
	through_close(&through);
	buf_done(&text);
	buf_done(&result.json);
	image_done(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deep_json), cmocka_unit_test(test_strange_text), cmocka_unit_test(test_strange_numbers),
		cmocka_unit_test(test_corrupt_gzip), cmocka_unit_test(test_a_bomb), cmocka_unit_test(test_endless_headers),
		cmocka_unit_test(test_lies_of_the_framing), cmocka_unit_test(test_a_long_answer),
	};

	return RUN(tests);
}
