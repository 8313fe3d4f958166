/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a price table, its mistakes with their lines, and looking names up in it. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ai/provider_hosts.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "money/place.h"
#include "money/table.h"
#include "tests/lib/unit.h"

#define HEAD "{\"schema\":1,\n\"prices\":[\n"
#define GOOD "{\"provider\":\"p\",\"model\":\"m\",\"match\":{\"exact\":[\"m\"]},\"rates\":[{\"input\":\"1\"}]}"
#define WITH(more) HEAD "{\"provider\":\"p\",\"model\":\"m\",\"match\":{\"exact\":[\"m\"]}," more "}\n]}\n"

static const struct {
	const char *text, *error;
} wrong[] = {
	{ HEAD GOOD "]}", "" },
	{ "", "t:1: not JSON: it ends too early\n" },
	{ "{", "t:1: not JSON: it ends too early\n" },
	{ HEAD GOOD ",\n]}", NULL },
	{ HEAD GOOD "\n}", NULL },
	{ HEAD GOOD "]} x", "t:3: not JSON: something follows the table\n" },
	{ "[]", "t:1: an object with \"schema\": 1 is needed\n" },
	{ "{\"schema\":2,\"prices\":[]}", "t:1: an object with \"schema\": 1 is needed\n" },
	{ "{\"schema\":1}", "t:1: \"prices\": a list is needed\n" },
	{ "{\"schema\":1,\n\"prices\":{}}", "t:1: \"prices\": a list is needed\n" },
	{ "{\"schema\":1,\n\"extra\":1,\n\"currency\":\"EUR\",\"prices\":[]}",
	  "t:2: unknown key 'extra'\nt:3: currency: only USD is known\n" },
	{ HEAD "3,\n\"x\"]}", "t:3: prices[0]: an object is needed\nt:4: prices[1]: an object is needed\n" },
	{ HEAD GOOD ",\n\n" GOOD "]}", "t:5: prices[1] p/m: 'm' has a price at that time already: p/m\n" },
	{ HEAD "{}]}", NULL },
	{ WITH("\"rates\":[{\"input\":1}]"), "t:3: prices[0] p/m: input: a decimal number in quotes is needed, not below zero\n" },
	{ WITH("\"rates\":[{\"input\":\"-1\"}]"), "t:3: prices[0] p/m: input: a decimal number in quotes is needed, not below zero\n" },
	{ WITH("\"rates\":[{\"input\":\"1e\"}]"), "t:3: prices[0] p/m: input: a decimal number in quotes is needed, not below zero\n" },
	{ WITH("\"rates\":[{\"input\":\"0.0000001\"}]"), "t:3: prices[0] p/m: input: 0.0000001 is too large or has more digits than are kept\n" },
	{ WITH("\"rates\":[{\"input\":\"99999999999999999999\"}]"), "t:3: prices[0] p/m: input: 99999999999999999999 is too large or has more digits than are kept\n" },
	{ WITH("\"rates\":[{\"inputt\":\"1\"}]"), NULL },
	{ WITH("\"rates\":[]"), NULL },
	{ WITH("\"note\":\"x\""), "t:3: prices[0] p/m: neither rates nor units\n" },
	{ WITH("\"rates\":[{\"input\":\"1\"}],\"from\":\"2026-02-01\",\"to\":\"2026-01-01\""), "t:3: prices[0] p/m: 'to' is not after 'from'\n" },
	{ WITH("\"rates\":[{\"input\":\"1\"}],\"from\":\"yesterday\""), NULL },
	{ WITH("\"rates\":[{\"input\":\"1\"}],\"window\":[\"00:30\",\"25:00\"]"), NULL },
	{ WITH("\"rates\":[{\"input\":\"1\"}],\"window\":[\"00:30\",\"00:30\"]"), NULL },
	{ WITH("\"rates\":[{\"input\":\"1\"}],\"tiers\":{\"warp\":\"1\"}"), "t:3: prices[0] p/m: tiers: 'warp' is none of batch, flex, priority\n" },
	{ WITH("\"rates\":[{\"input\":\"1\"}],\"units\":{\"x\":1}"), NULL },
	{ WITH("\"rates\":[{\"input\":\"1\"}],\"source\":7"), "" },
	{ HEAD "{\"provider\":\"p q\",\"model\":\"m\",\"match\":{\"exact\":[\"m\"]},\"rates\":[{\"input\":\"1\"}]}]}", NULL },
	{ HEAD "{\"provider\":\"p\",\"model\":\"m\",\"match\":{\"regex\":[\"m\"]},\"rates\":[{\"input\":\"1\"}]}]}", NULL },
	{ HEAD "{\"provider\":\"p\",\"model\":\"m\",\"match\":{},\"rates\":[{\"input\":\"1\"}]}]}", NULL },
	{ "{\"schema\":1,\"providers\":{\n\"a\":{},\n\"b\\u001b[31m\":{\"x\":1}},\n\"prices\":[]}",
	  "t:3: providers.b?[31m: 'x' is neither fallback (a list) nor tiers\n" },
	{ HEAD "\"\xff\"]}", NULL },
};

static void test_wrong(void **state)
{
	(void)state;
	EACH(row, wrong) {
		struct buf error = BUF(KIB(64));
		struct prices *prices = NULL;
		int r = prices_parse(str_of(row->text), "t", &prices, &error);
		const char *said = buf_cstr(&error);

		if (row->error && strcmp(said, row->error))
			fail_msg("%s\n  is  %s\n  not %s", row->text, said, row->error);
		/* whatever it is: a place, and nothing made */
		assert_int_equal(r, said[0] ? -EINVAL : 0);
		assert_true(!row->error || (r == 0) == !row->error[0]);
		assert_true(r == 0 || (str_starts(str_of(said), STR("t:")) && said[2] >= '1' && said[2] <= '9'));
		prices_free(prices);
		buf_done(&error);
	}
}

static void test_many_mistakes(void **state)
{
	struct buf text = BUF(MIB(1)), error = BUF(MIB(1));
	struct prices *prices;

	(void)state;
	buf_puts(&text, HEAD "1");
	for (int i = 0; i < 999; i++)
		buf_puts(&text, ",\n1");
	buf_puts(&text, "]}");
	assert_int_equal(prices_parse(buf_view(&text), "t", &prices, &error), -EINVAL);
	assert_non_null(strstr(buf_cstr(&error), "t:22: prices[19]: an object is needed\nt: and 980 more\n"));
	buf_done(&text);
	buf_done(&error);
}

static const char places[] =
	"{ \"a\" : \"\\\"b\\\":[\",\n"
	"  \"prices\": [\n"
	"\n"
	"    {\"x\": [1,\n2,3]},\n"
	"    [[],{}], 7\n"
	"  ],\n"
	"  \"b\": {\"k\": 1,\n\"l\":\n2}\n"
	"}\n";

static void test_place(void **state)
{
	static const struct {
		const char *key;
		size_t n, line;
	} rows[] = {
		{ NULL, 0, 1 }, { "prices", PLACE_KEY, 2 }, { "prices", 0, 4 }, { "prices", 1, 6 }, { "prices", 2, 6 }, { "prices", 3, 1 },
		{ "b", PLACE_KEY, 8 }, { "b", 0, 8 }, { "b", 1, 9 }, { "none", 0, 1 }, { "a", PLACE_KEY, 1 }, { "a", 0, 1 },
	};

	(void)state;
	EACH(row, rows)
		assert_int_equal(place_line(STR(places), row->key, row->n), row->line);
	/* also of what is no JSON at all: some line of it */
	for (size_t n = 0; n < sizeof(places); n++)
		for (size_t i = 0; i < 3; i++)
			assert_true(place_line((struct str){ places + sizeof(places) - 1 - n, n }, "prices", i) <= 11);
}

/* Names as providers send them, and the price each is under. NULL: none. */
static const struct {
	const char *provider, *model, *id;
} names[] = {
	{ "openai", "gpt-4o", "openai/gpt-4o" },
	{ "openai", "gpt-4o-2024-08-06", "openai/gpt-4o" },
	{ "openai", "gpt-4o-mini", "openai/gpt-4o-mini" },
	{ "openai", "ft:gpt-4o-nobody", NULL },
	{ "openai", "no-such-model", NULL },
	{ "openai", "", NULL },
	{ "no-such-provider", "gpt-4o", NULL },
	{ "gcp.gemini", "models/gemini-2.5-pro", "gcp.gemini/gemini-2.5-pro" },
	{ "anthropic", "claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4-5" },
	{ "azure.ai.openai", "gpt-4o", "gpt-4o" },
};

static void test_names(void **state)
{
	struct prices *prices;
	int64_t then = clock_civil_ns(2026, 3, 1);

	(void)state;
	assert_int_equal(prices_builtin(&prices, NULL), 0);
	EACH(row, names) {
		const struct price *price = prices_find(prices, str_of(row->provider), str_of(row->model), then);

		if (!row->id != !price || (price && !str_starts(str_of(price->id), str_of(row->id)) && !strstr(price->id, row->id)))
			fail_msg("%s %s: %s", row->provider, row->model, price ? price->id : "none");
	}
	prices_free(prices);
}

/* A table that calls a provider otherwise than the records do would never price it. */
static void test_providers(void **state)
{
	static const char *const without_host[] = { "assemblyai", "elevenlabs", "modal", "nscale", "zhipu" };	/* met through gateways only */
	struct prices *prices;

	(void)state;
	assert_int_equal(prices_builtin(&prices, NULL), 0);
	for (size_t i = 0; i < prices->n_prices; i++) {
		const char *name = prices->prices[i]->provider;
		bool known = false;

		for (size_t j = 0; provider_hosts[j].host && !known; j++)
			known = !strcmp(provider_hosts[j].provider, name);
		EACH(other, without_host)
			known |= !strcmp(*other, name);
		if (!known)
			fail_msg("'%s' is priced, and no host is called that", name);
	}
	prices_free(prices);
}

/* Hours of the day: within, at the edges, and over midnight. */
static void test_window(void **state)
{
	static const struct {
		const char *at;
		const char *input;
	} times[] = {
		{ "2026-01-01T16:29:59Z", "day" }, { "2026-01-01T16:30:00Z", "night" }, { "2026-01-01T23:59:59Z", "night" },
		{ "2026-01-02T00:00:00Z", "night" }, { "2026-01-02T00:29:59Z", "night" }, { "2026-01-02T00:30:00Z", "day" },
	};
	struct prices *prices;

	(void)state;
	assert_int_equal(prices_parse(STR("{\"schema\":1,\"prices\":["
		"{\"provider\":\"p\",\"model\":\"day\",\"match\":{\"exact\":[\"m\"]},\"window\":[\"00:30\",\"16:30\"],\"rates\":[{\"input\":\"2\"}]},"
		"{\"provider\":\"p\",\"model\":\"night\",\"match\":{\"exact\":[\"m\"]},\"window\":[\"16:30\",\"00:30\"],\"rates\":[{\"input\":\"1\"}]}]}"),
		"t", &prices, NULL), 0);
	EACH(row, times) {
		const struct price *price;
		int64_t ns;

		assert_int_equal(clock_parse(row->at, strlen(row->at), &ns), 0);
		price = prices_find(prices, STR("p"), STR("m"), ns);
		assert_non_null(price);
		assert_string_equal(price->model, row->input);
	}
	prices_free(prices);
}

static void test_no_memory(void **state)
{
	int r = -ENOMEM;

	(void)state;
	for (uint64_t n = 1; r == -ENOMEM; n++) {
		struct prices *prices = NULL;
		struct buf error = BUF(KIB(16));

		mem_fail_at(n);
		r = prices_parse(STR(HEAD GOOD "]}"), "t", &prices, &error);
		mem_fail_at(0);
		assert_true((r == 0) == (prices != NULL));
		prices_free(prices);
		buf_done(&error);
		assert_true(n < 1000);
	}
	assert_int_equal(r, 0);
}

static void test_load(void **state)
{
	char path[] = "/tmp/aitap-test-prices-XXXXXX";
	struct buf error = BUF(KIB(16));
	struct prices *prices;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, HEAD GOOD "]}", strlen(HEAD GOOD "]}")), (ssize_t)strlen(HEAD GOOD "]}"));
	close(fd);
	assert_int_equal(prices_load(path, &prices, &error), 0);
	assert_int_equal(prices->n_prices, 1);
	prices_free(prices);
	unlink(path);
	assert_int_equal(prices_load(path, &prices, &error), -ENOENT);
	assert_int_equal(prices_load("/tmp", &prices, &error), -EISDIR);
	assert_int_equal(prices_load("/dev/zero", &prices, NULL), -EFBIG);
	assert_non_null(strstr(buf_cstr(&error), "/tmp: Is a directory\n"));
	buf_done(&error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong), cmocka_unit_test(test_many_mistakes), cmocka_unit_test(test_place), cmocka_unit_test(test_names),
		cmocka_unit_test(test_providers), cmocka_unit_test(test_window), cmocka_unit_test(test_no_memory), cmocka_unit_test(test_load),
	};

	return RUN(tests);
}
