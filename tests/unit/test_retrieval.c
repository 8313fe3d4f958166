/* SPDX-License-Identifier: Apache-2.0 */
/* What a retrieval repeats or completes, and how an owner is kept for it. */
#include "tests/lib/unit.h"

#include <json-c/json.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/str.h"
#include "link/forgetful.h"
#include "link/retrieval.h"
#include "tests/lib/made_record.h"

#define DAY (24 * 3600 * (int64_t)NSEC_PER_SEC)

struct bench {
	struct memory *memory;
	struct made made;
	struct owner owner;
};

static int setup(void **state)
{
	static struct bench bench;

	memset(&bench, 0, sizeof(bench));
	made_record(&bench.made, 1, "search");
	made_label(&bench.made, "environment", "prod");
	strcpy(bench.made.record.caller_team, "callers");
	strcpy(bench.made.call.response_id, "resp_1");
	*state = &bench;
	return forgetful_new(&bench.memory);
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	forgetful_free(bench->memory);
	return 0;
}

static void without_usage(struct call *call)
{
	call->n_usages = 0;
	call->usage_source = USAGE_NONE;
}

static struct call retrieval_of(const struct call *call)
{
	struct call retrieval = *call;

	retrieval.flags |= CALL_RETRIEVAL;
	return retrieval;
}

static struct memory_value row(struct bench *bench, const char *id)
{
	struct memory_key key = { .kind = MEMORY_ANSWER, .provider = "openai" };
	struct memory_value value = { 0 };

	STR_COPY(key.name, str_of(id));
	if (bench->memory->ops->get(bench->memory, &key, &value) < 0)
		value.text[0] = 0;
	return value;
}

static void test_nothing_is_retrieved(void **state)
{
	struct bench *bench = *state;
	struct call call = bench->made.call;

	assert_int_equal(retrieval_keep(bench->memory, &bench->made.record), 0);
	/* a call of its own, though it names an answer that is known */
	assert_int_equal(retrieval_find(bench->memory, &call, &bench->owner), RETRIEVAL_NONE);
	strcpy(call.previous_id, "resp_1");
	strcpy(call.response_id, "resp_2");
	assert_int_equal(retrieval_find(bench->memory, &call, &bench->owner), RETRIEVAL_NONE);
	assert_string_equal(bench->owner.record, "");
}

static void test_repeats(void **state)
{
	struct bench *bench = *state;
	struct call call = retrieval_of(&bench->made.call);

	assert_int_equal(retrieval_find(bench->memory, &call, &bench->owner), RETRIEVAL_UNKNOWN);
	assert_int_equal(retrieval_keep(bench->memory, &bench->made.record), 0);
	assert_int_equal(retrieval_find(bench->memory, &call, &bench->owner), RETRIEVAL_REPEATS);
	assert_string_equal(bench->owner.record, bench->made.record.id);
	/* what it asks for, where the answer does not say its own id */
	call.response_id[0] = 0;
	strcpy(call.previous_id, "resp_1");
	assert_int_equal(retrieval_find(bench->memory, &call, &bench->owner), RETRIEVAL_REPEATS);
	strcpy(call.previous_id, "resp_2");
	assert_int_equal(retrieval_find(bench->memory, &call, &bench->owner), RETRIEVAL_UNKNOWN);
	strcpy(call.response_id, "resp_1");
	strcpy(call.provider, "anthropic");
	assert_int_equal(retrieval_find(bench->memory, &call, &bench->owner), RETRIEVAL_UNKNOWN);
}

/* Kept for 30 days: the record alone where nothing is to come, its owner where something is. */
static void test_what_is_kept(void **state)
{
	struct bench *bench = *state;
	struct record *record = &bench->made.record;
	char expected[128];

	snprintf(expected, sizeof(expected), "{\"record\":\"%s\"}", record->id);
	retrieval_keep(bench->memory, record);
	assert_string_equal(row(bench, "resp_1").text, expected);
	assert_int_equal(row(bench, "resp_1").until_ns, record->time_ns + 30 * DAY);
	strcpy(bench->made.call.response_id, "resp_2");
	without_usage(&bench->made.call);
	retrieval_keep(bench->memory, record);
	assert_non_null(strstr(row(bench, "resp_2").text, "\"team\":\"search\""));
	assert_non_null(strstr(row(bench, "resp_2").text, "\"environment\":\"prod\""));
	/* what is no spending has nothing to be repeated, nor has what nobody can ask for */
	record->spend = false;
	strcpy(bench->made.call.response_id, "resp_3");
	retrieval_keep(bench->memory, record);
	assert_string_equal(row(bench, "resp_3").text, "");
	record->spend = true;
	bench->made.call.response_id[0] = 0;
	strcpy(bench->made.call.previous_id, "resp_3");
	retrieval_keep(bench->memory, record);
	assert_string_equal(row(bench, "resp_3").text, "");
}

static void test_completes_once(void **state)
{
	struct bench *bench = *state;
	struct made first = bench->made;
	struct call call;

	without_usage(&first.call);
	first.record.call = &first.call;
	assert_int_equal(retrieval_keep(bench->memory, &first.record), 0);
	call = retrieval_of(&first.call);
	assert_int_equal(retrieval_find(bench->memory, &call, &bench->owner), RETRIEVAL_REPEATS);
	/* an estimate is nothing that it brings */
	call.n_usages = 1;
	call.usage_source = USAGE_ESTIMATED;
	assert_int_equal(retrieval_find(bench->memory, &call, &bench->owner), RETRIEVAL_REPEATS);
	call.usage_source = USAGE_REPORTED;
	assert_int_equal(retrieval_find(bench->memory, &call, &bench->owner), RETRIEVAL_COMPLETES);
	assert_string_equal(bench->owner.record, first.record.id);
	assert_string_equal(bench->owner.team, "search");
	assert_string_equal(bench->owner.team_source, "env:AI_TEAM");
	assert_string_equal(bench->owner.caller_team, "callers");
	assert_int_equal(bench->owner.n_labels, 1);
	assert_string_equal(bench->owner.labels[0].value, "prod");
	first.record.call = &call;
	assert_int_equal(retrieval_completed(bench->memory, &first.record, &bench->owner), 0);
	assert_int_equal(retrieval_find(bench->memory, &call, &bench->owner), RETRIEVAL_REPEATS);
	assert_string_equal(bench->owner.record, first.record.id);
}

/* Units alone are usage: seconds of speech, pages read. */
static void test_units_complete(void **state)
{
	struct bench *bench = *state;
	struct call call;

	without_usage(&bench->made.call);
	retrieval_keep(bench->memory, &bench->made.record);
	call = retrieval_of(&bench->made.call);
	call.n_units = 1;
	assert_int_equal(retrieval_find(bench->memory, &call, &bench->owner), RETRIEVAL_COMPLETES);
}

static void test_rows_that_are_none(void **state)
{
	static const char *const texts[] = { "", "x", "[]", "\"resp\"", "{}", "{\"record\":7}", "{\"team\":\"a\"}", "{\"record\":\"\"}" };
	struct memory_key key = { .kind = MEMORY_ANSWER, .provider = "openai", .name = "resp_1" };
	struct bench *bench = *state;
	struct call call = retrieval_of(&bench->made.call);

	EACH(text, texts) {
		struct memory_value value = { 0 };

		STR_COPY(value.text, str_of(*text));
		bench->memory->ops->put(bench->memory, &key, &value);
		assert_int_equal(retrieval_find(bench->memory, &call, &bench->owner), RETRIEVAL_UNKNOWN);
	}
}

/* ---- owners */

/* As large as it can be, it fits without its labels; what the memory gives back applies. */
static void test_the_largest_owner(void **state)
{
	struct bench *bench = *state;
	struct record *record = &bench->made.record;

	memset(record->team, 't', sizeof(record->team) - 1);
	memset(record->team_source, '"', sizeof(record->team_source) - 1);
	memset(record->caller_team, 'c', sizeof(record->caller_team) - 1);
	for (record->n_labels = 0; record->n_labels < LIMIT_LABELS;) {
		struct label *label = &record->labels[record->n_labels++];

		memset(label, 0, sizeof(*label));
		memset(label->name, 'a' + (int)record->n_labels, sizeof(label->name) - 1);
		memset(label->value, 'v', sizeof(label->value) - 1);
	}
	without_usage(&bench->made.call);
	assert_int_equal(retrieval_keep(bench->memory, record), 0);
	bench->made.call = retrieval_of(&bench->made.call);
	assert_int_equal(retrieval_find(bench->memory, &bench->made.call, &bench->owner), RETRIEVAL_REPEATS);
	assert_string_equal(bench->owner.team, record->team);
	assert_string_equal(bench->owner.team_source, record->team_source);
	assert_int_equal(bench->owner.n_labels, 0);
}

static void test_an_owner_applies(void **state)
{
	struct bench *bench = *state;
	struct record other = { .flags = FLAG_UNATTRIBUTED | FLAG_NOT_READY | FLAG_RETRY };

	owner_of(&bench->made.record, &bench->owner);
	strcpy(other.caller_team, "poller");
	owner_apply(&bench->owner, "batch:", &other);
	assert_string_equal(other.team, "search");
	assert_string_equal(other.team_source, "batch:env:AI_TEAM");
	assert_string_equal(other.caller_team, "poller");
	assert_int_equal(other.n_labels, 1);
	assert_int_equal(other.flags, FLAG_RETRY);
	bench->owner.team[0] = 0;
	owner_apply(&bench->owner, "batch:", &other);
	assert_string_equal(other.team, "");
	assert_string_equal(other.team_source, "");
	assert_int_equal(other.flags, FLAG_RETRY | FLAG_UNATTRIBUTED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_is_retrieved), TEST(test_repeats), TEST(test_what_is_kept), TEST(test_completes_once),
		TEST(test_units_complete), TEST(test_rows_that_are_none), TEST(test_the_largest_owner), TEST(test_an_owner_applies),
	};

	return RUN(tests);
}
