/* SPDX-License-Identifier: Apache-2.0 */
/* Realtime sessions of OpenAI, Azure and xAI. */
#include "tests/lib/session.h"

#define OPENAI .host = "api.openai.com", .path = "/v1/realtime?model=gpt-realtime"
#define CREATED "< {\"type\":\"session.created\",\"session\":{\"id\":\"sess_1\",\"model\":\"gpt-realtime-2025\"}}\n"
#define ASKED "> {\"type\":\"response.create\"}\n"
#define BEGUN(id) "< {\"type\":\"response.created\",\"response\":{\"id\":\"" id "\",\"status\":\"in_progress\",\"usage\":null}}\n"
#define TEXT(id, text) "< {\"type\":\"response.output_text.delta\",\"response_id\":\"" id "\",\"delta\":\"" text "\"}\n"
#define AUDIO(id) "< {\"type\":\"response.output_audio.delta\",\"response_id\":\"" id "\",\"delta\":\"AAAABBBBCCCC\"}\n"
#define USAGE(in, cached, out) "\"usage\":{\"total_tokens\":0,\"input_tokens\":" #in ",\"output_tokens\":" #out "," \
	"\"input_token_details\":{\"text_tokens\":1,\"audio_tokens\":5,\"image_tokens\":0,\"cached_tokens\":" #cached "," \
	"\"cached_tokens_details\":{\"text_tokens\":0,\"audio_tokens\":3,\"image_tokens\":0}}," \
	"\"output_token_details\":{\"text_tokens\":2,\"audio_tokens\":7}}"
#define DONE(id, usage) "< {\"type\":\"response.done\",\"response\":{\"id\":\"" id "\",\"status\":\"completed\"," usage "}}\n"
#define COUNTS " audio_input=5 audio_output=7 audio_cache_read=3 image_input=0 image_cache_read=0"

static const struct session_row rows[] = {
	{ "a response", OPENAI, .messages =
	  CREATED "> {\"type\":\"conversation.item.create\",\"item\":{\"content\":[{\"type\":\"input_text\",\"text\":\"12345\"}]}}\n"
	  ASKED BEGUN("resp_1") TEXT("resp_1", "abc") AUDIO("resp_1") DONE("resp_1", USAGE(10, 4, 9)),
	  .expect = "realtime 300-400-500-700 gpt-realtime>gpt-realtime-2025 resp_1 input=10 cache_read=4 output=9" COUNTS
		    " text=5/3" },
	{ "each response is its own", OPENAI, .messages =
	  CREATED ASKED BEGUN("resp_1") AUDIO("resp_1") DONE("resp_1", USAGE(10, 4, 9)) ASKED BEGUN("resp_2") TEXT("resp_2", "ab")
	  DONE("resp_2", USAGE(30, 20, 1)),
	  .expect = "realtime 200-300-400-500 gpt-realtime>gpt-realtime-2025 resp_1 input=10 cache_read=4 output=9" COUNTS "\n"
		    "realtime 600-700-800-900 gpt-realtime>gpt-realtime-2025 resp_2 input=30 cache_read=20 output=1" COUNTS
		    " text=0/2" },
	{ "what is heard begins a turn, and is written down beside it", OPENAI, .messages =
	  "> {\"type\":\"session.update\",\"session\":{\"audio\":{\"input\":{\"transcription\":{\"model\":\"whisper-rt\"}}}}}\n"
	  CREATED "< {\"type\":\"input_audio_buffer.committed\",\"item_id\":\"item_1\"}\n" BEGUN("resp_1") AUDIO("resp_1")
	  "< {\"type\":\"conversation.item.input_audio_transcription.completed\",\"item_id\":\"item_1\",\"transcript\":\"hello\","
	  "\"usage\":{\"type\":\"duration\",\"seconds\":3.5}}\n" AUDIO("resp_1") DONE("resp_1", USAGE(10, 4, 9)),
	  .expect = "transcription 300-600-0-600 whisper-rt>whisper-rt item_1 second=3.500\n"
		    "realtime 300-400-500-800 gpt-realtime>gpt-realtime-2025 resp_1 input=10 cache_read=4 output=9" COUNTS },
	{ "written down by tokens", .host = "api.openai.com", .path = "/v1/realtime?intent=transcription", .messages =
	  "< {\"type\":\"session.updated\",\"session\":{\"id\":\"s\",\"input_audio_transcription\":{\"model\":\"gpt-4o-transcribe\"}}}\n"
	  "< {\"type\":\"conversation.item.input_audio_transcription.completed\",\"item_id\":\"item_1\",\"usage\":{\"type\":\"tokens\","
	  "\"total_tokens\":26,\"input_tokens\":17,\"input_token_details\":{\"text_tokens\":0,\"audio_tokens\":17},\"output_tokens\":9}}\n",
	  .expect = "transcription 200-200-0-200 gpt-4o-transcribe>gpt-4o-transcribe item_1 input=17 output=9 audio_input=17" },
	{ "xAI's usage is beside the response", .host = "api.x.ai", .path = "/v1/realtime", .messages =
	  "< {\"type\":\"session.created\",\"session\":{\"id\":\"s\",\"model\":\"grok-voice\"}}\n< {\"type\":\"ping\",\"timestamp\":1}\n"
	  ASKED BEGUN("r-1") AUDIO("r-1")
	  "< {\"type\":\"response.done\",\"response\":{\"id\":\"r-1\",\"output\":[{\"type\":\"function_call\",\"name\":\"weather\"}],"
	  "\"status\":\"completed\",\"usage\":{}},\"response_id\":\"r-1\",\"usage\":{\"input_tokens\":7,\"input_token_details\":"
	  "{\"text_tokens\":7,\"audio_tokens\":0},\"output_tokens\":83,\"output_token_details\":{\"audio_tokens\":76},"
	  "\"total_tokens\":90,\"billable_audio_seconds\":1}}\n",
	  .expect = "realtime 300-400-500-600 >grok-voice r-1 input=7 output=83 audio_input=0 audio_output=76 second=1" },
	{ "Azure's deployment", .host = "r.openai.azure.com", .path = "/openai/realtime?api-version=1&deployment=mine", .messages =
	  CREATED ASKED BEGUN("resp_1") DONE("resp_1", USAGE(1, 0, 2)),
	  .expect = "realtime 200-300-0-400 mine>gpt-realtime-2025 resp_1 input=1 cache_read=0 output=2" COUNTS },
	{ "under way when the socket ends", OPENAI, .ending = ENDING_ABORTED, .messages =
	  CREATED ASKED BEGUN("resp_1") TEXT("resp_1", "abc") TEXT("resp_1", "de"),
	  .expect = "realtime 200-300-400-0 gpt-realtime>gpt-realtime-2025 resp_1 aborted text=0/5" },
	{ "and where it is closed in order", OPENAI, .messages =
	  CREATED ASKED BEGUN("resp_1") DONE("resp_1", USAGE(1, 0, 2)) ASKED BEGUN("resp_2"),
	  .expect = "realtime 200-300-0-400 gpt-realtime>gpt-realtime-2025 resp_1 input=1 cache_read=0 output=2" COUNTS "\n"
		    "realtime 500-600-0-0 gpt-realtime>gpt-realtime-2025 resp_2 aborted" },
	{ "two at one time", OPENAI, .messages =
	  CREATED ASKED BEGUN("resp_1") ASKED BEGUN("resp_2") TEXT("resp_1", "a") TEXT("resp_2", "bc")
	  DONE("resp_2", USAGE(1, 0, 2)) DONE("resp_1", USAGE(3, 0, 4)),
	  .expect = "realtime 400-500-700-800 gpt-realtime>gpt-realtime-2025 resp_2 input=1 cache_read=0 output=2" COUNTS " text=0/2\n"
		    "realtime 200-300-600-900 gpt-realtime>gpt-realtime-2025 resp_1 input=3 cache_read=0 output=4" COUNTS " text=0/1" },
	{ "more than are kept", OPENAI, .messages =
	  CREATED BEGUN("resp_1") BEGUN("resp_2") BEGUN("resp_3") BEGUN("resp_4") DONE("resp_2", USAGE(1, 0, 2))
	  DONE("resp_3", USAGE(3, 0, 4)) DONE("resp_4", USAGE(5, 0, 6)),
	  .expect = "realtime 200-200-0-0 gpt-realtime>gpt-realtime-2025 resp_1 aborted\n"
		    "realtime 300-300-0-600 gpt-realtime>gpt-realtime-2025 resp_2 input=1 cache_read=0 output=2" COUNTS "\n"
		    "realtime 400-400-0-700 gpt-realtime>gpt-realtime-2025 resp_3 input=3 cache_read=0 output=4" COUNTS "\n"
		    "realtime 500-500-0-800 gpt-realtime>gpt-realtime-2025 resp_4 input=5 cache_read=0 output=6" COUNTS },
	{ "an end without a begin", OPENAI, .messages = DONE("resp_1", USAGE(1, 0, 2)),
	  .expect = "realtime 100-100-0-100 gpt-realtime> resp_1 input=1 cache_read=0 output=2" COUNTS },
	{ "an end that breaks off", OPENAI, .ending = ENDING_HOLE, .messages =
	  CREATED BEGUN("resp_1") "< {\"type\":\"response.done\",\"response\":{\"id\":\"resp_1\",\"usage\":{\"input_tokens\":5}~\n"
	  BEGUN("resp_2") DONE("resp_2", USAGE(1, 0, 2)),
	  .expect = "realtime 400-400-0-500 gpt-realtime>gpt-realtime-2025 resp_2 input=1 cache_read=0 output=2" COUNTS "\n"
		    "realtime 200-200-0-0 gpt-realtime>gpt-realtime-2025 resp_1 aborted" },
	{ "a response that failed", OPENAI, .messages =
	  CREATED ASKED BEGUN("resp_1") "< {\"type\":\"response.done\",\"response\":{\"id\":\"resp_1\",\"status\":\"failed\","
	  "\"status_details\":{\"type\":\"failed\",\"error\":{\"type\":\"server_error\",\"code\":null}},\"usage\":null}}\n",
	  .expect = "realtime 200-300-0-400 gpt-realtime>gpt-realtime-2025 resp_1 error=server_error" },
	{ "a response that the user broke off", OPENAI, .messages =
	  CREATED ASKED BEGUN("resp_1") "< {\"type\":\"response.done\",\"response\":{\"id\":\"resp_1\",\"status\":\"cancelled\","
	  "\"status_details\":{\"type\":\"cancelled\",\"reason\":\"turn_detected\"}," USAGE(5, 0, 1) "}}\n",
	  .expect = "realtime 200-300-0-400 gpt-realtime>gpt-realtime-2025 resp_1 input=5 cache_read=0 output=1" COUNTS },
	{ "nothing was asked", OPENAI, .messages = CREATED "> {\"type\":\"input_audio_buffer.append\",\"audio\":\"AAAA\"}\n",
	  .expect = "realtime gpt-realtime>gpt-realtime-2025 - free" },
	{ "nothing could be", OPENAI, .messages =
	  "< {\"type\":\"error\",\"error\":{\"type\":\"insufficient_quota\",\"code\":\"insufficient_quota\",\"message\":\"no\"}}\n",
	  .expect = "realtime gpt-realtime> - error=insufficient_quota free" },
	{ "nothing was seen", OPENAI, .status = -1, .ending = ENDING_HOLE, .messages = "", .expect = "realtime gpt-realtime> -" },
	{ "refused", OPENAI, .status = 401, .messages = "", .expect = "realtime gpt-realtime> - error=401" },
	{ "not AI, by what is said", .host = "chat.example.com", .path = "/realtime", .messages =
	  "< {\"type\":\"hello\"}\n> {\"type\":\"response.create\"}\n", .expect = "" },
	{ "AI, by what is said", .host = "ai.example.com", .path = "/v1/realtime", .messages =
	  CREATED ASKED BEGUN("resp_1") DONE("resp_1", USAGE(1, 0, 2)),
	  .expect = "realtime 200-300-0-400 >gpt-realtime-2025 resp_1 input=1 cache_read=0 output=2" COUNTS },
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
