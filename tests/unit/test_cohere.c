/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/dialogue.h"

#define HOST "api.cohere.com"
#define ASKED "{\"model\":\"command-a\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"

static const struct dialogue dialogues[] = {
	{ .name = "what is billed, not what was processed", .host = HOST, .path = "/v2/chat", .asked = ASKED,
	  .came = "{\"id\":\"c1\",\"finish_reason\":\"COMPLETE\",\"usage\":{\"billed_units\":{\"input_tokens\":24.0,"
		  "\"output_tokens\":63},"
		  "\"tokens\":{\"input_tokens\":553,\"output_tokens\":64,\"reasoning_tokens\":5},"
		  "\"cached_tokens\":480}}",
	  .expect = "command-a> c1 input=24 output=63 reasoning=5" },
	{ .name = "classified by the piece", .host = HOST, .path = "/v1/classify", .asked = "{\"model\":\"embed\"}",
	  .came = "{\"id\":\"k1\",\"meta\":{\"billed_units\":{\"classifications\":3}}}", .expect = "embed> k1 classification=3" },
	{ .name = "a stream", .host = HOST, .path = "/v2/chat", .asked = ASKED, .kind = ITEM_EVENT,
	  .came = "event: message-start\ndata: {\"id\":\"c2\",\"type\":\"message-start\","
		  "\"delta\":{\"message\":{\"role\":\"assistant\"}}}\n\n"
		  "event: content-delta\ndata: {\"type\":\"content-delta\","
		  "\"delta\":{\"message\":{\"content\":{\"text\":\"billed_units\"}}}}\n\n"
		  "event: message-end\ndata: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"COMPLETE\","
		  "\"usage\":{\"billed_units\":{\"input_tokens\":5,\"output_tokens\":2},"
		  "\"tokens\":{\"input_tokens\":500,\"output_tokens\":4}}}}\n\n"
		  "data: [DONE]\n\n",
	  .expect = "command-a> c2 input=5 output=2" },
	{ .name = "a stream that failed", .host = HOST, .path = "/v2/chat", .asked = ASKED, .kind = ITEM_EVENT,
	  .came = "event: message-end\ndata: {\"id\":\"c3\",\"delta\":{\"finish_reason\":\"ERROR\"}}\n\n",
	  .expect = "command-a> c3 error=ERROR" },
	{ .name = "lines", .host = HOST, .path = "/v1/chat", .asked = "{\"model\":\"command\",\"message\":\"hi\","
		  "\"stream\":true}", .kind = ITEM_LINE,
	  .came = "{\"is_finished\":false,\"event_type\":\"stream-start\",\"generation_id\":\"g1\"}\n"
		  "{\"event_type\":\"text-generation\",\"text\":\"a\"}\n"
		  "{\"event_type\":\"stream-end\",\"response\":{\"response_id\":\"r1\",\"generation_id\":\"g1\","
		  "\"meta\":{\"billed_units\":{\"input_tokens\":7,\"output_tokens\":149}}}}\n",
	  .expect = "command> g1 input=7 output=149" },
	{ .name = "pictures as tokens", .host = HOST, .path = "/v2/chat", .asked = ASKED,
	  .came = "{\"id\":\"c4\",\"usage\":{\"billed_units\":{\"input_tokens\":263,\"output_tokens\":1,"
		  "\"image_tokens\":259}}}",
	  .expect = "command-a> c4 input=263 output=1 image_input=259" },
	{ .name = "embeddings", .host = HOST, .path = "/v2/embed",
	  .asked = "{\"model\":\"embed-v4.0\",\"texts\":[\"a\"]}",
	  .came = "{\"id\":\"e1\",\"embeddings\":{\"float\":[[0.5,-1e-7]]},"
		  "\"meta\":{\"billed_units\":{\"input_tokens\":31}}}",
		  .expect = "embed-v4.0> e1 input=31 output=0" },
	{ .name = "pictures as such", .host = HOST, .path = "/v1/embed",
	  .asked = "{\"model\":\"embed-english-v3.0\",\"images\":[\"a\"]}",
	  .came = "{\"id\":\"e2\",\"meta\":{\"billed_units\":{\"images\":2}}}",
	  .expect = "embed-english-v3.0> e2 image=2" },
	{ .name = "searches", .host = HOST, .path = "/v2/rerank",
	  .asked = "{\"model\":\"rerank-v3.5\",\"query\":\"a\",\"documents\":[\"b\"]}",
	  .came = "{\"id\":\"s1\",\"results\":[],\"meta\":{\"billed_units\":{\"search_units\":1.5}}}",
	  .expect = "rerank-v3.5> s1 search_unit=1.500" },
	{ .name = "an error", .host = HOST, .path = "/v2/chat", .asked = ASKED, .status = 404,
	  .came = "{\"id\":\"x1\",\"message\":\"model not found\"}",
	  .expect = "command-a> x1 error=404" },
	{ .name = "counting is not using", .host = HOST, .path = "/v1/tokenize",
	  .asked = "{\"model\":\"command\",\"text\":\"a\"}",
	  .came = "{\"tokens\":[1],\"meta\":{\"api_version\":{\"version\":\"1\"}}}", .expect = "command> -" },
	{ .name = "somebody else's chat", .path = "/v2/chat", .asked = "{\"room\":1}", .came = "{\"ok\":true}",
	  .expect = "" },
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
