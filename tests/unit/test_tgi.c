/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/dialogue.h"

static const struct dialogue dialogues[] = {
	{ .name = "an array of one", .host = "x1.us-east-1.aws.endpoints.huggingface.cloud", .path = "/generate",
	  .asked = "{\"inputs\":\"hi\"}",
	  .headers = "x-prompt-tokens: 16\nx-generated-tokens: 75",
	  .came = "[{\"generated_text\":\"a\",\"details\":{\"finish_reason\":\"eos_token\",\"generated_tokens\":75,"
		  "\"tokens\":[{\"id\":13}]}}]",
	  .expect = "> - input=16 output=75" },
	{ .name = "on a host of one's own", .host = "gpu-7.example.net", .path = "/generate",
	  .asked = "{\"inputs\":\"hi\"}",
	  .came = "{\"generated_text\":\"a\",\"details\":{\"generated_tokens\":7,\"input_length\":4}}",
	  .expect = "> - input=4 output=7" },
	{ .name = "an older server, which does not count the prompt", .host = "gpu-7.example.net", .path = "/generate",
	  .asked = "{\"inputs\":\"hi\"}",
	  .came = "{\"generated_text\":\"a\",\"details\":{\"finish_reason\":\"length\",\"generated_tokens\":7}}",
	  .expect = "> - output=7" },
	{ .name = "somebody else's", .path = "/report/generate", .asked = "{\"inputs\":\"hi\"}",
	  .came = "{\"details\":{}}", .expect = "" },
	{ .name = "a stream", .host = "x1.us-east-1.aws.endpoints.huggingface.cloud", .path = "/generate_stream",
	  .asked = "{\"inputs\":\"hi\"}", .kind = ITEM_EVENT,
	  .came = "data: {\"token\":{\"id\":1,\"text\":\"a\"},"
		  "\"details\":null}\n\ndata: {\"token\":{\"text\":\"b\"},\"generated_text\":\"ab\","
		  "\"details\":{\"generated_tokens\":2,\"input_length\":4}}\n\n",
	  .expect = "> - input=4 output=2" },
	{ .name = "a pipeline's model", .host = "router.huggingface.co",
	  .path = "/hf-inference/models/a/gte/pipeline/feature-extraction", .asked = "{\"inputs\":\"hi\"}",
	  .came = "[0.1,0.2]", .expect = "a/gte> -" },
	{ .name = "an older pipeline's", .host = "api-inference.huggingface.co", .path = "/pipeline/fill-mask/bert",
	  .asked = "{\"inputs\":\"hi\"}",
	  .came = "[{\"score\":0.8,\"token\":2023}]", .expect = "bert> -" },
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
