/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/dialogue.h"

#define HOST "ollama.com"

static const struct dialogue dialogues[] = {
	{ .name = "one answer", .host = HOST, .path = "/api/chat", .asked = "{\"model\":\"llama3\",\"stream\":false,"
		  "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}",
	  .came = "{\"model\":\"llama3\",\"message\":{\"content\":\"a\"},\"done\":true,\"done_reason\":\"stop\","
		  "\"total_duration\":9,\"prompt_eval_count\":26,\"prompt_eval_duration\":7,\"eval_count\":29,"
		  "\"eval_duration\":8}",
	  .expect = "llama3>llama3 - input=26 output=29" },
	{ .name = "the last line counts", .host = HOST, .path = "/api/generate",
	  .asked = "{\"model\":\"llama3\",\"prompt\":\"hi\"}", .kind = ITEM_LINE,
	  .came = "{\"model\":\"llama3\",\"response\":\"a\",\"done\":false}\n{\"model\":\"llama3\","
		  "\"response\":\"\",\"done\":true,\"prompt_eval_count\":3,\"eval_count\":2}\n",
	  .expect = "llama3>llama3 - input=3 output=2" },
	{ .name = "lines in one document", .host = HOST, .path = "/api/chat", .asked = "{\"model\":\"llama3\"}",
	  .came = "{\"model\":\"llama3\",\"message\":{\"content\":\"a\"},\"done\":false}\n{\"model\":\"llama3\","
		  "\"done\":true,\"prompt_eval_count\":3,\"eval_count\":2}\n",
	  .expect = "llama3>llama3 - input=3 output=2" },
	{ .name = "a prompt that the cache holds", .host = HOST, .path = "/api/chat",
	  .asked = "{\"model\":\"llama3\"}",
	  .came = "{\"model\":\"llama3\",\"done\":true,\"eval_count\":2}",
	  .expect = "llama3>llama3 - input=0 output=2" },
	{ .name = "embeddings", .host = HOST, .path = "/api/embed", .asked = "{\"model\":\"nomic\",\"input\":[\"a\","
		  "\"b\"]}",
	  .came = "{\"model\":\"nomic\",\"embeddings\":[[0.1]],\"prompt_eval_count\":8}",
	  .expect = "nomic>nomic - input=8 output=0" },
	{ .name = "older embeddings", .host = HOST, .path = "/api/embeddings",
	  .asked = "{\"model\":\"nomic\",\"prompt\":\"a\"}",
	  .came = "{\"embedding\":[0.1]}", .expect = "nomic> -" },
	{ .name = "a stream that was not done", .host = HOST, .path = "/api/chat", .asked = "{\"model\":\"llama3\"}",
	  .kind = ITEM_LINE,
	  .came = "{\"model\":\"llama3\",\"message\":{\"content\":\"a\"},\"done\":false}\n{\"error\":\"out of memory\"}\n",
	  .expect = "llama3>llama3 - error=error" },
	{ .name = "nor its count", .host = HOST, .path = "/api/chat", .asked = "{\"model\":\"llama3\"}", .kind = ITEM_LINE,
	  .came = "{\"model\":\"llama3\",\"done\":false,\"eval_count\":2}\n", .expect = "llama3>llama3 - output=2" },
	{ .name = "an error, in prose", .host = HOST, .path = "/api/chat", .asked = "{\"model\":\"no\"}",
	  .kind = ITEM_LINE,
	  .came = "{\"error\":\"the prompt was: secret\"}\n", .expect = "no> - error=error" },
	{ .name = "on a host of one's own", .host = "gpu-7.example.net", .path = "/ollama/api/chat",
	  .asked = "{\"model\":\"llama3\"}",
	  .came = "{\"model\":\"llama3\",\"done\":true,\"prompt_eval_count\":1,\"eval_count\":2}",
	  .expect = "llama3>llama3 - input=1 output=2" },
	{ .name = "somebody else's chat about models", .path = "/api/chat", .asked = "{\"model\":\"T\"}",
	  .came = "{\"ok\":true}", .expect = "" },
	{ .name = "somebody else's chat", .path = "/api/chat", .asked = "{\"room\":1}", .came = "{\"ok\":true}",
	  .expect = "" },
};

/* Lines that are sent as if they were one document: the last of them counts all the same. */
static void as_document(void **state)
{
	static const struct dialogue talk = {
		.name = "lines as a document", .host = "localhost", .path = "/api/chat", .asked = "{\"model\":\"llama3\",\"messages\":[]}",
		.came = "{\"model\":\"llama3\",\"message\":{\"content\":\"a\"},\"done\":false}\n{\"model\":\"llama3\",\"message\":{\"content\":\"b\"},\"done\":false}\n"
			"{\"model\":\"llama3\",\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":26,\"eval_count\":298}\n",
		.expect = "llama3>llama3 - input=26 output=298",
	};

	(void)state;
	dialogue_check(&talk);
}

static void usages(void **state)
{
	(void)state;
	EACH(row, dialogues)
		dialogue_check(row);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(usages), cmocka_unit_test(as_document) };

	return RUN(tests);
}
