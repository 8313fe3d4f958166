/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches of every provider that has them: what is left when one is made, asked
 * for and fetched, so that whoever made it can be billed for what others fetch.
 */
#include "tests/lib/dialogue.h"

struct told_batch {
	struct dialogue talk;
	/* id, file, output, status (- for none), requests, most input (+ for any), most output, flags R(etrieval) F(ree) B(atch rate) */
	const char *batch;
};

#define OPENAI "api.openai.com"
#define LINE(id, limit) "{\"custom_id\":\"" id "\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"{\\\"custom_id\\\":1}\"}]" limit "}}"
#define OPENAI_BATCH(fields) "{\"id\":\"batch_1\",\"object\":\"batch\",\"endpoint\":\"/v1/chat/completions\",\"errors\":null,\"input_file_id\":\"file-in\"," fields "}"
#define GEMINI "generativelanguage.googleapis.com"
#define GEMINI_RESULT(input, output, thoughts, id) "{\"response\":{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"4\"}]}}],\"usageMetadata\":{\"promptTokenCount\":" input \
	",\"candidatesTokenCount\":" output ",\"thoughtsTokenCount\":" thoughts "},\"modelVersion\":\"gemini-2.5-flash\",\"responseId\":\"" id "\"}}"
#define CLAUDE_RESULT(id, input, output) "{\"custom_id\":\"" id "\",\"result\":{\"type\":\"succeeded\",\"message\":{\"id\":\"msg_" id "\",\"type\":\"message\",\"model\":\"claude-haiku-4-5\",\"content\":[],\"usage\":{\"input_tokens\":" input ",\"output_tokens\":" output "}}}}"

static const struct told_batch batches[] = {
	/* OpenAI: a file, a batch, a file */
	{ { .name = "a file of requests", .host = OPENAI, .path = "/v1/files",
	    .form = "purpose=batch\n@file=" LINE("a", ",\"max_tokens\":100") "|" LINE("b", ",\"max_completion_tokens\":50") "|",
	    .came = "{\"object\":\"file\",\"id\":\"file-in\",\"purpose\":\"batch\",\"filename\":\"b.jsonl\",\"bytes\":300,\"status\":\"processed\"}",
	    .expect = "gpt-4o-mini> -" }, "- file-in - - 2 + 150 F" },
	{ { .name = "one request may make anything", .host = OPENAI, .path = "/v1/files",
	    .form = "@file=" LINE("a", ",\"max_tokens\":100") "|" LINE("b", "") "\npurpose=batch",
	    .came = "{\"object\":\"file\",\"id\":\"file-in\",\"purpose\":\"batch\"}", .expect = "gpt-4o-mini> -" }, "- file-in - - 2 + 0 F" },
	{ { .name = "a file for something else", .host = OPENAI, .path = "/v1/files", .form = "purpose=fine-tune\n@file=" LINE("a", "") "|",
	    .came = "{\"object\":\"file\",\"id\":\"file-2\",\"purpose\":\"fine-tune\"}", .expect = "gpt-4o-mini> -" }, "- - - - 0 0 0 F" },
	{ { .name = "a picture", .host = OPENAI, .path = "/v1/files", .form = "purpose=vision\n@file=\x89PNG{\"custom_id\":1}",
	    .came = "{\"object\":\"file\",\"id\":\"file-2\",\"purpose\":\"vision\"}", .expect = "> -" }, "- - - - 0 0 0 F" },
	{ { .name = "made", .host = OPENAI, .path = "/v1/batches",
	    .asked = "{\"input_file_id\":\"file-in\",\"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"24h\"}",
	    .came = OPENAI_BATCH("\"status\":\"validating\",\"output_file_id\":null,\"request_counts\":{\"total\":0,\"completed\":0,\"failed\":0}"),
	    .expect = "> -" }, "batch_1 file-in - validating 0 0 0 B" },
	{ { .name = "asked for too early", .host = OPENAI, .path = "/v1/batches/batch_1",
	    .came = OPENAI_BATCH("\"model\":\"gpt-4o-mini-2024-07-18\",\"status\":\"in_progress\",\"output_file_id\":null,\"request_counts\":{\"total\":2,\"completed\":1,\"failed\":0},"
				 "\"usage\":{\"input_tokens\":10,\"output_tokens\":5,\"total_tokens\":15}"),
	    .expect = ">gpt-4o-mini-2024-07-18 -" }, "batch_1 file-in - in_progress 2 0 0 RB" },
	{ { .name = "asked for when it was complete", .host = OPENAI, .path = "/v1/batches/batch_1",
	    .came = OPENAI_BATCH("\"model\":\"gpt-4o-mini-2024-07-18\",\"status\":\"completed\",\"output_file_id\":\"file-out\",\"request_counts\":{\"total\":2,\"completed\":2,\"failed\":0},"
				 "\"usage\":{\"input_tokens\":30,\"input_tokens_details\":{\"cached_tokens\":4},\"output_tokens\":20,\"total_tokens\":50}"),
	    .expect = ">gpt-4o-mini-2024-07-18 - input=30 cache_read=4 output=20" }, "batch_1 file-in file-out completed 2 0 0 RB" },
	{ { .name = "it ran out of time", .host = OPENAI, .path = "/v1/batches/batch_1",
	    .came = OPENAI_BATCH("\"model\":\"m\",\"status\":\"expired\",\"output_file_id\":\"file-out\",\"request_counts\":{\"total\":2,\"completed\":1,\"failed\":1},"
				 "\"usage\":{\"input_tokens\":10,\"output_tokens\":5,\"total_tokens\":15}"),
	    .expect = ">m - input=10 output=5" }, "batch_1 file-in file-out expired 2 0 0 RB" },
	{ { .name = "it is being cancelled", .host = OPENAI, .path = "/v1/batches/batch_1/cancel", .asked = "{}",
	    .came = OPENAI_BATCH("\"status\":\"cancelling\",\"request_counts\":{\"total\":2}"), .expect = "> -" }, "batch_1 file-in - cancelling 2 0 0 B" },
	{ { .name = "its results, line by line", .host = OPENAI, .path = "/v1/files/file-out/content", .kind = ITEM_LINE,
	    .came = "{\"id\":\"q1\",\"custom_id\":\"a\",\"response\":{\"status_code\":200,\"body\":{\"id\":\"r1\",\"model\":\"m\",\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":1,\"total_tokens\":11}}},\"error\":null}\n"
		    "{\"id\":\"q2\",\"custom_id\":\"b\",\"response\":{\"status_code\":200,\"body\":{\"id\":\"r2\",\"model\":\"m\",\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":2,\"total_tokens\":22}}},\"error\":null}\n",
	    .expect = ">m - input=30 output=3" }, "- - file-out - 0 0 0 RB" },
	{ { .name = "as one document", .host = OPENAI, .path = "/v1/files/file-out/content",
	    .came = "{\"response\":{\"body\":{\"model\":\"m\",\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":1}}}}\n"
		    "{\"response\":{\"body\":{\"model\":\"m\",\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":2}}}}\n",
	    .expect = ">m - input=30 output=3" }, "- - file-out - 0 0 0 RB" },
	{ { .name = "the content of another file", .host = OPENAI, .path = "/v1/files/file-3/content", .came = "{\"a\":1}", .expect = "> -" }, "- - - - 0 0 0 RF" },
	{ { .name = "Azure's", .host = "x.openai.azure.com", .path = "/openai/batches/batch_1?api-version=1",
	    .came = OPENAI_BATCH("\"status\":\"completed\",\"output_file_id\":\"file-out\",\"request_counts\":{\"total\":2}"), .expect = "> -" },
	  "batch_1 file-in file-out completed 2 0 0 RB" },

	/* Mistral */
	{ { .name = "a job over a file", .host = "api.mistral.ai", .path = "/v1/batch/jobs", .asked = "{\"input_files\":[\"f1\"],\"model\":\"mistral-small-latest\",\"endpoint\":\"/v1/chat/completions\"}",
	    .came = "{\"id\":\"b1\",\"object\":\"batch\",\"input_files\":[\"f1\"],\"endpoint\":\"/v1/chat/completions\",\"model\":\"mistral-small-latest\",\"errors\":[],\"status\":\"QUEUED\",\"total_requests\":0}",
	    .expect = "mistral-small-latest>mistral-small-latest -" }, "b1 f1 - QUEUED 0 0 0 B" },
	{ { .name = "a job over a list", .host = "api.mistral.ai", .path = "/v1/batch/jobs", .asked = "{\"model\":\"m\",\"requests\":[{\"custom_id\":\"a\",\"body\":{\"max_tokens\":7}},{\"body\":{\"max_tokens\":8}}]}",
	    .came = "{\"id\":\"b1\",\"object\":\"batch\",\"status\":\"QUEUED\"}", .expect = "m> -" }, "b1 - - QUEUED 2 + 15 B" },
	{ { .name = "the job is done", .host = "api.mistral.ai", .path = "/v1/batch/jobs/b1",
	    .came = "{\"id\":\"b1\",\"object\":\"batch\",\"input_files\":[\"f1\"],\"output_file\":\"f2\",\"model\":\"m\",\"status\":\"SUCCESS\",\"total_requests\":2,\"succeeded_requests\":2}",
	    .expect = ">m -" }, "b1 f1 f2 SUCCESS 2 0 0 RB" },

	/* xAI */
	{ { .name = "an empty one", .host = "api.x.ai", .path = "/v1/batches", .asked = "{\"name\":\"n\"}",
	    .came = "{\"batch_id\":\"batch_x\",\"name\":\"n\",\"state\":{\"num_requests\":0,\"num_pending\":0}}", .expect = "> -" }, "batch_x - - - 0 0 0 B" },
	{ { .name = "filled", .host = "api.x.ai", .path = "/v1/batches/batch_x/requests",
	    .asked = "{\"batch_requests\":[{\"batch_request_id\":\"0\",\"batch_request\":{\"responses\":{\"model\":\"grok-4.3\",\"input\":[],\"max_output_tokens\":30}}},"
		     "{\"batch_request\":{\"chat_get_completion\":{\"model\":\"grok-4.3\",\"max_tokens\":12}}}]}", .came = "null", .expect = "grok-4.3> -" },
	  "batch_x - - - 2 + 42 B" },
	{ { .name = "how far it is", .host = "api.x.ai", .path = "/v1/batches/batch_x",
	    .came = "{\"batch_id\":\"batch_x\",\"state\":{\"num_requests\":2,\"num_pending\":2}}", .expect = "> -" }, "batch_x - - - 2 0 0 RB" },
	{ { .name = "its results", .host = "api.x.ai", .path = "/v1/batches/batch_x/results",
	    .came = "{\"results\":[{\"batch_result\":{\"response\":{\"chat_get_completion\":{\"model\":\"grok-4.3\",\"usage\":{\"prompt_tokens\":204,\"completion_tokens\":1,\"total_tokens\":287,\"completion_tokens_details\":{\"reasoning_tokens\":82}}}}}},"
		    "{\"batch_result\":{\"response\":{\"chat_get_completion\":{\"model\":\"grok-4.3\",\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":1,\"total_tokens\":13,\"completion_tokens_details\":{\"reasoning_tokens\":2}}}}}}]}",
	    .expect = ">grok-4.3 - input=214 output=86 reasoning=84" }, "batch_x - - - 0 0 0 RB" },

	{ { .name = "results of its newer interface", .host = "api.x.ai", .path = "/v1/batches/batch_x/results",
	    .came = "{\"results\":[{\"batch_result\":{\"response\":{\"responses\":{\"model\":\"grok-4.3\",\"usage\":{\"input_tokens\":20,\"output_tokens\":3,\"total_tokens\":23,\"output_tokens_details\":{\"reasoning_tokens\":2}}}}}},"
		    "{\"batch_result\":{\"error\":{\"code\":\"x\"}}}]}",
	    .expect = ">grok-4.3 - input=20 output=3 reasoning=2" }, "batch_x - - - 0 0 0 RB" },

	/* Anthropic */
	{ { .name = "a list of messages", .host = "api.anthropic.com", .path = "/v1/messages/batches",
	    .asked = "{\"requests\":[{\"custom_id\":\"0\",\"params\":{\"model\":\"claude-haiku-4-5\",\"max_tokens\":64000,\"messages\":[]}},{\"params\":{\"model\":\"claude-haiku-4-5\",\"max_tokens\":1000}}]}",
	    .came = "{\"id\":\"msgbatch_1\",\"type\":\"message_batch\",\"processing_status\":\"in_progress\",\"request_counts\":{\"processing\":2},\"results_url\":null}",
	    .expect = "claude-haiku-4-5> -" }, "msgbatch_1 - - in_progress 2 + 65000 F" },
	{ { .name = "how far that is", .host = "api.anthropic.com", .path = "/v1/messages/batches/msgbatch_1",
	    .came = "{\"id\":\"msgbatch_1\",\"type\":\"message_batch\",\"processing_status\":\"ended\"}", .expect = "> -" }, "msgbatch_1 - - ended 0 0 0 RF" },
	{ { .name = "a message each", .host = "api.anthropic.com", .path = "/v1/messages/batches/msgbatch_1/results", .kind = ITEM_LINE,
	    .came = CLAUDE_RESULT("a", "10", "1") "\n" CLAUDE_RESULT("b", "20", "2") "\n{\"custom_id\":\"c\",\"result\":{\"type\":\"errored\",\"error\":{\"type\":\"invalid_request\"}}}\n",
	    .expect = ">claude-haiku-4-5 msg_a input=10 output=1\n>claude-haiku-4-5 msg_b input=20 output=2" }, "msgbatch_1 - - - 0 0 0 RB" },
	{ { .name = "all in one document", .host = "api.anthropic.com", .path = "/v1/messages/batches/msgbatch_1/results",
	    .came = CLAUDE_RESULT("a", "10", "1") "\n" CLAUDE_RESULT("b", "20", "2"),
	    .expect = ">claude-haiku-4-5 msg_a input=10 output=1\n>claude-haiku-4-5 msg_b input=20 output=2" }, "msgbatch_1 - - - 0 0 0 RB" },

	/* Google */
	{ { .name = "a list of prompts", .host = GEMINI, .path = "/v1beta/models/gemini-2.5-flash:batchGenerateContent",
	    .asked = "{\"batch\":{\"displayName\":\"d\",\"inputConfig\":{\"requests\":{\"requests\":[{\"request\":{\"contents\":[],\"generationConfig\":{\"maxOutputTokens\":9}}},"
		     "{\"request\":{\"contents\":[],\"generationConfig\":{\"maxOutputTokens\":11}}}]}}}}",
	    .came = "{\"name\":\"batches/31u\",\"metadata\":{\"model\":\"models/gemini-2.5-flash\",\"batchStats\":{\"requestCount\":\"2\",\"pendingRequestCount\":\"2\"},\"state\":\"BATCH_STATE_PENDING\",\"name\":\"batches/31u\"}}",
	    .expect = "gemini-2.5-flash>gemini-2.5-flash -" }, "31u - - BATCH_STATE_PENDING 2 + 20 B" },
	{ { .name = "a file of them", .host = GEMINI, .path = "/v1beta/models/gemini-2.5-flash:batchGenerateContent",
	    .asked = "{\"batch\":{\"input_config\":{\"file_name\":\"files/f1\"}}}",
	    .came = "{\"name\":\"batches/31u\",\"metadata\":{\"state\":\"BATCH_STATE_PENDING\"}}", .expect = "gemini-2.5-flash> -" },
	  "31u files/f1 - BATCH_STATE_PENDING 0 0 0 B" },
	{ { .name = "it is running", .host = GEMINI, .path = "/v1beta/batches/31u",
	    .came = "{\"name\":\"batches/31u\",\"metadata\":{\"model\":\"models/gemini-2.5-flash\",\"batchStats\":{\"requestCount\":\"2\"},\"state\":\"BATCH_STATE_RUNNING\"}}",
	    .expect = ">gemini-2.5-flash -" }, "31u - - BATCH_STATE_RUNNING 2 0 0 RB" },
	{ { .name = "results come twice and count once", .host = GEMINI, .path = "/v1beta/batches/31u",
	    .came = "{\"name\":\"batches/31u\",\"metadata\":{\"model\":\"models/gemini-2.5-flash\",\"output\":{\"inlinedResponses\":{\"inlinedResponses\":[" GEMINI_RESULT("13", "1", "43", "a") "," GEMINI_RESULT("13", "1", "53", "b") "]}},"
		    "\"state\":\"BATCH_STATE_SUCCEEDED\",\"batchStats\":{\"requestCount\":\"2\"}},\"done\":true,"
		    "\"response\":{\"inlinedResponses\":{\"inlinedResponses\":[" GEMINI_RESULT("13", "1", "43", "a") "," GEMINI_RESULT("13", "1", "53", "b") "]}}}",
	    .expect = ">gemini-2.5-flash - input=26 output=98 reasoning=96" }, "31u - - BATCH_STATE_SUCCEEDED 2 0 0 RB" },
	{ { .name = "sound and pictures in them add up", .host = GEMINI, .path = "/v1beta/batches/31u",
	    .came = "{\"name\":\"batches/31u\",\"metadata\":{\"state\":\"BATCH_STATE_SUCCEEDED\"},\"response\":{\"inlinedResponses\":{\"inlinedResponses\":["
		    "{\"response\":{\"usageMetadata\":{\"promptTokenCount\":100,\"candidatesTokenCount\":5,\"promptTokensDetails\":[{\"modality\":\"AUDIO\",\"tokenCount\":90},{\"modality\":\"TEXT\",\"tokenCount\":10}]}}},"
		    "{\"response\":{\"usageMetadata\":{\"promptTokenCount\":50,\"candidatesTokenCount\":1290,\"promptTokensDetails\":[{\"modality\":\"AUDIO\",\"tokenCount\":40}],"
		    "\"candidatesTokensDetails\":[{\"modality\":\"IMAGE\",\"tokenCount\":1290}],\"cacheTokensDetails\":[{\"tokenCount\":7,\"modality\":\"AUDIO\"}]}}}]}}}",
	    .expect = "> - input=150 output=1295 audio_input=130 audio_cache_read=7 image_output=1290" }, "31u - - BATCH_STATE_SUCCEEDED 0 0 0 RB" },
	{ { .name = "results in a file", .host = GEMINI, .path = "/v1beta/batches/31u",
	    .came = "{\"name\":\"batches/31u\",\"metadata\":{\"state\":\"BATCH_STATE_SUCCEEDED\"},\"done\":true,\"response\":{\"responsesFile\":\"files/batch-31u\"}}",
	    .expect = "> -" }, "31u - files/batch-31u BATCH_STATE_SUCCEEDED 0 0 0 RB" },
	{ { .name = "that file", .host = GEMINI, .path = "/download/v1beta/files/batch-31u:download?alt=media", .kind = ITEM_LINE,
	    .came = "{\"key\":\"0\",\"response\":{\"usageMetadata\":{\"promptTokenCount\":13,\"candidatesTokenCount\":1,\"thoughtsTokenCount\":43},\"modelVersion\":\"gemini-2.5-flash\"}}\n"
		    "{\"key\":\"1\",\"response\":{\"usageMetadata\":{\"promptTokenCount\":13,\"candidatesTokenCount\":1},\"modelVersion\":\"gemini-2.5-flash\"}}\n",
	    .expect = ">gemini-2.5-flash - input=26 output=45 reasoning=43" }, "- - files/batch-31u - 0 0 0 RB" },
	{ { .name = "a job of Vertex", .host = "us-central1-aiplatform.googleapis.com", .path = "/v1/projects/p/locations/us-central1/batchPredictionJobs",
	    .asked = "{\"displayName\":\"d\",\"model\":\"publishers/google/models/gemini-2.5-flash\",\"inputConfig\":{\"instancesFormat\":\"jsonl\"}}",
	    .came = "{\"name\":\"projects/1/locations/us-central1/batchPredictionJobs/42\",\"model\":\"publishers/google/models/gemini-2.5-flash\",\"state\":\"JOB_STATE_PENDING\",\"createTime\":\"2026-08-18T07:00:00Z\"}",
	    .expect = "gemini-2.5-flash>gemini-2.5-flash -" }, "42 - - JOB_STATE_PENDING 0 0 0 B" },
	{ { .name = "an upload of requests", .host = GEMINI, .path = "/upload/v1beta/files?upload_id=1",
	    .asked = "{\"key\":\"0\",\"request\":{\"contents\":[],\"generationConfig\":{\"maxOutputTokens\":5}}}\n{\"key\":\"1\",\"request\":{\"contents\":[],\"generation_config\":{\"max_output_tokens\":6}}}\n",
	    .came = "{\"file\":{\"name\":\"files/f1\",\"mimeType\":\"jsonl\"}}", .expect = "> -" }, "- files/f1 - - 2 + 11 F" },
	{ { .name = "an upload of a picture", .host = GEMINI, .path = "/upload/v1beta/files?upload_id=1", .asked = "\x89PNG",
	    .came = "{\"file\":{\"name\":\"files/f2\",\"mimeType\":\"image/png\"}}", .expect = "> -" }, "- - - - 0 0 0 F" },
};

static void write_flags(struct buf *to, const struct call *call)
{
	if (call->flags & CALL_RETRIEVAL)
		buf_char(to, 'R');
	if (call->flags & CALL_FREE)
		buf_char(to, 'F');
	if (call->billing == BILLING_BATCH)
		buf_char(to, 'B');
}

static const char *or_dash(const char *text)
{
	return *text ? text : "-";
}

static void write_batch(struct buf *to, const struct call *call)
{
	buf_printf(to, "%s %s %s %s %llu ", or_dash(call->batch_id), or_dash(call->batch_file), or_dash(call->batch_output),
		   or_dash(call->batch_status), (unsigned long long)call->batch_requests);
	buf_puts(to, call->batch_input_max ? "+ " : "0 ");
	buf_printf(to, "%llu ", (unsigned long long)call->batch_output_max);
	write_flags(to, call);
}

static void facts(void **state)
{
	static const size_t steps[] = { 0, 1, 7 };
	struct dialogue_told *told = mem_new(sizeof(*told));

	(void)state;
	EACH(row, batches) {
		for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
			struct buf text = BUF(1024);

			dialogue_expect(&row->talk, steps[i]);
			dialogue_play(&row->talk, steps[i], ENDING_COMPLETE, told);
			assert_true(told->n > 0);
			write_batch(&text, &told->calls[0]);
			if (strcmp(buf_cstr(&text), row->batch) != 0)
				fail_msg("%s, step %zu:\n  got      %s\n  expected %s", row->talk.name, steps[i], buf_cstr(&text), row->batch);
			buf_done(&text);
		}
	}
	mem_free(told);
}

/* More requests than can be counted, more tokens than that. */
static void overflow(void **state)
{
	static const struct dialogue talk = {
		.name = "overflow", .host = "api.anthropic.com", .path = "/v1/messages/batches",
		.asked = "{\"requests\":[{\"params\":{\"max_tokens\":18446744073709551615}},{\"params\":{\"max_tokens\":18446744073709551615}}]}",
		.came = "{\"id\":\"b\",\"type\":\"message_batch\",\"processing_status\":\"in_progress\"}",
	};
	struct dialogue_told *told = mem_new(sizeof(*told));

	(void)state;
	dialogue_play(&talk, 0, ENDING_COMPLETE, told);
	assert_int_equal(told->calls[0].batch_requests, 2);
	assert_true(told->calls[0].batch_output_max == UINT64_MAX);
	assert_int_equal(told->calls[0].batch_input_max, strlen(talk.asked));
	mem_free(told);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(facts), cmocka_unit_test(overflow) };

	return RUN(tests);
}
