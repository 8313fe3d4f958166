/* SPDX-License-Identifier: Apache-2.0 */
/* Gemini's Live API. */
#include "tests/lib/session.h"

#define LIVE .host = "generativelanguage.googleapis.com", .binary = true, \
	     .path = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent?key=k"
#define SETUP "> {\"setup\":{\"model\":\"models/gemini-live\",\"tools\":[{\"functionDeclarations\":[{\"name\":\"weather\"}]}]}}\n" \
	      "< {\"setupComplete\":{}}\n"
#define ASKED(text) "> {\"client_content\":{\"turns\":[{\"parts\":[{\"text\":\"" text "\"}],\"role\":\"user\"}],\"turnComplete\":true}}\n"
#define SPOKEN "< {\"serverContent\":{\"modelTurn\":{\"parts\":[{\"inlineData\":{\"mimeType\":\"audio/pcm\",\"data\":\"AAAA\"}}]}}}\n"
#define HEARD(text) "< {\"serverContent\":{\"outputTranscription\":{\"text\":\"" text "\"}}}\n"
#define USAGE(in, out, thought) "\"usageMetadata\":{\"promptTokenCount\":" #in ",\"responseTokenCount\":" #out ",\"totalTokenCount\":99999," \
	"\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":1},{\"modality\":\"AUDIO\",\"tokenCount\":4}]," \
	"\"responseTokensDetails\":[{\"modality\":\"AUDIO\",\"tokenCount\":6},{\"modality\":\"TEXT\"}],\"thoughtsTokenCount\":" #thought "}"
#define OVER "\"serverContent\":{\"turnComplete\":true}"

static const struct session_row rows[] = {
	{ "a turn", LIVE, .messages = SETUP ASKED("12345") HEARD("abc") SPOKEN "< {\"serverContent\":{\"generationComplete\":true}}\n"
	  "< {" OVER "," USAGE(10, 7, 20) "}\n",
	  .expect = "realtime 300-400-400-700 models/gemini-live> - input=10 output=27 reasoning=20 audio_input=4 audio_output=6 text=5/3" },
	{ "each turn is its own", LIVE, .messages = SETUP ASKED("1") SPOKEN "< {" OVER "," USAGE(10, 7, 0) "}\n"
	  "< {\"toolCall\":{\"functionCalls\":[{\"name\":\"weather\",\"args\":{}}]}}\n> {\"tool_response\":{\"functionResponses\":[]}}\n"
	  SPOKEN "< {" OVER "," USAGE(40, 8, 0) "}\n",
	  .expect = "realtime 300-400-400-500 models/gemini-live> - input=10 output=7 reasoning=0 audio_input=4 audio_output=6 text=1/0\n"
		    "realtime 600-600-600-900 models/gemini-live> - input=40 output=8 reasoning=0 audio_input=4 audio_output=6" },
	{ "usage behind the turn", LIVE, .messages = SETUP ASKED("1") SPOKEN "< {" OVER "}\n< {" USAGE(10, 7, 0) "}\n",
	  .expect = "realtime 300-400-400-600 models/gemini-live> - input=10 output=7 reasoning=0 audio_input=4 audio_output=6 text=1/0" },
	{ "a turn whose usage never comes", LIVE, .messages = SETUP SPOKEN "< {" OVER "}\n" SPOKEN "< {" OVER "," USAGE(10, 7, 0) "}\n",
	  .expect = "realtime 300-300-300-500 models/gemini-live> -\n"
		    "realtime 500-500-500-600 models/gemini-live> - input=10 output=7 reasoning=0 audio_input=4 audio_output=6" },
	{ "the last of a turn holds", LIVE, .messages = SETUP ASKED("1") "< {" USAGE(5, 1, 0) "}\n" SPOKEN
	  "< {" OVER "," USAGE(10, 7, 0) "}\n",
	  .expect = "realtime 300-400-500-600 models/gemini-live> - input=10 output=7 reasoning=0 audio_input=4 audio_output=6 text=1/0" },
	{ "candidates, on Vertex", .host = "us-central1-aiplatform.googleapis.com", .binary = true,
	  .path = "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent", .messages = SETUP SPOKEN
	  "< {" OVER ",\"usageMetadata\":{\"promptTokenCount\":24,\"candidatesTokenCount\":5,\"totalTokenCount\":29}}\n",
	  .expect = "realtime 300-300-300-400 models/gemini-live> - input=24 output=5" },
	{ "under way when the socket ends", LIVE, .ending = ENDING_ABORTED, .messages = SETUP ASKED("1") HEARD("abcd"),
	  .expect = "realtime 300-400-400-0 models/gemini-live> - aborted text=1/4" },
	{ "nothing was asked", LIVE, .messages = SETUP, .expect = "realtime models/gemini-live> - free" },
	{ "nothing was seen", LIVE, .status = -1, .ending = ENDING_HOLE, .messages = "", .expect = "realtime > -" },
	{ "a gateway", .host = "gateway.pydantic.dev", .path = "/proxy/google-vertex/ws", .messages = SETUP SPOKEN
	  "< {" OVER "," USAGE(10, 7, 0) "}\n",
	  .expect = "realtime 300-300-300-400 models/gemini-live> - input=10 output=7 reasoning=0 audio_input=4 audio_output=6" },
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
