/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include "pipeline/route.h"

static void test_routes(void **state)
{
	static const struct { const char *host; uint16_t port; const char *provider, *route; } table[] = {
		{ "litellm.ai.svc", 4000, "openai", "gateway" },
		{ "a.gateway.corp", 443, "openai", "gateway" },		/* any port */
		{ "litellm.ai.svc", 4001, "openai", "bypass" },		/* not the gateway's */
		{ "api.openai.com", 443, "openai", "bypass" },		/* one is meant for it */
		{ "api.anthropic.com", 443, "anthropic", "direct" },	/* none is */
		{ "llm.corp", 443, "corp-llm", "direct" },		/* a known host, and no gateway */
	};
	static const struct route_gateway gateways[] = { { .name = "litellm", .n_for = 2, .for_provider = { "x_ai", "openai" } } };
	static struct wants wants = {
		.n_hosts = 3,
		.hosts = { { .host = "litellm.ai.svc", .port = 4000, .gateway = 1 }, { .host = "*.gateway.corp", .gateway = 1 },
			   { .host = "llm.corp", .provider = "corp-llm" } },
	};
	static struct call call;

	(void)state;
	EACH(row, table) {
		strcpy(call.host, row->host);
		strcpy(call.provider, row->provider);
		call.port = row->port;
		assert_string_equal(route_of(&wants, gateways, 1, &call), row->route);
	}
}

static void test_a_gateway_for_everything(void **state)
{
	static const struct route_gateway gateways[] = { { .name = "all" } };
	static const struct wants none;
	static struct call call = { .host = "api.openai.com", .provider = "openai" };

	(void)state;
	assert_string_equal(route_of(&none, gateways, 1, &call), "bypass");
	assert_string_equal(route_of(&none, NULL, 0, &call), "direct");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_routes), cmocka_unit_test(test_a_gateway_for_everything) };

	return RUN(tests);
}
