/* SPDX-License-Identifier: Apache-2.0 */
/* From heads and pieces to a call: what of it no dialect knows. */
#include <stdio.h>

#include "ai/keep.h"
#include "ai/reader.h"
#include "base/fingerprint.h"
#include "base/limits.h"
#include "base/mem.h"
#include "tests/lib/unit.h"

#define ASKED "{\"model\":\"gpt-4o\",\"user\":\"ann@example.com\",\"metadata\":{\"feature\":\"rerank\",\"note\":\"two words\"},\"stream\":true," \
	      "\"stream_options\":{\"include_usage\":true},\"tools\":[{\"function\":{\"name\":\"search\"}},{\"function\":{\"name\":\"book\"}}]}"
#define CAME "{\"id\":\"c1\",\"model\":\"gpt-4o-1\",\"choices\":[{\"message\":{\"content\":\"abc\",\"tool_calls\":[{\"function\":{\"name\":\"book\"}}]},\"finish_reason\":\"tool_calls\"}]," \
	     "\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2,\"total_tokens\":7,\"cost\":0.00012}}"

struct scene {
	struct reader *reader;
	struct call *call;
	struct wants *wants;
	struct head head;
	struct header headers[24];
	unsigned int n;
	struct call last;
};

static void on_call(void *ctx, const struct call *call)
{
	struct scene *s = ctx;

	s->n++;
	s->last = *call;
}

static void set_up(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	s->reader = mem_new(reader_size());
	s->call = mem_new(sizeof(*s->call));
	s->wants = mem_new(sizeof(*s->wants));
	s->wants->secret_generation = 1;
	s->head = (struct head){ .side = SIDE_REQUEST, .boot_ns = 10, .method = STR("POST"), .host = STR("api.openai.com"),
				 .port = 443, .path = STR("/v1/chat/completions"), .headers = s->headers };
}

static void tear_down(struct scene *s)
{
	mem_free(s->reader);
	mem_free(s->call);
	mem_free(s->wants);
}

static void header(struct scene *s, const char *name, const char *value)
{
	s->headers[s->head.n_headers++] = (struct header){ str_of(name), str_of(value) };
}

static int begin(struct scene *s)
{
	memset(s->call, 0, sizeof(*s->call));
	s->n = 0;
	reader_begin(s->reader, s->wants, s->call, on_call, s);
	return reader_head(s->reader, &s->head);
}

static void piece(struct scene *s, enum side side, enum item_kind kind, const char *name, struct str text, bool first, bool last)
{
	const struct piece told = { .side = side, .kind = kind, .first = first, .last = last, .boot_ns = 50, .name = str_of(name),
				    .text = text };

	reader_piece(s->reader, &told);
}

static void whole(struct scene *s, enum side side, const char *text)
{
	piece(s, side, ITEM_DOCUMENT, "", str_of(text), true, true);
}

static void answer(struct scene *s, int status)
{
	struct head head = s->head;

	head.side = SIDE_RESPONSE;
	head.status = status;
	head.n_headers = 0;
	reader_head(s->reader, &head);
}

static void test_call(void **state)
{
	struct scene s;

	(void)state;
	set_up(&s);
	header(&s, "User-Agent", "OpenAI/Python 1.99.0");
	header(&s, "OpenAI-Organization", "org-1");
	header(&s, "OpenAI-Project", "proj_1");
	header(&s, "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
	header(&s, "x-stainless-retry-count", "2");
	header(&s, "Idempotency-Key", "key-1");
	assert_int_equal(begin(&s), INTEREST_AI);
	whole(&s, SIDE_REQUEST, ASKED);
	answer(&s, 200);
	whole(&s, SIDE_RESPONSE, CAME);
	reader_end(s.reader, ENDING_COMPLETE);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.last.provider, "openai");
	assert_string_equal(s.last.dialect, "openai");
	assert_string_equal(s.last.operation, "chat");
	assert_string_equal(s.last.host, "api.openai.com");
	assert_string_equal(s.last.method, "POST");
	assert_string_equal(s.last.path, "/v1/chat/completions");
	assert_int_equal(s.last.port, 443);
	assert_string_equal(s.last.org, "org-1");
	assert_string_equal(s.last.project, "proj_1");
	assert_string_equal(s.last.trace_id, "0af7651916cd43dd8448eb211c80319c");
	assert_string_equal(s.last.span_id, "b7ad6b7169203331");
	assert_string_equal(s.last.idempotency, "key-1");
	assert_int_equal(s.last.attempt, 3);
	assert_int_equal(s.last.flags, CALL_RETRY | CALL_STREAM | CALL_USAGE_ASKED);
	assert_int_equal(s.last.status, 200);
	assert_string_equal(s.last.model_requested, "gpt-4o");
	assert_string_equal(s.last.model, "gpt-4o-1");
	assert_string_equal(s.last.finish_reason, "tool_calls");
	assert_string_equal(s.last.tools_offered, "search,book");
	assert_string_equal(s.last.tools_called, "book");
	assert_string_equal(s.last.usage_raw, "{\"prompt_tokens\":5,\"completion_tokens\":2,\"total_tokens\":7,\"cost\":0.00012}");
	assert_int_equal(s.last.has_provider_cost, 1);
	assert_int_equal(s.last.provider_cost_pico, 120000000);
	assert_int_equal(s.last.billing, BILLING_METERED);
	assert_int_equal(s.last.content_bytes[SIDE_RESPONSE], 3);
	assert_int_equal(s.last.n_usages, 1);
	assert_string_equal(s.last.usages[0].model, "gpt-4o-1");
	assert_true(s.last.body_hash != 0);
	tear_down(&s);
}

/* A person's name never leaves as it is, unless that is wanted. */
static void test_user(void **state)
{
	static const struct {
		enum user_privacy keep;
		const char *user;	/* NULL: a fingerprint */
	} table[] = { { USER_HASH, NULL }, { USER_KEEP, "ann@example.com" }, { USER_DROP, "" } };
	struct scene s;

	(void)state;
	set_up(&s);
	EACH(row, table) {
		char hashed[FINGERPRINT_MAX];

		s.wants->keep_user = (uint8_t)row->keep;
		fingerprint_person(s.wants->secret, 1, STR("ann@example.com"), hashed);
		begin(&s);
		whole(&s, SIDE_REQUEST, ASKED);
		reader_end(s.reader, ENDING_COMPLETE);
		assert_string_equal(s.last.user, row->user ? row->user : hashed);
		assert_true(row->keep == USER_KEEP || !memmem(&s.last, sizeof(s.last), "ann@", 4));
	}
	tear_down(&s);
}

static void test_credentials(void **state)
{
	static const struct {
		const char *name, *value, *secret, *region;
		enum credential_kind kind;
	} table[] = {
		{ "Authorization", "Bearer sk-proj-1", "sk-proj-1", "", CREDENTIAL_API_KEY },
		{ "authorization", "Bearer sk-ant-oat01-x", "sk-ant-oat01-x", "", CREDENTIAL_OAUTH },
		{ "authorization", "Bearer ya29.x", "ya29.x", "", CREDENTIAL_CLOUD_TOKEN },
		{ "authorization", "Bearer eyJhbGciOi.x.y", "eyJhbGciOi.x.y", "", CREDENTIAL_CLOUD_TOKEN },
		{ "authorization", "Token r8_1", "r8_1", "", CREDENTIAL_API_KEY },
		{ "X-Api-Key", "sk-ant-1", "sk-ant-1", "", CREDENTIAL_API_KEY },
		{ "api-key", "azure-1", "azure-1", "", CREDENTIAL_API_KEY },
		{ "x-goog-api-key", "AIza1", "AIza1", "", CREDENTIAL_API_KEY },
		{ "Authorization", "AWS4-HMAC-SHA256 Credential=AKIA1/20261122/eu-west-1/bedrock/aws4_request, SignedHeaders=host, Signature=0f",
		  "AKIA1", "eu-west-1", CREDENTIAL_SIGV4 },
		{ "Cookie", "a=b", NULL, "", CREDENTIAL_NONE },
	};
	struct scene s;

	(void)state;
	set_up(&s);
	EACH(row, table) {
		char expected[FINGERPRINT_MAX] = "";
		struct buf stand_in = BUF(1024);

		if (row->secret)
			fingerprint(s.wants->secret, 1, str_of(row->secret), expected);
		s.head.n_headers = 0;
		header(&s, row->name, row->value);
		begin(&s);
		assert_string_equal(s.call->credential, expected);
		assert_string_equal(s.call->region, row->region);
		assert_int_equal(s.call->credential_kind, row->kind);
		if (row->secret)
			assert_null(memmem(s.call, sizeof(*s.call), row->secret, strlen(row->secret)));
		/* what stands in a scrubbed recording reads the same, and tells no secret */
		assert_int_equal(keep_header(s.wants, SIDE_REQUEST, str_of(row->name)), KEEP_SECRET);
		assert_int_equal(keep_secret(s.wants, str_of(row->name), str_of(row->value), &stand_in), 0);
		assert_true(!row->secret || str_find(buf_view(&stand_in), str_of(row->secret)) < 0);
		s.head.n_headers = 0;
		header(&s, row->name, buf_cstr(&stand_in));
		begin(&s);
		assert_string_equal(s.call->credential, expected);
		assert_string_equal(s.call->region, row->region);
		assert_int_equal(s.call->credential_kind, row->kind);
		buf_done(&stand_in);
	}
	tear_down(&s);
}

static void test_key_in_query(void **state)
{
	char expected[FINGERPRINT_MAX];
	struct buf kept = BUF(1024);
	struct scene s;

	(void)state;
	set_up(&s);
	s.head.query = STR("alt=sse&key=AIza%2D1&prompt=secret");
	fingerprint(s.wants->secret, 1, STR("AIza-1"), expected);
	begin(&s);
	assert_string_equal(s.call->credential, expected);
	assert_string_equal(s.call->path, "/v1/chat/completions");
	assert_int_equal(keep_query(s.wants, s.head.query, &kept), 0);
	assert_true(str_starts(buf_view(&kept), STR("alt=sse&key=aitap:api_key:k1:")));
	assert_true(str_find(buf_view(&kept), STR("secret")) < 0);
	s.head.query = buf_view(&kept);
	begin(&s);
	assert_string_equal(s.call->credential, expected);
	buf_done(&kept);
	tear_down(&s);
}

static void want(struct scene *s, enum wanted_kind kind, const char *name)
{
	struct wanted *wanted = &s->wants->wanted[s->wants->n_wanted++];

	wanted->kind = (uint8_t)kind;
	str_copy(wanted->name, sizeof(wanted->name), str_of(name));
}

static void test_wanted_values(void **state)
{
	static const char *const expected[] = { "t/eam-1", "_invalid", "rerank", "_invalid", "gpt-4o" };
	struct scene s;

	(void)state;
	set_up(&s);
	want(&s, WANTED_HEADER, "x-team-id");
	want(&s, WANTED_HEADER, "x-feature");
	want(&s, WANTED_ENV, "AI_TEAM");
	want(&s, WANTED_BODY, "metadata.feature");
	want(&s, WANTED_BODY, "metadata.note");
	want(&s, WANTED_BODY, "not..a.path");
	want(&s, WANTED_BODY, "absent");
	want(&s, WANTED_BODY, "model");
	header(&s, "X-Team-Id", "t/eam-1");
	header(&s, "X-Feature", "has spaces");
	for (size_t step = 0; step < 3; step++) {
		struct str text = STR(ASKED);

		begin(&s);
		if (!step)
			whole(&s, SIDE_REQUEST, ASKED);
		for (size_t at = 0; step && at < text.n; at += step)
			piece(&s, SIDE_REQUEST, ITEM_DOCUMENT, "", str_sub(text, at, step), at == 0, at + step >= text.n);
		reader_end(s.reader, ENDING_COMPLETE);
		assert_int_equal(s.last.n_values, 5);
		for (size_t i = 0; i < 5; i++)
			assert_string_equal(s.last.values[i].text, expected[i]);
		assert_int_equal(s.last.values[2].wanted, 3);
		assert_true(s.last.flags & CALL_INVALID_VALUE);
	}
	tear_down(&s);
}

static void test_agents(void **state)
{
	static const struct {
		const char *name, *value, *host, *path, *agent;
		enum billing billing;
	} table[] = {
		{ "user-agent", "claude-cli/2.0 (external, cli)", "api.anthropic.com", "/v1/messages", "claude-code", BILLING_METERED },
		{ "authorization", "Bearer sk-ant-oat01-1", "api.anthropic.com", "/v1/messages", "", BILLING_SUBSCRIPTION },
		{ "originator", "codex_cli_rs", "chatgpt.com", "/backend-api/codex/responses", "codex", BILLING_SUBSCRIPTION },
		{ "copilot-integration-id", "vscode-chat", "api.githubcopilot.com", "/chat/completions", "copilot", BILLING_SUBSCRIPTION },
		{ "user-agent", "curl/8", "api.openai.com", "/v1/chat/completions", "", BILLING_METERED },
	};
	struct scene s;

	(void)state;
	set_up(&s);
	EACH(row, table) {
		s.head.n_headers = 0;
		s.head.host = str_of(row->host);
		s.head.path = str_of(row->path);
		header(&s, row->name, row->value);
		assert_int_equal(begin(&s), INTEREST_AI);
		assert_string_equal(s.call->agent, row->agent);
		assert_int_equal(s.call->billing, row->billing);
	}
	tear_down(&s);
}

/* A path that looks like it is a claim; the body bears it out, or nothing is told. */
static void test_maybe(void **state)
{
	static const struct {
		const char *asked, *came;
		unsigned int calls;
	} table[] = {
		{ ASKED, "{\"error\":\"no\"}", 1 },
		{ "{}", CAME, 1 },
		{ "{\"order\":1}", "{\"ok\":true}", 0 },
		{ "", "<html>", 0 },
	};
	struct scene s;

	(void)state;
	set_up(&s);
	s.head.host = STR("api.example.com");
	EACH(row, table) {
		assert_int_equal(begin(&s), INTEREST_MAYBE);
		whole(&s, SIDE_REQUEST, row->asked);
		answer(&s, 200);
		whole(&s, SIDE_RESPONSE, row->came);
		reader_end(s.reader, ENDING_COMPLETE);
		assert_int_equal(s.n, row->calls);
	}
	s.head.path = STR("/index.html");
	assert_int_equal(begin(&s), INTEREST_NONE);
	reader_end(s.reader, ENDING_COMPLETE);
	assert_int_equal(s.n, 0);
	tear_down(&s);
}

static void test_retrieval(void **state)
{
	static const struct {
		const char *method, *path;
		uint32_t flags;
	} table[] = {
		{ "POST", "/v1/responses", 0 },
		{ "GET", "/v1/responses/resp_1", CALL_RETRIEVAL },
		{ "GET", "/async/chat/completions/resp_1", CALL_RETRIEVAL },
		{ "GET", "/v1/models", CALL_RETRIEVAL | CALL_FREE },
		{ "DELETE", "/v1/files/f", CALL_FREE },
		{ "POST", "/v1/files", CALL_FREE },
		{ "POST", "/v1/moderations", CALL_FREE },
	};
	struct scene s;

	(void)state;
	set_up(&s);
	EACH(row, table) {
		s.head.method = str_of(row->method);
		s.head.path = str_of(row->path);
		begin(&s);
		assert_int_equal(s.call->flags & (CALL_RETRIEVAL | CALL_FREE), row->flags);
		assert_string_equal(s.call->previous_id, strstr(row->path, "/resp_1") ? "resp_1" : "");
	}
	s.head.method = STR("POST");
	s.head.path = STR("/v1/batches");
	begin(&s);
	answer(&s, 200);
	whole(&s, SIDE_RESPONSE, "{\"id\":\"batch_1\",\"object\":\"batch\",\"status\":\"validating\"}");
	reader_end(s.reader, ENDING_COMPLETE);
	assert_string_equal(s.last.batch_id, "batch_1");
	assert_string_equal(s.last.response_id, "");
	assert_int_equal(s.last.billing, BILLING_BATCH);
	s.head.method = STR("GET");
	s.head.path = STR("/v1/batches/batch%5F2");
	begin(&s);
	assert_string_equal(s.call->batch_id, "batch_2");
	tear_down(&s);
}

/* At every cut of an answer: what is told is right, or is not told. */
static void test_cut_anywhere(void **state)
{
	static const char came[] = CAME;
	unsigned int known = 0;
	struct scene s;

	(void)state;
	set_up(&s);
	for (size_t n = 1; n < sizeof(came) - 1; n++) {
		begin(&s);
		whole(&s, SIDE_REQUEST, ASKED);
		answer(&s, 200);
		piece(&s, SIDE_RESPONSE, ITEM_DOCUMENT, "", (struct str){ came, n }, true, false);
		reader_end(s.reader, ENDING_HOLE);
		assert_int_equal(s.n, 1);
		assert_true(!s.last.model[0] || !strcmp(s.last.model, "gpt-4o-1"));
		if (s.last.usage_source == USAGE_NONE) {
			assert_int_equal(s.last.n_usages, 0);
			continue;
		}
		known++;
		assert_int_equal(s.last.usages[0].count[COUNT_INPUT], 5);
		assert_int_equal(s.last.usages[0].count[COUNT_OUTPUT], 2);
	}
	/* once its object was closed, usage counts though the document did not end */
	assert_true(known > 0 && known < 10);
	tear_down(&s);
}

/* The framing says that it is whole, its brackets say that it is not. */
static void test_broken_off(void **state)
{
	static const struct {
		const char *came;
		uint32_t aborted;
		uint8_t source;
	} table[] = {
		{ "{\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3}}", 0, USAGE_REPORTED },
		{ "{\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3}} ?", 0, USAGE_REPORTED },
		{ "{\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3}", CALL_ABORTED, USAGE_REPORTED },
		{ "{\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3", CALL_ABORTED, USAGE_NONE },
		{ "{\"usage\":{\"prompt_tokens\":1", CALL_ABORTED, USAGE_NONE },
		{ "[broken] by hand", 0, USAGE_NONE },
	};
	struct scene s;

	(void)state;
	set_up(&s);
	EACH(row, table) {
		begin(&s);
		answer(&s, 200);
		whole(&s, SIDE_RESPONSE, row->came);
		reader_end(s.reader, ENDING_COMPLETE);
		assert_int_equal(s.last.flags & CALL_ABORTED, row->aborted);
		assert_int_equal(s.last.usage_source, row->source);
	}
	tear_down(&s);
}

/* A stream's events; the one that a hole hit does not spoil the next. */
static void test_events(void **state)
{
	struct scene s;

	(void)state;
	set_up(&s);
	begin(&s);
	answer(&s, 200);
	piece(&s, SIDE_RESPONSE, ITEM_EVENT, "", STR("{\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"ab\"}}]}"), true, true);
	piece(&s, SIDE_RESPONSE, ITEM_EVENT, "", STR("{\"usage\":{\"prompt_tokens\":9999,"), true, false);
	piece(&s, SIDE_RESPONSE, ITEM_EVENT, "", STR("{\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}"), true, true);
	piece(&s, SIDE_RESPONSE, ITEM_EVENT, "", STR("[DONE]"), true, true);
	piece(&s, SIDE_RESPONSE, ITEM_EVENT, "", STR("\"prompt_tokens\":7}}"), false, true);
	reader_end(s.reader, ENDING_HOLE);
	assert_int_equal(s.last.usages[0].count[COUNT_INPUT], 5);
	assert_int_equal(s.last.first_token_ns, 50);
	assert_true(s.last.flags & CALL_STREAM);
	tear_down(&s);
}

static void test_form(void **state)
{
	const struct piece file = { .side = SIDE_REQUEST, .kind = ITEM_FIELD, .first = true, .last = true, .file = true, .name = STR("model"),
				    .text = STR("RIFF") };
	struct scene s;

	(void)state;
	set_up(&s);
	s.head.path = STR("/v1/audio/transcriptions");
	want(&s, WANTED_BODY, "language");
	begin(&s);
	piece(&s, SIDE_REQUEST, ITEM_FIELD, "model", STR("whis"), true, false);
	piece(&s, SIDE_REQUEST, ITEM_FIELD, "model", STR("per-1"), false, true);
	piece(&s, SIDE_REQUEST, ITEM_FIELD, "language", STR("en"), true, true);
	reader_piece(s.reader, &file);
	reader_end(s.reader, ENDING_COMPLETE);
	assert_string_equal(s.last.model_requested, "whisper-1");
	assert_string_equal(s.last.operation, "transcription");
	assert_int_equal(s.last.n_values, 1);
	assert_string_equal(s.last.values[0].text, "en");
	tear_down(&s);
}

static void test_tier_whatever_the_order(void **state)
{
	struct scene s;

	(void)state;
	set_up(&s);
	for (int late = 0; late < 2; late++) {
		begin(&s);
		if (!late)
			whole(&s, SIDE_REQUEST, "{\"model\":\"m\",\"service_tier\":\"auto\"}");
		answer(&s, 200);
		whole(&s, SIDE_RESPONSE, "{\"model\":\"m\",\"service_tier\":\"default\"}");
		if (late)
			whole(&s, SIDE_REQUEST, "{\"model\":\"m\",\"service_tier\":\"auto\"}");
		reader_end(s.reader, ENDING_COMPLETE);
		assert_string_equal(s.last.service_tier, "default");
	}
	begin(&s);
	whole(&s, SIDE_REQUEST, "{\"model\":\"m\",\"service_tier\":\"flex\"}");
	reader_end(s.reader, ENDING_COMPLETE);
	assert_string_equal(s.last.service_tier, "flex");
	tear_down(&s);
}

/* However it is cut, a body has one hash; another key or body, another. */
static void test_body_hash(void **state)
{
	static const char text[] = ASKED;
	uint64_t first = 0;
	struct scene s;

	(void)state;
	set_up(&s);
	for (size_t at = 1; at < sizeof(text) - 1; at++) {
		begin(&s);
		piece(&s, SIDE_REQUEST, ITEM_DOCUMENT, "", (struct str){ text, at }, true, false);
		piece(&s, SIDE_REQUEST, ITEM_DOCUMENT, "", (struct str){ text + at, sizeof(text) - 1 - at }, false, true);
		reader_end(s.reader, ENDING_COMPLETE);
		assert_true(s.last.body_hash != 0);
		first = first ? first : s.last.body_hash;
		assert_true(s.last.body_hash == first);
	}
	s.wants->secret[3] = 1;
	begin(&s);
	whole(&s, SIDE_REQUEST, ASKED);
	reader_end(s.reader, ENDING_COMPLETE);
	assert_true(s.last.body_hash != first);
	tear_down(&s);
}

/* The same memory again and again, nothing asked of the heap, nothing left of the call before. */
static void test_again(void **state)
{
	struct scene s;
	uint64_t before;

	(void)state;
	set_up(&s);
	before = mem_count();
	for (int i = 0; i < 20; i++) {
		begin(&s);
		if (i % 2)
			whole(&s, SIDE_REQUEST, ASKED);
		answer(&s, i % 2 ? 200 : 500);
		if (i % 2)
			whole(&s, SIDE_RESPONSE, CAME);
		reader_end(s.reader, ENDING_COMPLETE);
		assert_int_equal(s.n, 1);
		assert_string_equal(s.last.error_type, i % 2 ? "" : "500");
		assert_string_equal(s.last.model, i % 2 ? "gpt-4o-1" : "");
		assert_int_equal(s.last.n_usages, i % 2);
		assert_int_equal(s.last.content_bytes[1], i % 2 ? 3 : 0);
	}
	assert_int_equal(mem_count(), before);
	tear_down(&s);
}

/* The parts of Claude Code's user, as it stands in a body and in a header. */
static void test_persons(const struct wants *wants)
{
	static const struct {
		const char *value, *begins, *ends;
	} table[] = {
		{ "{\\\"device_id\\\":\\\"abc\\\",\\\"account_uuid\\\":\\\"\\\",\\\"session_id\\\":\\\"g-1\\\",\\\"mail\\\":\\\"ann@x\\\"}",
		  "{\\\"device_id\\\":\\\"u1:", "\\\",\\\"account_uuid\\\":\\\"\\\",\\\"session_id\\\":\\\"g-1\\\"}" },
		{ "{\"session_id\":\"g-1\",\"device_id\":\"abc\",\"account_uuid\":\"def\"}", "{\"device_id\":\"u1:", "\"session_id\":\"g-1\"}" },
		{ "user_abc_account__session_g-1", "user_u1:", "_account__session_g-1" },
		{ "ann@example.com", "u1:", "" },
	};

	EACH(row, table) {
		struct buf kept = BUF(512);

		assert_int_equal(keep_person(wants, str_of(row->value), &kept), 0);
		assert_true(str_starts(buf_view(&kept), str_of(row->begins)));
		assert_true(str_ends(buf_view(&kept), str_of(row->ends)));
		assert_true(str_find(buf_view(&kept), STR("ann")) < 0 && str_find(buf_view(&kept), STR("\"abc")) < 0);
		buf_done(&kept);
	}
}

/* Whatever a dialect reads of a head stays. */
static void test_kept_headers(const struct wants *wants)
{
	const struct provider *provider;
	size_t n = 0;

	for (size_t at = 0; (provider = provider_next(&at));)
		for (int side = SIDE_REQUEST; side <= SIDE_RESPONSE; side++)
			for (const struct want *want = provider->headers[side]; want && want->path; want++, n++)
				if (keep_header(wants, (enum side)side, str_of(want->path)) == KEEP_NOTHING)
					fail_msg("%s does not keep %s", provider->name, want->path);
	assert_true(n > 10);
}

static void test_keep(void **state)
{
	static const struct {
		const char *path;
		enum side side;
		enum keep keep;
	} table[] = {
		{ "model", SIDE_REQUEST, KEEP_TEXT },
		{ "messages[].content", SIDE_REQUEST, KEEP_NOTHING },
		{ "prompt", SIDE_REQUEST, KEEP_NOTHING },
		{ "user", SIDE_REQUEST, KEEP_PERSON },
		{ "metadata.user_id", SIDE_REQUEST, KEEP_PERSON },
		{ "metadata.feature", SIDE_REQUEST, KEEP_TEXT },
		{ "metadata.note", SIDE_REQUEST, KEEP_NOTHING },
		{ "tools[].function.name", SIDE_REQUEST, KEEP_TEXT },
		{ "tools[].function.description", SIDE_REQUEST, KEEP_NOTHING },
		{ "choices[].delta.content", SIDE_RESPONSE, KEEP_NOTHING },
		{ "choices[].finish_reason", SIDE_RESPONSE, KEEP_TEXT },
		{ "choices.finish_reason", SIDE_RESPONSE, KEEP_NOTHING },
		{ "", SIDE_RESPONSE, KEEP_NOTHING },
		{ "[][]x..", SIDE_RESPONSE, KEEP_NOTHING },
	};
	struct buf person = BUF(256);
	struct scene s;

	(void)state;
	set_up(&s);
	want(&s, WANTED_BODY, "metadata.feature");
	EACH(row, table)
		if (keep_path(s.wants, row->side, str_of(row->path)) != row->keep)
			fail_msg("'%s' is kept as %d", row->path, keep_path(s.wants, row->side, str_of(row->path)));
	test_kept_headers(s.wants);
	assert_int_equal(keep_header(s.wants, SIDE_REQUEST, STR("X-Secret-Thing")), KEEP_NOTHING);
	assert_int_equal(keep_header(s.wants, SIDE_REQUEST, STR("User-Agent")), KEEP_TEXT);
	assert_int_equal(keep_header(s.wants, SIDE_RESPONSE, STR("X-Request-Id")), KEEP_TEXT);
	assert_int_equal(keep_header(s.wants, SIDE_RESPONSE, STR("X-Amzn-Bedrock-Input-Token-Count")), KEEP_TEXT);
	assert_int_equal(keep_header(s.wants, SIDE_RESPONSE, STR("Set-Cookie")), KEEP_SECRET);
	test_persons(s.wants);
	keep_person(s.wants, STR("user_abc_account_def_session_ghi"), &person);
	assert_true(str_starts(buf_view(&person), STR("user_u1:")));
	assert_true(str_ends(buf_view(&person), STR("_session_ghi")));
	assert_true(str_find(buf_view(&person), STR("def")) < 0);
	buf_done(&person);
	tear_down(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call), cmocka_unit_test(test_user), cmocka_unit_test(test_credentials),
		cmocka_unit_test(test_key_in_query), cmocka_unit_test(test_wanted_values), cmocka_unit_test(test_agents),
		cmocka_unit_test(test_maybe), cmocka_unit_test(test_retrieval), cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_broken_off), cmocka_unit_test(test_events), cmocka_unit_test(test_form), cmocka_unit_test(test_body_hash),
		cmocka_unit_test(test_again), cmocka_unit_test(test_keep), cmocka_unit_test(test_tier_whatever_the_order),
	};

	return RUN(tests);
}
