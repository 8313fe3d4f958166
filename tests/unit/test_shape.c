/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that were joined in their middle: no path, and the host's dialects told apart by their bodies. */
#include "tests/lib/dialogue.h"

#define FILL "                                                                                                    "
#define LONG FILL FILL FILL FILL FILL FILL FILL FILL FILL

struct guess {
	struct dialogue talk;
	const char *dialect;
	const char *operation;
};

static const struct guess guesses[] = {
	{ { .name = "a chat completion", .host = "api.openai.com", .path = "", .asked = "{\"model\":\"gpt-4o\",\"messages\":[]}",
	    .came = "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-1\",\"choices\":[{\"message\":{\"content\":\"a\"}}],"
		    "\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":20,\"total_tokens\":120,\"prompt_tokens_details\":{\"cached_tokens\":64}}}",
	    .expect = "gpt-4o>gpt-4o-1 c1 input=100 cache_read=64 output=20" }, "openai", "chat" },
	{ { .name = "a response", .host = "api.openai.com", .path = "", .asked = "{\"model\":\"gpt-4o\"}",
	    .came = "{\"id\":\"r1\",\"object\":\"response\",\"status\":\"completed\",\"model\":\"gpt-4o-1\",\"output\":[{\"type\":\"web_search_call\"}],"
		    "\"usage\":{\"input_tokens\":9,\"output_tokens\":3,\"total_tokens\":12}}",
	    .expect = "gpt-4o>gpt-4o-1 r1 input=9 output=3 web_search=1" }, "openai", "chat" },
	{ { .name = "a message where OpenAI's dialect is the host's own", .host = "api.deepseek.com", .path = "", .asked = "{\"model\":\"d\",\"max_tokens\":5}",
	    .came = "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"d\",\"content\":[],"
		    "\"usage\":{\"input_tokens\":10,\"cache_read_input_tokens\":90,\"output_tokens\":5}}",
	    .expect = "d>d msg_1 input=100 cache_read=90 output=5" }, "anthropic", "chat" },
	{ { .name = "a message's stream", .host = "api.anthropic.com", .path = "", .asked = "{\"model\":\"claude\"}", .kind = ITEM_EVENT,
	    .came = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude-1\",\"usage\":{\"input_tokens\":10,\"output_tokens\":1}}}\n\n"
		    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":25}}\n\n",
	    .expect = "claude>claude-1 msg_1 input=10 output=25" }, "anthropic", "chat" },
	{ { .name = "a stream that was joined behind its start", .host = "api.anthropic.com", .path = "", .asked = "", .kind = ITEM_EVENT,
	    .came = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"a\"}}\n\n"
		    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"output_tokens\":25}}\n\n",
	    .expect = "> - input=0 output=25" }, "anthropic", "chat" },
	{ { .name = "a chat completion at Anthropic's", .host = "api.anthropic.com", .path = "", .asked = "{\"model\":\"claude\"}", .kind = ITEM_EVENT,
	    .came = "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"claude-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n",
	    .expect = "claude>claude-1 c1 input=5 output=2" }, "openai", "chat" },
	{ { .name = "Google's own", .host = "generativelanguage.googleapis.com", .path = "", .asked = "{\"contents\":[{\"parts\":[{\"text\":\"a\"}]}]}",
	    .came = "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"finishReason\":\"STOP\"}],"
		    "\"usageMetadata\":{\"promptTokenCount\":7,\"candidatesTokenCount\":2,\"thoughtsTokenCount\":30,\"totalTokenCount\":39},\"modelVersion\":\"gemini-2.5\",\"responseId\":\"r\"}",
	    .expect = ">gemini-2.5 r input=7 output=32 reasoning=30" }, "gemini", "generate_content" },
	{ { .name = "and what it speaks besides", .host = "generativelanguage.googleapis.com", .path = "", .asked = "{\"model\":\"gemini-2.5\",\"messages\":[]}",
	    .came = "{\"choices\":[],\"id\":\"c1\",\"object\":\"chat.completion\",\"usage\":{\"prompt_tokens\":35,\"completion_tokens\":12,\"total_tokens\":109}}",
	    .expect = "gemini-2.5> c1 input=35 output=74" }, "openai", "chat" },
	{ { .name = "three dialects at Vertex", .host = "us-east5-aiplatform.googleapis.com", .path = "", .asked = "{\"anthropic_version\":\"vertex-2023-10-16\"}",
	    .came = "{\"model\":\"claude-1\",\"id\":\"msg_1\",\"type\":\"message\",\"usage\":{\"input_tokens\":3,\"cache_creation_input_tokens\":4,\"output_tokens\":5}}",
	    .expect = ">claude-1 msg_1 input=7 cache_write=4 output=5" }, "anthropic", "chat" },
	{ { .name = "xAI's total shows reasoning", .host = "api.x.ai", .path = "", .asked = "{\"model\":\"grok\"}",
	    .came = "{\"object\":\"chat.completion\",\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":2,\"total_tokens\":332,\"completion_tokens_details\":{\"reasoning_tokens\":320}}}",
	    .expect = "grok> - input=10 output=322 reasoning=320" }, "openai", "chat" },
	{ { .name = "embeddings", .host = "api.openai.com", .path = "", .asked = "{\"model\":\"e\",\"input\":\"a\"}",
	    .came = "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"embedding\":[0.1]}],\"model\":\"e-1\",\"usage\":{\"prompt_tokens\":8,\"total_tokens\":8}}",
	    .expect = "e>e-1 - input=8 output=0" }, "openai", "embeddings" },
	{ { .name = "what a text says is no shape", .host = "api.deepseek.com", .path = "", .asked = "{\"model\":\"d\"}",
	    .came = "{\"note\":\"{\\\"type\\\":\\\"message\\\"}\",\"x\":{\"candidates\":[]},\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}",
	    .expect = "d> - input=5 output=2" }, "openai", "" },
	{ { .name = "blank lines first", .host = "openrouter.ai", .path = "", .asked = "{\"model\":\"m\"}",
	    .came = "\n" LONG "\n" LONG "\n{\"type\":\"message\",\"id\":\"msg_1\",\"usage\":{\"input_tokens\":3,\"output_tokens\":5}}",
	    .expect = "m> msg_1 input=3 output=5" }, "anthropic", "chat" },
	{ { .name = "a beginning that says nothing", .host = "api.openai.com", .path = "", .asked = "{\"model\":\"m\"}",
	    .came = "{\"note\":\"" LONG "\",\"object\":\"chat.completion\",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}",
	    .expect = "m> - input=5 output=2" }, "openai", "" },
	{ { .name = "a host that serves more than models", .host = "api.cloudflare.com", .path = "", .asked = "{\"name\":\"zone\"}",
	    .came = "{\"result\":{\"id\":\"z\"},\"success\":true}", .expect = "" }, NULL, NULL },
	{ { .name = "nobody's", .path = "", .asked = "{\"model\":\"m\"}", .came = "{\"object\":\"chat.completion\"}", .expect = "" }, NULL, NULL },
};

static void shapes(void **state)
{
	struct dialogue_told *told = mem_new(sizeof(*told));

	(void)state;
	EACH(guess, guesses) {
		dialogue_check(&guess->talk);
		if (!guess->dialect)
			continue;
		dialogue_play(&guess->talk, 0, ENDING_COMPLETE, told);
		if (strcmp(told->calls[0].dialect, guess->dialect) != 0 || strcmp(told->calls[0].operation, guess->operation) != 0)
			fail_msg("%s: %s %s", guess->talk.name, told->calls[0].dialect, told->calls[0].operation);
		assert_int_equal(told->calls[0].flags & CALL_FREE, 0);
	}
	mem_free(told);
}

/* Nothing of the head was seen: the answer's own names are all there is. */
static void nameless(void **state)
{
	static const struct {
		const char *asked, *came, *provider, *dialect;	/* NULL: nothing is told */
		const char *path;				/* NULL: nor was that */
	} table[] = {
		{ "{\"model\":\"claude-sonnet-5\"}", "{\"type\":\"message\",\"id\":\"msg_011CdX\",\"model\":\"claude-sonnet-5\",\"usage\":{\"input_tokens\":3,\"output_tokens\":5}}",
		  "anthropic", "anthropic" },
		{ "{\"model\":\"c\"}", "{\"type\":\"message\",\"id\":\"msg_bdrk_01\",\"model\":\"claude-sonnet-5\",\"usage\":{\"input_tokens\":3,\"output_tokens\":5}}",
		  "aws.bedrock", "anthropic" },
		{ "{\"model\":\"k2\"}", "{\"type\":\"message\",\"id\":\"1\",\"model\":\"k2\",\"usage\":{\"input_tokens\":3,\"output_tokens\":5}}",
		  "anthropic-compatible", "anthropic" },
		{ "{\"model\":\"gpt-5\"}", "{\"object\":\"chat.completion\",\"model\":\"gpt-5\",\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":5}}",
		  "openai", "openai" },
		{ "{\"model\":\"llama\"}", "{\"object\":\"chat.completion\",\"model\":\"llama\",\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":5}}",
		  "openai-compatible", "openai" },
		{ "{\"contents\":[]}", "{\"candidates\":[],\"usageMetadata\":{\"promptTokenCount\":3,\"candidatesTokenCount\":5},\"modelVersion\":\"gemini-3\"}",
		  "gcp.gemini", "gemini" },
		{ "{\"order\":1}", "{\"ok\":true}", NULL, NULL },
		{ "{\"model\":\"gpt-4o\"}", "{\"object\":\"chat.completion\",\"model\":\"gpt-4o-2024-08-06\",\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":5}}",
		  "openai", "openai", "/v1/chat/completions" },
		{ "{\"model\":\"qwen\"}", "{\"object\":\"chat.completion\",\"model\":\"qwen\",\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":5}}",
		  "openai-compatible", "openai", "/v1/chat/completions" },
	};
	struct dialogue_told *told = mem_new(sizeof(*told));

	(void)state;
	EACH(row, table) {
		static struct wants wants;
		struct reader *reader = mem_new(reader_size());
		struct call *call = mem_new(sizeof(*call));
		struct head head = { .side = SIDE_REQUEST, .mid_connection = true, .path = str_of(row->path), .method = str_of(row->path ? "POST" : "") };

		memset(told, 0, sizeof(*told));
		reader_begin(reader, &wants, call, dialogue_emit, told);
		assert_int_equal(reader_head(reader, &head), INTEREST_MAYBE);
		dialogue_body(reader, SIDE_REQUEST, ITEM_DOCUMENT, row->asked, 1, true);
		head.side = SIDE_RESPONSE;
		reader_head(reader, &head);
		dialogue_body(reader, SIDE_RESPONSE, ITEM_DOCUMENT, row->came, 1, true);
		reader_end(reader, ENDING_COMPLETE);
		assert_int_equal(told->n, row->provider != NULL);
		if (row->provider) {
			assert_string_equal(told->calls[0].provider, row->provider);
			assert_string_equal(told->calls[0].dialect, row->dialect);
			assert_int_equal(told->calls[0].billing, strstr(row->provider, "-compatible") ? BILLING_UNKNOWN : BILLING_METERED);
			assert_int_equal(told->calls[0].usages[0].count[COUNT_INPUT], 3);
			assert_int_equal(told->calls[0].usages[0].count[COUNT_OUTPUT], 5);
		}
		mem_free(call);
		mem_free(reader);
	}
	mem_free(told);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(shapes), cmocka_unit_test(nameless) };

	return RUN(tests);
}
