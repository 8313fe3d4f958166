/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/dialogue.h"

#define HOST "us-south.ml.cloud.ibm.com"
#define ASKED "{\"model_id\":\"ibm/granite\",\"project_id\":\"p1\",\"input\":\"hi\"}"

static const struct dialogue dialogues[] = {
	{ .name = "one answer", .host = HOST, .path = "/ml/v1/text/generation?version=2024-02-15", .asked = ASKED,
	  .came = "{\"model_id\":\"ibm/granite\",\"results\":[{\"generated_text\":\"a\","
		  "\"generated_token_count\":20,\"input_token_count\":6,\"stop_reason\":\"max_tokens\"}]}",
	  .expect = "ibm/granite>ibm/granite - input=6 output=20" },
	{ .name = "the prompt is counted first, the answer last", .host = HOST,
	  .path = "/ml/v1-beta/generation/text_stream", .asked = ASKED, .kind = ITEM_EVENT,
	  .came = "event: message\ndata: {\"model_id\":\"ibm/granite\",\"results\":[{\"generated_token_count\":0,"
		  "\"input_token_count\":8}]}\n\n"
		  "event: message\ndata: {\"results\":[{\"generated_token_count\":1,\"input_token_count\":0}]}\n\n"
		  "event: message\ndata: {\"results\":[{\"generated_token_count\":11,\"input_token_count\":0,"
		  "\"stop_reason\":\"eos_token\"}]}\n\n",
	  .expect = "ibm/granite>ibm/granite - input=8 output=11" },
	{ .name = "an error", .host = HOST, .path = "/ml/v1/text/generation", .asked = ASKED, .status = 404,
	  .came = "{\"errors\":[{\"code\":\"model_not_supported\",\"message\":\"x\"}],\"status_code\":404}",
	  .expect = "ibm/granite> - error=model_not_supported" },
};

static void usages(void **state)
{
	(void)state;
	EACH(row, dialogues)
		dialogue_check(row);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(usages) };

	return RUN(tests);
}
