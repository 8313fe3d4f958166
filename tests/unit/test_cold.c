/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cold_bench.h"

#include "link/forgetful.h"

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

static struct told *told(struct bench *bench, size_t from_last)
{
	assert_true(bench->n_told > from_last);
	return &bench->told[bench->n_told - 1 - from_last];
}

static int64_t sum_tokens(const struct bench *bench, const char *team)
{
	int64_t sum = 0;

	for (size_t i = 0; i < bench->n_told; i++)
		if (bench->told[i].spend && !strcmp(bench->told[i].team, team))
			sum += bench->told[i].tokens;
	return sum;
}

static void from(struct bench *bench, uint32_t tgid)
{
	bench->call.task = (struct task){ tgid, 5000 };
}

static void without_usage(struct bench *bench)
{
	bench->call.n_usages = 0;
	bench->call.usage_source = USAGE_NONE;
}

static void with_usage(struct bench *bench)
{
	bench->call.n_usages = 1;
	bench->call.usage_source = USAGE_REPORTED;
}

static void test_an_answer_fetched_again_is_not_spent(void **state)
{
	struct bench *bench = *state;

	send_call(bench);
	bench->call.flags = CALL_RETRIEVAL;
	for (int i = 0; i < 2; i++) {
		send_call(bench);
		assert_false(told(bench, 0)->spend);
		assert_string_equal(told(bench, 0)->same_as, bench->told[0].id);
		assert_string_not_equal(told(bench, 0)->id, bench->told[0].id);
	}
	assert_int_equal(cold_counts(bench->cold)->retrievals, 2);
	assert_int_equal(bench->n_told, 3);
}

/* Asked for in the background by one, polled and fetched by another, and fetched once more: the first one pays, once. */
static void test_a_background_answer_completes_its_record(void **state)
{
	struct bench *bench = *state;
	const struct told *first, *adjustment;

	team_of(bench, 100, "search");
	team_of(bench, 200, "poller");
	without_usage(bench);
	bench->call.flags = CALL_BACKGROUND;
	send_call(bench);
	from(bench, 200);
	bench->call.flags = CALL_RETRIEVAL;
	send_call(bench);
	first = &bench->told[0];
	assert_true(first->spend);
	assert_false(told(bench, 0)->spend);
	assert_string_equal(told(bench, 0)->same_as, first->id);
	with_usage(bench);
	for (int i = 0; i < 2; i++) {
		bench->call.begin_ns += 3600 * NSEC_PER_SEC;
		send_call(bench);
	}
	assert_int_equal(bench->n_told, 5);
	for (size_t i = 2; i < 5; i += 2) {
		assert_false(bench->told[i].spend);
		assert_string_equal(bench->told[i].same_as, first->id);
		assert_string_equal(bench->told[i].team, "poller");
	}
	adjustment = &bench->told[3];
	assert_true(adjustment->adjustment && adjustment->spend);
	assert_string_equal(adjustment->adjusts, first->id);
	assert_string_equal(adjustment->same_as, "");
	assert_string_equal(adjustment->team, "search");
	assert_string_equal(adjustment->team_source, "env:AI_TEAM");
	assert_string_equal(adjustment->caller_team, "search");
	assert_string_not_equal(adjustment->id, bench->told[2].id);
	assert_int_equal(adjustment->pico, 12500000000000);
	assert_int_equal(adjustment->time_ns, bench->told[2].time_ns);
	assert_int_equal(sum_tokens(bench, "search"), 2000000);
	assert_int_equal(sum_tokens(bench, "poller"), 0);
	assert_int_equal(cold_counts(bench->cold)->adjustments, 1);
}

/* The price is that of the day on which the work was ordered: this model's was 2 and 10 USD until 2026-09-01, and more since. */
static void test_a_completion_has_its_first_price(void **state)
{
	struct bench *bench = *state;

	without_usage(bench);
	bench->call.flags = CALL_BACKGROUND;
	bench->wall_ns = clock_civil_ns(2026, 8, 31);
	strcpy(bench->call.provider, "anthropic");
	strcpy(bench->call.model, "claude-sonnet-5");
	strcpy(bench->call.usages[0].model, "claude-sonnet-5");
	send_call(bench);
	with_usage(bench);
	bench->call.flags = CALL_RETRIEVAL;
	bench->wall_ns = clock_civil_ns(2026, 9, 3);
	send_call(bench);
	assert_true(told(bench, 0)->adjustment);
	assert_int_equal(told(bench, 0)->pico, 12000000000000);
	assert_int_equal(told(bench, 1)->pico, 18000000000000);
	assert_true(told(bench, 0)->time_ns >= bench->wall_ns);
}

/* What this run has not seen, an earlier one may have. */
static void test_an_answer_of_an_earlier_run(void **state)
{
	struct bench *bench = *state;
	struct memory *memory;

	assert_int_equal(forgetful_new(&memory), 0);
	restart(bench, memory, false);
	send_call(bench);
	without_usage(bench);
	strcpy(bench->call.response_id, "resp_2");
	send_call(bench);
	restart(bench, memory, false);
	with_usage(bench);
	bench->call.flags = CALL_RETRIEVAL;
	send_call(bench);
	assert_true(told(bench, 0)->adjustment);
	assert_string_equal(told(bench, 0)->adjusts, bench->told[1].id);
	strcpy(bench->call.response_id, "resp_1");
	send_call(bench);
	assert_false(told(bench, 0)->spend);
	assert_string_equal(told(bench, 0)->same_as, bench->told[0].id);
	/* of an answer that nobody saw it is not known to have been spent, nor that it was not */
	strcpy(bench->call.response_id, "resp_3");
	send_call(bench);
	assert_false(told(bench, 0)->spend);
	assert_string_equal(told(bench, 0)->same_as, "");
	/* the same name at another provider is another answer */
	strcpy(bench->call.response_id, "resp_1");
	strcpy(bench->call.provider, "anthropic");
	send_call(bench);
	assert_string_equal(told(bench, 0)->same_as, "");
	restart(bench, NULL, false);
	forgetful_free(memory);
}

/* Made by one from a file that another uploaded, polled by a third, and its results fetched twice by a fourth. */
static void test_a_batch_is_its_makers(void **state)
{
	struct bench *bench = *state;
	struct call *call = &bench->call;
	const struct told *results;

	for (uint32_t i = 0; i < 4; i++)
		team_of(bench, 100 + i, (const char *[]){ "maker", "uploader", "poller", "fetcher" }[i]);
	without_usage(bench);
	call->response_id[0] = 0;
	strcpy(call->method, "POST");
	from(bench, 101);
	strcpy(call->batch_file, "file-in");
	call->flags = CALL_FREE;
	send_call(bench);
	from(bench, 100);
	call->flags = 0;
	call->billing = BILLING_BATCH;
	strcpy(call->batch_id, "batch_1");
	send_call(bench);
	from(bench, 102);
	strcpy(call->method, "GET");
	call->flags = CALL_RETRIEVAL;
	strcpy(call->batch_output, "file-out");
	send_call(bench);
	assert_false(told(bench, 0)->spend);
	assert_string_equal(told(bench, 0)->same_as, bench->told[1].id);
	from(bench, 103);
	call->batch_id[0] = call->batch_file[0] = 0;
	with_usage(bench);
	call->flags |= CALL_ABORTED;		/* half of it says nothing */
	send_call(bench);
	assert_false(told(bench, 0)->spend);
	call->flags &= ~(uint32_t)CALL_ABORTED;
	send_call(bench);
	results = told(bench, 0);
	assert_true(results->spend && !results->adjustment);
	assert_string_equal(results->team, "maker");
	assert_string_equal(results->team_source, "batch:env:AI_TEAM");
	assert_string_equal(results->caller_team, "fetcher");
	assert_int_equal(results->pico, 6250000000000);
	send_call(bench);
	assert_false(told(bench, 0)->spend);
	assert_string_equal(told(bench, 0)->same_as, results->id);
	/* a poll that says it all once more */
	strcpy(call->batch_id, "batch_1");
	send_call(bench);
	assert_false(told(bench, 0)->spend);
	assert_string_equal(told(bench, 0)->same_as, results->id);
	assert_int_equal(sum_tokens(bench, "maker"), 2000000);
	assert_int_equal(sum_tokens(bench, "fetcher"), 0);
	assert_int_equal(cold_counts(bench->cold)->adjustments, 0);
}

/* Results that come line by line: each answer is counted once, also where a first look at them broke off. */
static void test_a_batch_line_by_line(void **state)
{
	struct bench *bench = *state;
	struct call *call = &bench->call;

	team_of(bench, 100, "maker");
	team_of(bench, 200, "fetcher");
	strcpy(call->method, "POST");
	strcpy(call->batch_id, "msgbatch_1");
	call->billing = BILLING_BATCH;
	call->response_id[0] = 0;
	without_usage(bench);
	send_call(bench);
	from(bench, 200);
	strcpy(call->method, "GET");
	call->flags = CALL_RETRIEVAL;
	with_usage(bench);
	for (int look = 0; look < 2; look++) {
		for (int line = 0; line < 3 + look; line++) {
			snprintf(call->response_id, sizeof(call->response_id), "msg_%d", line);
			send_call(bench);
			assert_int_equal(told(bench, 0)->spend, look ? line == 3 : true);
			assert_string_equal(told(bench, 0)->team, "maker");
			if (look && line < 3)
				assert_string_equal(told(bench, 0)->same_as, bench->told[1 + line].id);
		}
	}
	/* the sum of it all, which a poll may bring */
	call->response_id[0] = 0;
	send_call(bench);
	assert_false(told(bench, 0)->spend);
	assert_string_equal(told(bench, 0)->same_as, bench->told[1].id);
	assert_int_equal(sum_tokens(bench, "maker"), 8000000);
}

/* Nobody saw it being made: who fetches it pays, and once. */
static void test_a_batch_of_nobody(void **state)
{
	struct bench *bench = *state;

	team_of(bench, 100, "fetcher");
	strcpy(bench->call.method, "GET");
	strcpy(bench->call.batch_output, "file-out");
	bench->call.billing = BILLING_BATCH;
	bench->call.flags = CALL_RETRIEVAL;
	bench->call.response_id[0] = 0;
	for (int i = 0; i < 2; i++) {
		send_call(bench);
		assert_int_equal(told(bench, 0)->spend, !i);
	}
	assert_string_equal(told(bench, 0)->same_as, bench->told[0].id);
	assert_int_equal(sum_tokens(bench, "fetcher"), 2000000);
}

static void test_attempts_are_linked(void **state)
{
	struct bench *bench = *state;

	bench->call.body_hash = 77;
	bench->call.status = 529;
	bench->call.flags = CALL_ERROR;
	without_usage(bench);
	send_call(bench);
	bench->call.begin_ns += 10 * MS;
	bench->call.end_ns += 10 * MS;
	bench->call.status = 200;
	bench->call.flags = 0;
	with_usage(bench);
	send_call(bench);
	assert_string_equal(told(bench, 0)->retry_of, bench->told[0].id);
	assert_int_equal(told(bench, 0)->attempt, 2);
	assert_true(told(bench, 0)->flags & FLAG_RETRY);
	assert_true(told(bench, 0)->spend);
	assert_string_equal(bench->told[0].retry_of, "");
}

static void test_an_alias_that_drifts(void **state)
{
	struct bench *bench = *state;

	strcpy(bench->call.model_requested, "gpt-4o");
	for (int i = 0; i < 3; i++) {
		if (i == 2)
			strcpy(bench->call.model, "gpt-4o-2024-11-20");
		bench->call.begin_ns += MS;
		send_call(bench);
		assert_int_equal(!!(told(bench, 0)->flags & FLAG_ALIAS_DRIFT), i == 2);
	}
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
	send_call(bench);
	assert_int_equal(bench->committed, 0);
	cold_settings(bench->cold, &other);
	assert_int_equal(bench->committed, 1);		/* under the former ones */
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
	for (uint64_t i = 1; i <= 5; i++) {
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
		TEST(test_an_answer_fetched_again_is_not_spent), TEST(test_a_background_answer_completes_its_record),
		TEST(test_a_completion_has_its_first_price), TEST(test_an_answer_of_an_earlier_run),
		TEST(test_a_batch_is_its_makers), TEST(test_a_batch_line_by_line), TEST(test_a_batch_of_nobody), TEST(test_attempts_are_linked), TEST(test_an_alias_that_drifts),
		TEST(test_losses_are_told), TEST(test_messages_that_do_not_hold_together),
		TEST(test_settings_are_replaced), TEST(test_refused_memory),
	};

	return RUN(tests);
}
