/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "pipeline/cold.h"
#include "pipeline/pack.h"
#include "who/attribution.h"

#define MS NSEC_PER_MSEC

/* A sink that notes in which order it was used, and fails where it is told to. */
struct fake {
	struct sink sink;
	char name;
	int put_error, flush_error;
	unsigned int puts, flushes;
	struct bench *bench;
};

struct bench {
	struct attribution *attribution;
	struct prices *prices;
	struct who *who;
	struct wants wants;
	struct cold_settings settings;
	struct fake ledger, first, second;
	struct cold *cold;
	char order[2048];
	size_t n_order;
	struct record last;
	struct call last_call;
	struct origin last_origin;
	unsigned int committed;
	const char *earlier_id;		/* what an earlier run kept; NULL: nothing */
	struct call call;		/* the next one to be sent */
	uint8_t message[sizeof(struct message) + PACK_MAX(sizeof(struct call))] __attribute__((aligned(8)));
};

static void note(struct bench *bench, char what)
{
	assert_true(bench->n_order + 1 < sizeof(bench->order));
	bench->order[bench->n_order++] = what;
	bench->order[bench->n_order] = 0;
}

static int fake_put(struct sink *sink, const struct record *record)
{
	struct fake *fake = (struct fake *)sink;
	struct bench *bench = fake->bench;

	note(bench, fake->name);
	fake->puts++;
	bench->last = *record;
	bench->last_call = *record->call;
	bench->last_origin = *record->origin;
	return fake->put_error;
}

static int fake_flush(struct sink *sink)
{
	struct fake *fake = (struct fake *)sink;

	note(fake->bench, (char)(fake->name - 'a' + 'A'));
	fake->flushes++;
	return fake->flush_error;
}

static const struct sink_ops fake_ops = { .name = "fake", .put = fake_put, .flush = fake_flush };

static int64_t wall(void *ctx, uint64_t boot_ns)
{
	(void)ctx;
	return clock_civil_ns(2026, 6, 1) + (int64_t)boot_ns;
}

static void committed(void *ctx, const struct record *record)
{
	struct bench *bench = ctx;

	assert_int_equal(strlen(record->id), RECORD_ID_MAX - 1);
	note(bench, '.');
	bench->committed++;
}

static int earlier(void *ctx, const char *provider, const char *response_id, char ret_id[RECORD_ID_MAX])
{
	struct bench *bench = ctx;

	assert_string_equal(provider, "openai");
	assert_true(response_id[0]);
	if (!bench->earlier_id)
		return -ENOENT;
	strcpy(ret_id, bench->earlier_id);
	return 0;
}

static struct fake fake(struct bench *bench, char name)
{
	return (struct fake){ .sink.ops = &fake_ops, .name = name, .bench = bench };
}

static void make_attribution(struct bench *bench)
{
	const char *why;
	struct fact fact;

	assert_int_equal(attribution_new(&bench->attribution), 0);
	assert_int_equal(fact_parse(STR("env:AI_TEAM"), &fact, &why), 0);
	assert_int_equal(attribution_add_source(bench->attribution, DIMENSION_TEAM, &fact), 0);
	assert_int_equal(attribution_seal(bench->attribution, &bench->wants, NULL), 0);
}

static int setup(void **state)
{
	static const uint8_t boot_id[16] = "a boot";
	struct bench *bench = mem_new(sizeof(*bench));
	struct cold_config config = { .settings = &bench->settings, .boot_id = boot_id, .wall = wall, .committed = committed,
				      .earlier = earlier, .ctx = bench, .earlier_ctx = bench, .ledger = &bench->ledger.sink,
				      .sinks = { &bench->first.sink, &bench->second.sink }, .n_sinks = 2 };

	bench->ledger = fake(bench, 'l');
	bench->first = fake(bench, 'a');
	bench->second = fake(bench, 'b');
	make_attribution(bench);
	assert_int_equal(prices_builtin(&bench->prices, NULL), 0);
	assert_int_equal(who_new(&(struct who_config){ 0 }, &bench->who), 0);
	assert_int_equal(who_wants(bench->who, &bench->wants), 0);
	bench->settings = (struct cold_settings){ .attribution = bench->attribution, .prices = bench->prices, .wants = &bench->wants,
						  .node = "node-1", .cluster = "prod", .config = "sha256:1" };
	config.who = bench->who;
	bench->call = (struct call){ .version = CALL_VERSION, .kind = CALL_ENDED, .role = ROLE_CLIENT, .conn_id = 1, .status = 200,
				     .task = { 100, 5000 }, .begin_ns = 7 * MS, .end_ns = 9 * MS, .usage_source = USAGE_REPORTED,
				     .n_usages = 1 };
	strcpy(bench->call.provider, "openai");
	strcpy(bench->call.model, "gpt-4o-2024-08-06");
	strcpy(bench->call.host, "api.openai.com");
	strcpy(bench->call.response_id, "resp_1");
	strcpy(bench->call.usages[0].model, bench->call.model);
	usage_set(&bench->call.usages[0], COUNT_INPUT, 1000000);
	usage_set(&bench->call.usages[0], COUNT_OUTPUT, 1000000);
	*state = bench;
	return cold_new(&config, &bench->cold);
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	cold_free(bench->cold);
	who_free(bench->who);
	prices_free(bench->prices);
	attribution_free(bench->attribution);
	mem_free(bench);
	return 0;
}

static void send_message(struct bench *bench, uint32_t kind, const void *what, size_t size)
{
	struct message *message = (void *)bench->message;

	*message = (struct message){ .kind = kind, .size = (uint32_t)pack(message + 1, what, size) };
	cold_message(bench->cold, message);
}

/* Each call an exchange of its own. */
static void send_call(struct bench *bench)
{
	send_message(bench, MESSAGE_CALL, &bench->call, sizeof(bench->call));
	bench->call.exchange++;
}

static void commit(struct bench *bench)
{
	assert_int_equal(cold_tick(bench->cold, UINT64_MAX), UINT64_MAX);
}

static void test_a_record(void **state)
{
	struct bench *bench = *state;

	send_call(bench);
	commit(bench);
	assert_string_equal(bench->order, "lLaAbB.");
	assert_int_equal(bench->last.kind, RECORD_CALL);
	assert_true(bench->last.spend);
	assert_string_equal(bench->last.same_as, "");
	assert_int_equal(bench->last.attempt, 1);
	assert_int_equal(bench->last.time_ns, clock_civil_ns(2026, 6, 1) + 7 * (int64_t)MS);
	assert_string_equal(bench->last.node, "node-1");
	assert_string_equal(bench->last.cluster, "prod");
	assert_string_equal(bench->last.config, "sha256:1");
	assert_string_equal(bench->last.route, "direct");
	assert_string_equal(bench->last.sight, "read");
	assert_string_equal(bench->last.team, "");
	assert_true(bench->last.flags & FLAG_UNATTRIBUTED);
	/* a million tokens each way at 2.50 and 10 USD */
	assert_int_equal(bench->last.cost.status, COST_PRICED);
	assert_int_equal(bench->last.cost.pico, 12500000000000);
	assert_int_equal(cold_counts(bench->cold)->records, 1);
}

/* A process's environment came before its call, and names the team. */
static void test_attributes(void **state)
{
	struct trait trait = { .kind = TRAIT_ENVIRON, .task = { 100, 5000 }, .n_values = 1 };
	struct bench *bench = *state;

	strcpy(trait.values[0].text, "search");
	send_message(bench, MESSAGE_TRAIT, &trait, sizeof(trait));
	send_call(bench);
	commit(bench);
	assert_string_equal(bench->last.team, "search");
	assert_string_equal(bench->last.team_source, "env:AI_TEAM");
	assert_int_equal(bench->last.flags & FLAG_UNATTRIBUTED, 0);
	/* another process is another matter */
	bench->call.task.start_ns = 6000;
	send_call(bench);
	commit(bench);
	assert_string_equal(bench->last.team, "");
}

static void test_a_batch_waits_a_tenth_of_a_second(void **state)
{
	struct bench *bench = *state;

	assert_int_equal(cold_tick(bench->cold, 1000 * MS), UINT64_MAX);
	send_call(bench);
	assert_int_equal(cold_tick(bench->cold, 1010 * MS), 1100 * MS);
	send_call(bench);
	assert_int_equal(cold_tick(bench->cold, 1099 * MS), 1100 * MS);
	assert_int_equal(bench->committed, 0);
	assert_int_equal(bench->ledger.puts, 2);
	assert_int_equal(cold_tick(bench->cold, 1100 * MS), UINT64_MAX);
	assert_int_equal(bench->committed, 2);
	assert_int_equal(bench->ledger.flushes, 1);
}

/* Many at once do not wait: every full batch is committed. */
static void test_a_full_batch_does_not_wait(void **state)
{
	struct bench *bench = *state;

	cold_tick(bench->cold, 1000 * MS);
	bench->order[0] = 0;
	for (int i = 0; i < 600; i++) {
		bench->n_order = 0;
		send_call(bench);
	}
	assert_true(bench->committed >= 500);
	assert_int_equal(bench->ledger.puts, 600);
	bench->n_order = 0;
	commit(bench);
	assert_int_equal(bench->committed, 600);
	assert_int_equal(bench->first.puts, 600);
}

/* Sinks that fail are counted with their reason, and hold up nobody. */
static void test_failing_sinks(void **state)
{
	struct bench *bench = *state;
	const struct cold_counts *counts = cold_counts(bench->cold);

	bench->first.put_error = -EIO;
	bench->second.flush_error = -EPIPE;
	send_call(bench);
	send_call(bench);
	commit(bench);
	assert_int_equal(bench->committed, 2);
	assert_int_equal(counts->sink_failed[0], 2);
	assert_int_equal(counts->sink_error[0], -EIO);
	assert_int_equal(counts->sink_failed[1], 2);
	assert_int_equal(counts->sink_error[1], -EPIPE);
	assert_int_equal(counts->sink_failed[COLD_SINKS], 0);
	bench->ledger.put_error = -ENOSPC;
	send_call(bench);
	commit(bench);
	assert_int_equal(counts->sink_failed[COLD_SINKS], 1);
	assert_int_equal(counts->sink_error[COLD_SINKS], -ENOSPC);
	bench->ledger.put_error = 0;
	bench->ledger.flush_error = -EROFS;
	send_call(bench);
	commit(bench);
	assert_int_equal(counts->sink_failed[COLD_SINKS], 2);
	assert_int_equal(counts->sink_error[COLD_SINKS], -EROFS);
	assert_int_equal(bench->second.puts, 4);
}

static void test_the_serving_side_makes_no_record(void **state)
{
	struct bench *bench = *state;

	bench->call.role = ROLE_SERVER;
	send_call(bench);
	bench->call.kind = CALL_BEGUN;
	send_call(bench);
	commit(bench);
	assert_int_equal(bench->committed, 0);
	assert_int_equal(bench->ledger.puts, 0);
	assert_int_equal(cold_counts(bench->cold)->serving, 1);
	assert_int_equal(cold_counts(bench->cold)->begun, 1);
}

static void test_an_answer_fetched_again_is_not_spent(void **state)
{
	struct bench *bench = *state;
	char first[RECORD_ID_MAX];

	send_call(bench);
	commit(bench);
	strcpy(first, bench->last.id);
	bench->call.flags = CALL_RETRIEVAL;
	for (int i = 0; i < 2; i++) {
		send_call(bench);
		commit(bench);
		assert_false(bench->last.spend);
		assert_string_equal(bench->last.same_as, first);
		assert_string_not_equal(bench->last.id, first);
	}
	assert_int_equal(cold_counts(bench->cold)->retrievals, 2);
}

/* Asked for in the background, polled, fetched, and fetched once more. */
static void test_a_background_answer_is_spent_once(void **state)
{
	struct bench *bench = *state;
	char asked[RECORD_ID_MAX], fetched[RECORD_ID_MAX];

	bench->call.n_usages = 0;
	bench->call.usage_source = USAGE_NONE;
	bench->call.flags = CALL_BACKGROUND;
	send_call(bench);
	commit(bench);
	strcpy(asked, bench->last.id);
	bench->call.flags = CALL_RETRIEVAL;
	send_call(bench);
	commit(bench);
	assert_false(bench->last.spend);
	assert_string_equal(bench->last.same_as, asked);
	bench->call.n_usages = 1;
	bench->call.usage_source = USAGE_REPORTED;
	send_call(bench);
	commit(bench);
	assert_true(bench->last.spend);
	assert_string_equal(bench->last.same_as, "");
	strcpy(fetched, bench->last.id);
	send_call(bench);
	commit(bench);
	assert_false(bench->last.spend);
	assert_string_equal(bench->last.same_as, fetched);
}

/* What this run has not seen, an earlier one may have. */
static void test_an_answer_of_an_earlier_run(void **state)
{
	struct bench *bench = *state;

	bench->call.flags = CALL_RETRIEVAL;
	bench->earlier_id = "01ABCDEFGHJKMNPQRSTVWXYZ00";
	send_call(bench);
	commit(bench);
	assert_false(bench->last.spend);
	assert_string_equal(bench->last.same_as, "01ABCDEFGHJKMNPQRSTVWXYZ00");
	/* of an answer that nobody saw it is not known to have been spent, nor that it was not */
	strcpy(bench->call.response_id, "resp_2");
	bench->earlier_id = NULL;
	send_call(bench);
	commit(bench);
	assert_false(bench->last.spend);
	assert_string_equal(bench->last.same_as, "");
}

static void test_losses_are_told(void **state)
{
	struct bench *bench = *state;

	bench->call.flags = CALL_INCOMPLETE;
	bench->call.missing_bytes = 12;
	send_call(bench);
	commit(bench);
	assert_string_equal(bench->last.sight, "partial");
	assert_int_equal(bench->last_call.missing_bytes, 12);
	assert_int_equal(cold_counts(bench->cold)->incomplete, 1);
}

static void test_messages_that_do_not_hold_together(void **state)
{
	struct bench *bench = *state;
	struct message *message = (void *)bench->message;

	send_message(bench, 77, &bench->call, sizeof(bench->call));
	send_message(bench, MESSAGE_TRAIT, &bench->call, sizeof(bench->call));
	bench->call.version++;
	send_call(bench);
	*message = (struct message){ .kind = MESSAGE_CALL, .size = 8 };
	cold_message(bench->cold, message);
	assert_int_equal(cold_counts(bench->cold)->malformed, 4);
	commit(bench);
	assert_int_equal(bench->committed, 0);
}

static void test_settings_are_replaced(void **state)
{
	struct bench *bench = *state;
	struct cold_settings other = bench->settings;

	other.config = "sha256:2";
	other.attribution = NULL;
	cold_settings(bench->cold, &other);
	send_call(bench);
	commit(bench);
	assert_string_equal(bench->last.config, "sha256:2");
	assert_string_equal(bench->last.team, "");
	cold_settings(bench->cold, &bench->settings);
}

static void test_refused_memory(void **state)
{
	struct cold_config config = { .boot_id = (const uint8_t[16]){ 0 } };
	struct cold *cold;

	(void)state;
	for (uint64_t i = 1; i <= 2; i++) {
		mem_fail_at(i);
		assert_int_equal(cold_new(&config, &cold), -ENOMEM);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_record), TEST(test_attributes), TEST(test_a_batch_waits_a_tenth_of_a_second),
		TEST(test_a_full_batch_does_not_wait), TEST(test_failing_sinks), TEST(test_the_serving_side_makes_no_record),
		TEST(test_an_answer_fetched_again_is_not_spent), TEST(test_a_background_answer_is_spent_once),
		TEST(test_an_answer_of_an_earlier_run), TEST(test_losses_are_told), TEST(test_messages_that_do_not_hold_together),
		TEST(test_settings_are_replaced), TEST(test_refused_memory),
	};

	return RUN(tests);
}
