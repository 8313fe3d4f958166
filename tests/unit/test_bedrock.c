/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/dialogue.h"

#define HOST "bedrock-runtime.us-east-1.amazonaws.com"
#define ASKED "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}"

static const struct dialogue dialogues[] = {
	{ .name = "converse", .host = HOST, .path = "/model/us.anthropic.claude-a-v1%3A0/converse", .asked = ASKED,
	  .came = "{\"output\":{\"message\":{\"content\":[{\"text\":\"{\\\"usage\\\":1}\"}]}},"
		  "\"stopReason\":\"end_turn\",\"trace\":{\"guardrail\":{\"usage\":{\"inputTokens\":99}}},"
		  "\"usage\":{\"inputTokens\":10,\"outputTokens\":4,\"totalTokens\":34,\"cacheReadInputTokens\":13,"
		  "\"cacheReadInputTokenCount\":13,\"cacheWriteInputTokens\":7,"
		  "\"cacheDetails\":[{\"inputTokens\":2,\"ttl\":\"5m\"},{\"ttl\":\"1h\",\"inputTokens\":4},"
		  "{\"inputTokens\":1,\"ttl\":\"1h\"}]}}",
	  .expect = "us.anthropic.claude-a-v1:0> - input=30 cache_read=13 cache_write=7 cache_write_1h=5 output=4" },
	{ .name = "OpenAI's models count the cache as input", .host = HOST,
	  .path = "/model/us.openai.gpt-5.6-v1:0/converse", .asked = ASKED,
	  .came = "{\"usage\":{\"inputTokens\":100,\"outputTokens\":4,\"totalTokens\":164,"
		  "\"cacheReadInputTokens\":60}}",
	  .expect = "us.openai.gpt-5.6-v1:0> - input=100 cache_read=60 output=4" },
	{ .name = "Claude", .host = HOST, .path = "/model/anthropic.claude-a/invoke", .asked = ASKED,
	  .headers = "x-amzn-bedrock-input-token-count: 5\nx-amzn-bedrock-output-token-count: 1"
		     "\nx-amzn-bedrock-cache-read-input-token-count: 2\nx-amzn-bedrock-cache-write-input-token-count: 3",
	  .came = "{\"id\":\"msg_bdrk_1\",\"model\":\"claude-a\",\"usage\":{\"input_tokens\":5,"
		  "\"cache_creation_input_tokens\":3,\"cache_read_input_tokens\":2,"
		  "\"cache_creation\":{\"ephemeral_5m_input_tokens\":0,\"ephemeral_1h_input_tokens\":3},"
		  "\"output_tokens\":1,\"output_tokens_details\":{\"thinking_tokens\":1}}}",
	  .expect = "anthropic.claude-a>claude-a msg_bdrk_1 input=10 cache_read=2 cache_write=3 cache_write_1h=3 output=1 reasoning=1" },
	{ .name = "Nova", .host = HOST, .path = "/model/amazon.nova-micro-v1:0/invoke", .asked = ASKED,
	  .came = "{\"output\":{},\"stopReason\":\"end_turn\",\"usage\":{\"inputTokens\":6,\"outputTokens\":2,"
		  "\"totalTokens\":22,\"cacheReadInputTokenCount\":14,\"cacheWriteInputTokenCount\":0}}",
	  .expect = "amazon.nova-micro-v1:0> - input=20 cache_read=14 cache_write=0 output=2" },
	{ .name = "Llama", .host = HOST, .path = "/model/meta.llama3-8b-instruct-v1:0/invoke",
	  .asked = "{\"prompt\":\"hi\"}",
	  .came = "{\"generation\":\"a\",\"prompt_token_count\":6,\"generation_token_count\":18,"
		  "\"stop_reason\":\"stop\"}",
	  .expect = "meta.llama3-8b-instruct-v1:0> - input=6 output=18" },
	{ .name = "Titan", .host = HOST, .path = "/model/amazon.titan-text-lite-v1/invoke",
	  .asked = "{\"inputText\":\"hi\"}",
	  .came = "{\"inputTextTokenCount\":5,\"results\":[{\"tokenCount\":10,\"outputText\":\"a\","
		  "\"completionReason\":\"LENGTH\"},{\"tokenCount\":3}]}",
	  .expect = "amazon.titan-text-lite-v1> - input=5 output=13" },
	{ .name = "as OpenAI has it, cache within", .host = HOST, .path = "/model/ai21.jamba/invoke", .asked = ASKED,
	  .came = "{\"id\":\"chatcmpl-1\",\"model\":\"jamba\",\"usage\":{\"prompt_tokens\":16,"
		  "\"completion_tokens\":19,\"total_tokens\":35,\"prompt_tokens_details\":{\"cached_tokens\":8}}}",
	  .expect = "ai21.jamba>jamba chatcmpl-1 input=16 cache_read=8 output=19" },
	{ .name = "headers where the body is silent", .host = HOST, .path = "/model/cohere.embed-v4%3A0/invoke",
	  .asked = "{\"texts\":[\"a\"]}",
	  .headers = "X-Amzn-Bedrock-Input-Token-Count: 4", .came = "{\"id\":\"e1\",\"embeddings\":[[0.1,-2e-3]],"
		  "\"texts\":[\"a\"]}",
	  .expect = "cohere.embed-v4:0> e1 input=4 output=0" },
	{ .name = "both of them", .host = HOST, .path = "/model/ai21.j2-ultra-v1/invoke",
	  .asked = "{\"prompt\":\"a\"}",
	  .headers = "x-amzn-bedrock-output-token-count: 17\nx-amzn-bedrock-input-token-count: 6",
	  .came = "{\"id\":1234,\"prompt\":{},\"completions\":[]}",
	  .expect = "ai21.j2-ultra-v1> - input=6 output=17" },
	{ .name = "what the headers say of the cache", .host = HOST, .path = "/model/anthropic.claude-v2/invoke",
	  .asked = "{\"prompt\":\"a\"}",
	  .headers = "x-amzn-bedrock-input-token-count: 6\nx-amzn-bedrock-output-token-count: 1\nx-amzn-bedrock-cache-read-input-token-count: 5",
	  .came = "{\"completion\":\"b\",\"stop_reason\":\"stop_sequence\"}",
	  .expect = "anthropic.claude-v2> - input=11 cache_read=5 output=1" },
	{ .name = "a header that is no number", .host = HOST, .path = "/model/cohere.command/invoke",
	  .asked = "{\"prompt\":\"a\"}",
	  .headers = "x-amzn-bedrock-input-token-count: many", .came = "{\"generations\":[]}",
	  .expect = "cohere.command> -" },
	{ .name = "an error", .host = HOST, .path = "/model/nobody/converse", .asked = ASKED, .status = 400,
	  .headers = "x-amzn-errortype: ValidationException:http://internal.amazon.com/coral/",
	  .came = "{\"message\":\"The provided model identifier is invalid.\"}",
	  .expect = "nobody> - error=ValidationException" },
	{ .name = "counting is not using", .host = HOST, .path = "/model/anthropic.claude-a/count-tokens",
	  .asked = "{\"input\":{}}",
	  .came = "{\"inputTokens\":19}", .expect = "anthropic.claude-a> -" },
	{ .name = "pictures", .host = HOST, .path = "/model/amazon.nova-canvas-v1:0/invoke",
	  .asked = "{\"taskType\":\"TEXT_IMAGE\"}",
	  .came = "{\"images\":[\"aa\",\"bb\"],\"error\":null}", .expect = "amazon.nova-canvas-v1:0> - image=2" },
	{ .name = "one search for a hundred documents", .host = HOST, .path = "/model/cohere.rerank-v3-5:0/invoke",
	  .asked = "{\"query\":\"a\",\"documents\":[\"a\",{\"t\":\"b\"}]}",
	  .came = "{\"results\":[{\"index\":0,\"relevance_score\":0.5}]}",
	  .expect = "cohere.rerank-v3-5:0> - search_unit=1" },
	{ .name = "none where it failed", .host = HOST, .path = "/model/cohere.rerank-v3-5:0/invoke",
	  .asked = "{\"documents\":[\"a\"]}", .status = 429,
	  .came = "{\"message\":\"Too many requests\"}", .expect = "cohere.rerank-v3-5:0> - error=429" },
	{ .name = "a guardrail", .host = HOST, .path = "/guardrail/g1/version/1/apply",
	  .asked = "{\"source\":\"INPUT\"}",
	  .came = "{\"usage\":{\"topicPolicyUnits\":1,\"contentPolicyUnits\":2,\"wordPolicyUnits\":1},"
		  "\"action\":\"NONE\"}", .expect = "> - guardrail_unit=3" },
};

#define INVOKE(model) .host = HOST, .path = "/model/" model "/invoke-with-response-stream", .asked = "{}", .kind = ITEM_FRAME
#define METRICS(in, out) "\"amazon-bedrock-invocationMetrics\":{\"inputTokenCount\":" #in ",\"outputTokenCount\":" #out \
	",\"invocationLatency\":9}"

static const struct dialogue streams[] = {
	{ .name = "Converse", .host = HOST, .path = "/model/amazon.nova-lite-v1:0/converse-stream", .asked = "{}",
	  .kind = ITEM_FRAME,
	  .came = "messageStart {\"role\":\"assistant\",\"p\":\"ab\"}\n"
		  "contentBlockDelta {\"delta\":{\"text\":\"hi\"},\"contentBlockIndex\":0}\n"
		  "messageStop {\"stopReason\":\"end_turn\"}\n"
		  "metadata {\"usage\":{\"inputTokens\":6,\"outputTokens\":3,\"totalTokens\":14931,\"cacheReadInputTokens\":14922,"
		  "\"cacheWriteInputTokens\":0},\"metrics\":{\"latencyMs\":5},"
		  "\"trace\":{\"guardrail\":{\"inputAssessment\":{\"g\":{\"usage\":{\"inputTokens\":1}}}}}}",
	  .expect = "amazon.nova-lite-v1:0> - input=14928 cache_read=14922 cache_write=0 output=3" },
	{ .name = "no metadata", .host = HOST, .path = "/model/amazon.nova-lite-v1:0/converse-stream", .asked = "{}",
	  .kind = ITEM_FRAME, .came = "contentBlockDelta {\"delta\":{\"text\":\"hi\"}}\nmessageStop {\"stopReason\":\"end_turn\"}",
	  .expect = "amazon.nova-lite-v1:0> -" },
	{ .name = "OpenAI counts the cache in", .host = HOST, .path = "/model/us.openai.gpt-5.6-v1:0/converse-stream",
	  .asked = "{}", .kind = ITEM_FRAME,
	  .came = "metadata {\"usage\":{\"inputTokens\":100,\"outputTokens\":3,\"totalTokens\":183,\"cacheReadInputTokens\":80}}",
	  .expect = "us.openai.gpt-5.6-v1:0> - input=100 cache_read=80 output=3" },
	{ .name = "Claude's delta counts, not the metrics", INVOKE("anthropic.claude-3"),
	  .came = "chunk ={\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude-3\","
		  "\"usage\":{\"input_tokens\":11,\"cache_creation_input_tokens\":4,\"cache_read_input_tokens\":7,\"output_tokens\":2}}}\n"
		  "chunk ={\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"hi\"}}\n"
		  "chunk ={\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":72}}\n"
		  "chunk ={\"type\":\"message_stop\"," METRICS(11, 88) "}",
	  .expect = "anthropic.claude-3>claude-3 msg_1 input=22 cache_read=7 cache_write=4 output=72" },
	{ .name = "Claude, older", INVOKE("anthropic.claude-v2"),
	  .came = "chunk ={\"completion\":\" hi\",\"stop_reason\":\"stop_sequence\"," METRICS(14, 10) "}",
	  .expect = "anthropic.claude-v2> - input=14 output=10" },
	{ .name = "Nova", INVOKE("amazon.nova-lite"),
	  .came = "chunk ={\"contentBlockDelta\":{\"delta\":{\"text\":\"a\"}}}\nchunk ={\"messageStop\":{\"stopReason\":\"end_turn\"}}\n"
		  "chunk ={\"metadata\":{\"usage\":{\"inputTokens\":6,\"outputTokens\":3,\"cacheReadInputTokenCount\":9}}," METRICS(6, 3) "}",
	  .expect = "amazon.nova-lite> - input=15 cache_read=9 output=3" },
	{ .name = "Llama", INVOKE("meta.llama3"),
	  .came = "chunk ={\"generation\":\"a\",\"prompt_token_count\":18,\"generation_token_count\":1,\"stop_reason\":null}\n"
		  "chunk ={\"generation\":\"b\",\"prompt_token_count\":null,\"generation_token_count\":2,\"stop_reason\":\"stop\","
		  METRICS(18, 2) "}", .expect = "meta.llama3> - input=18 output=2" },
	{ .name = "Titan", INVOKE("amazon.titan-text-lite-v1"),
	  .came = "chunk ={\"outputText\":\"a\",\"index\":0,\"totalOutputTextTokenCount\":10,\"completionReason\":\"FINISH\","
		  "\"inputTextTokenCount\":5," METRICS(5, 10) "}", .expect = "amazon.titan-text-lite-v1> - input=5 output=10" },
	{ .name = "only the metrics", INVOKE("mistral.mistral-7b-instruct-v0:2"),
	  .headers = "x-amzn-bedrock-input-token-count: 999",
	  .came = "chunk ={\"outputs\":[{\"text\":\"a\",\"stop_reason\":\"stop\"}]," METRICS(8, 94) "}",
	  .expect = "mistral.mistral-7b-instruct-v0:2> - input=8 output=94" },
	{ .name = "only the headers", INVOKE("mistral.mistral-7b-instruct-v0:2"),
	  .headers = "x-amzn-bedrock-input-token-count: 9\nx-amzn-bedrock-output-token-count: 1",
	  .came = "chunk ={\"outputs\":[{\"text\":\"a\"}]}", .expect = "mistral.mistral-7b-instruct-v0:2> - input=9 output=1" },
	{ .name = "speech to speech", .host = HOST, .path = "/model/amazon.nova-sonic-v1:0/invoke-with-bidirectional-stream", .asked = "{}",
	  .kind = ITEM_FRAME,
	  .came = "chunk ={\"event\":{\"usageEvent\":{\"details\":{\"delta\":{\"input\":{\"speechTokens\":3,\"textTokens\":5}},"
		  "\"total\":{\"input\":{\"speechTokens\":3,\"textTokens\":5},\"output\":{\"speechTokens\":0}}},"
		  "\"totalInputTokens\":8,\"totalOutputTokens\":0}}}\n"
		  "chunk ={\"event\":{\"textOutput\":{\"content\":\"hi\"}}}\n"
		  "chunk ={\"event\":{\"usageEvent\":{\"details\":{\"total\":{\"input\":{\"speechTokens\":4},\"output\":{\"speechTokens\":9}}},"
		  "\"totalInputTokens\":9,\"totalOutputTokens\":12}}}",
	  .expect = "amazon.nova-sonic-v1:0> - input=9 output=12 audio_input=4 audio_output=9" },
	{ .name = "an exception in the answer", INVOKE("anthropic.claude-3"),
	  .came = "chunk ={\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude-3\",\"usage\":"
		  "{\"input_tokens\":11,\"output_tokens\":2}}}\n!throttlingException {\"message\":\"slow\"}",
	  .expect = "anthropic.claude-3>claude-3 msg_1 input=11 error=throttlingException" },
	{ .name = "an agent's trace", .host = "bedrock-agent-runtime.eu-west-1.amazonaws.com",
	  .path = "/agents/A/agentAliases/B/sessions/s-1/text", .asked = "{}", .kind = ITEM_FRAME,
	  .came = "trace {\"trace\":{\"orchestrationTrace\":{\"modelInvocationInput\":{\"foundationModel\":\"claude\"}}}}\n"
		  "trace {\"trace\":{\"preProcessingTrace\":{\"modelInvocationOutput\":{\"metadata\":{\"usage\":{\"inputTokens\":5,"
		  "\"outputTokens\":1}}}}}}\n"
		  "trace {\"trace\":{\"orchestrationTrace\":{\"modelInvocationOutput\":{\"metadata\":{\"usage\":{\"inputTokens\":50,"
		  "\"outputTokens\":10}}}}}}\nchunk ={\"usage\":{\"inputTokens\":7777}}",
	  .expect = "> - input=55 output=11" },
	{ .name = "a chunk that is no base64", INVOKE("anthropic.claude-3"),
	  .came = "chunk {\"bytes\":\"e!yJ0eXBlIjo\",\"p\":\"ab\"}\nchunk {\"p\":{\"bytes\":\"eyJ1c2FnZSI6e319\"}}\n"
		  "chunk =" "{" METRICS(1, 2) "}", .expect = "anthropic.claude-3> - input=1 output=2" },
	{ .name = "a chunk with escapes", INVOKE("cohere.command"),
	  /* {"text":"???","x":"???>"} has slashes in base64 */
	  .came = "chunk {\"bytes\":\"eyJpZCI6Ij8\\/Pz8iLCJmaW5pc2hfcmVhc29uIjoiQ09NUExFVEUifQ==\"}\nchunk ={" METRICS(3, 4) "}",
	  .expect = "cohere.command> ???? input=3 output=4" },
};

static void usages(void **state)
{
	(void)state;
	EACH(row, dialogues)
		dialogue_check(row);
	EACH(row, streams)
		dialogue_check(row);
}

static void facts(void **state)
{
	static const struct dialogue dialogue = {
		.name = "facts", .host = "bedrock-runtime.eu-central-1.amazonaws.com",
		.path = "/model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A1%3Aapplication-inference-profile%2Fabc/converse",
		.headers = "x-amzn-requestid: 4b1c\nx-amzn-bedrock-input-token-count: 9",
		.asked = "{\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"t\"}}]}}",
		.came = "{\"output\":{\"message\":{\"content\":[{\"toolUse\":{\"name\":\"t\",\"input\":{}}}]}},"
			"\"stopReason\":\"tool_use\",\"usage\":{\"inputTokens\":1,\"outputTokens\":2},"
				"\"serviceTier\":{\"type\":\"flex\"}}",
	};
	struct dialogue_told told;
	const struct call *call = &told.calls[0];

	(void)state;
	dialogue_play(&dialogue, 0, ENDING_COMPLETE, &told);
	assert_int_equal(told.n, 1);
	assert_string_equal(call->provider, "aws.bedrock");
	assert_string_equal(call->model_requested, "arn:aws:bedrock:eu-central-1:1:application-inference-profile/abc");
	assert_string_equal(call->region, "eu-central-1");
	assert_string_equal(call->request_id, "4b1c");
	assert_string_equal(call->service_tier, "flex");
	assert_string_equal(call->finish_reason, "tool_use");
	assert_string_equal(call->tools_offered, "t");
	assert_string_equal(call->tools_called, "t");
	/* a body that counts is believed, not its headers */
	assert_int_equal(call->usages[0].count[COUNT_INPUT], 1);
}

/* A frame whose end does not come says nothing, whatever it says. */
static void broken_off(void **state)
{
	static const char text[] = "{\"usage\":{\"inputTokens\":6,\"outputTokens\":3}}";
	struct piece piece = { .side = SIDE_RESPONSE, .kind = ITEM_FRAME, .first = true, .name = STR("metadata"),
			       .text = { text, sizeof(text) - 1 } };
	struct head head = { .side = SIDE_REQUEST, .method = STR("POST"), .host = STR(HOST), .path = STR("/model/m/converse-stream") };
	static struct wants wants;
	struct reader *reader = mem_new(reader_size());
	struct dialogue_told told = { 0 };
	struct call *call = mem_new(sizeof(*call));

	(void)state;
	reader_begin(reader, &wants, call, dialogue_emit, &told);
	assert_int_equal(reader_head(reader, &head), INTEREST_AI);
	reader_piece(reader, &piece);
	reader_end(reader, ENDING_ABORTED);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.calls[0].n_usages, 0);
	assert_true(told.calls[0].flags & CALL_STREAM);
	mem_free(call);
	mem_free(reader);
}

/* Of an agent that the request describes the path names the session alone. */
static void an_agent_without_a_name(void **state)
{
	static const struct dialogue dialogue = { .host = "bedrock-agent-runtime.us-east-1.amazonaws.com", .path = "/agents/s-2", .asked = "{}",
						  .kind = ITEM_FRAME, .came = "chunk {}" };
	struct dialogue_told told;

	(void)state;
	dialogue_play(&dialogue, 0, ENDING_COMPLETE, &told);
	assert_string_equal(told.calls[0].operation, "invoke_agent");
	assert_string_equal(told.calls[0].session, "s-2");
}

/* What an agent's models cost has a price where all are one. */
static void models_of_an_agent(void **state)
{
	static const char *const traces[] = { "claude", "llama" };
	static const char format[] = "trace {\"trace\":{\"orchestrationTrace\":{\"modelInvocationInput\":{\"foundationModel\":\"claude\"}}}}\n"
		"trace {\"trace\":{\"orchestrationTrace\":{\"modelInvocationInput\":{\"foundationModel\":\"%s\"},"
		"\"modelInvocationOutput\":{\"metadata\":{\"usage\":{\"inputTokens\":5,\"outputTokens\":1}}}}}}";
	struct dialogue dialogue = { .host = HOST, .path = "/agents/A/agentAliases/B/sessions/s-1/text", .asked = "{}",
				     .kind = ITEM_FRAME };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct dialogue_told told;
		char came[600];

		snprintf(came, sizeof(came), format, traces[i]);
		dialogue.came = came;
		dialogue_play(&dialogue, 0, ENDING_COMPLETE, &told);
		assert_string_equal(told.calls[0].usages[0].model, i ? "" : "claude");
		assert_string_equal(told.calls[0].session, "s-1");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(usages), cmocka_unit_test(facts), cmocka_unit_test(broken_off),
		cmocka_unit_test(models_of_an_agent), cmocka_unit_test(an_agent_without_a_name) };

	return RUN(tests);
}
