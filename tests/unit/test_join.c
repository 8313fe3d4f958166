/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call that passes a gateway on this host: whatever is lost and in whatever
 * order it is told, its tokens are spent once, by its client. Process 1 and 2 are
 * clients of team search and ads, 9 is the gateway, of team platform.
 */
#include "tests/lib/cold_bench.h"

#include <stdlib.h>

enum { CLIENT = 1, OTHER = 2, GATEWAY = 9 };

static int open_join(void **state)
{
	int err = setup(state);
	struct bench *bench = *state;

	team_of(bench, CLIENT, "search");
	team_of(bench, OTHER, "ads");
	team_of(bench, GATEWAY, "platform");
	return err;
}

static struct told *of_conn(struct bench *bench, uint64_t conn_id)
{
	for (size_t i = 0; i < bench->n_told; i++)
		if (bench->told[i].conn_id == conn_id && !bench->told[i].adjustment)
			return &bench->told[i];
	fail_msg("connection %ju was not told", (uintmax_t)conn_id);
	return NULL;
}

static int64_t sum(const struct bench *bench, const char *team, bool money)
{
	int64_t sum = 0;

	for (size_t i = 0; i < bench->n_told; i++)
		if (bench->told[i].spend && (!team || !strcmp(bench->told[i].team, team)))
			sum += money ? bench->told[i].pico : bench->told[i].tokens;
	return sum;
}

static size_t count(const struct bench *bench, bool adjustment)
{
	size_t n = 0;

	for (size_t i = 0; i < bench->n_told; i++)
		n += bench->told[i].spend && bench->told[i].adjustment == adjustment;
	return n;
}

/* ---- the four messages of one call through a gateway; times in milliseconds */

struct way {
	uint64_t conn;			/* and the two after it */
	uint32_t client;
	unsigned int begin, end;	/* of the client's call */
	const char *id;
	uint64_t input;			/* tokens */
};

static struct call a_call(const struct bench *bench, uint32_t tgid, uint64_t conn_id, unsigned int begin, unsigned int end)
{
	struct call call = bench->call;

	call.task = (struct task){ tgid, 5000 };
	call.conn_id = conn_id;
	call.exchange = 0;
	call.begin_ns = begin * MS;
	call.end_ns = end * MS;
	return call;
}

/* As the gateway's own clients see it: another name, another model, and no word of usage. */
static struct call of_client(const struct bench *bench, const struct way *way)
{
	struct call call = a_call(bench, way->client, way->conn, way->begin, way->end);

	strcpy(call.provider, "openai-compatible");
	strcpy(call.host, "gateway.internal");
	strcpy(call.path, "/v1/chat/completions");
	strcpy(call.model_requested, "smart");
	strcpy(call.model, "smart");
	strcpy(call.response_id, way->id);
	call.billing = BILLING_SELF_HOSTED;
	call.n_usages = 0;
	call.usage_source = USAGE_NONE;
	return call;
}

static struct call of_serving(const struct bench *bench, const struct way *way, enum call_kind kind)
{
	struct call call = of_client(bench, way);

	call.task = (struct task){ GATEWAY, 5000 };
	call.conn_id = way->conn + 1;
	call.role = ROLE_SERVER;
	call.kind = (uint8_t)kind;
	call.begin_ns += MS;
	call.end_ns -= MS;
	return call;
}

static struct call of_gateway(const struct bench *bench, const struct way *way)
{
	struct call call = a_call(bench, GATEWAY, way->conn + 2, way->begin + 5, way->end - 5);

	strcpy(call.response_id, way->id);
	call.billing = BILLING_METERED;
	usage_set(&call.usages[0], COUNT_INPUT, way->input);
	usage_set(&call.usages[0], COUNT_OUTPUT, 0);
	return call;
}

/* When it is told: at its end, or its beginning where that is all that is known. */
static uint64_t stamp_of(const struct call *call)
{
	return call->kind == CALL_BEGUN ? call->begin_ns : call->end_ns;
}

static void send(struct bench *bench, const struct call *call)
{
	bench->stamp = stamp_of(call);
	send_message(bench, MESSAGE_CALL, call, sizeof(*call));
}

static void send_at(struct bench *bench, struct call call)
{
	send(bench, &call);
}

static void pass(struct bench *bench, unsigned int ms)
{
	cold_tick(bench->cold, ms * MS);
	cold_tick(bench->cold, ms * MS);
}

static const struct way way = { 10, CLIENT, 100, 1000, "A", 400000 };

/* ---- */

static void check_joined(struct bench *bench)
{
	const struct told *client = of_conn(bench, 10), *upstream = of_conn(bench, 12);

	assert_int_equal(sum(bench, "search", false), 400000);
	assert_int_equal(sum(bench, NULL, false), 400000);
	assert_int_equal(sum(bench, "search", true), 1000000000000);
	assert_int_equal(sum(bench, NULL, true), 1000000000000);
	assert_true(client->spend);
	assert_string_equal(client->same_as, "");
	assert_string_equal(client->team, "search");
	assert_string_equal(client->team_source, "env:AI_TEAM");
	assert_string_equal(client->caller_team, "search");
	assert_string_equal(upstream->provider, "openai");
}

static void test_one_spend_a_call(void **state)
{
	struct bench *bench = *state;

	send_at(bench, of_serving(bench, &way, CALL_BEGUN));
	send_at(bench, of_gateway(bench, &way));
	send_at(bench, of_serving(bench, &way, CALL_ENDED));
	send_at(bench, of_client(bench, &way));
	pass(bench, 1200);
	assert_int_equal(bench->n_told, 0);
	pass(bench, 1300);
	assert_int_equal(bench->n_told, 2);
	check_joined(bench);
	assert_string_equal(of_conn(bench, 10)->route, "gateway");
	assert_string_equal(of_conn(bench, 10)->provider, "openai");
	assert_string_equal(of_conn(bench, 10)->model, "gpt-4o-2024-08-06");
	assert_string_equal(of_conn(bench, 12)->route, "upstream");
	assert_false(of_conn(bench, 12)->spend);
	assert_string_equal(of_conn(bench, 12)->same_as, of_conn(bench, 10)->id);
	assert_int_equal(cold_counts(bench->cold)->adjustments, 0);
	assert_int_equal(cold_counts(bench->cold)->gateway.held, 2);
	assert_int_equal(cold_counts(bench->cold)->records, 2);
}

/* The client's own view stays where the gateway's is not whole. */
static void test_the_better_view(void **state)
{
	struct bench *bench = *state;
	struct call client = of_client(bench, &way), upstream = of_gateway(bench, &way);

	client.n_usages = 1;
	client.usage_source = USAGE_REPORTED;
	usage_set(&client.usages[0], COUNT_INPUT, 300000);
	usage_set(&client.usages[0], COUNT_OUTPUT, 0);
	upstream.flags |= CALL_INCOMPLETE;
	send_at(bench, of_serving(bench, &way, CALL_BEGUN));
	send(bench, &upstream);
	send_at(bench, of_serving(bench, &way, CALL_ENDED));
	send(bench, &client);
	pass(bench, 1300);
	assert_int_equal(sum(bench, "search", false), 300000);
	assert_int_equal(sum(bench, NULL, false), 300000);
	assert_string_equal(of_conn(bench, 10)->provider, "openai");
}

/* A gateway that fell back to another model after an answer that was paid for. */
static void test_both_answers_are_paid_for(void **state)
{
	struct bench *bench = *state;
	struct call first = of_gateway(bench, &way), failed = of_gateway(bench, &way);

	first.conn_id = 13;
	first.end_ns = 300 * MS;
	strcpy(first.response_id, "X");
	usage_set(&first.usages[0], COUNT_INPUT, 50000);
	failed.conn_id = 14;
	failed.end_ns = 200 * MS;
	failed.n_usages = 0;
	failed.usage_source = USAGE_NONE;
	failed.flags = CALL_ERROR;
	failed.status = 429;
	send_at(bench, of_serving(bench, &way, CALL_BEGUN));
	send(bench, &failed);
	send(bench, &first);
	send_at(bench, of_gateway(bench, &way));
	send_at(bench, of_serving(bench, &way, CALL_ENDED));
	send_at(bench, of_client(bench, &way));
	pass(bench, 1300);
	assert_int_equal(sum(bench, "search", false), 450000);
	assert_int_equal(sum(bench, NULL, false), 450000);
	assert_true(of_conn(bench, 13)->spend);
	assert_string_equal(of_conn(bench, 13)->team_source, "gateway:env:AI_TEAM");
	assert_string_equal(of_conn(bench, 13)->caller_team, "platform");
	assert_string_equal(of_conn(bench, 13)->route, "upstream");
	assert_false(of_conn(bench, 14)->spend);
	assert_string_equal(of_conn(bench, 14)->same_as, of_conn(bench, 10)->id);
}

/* Of a client on another host its request tells: a header's claim, and if it makes none, the gateway pays. */
static void test_a_client_on_another_host(void **state)
{
	struct bench *bench = *state;
	struct call begun = of_serving(bench, &way, CALL_BEGUN), ended = of_serving(bench, &way, CALL_ENDED);
	const struct way next = { 20, CLIENT, 2000, 3000, "B", 7000 };
	struct call own = of_gateway(bench, &next);

	for (uint8_t i = 0; i < bench->wants.n_wanted; i++)
		if (bench->wants.wanted[i].kind == WANTED_HEADER)
			begun.values[0].wanted = ended.values[0].wanted = i;
	begun.n_values = ended.n_values = 1;
	strcpy(begun.values[0].text, "ads");
	strcpy(ended.values[0].text, "ads");
	send(bench, &begun);
	send_at(bench, of_gateway(bench, &way));
	send(bench, &ended);
	pass(bench, 1600);
	assert_int_equal(bench->n_told, 1);
	assert_true(of_conn(bench, 12)->spend);
	assert_string_equal(of_conn(bench, 12)->route, "upstream");
	assert_string_equal(of_conn(bench, 12)->team, "ads");
	assert_string_equal(of_conn(bench, 12)->team_source, "header:x-team-id");
	assert_string_equal(of_conn(bench, 12)->caller_team, "platform");
	send_at(bench, of_serving(bench, &next, CALL_BEGUN));
	send_at(bench, of_gateway(bench, &next));
	send_at(bench, of_serving(bench, &next, CALL_ENDED));
	pass(bench, 3600);
	assert_string_equal(of_conn(bench, 22)->team, "platform");
	assert_int_equal(sum(bench, "ads", false), 400000);
	assert_int_equal(sum(bench, "platform", false), 7000);
	/* what the gateway's own call says of itself is better than what was served then */
	begun.conn_id = 31;
	begun.begin_ns = 4000 * MS;
	ended.conn_id = 31;
	ended.begin_ns = 4000 * MS;
	ended.end_ns = 5000 * MS;
	own.conn_id = 32;
	own.begin_ns = 4100 * MS;
	own.end_ns = 4900 * MS;
	own.n_values = 1;
	own.values[0] = begun.values[0];
	strcpy(own.values[0].text, "search");
	send(bench, &begun);
	send(bench, &own);
	send(bench, &ended);
	pass(bench, 5600);
	assert_string_equal(of_conn(bench, 32)->route, "upstream");
	assert_string_equal(of_conn(bench, 32)->team, "search");
}

/* What comes too late is put right by adjustments, and every one of them has an id of its own. */
static void check_corrected(struct bench *bench, size_t adjustments)
{
	check_joined(bench);
	assert_int_equal(count(bench, true), adjustments);
	assert_int_equal(cold_counts(bench->cold)->adjustments, adjustments);
	for (size_t i = 0; i < bench->n_told; i++) {
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(bench->told[i].id, bench->told[j].id);
		if (!bench->told[i].adjustment)
			continue;
		assert_true(bench->told[i].spend);
		assert_string_equal(bench->told[i].adjusts, of_conn(bench, bench->told[i].conn_id)->id);
		assert_int_equal(bench->told[i].time_ns, of_conn(bench, bench->told[i].conn_id)->time_ns);
	}
}

static void test_a_client_that_comes_late(void **state)
{
	struct bench *bench = *state;
	struct way slow = way;

	send_at(bench, of_serving(bench, &way, CALL_BEGUN));
	send_at(bench, of_gateway(bench, &way));
	send_at(bench, of_serving(bench, &way, CALL_ENDED));
	pass(bench, 1600);
	assert_int_equal(sum(bench, "platform", false), 400000);
	slow.end = 9000;
	send_at(bench, of_client(bench, &slow));
	check_corrected(bench, 1);
	assert_int_equal(sum(bench, "platform", false), 0);
}

static void test_a_gateway_that_is_told_late(void **state)
{
	struct bench *bench = *state;
	struct call upstream = of_gateway(bench, &way);

	send_at(bench, of_serving(bench, &way, CALL_BEGUN));
	send_at(bench, of_serving(bench, &way, CALL_ENDED));
	send_at(bench, of_client(bench, &way));
	pass(bench, 1300);
	assert_int_equal(sum(bench, NULL, false), 0);
	upstream.end_ns = 4000 * MS;
	send(bench, &upstream);
	/* the client's record had nothing to take away but its name */
	check_corrected(bench, 2);
	assert_false(of_conn(bench, 12)->spend);
}

static void test_longer_than_five_seconds(void **state)
{
	struct bench *bench = *state;
	struct way slow = way;

	slow.end = 8000;
	send_at(bench, of_serving(bench, &slow, CALL_BEGUN));
	send_at(bench, of_gateway(bench, &way));
	pass(bench, 5990);
	assert_int_equal(bench->n_told, 0);
	pass(bench, 6050);
	assert_int_equal(sum(bench, "platform", false), 400000);
	assert_string_equal(of_conn(bench, 12)->route, "direct");
	assert_int_equal(cold_counts(bench->cold)->gateway.late, 1);
	send_at(bench, of_serving(bench, &slow, CALL_ENDED));
	send_at(bench, of_client(bench, &slow));
	pass(bench, 8300);
	check_corrected(bench, 1);
	assert_int_equal(sum(bench, "platform", false), 0);
}

/* Told three times, and each time the last one counts: alone, for a client on another host, for one on this host. */
static void test_corrected_twice(void **state)
{
	struct bench *bench = *state;
	struct way slow = way;
	struct call ended;

	slow.end = 8000;
	ended = of_serving(bench, &slow, CALL_ENDED);
	for (uint8_t i = 0; i < bench->wants.n_wanted; i++)
		if (bench->wants.wanted[i].kind == WANTED_HEADER)
			ended.values[0].wanted = i;
	ended.n_values = 1;
	strcpy(ended.values[0].text, "ads");
	send_at(bench, of_serving(bench, &slow, CALL_BEGUN));
	send_at(bench, of_gateway(bench, &way));
	pass(bench, 6050);
	assert_int_equal(sum(bench, "platform", false), 400000);
	send(bench, &ended);
	pass(bench, 8600);
	assert_int_equal(sum(bench, "platform", false), 0);
	assert_int_equal(sum(bench, "ads", false), 400000);
	slow.end = 20000;
	send_at(bench, of_client(bench, &slow));
	check_corrected(bench, 3);
	assert_int_equal(sum(bench, "ads", false), 0);
}

/* In a replay the messages' times decide, and the clock nothing. */
static void test_a_replay_has_its_own_time(void **state)
{
	struct bench *bench = *state;
	const struct way next = { 20, OTHER, 1200, 2000, "B", 0 };

	restart(bench, NULL, true);
	send_at(bench, of_serving(bench, &way, CALL_BEGUN));
	send_at(bench, of_gateway(bench, &way));
	send_at(bench, of_serving(bench, &way, CALL_ENDED));
	pass(bench, 60000);
	assert_int_equal(bench->n_told, 0);
	send_at(bench, of_client(bench, &way));
	pass(bench, 60000);
	assert_int_equal(bench->n_told, 0);
	send_at(bench, of_gateway(bench, &next));
	assert_int_equal(bench->n_told, 2);
	check_corrected(bench, 0);
}

/* Live, the clock decides nothing while messages still come: what is looked for may be among them. */
static void test_the_clock_waits_for_messages(void **state)
{
	struct bench *bench = *state;

	send_at(bench, of_serving(bench, &way, CALL_BEGUN));
	send_at(bench, of_gateway(bench, &way));
	send_at(bench, of_serving(bench, &way, CALL_ENDED));
	cold_tick(bench->cold, 60000 * MS);
	assert_int_equal(bench->n_told, 0);
	send_at(bench, of_client(bench, &way));
	pass(bench, 60000);
	check_corrected(bench, 0);
}

/* What waits for other calls is told under the settings in force then; what waits for its commit under the former ones. */
static void test_settings_replaced_while_held(void **state)
{
	struct bench *bench = *state;
	struct cold_settings other = bench->settings;

	other.config = "sha256:2";
	send_at(bench, of_serving(bench, &way, CALL_BEGUN));
	send_at(bench, of_gateway(bench, &way));
	cold_settings(bench->cold, &other);
	send_at(bench, of_serving(bench, &way, CALL_ENDED));
	send_at(bench, of_client(bench, &way));
	pass(bench, 1300);
	assert_string_equal(bench->last.config, "sha256:2");
	check_corrected(bench, 0);
	cold_settings(bench->cold, &bench->settings);
}

/* ---- many at once */

static uint64_t next_random(uint64_t *random, uint64_t below)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return (*random >> 33) % below;
}

#define WAYS 24

struct sent {
	struct call *call;
	uint64_t at_ns;
};

static int by_time(const void *a, const void *b)
{
	const struct sent *x = a, *y = b;

	return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

/*
 * Two dozen calls through the gateway, of which several are always under way, told
 * a little out of order, every lose_nth message not at all (0: none).
 */
static void many(struct bench *bench, uint64_t seed, unsigned int lose_nth, int64_t *ret_search, int64_t *ret_ads)
{
	struct call *calls = mem_array(4 * WAYS, sizeof(*calls));
	struct sent sent[4 * WAYS];
	char ids[WAYS][8];
	uint64_t random = seed;

	*ret_search = *ret_ads = 0;
	for (unsigned int i = 0; i < WAYS; i++) {
		unsigned int begin = 1000 + (unsigned int)next_random(&random, 3000);
		struct way w = { 100 + 10 * i, i % 2 ? OTHER : CLIENT, begin, begin + 50 + (unsigned int)next_random(&random, 2000), ids[i], 1000 + i };

		snprintf(ids[i], sizeof(ids[i]), "id%u", i);
		calls[4 * i] = of_serving(bench, &w, CALL_BEGUN);
		calls[4 * i + 1] = of_gateway(bench, &w);
		calls[4 * i + 2] = of_serving(bench, &w, CALL_ENDED);
		calls[4 * i + 3] = of_client(bench, &w);
		*(i % 2 ? ret_ads : ret_search) += 1000 + i;
	}
	for (size_t i = 0; i < 4 * WAYS; i++)
		sent[i] = (struct sent){ &calls[i], stamp_of(&calls[i]) + next_random(&random, 40) * MS };
	qsort(sent, 4 * WAYS, sizeof(*sent), by_time);
	for (size_t i = 0; i < 4 * WAYS; i++)
		if (!lose_nth || (i + seed) % lose_nth)
			send(bench, sent[i].call);
	commit(bench);
	mem_free(calls);
}

static void test_many_at_once(void **state)
{
	struct bench *bench = *state;
	int64_t search, ads;

	for (uint64_t seed = 1; seed <= 40; seed++) {
		restart(bench, NULL, true);
		bench->n_told = 0;
		many(bench, seed, 0, &search, &ads);
		assert_int_equal(sum(bench, "search", false), search);
		assert_int_equal(sum(bench, "ads", false), ads);
		assert_int_equal(sum(bench, "platform", false), 0);
		assert_int_equal(count(bench, false), WAYS);
		assert_int_equal(bench->n_told, 2 * WAYS);
	}
}

/* Where messages are lost nothing is spent twice; and what is spent was seen. */
static void test_many_at_once_with_losses(void **state)
{
	struct bench *bench = *state;
	int64_t search, ads, least = INT64_MAX;

	for (uint64_t seed = 1; seed <= 40; seed++) {
		restart(bench, NULL, true);
		bench->n_told = 0;
		many(bench, seed, 7, &search, &ads);
		if (sum(bench, NULL, false) < least)
			least = sum(bench, NULL, false);
		assert_true(sum(bench, NULL, false) <= search + ads);
	}
	assert_true(least > 15 * 1000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_join, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_spend_a_call), TEST(test_the_better_view), TEST(test_both_answers_are_paid_for),
		TEST(test_a_client_on_another_host), TEST(test_a_client_that_comes_late), TEST(test_a_gateway_that_is_told_late),
		TEST(test_longer_than_five_seconds), TEST(test_corrected_twice), TEST(test_a_replay_has_its_own_time), TEST(test_the_clock_waits_for_messages),
		TEST(test_settings_replaced_while_held),
		TEST(test_many_at_once), TEST(test_many_at_once_with_losses),
	};

	return RUN(tests);
}
