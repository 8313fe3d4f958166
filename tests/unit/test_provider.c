/* SPDX-License-Identifier: Apache-2.0 */
/* Who answers at a host, and in which dialect a path speaks. */
#include <stdio.h>

#include "ai/provider.h"
#include "ai/provider_hosts.h"
#include "base/limits.h"
#include "base/mem.h"
#include "tests/lib/unit.h"

static const struct {
	const char *host;
	uint16_t port;
	const char *path;
	const char *provider;	/* NULL: nobody */
	const char *dialect;
	const char *operation;
	enum billing billing;
} choices[] = {
	{ "api.openai.com", 443, "/v1/chat/completions", "openai", "openai", "chat", BILLING_METERED },
	{ "API.OpenAI.com", 443, "/v1/embeddings", "openai", "openai", "embeddings", BILLING_METERED },
	{ "eu.api.openai.com", 0, "/v1/responses", "openai", "openai", "chat", BILLING_METERED },
	{ "api.openai.com", 443, "/v1/responses/input_tokens", "openai", "openai", "count_tokens", BILLING_METERED },
	{ "api.openai.com", 443, "/v1/responses/resp_1", "openai", "openai", "chat", BILLING_METERED },
	{ "api.openai.com", 443, "/v1/threads/t/runs/r", "openai", "openai", "invoke_agent", BILLING_METERED },
	{ "api.openai.com", 443, "/v1/batches", "openai", "openai", "batch", BILLING_METERED },
	{ "api.openai.com", 443, "/new/thing", "openai", "openai", "", BILLING_METERED },
	{ "api.openai.com.evil.example", 443, "/v1/files", NULL, NULL, NULL, BILLING_UNKNOWN },
	{ "chatgpt.com", 443, "/backend-api/codex/responses", "openai", "openai", "chat", BILLING_SUBSCRIPTION },
	{ "chatgpt.com", 443, "/backend-api/settings", NULL, NULL, NULL, BILLING_UNKNOWN },
	{ "api2.cursor.sh", 443, "/aiserver.v1.ChatService/StreamUnifiedChat", "cursor", "openai", "", BILLING_SUBSCRIPTION },
	{ "api2.cursor.sh", 443, "/aiserver.v1.AnalyticsService/Batch", NULL, NULL, NULL, BILLING_UNKNOWN },
	{ "chatgpt.com", 443, "/index.html", NULL, NULL, NULL, BILLING_UNKNOWN },
	{ "r.openai.azure.com", 443, "//openai/deployments/d/chat/completions", "azure.ai.openai", "openai", "chat", BILLING_METERED },
	{ "r.services.ai.azure.com", 443, "/models/chat/completions", "azure.ai.inference", "openai", "chat", BILLING_METERED },
	{ "r.services.ai.azure.com", 443, "/anthropic/v1/messages", "azure.ai.inference", "anthropic", "chat", BILLING_METERED },
	{ "r.cognitiveservices.azure.com", 443, "/speech/recognize", NULL, NULL, NULL, BILLING_UNKNOWN },
	{ "api.anthropic.com", 443, "/v1/messages", "anthropic", "anthropic", "chat", BILLING_METERED },
	{ "api.anthropic.com", 443, "/v1/chat/completions", "anthropic", "openai", "chat", BILLING_METERED },
	{ "api.deepseek.com", 443, "/anthropic/v1/messages", "deepseek", "anthropic", "chat", BILLING_METERED },
	{ "openrouter.ai", 443, "/api/v1/messages", "openrouter", "anthropic", "chat", BILLING_METERED },
	{ "openrouter.ai", 443, "/docs", NULL, NULL, NULL, BILLING_UNKNOWN },
	{ "bedrock-runtime.us-east-1.amazonaws.com", 443, "/model/m/converse", "aws.bedrock", "bedrock", "chat", BILLING_METERED },
	{ "bedrock-runtime-fips.us-east-1.amazonaws.com", 443, "/model/m/invoke", "aws.bedrock", "bedrock", NULL, BILLING_METERED },
	{ "bedrock-runtime.us-west-2.amazonaws.com", 443, "/openai/v1/chat/completions", "aws.bedrock", "openai", "chat", BILLING_METERED },
	{ "bedrock-mantle.us-east-1.api.aws", 443, "/v1/responses", "aws.bedrock", "openai", "chat", BILLING_METERED },
	{ "s3.us-east-1.amazonaws.com", 443, "/model/m/x", NULL, NULL, NULL, BILLING_UNKNOWN },
	{ "generativelanguage.googleapis.com", 443, "/v1beta/models/g:generateContent", "gcp.gemini", "gemini", "generate_content", BILLING_METERED },
	{ "generativelanguage.googleapis.com", 443, "/v1beta/openai/chat/completions", "gcp.gemini", "openai", "chat", BILLING_METERED },
	{ "us-east5-aiplatform.googleapis.com", 443, "/v1/projects/p/locations/l/publishers/google/models/g:streamGenerateContent",
	  "gcp.vertex_ai", "gemini", "generate_content", BILLING_METERED },
	{ "us-east5-aiplatform.googleapis.com", 443, "/v1/projects/p/locations/l/publishers/anthropic/models/c:rawPredict",
	  "gcp.vertex_ai", "anthropic", "chat", BILLING_METERED },
	{ "api.githubcopilot.com", 443, "/chat/completions", "github_copilot", "openai", "chat", BILLING_SUBSCRIPTION },
	{ "api.individual.githubcopilot.com", 443, "/responses", "github_copilot", "openai", "chat", BILLING_SUBSCRIPTION },
	{ "api.z.ai", 443, "/api/coding/paas/v4/chat/completions", "z_ai", "openai", "chat", BILLING_SUBSCRIPTION },
	{ "api.z.ai", 443, "/api/paas/v4/chat/completions", "z_ai", "openai", "chat", BILLING_METERED },
	{ "api.cohere.com", 443, "/v2/chat", "cohere", "cohere", "chat", BILLING_METERED },
	{ "somewhere", 11434, "/api/tags", "ollama", "ollama", NULL, BILLING_SELF_HOSTED },
	{ "somewhere", 11434, "/v1/chat/completions", "ollama", "openai", "chat", BILLING_SELF_HOSTED },
	/* configured */
	{ "llm.corp.example", 443, "/v1/chat/completions", "corp-llm", "openai", "chat", BILLING_UNKNOWN },
	{ "llm.corp.example", 443, "/whatever", "corp-llm", "openai", "", BILLING_UNKNOWN },
	{ "gateway.corp.example", 4000, "/v1/messages", "litellm", "anthropic", "chat", BILLING_UNKNOWN },
	/* unknown: the path speaks */
	{ "api.example.com", 443, "/v1/chat/completions", "openai-compatible", "openai", "chat", BILLING_UNKNOWN },
	{ "localhost", 8000, "/v1/chat/completions", "openai-compatible", "openai", "chat", BILLING_SELF_HOSTED },
	{ "172.20.0.3", 8000, "/v1/completions", "openai-compatible", "openai", "text_completion", BILLING_SELF_HOSTED },
	{ "172.32.0.3", 8000, "/v1/completions", "openai-compatible", "openai", "text_completion", BILLING_UNKNOWN },
	{ "vllm.ml.svc.cluster.local", 80, "/v1/embeddings", "openai-compatible", "openai", "embeddings", BILLING_SELF_HOSTED },
	{ "proxy.example.com", 443, "/v1/messages", "anthropic-compatible", "anthropic", "chat", BILLING_UNKNOWN },
	{ "proxy.example.com", 443, "/g/v1beta/models/gemini-2:generateContent", "gemini-compatible", "gemini", "generate_content", BILLING_UNKNOWN },
	{ "www.example.com", 443, "/v1/files", NULL, NULL, NULL, BILLING_UNKNOWN },
	{ "www.example.com", 443, "/", NULL, NULL, NULL, BILLING_UNKNOWN },
	{ "", 0, "", NULL, NULL, NULL, BILLING_UNKNOWN },
};

static void configure(struct wants *wants)
{
	wants->n_hosts = 2;
	wants->hosts[0] = (struct wanted_host){ "llm.corp.example", "corp-llm", "openai", 0, 0 };
	wants->hosts[1] = (struct wanted_host){ "gateway.*", "litellm", "openai", 4000, 1 };
}

static void test_choices(void **state)
{
	struct wants *wants = mem_new(sizeof(*wants));

	(void)state;
	configure(wants);
	EACH(row, choices) {
		struct head head = { .side = SIDE_REQUEST, .method = STR("POST"), .host = str_of(row->host), .port = row->port,
				     .path = str_of(row->path) };
		struct choice choice;
		bool found = provider_choose(&head, wants, &choice);

		if (found != (row->provider != NULL))
			fail_msg("%s%s: %s", row->host, row->path, found ? choice.name : "nobody");
		if (!found)
			continue;
		if (strcmp(choice.name, row->provider) != 0 || strcmp(choice.dialect->name, row->dialect) != 0)
			fail_msg("%s%s: %s speaking %s", row->host, row->path, choice.name, choice.dialect->name);
		if (row->operation && strcmp(choice.route ? choice.route->operation : "", row->operation) != 0)
			fail_msg("%s%s: operation '%s'", row->host, row->path, choice.route ? choice.route->operation : "");
		assert_int_equal(choice.billing, row->billing);
		assert_int_equal(choice.known, strstr(row->provider, "-compatible") == NULL);
		assert_int_equal(choice.gateway, strcmp(row->provider, "litellm") == 0);
	}
	mem_free(wants);
}

/* What is remembered is what is chosen, whatever was asked for before. */
static void test_choices_again(void **state)
{
	struct wants *wants = mem_new(sizeof(*wants));
	struct choices *known = mem_new(sizeof(*known));
	const struct header upgrade = { STR("Upgrade"), STR("websocket") };
	struct choice choice, again;

	(void)state;
	configure(wants);
	for (int round = 0; round < 6; round++)
		EACH(row, choices) {
			/* the first with an upgrade, which nothing may be left of, then ports and paths that differ in little */
			struct head head = { .side = SIDE_REQUEST, .method = STR("POST"), .host = str_of(row->host), .port = row->port,
					     .path = str_of(row->path), .headers = &upgrade, .n_headers = round == 0 };
			bool found;

			head.port = (uint16_t)(head.port + (round == 2));
			head.path.n -= round == 3 && head.path.n > 1;
			found = provider_choose(&head, wants, &choice);
			assert_int_equal(provider_choose_again(known, &head, wants, &again), found);
			assert_memory_equal(&again, &choice, sizeof(choice));
			assert_int_equal(provider_choose_again(known, &head, wants, &again), found);
			assert_memory_equal(&again, &choice, sizeof(choice));
		}
	mem_free(known);
	mem_free(wants);
}

/* A gateway is named for one port: at another the same host is nobody. */
static void test_port(void **state)
{
	struct wants *wants = mem_new(sizeof(*wants));
	struct head head = { .host = STR("gateway.corp.example"), .port = 4001, .path = STR("/health") };
	struct choice choice;

	(void)state;
	configure(wants);
	assert_false(provider_choose(&head, wants, &choice));
	head.port = 4000;
	assert_true(provider_choose(&head, wants, &choice));
	mem_free(wants);
}

/* Every table is sound: names are there, dialects exist, patterns are lower case, headers too. */
static void test_tables(void **state)
{
	const struct provider *provider;
	size_t n = 0;

	(void)state;
	for (const struct provider_host *row = provider_hosts; row->host; row++) {
		assert_non_null(provider_dialect(str_of(row->dialect)));
		assert_in_range(strlen(row->provider), 1, 31);
		for (const char *p = row->host; *p; p++)
			assert_false(*p >= 'A' && *p <= 'Z');
	}
	for (size_t at = 0; (provider = provider_next(&at)); n++) {
		const struct provider *part = provider_dialect(str_of(provider->name));

		/* parts of one dialect share its name, and are found from its first */
		while (part && part != provider)
			part = part->sibling;
		assert_ptr_equal(part, provider);
		assert_in_range(strlen(provider->name), 1, 15);
		for (int side = 0; side < 2; side++) {
			assert_non_null(provider_table(provider, (enum side)side));
			for (const struct want *want = provider->headers[side]; want && want->path; want++)
				for (const char *p = want->path; *p; p++)
					assert_false(*p >= 'A' && *p <= 'Z');
			for (const struct want *want = provider->wants[side]; want && want->path; want++)
				assert_in_range(want->pick, 1, PICK_MAX - 1);
		}
		for (const struct route *route = provider->routes; route && route->path; route++)
			assert_in_range(strlen(route->operation), 1, 31);
	}
	assert_true(n >= 6);
	assert_null(provider_dialect(STR("nonsense")));
}

/* No host of the table of providers may be among those that never are one. */
static void test_never(void **state)
{
	static struct wants wants;

	(void)state;
	assert_true(provider_never(STR("github.com"), &wants));
	assert_true(provider_never(STR("sts.eu-west-1.amazonaws.com"), &wants));
	assert_false(provider_never(STR("models.github.ai"), &wants));
	assert_false(provider_never(STR("api.githubcopilot.com"), &wants));
	assert_false(provider_never(STR("bedrock-runtime.us-east-1.amazonaws.com"), &wants));
	assert_false(provider_never(STR("llm.corp.example"), &wants));
	assert_false(provider_never(STR("github.com.evil.example"), &wants));
	for (const struct provider_host *host = provider_hosts; host->host; host++)
		assert_false(provider_never(str_of(host->host), &wants));
	wants.n_hosts = 1;
	STR_COPY(wants.hosts[0].host, STR("*.corp.example"));
	assert_true(provider_never(STR("github.com"), &wants));
	STR_COPY(wants.hosts[0].host, STR("github.com"));
	assert_false(provider_never(STR("github.com"), &wants));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_choices_again),
		cmocka_unit_test(test_port),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_never),
	};

	return RUN(tests);
}
