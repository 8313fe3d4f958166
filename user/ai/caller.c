/* SPDX-License-Identifier: Apache-2.0 */
#include "ai/caller.h"

#include <stdio.h>
#include <string.h>

#include "ai/dialect.h"
#include "base/fingerprint.h"

#define S(text) { text, sizeof(text) - 1 }

/* Programs that act for a person, by how their user agent begins. */
static const struct {
	struct str begins;
	const char *agent;
} agents[] = {
	{ S("claude-cli/"), "claude-code" }, { S("claude-code/"), "claude-code" }, { S("codex"), "codex" },
	{ S("Cursor/"), "cursor" }, { S("connect-es/"), "" }, { S("GitHubCopilot"), "copilot" }, { S("GithubCopilot"), "copilot" },
	{ S("copilot/"), "copilot" }, { S("GeminiCLI"), "gemini-cli" }, { S("opencode/"), "opencode" }, { S("Cline/"), "cline" },
	{ S("RooCode/"), "roo-code" }, { S("Kilo-Code/"), "kilo-code" }, { S("aider"), "aider" }, { S("Zed/"), "zed" },
	{ S("QwenCode/"), "qwen-code" }, { S("Windsurf/"), "windsurf" }, { S("goose/"), "goose" }, { S("crush/"), "crush" },
};

/* The first that is there counts. */
const struct want caller_headers[] = {
	{ "x-claude-code-session-id", PICK_SESSION },
	{ "session_id", PICK_SESSION },
	{ "session-id", PICK_SESSION },
	{ "conversation_id", PICK_SESSION },
	{ "vscode-sessionid", PICK_SESSION },
	{ "x-session-id", PICK_SESSION },
	{ "helicone-session-id", PICK_SESSION },
	{ "chatgpt-account-id", PICK_ACCOUNT },
	{ "helicone-user-id", PICK_USER },
	{ "openai-organization", PICK_ORG },
	{ "openai-project", PICK_PROJECT },
	{ "x-goog-user-project", PICK_PROJECT },
	{ .path = NULL },
};

/* After the dialect's own. */
const struct want answer_headers[] = {
	{ "x-request-id", PICK_REQUEST_ID },
	{ "request-id", PICK_REQUEST_ID },
	{ "x-amzn-requestid", PICK_REQUEST_ID },
	/* LiteLLM hands the provider's own on under these names */
	{ "llm_provider-x-request-id", PICK_REQUEST_ID },
	{ "llm_provider-request-id", PICK_REQUEST_ID },
	{ "openai-organization", PICK_ORG },
	{ "anthropic-organization-id", PICK_ORG },
	{ "openai-project", PICK_PROJECT },
	{ "anthropic-workspace-id", PICK_PROJECT },
	{ "x-ms-region", PICK_REGION },
	{ .path = NULL },
};

static void read_agent(const struct head *head, struct call *call)
{
	struct str program = head_get(head, STR("user-agent"));

	STR_COPY(call->user_agent, program);
	for (size_t i = 0; i < sizeof(agents) / sizeof(*agents) && !call->agent[0]; i++)
		if (program.n && *program.p == *agents[i].begins.p && str_starts(program, agents[i].begins))
			STR_COPY(call->agent, str_of(agents[i].agent));
	if (!call->agent[0] && str_starts(head_get(head, STR("originator")), STR("codex")))
		STR_COPY(call->agent, STR("codex"));
	if (!call->agent[0] && head_get(head, STR("copilot-integration-id")).n)
		STR_COPY(call->agent, STR("copilot"));
}

static bool is_hex(struct str s)
{
	bool zero = true;

	for (size_t i = 0; i < s.n; i++) {
		if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
			return false;
		zero &= s.p[i] == '0';
	}
	return !zero;
}

/* W3C trace context: 00-<32 hex digits>-<16 hex digits>-<flags> */
static void read_trace(const struct head *head, struct call *call)
{
	struct str value = head_get(head, STR("traceparent"));
	struct str trace = str_sub(value, 3, 32), span = str_sub(value, 36, 16);

	if (value.n < 55 || value.p[2] != '-' || value.p[35] != '-' || value.p[52] != '-' || !is_hex(trace) || !is_hex(span))
		return;
	STR_COPY(call->trace_id, trace);
	STR_COPY(call->span_id, span);
}

static struct str digits_of(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return str_sub(s, 0, n);
}

static void read_attempt(const struct head *head, struct call *call)
{
	struct str amazon = head_get(head, STR("amz-sdk-request"));
	ptrdiff_t at = str_find(amazon, STR("attempt="));
	uint64_t n;

	if (str_u64(head_get(head, STR("x-stainless-retry-count")), &n) && n < 1000)
		call->attempt = (uint32_t)n + 1;
	else if (at >= 0 && str_u64(digits_of(str_sub(amazon, (size_t)at + 8, amazon.n)), &n) && n && n < 1000)
		call->attempt = (uint32_t)n;
	if (call->attempt > 1)
		call->flags |= CALL_RETRY;
}

static void read_idempotency(const struct head *head, const struct wants *wants, struct call *call)
{
	static const struct str names[] = { S("idempotency-key"), S("amz-sdk-invocation-id"), S("x-idempotency-key") };
	char hashed[FINGERPRINT_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct str key = head_get(head, names[i]);
		if (!key.n)
			continue;
		if (key.n >= sizeof(call->idempotency)) {
			fingerprint(wants->secret, wants->secret_generation, key, hashed);
			key = str_of(hashed);
		}
		STR_COPY(call->idempotency, key);
		return;
	}
}

/* [A-Za-z0-9._/@:-]{1,64} */
static bool fits_rule(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i], l = (char)(c | 32);
		if (!((l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || (c && strchr("._/@:-", c))))
			return false;
	}
	return s.n >= 1 && s.n <= 64;
}

void caller_value(struct call *call, uint8_t wanted, struct str value)
{
	struct wanted_value *to;

	if (call->n_values == WANTED_VALUES) {
		call->flags |= CALL_TRUNCATED;
		return;
	}
	to = &call->values[call->n_values++];
	to->wanted = wanted;
	if (!fits_rule(value)) {
		call->flags |= CALL_INVALID_VALUE;
		value = STR("_invalid");
	}
	STR_COPY(to->text, value);
}

static void read_wanted(const struct head *head, const struct wants *wants, struct call *call)
{
	for (uint32_t i = 0; i < wants->n_wanted && i < LIMIT_WANTED; i++) {
		const struct wanted *wanted = &wants->wanted[i];
		struct str value = wanted->kind == WANTED_HEADER ? head_get(head, str_of(wanted->name)) : (struct str){ NULL, 0 };
		if (value.p)
			caller_value(call, (uint8_t)i, value);
	}
}

void caller_read(const struct head *head, const struct wants *wants, struct call *call)
{
	read_agent(head, call);
	read_trace(head, call);
	read_attempt(head, call);
	read_idempotency(head, wants, call);
	read_wanted(head, wants, call);
}
