/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a batch, by whichever of its names somebody asks. */
#include "tests/lib/unit.h"

#include <json-c/json.h>

#include "base/clock.h"
#include "base/str.h"
#include "link/batch.h"
#include "link/forgetful.h"
#include "tests/lib/made_record.h"

struct bench {
	struct memory *memory;
	struct made made;
	struct batch batch;
};

static int setup(void **state)
{
	static struct bench bench;

	memset(&bench, 0, sizeof(bench));
	*state = &bench;
	return forgetful_new(&bench.memory);
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	forgetful_free(bench->memory);
	return 0;
}

/* The nth record, about a batch; "" is what the call does not say. */
static struct call *call_about(struct bench *bench, unsigned long n, const char *team, const char *method, const char *id,
			       const char *file, const char *output)
{
	struct call *call = &bench->made.call;

	made_record(&bench->made, n, team);
	STR_COPY(call->method, str_of(method));
	STR_COPY(call->batch_id, str_of(id));
	STR_COPY(call->batch_file, str_of(file));
	STR_COPY(call->batch_output, str_of(output));
	call->response_id[0] = 0;
	call->billing = BILLING_BATCH;
	if (!strcmp(method, "GET"))
		call->flags = CALL_RETRIEVAL;
	else
		call->n_usages = 0;
	return call;
}

static bool learn(struct bench *bench)
{
	bool known;

	batch_find(bench->memory, &bench->made.call, &bench->batch);
	known = batch_learn(&bench->batch, &bench->made.record);
	if (known)
		assert_int_equal(batch_keep(bench->memory, &bench->made.record, &bench->batch), 0);
	return known;
}

static const char *row(struct bench *bench, const char *name)
{
	struct memory_key key = { .kind = MEMORY_BATCH, .provider = "openai" };
	static struct memory_value value;

	STR_COPY(key.name, str_of(name));
	return bench->memory->ops->get(bench->memory, &key, &value) < 0 ? NULL : value.text;
}

static void test_by_each_of_its_names(void **state)
{
	struct bench *bench = *state;

	call_about(bench, 1, "uploader", "POST", "", "file-in", "")->batch_requests = 12;
	bench->made.call.batch_input_max = 5000;
	assert_true(learn(bench));
	call_about(bench, 2, "maker", "POST", "batch_1", "file-in", "");
	assert_true(learn(bench));
	assert_string_equal(bench->batch.owner.team, "maker");
	assert_string_equal(bench->batch.owner.record, bench->made.record.id);
	assert_int_equal(bench->batch.requests, 12);
	assert_int_equal(bench->batch.input_max, 5000);
	/* it is polled by somebody else, who learns the file of its results */
	call_about(bench, 3, "poller", "GET", "batch_1", "file-in", "file-out");
	assert_true(learn(bench));
	assert_string_equal(bench->batch.owner.team, "maker");
	call_about(bench, 4, "fetcher", "GET", "", "", "file-out");
	batch_find(bench->memory, &bench->made.call, &bench->batch);
	assert_int_equal(bench->batch.state, BATCH_OPEN);
	assert_string_equal(bench->batch.id, "batch_1");
	assert_string_equal(bench->batch.owner.team, "maker");
	/* and is told by that file that it was fetched */
	batch_fetched(&bench->batch, &bench->made.record);
	batch_keep(bench->memory, &bench->made.record, &bench->batch);
	call_about(bench, 5, "poller", "GET", "batch_1", "", "");
	batch_find(bench->memory, &bench->made.call, &bench->batch);
	assert_int_equal(bench->batch.state, BATCH_FETCHED);
	assert_int_equal(bench->batch.calls, 12);
	/* another provider's batch of the same name is another one */
	strcpy(bench->made.call.provider, "x_ai");
	batch_find(bench->memory, &bench->made.call, &bench->batch);
	assert_int_equal(bench->batch.state, BATCH_NONE);
}

/* Who cancels a batch, or looks at it, has not made it. */
static void test_who_made_it(void **state)
{
	static const struct {
		const char *method, *path;
		uint32_t flags;
		bool known;
	} rows[] = {
		{ "POST", "/v1/batches/batch_1/cancel", 0, false }, { "POST", "/v1beta/batches/1:cancel", 0, false },
		{ "GET", "/v1/batches/batch_1", CALL_RETRIEVAL, false }, { "DELETE", "/v1/batches/batch_1", 0, false },
		{ "POST", "/v1/batches", CALL_ERROR, false }, { "POST", "/v1/batches", 0, true },
	};
	struct bench *bench = *state;

	EACH(one, rows) {
		struct call *call = call_about(bench, 1, "a", one->method, "batch_1", "", "");

		STR_COPY(call->path, str_of(one->path));
		call->flags = one->flags;
		assert_int_equal(learn(bench), one->known);
	}
	call_about(bench, 2, "b", "POST", "batch_1", "", "");
	strcpy(bench->made.call.path, "/v1/batches/batch_1/cancel");
	assert_true(learn(bench));
	assert_string_equal(bench->batch.owner.team, "a");
}

/* A batch that is filled request by request adds them up; a poll's total is no addition. */
static void test_filled_in_steps(void **state)
{
	struct bench *bench = *state;

	call_about(bench, 1, "maker", "POST", "batch_1", "", "");
	learn(bench);
	for (unsigned long i = 2; i < 5; i++) {
		struct call *call = call_about(bench, i, "filler", "POST", "batch_1", "", "");

		call->batch_requests = 10;
		call->batch_input_max = 100;
		call->batch_output_max = 7;
		learn(bench);
	}
	call_about(bench, 5, "poller", "GET", "batch_1", "", "")->batch_requests = 30;
	learn(bench);
	assert_int_equal(bench->batch.requests, 30);
	assert_int_equal(bench->batch.input_max, 300);
	assert_int_equal(bench->batch.output_max, 21);
	assert_string_equal(bench->batch.owner.team, "maker");
}

/* What a report of open batches reads; rows of files have no state. */
static void test_what_is_kept(void **state)
{
	struct bench *bench = *state;
	struct json_object *o, *member;

	call_about(bench, 1, "maker", "POST", "batch_1", "file-in", "")->batch_requests = 12;
	batch_find(bench->memory, &bench->made.call, &bench->batch);
	batch_learn(&bench->batch, &bench->made.record);
	bench->batch.has_bound = true;
	bench->batch.bound_pico = 7000000;
	batch_keep(bench->memory, &bench->made.record, &bench->batch);
	o = json_tokener_parse(row(bench, "batch_1"));
	assert_true(json_object_object_get_ex(o, "state", &member));
	assert_string_equal(json_object_get_string(member), "open");
	assert_true(json_object_object_get_ex(o, "record", &member));
	assert_string_equal(json_object_get_string(member), bench->made.record.id);
	assert_true(json_object_object_get_ex(o, "created_ns", &member));
	assert_int_equal(json_object_get_int64(member), bench->made.record.time_ns);
	assert_true(json_object_object_get_ex(o, "requests", &member));
	assert_int_equal(json_object_get_int64(member), 12);
	assert_true(json_object_object_get_ex(o, "bound_pico", &member));
	assert_int_equal(json_object_get_int64(member), 7000000);
	assert_false(json_object_object_get_ex(o, "fetched_ns", NULL));
	json_object_put(o);
	call_about(bench, 2, "poller", "GET", "batch_1", "", "file-out");
	learn(bench);
	assert_non_null(row(bench, "file:file-out"));
	assert_null(strstr(row(bench, "file:file-out"), "\"state\""));
	batch_fetched(&bench->batch, &bench->made.record);
	batch_keep(bench->memory, &bench->made.record, &bench->batch);
	assert_non_null(strstr(row(bench, "batch_1"), "\"state\":\"fetched\""));
	assert_non_null(strstr(row(bench, "batch_1"), "\"cost_pico\":4055000000"));
	assert_non_null(strstr(row(bench, "batch_1"), "\"calls\":12"));
}

static void test_what_brings_its_usage(void **state)
{
	static const struct {
		uint32_t flags;
		uint8_t billing, n_usages, source, n_units;
		bool brings;
	} rows[] = {
		{ CALL_RETRIEVAL, BILLING_BATCH, 1, USAGE_REPORTED, 0, true }, { CALL_RETRIEVAL, BILLING_BATCH, 0, USAGE_NONE, 1, true },
		{ CALL_RETRIEVAL, BILLING_BATCH, 0, USAGE_NONE, 0, false }, { CALL_RETRIEVAL, BILLING_BATCH, 1, USAGE_ESTIMATED, 0, false },
		{ 0, BILLING_BATCH, 1, USAGE_REPORTED, 0, false }, { CALL_RETRIEVAL, BILLING_METERED, 1, USAGE_REPORTED, 0, false },
		{ CALL_RETRIEVAL | CALL_ABORTED, BILLING_BATCH, 1, USAGE_REPORTED, 0, false },
		{ CALL_RETRIEVAL | CALL_INCOMPLETE, BILLING_BATCH, 1, USAGE_REPORTED, 0, false },
		{ CALL_RETRIEVAL | CALL_ERROR, BILLING_BATCH, 1, USAGE_REPORTED, 0, false },
	};

	(void)state;
	EACH(one, rows) {
		struct call call = { .flags = one->flags, .billing = one->billing, .n_usages = one->n_usages,
				     .usage_source = one->source, .n_units = one->n_units };

		assert_int_equal(batch_brings(&call), one->brings);
	}
}

static void test_rows_that_are_none(void **state)
{
	static const char *const texts[] = { "", "x", "[1]", "{}", "{\"record\":1}", "{\"state\":\"open\"}", "{\"requests\":-5}" };
	struct memory_key key = { .kind = MEMORY_BATCH, .provider = "openai", .name = "batch_1" };
	struct bench *bench = *state;

	EACH(text, texts) {
		struct memory_value value = { 0 };

		STR_COPY(value.text, str_of(*text));
		bench->memory->ops->put(bench->memory, &key, &value);
		call_about(bench, 1, "poller", "GET", "batch_1", "", "");
		assert_false(learn(bench));
	}
}

/* Whoever answers for a batch may say any number. */
static void test_more_than_can_be_counted(void **state)
{
	struct bench *bench = *state;

	call_about(bench, 1, "maker", "POST", "batch_1", "", "");
	assert_true(learn(bench));
	bench->made.record.cost.pico = INT64_MAX - 1;
	batch_fetched(&bench->batch, &bench->made.record);
	assert_int_equal(bench->batch.cost_pico, INT64_MAX - 1);
	batch_fetched(&bench->batch, &bench->made.record);
	assert_int_equal(bench->batch.cost_pico, INT64_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_by_each_of_its_names), TEST(test_who_made_it), TEST(test_filled_in_steps), TEST(test_what_is_kept),
		TEST(test_what_brings_its_usage), TEST(test_rows_that_are_none),
		TEST(test_more_than_can_be_counted),
	};

	return RUN(tests);
}
