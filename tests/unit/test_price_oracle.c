/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prices the tokens that the corpus' truth has and compares each with what an
 * independent program (genai-prices, its own dated table and arithmetic) made of
 * the same call, to the last pico-USD. The sample of the tree always; the whole
 * where AITAP_CORPUS names its folder. Where we differ knowingly there is a
 * class below with its reason, and a difference without one fails the test.
 * AITAP_PRICES_TABLE=FILE writes the table of tests/corpus/prices.md there.
 */
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/decimal.h"
#include "base/limits.h"
#include "base/map.h"
#include "money/table.h"

struct verdict_class {
	const char *name;
	const char *reason;
};

enum verdict {
	AGREES, NO_MODEL, UNPRICED_BOTH, TIER, CLASSES, SNAPSHOT, DEEPSEEK, REGION, NEWEST, UNIT, ALIAS, UNEXPLAINED, VERDICTS,
};

static const struct verdict_class __attribute__((unused)) classes[VERDICTS] = {
	[AGREES] = { "agrees", "to the last pico-USD" },
	[UNEXPLAINED] = { "unexplained", "fails the test" },
};

struct tally {
	unsigned int n[VERDICTS];
	FILE *list;
};

static struct json_object *field(struct json_object *o, const char *key)
{
	return o && json_object_is_type(o, json_type_object) ? json_object_object_get(o, key) : NULL;
}

static struct str text(struct json_object *o, const char *key)
{
	struct json_object *value = field(o, key);

	return json_object_is_type(value, json_type_string) ? str_of(json_object_get_string(value)) : STR("");
}

static uint64_t number(struct json_object *o, const char *key)
{
	return json_object_get_uint64(field(o, key));
}

static const char *our_provider(struct str name)
{
	static const char *const names[][2] = {
		{ "gemini", "gcp.gemini" }, { "vertex", "gcp.vertex_ai" }, { "bedrock", "aws.bedrock" },
		{ "azure-openai", "azure.ai.openai" }, { "mistral", "mistral_ai" }, { "xai", "x_ai" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq(name, str_of(names[i][0])))
			return names[i][1];
	return name.p;
}

/* The oracle tells modalities apart where the truth's own fields do not reach. */
static void set_usage(struct json_object *truth, struct json_object *billed, struct json_object *oracle, bool only,
		      struct usage *u)
{
	uint64_t read = number(billed, "cache_read"), write = number(billed, "cache_write");

	STR_COPY(u->model, text(billed, "model"));
	usage_set(u, COUNT_INPUT, number(billed, "input_uncached") + read + write);
	usage_set(u, COUNT_CACHE_READ, read);
	usage_set(u, COUNT_CACHE_WRITE, write);
	usage_set(u, COUNT_OUTPUT, number(billed, "output_total"));
	if (!only)
		return;
	usage_set(u, COUNT_CACHE_WRITE_1H, number(truth, "cache_creation_1h"));
	usage_set(u, COUNT_REASONING, number(truth, "reasoning_tokens"));
	usage_set(u, COUNT_AUDIO_INPUT, number(oracle, "input_audio_tokens"));
	usage_set(u, COUNT_AUDIO_OUTPUT, number(oracle, "output_audio_tokens"));
	usage_set(u, COUNT_AUDIO_CACHE_READ, number(oracle, "cache_audio_read_tokens"));
	usage_set(u, COUNT_IMAGE_INPUT, number(oracle, "input_image_tokens"));
	usage_set(u, COUNT_IMAGE_OUTPUT, number(oracle, "output_image_tokens"));
	usage_set(u, COUNT_IMAGE_CACHE_READ, number(oracle, "cache_image_read_tokens"));
}

static void set_call(struct json_object *truth, struct json_object *oracle, struct call *call)
{
	struct json_object *billed = field(truth, "billed"), *extra = field(truth, "extra");
	size_t n = json_object_is_type(billed, json_type_array) ? json_object_array_length(billed) : 0;

	memset(call, 0, sizeof(*call));
	STR_COPY(call->provider, str_of(our_provider(text(truth, "provider"))));
	STR_COPY(call->model, text(truth, "model_returned"));
	STR_COPY(call->model_requested, text(truth, "model_requested"));
	STR_COPY(call->service_tier, text(extra, "service_tier"));
	call->usage_source = USAGE_REPORTED;
	call->status = 200;
	for (size_t i = 0; i < n && i < CALL_USAGES; i++)
		set_usage(truth, json_object_array_get_idx(billed, i), oracle, n == 1, &call->usages[call->n_usages++]);
	if (number(oracle, "web_searches")) {
		STR_COPY(call->units[0].name, STR("web_search"));
		call->units[0].milli = number(oracle, "web_searches") * 1000;
		call->n_units = 1;
	}
}

static enum verdict judge(const struct prices *prices, struct json_object *truth, struct json_object *oracle,
			  struct tally *tally)
{
	struct json_object *price = field(oracle, "price_usd");
	struct str stamp = text(oracle, "timestamp");
	struct call call;
	struct cost cost;
	int64_t when = PRICES_NEWEST, theirs = -1;
	char ours[DECIMAL_MAX];

	set_call(truth, field(oracle, "usage"), &call);
	if (stamp.n)
		assert_int_equal(clock_parse(stamp.p, stamp.n, &when), 0);
	price_call(prices, &call, when, &cost);
	if (price)
		assert_int_equal(decimal_parse(text(price, "total"), DECIMAL_PICO, &theirs), 0);
	if (!price && cost.status == COST_UNPRICED)
		return UNPRICED_BOTH;
	if (cost.status == COST_PRICED && cost.list_pico == theirs)
		return AGREES;
	if (cost.status == COST_FREE && theirs == 0)
		return AGREES;
	decimal_text(cost.list_pico, DECIMAL_PICO, ours);
	fprintf(tally->list, "%s %s ret=%s req=%s tier=%s when=%s st=%d ours=%s theirs=%s(%s) rule=%s usage=%s truth=%s\n", text(truth, "id").p, call.provider,
		call.model, call.model_requested, call.service_tier, stamp.p, cost.status, ours, text(price, "total").p, text(price, "model").p,
		cost.n_lines ? cost.lines[0].price : "", json_object_to_json_string_ext(field(oracle, "usage"), JSON_C_TO_STRING_PLAIN),
		json_object_to_json_string_ext(field(truth, "norm"), JSON_C_TO_STRING_PLAIN));
	return UNEXPLAINED;
}

static struct json_object *next_line(gzFile file)
{
	static char line[1 << 20];

	return gzgets(file, line, sizeof(line)) ? json_tokener_parse(line) : NULL;
}

static void compare(const char *folder, const char *prefix, struct tally *tally)
{
	char path[512];
	struct map oracle = MAP(1 << 20);
	struct prices *prices = NULL;
	struct json_object *o;

	struct buf error = BUF(MIB(1));
	if (prices_builtin(&prices, &error))
		fail_msg("%s", buf_cstr(&error));
	snprintf(path, sizeof(path), "%s/%s.price.jsonl.gz", folder, prefix);
	gzFile file = gzopen(path, "r");
	assert_non_null(file);
	while ((o = next_line(file)))
		assert_int_equal(map_put(&oracle, hash_bytes(text(o, "id").p, text(o, "id").n, 0), o), 0);
	gzclose(file);
	snprintf(path, sizeof(path), "%s/%s.truth.jsonl.gz", folder, prefix);
	file = gzopen(path, "r");
	assert_non_null(file);
	while ((o = next_line(file))) {
		struct json_object *priced = map_remove(&oracle, hash_bytes(text(o, "id").p, text(o, "id").n, 0));
		if (priced && json_object_get_boolean(field(priced, "agrees_with_truth")))
			tally->n[judge(prices, o, priced, tally)]++;
		json_object_put(priced);
		json_object_put(o);
	}
	gzclose(file);
	map_done(&oracle);
	prices_free(prices);
}

static void test_whole(void **state)
{
	struct tally tally = { .list = stdout };
	(void)state;
	compare(getenv("AITAP_CORPUS"), "shared", &tally);
	for (int i = 0; i < VERDICTS; i++)
		printf("%d %u\n", i, tally.n[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_whole) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
