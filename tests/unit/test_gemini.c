/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/dialogue.h"

#define HOST "generativelanguage.googleapis.com"
#define MODEL "/v1beta/models/gemini-2.5-flash"
#define ASKED "{\"contents\":[{\"parts\":[{\"text\":\"hi\"}]}]}"

static const struct dialogue dialogues[] = {
	{ .name = "thoughts and tools beside", .host = HOST, .path = MODEL ":generateContent?key=k", .asked = ASKED,
	  .came = "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"finishReason\":\"STOP\"}],"
		  "\"usageMetadata\":{\"promptTokenCount\":10,"
		  "\"candidatesTokenCount\":5,\"thoughtsTokenCount\":30,\"toolUsePromptTokenCount\":7,"
		  "\"cachedContentTokenCount\":4,\"totalTokenCount\":52},"
		  "\"modelVersion\":\"gemini-2.5-flash-001\",\"responseId\":\"r1\"}",
	  .expect = "gemini-2.5-flash>gemini-2.5-flash-001 r1 input=17 cache_read=4 output=35 reasoning=30" },
	{ .name = "a blocked prompt", .host = HOST, .path = MODEL ":generateContent", .asked = ASKED,
	  .came = "{\"promptFeedback\":{\"blockReason\":\"SAFETY\"},\"usageMetadata\":{\"promptTokenCount\":3,"
		  "\"totalTokenCount\":3},\"modelVersion\":\"g\"}",
	  .expect = "gemini-2.5-flash>g - input=3 output=0" },
	{ .name = "traffic is no usage", .host = HOST, .path = MODEL ":generateContent", .asked = ASKED,
	  .came = "{\"usageMetadata\":{\"trafficType\":\"ON_DEMAND\"},\"modelVersion\":\"g\"}",
	  .expect = "gemini-2.5-flash>g -" },
	{ .name = "modalities by name and by number", .host = HOST, .path = MODEL ":generateContent", .asked = ASKED,
	  .came = "{\"usageMetadata\":{\"promptTokenCount\":90,\"candidatesTokenCount\":20,"
		  "\"cachedContentTokenCount\":9,"
		  "\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":10},{\"modality\":\"AUDIO\","
		  "\"tokenCount\":50},{\"modality\":2,\"tokenCount\":30}],"
		  "\"cacheTokensDetails\":[{\"modality\":4,\"tokenCount\":9}],"
		  "\"candidatesTokensDetails\":[{\"tokenCount\":20,\"modality\":\"IMAGE\"}]}}",
	  .expect = "gemini-2.5-flash> - input=90 cache_read=9 output=20 audio_input=50 audio_cache_read=9 image_input=30 image_output=20" },
	{ .name = "each chunk from the start, field by field", .host = HOST,
	  .path = MODEL ":streamGenerateContent?alt=sse", .asked = ASKED, .kind = ITEM_EVENT,
	  .came = "data: {\"usageMetadata\":{\"trafficType\":\"ON_DEMAND\"},\"modelVersion\":\"g\","
		  "\"responseId\":\"r2\"}\n\n"
		  "data: {\"usageMetadata\":{\"promptTokenCount\":8,\"candidatesTokenCount\":2,"
		  "\"thoughtsTokenCount\":5},\"modelVersion\":\"g\",\"responseId\":\"r2\"}\n\n"
		  "data: {\"candidates\":[{\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":11,"
		  "\"thoughtsTokenCount\":6,\"candidatesTokenCount\":null},\"responseId\":\"r2\"}",
	  .expect = "gemini-2.5-flash>g r2 input=11 output=8 reasoning=6" },
	{ .name = "a stream that is one array", .host = HOST, .path = MODEL ":streamGenerateContent", .asked = ASKED,
	  .came = "[{\"usageMetadata\":{\"promptTokenCount\":8,\"candidatesTokenCount\":2},"
		  "\"responseId\":\"r3\"}\n,\r\n"
		  "{\"usageMetadata\":{\"promptTokenCount\":8,\"candidatesTokenCount\":12},\"modelVersion\":\"g\","
		  "\"responseId\":\"r3\"}]",
	  .expect = "gemini-2.5-flash>g r3 input=8 output=12" },
	{ .name = "its error is an array as well", .host = HOST, .path = MODEL ":streamGenerateContent",
	  .asked = ASKED, .status = 404,
	  .came = "[{\"error\":{\"code\":404,\"message\":\"no\",\"status\":\"NOT_FOUND\"}}]",
	  .expect = "gemini-2.5-flash> - error=NOT_FOUND" },
	{ .name = "a grounded answer", .host = HOST, .path = MODEL ":generateContent", .asked = ASKED,
	  .came = "{\"candidates\":[{\"groundingMetadata\":{\"webSearchQueries\":[\"a\",\"b\"]}}],"
		  "\"usageMetadata\":{\"promptTokenCount\":1,\"candidatesTokenCount\":1},"
		  "\"modelVersion\":\"gemini-2.5-flash\"}",
	  .expect = "gemini-2.5-flash>gemini-2.5-flash - input=1 output=1 web_search=1" },
	{ .name = "its queries", .host = HOST, .path = "/v1beta/models/gemini-3-pro:generateContent", .asked = ASKED,
	  .came = "{\"candidates\":[{\"groundingMetadata\":{\"webSearchQueries\":[\"a\",\"b\"]}}],"
		  "\"usageMetadata\":{\"promptTokenCount\":1,\"candidatesTokenCount\":1},"
		  "\"modelVersion\":\"gemini-3-pro\"}",
	  .expect = "gemini-3-pro>gemini-3-pro - input=1 output=1 web_search=2" },
	{ .name = "counting is not using", .host = HOST, .path = MODEL ":countTokens", .asked = ASKED,
	  .came = "{\"totalTokens\":31,\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":31}]}",
	  .expect = "gemini-2.5-flash> -" },
	{ .name = "what a cache holds is not spent", .host = HOST, .path = "/v1beta/cachedContents",
	  .asked = "{\"model\":\"models/g\"}",
	  .came = "{\"name\":\"cachedContents/1\",\"model\":\"models/g\","
		  "\"usageMetadata\":{\"totalTokenCount\":1081}}", .expect = "g>g -" },
	{ .name = "Vertex charges for what is put into a cache", .host = "us-central1-aiplatform.googleapis.com",
	  .path = "/v1/projects/p/locations/us-central1/cachedContents",
	  .asked = "{\"model\":\"projects/p/locations/us-central1/publishers/google/models/g\",\"ttl\":\"300s\"}",
	  .came = "{\"name\":\"projects/1/locations/us-central1/cachedContents/2\",\"usageMetadata\":{\"totalTokenCount\":12000}}",
	  .expect = "g> - input=12000 output=0 cache_token_hour=1000" },
	{ .name = "kept for five minutes, as was asked", .host = HOST, .path = "/v1beta/cachedContents", .asked = "{\"model\":\"models/g\",\"ttl\":\"300s\"}",
	  .came = "{\"name\":\"cachedContents/1\",\"usageMetadata\":{\"totalTokenCount\":12000}}", .expect = "g> - cache_token_hour=1000" },
	{ .name = "kept as long as the answer says", .host = HOST, .path = "/v1beta/cachedContents", .asked = "{\"model\":\"models/g\",\"ttl\":\"300s\"}",
	  .came = "{\"name\":\"cachedContents/1\",\"model\":\"models/g\",\"createTime\":\"2026-08-18T07:00:00.340403Z\",\"expireTime\":\"2026-08-18T09:00:00.340403Z\",\"usageMetadata\":{\"totalTokenCount\":1001}}",
	  .expect = "g>g - cache_token_hour=2002" },
	{ .name = "looking at it costs nothing", .host = HOST, .path = "/v1beta/cachedContents/1",
	  .came = "{\"name\":\"cachedContents/1\",\"createTime\":\"2026-08-18T07:00:00Z\",\"expireTime\":\"2026-08-18T09:00:00Z\",\"usageMetadata\":{\"totalTokenCount\":1001}}", .expect = "> -" },
	{ .name = "a film", .host = HOST, .path = "/v1beta/models/veo-3.1-generate-preview:predictLongRunning",
	  .asked = "{\"instances\":[{\"prompt\":\"a\"}],\"parameters\":{\"durationSeconds\":4,\"sampleCount\":2}}",
	  .came = "{\"name\":\"models/veo-3.1-generate-preview/operations/o1\"}", .expect = "veo-3.1-generate-preview> - second=8" },
	{ .name = "a film as long as films are", .host = "us-central1-aiplatform.googleapis.com",
	  .path = "/v1/projects/p/locations/us-central1/publishers/google/models/veo-3.0-generate-001:predictLongRunning", .asked = "{\"instances\":[{\"prompt\":\"a\"}]}",
	  .came = "{\"name\":\"projects/p/locations/us-central1/publishers/google/models/veo-3.0-generate-001/operations/o1\"}", .expect = "veo-3.0-generate-001> - second=8" },
	{ .name = "a film that was refused", .host = HOST, .path = "/v1beta/models/veo-3.1-generate-preview:predictLongRunning", .asked = "{}", .status = 400,
	  .came = "{\"error\":{\"code\":400,\"status\":\"INVALID_ARGUMENT\"}}", .expect = "veo-3.1-generate-preview> - error=INVALID_ARGUMENT" },
	{ .name = "how far it is", .host = HOST, .path = "/v1beta/models/veo-3.1-generate-preview/operations/o1", .came = "{\"name\":\"o1\",\"done\":true}", .expect = "> -" },
	{ .name = "grounded on a map", .host = HOST, .path = MODEL ":generateContent", .asked = ASKED,
	  .came = "{\"candidates\":[{\"groundingMetadata\":{\"groundingChunks\":[{\"maps\":{\"uri\":\"u\"}},{\"maps\":{}}]}}],\"usageMetadata\":{\"promptTokenCount\":1,\"candidatesTokenCount\":2}}",
	  .expect = "gemini-2.5-flash> - input=1 output=2 maps_search=1" },
	{ .name = "embeddings that count", .host = HOST, .path = "/v1beta/models/e2:batchEmbedContents",
	  .asked = "{\"requests\":[{\"model\":\"models/e2\"},{\"model\":\"models/e3\"}]}",
	  .came = "{\"embeddings\":[{\"values\":[1,-0.5e-3]}],\"usageMetadata\":{\"promptTokenCount\":7,"
		  "\"promptTokenDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":7}]}}",
	  .expect = "models/e2> - input=7 output=0" },
	{ .name = "embeddings that do not", .host = HOST, .path = "/v1beta/models/e1:batchEmbedContents",
	  .asked = "{\"requests\":[]}",
	  .came = "{\"embeddings\":[{\"values\":[1]}]}", .expect = "e1> -" },
	{ .name = "predicted embeddings", .host = "us-central1-aiplatform.googleapis.com",
	  .path = "/v1/projects/p/locations/us-central1/publishers/google/models/e1:predict",
	  .asked = "{\"instances\":[{\"content\":\"a\"}]}",
	  .came = "{\"predictions\":[{\"embeddings\":{\"statistics\":{\"token_count\":6,\"truncated\":false},"
		  "\"values\":[1]}},{\"embeddings\":{\"values\":[1],\"statistics\":{\"token_count\":5.0}}}],"
		  "\"metadata\":{\"billableCharacterCount\":22}}",
	  .expect = "e1> - input=11 output=0" },
	{ .name = "predicted pictures", .host = HOST, .path = "/v1beta/models/imagen-4:predict",
	  .asked = "{\"instances\":[{\"prompt\":\"a\"}]}",
	  .came = "{\"predictions\":[{\"bytesBase64Encoded\":\"aa\"},{\"bytesBase64Encoded\":\"bb\"}]}",
	  .expect = "imagen-4> - image=2" },
	{ .name = "an interaction", .host = HOST, .path = "/v1beta/interactions",
	  .asked = "{\"model\":\"g\",\"input\":\"hi\"}",
	  .came = "{\"id\":\"v1_1\",\"model\":\"g-1\",\"usage\":{\"total_tokens\":300,\"total_input_tokens\":22,"
		  "\"total_cached_tokens\":2,\"total_output_tokens\":59,\"total_tool_use_tokens\":198,"
		  "\"total_thought_tokens\":17,\"input_tokens_by_modality\":[{\"modality\":\"audio\","
		  "\"tokens\":20}]}}",
	  .expect = "g>g-1 v1_1 input=220 cache_read=2 output=76 reasoning=17 audio_input=20" },
	{ .name = "its stream", .host = HOST, .path = "/v1beta/interactions?alt=sse",
	  .asked = "{\"model\":\"g\",\"stream\":true}", .kind = ITEM_EVENT,
	  .came = "event: interaction.created\ndata: {\"interaction\":{\"id\":\"v1_2\",\"model\":\"g-1\"},"
		  "\"metadata\":{\"usage\":{\"total_input_tokens\":11,\"total_output_tokens\":0,"
		  "\"total_thought_tokens\":68}}}\n\n"
		  "event: step.delta\ndata: {\"delta\":{\"text\":\"usage\"}}\n\n"
		  "event: interaction.completed\ndata: {\"interaction\":{\"id\":\"v1_2\",\"model\":\"g-1\","
		  "\"usage\":{\"total_input_tokens\":11,\"total_output_tokens\":42,"
		  "\"total_thought_tokens\":126}}}\n\n"
		  "event: done\ndata: [DONE]\n\n",
	  .expect = "g>g-1 v1_2 input=11 output=168 reasoning=126" },
	{ .name = "a coding agent's", .host = "cloudcode-pa.googleapis.com",
	  .path = "/v1internal:streamGenerateContent?alt=sse", .kind = ITEM_EVENT,
	  .asked = "{\"model\":\"gemini-2.5-pro\",\"project\":\"p1\",\"request\":{\"contents\":[]}}",
	  .came = "data: {\"response\":{\"usageMetadata\":{\"promptTokenCount\":4,\"candidatesTokenCount\":1,"
		  "\"thoughtsTokenCount\":2},\"modelVersion\":\"gemini-2.5-pro\",\"responseId\":\"r4\"}}\n\n",
	  .expect = "gemini-2.5-pro>gemini-2.5-pro r4 input=4 output=3 reasoning=2" },
	{ .name = "a tuned model", .host = HOST, .path = "/v1beta/tunedModels/mine-1:generateContent", .asked = ASKED,
	  .came = "{\"usageMetadata\":{\"promptTokenCount\":1,\"candidatesTokenCount\":2}}",
	  .expect = "mine-1> - input=1 output=2" },
	{ .name = "behind somebody's gateway",
	  .path = "/google-vertex/v1beta1/publishers/google/models/g:generateContent", .asked = ASKED,
	  .came = "{\"usageMetadata\":{\"promptTokenCount\":1,\"candidatesTokenCount\":2},\"modelVersion\":\"g\"}",
	  .expect = "g>g - input=1 output=2" },
};

static void usages(void **state)
{
	(void)state;
	EACH(row, dialogues)
		dialogue_check(row);
}

static void facts(void **state)
{
	static const struct dialogue dialogue = {
		.name = "facts", .host = "europe-west1-aiplatform.googleapis.com",
		.asked = "{\"tools\":[{\"functionDeclarations\":[{\"name\":\"f\"},{\"name\":\"g\"}]}]}",
		.path = "/v1/projects/p1/locations/europe-west1/publishers/google/models/gemini%2D3:generateContent",
		.came = "{\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"name\":\"g\","
			"\"args\":{\"name\":\"x\"}}}]},\"finishReason\":2}],"
			"\"usageMetadata\":{\"promptTokenCount\":1,\"candidatesTokenCount\":2,"
				"\"trafficType\":\"PROVISIONED_THROUGHPUT\","
					"\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":1}]}}",
	};
	struct dialogue_told told;
	const struct call *call = &told.calls[0];

	(void)state;
	dialogue_play(&dialogue, 0, ENDING_COMPLETE, &told);
	assert_int_equal(told.n, 1);
	assert_string_equal(call->provider, "gcp.vertex_ai");
	assert_string_equal(call->operation, "generate_content");
	assert_string_equal(call->model_requested, "gemini-3");
	assert_string_equal(call->project, "p1");
	assert_string_equal(call->region, "europe-west1");
	assert_string_equal(call->tools_offered, "f,g");
	assert_string_equal(call->tools_called, "g");
	assert_string_equal(call->finish_reason, "MAX_TOKENS");
	assert_int_equal(call->billing, BILLING_PROVISIONED);
	assert_string_equal(call->usage_raw, "{\"promptTokenCount\":1,\"candidatesTokenCount\":2,"
		"\"promptTokensDetails\":[{\"tokenCount\":1}]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(usages), cmocka_unit_test(facts) };

	return RUN(tests);
}
