/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/2 through the hot half: how its connections are judged, and what is left
 * of a call where a connection is met late. Header blocks are made by
 * libnghttp2's deflater, as curl's and Node's are, but for those that have every
 * field from the table, as Go's and Java's do from the second request on.
 */
#include <nghttp2/nghttp2.h>

#include "tests/lib/hot_bench.h"

enum { DATA, HEADERS, RST_STREAM = 3, SETTINGS, GOAWAY = 7 };
enum { END_STREAM = 1, END_HEADERS = 4 };

struct talk {
	struct bench *bench;
	nghttp2_hd_deflater *deflater[2];	/* by enum event_dir */
	enum event_dir ask, answer;
	uint32_t next;
};

static void frame(struct talk *talk, enum event_dir dir, unsigned int type, unsigned int flags, uint32_t stream, struct str payload)
{
	uint8_t bytes[2048] = { (uint8_t)(payload.n >> 16), (uint8_t)(payload.n >> 8), (uint8_t)payload.n, (uint8_t)type, (uint8_t)flags,
				0, 0, (uint8_t)(stream >> 8), (uint8_t)stream };

	assert_true(payload.n < sizeof(bytes) - 9);
	memcpy(bytes + 9, payload.p, payload.n);
	line_data(&talk->bench->line, dir, bytes, payload.n + 9);
}

static void head(struct talk *talk, enum event_dir dir, uint32_t stream, unsigned int flags, const char *const fields[][2])
{
	nghttp2_nv nv[16];
	uint8_t block[1024];
	size_t n = 0;
	ssize_t length;

	for (; fields[n][0]; n++)
		nv[n] = (nghttp2_nv){ (uint8_t *)fields[n][0], (uint8_t *)fields[n][1], strlen(fields[n][0]), strlen(fields[n][1]), 0 };
	length = nghttp2_hd_deflate_hd(talk->deflater[dir], block, sizeof(block), nv, n);
	assert_true(length > 0);
	frame(talk, dir, HEADERS, END_HEADERS | flags, stream, (struct str){ (char *)block, (size_t)length });
}

static struct talk begin(struct bench *bench, bool born, const char *name, enum event_dir ask)
{
	struct talk talk = { .bench = bench, .ask = ask, .answer = !ask, .next = 1 };

	assert_int_equal(nghttp2_hd_deflate_new(&talk.deflater[0], 4096), 0);
	assert_int_equal(nghttp2_hd_deflate_new(&talk.deflater[1], 4096), 0);
	line_open(&bench->line, born, str_of(name));
	line_text(&bench->line, ask, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	frame(&talk, ask, SETTINGS, 0, 0, STR(""));
	frame(&talk, talk.answer, SETTINGS, 0, 0, STR(""));
	return talk;
}

static void end(struct talk *talk)
{
	nghttp2_hd_deflate_del(talk->deflater[0]);
	nghttp2_hd_deflate_del(talk->deflater[1]);
}

static uint32_t ask_for(struct talk *talk, const char *host, const char *path, const char *body)
{
	const char *const fields[][2] = {
		{ ":method", body ? "POST" : "GET" }, { ":scheme", "https" }, { ":authority", host }, { ":path", path },
		{ "content-type", "application/json" }, { "authorization", "Bearer sk-test" }, { NULL, NULL },
	};
	uint32_t stream = talk->next;

	talk->next += 2;
	head(talk, talk->ask, stream, body ? 0 : END_STREAM, fields);
	if (body)
		frame(talk, talk->ask, DATA, END_STREAM, stream, str_of(body));
	return stream;
}

static void answer(struct talk *talk, uint32_t stream, const char *body)
{
	static const char *const fields[][2] = {
		{ ":status", "200" }, { "content-type", "application/json" }, { "server", "x" }, { NULL, NULL },
	};

	head(talk, talk->answer, stream, 0, fields);
	frame(talk, talk->answer, DATA, END_STREAM, stream, str_of(body));
}

#define CHAT "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}"
#define CHATTED "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-2024-08-06\",\"usage\":" \
	"{\"prompt_tokens\":5,\"completion_tokens\":7}}"

static void chat(struct talk *talk)
{
	answer(talk, ask_for(talk, "api.openai.com", "/v1/chat/completions", CHAT), CHATTED);
}

static void page(struct talk *talk)
{
	answer(talk, ask_for(talk, "www.example.org", "/", NULL), "<p/>");
}

static void test_a_call_over_http2(void **state)
{
	struct bench *bench = *state;
	struct talk talk = begin(bench, true, "api.openai.com", EVENT_SENT);

	chat(&talk);
	line_close(&bench->line, EVENT_CLOSE_FREE);
	play(bench);
	assert_int_equal(bench->n_calls, 1);
	assert_string_equal(bench->calls[0].provider, "openai");
	assert_string_equal(bench->calls[0].path, "/v1/chat/completions");
	assert_string_equal(bench->calls[0].model, "gpt-4o-2024-08-06");
	assert_int_equal(bench->calls[0].usages[0].count[COUNT_OUTPUT], 7);
	assert_int_equal(bench->calls[0].flags & (CALL_INCOMPLETE | CALL_ABORTED | CALL_MID_CONNECTION), 0);
	assert_int_equal(memory_verdict(bench->source, 7), EVENT_VERDICT_AI);
	assert_int_equal(stat(bench, STAT_HTTP2), 1);
	assert_int_equal(stat(bench, STAT_MISSING_BYTES), 0);
	end(&talk);
}

/* Nothing wakes it up again, so it is final, and costs nothing more. */
static void test_strangers_are_final(void **state)
{
	struct bench *bench = *state;
	struct talk talk = begin(bench, true, "", EVENT_SENT);

	for (int i = 0; i < 8; i++) {
		play(bench);
		assert_int_equal(memory_verdict(bench->source, 7), EVENT_VERDICT_UNDECIDED);
		page(&talk);
	}
	play(bench);
	assert_int_equal(memory_verdict(bench->source, 7), EVENT_VERDICT_NEVER);
	assert_int_equal(stat(bench, STAT_CONNS_QUIET), 1);
	/* what is still under way when that is said */
	chat(&talk);
	line_close(&bench->line, EVENT_CLOSE_FREE);
	play(bench);
	assert_int_equal(bench->n_calls, 0);
	assert_int_equal(stat(bench, STAT_MISSING_BYTES), 0);
	end(&talk);
}

/* A gateway sends both kinds over one connection: one call that is AI, or may be, keeps it. */
static void test_a_mixed_connection_stays(void **state)
{
	struct bench *bench = *state;
	struct talk talk = begin(bench, true, "", EVENT_SENT);
	uint32_t slow = ask_for(&talk, "gateway.test", "/v1/chat/completions", CHAT);

	for (int i = 0; i < 20; i++)
		page(&talk);
	play(bench);
	assert_int_equal(memory_verdict(bench->source, 7), EVENT_VERDICT_UNDECIDED);
	answer(&talk, slow, CHATTED);
	play(bench);
	assert_int_equal(bench->n_calls, 1);
	assert_int_equal(memory_verdict(bench->source, 7), EVENT_VERDICT_AI);
	for (int i = 0; i < 20; i++)
		page(&talk);
	chat(&talk);
	play(bench);
	assert_int_equal(bench->n_calls, 2);
	assert_int_equal(memory_verdict(bench->source, 7), EVENT_VERDICT_AI);
	end(&talk);
}

/* A host that is known for some of its paths: its client may ask for many other things before. */
static void test_other_paths_of_a_known_host(void **state)
{
	struct bench *bench = *state;
	struct talk talk = begin(bench, true, "", EVENT_SENT);

	for (int i = 0; i < 20; i++) {
		answer(&talk, ask_for(&talk, "ChatGPT.com", "/backend-api/me", NULL), "{}");
		play(bench);
		assert_int_equal(memory_verdict(bench->source, 7), EVENT_VERDICT_UNDECIDED);
	}
	answer(&talk, ask_for(&talk, "chatgpt.com", "/backend-api/codex/chat/completions", CHAT), CHATTED);
	play(bench);
	assert_int_equal(bench->n_calls, 1);
	assert_int_equal(memory_verdict(bench->source, 7), EVENT_VERDICT_AI);
	end(&talk);
}

/* Of a serving side every byte is wanted, for one that is left out may be another stream's head. */
static void test_serving_in_http2(void **state)
{
	struct bench *bench = *state;
	struct talk talk = begin(bench, true, "", EVENT_RECEIVED);

	chat(&talk);
	play(bench);
	assert_int_equal(bench->n_calls, 2);
	assert_int_equal(bench->calls[0].kind, CALL_BEGUN);
	assert_int_equal(bench->calls[1].kind, CALL_ENDED);
	assert_int_equal(bench->calls[1].role, ROLE_SERVER);
	assert_int_equal(memory_verdict(bench->source, 7), EVENT_VERDICT_AI);
	end(&talk);
}

/* Streams that a server never took up are over, unanswered, and free. */
static void test_going_away(void **state)
{
	struct bench *bench = *state;
	struct talk talk = begin(bench, true, "", EVENT_SENT);

	ask_for(&talk, "api.openai.com", "/v1/chat/completions", CHAT);
	frame(&talk, talk.answer, GOAWAY, 0, 0, STR("\0\0\0\0\0\0\0\0"));
	play(bench);
	assert_int_equal(bench->n_calls, 1);
	assert_int_equal(bench->calls[0].flags & (CALL_ABORTED | CALL_FREE), CALL_ABORTED | CALL_FREE);
	assert_int_equal(bench->calls[0].status, 0);
	assert_int_equal(bench->calls[0].n_usages, 0);
	end(&talk);
}

/* REFUSED_STREAM says the same of one; CANCEL, of which something may have been done, does not. */
static void test_reset_streams(void **state)
{
	struct bench *bench = *state;
	struct talk talk = begin(bench, true, "", EVENT_SENT);

	frame(&talk, talk.answer, RST_STREAM, 0, ask_for(&talk, "api.openai.com", "/v1/chat/completions", CHAT), STR("\0\0\0\7"));
	frame(&talk, talk.answer, RST_STREAM, 0, ask_for(&talk, "api.openai.com", "/v1/chat/completions", CHAT), STR("\0\0\0\x8"));
	play(bench);
	assert_int_equal(bench->n_calls, 2);
	assert_int_equal(bench->calls[0].flags & (CALL_ABORTED | CALL_FREE), CALL_ABORTED | CALL_FREE);
	assert_int_equal(bench->calls[1].flags & (CALL_ABORTED | CALL_FREE), CALL_ABORTED);
	end(&talk);
}

static void test_too_many_streams(void **state)
{
	struct bench *bench = *state;
	struct talk talk = begin(bench, true, "", EVENT_SENT);

	for (int i = 0; i < LIMIT_STREAMS + 3; i++)
		ask_for(&talk, "api.openai.com", "/v1/chat/completions", CHAT);
	play(bench);
	assert_int_equal(stat(bench, STAT_EXCHANGES), LIMIT_STREAMS);
	assert_int_equal(stat(bench, STAT_STREAMS_LOST), 3);
	end(&talk);
}

/* ---- met late */

/* Forgets what was played so far: the first that is seen of the connection is what comes next. */
static void meet_late(struct talk *talk, const char *name)
{
	struct bench *bench = talk->bench;

	bench->image.n = 0;
	memset(bench->line.offset, 0, sizeof(bench->line.offset));
	line_open(&bench->line, false, str_of(name));
}

/* Paths are not put into the table by libnghttp2: host, type and credential are lost, the path is there. */
static void test_met_late_with_a_path(void **state)
{
	struct bench *bench = *state;
	struct talk talk = begin(bench, true, "", EVENT_SENT);

	chat(&talk);
	meet_late(&talk, "");
	chat(&talk);
	play(bench);
	assert_int_equal(bench->n_calls, 1);
	assert_string_equal(bench->calls[0].path, "/v1/chat/completions");
	assert_string_equal(bench->calls[0].model, "gpt-4o-2024-08-06");
	assert_int_equal(bench->calls[0].usages[0].count[COUNT_INPUT], 5);
	assert_int_equal(bench->calls[0].usages[0].count[COUNT_OUTPUT], 7);
	assert_int_equal(bench->calls[0].flags & (CALL_MID_CONNECTION | CALL_INCOMPLETE), CALL_MID_CONNECTION);
	end(&talk);
}

/* The server's name stands in for a host that is lost. */
static void test_met_late_with_a_name(void **state)
{
	struct bench *bench = *state;
	struct talk talk = begin(bench, true, "", EVENT_SENT);

	chat(&talk);
	meet_late(&talk, "api.openai.com");
	chat(&talk);
	play(bench);
	assert_int_equal(bench->n_calls, 1);
	assert_string_equal(bench->calls[0].provider, "openai");
	assert_string_equal(bench->calls[0].host, "api.openai.com");
	assert_int_equal(bench->calls[0].usages[0].count[COUNT_OUTPUT], 7);
	end(&talk);
}

/* POST, https, and four entries of the table, which no block has brought that was seen. */
static void all_from_the_table(struct talk *talk)
{
	uint32_t stream = talk->next;

	talk->next += 2;
	frame(talk, talk->ask, HEADERS, END_HEADERS, stream, STR("\x83\x87\xbe\xbf\xc0\xc1"));
	frame(talk, talk->ask, DATA, END_STREAM, stream, STR(CHAT));
	answer(talk, stream, CHATTED);
}

/* The name is all that is known of the request; its body and the answer's say the rest. */
static void test_met_late_without_a_path(void **state)
{
	struct bench *bench = *state;
	struct talk talk = begin(bench, true, "", EVENT_SENT);

	meet_late(&talk, "api.openai.com");
	all_from_the_table(&talk);
	play(bench);
	assert_int_equal(bench->n_calls, 1);
	assert_string_equal(bench->calls[0].provider, "openai");
	assert_string_equal(bench->calls[0].path, "");
	assert_string_equal(bench->calls[0].model, "gpt-4o-2024-08-06");
	assert_int_equal(bench->calls[0].usages[0].count[COUNT_INPUT], 5);
	assert_int_equal(bench->calls[0].usages[0].count[COUNT_OUTPUT], 7);
	assert_int_equal(bench->calls[0].flags & CALL_MID_CONNECTION, CALL_MID_CONNECTION);
	end(&talk);
}

/* Not even the name: what the bodies look like. */
static void test_met_late_with_nothing(void **state)
{
	struct bench *bench = *state;
	struct talk talk = begin(bench, true, "", EVENT_SENT);

	meet_late(&talk, "");
	all_from_the_table(&talk);
	play(bench);
	assert_int_equal(bench->n_calls, 1);
	assert_string_equal(bench->calls[0].model, "gpt-4o-2024-08-06");
	assert_int_equal(bench->calls[0].usages[0].count[COUNT_OUTPUT], 7);
	end(&talk);
}

/* In the middle of a call: that one is nobody's, the next is read. */
static void test_met_in_a_call(void **state)
{
	struct bench *bench = *state;
	struct talk talk = begin(bench, true, "", EVENT_SENT);
	uint32_t stream = ask_for(&talk, "api.openai.com", "/v1/chat/completions", CHAT);

	meet_late(&talk, "api.openai.com");
	answer(&talk, stream, CHATTED);
	chat(&talk);
	play(bench);
	assert_int_equal(bench->n_calls, 1);
	assert_int_equal(bench->calls[0].usages[0].count[COUNT_OUTPUT], 7);
	end(&talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_call_over_http2, setup, teardown),
		cmocka_unit_test_setup_teardown(test_strangers_are_final, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_mixed_connection_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_paths_of_a_known_host, setup, teardown),
		cmocka_unit_test_setup_teardown(test_serving_in_http2, setup, teardown),
		cmocka_unit_test_setup_teardown(test_going_away, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reset_streams, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_many_streams, setup, teardown),
		cmocka_unit_test_setup_teardown(test_met_late_with_a_path, setup, teardown),
		cmocka_unit_test_setup_teardown(test_met_late_with_a_name, setup, teardown),
		cmocka_unit_test_setup_teardown(test_met_late_without_a_path, setup, teardown),
		cmocka_unit_test_setup_teardown(test_met_late_with_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_met_in_a_call, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
