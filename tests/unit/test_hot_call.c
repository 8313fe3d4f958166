/* SPDX-License-Identifier: Apache-2.0 */
/* What the serving side of a call becomes: an announcement and an end, and no record. */
#include "tests/lib/hot_bench.h"

static void test_the_serving_side(void **state)
{
	struct bench *bench = *state;

	line_open(&bench->line, true, STR(""));
	line_text(&bench->line, EVENT_RECEIVED, ASK);
	play(bench);
	assert_int_equal(bench->n_calls, 1);
	assert_int_equal(bench->calls[0].kind, CALL_BEGUN);
	assert_int_equal(bench->calls[0].role, ROLE_SERVER);
	line_text(&bench->line, EVENT_SENT, ANSWER);
	play(bench);
	assert_int_equal(bench->n_calls, 2);
	assert_int_equal(bench->calls[1].kind, CALL_ENDED);
	assert_int_equal(bench->calls[1].role, ROLE_SERVER);
	assert_int_equal(bench->calls[1].usages[0].count[COUNT_OUTPUT], 7);
	assert_int_equal(memory_verdict(bench->source, 7), EVENT_VERDICT_SERVING);
	assert_int_equal(stat(bench, STAT_CONNS_AI), 0);
}

/* On a host that nobody knows, only the bodies tell whether it is AI; what is called meanwhile must not wait for longer than that. */
static void test_serving_under_an_unknown_name(void **state)
{
	static const struct {
		const char *body, *answer;
		uint8_t n_usages;
	} rows[] = {
		{ "{\"model\":\"gpt-4o\",\"messages\":[]}", "{\"model\":\"gpt-4o\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":7}}", 1 },
		{ "{\"how\":\"are\", \"you\":\"today, neighbour\"}", "{\"fine\":1}", 0 },
	};
	struct bench *bench = *state;
	char text[512];

	line_open(&bench->line, true, STR(""));
	EACH(row, rows) {
		size_t first = bench->n_calls;

		snprintf(text, sizeof(text), "POST /v1/chat/completions HTTP/1.1\r\nHost: gateway.example\r\nContent-Length: %zu\r\n\r\n%s",
			 strlen(row->body), row->body);
		line_text(&bench->line, EVENT_RECEIVED, text);
		play(bench);
		assert_int_equal(bench->n_calls, first + 1);
		assert_int_equal(bench->calls[first].kind, CALL_BEGUN);
		assert_int_equal(bench->calls[first].end_ns, 0);
		snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(row->answer), row->answer);
		line_text(&bench->line, EVENT_SENT, text);
		play(bench);
		assert_int_equal(bench->n_calls, first + 2);
		assert_int_equal(bench->calls[first + 1].kind, CALL_ENDED);
		assert_int_equal(bench->calls[first + 1].role, ROLE_SERVER);
		assert_int_equal(bench->calls[first + 1].n_usages, row->n_usages);
		assert_int_equal(bench->calls[first + 1].exchange, bench->calls[first].exchange);
		assert_int_not_equal(bench->calls[first + 1].end_ns, 0);
	}
	/* its bodies are still to be looked at */
	assert_int_equal(memory_verdict(bench->source, 7), EVENT_VERDICT_UNDECIDED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_serving_side), TEST(test_serving_under_an_unknown_name),
	};

	return RUN(tests);
}
