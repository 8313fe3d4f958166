/* SPDX-License-Identifier: Apache-2.0 */
/* The Responses API over a WebSocket. */
#include "tests/lib/session.h"

#define OPENAI .host = "api.openai.com", .path = "/v1/responses"
#define ASK "> {\"type\":\"response.create\",\"model\":\"gpt-x\",\"store\":false,\"input\":[{\"role\":\"user\",\"content\":\"12345\"}]}\n"
#define RESPONSE(id, status, more) "\"response\":{\"id\":\"" id "\",\"object\":\"response\",\"status\":\"" status "\",\"model\":\"gpt-x-1\"" more "}"
#define CREATED(id) "< {\"type\":\"response.created\"," RESPONSE(id, "in_progress", ",\"usage\":null") "}\n"
#define DELTA "< {\"type\":\"response.output_text.delta\",\"delta\":\"abc\"}\n"
#define USAGE(in, cached, out) ",\"usage\":{\"input_tokens\":" #in ",\"input_tokens_details\":{\"cached_tokens\":" #cached "}," \
	"\"output_tokens\":" #out ",\"output_tokens_details\":{\"reasoning_tokens\":1}}"
#define DONE(id, more) "< {\"type\":\"response.completed\"," RESPONSE(id, "completed", more) "}\n"

static const struct session_row rows[] = {
	{ "a response", OPENAI, .messages = ASK CREATED("resp_1") DELTA DONE("resp_1", USAGE(10, 4, 9)),
	  .expect = "chat 100-200-300-400 gpt-x>gpt-x-1 resp_1 input=10 cache_read=4 output=9 reasoning=1 text=5/3" },
	{ "each response is its own", OPENAI, .messages = ASK CREATED("resp_1") DELTA DONE("resp_1", USAGE(10, 4, 9))
	  "> {\"type\":\"response.create\",\"model\":\"gpt-y\",\"previous_response_id\":\"resp_1\",\"input\":\"1\"}\n" CREATED("resp_2")
	  DONE("resp_2", ",\"output\":[{\"type\":\"web_search_call\"},{\"type\":\"function_call\",\"name\":\"f\"}]" USAGE(20, 0, 2)),
	  .expect = "chat 100-200-300-400 gpt-x>gpt-x-1 resp_1 input=10 cache_read=4 output=9 reasoning=1 text=5/3\n"
		    "chat 500-600-0-700 gpt-y>gpt-x-1 resp_2 input=20 cache_read=0 output=2 reasoning=1 web_search=1 text=1/0" },
	{ "cut by a ceiling, and failed", OPENAI, .messages = ASK CREATED("resp_1")
	  "< {\"type\":\"response.incomplete\"," RESPONSE("resp_1", "incomplete", USAGE(10, 0, 9)) "}\n" ASK CREATED("resp_2")
	  "< {\"type\":\"response.failed\"," RESPONSE("resp_2", "failed", ",\"error\":{\"code\":\"server_error\"},\"usage\":null") "}\n",
	  .expect = "chat 100-200-0-300 gpt-x>gpt-x-1 resp_1 input=10 cache_read=0 output=9 reasoning=1 text=5/0\n"
		    "chat 400-500-0-600 gpt-x>gpt-x-1 resp_2 error=server_error text=5/0" },
	{ "an error instead of a response", OPENAI, .messages = ASK
	  "< {\"type\":\"error\",\"status\":429,\"error\":{\"type\":\"usage_limit_reached\",\"message\":\"no\"}}\n" ASK CREATED("resp_2")
	  DONE("resp_2", USAGE(1, 0, 2)),
	  .expect = "chat 100-200-0-200 gpt-x> - error=usage_limit_reached text=5/0\n"
		    "chat 300-400-0-500 gpt-x>gpt-x-1 resp_2 input=1 cache_read=0 output=2 reasoning=1 text=5/0" },
	{ "under way when the socket ends", OPENAI, .ending = ENDING_ABORTED, .messages = ASK CREATED("resp_1") DELTA DELTA,
	  .expect = "chat 100-200-300-0 gpt-x>gpt-x-1 resp_1 aborted text=5/6" },
	{ "nothing was asked", OPENAI, .messages = "", .expect = "chat > - free" },
	{ "an agent's plan", .host = "chatgpt.com", .path = "/backend-api/codex/responses", .messages = ASK CREATED("resp_1")
	  DONE("resp_1", USAGE(10, 4, 9)),
	  .expect = "chat 100-200-0-300 gpt-x>gpt-x-1 resp_1 input=10 cache_read=4 output=9 reasoning=1 text=5/0" },
	{ "refused", OPENAI, .status = 426, .messages = "", .expect = "chat > - error=426" },
};

static void sessions(void **state)
{
	(void)state;
	EACH(row, rows)
		session_check(row);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(sessions) };

	return RUN(tests);
}
