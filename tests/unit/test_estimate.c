/* SPDX-License-Identifier: Apache-2.0 */
/* The estimator, taught by made calls of a provider whose count is known: a token a word, and then some. */
#include "tests/lib/unit.h"

#include <stdio.h>

#include "ai/estimate.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"

/* ---- a memory */

#define ROWS 64

struct rows {
	struct memory memory;
	struct memory_key keys[ROWS];
	struct memory_value values[ROWS];
	size_t n, puts;
};

static int rows_get(struct memory *memory, const struct memory_key *key, struct memory_value *ret)
{
	struct rows *rows = (struct rows *)memory;

	for (size_t i = 0; i < rows->n; i++)
		if (!memcmp(key, &rows->keys[i], sizeof(*key))) {
			*ret = rows->values[i];
			return 0;
		}
	return -ENOENT;
}

static int rows_put(struct memory *memory, const struct memory_key *key, const struct memory_value *value)
{
	struct rows *rows = (struct rows *)memory;
	size_t i = 0;

	while (i < rows->n && memcmp(key, &rows->keys[i], sizeof(*key)) != 0)
		i++;
	assert_in_range(i, 0, ROWS - 1);
	rows->keys[i] = *key;
	rows->values[i] = *value;
	rows->n += i == rows->n;
	rows->puts++;
	return 0;
}

static const struct memory_ops rows_ops = { .name = "rows", .get = rows_get, .put = rows_put };

/* ---- calls */

static void put_text(struct text *text, uint32_t words)
{
	text->pieces = 1;
	text->bytes = text->counted = words * 6ull;
	text->count[TEXT_WORDS] = words;
	text->count[TEXT_LETTERS] = words * 5;
	text->count[TEXT_SPACES] = words ? words - 1 : 0;
}

/* A prompt and an answer of so many words. */
static struct call made(const char *model, uint32_t prompt, uint32_t answer)
{
	struct call call = { .version = CALL_VERSION, .kind = CALL_ENDED, .status = 200, .billing = BILLING_METERED };

	STR_COPY(call.provider, STR("openai"));
	STR_COPY(call.dialect, STR("openai"));
	STR_COPY(call.operation, STR("chat"));
	STR_COPY(call.model_requested, str_of(model));
	call.text[TEXT_TURNS].pieces = 1;
	put_text(&call.text[TEXT_PROMPT], prompt);
	if (answer)
		put_text(&call.text[TEXT_ANSWER], answer);
	return call;
}

static struct call reported(const char *model, uint32_t prompt, uint32_t answer)
{
	struct call call = made(model, prompt, answer);

	call.usage_source = USAGE_REPORTED;
	call.n_usages = 1;
	usage_set(&call.usages[0], COUNT_INPUT, 2 * prompt + 9);
	usage_set(&call.usages[0], COUNT_OUTPUT, 2 * answer + 1);
	return call;
}

static uint32_t words(size_t i)
{
	return 10 + (uint32_t)(i * 7919 % 900);
}

static void teach(struct estimator *estimator, const char *model, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct call call = reported(model, words(i), words(i + 5) / 4 + 1);
		struct estimate estimate;

		estimator_call(estimator, &call, 5, &estimate);
		assert_string_equal(estimate.name, "");
		assert_int_equal(call.usage_source, USAGE_REPORTED);
	}
}

static struct estimator *fresh(struct memory *memory)
{
	struct estimator *estimator = NULL;

	assert_int_equal(estimator_new(memory, &estimator), 0);
	return estimator;
}

static void close_to(uint64_t got, uint64_t want)
{
	assert_in_range(got, want - want / 20, want + want / 20);
}

/* ---- what is learnt */

static void learns(void **state)
{
	struct estimator *estimator = fresh(NULL);
	struct call call = made("m", 400, 120);
	struct estimate estimate;

	(void)state;
	teach(estimator, "m", 200);
	estimator_call(estimator, &call, 5, &estimate);
	assert_string_equal(estimate.name, "text/1");
	assert_int_equal(call.usage_source, USAGE_ESTIMATED);
	assert_int_equal(call.n_usages, 1);
	assert_string_equal(call.usages[0].model, "m");
	assert_int_equal(estimate.counts, 1u << COUNT_INPUT | 1u << COUNT_OUTPUT);
	close_to(call.usages[0].count[COUNT_INPUT], 809);
	close_to(call.usages[0].count[COUNT_OUTPUT], 241);
	assert_in_range(809, estimate.low[SIDE_REQUEST], estimate.high[SIDE_REQUEST]);
	assert_in_range(241, estimate.low[SIDE_RESPONSE], estimate.high[SIDE_RESPONSE]);
	/* and is sure of itself: no wider than a fifth */
	assert_in_range(estimate.high[SIDE_REQUEST] - estimate.low[SIDE_REQUEST], 1, 160);
	estimator_free(estimator);
}

static void begins_with_a_guess(void **state)
{
	struct estimator *estimator = fresh(NULL);
	struct call call = made("m", 400, 120);
	struct estimate estimate;

	(void)state;
	estimator_call(estimator, &call, 5, &estimate);
	assert_string_equal(estimate.name, "text/1");
	/* 400 words are some 450 tokens with most vocabularies */
	assert_in_range(call.usages[0].count[COUNT_INPUT], 350, 600);
	assert_in_range(450, estimate.low[SIDE_REQUEST], estimate.high[SIDE_REQUEST]);
	estimator_free(estimator);
}

static void new_models_begin_as_their_provider(void **state)
{
	struct estimator *estimator = fresh(NULL);
	struct call call = made("another", 400, 120);
	struct estimate estimate;

	(void)state;
	teach(estimator, "m", 200);
	estimator_call(estimator, &call, 5, &estimate);
	close_to(call.usages[0].count[COUNT_INPUT], 809);
	estimator_free(estimator);
}

static void same_body_same_input(void **state)
{
	struct estimator *estimator = fresh(NULL);
	struct call call = reported("m", 400, 100), again;
	struct estimate estimate;

	(void)state;
	call.body_hash = 77;
	usage_set(&call.usages[0], COUNT_INPUT, 12345);
	estimator_call(estimator, &call, 5, &estimate);
	again = made("m", 400, 0);
	again.body_hash = 77;
	estimator_call(estimator, &again, 5, &estimate);
	assert_int_equal(again.usages[0].count[COUNT_INPUT], 12345);
	assert_int_equal(estimate.low[SIDE_REQUEST], 12345);
	assert_int_equal(estimate.high[SIDE_REQUEST], 12345);
	/* another model counts for itself */
	again = made("other", 400, 0);
	again.body_hash = 77;
	estimator_call(estimator, &again, 5, &estimate);
	assert_int_not_equal(again.usages[0].count[COUNT_INPUT], 12345);
	estimator_free(estimator);
}

static void same_tools_same_cost(void **state)
{
	struct estimator *estimator = fresh(NULL);
	struct call call;
	struct estimate estimate;

	(void)state;
	teach(estimator, "m", 100);
	for (size_t i = 0; i < 3; i++) {
		call = reported("m", words(i), 50);
		put_text(&call.text[TEXT_TOOLS], 30);
		call.text[TEXT_SCHEMAS].pieces = call.text[TEXT_OFFERS].pieces = 1;
		call.usages[0].count[COUNT_INPUT] += 700;	/* ten times what their text takes */
		estimator_call(estimator, &call, 5, &estimate);
	}
	call = made("m", 300, 50);
	put_text(&call.text[TEXT_TOOLS], 30);
	call.text[TEXT_SCHEMAS].pieces = call.text[TEXT_OFFERS].pieces = 1;
	estimator_call(estimator, &call, 5, &estimate);
	close_to(call.usages[0].count[COUNT_INPUT], 609 + 700);
	estimator_free(estimator);
}

/* ---- what the wire says is used */

static void exact_input_stands(void **state)
{
	struct estimator *estimator = fresh(NULL);
	struct call call = made("m", 400, 60);
	struct estimate estimate;

	(void)state;
	teach(estimator, "m", 100);
	call.flags = CALL_STREAM | CALL_ABORTED;
	call.text[TEXT_ANSWER].pieces = 66;
	call.usage_source = USAGE_REPORTED;
	call.n_usages = 1;
	usage_set(&call.usages[0], COUNT_INPUT, 4321);
	usage_set(&call.usages[0], COUNT_CACHE_READ, 4000);
	estimator_call(estimator, &call, 5, &estimate);
	assert_int_equal(call.usage_source, USAGE_ESTIMATED);
	assert_int_equal(estimate.counts, 1u << COUNT_OUTPUT);
	assert_int_equal(call.usages[0].count[COUNT_INPUT], 4321);
	assert_int_equal(call.usages[0].count[COUNT_CACHE_READ], 4000);
	assert_int_equal(estimate.low[SIDE_REQUEST], 4321);
	assert_int_equal(estimate.high[SIDE_REQUEST], 4321);
	assert_in_range(121, estimate.low[SIDE_RESPONSE], estimate.high[SIDE_RESPONSE]);
	estimator_free(estimator);
}

static void no_answer_is_longer_than_its_limit(void **state)
{
	struct estimator *estimator = fresh(NULL);
	struct call call = made("m", 400, 500);
	struct estimate estimate;

	(void)state;
	teach(estimator, "m", 100);
	call.output_limit = 16;
	estimator_call(estimator, &call, 5, &estimate);
	assert_int_equal(call.usages[0].count[COUNT_OUTPUT], 16);
	assert_in_range(estimate.high[SIDE_RESPONSE], 1, 16);
	estimator_free(estimator);
}

/* Sent and never answered: what its model usually answers, widely. */
static void timed_out(void **state)
{
	struct estimator *estimator = fresh(NULL);
	struct call call = made("m", 400, 0);
	struct estimate estimate;

	(void)state;
	teach(estimator, "m", 200);
	call.status = 0;
	call.flags = CALL_ABORTED;
	estimator_call(estimator, &call, 5, &estimate);
	assert_string_equal(estimate.name, "text/1");
	close_to(call.usages[0].count[COUNT_INPUT], 809);
	assert_in_range(call.usages[0].count[COUNT_OUTPUT], 100, 400);
	assert_true(estimate.high[SIDE_RESPONSE] > 2 * estimate.low[SIDE_RESPONSE]);
	estimator_free(estimator);
}

/* ---- what is not estimated */

static const struct {
	const char *title;
	uint32_t flags;
	uint16_t status;
	uint8_t billing;
	const char *operation;
	uint32_t answer;
	bool is;
} cases[] = {
	{ "a stream without usage", CALL_STREAM, 200, BILLING_METERED, "chat", 50, true },
	{ "one that broke off", CALL_STREAM | CALL_ABORTED, 200, BILLING_METERED, "chat", 50, true },
	{ "no answer", CALL_ABORTED, 0, BILLING_METERED, "chat", 0, true },
	{ "an error after half of it", CALL_STREAM | CALL_ERROR, 200, BILLING_METERED, "chat", 50, true },
	{ "an error instead", CALL_STREAM | CALL_ERROR, 200, BILLING_METERED, "chat", 0, false },
	{ "refused", CALL_ERROR, 429, BILLING_METERED, "chat", 0, false },
	{ "broken server", CALL_ERROR, 503, BILLING_METERED, "chat", 0, false },
	{ "not modified", 0, 304, BILLING_METERED, "chat", 0, false },
	{ "free", CALL_FREE, 200, BILLING_METERED, "chat", 50, false },
	{ "free by its terms", 0, 200, BILLING_FREE, "chat", 50, false },
	{ "told before", CALL_RETRIEVAL, 200, BILLING_METERED, "chat", 50, false },
	{ "told later", CALL_BACKGROUND, 200, BILLING_METERED, "chat", 0, false },
	{ "a hole", CALL_INCOMPLETE, 200, BILLING_METERED, "chat", 50, false },
	{ "not read", CALL_UNDECODED, 200, BILLING_METERED, "chat", 50, false },
	{ "a batch", 0, 200, BILLING_BATCH, "chat", 50, false },
	{ "billed by the picture", 0, 200, BILLING_METERED, "image_generation", 0, false },
	{ "a list", 0, 200, BILLING_METERED, "models", 0, false },
};

static void which_calls(void **state)
{
	struct estimator *estimator = fresh(NULL);

	(void)state;
	teach(estimator, "m", 20);
	EACH(row, cases) {
		struct call call = made("m", 40, row->answer);
		struct estimate estimate;

		call.flags = row->flags;
		call.status = row->status;
		call.billing = row->billing;
		STR_COPY(call.operation, str_of(row->operation));
		estimator_call(estimator, &call, 5, &estimate);
		if ((estimate.name[0] != 0) != row->is)
			fail_msg("%s: %s", row->title, row->is ? "not estimated" : "estimated");
		assert_int_equal(call.usage_source, row->is ? USAGE_ESTIMATED : USAGE_NONE);
		assert_int_equal(call.n_usages, row->is);
	}
	estimator_free(estimator);
}

static void embeddings_have_no_output(void **state)
{
	struct estimator *estimator = fresh(NULL);
	struct call call = made("m", 40, 0);
	struct estimate estimate;

	(void)state;
	STR_COPY(call.operation, STR("embeddings"));
	estimator_call(estimator, &call, 5, &estimate);
	assert_int_equal(estimate.counts, 1u << COUNT_INPUT);
	assert_false(usage_knows(&call.usages[0], COUNT_OUTPUT));
	estimator_free(estimator);
}

/* ---- what is kept */

static void survives_a_restart(void **state)
{
	static struct rows rows = { .memory = { &rows_ops } };
	struct estimator *estimator = fresh(&rows.memory);
	struct call before = made("m", 400, 120), after = before, other = made("another", 400, 120);
	struct estimate a, b, c;
	size_t puts;

	(void)state;
	teach(estimator, "m", 200);
	estimator_save(estimator);
	puts = rows.puts;
	assert_true(puts > 2);
	/* nothing new, nothing put */
	estimator_save(estimator);
	assert_int_equal(rows.puts, puts);
	estimator_call(estimator, &before, 5, &a);
	estimator_free(estimator);
	estimator = fresh(&rows.memory);
	estimator_call(estimator, &after, 5, &b);
	estimator_call(estimator, &other, 5, &c);
	/* but for the sixth digit */
	assert_in_range(after.usages[0].count[COUNT_INPUT] + 1, before.usages[0].count[COUNT_INPUT],
			before.usages[0].count[COUNT_INPUT] + 2);
	assert_in_range(b.low[SIDE_REQUEST] + 1, a.low[SIDE_REQUEST], a.low[SIDE_REQUEST] + 2);
	assert_in_range(b.high[SIDE_REQUEST] + 1, a.high[SIDE_REQUEST], a.high[SIDE_REQUEST] + 2);
	close_to(other.usages[0].count[COUNT_INPUT], 809);
	for (size_t i = 0; i < rows.n; i++) {
		assert_int_equal(rows.keys[i].kind, MEMORY_CALIBRATION);
		assert_int_equal(rows.values[i].time_ns, 5);
	}
	estimator_free(estimator);
}

/* Once for each second of calls. */
static void saves_now_and_then(void **state)
{
	static struct rows rows = { .memory = { &rows_ops } };
	static const struct {
		int64_t time_ns;
		bool put;
	} table[] = {
		{ 1000000000, true }, { 1000000001, false }, { 1999999999, false }, { 2000000000, true }, { 2500000000, false },
		{ 500000000, true },	/* the clock was set back */
		{ 9000000000, true },
	};
	struct estimator *estimator = fresh(&rows.memory);

	(void)state;
	EACH(row, table) {
		struct call call = reported("m", 100, 100);
		struct estimate estimate;
		size_t puts = rows.puts;

		estimator_call(estimator, &call, row->time_ns, &estimate);
		estimator_save(estimator);
		assert_int_equal(rows.puts > puts, row->put);
	}
	estimator_free(estimator);
}

/* Whatever stands in the memory: it is taken whole or not at all, and nothing breaks. */
static void damaged_memory(void **state)
{
	static struct rows rows = { .memory = { &rows_ops } };
	static const char *const texts[] = { "", "{}", "{\"input\":[", "{\"input\":[1,2,3]}", "{\"input\":[nan]}", "{\"spread\":[1e300,1]}",
					     "{\"input\":[1e999999,", "[[[[", "{\"spread\":[-1,0,0,0,0]}" };
	struct estimator *estimator = fresh(&rows.memory);

	(void)state;
	teach(estimator, "m", 50);
	estimator_save(estimator);
	estimator_free(estimator);
	EACH(text, texts) {
		struct call call = made("m", 400, 120);
		struct estimate estimate;

		for (size_t i = 0; i < rows.n; i++)
			STR_COPY(rows.values[i].text, str_of(*text));
		estimator = fresh(&rows.memory);
		estimator_call(estimator, &call, 5, &estimate);
		assert_in_range(call.usages[0].count[COUNT_INPUT], 350, 600);
		estimator_free(estimator);
	}
}

/* Half of each row, cut anywhere. */
static void cut_memory(void **state)
{
	static struct rows rows = { .memory = { &rows_ops } };
	struct estimator *estimator = fresh(&rows.memory);
	static struct rows cut;

	(void)state;
	teach(estimator, "m", 50);
	estimator_save(estimator);
	estimator_free(estimator);
	for (size_t at = 0; at < MEMORY_TEXT; at += 37) {
		struct call call = made("m", 400, 120);
		struct estimate estimate;

		cut = rows;
		for (size_t i = 0; i < cut.n; i++)
			cut.values[i].text[at] = 0;
		estimator = fresh(&cut.memory);
		estimator_call(estimator, &call, 5, &estimate);
		assert_in_range(call.usages[0].count[COUNT_INPUT], 350, 850);
		estimator_free(estimator);
	}
}

/* ---- bounds of the estimator itself */

static void many_models(void **state)
{
	struct estimator *estimator = fresh(NULL);
	struct estimate estimate;
	struct call call;
	char name[32];

	(void)state;
	for (unsigned int i = 0; i < LIMIT_CALIBRATED_MODELS + 10; i++) {
		snprintf(name, sizeof(name), "model-%u", i);
		call = made(name, 10, 10);
		estimator_call(estimator, &call, 5, &estimate);
		assert_int_equal(estimate.name[0] != 0, i < LIMIT_CALIBRATED_MODELS);
	}
	estimator_free(estimator);
}

static void refused_allocations(void **state)
{
	struct estimate estimate;

	(void)state;
	for (uint64_t nth = 1; nth < 8; nth++) {
		struct estimator *estimator = NULL;
		struct call call = made("m", 40, 10);
		int err;

		mem_fail_at(nth);
		err = estimator_new(NULL, &estimator);
		assert_int_equal(err, nth == 1 ? -ENOMEM : 0);
		if (err == 0)
			estimator_call(estimator, &call, 5, &estimate);
		mem_fail_at(0);
		estimator_free(estimator);
	}
}

/* Numbers beyond reason: no estimate is less than nothing, or not between its bounds. */
static void hostile_counts(void **state)
{
	static const uint64_t numbers[] = { 0, 1, 1000, UINT32_MAX, 1ull << 53, UINT64_MAX };
	struct estimator *estimator = fresh(NULL);

	(void)state;
	EACH(bytes, numbers)
		EACH(told, numbers) {
			struct call call = reported("m", 10, 10);
			struct estimate estimate;

			for (int class = 0; class < TEXT_CLASSES; class++) {
				call.text[class].bytes = *bytes;
				call.text[class].counted = *bytes / 2;
				call.text[class].pieces = (uint32_t)*bytes;
				memset(call.text[class].count, 0xff, sizeof(call.text[class].count));
			}
			usage_set(&call.usages[0], COUNT_INPUT, *told);
			usage_set(&call.usages[0], COUNT_OUTPUT, *told);
			estimator_call(estimator, &call, 5, &estimate);
			call = made("m", 100, 100);
			estimator_call(estimator, &call, 5, &estimate);
			for (int side = 0; side < 2; side++) {
				uint64_t tokens = call.usages[0].count[side == SIDE_REQUEST ? COUNT_INPUT : COUNT_OUTPUT];

				assert_in_range(tokens, estimate.low[side], estimate.high[side]);
				assert_in_range(tokens, 0, 4000000000000);
			}
		}
	estimator_free(estimator);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(learns),
		cmocka_unit_test(begins_with_a_guess),
		cmocka_unit_test(new_models_begin_as_their_provider),
		cmocka_unit_test(same_body_same_input),
		cmocka_unit_test(same_tools_same_cost),
		cmocka_unit_test(exact_input_stands),
		cmocka_unit_test(no_answer_is_longer_than_its_limit),
		cmocka_unit_test(timed_out),
		cmocka_unit_test(which_calls),
		cmocka_unit_test(embeddings_have_no_output),
		cmocka_unit_test(survives_a_restart),
		cmocka_unit_test(saves_now_and_then),
		cmocka_unit_test(damaged_memory),
		cmocka_unit_test(cut_memory),
		cmocka_unit_test(many_models),
		cmocka_unit_test(refused_allocations),
		cmocka_unit_test(hostile_counts),
	};

	return RUN(tests);
}
