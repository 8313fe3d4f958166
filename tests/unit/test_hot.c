/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/hot_bench.h"

static void test_a_call(void **state)
{
	struct bench *bench = *state;
	const struct call *call = &bench->calls[0];

	line_open(&bench->line, true, STR("api.openai.com"));
	ask(bench);
	play(bench);
	assert_int_equal(bench->n_calls, 1);
	assert_int_equal(call->version, CALL_VERSION);
	assert_int_equal(call->kind, CALL_ENDED);
	assert_int_equal(call->role, ROLE_CLIENT);
	assert_int_equal(call->conn_id, 7);
	assert_int_equal(call->exchange, 0);
	assert_int_equal(call->task.tgid, 100);
	assert_int_equal(call->task.start_ns, 5000);
	assert_int_equal(call->uid, 1000);
	assert_int_equal(call->cgroup_id, 77);
	assert_int_equal(call->library, EVENT_LIBRARY_OPENSSL);
	assert_string_equal(call->comm, "client");
	assert_string_equal(call->sni, "api.openai.com");
	assert_string_equal(call->model, "gpt-4o-2024-08-06");
	assert_int_equal(call->usages[0].count[COUNT_INPUT], 5);
	assert_int_equal(call->usages[0].count[COUNT_OUTPUT], 7);
	assert_int_equal(call->begin_ns, NSEC_PER_SEC);
	assert_int_equal(call->flags & (CALL_INCOMPLETE | CALL_ABORTED | CALL_MID_CONNECTION), 0);
	assert_int_equal(memory_verdict(bench->source, 7), EVENT_VERDICT_AI);
	assert_int_equal(stat(bench, STAT_CALLS), 1);
	assert_int_equal(stat(bench, STAT_CONNS_AI), 1);
	assert_int_equal(stat(bench, STAT_CONNS_OPEN), 1);
	line_close(&bench->line, EVENT_CLOSE_FREE);
	play(bench);
	assert_int_equal(stat(bench, STAT_CONNS_OPEN), 0);
	assert_int_equal(stat(bench, STAT_MISSING_BYTES), 0);
}

static void test_quiet_after_strangers_and_awake_again(void **state)
{
	struct bench *bench = *state;
	struct event_header *event;

	line_open(&bench->line, true, STR(""));
	for (int i = 0; i < 8; i++) {
		play(bench);
		assert_int_equal(memory_verdict(bench->source, 7), EVENT_VERDICT_UNDECIDED);
		line_text(&bench->line, EVENT_SENT, PAGE);
		line_text(&bench->line, EVENT_RECEIVED, PAGE_ANSWER);
	}
	play(bench);
	assert_int_equal(memory_verdict(bench->source, 7), EVENT_VERDICT_QUIET);
	assert_int_equal(stat(bench, STAT_CONNS_QUIET), 1);
	/* what passes now is not seen, until a write begins a request */
	bench->line.offset[EVENT_SENT] += 5000;
	bench->line.offset[EVENT_RECEIVED] += 90000;
	ask(bench);
	event = (void *)bench->image.p;
	event->flags |= EVENT_DATA_REOPENED;
	line_close(&bench->line, EVENT_CLOSE_FREE);
	play(bench);
	assert_int_equal(bench->n_calls, 1);
	assert_int_equal(bench->calls[0].usages[0].count[COUNT_OUTPUT], 7);
	assert_int_equal(bench->calls[0].flags & CALL_INCOMPLETE, 0);
	assert_int_equal(memory_verdict(bench->source, 7), EVENT_VERDICT_AI);
	assert_int_equal(stat(bench, STAT_MISSING_BYTES), 0);
}

static void test_an_ai_connection_stays_one(void **state)
{
	struct bench *bench = *state;

	line_open(&bench->line, true, STR(""));
	ask(bench);
	for (int i = 0; i < 20; i++) {
		line_text(&bench->line, EVENT_SENT, PAGE);
		line_text(&bench->line, EVENT_RECEIVED, PAGE_ANSWER);
	}
	play(bench);
	assert_int_equal(memory_verdict(bench->source, 7), EVENT_VERDICT_AI);
	ask(bench);
	play(bench);
	assert_int_equal(bench->n_calls, 2);
	assert_int_equal(bench->calls[1].exchange, 21);
}

static void test_the_open_was_lost(void **state)
{
	struct bench *bench = *state;
	const struct call *call = &bench->calls[0];

	ask(bench);
	play(bench);
	assert_int_equal(bench->n_calls, 1);
	assert_int_equal(call->task.tgid, 100);
	assert_int_equal(call->task.start_ns, 0);
	assert_true(call->flags & CALL_MID_CONNECTION);
	assert_int_equal(call->usages[0].count[COUNT_INPUT], 5);
	assert_int_equal(stat(bench, STAT_CONNS_UNBORN), 1);
	/* it is told who it was after all */
	line_open(&bench->line, true, STR(""));
	ask(bench);
	play(bench);
	assert_int_equal(bench->calls[1].task.start_ns, 5000);
	assert_string_equal(bench->calls[1].comm, "client");
}

/* Open and first bytes: they are waited for, and then given up. */
static void test_the_beginning_was_lost(void **state)
{
	struct bench *bench = *state;

	bench->line.offset[EVENT_SENT] = 777;
	bench->line.offset[EVENT_RECEIVED] = 888;
	ask(bench);
	play(bench);
	assert_int_equal(bench->n_calls, 0);
	hot_tick(bench->hot, NSEC_PER_SEC + LIMIT_REORDER_NS);
	take(bench);
	assert_int_equal(bench->n_calls, 1);
	assert_int_equal(bench->calls[0].usages[0].count[COUNT_OUTPUT], 7);
	line_close(&bench->line, EVENT_CLOSE_FREE);
	play(bench);
	assert_int_equal(stat(bench, STAT_MISSING_BYTES), 777 + 888);
}

static void test_late_events_make_no_connection(void **state)
{
	struct bench *bench = *state;
	struct line late;

	line_open(&bench->line, true, STR(""));
	late = bench->line;
	line_close(&bench->line, EVENT_CLOSE_FREE);
	play(bench);
	line_text(&late, EVENT_SENT, ASK);
	play(bench);
	assert_int_equal(stat(bench, STAT_LATE), 1);
	assert_int_equal(stat(bench, STAT_CONNS), 1);
	assert_int_equal(stat(bench, STAT_CONNS_OPEN), 0);
}

/* An environment in pieces before the connection, and the process's end after it. */
static void test_traits_of_a_process(void **state)
{
	static const char *const pieces[] = { "HOME=/root", "\0AI_TEAM=sea", "rch\0PASSWORD=secret" };
	static const size_t sizes[] = { 10, 12, 19 };
	struct bench *bench = *state;
	uint32_t offset = 0;

	for (size_t i = 0; i < 3; i++) {
		struct event_environ *event = (void *)line_event(&bench->line, EVENT_ENVIRON, sizeof(*event) + sizes[i]);

		event->header.flags = i == 2 ? EVENT_ENVIRON_LAST : 0;
		event->task_start_ns = 5000;
		event->offset = offset;
		event->len = (uint32_t)sizes[i];
		memcpy(event + 1, pieces[i], sizes[i]);
		offset += event->len;
	}
	line_open(&bench->line, true, STR(""));
	ask(bench);
	line_task(&bench->line, EVENT_TASK_EXIT);
	play(bench);
	assert_int_equal(bench->n_traits, 2);
	assert_int_equal(bench->traits[0].kind, TRAIT_ENVIRON);
	assert_int_equal(bench->traits[0].n_values, 1);
	assert_string_equal(bench->traits[0].values[0].text, "search");
	assert_int_equal(bench->traits[1].kind, TRAIT_SEEN);
	assert_string_equal(bench->traits[1].comm, "client");
	assert_int_equal(bench->traits[1].cgroup_id, 77);
	line_close(&bench->line, EVENT_CLOSE_EXIT);
	play(bench);
	assert_int_equal(bench->n_calls, 1);
	assert_int_equal(bench->n_traits, 3);
	assert_int_equal(bench->traits[2].kind, TRAIT_EXIT);
	assert_int_equal(bench->traits[2].task.tgid, 100);
}

static void test_an_environment_with_a_gap(void **state)
{
	struct bench *bench = *state;
	struct event_environ *event = (void *)line_event(&bench->line, EVENT_ENVIRON, sizeof(*event) + 4);

	event->header.flags = EVENT_ENVIRON_LAST;
	event->task_start_ns = 5000;
	event->offset = 4;
	event->len = 4;
	play(bench);
	assert_int_equal(bench->n_traits, 0);
	assert_int_equal(stat(bench, STAT_ENVIRONS_LOST), 1);
}

static void test_an_exec_ends_at_once(void **state)
{
	struct bench *bench = *state;

	line_open(&bench->line, true, STR(""));
	line_text(&bench->line, EVENT_SENT, ASK);
	line_task(&bench->line, EVENT_TASK_EXEC);
	play(bench);
	assert_int_equal(bench->n_calls, 1);
	assert_true(bench->calls[0].flags & CALL_ABORTED);
	assert_int_equal(bench->calls[0].n_usages, 0);
	assert_int_equal(bench->traits[bench->n_traits - 1].kind, TRAIT_EXEC);
	assert_int_equal(stat(bench, STAT_CONNS_OPEN), 0);
	/* the image after it is told of anew */
	bench->line.id = 8;
	line_open(&bench->line, true, STR(""));
	play(bench);
	assert_int_equal(bench->traits[bench->n_traits - 1].kind, TRAIT_SEEN);
}

/* After an exit the last bytes may be under way, but not for ever. */
static void test_an_exit_waits_and_then_ends(void **state)
{
	struct bench *bench = *state;

	line_open(&bench->line, true, STR(""));
	line_text(&bench->line, EVENT_SENT, ASK);
	line_task(&bench->line, EVENT_TASK_EXIT);
	play(bench);
	hot_tick(bench->hot, NSEC_PER_SEC + LIMIT_REORDER_NS - 1);
	take(bench);
	assert_int_equal(bench->n_calls, 0);
	hot_tick(bench->hot, NSEC_PER_SEC + LIMIT_REORDER_NS);
	take(bench);
	assert_int_equal(bench->n_calls, 1);
	assert_true(bench->calls[0].flags & CALL_ABORTED);
	assert_int_equal(bench->traits[bench->n_traits - 1].kind, TRAIT_EXIT);
	assert_int_equal(stat(bench, STAT_CONNS_OPEN), 0);
}

/* A stranger at a host that never is AI is one for good; its lengths at the end are no holes. */
static void test_final_for_a_host_that_never_is_ai(void **state)
{
	struct bench *bench = *state;

	line_open(&bench->line, true, STR("codeload.github.com"));
	line_text(&bench->line, EVENT_SENT, PAGE);
	line_text(&bench->line, EVENT_RECEIVED, PAGE_ANSWER);
	play(bench);
	assert_int_equal(memory_verdict(bench->source, 7), EVENT_VERDICT_NEVER);
	assert_int_equal(stat(bench, STAT_CONNS_QUIET), 1);
	bench->line.offset[EVENT_RECEIVED] += 90000;
	line_close(&bench->line, EVENT_CLOSE_FREE);
	play(bench);
	assert_int_equal(stat(bench, STAT_CONNS_OPEN), 0);
	assert_int_equal(stat(bench, STAT_MISSING_BYTES), 0);
}

/* Whatever the name says: what asks a provider is AI. */
static void test_a_request_counts_more_than_a_name(void **state)
{
	struct bench *bench = *state;

	line_open(&bench->line, true, STR("github.com"));
	ask(bench);
	play(bench);
	assert_int_equal(bench->n_calls, 1);
	assert_int_equal(memory_verdict(bench->source, 7), EVENT_VERDICT_AI);
}

/* What is no HTTP at all may still become it. */
static void test_other_protocols(void **state)
{
	struct bench *bench = *state;

	bench->line.id = 8;
	line_open(&bench->line, true, STR("mail.example.com"));
	for (int i = 0; i < 4000; i++)
		line_text(&bench->line, EVENT_SENT, "\x01\x02 neither a request nor an answer of anything\n");
	play(bench);
	assert_int_equal(memory_verdict(bench->source, 8), EVENT_VERDICT_QUIET);
	assert_int_equal(stat(bench, STAT_OTHER), 1);
}

/* A socket to a provider is read for as long as it lives, any other one not at all. */
static void test_sockets(void **state)
{
	static const struct {
		const char *host, *path;
		enum event_verdict verdict;
		uint64_t sockets;
	} table[] = { { "api.openai.com", "/v1/realtime?model=gpt-realtime", EVENT_VERDICT_AI, 1 },
		      { "chat.example.com", "/socket", EVENT_VERDICT_NEVER, 2 } };
	struct bench *bench = *state;

	for (uint64_t i = 0; i < 2; i++) {
		char text[512];

		bench->line = (struct line){ .to = &bench->image, .id = 20 + i, .task = { 100, 5000 }, .boot_ns = NSEC_PER_SEC };
		line_open(&bench->line, true, str_of(table[i].host));
		snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\n"
			 "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", table[i].path,
			 table[i].host);
		line_text(&bench->line, EVENT_SENT, text);
		line_text(&bench->line, EVENT_RECEIVED, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
		line_text(&bench->line, EVENT_RECEIVED, "\x81\x02{}");
		play(bench);
		assert_int_equal(memory_verdict(bench->source, 20 + i), table[i].verdict);
		assert_int_equal(stat(bench, STAT_WEBSOCKET), table[i].sockets);
	}
}

static void test_what_is_open_at_the_end(void **state)
{
	struct bench *bench = *state;

	for (uint64_t id = 12; id > 7; id--) {
		bench->line = (struct line){ .to = &bench->image, .id = id, .task = { 100, 5000 }, .boot_ns = NSEC_PER_SEC };
		line_open(&bench->line, true, STR(""));
		line_text(&bench->line, EVENT_SENT, ASK);
	}
	play(bench);
	hot_drain(bench->hot);
	take(bench);
	assert_int_equal(bench->n_calls, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(bench->calls[i].conn_id, 8 + i);
		assert_true(bench->calls[i].flags & CALL_ABORTED);
	}
}

static void test_malformed_and_unknown(void **state)
{
	static const uint32_t sizes[] = { [EVENT_OPEN] = 96, [EVENT_DATA] = 56, [EVENT_CLOSE] = 56, [EVENT_FACT] = 40,
					  [EVENT_TASK] = 48, [EVENT_ENVIRON] = 48, [EVENT_TARGET] = 56 };
	struct bench *bench = *state;
	uint64_t bytes[16] = { 0 }, malformed = 0;
	struct event_header *event = (void *)bytes;

	for (uint16_t type = EVENT_OPEN; type <= EVENT_TARGET; type++)
		for (uint32_t size = sizeof(*event); size < sizes[type]; size += 8) {
			*event = (struct event_header){ .type = type, .abi = EVENT_ABI, .size = size, .conn_id = 7 };
			hot_event(bench->hot, event, sizeof(bytes));
			malformed++;
		}
	*event = (struct event_header){ .type = EVENT_CLOSE, .abi = EVENT_ABI, .size = 4096 };
	hot_event(bench->hot, event, sizeof(bytes));
	hot_event(bench->hot, event, 8);
	struct event_data *data = (void *)bytes;
	*data = (struct event_data){ .header = { .type = EVENT_DATA, .abi = EVENT_ABI, .size = 64 }, .len = 9 };
	hot_event(bench->hot, event, sizeof(bytes));
	data->len = 8, data->dir = 2;
	hot_event(bench->hot, event, sizeof(bytes));
	assert_int_equal(stat(bench, STAT_MALFORMED), malformed + 4);
	assert_int_equal(stat(bench, STAT_EVENTS), 0);
	*event = (struct event_header){ .type = 4711, .abi = EVENT_ABI, .size = 32 };
	hot_event(bench->hot, event, 32);
	event->type = 0;
	hot_event(bench->hot, event, 32);
	assert_int_equal(stat(bench, STAT_UNKNOWN_EVENTS), 2);
	assert_int_equal(stat(bench, STAT_CONNS), 0);
}

static void test_a_full_queue_is_a_counted_loss(void **state)
{
	struct bench *bench = *state;
	size_t at = 0, n = 0;
	struct event_header *event;

	while (queue_reserve(bench->queue, 60000))
		queue_commit(bench->queue, 99, 0, 60000);
	while (queue_reserve(bench->queue, 100))
		queue_commit(bench->queue, 99, 0, 100);
	line_open(&bench->line, true, STR(""));
	for (; n < 3; n++)
		ask(bench);
	while ((event = image_next(&bench->image, &at)))
		hot_event(bench->hot, event, event->size);
	assert_int_equal(stat(bench, STAT_CALLS_LOST), 3);
	assert_int_equal(stat(bench, STAT_TRAITS_LOST), 1);
	assert_int_equal(stat(bench, STAT_CALLS), 0);
}

/* An exchange keeps the wants that it began with; the next one has the new ones. */
static void test_new_wants(void **state)
{
	struct bench *bench = *state;
	struct wants wants = { .generation = 2, .secret_generation = 2, .secret = "another secret" };

	line_open(&bench->line, true, STR(""));
	line_text(&bench->line, EVENT_SENT, ASK);
	play(bench);
	assert_int_equal(hot_wants(bench->hot, &wants), 0);
	line_text(&bench->line, EVENT_RECEIVED, ANSWER);
	ask(bench);
	play(bench);
	assert_int_equal(bench->n_calls, 2);
	assert_int_equal(strncmp(bench->calls[0].credential, "k1:", 3), 0);
	assert_int_equal(strncmp(bench->calls[1].credential, "k2:", 3), 0);
	mem_fail_at(1);
	assert_int_equal(hot_wants(bench->hot, &wants), -ENOMEM);
	ask(bench);
	play(bench);
	assert_int_equal(strncmp(bench->calls[2].credential, "k2:", 3), 0);
}

/* As many exchanges as it likes: once the pools are filled, nothing is allocated any more. */
static void test_allocates_nothing_in_the_steady_state(void **state)
{
	struct bench *bench = *state;
	uint64_t before = 0;

	for (uint64_t id = 7; id < 200; id++) {
		struct event_header *event;

		bench->line = (struct line){ .to = &bench->image, .id = id, .task = { 100, 5000 }, .boot_ns = id * NSEC_PER_SEC };
		line_open(&bench->line, true, STR(""));
		for (int i = 0; i < 5; i++) {
			ask(bench);
			line_text(&bench->line, EVENT_SENT, PAGE);
			line_text(&bench->line, EVENT_RECEIVED, PAGE_ANSWER);
		}
		for (size_t at = 0; (event = image_next(&bench->image, &at));) {
			uint64_t count = mem_count();

			hot_event(bench->hot, event, event->size);
			/* a connection's own memory comes with its birth */
			if (id > 8 && event->type != EVENT_OPEN)
				before += mem_count() - count;
			bench->n_calls = bench->n_traits = 0;
			take(bench);
		}
		bench->image.n = 0;
		line_close(&bench->line, EVENT_CLOSE_FREE);
		play(bench);
	}
	assert_int_equal(before, 0);
	assert_int_equal(stat(bench, STAT_CALLS), 193 * 5);
}

/* The nth allocation refused, for every n: nothing crashes, nothing leaks, and what was not seen is counted. */
static void test_refused_memory(void **state)
{
	struct bench *ok = *state;
	uint64_t n = 1;
	bool whole = false;

	for (; !whole && n < 1000; n++) {
		void *other = NULL;
		struct bench *bench;
		int err;

		mem_fail_at(0);
		assert_int_equal(setup(&other), 0);
		bench = other;
		hot_free(bench->hot);
		bench->hot = NULL;
		line_open(&bench->line, true, STR("api.openai.com"));
		ask(bench);
		line_close(&bench->line, EVENT_CLOSE_FREE);
		mem_fail_at(n);
		err = hot_new(bench->source, bench->queue, &bench->wants, &bench->stats, &bench->hot);
		assert_true(err == 0 || err == -ENOMEM);
		if (err == 0)
			play(bench);
		whole = bench->n_calls == 1 && bench->calls[0].n_usages == 1 && !stat(bench, STAT_NO_MEMORY);
		if (err == 0)
			assert_true(whole || bench->n_calls <= 1);
		mem_fail_at(0);
		teardown(&other);
	}
	assert_true(n > 5 && n < 1000);
	assert_int_equal(stat(ok, STAT_CALLS), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_call), TEST(test_quiet_after_strangers_and_awake_again), TEST(test_an_ai_connection_stays_one),
		TEST(test_the_open_was_lost), TEST(test_the_beginning_was_lost),
		TEST(test_late_events_make_no_connection), TEST(test_traits_of_a_process),
		TEST(test_an_environment_with_a_gap), TEST(test_an_exec_ends_at_once), TEST(test_an_exit_waits_and_then_ends),
		TEST(test_final_for_a_host_that_never_is_ai), TEST(test_a_request_counts_more_than_a_name),
		TEST(test_other_protocols), TEST(test_sockets), TEST(test_what_is_open_at_the_end), TEST(test_malformed_and_unknown),
		TEST(test_a_full_queue_is_a_counted_loss), TEST(test_new_wants), TEST(test_allocates_nothing_in_the_steady_state),
		TEST(test_refused_memory),
	};

	return RUN(tests);
}
