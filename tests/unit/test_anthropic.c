/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/dialogue.h"

#define ASKED "{\"model\":\"claude-a\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"

static const struct dialogue dialogues[] = {
	{ .name = "cache beside input", .path = "/v1/messages", .asked = ASKED, .headers = "request-id: req_1",
	  .came = "{\"id\":\"msg_1\",\"type\":\"message\",\"model\":\"claude-a-1\",\"content\":[{\"type\":\"text\","
		  "\"text\":\"\\\"usage\\\":{\\\"input_tokens\\\":9}\"}],"
		  "\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":10,\"cache_creation_input_tokens\":7,"
		  "\"cache_read_input_tokens\":20,"
		  "\"cache_creation\":{\"ephemeral_5m_input_tokens\":4,\"ephemeral_1h_input_tokens\":3},"
		  "\"output_tokens\":5,"
		  "\"output_tokens_details\":{\"thinking_tokens\":2},"
		  "\"server_tool_use\":{\"web_search_requests\":2},\"service_tier\":\"standard\"}}",
	  .expect = "claude-a>claude-a-1 msg_1 input=37 cache_read=20 cache_write=7 cache_write_1h=3 output=5 reasoning=2 web_search=2" },
	{ .name = "null is no number", .path = "/v1/messages", .asked = ASKED,
	  .came = "{\"id\":\"msg_1\",\"model\":\"claude-a\",\"usage\":{\"input_tokens\":10,"
		  "\"cache_read_input_tokens\":null,\"output_tokens\":1}}",
	  .expect = "claude-a>claude-a msg_1 input=10 output=1" },
	{ .name = "deltas replace, what they leave out stays", .path = "/v1/messages", .asked = ASKED,
	  .kind = ITEM_EVENT,
	  .came = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_2\","
		  "\"model\":\"claude-a\",\"usage\":{\"input_tokens\":10,"
		  "\"cache_creation_input_tokens\":6,\"cache_read_input_tokens\":0,"
		  "\"cache_creation\":{\"ephemeral_5m_input_tokens\":2,\"ephemeral_1h_input_tokens\":4},"
		  "\"output_tokens\":1}}}\n\n"
		  "event: ping\ndata: {\"type\": \"ping\"}\n\n"
		  "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
		  "\"delta\":{\"type\":\"text_delta\",\"text\":\"usage\"}}\n\n"
		  "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},"
		  "\"usage\":{\"output_tokens\":40}}\n\n"
		  "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"input_tokens\":12,"
		  "\"cache_creation_input_tokens\":null,\"output_tokens\":41}}\n\n"
		  "event: message_stop\ndata: {\"type\":\"message_stop\"   }",
	  .expect = "claude-a>claude-a msg_2 input=18 cache_read=0 cache_write=6 cache_write_1h=4 output=41" },
	{ .name = "a delta's cache in a request of hours", .path = "/v1/messages", .kind = ITEM_EVENT,
	  .asked = "{\"model\":\"claude-a\",\"system\":[{\"text\":\"a\",\"cache_control\":{\"type\":\"ephemeral\","
		  "\"ttl\":\"1h\"}}]}",
	  .came = "data: {\"type\":\"message_start\",\"message\":{\"model\":\"claude-a\","
		  "\"usage\":{\"input_tokens\":1,\"cache_creation_input_tokens\":5,"
		  "\"cache_creation\":{\"ephemeral_5m_input_tokens\":0,\"ephemeral_1h_input_tokens\":5}}}}\n\n"
		  "data: {\"type\":\"message_delta\",\"usage\":{\"cache_creation_input_tokens\":9,"
		  "\"output_tokens\":2}}\n\n",
	  .expect = "claude-a>claude-a - input=10 cache_write=9 cache_write_1h=9 output=2" },
	{ .name = "of minutes where one mark does not say", .path = "/v1/messages", .kind = ITEM_EVENT,
	  .asked = "{\"model\":\"claude-a\",\"tools\":[{\"name\":\"t\",\"cache_control\":{\"type\":\"ephemeral\"}}],"
		   "\"system\":[{\"text\":\"a\",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}}]}",
	  .came = "data: {\"type\":\"message_delta\",\"usage\":{\"input_tokens\":1,"
		  "\"cache_creation_input_tokens\":9,\"output_tokens\":2}}\n\n",
	  .expect = "claude-a> - input=10 cache_write=9 output=2" },
	{ .name = "and where that mark stands in what a tool found", .path = "/v1/messages", .kind = ITEM_EVENT,
	  .asked = "{\"model\":\"claude-a\",\"messages\":[{\"content\":[{\"type\":\"tool_result\","
		   "\"content\":[{\"text\":\"a\",\"cache_control\":{\"type\":\"ephemeral\"}}]},"
		   "{\"text\":\"a\",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}}]}]}",
	  .came = "data: {\"type\":\"message_delta\",\"usage\":{\"input_tokens\":1,"
		  "\"cache_creation_input_tokens\":9,\"output_tokens\":2}}\n\n",
	  .expect = "claude-a> - input=10 cache_write=9 output=2" },
	{ .name = "spoken by DeepSeek", .host = "api.deepseek.com", .path = "/anthropic/v1/messages", .asked = ASKED,
	  .came = "{\"id\":\"m1\",\"type\":\"message\",\"model\":\"deepseek-chat\",\"usage\":{\"input_tokens\":10,\"cache_read_input_tokens\":64,\"output_tokens\":5}}",
	  .expect = "claude-a>deepseek-chat m1 input=74 cache_read=64 output=5" },
	{ .name = "Kimi counts the cache into the start, and not into the end", .host = "api.moonshot.ai", .path = "/anthropic/v1/messages", .asked = ASKED, .kind = ITEM_EVENT,
	  .came = "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"model\":\"kimi-k2\",\"usage\":{\"input_tokens\":1000,\"output_tokens\":0}}}\n\n"
		  "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"input_tokens\":40,\"cache_read_input_tokens\":960,\"output_tokens\":7}}\n\n",
	  .expect = "claude-a>kimi-k2 m1 input=1000 cache_read=960 output=7" },
	{ .name = "compaction is billed beside", .path = "/v1/messages", .asked = ASKED,
	  .came = "{\"model\":\"claude-a\",\"id\":\"msg_3\",\"usage\":{\"input_tokens\":20,\"output_tokens\":3,"
		  "\"iterations\":["
		  "{\"type\":\"compaction\",\"input_tokens\":900,\"output_tokens\":30,\"cache_read_input_tokens\":0,"
		  "\"cache_creation_input_tokens\":50,"
		  "\"cache_creation\":{\"ephemeral_5m_input_tokens\":10,\"ephemeral_1h_input_tokens\":40}},"
		  "{\"type\":\"message\",\"input_tokens\":20,\"output_tokens\":3}]}}",
	  .expect = "claude-a>claude-a msg_3 input=20 output=3 | claude-a input=950 cache_read=0 cache_write=50 cache_write_1h=40 output=30" },
	{ .name = "an advisor at its own rate, said twice", .path = "/v1/messages", .asked = ASKED,
	  .kind = ITEM_EVENT,
	  .came = "data: {\"type\":\"message_start\",\"message\":{\"model\":\"claude-a\","
		  "\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\n"
		  "data: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":2,"
		  "\"iterations\":[{\"type\":\"message\",\"input_tokens\":3,\"output_tokens\":2},"
		  "{\"type\":\"advisor_message\",\"model\":\"claude-b\",\"input_tokens\":70,"
		  "\"output_tokens\":8}]}}\n\n"
		  "data: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":4,"
		  "\"iterations\":[{\"type\":\"message\",\"input_tokens\":3,\"output_tokens\":4},"
		  "{\"type\":\"advisor_message\",\"model\":\"claude-b\",\"input_tokens\":71,"
		  "\"output_tokens\":9}]}}\n\n",
	  .expect = "claude-a>claude-a - input=3 output=4 | claude-b input=71 cache_read=0 cache_write=0 cache_write_1h=0 output=9" },
	{ .name = "another model declined before", .path = "/v1/messages", .asked = ASKED,
	  .came = "{\"model\":\"claude-b\",\"usage\":{\"input_tokens\":412,\"output_tokens\":64,\"iterations\":["
		  "{\"type\":\"message\",\"model\":\"claude-a\",\"input_tokens\":408,\"output_tokens\":0},"
		  "{\"type\":\"fallback_message\",\"model\":\"claude-b\",\"input_tokens\":412,"
		  "\"output_tokens\":64}]}}",
	  .expect = "claude-a>claude-b - input=412 output=64 | claude-a input=408 cache_read=0 cache_write=0 cache_write_1h=0 output=0" },
	{ .name = "rounds of one model are in its usage", .path = "/v1/messages", .asked = ASKED,
	  .came = "{\"model\":\"claude-a\",\"usage\":{\"input_tokens\":7,\"output_tokens\":3,\"iterations\":["
		  "{\"type\":\"message\",\"input_tokens\":3,\"output_tokens\":1},{\"type\":\"message\","
		  "\"input_tokens\":4,\"output_tokens\":2}]}}",
	  .expect = "claude-a>claude-a - input=7 output=3" },
	{ .name = "an error", .path = "/v1/messages", .asked = ASKED, .status = 529,
	  .came = "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"},"
		  "\"request_id\":\"req_9\"}",
	  .expect = "claude-a> - error=overloaded_error" },
	{ .name = "an error after tokens", .path = "/v1/messages", .asked = ASKED, .kind = ITEM_EVENT,
	  .came = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"claude-a\","
		  "\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\n"
		  "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
		  "\"message\":\"x\"}}\n\n",
	  .expect = "claude-a>claude-a - input=3 error=overloaded_error" },
	{ .name = "completions told nothing", .host = "api.anthropic.com", .path = "/v1/complete",
	  .asked = "{\"model\":\"claude-1\",\"prompt\":\"a\"}",
	  .came = "{\"id\":\"compl_1\",\"type\":\"completion\",\"completion\":\"b\",\"model\":\"claude-1.3\","
		  "\"stop_reason\":\"stop_sequence\"}",
	  .expect = "claude-1>claude-1.3 compl_1" },
	{ .name = "counting is not using", .path = "/v1/messages/count_tokens", .asked = ASKED,
	  .came = "{\"input_tokens\":14}",
	  .expect = "claude-a> -" },
	{ .name = "a batch is named by its own id", .path = "/v1/messages/batches",
	  .asked = "{\"requests\":[{\"custom_id\":\"1\",\"params\":{\"model\":\"claude-a\"}}]}",
	  .came = "{\"id\":\"msgbatch_1\",\"type\":\"message_batch\",\"request_counts\":{\"processing\":1}}",
	  .expect = "claude-a> -" },
	{ .name = "a batch's answers are calls of their own", .path = "/v1/messages/batches/msgbatch_1/results",
	  .kind = ITEM_LINE,
	  .came = "{\"custom_id\":\"1\",\"result\":{\"type\":\"succeeded\",\"message\":{\"id\":\"msg_1\","
		  "\"model\":\"claude-a\",\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}}}\n"
		  "{\"custom_id\":\"2\",\"result\":{\"type\":\"succeeded\",\"message\":{\"id\":\"msg_2\","
		  "\"model\":\"claude-b\",\"usage\":{\"input_tokens\":6,\"output_tokens\":2}}}}\n",
	  .expect = ">claude-a msg_1 input=5 output=1\n>claude-b msg_2 input=6 output=2" },
	{ .name = "on Vertex", .host = "us-east5-aiplatform.googleapis.com",
	  .asked = "{\"anthropic_version\":\"vertex-2023-10-16\",\"messages\":[]}",
	  .path = "/v1/projects/p1/locations/us-east5/publishers/anthropic/models/claude-a@20250219:rawPredict",
	  .came = "{\"model\":\"claude-a-20250219\",\"id\":\"msg_vrtx_1\",\"usage\":{\"input_tokens\":5,"
		  "\"output_tokens\":1}}",
	  .expect = "claude-a@20250219>claude-a-20250219 msg_vrtx_1 input=5 output=1" },
	{ .name = "at somebody else's", .host = "api.deepseek.com", .path = "/anthropic/v1/messages", .asked = ASKED,
	  .came = "{\"model\":\"d\",\"id\":\"1\",\"usage\":{\"input_tokens\":5,\"cache_read_input_tokens\":3,"
		  "\"output_tokens\":1}}",
	  .expect = "claude-a>d 1 input=8 cache_read=3 output=1" },
};

static void usages(void **state)
{
	(void)state;
	EACH(row, dialogues)
		dialogue_check(row);
}

/* Three ids in one, in both forms that there are. */
static void users(void **state)
{
	static const char *const asked[] = {
		"{\"model\":\"m\",\"metadata\":{\"user_id\":\"user_d1_account_a1_session_s1\"}}",
		"{\"model\":\"m\",\"metadata\":{\"user_id\":\"{\\\"device_id\\\":\\\"d1\\\","
			"\\\"account_uuid\\\":\\\"a1\\\",\\\"session_id\\\":\\\"s1\\\"}\"}}",
	};
	static const char *const other = "{\"model\":\"m\",\"metadata\":{\"user_id\":\"d1\"}}";
	struct dialogue dialogue = { .name = "users", .host = "api.anthropic.com", .path = "/v1/messages",
				     .came = "{\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}" };
	struct dialogue_told told;
	char user[sizeof(told.calls[0].user)], account[sizeof(told.calls[0].account)];

	(void)state;
	dialogue.asked = other;
	dialogue_play(&dialogue, 0, ENDING_COMPLETE, &told);
	assert_int_equal(told.n, 1);
	memcpy(user, told.calls[0].user, sizeof(user));
	assert_true(user[0]);
	assert_string_equal(told.calls[0].session, "");
	assert_string_equal(told.calls[0].account, "");
	for (size_t i = 0; i < 2; i++) {
		dialogue.asked = asked[i];
		dialogue_play(&dialogue, 1, ENDING_COMPLETE, &told);
		assert_int_equal(told.n, 1);
		assert_string_equal(told.calls[0].user, user);
		assert_string_equal(told.calls[0].session, "s1");
		if (i)
			assert_string_equal(told.calls[0].account, account);
		memcpy(account, told.calls[0].account, sizeof(account));
		assert_true(account[0]);
		assert_string_not_equal(account, user);
	}
}

/* Tools, finish, tier, batch and flags of a call. */
static void facts(void **state)
{
	static const struct dialogue dialogue = {
		.name = "facts", .host = "api.anthropic.com", .path = "/v1/messages",
		.headers = "request-id: req_1\nanthropic-organization-id: org-1",
		.asked = "{\"model\":\"m\",\"stream\":false,\"service_tier\":\"auto\","
			"\"tools\":[{\"name\":\"read\"},{\"name\":\"write\"},{\"name\":\"read\"}]}",
		.came = "{\"id\":\"msg_1\",\"model\":\"m\",\"content\":[{\"type\":\"text\",\"text\":\"1234\"},"
			"{\"type\":\"tool_use\",\"name\":\"write\",\"input\":{\"name\":\"no\"}}],"
			"\"stop_reason\":\"tool_use\",\"usage\":{\"input_tokens\":1,\"output_tokens\":2,"
				"\"service_tier\":\"priority\"}}",
	};
	static const struct dialogue gateway = {
		.name = "gateway", .host = "openrouter.ai", .path = "/api/v1/messages", .asked = ASKED,
		.came = "{\"usage\":{\"input_tokens\":3,\"output_tokens\":1,\"cost\":0.000112,\"speed\":\"fast\","
			"\"service_tier\":\"standard\"}}",
	};
	static const struct dialogue batch = {
		.name = "batch", .path = "/v1/messages/batches/msgbatch_7/results", .kind = ITEM_LINE,
		.came = "{\"custom_id\":\"1\",\"result\":{\"message\":{\"id\":\"msg_1\","
			"\"usage\":{\"input_tokens\":1,\"output_tokens\":2}}}}\n",
	};
	static const struct {
		const char *came, *region;
	} places[] = {
		{ "{\"usage\":{\"input_tokens\":1,\"output_tokens\":2,\"inference_geo\":\"us\"}}", "us" },
		{ "{\"usage\":{\"input_tokens\":1,\"output_tokens\":2,\"inference_geo\":\"global\"}}", "" },
		{ "{\"usage\":{\"input_tokens\":1,\"output_tokens\":2,\"inference_geo\":null}}", "" },
	};
	struct dialogue_told told;
	const struct call *call = &told.calls[0];

	(void)state;
	EACH(row, places) {
		struct dialogue placed = dialogue;

		placed.came = row->came;
		dialogue_play(&placed, 0, ENDING_COMPLETE, &told);
		assert_int_equal(told.n, 1);
		assert_string_equal(call->region, row->region);
	}
	dialogue_play(&dialogue, 0, ENDING_COMPLETE, &told);
	assert_int_equal(told.n, 1);
	assert_string_equal(call->provider, "anthropic");
	assert_string_equal(call->operation, "chat");
	assert_string_equal(call->request_id, "req_1");
	assert_string_equal(call->org, "org-1");
	assert_string_equal(call->tools_offered, "read,write");
	assert_string_equal(call->tools_called, "write");
	assert_string_equal(call->finish_reason, "tool_use");
	assert_string_equal(call->service_tier, "priority");
	assert_string_equal(call->usage_raw, "{\"input_tokens\":1,\"output_tokens\":2}");
	assert_int_equal(call->content_bytes[SIDE_RESPONSE], 4);
	assert_int_equal(call->flags & (CALL_RETRIEVAL | CALL_FREE | CALL_ERROR), 0);

	dialogue_play(&gateway, 0, ENDING_COMPLETE, &told);
	assert_int_equal(told.n, 1);
	assert_string_equal(call->provider, "openrouter");
	assert_string_equal(call->service_tier, "fast");
	assert_true(call->has_provider_cost);
	assert_int_equal(call->provider_cost_pico, 112000000);

	dialogue_play(&batch, 0, ENDING_COMPLETE, &told);
	assert_int_equal(told.n, 1);
	assert_string_equal(call->batch_id, "msgbatch_7");
	assert_int_equal(call->billing, BILLING_BATCH);
	assert_true(call->flags & CALL_RETRIEVAL);
	assert_string_equal(call->response_id, "msg_1");
}

/* A stream that ends before its last word has exact input and no output. */
static void cut(void **state)
{
	static const struct dialogue dialogue = {
		.name = "cut", .host = "api.anthropic.com", .path = "/v1/messages", .asked = ASKED,
		.kind = ITEM_EVENT,
		.came = "data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude-a\","
			"\"usage\":{\"input_tokens\":3,\"cache_read_input_tokens\":4,\"output_tokens\":1}}}\n\n"
			"data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\","
				"\"text\":\"abc\"}}\n\n",
	};
	static const enum ending endings[] = { ENDING_ABORTED, ENDING_HOLE, ENDING_COMPLETE };
	struct dialogue_told told;
	const struct call *call = &told.calls[0];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		dialogue_play(&dialogue, 0, endings[i], &told);
		assert_int_equal(told.n, 1);
		assert_int_equal(call->usages[0].count[COUNT_INPUT], 7);
		assert_true(usage_knows(&call->usages[0], COUNT_INPUT));
		assert_false(usage_knows(&call->usages[0], COUNT_OUTPUT));
		assert_int_equal(call->content_bytes[SIDE_RESPONSE], 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usages), cmocka_unit_test(users), cmocka_unit_test(facts), cmocka_unit_test(cut),
	};

	return RUN(tests);
}
