/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prices the tokens that the corpus' truth has and compares each with what an
 * independent program (genai-prices, its own dated table and arithmetic) made of
 * the same call, to the last pico-USD: the sample of the tree always, the whole
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

enum verdict { AGREES, NEITHER, TIER, SEVERAL, SPEECH, SNAPSHOT, UNDATED, NOTHING, UNEXPLAINED, VERDICTS };

static const struct {
	const char *name, *reason;
} classes[VERDICTS] = {
	[AGREES] = { "agrees", "to the last pico-USD" },
	[NEITHER] = { "unpriced by both", "neither table knows the model" },
	[TIER] = { "tier", "the oracle's table knows no batch, flex or priority" },
	[SEVERAL] = { "several bills", "the answer bills more than its own usage object says (compaction, a fallback model); the oracle reads that alone" },
	[SPEECH] = { "audio", "the oracle's table has no rate of its own for this model's audio tokens" },
	[SNAPSHOT] = { "snapshot", "a dated snapshot that is listed with its own price; the oracle gives it its family's" },
	[UNDATED] = { "undated", "the call has no date: we take the newest price, the oracle one of a time of day that is over" },
	[NOTHING] = { "no price", "the oracle's table says 0 where nobody publishes a price; for us that is unpriced" },
	[UNEXPLAINED] = { "unexplained", "fails the test" },
};

struct tally {
	unsigned int n[VERDICTS];
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
		{ "azure-openai", "azure.ai.openai" }, { "mistral", "mistral_ai" }, { "xai", "x_ai" }, { "zai", "z_ai" },
		{ "vercel-gateway", "vercel" },
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

/* openai/gpt-4o-2024-05-13@2024-05-13 is the price of gpt-4o-2024-05-13 itself */
static bool is_own_price(const char *rule, const char *model)
{
	const char *name = strchr(rule, '/');
	size_t n = name ? strcspn(++name, "@#+") : 0;

	return n && n == strlen(model) && !strncmp(name, model, n);
}

static enum verdict judge(const struct prices *prices, struct json_object *truth, struct json_object *oracle)
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
		return NEITHER;
	if (cost.status == COST_PRICED && cost.list_pico == theirs)
		return AGREES;
	if (cost.status == COST_FREE && theirs == 0)
		return AGREES;
	if (price_tier_of(str_of(call.service_tier)) != TIER_STANDARD)
		return TIER;
	if (call.n_usages != 1)
		return SEVERAL;
	if (number(field(oracle, "usage"), "input_audio_tokens") || number(field(oracle, "usage"), "output_audio_tokens"))
		return SPEECH;
	if (cost.n_lines && is_own_price(cost.lines[0].price, call.model) && !str_eq(text(price, "model"), str_of(call.model)))
		return SNAPSHOT;
	if (!stamp.n && cost.n_lines && strchr(cost.lines[0].price, '@'))
		return UNDATED;
	if (cost.status == COST_UNPRICED && theirs == 0)
		return NOTHING;
	decimal_text(cost.list_pico, DECIMAL_PICO, ours);
	print_error("%s %s (%s), asked for %s, tier '%s', at %s: %s by %s; the oracle: %s by %s\n", text(truth, "id").p, call.provider, call.model,
		    call.model_requested, call.service_tier, stamp.p ? stamp.p : "no date", ours, cost.n_lines ? cost.lines[0].price : "-",
		    text(price, "total").p, text(price, "model").p);
	return UNEXPLAINED;
}

static struct json_object *next_line(gzFile file)
{
	static char line[1 << 20];

	return gzgets(file, line, sizeof(line)) ? json_tokener_parse(line) : NULL;
}

static gzFile open_part(const char *folder, const char *prefix, const char *what)
{
	char path[512];
	gzFile file;

	snprintf(path, sizeof(path), "%s/%s.%s.jsonl.gz", folder, prefix, what);
	file = gzopen(path, "r");
	if (!file)
		fail_msg("'%s' cannot be opened", path);
	return file;
}

static uint64_t id_of(struct json_object *o)
{
	return hash_bytes(text(o, "id").p, text(o, "id").n, 0);
}

static void compare(const char *folder, const char *prefix, struct tally *tally)
{
	struct map oracle = MAP(1 << 20);
	struct prices *prices = NULL;
	struct json_object *o;
	uint64_t key;
	void *left;
	gzFile file;

	assert_int_equal(prices_builtin(&prices, NULL), 0);
	file = open_part(folder, prefix, "price");
	while ((o = next_line(file)))
		assert_int_equal(map_put(&oracle, id_of(o), o), 0);
	gzclose(file);
	file = open_part(folder, prefix, "truth");
	while ((o = next_line(file))) {
		struct json_object *priced = map_remove(&oracle, id_of(o));

		/* what the oracle itself read otherwise is no evidence of prices */
		if (priced && json_object_get_boolean(field(priced, "agrees_with_truth")))
			tally->n[judge(prices, o, priced)]++;
		json_object_put(priced);
		json_object_put(o);
	}
	gzclose(file);
	for (size_t i = 0; map_next(&oracle, &i, &key, &left);)
		json_object_put(left);
	map_done(&oracle);
	prices_free(prices);
}

static void print_table(FILE *to, const struct tally *tally)
{
	fprintf(to, "| class | calls | why |\n|---|---:|---|\n");
	for (int i = 0; i < UNEXPLAINED; i++)
		if (tally->n[i])
			fprintf(to, "| %s | %u | %s |\n", classes[i].name, tally->n[i], classes[i].reason);
}

static void check(const struct tally *tally, unsigned int at_least)
{
	const char *path = getenv("AITAP_PRICES_TABLE");
	unsigned int all = 0;
	FILE *file = path ? fopen(path, "w") : NULL;

	for (int i = 0; i < VERDICTS; i++)
		all += tally->n[i];
	print_table(stdout, tally);
	if (file) {
		print_table(file, tally);
		fclose(file);
	}
	assert_true(all >= at_least);
	assert_int_equal(tally->n[UNEXPLAINED], 0);
	assert_true(tally->n[AGREES] * 100ull >= all * 95ull);
}

static void test_sample(void **state)
{
	struct tally tally = { 0 };

	(void)state;
	compare("tests/corpus", "sample", &tally);
	check(&tally, 100);
}

static void test_whole(void **state)
{
	const char *folder = getenv("AITAP_CORPUS");
	struct tally tally = { 0 };

	(void)state;
	compare(folder, "shared", &tally);
	check(&tally, 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_sample), cmocka_unit_test(test_whole) };
	const char *folder = getenv("AITAP_CORPUS");

	/* the whole is asked for, or it is no test */
	return _cmocka_run_group_tests("tests", tests, folder && *folder ? 2 : 1, NULL, NULL);
}
