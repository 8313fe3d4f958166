/* SPDX-License-Identifier: Apache-2.0 */
/* A small table, calls, and to the last pico what they cost and by which rule. */
#include <stdio.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "base/limits.h"
#include "base/mem.h"
#include "money/table.h"
#include "out/record.h"
#include "tests/lib/unit.h"

static const char table_text[] =
	"{\"schema\":1,\"version\":\"t\",\"providers\":{\"p\":{\"tiers\":{\"batch\":\"0.5\"}},\"q\":{\"fallback\":[\"p\"]},\"anthropic\":{\"fallback\":[\"p\"],\"tiers\":{\"batch\":\"0.5\"}}},\n"
	"\"prices\":[\n"
	"{\"provider\":\"p\",\"model\":\"plain\",\"match\":{\"exact\":[\"plain\"]},\"rates\":[{\"input\":\"2.5\",\"output\":\"10\"}]},\n"
	"{\"provider\":\"p\",\"model\":\"full\",\"match\":{\"prefix\":[\"full\"]},\"tiers\":{\"flex\":\"0.333333\"},\"rates\":[{\"input\":\"3\","
	"\"cache_read\":\"0.3\",\"cache_write_5m\":\"3.75\",\"cache_write_1h\":\"6\",\"output\":\"15\",\"reasoning\":\"20\",\"audio_input\":\"40\",\"audio_output\":\"80\"},\n"
	" {\"if\":{\"over\":200000},\"input\":\"6\",\"output\":\"22.5\"}],\"units\":{\"web_search\":\"0.01\"}},\n"
	"{\"provider\":\"p\",\"model\":\"dated\",\"match\":{\"exact\":[\"dated\"]},\"to\":\"2026-06-01\",\"rates\":[{\"input\":\"4\",\"output\":\"4\"}]},\n"
	"{\"provider\":\"p\",\"model\":\"dated\",\"match\":{\"exact\":[\"dated\"]},\"from\":\"2026-06-01\",\"rates\":[{\"input\":\"1\",\"output\":\"1\"}]},\n"
	"{\"provider\":\"p\",\"model\":\"tiny\",\"match\":{\"exact\":[\"tiny\"]},\"rates\":[{\"input\":\"0.000001\",\"output\":\"0\"}]},\n"
	"{\"provider\":\"p\",\"model\":\"gratis\",\"match\":{\"pattern\":[\"gra*s\"]},\"rates\":[{\"input\":\"0\",\"output\":\"0\"}]},\n"
	"{\"provider\":\"p\",\"model\":\"asked\",\"match\":{\"exact\":[\"asked\"]},\"rates\":[{\"input\":\"1\",\"output\":\"1\"}],\"units\":{\"request\":\"0.005\"}}\n"
	"]}\n";

static struct prices *table;

/* "in=1000 out=10 read=5": the counts of a usage; "web_search=1.5": a unit; "@us": where it ran */
static void fill(struct call *call, const char *facts)
{
	static const char *const counts[COUNT_MAX] = {
		[COUNT_INPUT] = "in", [COUNT_CACHE_READ] = "read", [COUNT_CACHE_WRITE] = "write", [COUNT_CACHE_WRITE_1H] = "write1h",
		[COUNT_OUTPUT] = "out", [COUNT_REASONING] = "reasoning", [COUNT_AUDIO_INPUT] = "audioin", [COUNT_AUDIO_OUTPUT] = "audioout",
		[COUNT_AUDIO_CACHE_READ] = "audioread", [COUNT_IMAGE_INPUT] = "imagein", [COUNT_IMAGE_OUTPUT] = "imageout",
		[COUNT_IMAGE_CACHE_READ] = "imageread",
	};
	struct str rest = str_of(facts), fact;

	while (facts[0] && str_split(&rest, ' ', &fact)) {
		ptrdiff_t equals = str_chr(fact, '=');
		struct str name = str_sub(fact, 0, (size_t)equals), value = str_sub(fact, (size_t)equals + 1, fact.n);
		int64_t milli;
		size_t i = 0;

		if (str_starts(fact, STR("@"))) {
			STR_COPY(call->region, str_sub(fact, 1, fact.n));
			continue;
		}
		assert_int_equal(decimal_parse(value, DECIMAL_MILLI, &milli), 0);
		while (i < COUNT_MAX && !str_eq(name, str_of(counts[i])))
			i++;
		if (i < COUNT_MAX) {
			call->n_usages = call->n_usages ?: 1;
			usage_set(&call->usages[0], (enum count)i, (uint64_t)milli / 1000);
			call->usage_source = USAGE_REPORTED;
			continue;
		}
		STR_COPY(call->units[call->n_units].name, name);
		call->units[call->n_units++].milli = (uint64_t)milli;
	}
}

static const struct {
	const char *provider, *model, *tier, *date, *facts;
	uint8_t billing;
	const char *cost;	/* status owed/list and lines: class quantity rule cost */
} cases[] = {
	{ "p", "plain", "", "2026-01-01", "in=266 out=211", 0,
	  "priced 0.002775/0.002775; input_uncached 266 p/plain 0.000665; output_visible 211 p/plain 0.00211" },
	/* cached without a rate of its own is input; nothing is guessed */
	{ "p", "plain", "", "2026-01-01", "in=1000 read=400", 0,
	  "priced 0.0025/0.0025; input_uncached 600 p/plain 0.0015; cache_read 400 p/plain 0.001" },
	{ "p", "full", "", "2026-01-01", "in=1000 read=400 write=300 write1h=100 out=100 reasoning=40", 0,
	  "priced 0.00407/0.00407; input_uncached 300 p/full 0.0009; cache_read 400 p/full 0.00012; cache_write_5m 200 p/full 0.00075; "
	  "cache_write_1h 100 p/full 0.0006; output_visible 60 p/full 0.0009; reasoning 40 p/full 0.0008" },
	{ "p", "full", "", "2026-01-01", "in=100 audioin=60 out=100 audioout=90", 0,
	  "priced 0.00987/0.00987; input_uncached 40 p/full 0.00012; output_visible 10 p/full 0.00015; audio_input 60 p/full 0.0024; "
	  "audio_output 90 p/full 0.0072" },
	/* long context: above, not at; cached input counts towards it */
	{ "p", "full", "", "2026-01-01", "in=200000", 0, "priced 0.6/0.6; input_uncached 200000 p/full 0.6" },
	{ "p", "full", "", "2026-01-01", "in=200001", 0, "priced 1.200006/1.200006; input_uncached 200001 p/full+over-200000 1.200006" },
	{ "p", "full-2026", "", "2026-01-01", "in=1000000 out=1000000", 0,
	  "priced 28.5/28.5; input_uncached 1000000 p/full+over-200000 6; output_visible 1000000 p/full+over-200000 22.5" },
	{ "p", "plain-global-standard", "", "2026-01-01", "in=1000", 0, "priced 0.0025/0.0025; input_uncached 1000 p/plain 0.0025" },
	/* a place that costs more does so for tokens, and in every tier */
	{ "anthropic", "full", "", "2026-01-01", "in=1000 web_search=1 @us", 0,
	  "priced 0.0133/0.0133; input_uncached 1000 p/full+in-us 0.0033; web_search 1 p/full 0.01" },
	{ "anthropic", "plain", "batch", "2026-01-01", "in=1000 @us", 0, "priced 0.001375/0.001375; input_uncached 1000 p/plain+batch+in-us 0.001375" },
	{ "anthropic", "plain", "flex", "2026-01-01", "in=1000 @us", 0, "unpriced 0/0; input_uncached 1000 - -" },
	{ "p", "plain", "", "2026-01-01", "in=1000 @us", 0, "priced 0.0025/0.0025; input_uncached 1000 p/plain 0.0025" },
	/* tiers: the provider's multiplier, the price's own, and one that nobody knows */
	{ "p", "plain", "batch", "2026-01-01", "in=1000", 0, "priced 0.00125/0.00125; input_uncached 1000 p/plain+batch 0.00125" },
	{ "p", "plain", "", "2026-01-01", "in=1000", BILLING_BATCH, "priced 0.00125/0.00125; input_uncached 1000 p/plain+batch 0.00125" },
	{ "p", "full", "flex", "2026-01-01", "in=1", 0, "priced 0.000000999999/0.000000999999; input_uncached 1 p/full+flex 0.000000999999" },
	{ "p", "plain", "flex", "2026-01-01", "in=1000", 0, "unpriced 0/0; input_uncached 1000 - -" },
	{ "p", "plain", "hyperspeed", "2026-01-01", "in=1000", 0, "unpriced 0/0; input_uncached 1000 - -" },
	{ "p", "plain", "default", "2026-01-01", "in=1000", 0, "priced 0.0025/0.0025; input_uncached 1000 p/plain 0.0025" },
	/* dates are half open */
	{ "p", "dated", "", "2026-05-31T23:59:59.999Z", "in=1000000", 0, "priced 4/4; input_uncached 1000000 p/dated 4" },
	{ "p", "dated", "", "2026-06-01", "in=1000000", 0, "priced 1/1; input_uncached 1000000 p/dated@2026-06-01 1" },
	/* rounding happens once a line, half to even: 0.000001 USD a million is one pico a token, so half of it is none */
	{ "p", "tiny", "", "2026-01-01", "in=3", 0, "priced 0.000000000003/0.000000000003; input_uncached 3 p/tiny 0.000000000003" },
	{ "p", "tiny", "batch", "2026-01-01", "in=1", 0, "free 0/0; input_uncached 1 p/tiny+batch 0" },
	{ "p", "tiny", "batch", "2026-01-01", "in=3", 0, "priced 0.000000000002/0.000000000002; input_uncached 3 p/tiny+batch 0.000000000002" },
	{ "p", "tiny", "batch", "2026-01-01", "in=5", 0, "priced 0.000000000002/0.000000000002; input_uncached 5 p/tiny+batch 0.000000000002" },
	/* unknown is unpriced, never 0; free is free */
	{ "p", "nobody-knows", "", "2026-01-01", "in=10 out=5", 0, "unpriced 0/0; input_uncached 10 - -; output_visible 5 - -" },
	{ "nobody", "plain", "", "2026-01-01", "in=10", 0, "unpriced 0/0; input_uncached 10 - -" },
	{ "q", "plain", "", "2026-01-01", "in=1000", 0, "priced 0.0025/0.0025; input_uncached 1000 p/plain 0.0025" },
	{ "p", "gratis", "", "2026-01-01", "in=10", 0, "free 0/0; input_uncached 10 p/gratis 0" },
	{ "p", "full", "", "2026-01-01", "", 0, "unpriced 0/0" },
	/* units, whole and in parts; one that has no price makes the call partly priced */
	{ "p", "full", "", "2026-01-01", "in=1000 web_search=2", 0, "priced 0.023/0.023; input_uncached 1000 p/full 0.003; web_search 2 p/full 0.02" },
	{ "p", "full", "batch", "2026-01-01", "web_search=1.5", 0, "priced 0.015/0.015; web_search 1.5 p/full 0.015" },
	{ "p", "full", "", "2026-01-01", "in=1000 moonbeam=1", 0, "partial 0.003/0.003; input_uncached 1000 p/full 0.003; moonbeam 1 - -" },
	{ "p", "asked", "", "2026-01-01", "in=1000", 0, "priced 0.006/0.006; input_uncached 1000 p/asked 0.001; request 1 p/asked 0.005" },
	/* flat rates owe nothing and keep the list price; what nobody charges for is counted */
	{ "p", "plain", "", "2026-01-01", "in=1000", BILLING_SUBSCRIPTION, "priced 0/0.0025; input_uncached 1000 p/plain 0.0025" },
	{ "p", "plain", "", "2026-01-01", "in=1000", BILLING_PROVISIONED, "priced 0/0.0025; input_uncached 1000 p/plain 0.0025" },
	{ "p", "mine", "", "2026-01-01", "in=1000", BILLING_SELF_HOSTED, "free 0/0; input_uncached 1000 - -" },
	{ "p", "plain", "", "2026-01-01", "in=1000 out=2", BILLING_FREE, "free 0/0; input_uncached 1000 - 0; output_visible 2 - 0" },
	/* counts that contradict each other: no discount is guessed, and it is said */
	{ "p", "full", "", "2026-01-01", "in=100 read=400", 0, "priced 0.0003/0.0003 clamped; input_uncached 100 p/full 0.0003" },
	{ "p", "full", "", "2026-01-01", "out=10 reasoning=40", 0, "priced 0.0002/0.0002 clamped; reasoning 10 p/full 0.0002" },
	/* what no integer holds is not priced, and overflows nothing */
	{ "p", "full", "", "2026-01-01", "in=4000000000000000", 0,
	  "unpriced 0/0; input_uncached 4000000000000000 - -" },
};

static void outcome(const struct cost *cost, struct buf *to)
{
	char owed[DECIMAL_MAX], list[DECIMAL_MAX];

	decimal_text(cost->pico, DECIMAL_PICO, owed);
	decimal_text(cost->list_pico, DECIMAL_PICO, list);
	buf_printf(to, "%s %s/%s%s", record_status_name((enum cost_status)cost->status), owed, list, cost->clamped ? " clamped" : "");
	for (uint32_t i = 0; i < cost->n_lines; i++) {
		const struct cost_line *line = &cost->lines[i];

		decimal_text((__int128)line->milli, DECIMAL_MILLI, owed);
		decimal_text(line->pico, DECIMAL_PICO, list);
		buf_printf(to, "; %s %s %s %s", line->class == LINE_UNIT ? line->unit : record_class_name((enum line_class)line->class), owed,
			   line->price[0] ? line->price : "-", line->priced ? list : "-");
	}
}

static void test_cases(void **state)
{
	static struct cost cost;

	(void)state;
	EACH(row, cases) {
		struct call call = { .billing = row->billing, .status = 200 };
		struct buf text = BUF(KIB(16));
		int64_t wall_ns;

		STR_COPY(call.provider, str_of(row->provider));
		STR_COPY(call.model, str_of(row->model));
		STR_COPY(call.service_tier, str_of(row->tier));
		assert_int_equal(clock_parse(row->date, strlen(row->date), &wall_ns), 0);
		fill(&call, row->facts);
		price_call(table, &call, wall_ns, &cost);
		outcome(&cost, &text);
		if (strcmp(buf_cstr(&text), row->cost))
			fail_msg("%s/%s %s %s\n  is  %s\n  not %s", row->provider, row->model, row->tier, row->facts, buf_cstr(&text), row->cost);
		buf_done(&text);
	}
}

/* Several models in one call are lines of their own; the sum is theirs. */
static void test_models(void **state)
{
	static struct cost cost;
	struct call call = { .n_usages = 2, .usage_source = USAGE_REPORTED, .status = 200 };
	struct buf text = BUF(KIB(16));

	(void)state;
	STR_COPY(call.provider, STR("p"));
	STR_COPY(call.model, STR("plain"));
	usage_set(&call.usages[0], COUNT_INPUT, 1000);
	STR_COPY(call.usages[1].model, STR("gone"));
	usage_set(&call.usages[1], COUNT_OUTPUT, 7);
	price_call(table, &call, clock_civil_ns(2026, 1, 1), &cost);
	outcome(&cost, &text);
	assert_string_equal(buf_cstr(&text), "partial 0.0025/0.0025; input_uncached 1000 p/plain 0.0025; output_visible 7 - -");
	buf_done(&text);
}

/* An error without usage costs nothing and says free, not unpriced. */
static void test_error(void **state)
{
	static struct cost cost;
	struct call call = { .status = 429, .usage_source = USAGE_NONE };

	(void)state;
	STR_COPY(call.provider, STR("p"));
	STR_COPY(call.model, STR("plain"));
	price_call(table, &call, 0, &cost);
	assert_int_equal(cost.status, COST_FREE);
	assert_int_equal(cost.n_lines, 0);
}

/* Files lie over the built-in table: theirs first, the rest from below. */
static void test_over(void **state)
{
	struct prices *top, *under;
	const struct price *price;
	int64_t now = clock_civil_ns(2026, 10, 1);

	(void)state;
	assert_int_equal(prices_builtin(&under, NULL), 0);
	assert_true(under->n_prices > 1000);
	assert_int_equal(prices_parse(STR("{\"schema\":1,\"prices\":[{\"provider\":\"openai\",\"model\":\"mine\",\"match\":{\"exact\":[\"gpt-4o\"]},"
					  "\"rates\":[{\"input\":\"1\",\"output\":\"1\"}]}]}"), "top", &top, NULL), 0);
	prices_over(top, under);
	price = prices_find(top, STR("openai"), STR("gpt-4o"), now);
	assert_non_null(price);
	assert_string_equal(price->id, "openai/mine");
	price = prices_find(top, STR("openai"), STR("gpt-4o-mini"), now);
	assert_non_null(price);
	assert_string_equal(price->model, "gpt-4o-mini");
	prices_free(top);
}

/* What dialects count by the piece has a price in the table that is built in, where its provider publishes one. */
static void test_pieces(void **state)
{
	static const struct {
		const char *provider, *model, *unit;
		int64_t pico;	/* of one; -1: nobody says */
	} pieces[] = {
		{ "openai", "dall-e-2", "image_256x256", 16000000000 }, { "openai", "dall-e-3", "image_1024x1024", 40000000000 },
		{ "openai", "dall-e-3", "image_1024x1792", 80000000000 }, { "openai", "dall-e-3", "image_hd_1792x1024", 120000000000 },
		{ "openai", "dall-e-3", "image_hd_9x9", -1 },
		{ "openai", "sora-2", "second", 100000000000 }, { "openai", "sora-2-pro", "second_1792x1024", 500000000000 },
		{ "openai", "whisper-1", "second", 100000000 }, { "openai", "tts-1", "character", 15000000 },
		{ "openai", "gpt-4o-mini-tts", "character", -1 }, { "openai", "gpt-4o-transcribe", "second", -1 },
		{ "openai", "gpt-5", "web_search", 10000000000 }, { "openai", "gpt-5", "file_search", 2500000000 },
		{ "openai", "gpt-5", "code_interpreter", 30000000000 }, { "azure.ai.openai", "gpt-5", "code_interpreter", 30000000000 },
		{ "x_ai", "grok-4.3", "x_search", 5000000000 }, { "x_ai", "grok-4.3", "document_search", 10000000000 },
		{ "gcp.gemini", "gemini-2.5-pro", "cache_token_hour", 4500000 }, { "gcp.gemini", "gemini-2.5-flash", "cache_token_hour", 1000000 },
		{ "gcp.vertex_ai", "gemini-2.5-flash", "web_search", 35000000000 },
		{ "gcp.gemini", "veo-3.1-generate-preview", "second", 400000000000 },
		{ "anthropic", "claude-sonnet-4-5", "web_search", 10000000000 }, { "cohere", "rerank-v3.5", "search_unit", 2000000000 },
	};
	struct prices *prices;

	(void)state;
	assert_int_equal(prices_builtin(&prices, NULL), 0);
	EACH(piece, pieces) {
		struct call *call = mem_new(sizeof(*call));
		struct cost *cost = mem_new(sizeof(*cost));

		STR_COPY(call->provider, str_of(piece->provider));
		STR_COPY(call->model, str_of(piece->model));
		STR_COPY(call->units[0].name, str_of(piece->unit));
		call->units[0].milli = 1000;
		call->n_units = 1;
		price_call(prices, call, clock_civil_ns(2026, 8, 1), cost);
		if (cost->n_lines != 1 || cost->lines[0].priced != (piece->pico >= 0) || (piece->pico >= 0 && cost->pico != piece->pico))
			fail_msg("%s/%s %s: %lld pico", piece->provider, piece->model, piece->unit, (long long)cost->pico);
		mem_free(cost);
		mem_free(call);
	}
	prices_free(prices);
}

static int set_up(void **state)
{
	struct buf error = BUF(KIB(16));
	int r = prices_parse(STR(table_text), "t", &table, &error);

	(void)state;
	if (r < 0)
		print_error("%s", buf_cstr(&error));
	buf_done(&error);
	return r;
}

static int tear_down(void **state)
{
	(void)state;
	prices_free(table);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases), cmocka_unit_test(test_models), cmocka_unit_test(test_error), cmocka_unit_test(test_over),
		cmocka_unit_test(test_pieces),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
