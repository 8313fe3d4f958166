/* SPDX-License-Identifier: Apache-2.0 */
/* Google's generated clients: protobuf messages of both services, whole, in pieces, and where the path was not seen. */
#include "tests/lib/dialogue.h"
#include "tests/lib/proto_text.h"

#define GEMINI "generativelanguage.googleapis.com"
#define VERTEX "us-central1-aiplatform.googleapis.com"
#define GEMINI_PATH "/google.ai.generativelanguage.v1beta.GenerativeService/"
#define VERTEX_PATH "/google.cloud.aiplatform.v1.PredictionService/"
#define RESOURCE "projects/p1/locations/us-central1/publishers/google/models/gemini-2.5-pro"

struct talk {
	const char *name;
	const char *host;
	const char *path;		/* "": joined in the middle */
	const char *asked;		/* a message, as in tests/lib/proto_text.h */
	const char *came[3];
	const char *trailer;		/* grpc-status */
	const char *expect;		/* operation, then as in tests/lib/dialogue.h */
};

static const struct talk talks[] = {
	{ "an answer of the Gemini API", GEMINI, GEMINI_PATH "GenerateContent",
	  "1:\"models/gemini-2.5-flash\" 2{1{2:\"hi\"} 2:\"user\"} 5{1{1:\"get_weather\"}}",
	  { "1{1{1{2:\"hello\"} 1{4{1:\"get_weather\"}}} 2:1} 3{1:100 2:20 3:173 4:64 8:3 10:50 5{1:1 2:90} 5{1:4 2:10}} 4:\"gemini-2.5-flash-001\" 5:\"r1\"" },
	  "0", "generate_content gemini-2.5-flash>gemini-2.5-flash-001 r1 input=103 cache_read=64 output=70 reasoning=50 audio_input=10" },
	{ "a stream of it: the last of each count", GEMINI, GEMINI_PATH "StreamGenerateContent", "1:\"models/gemini-2.5-flash\"",
	  { "1{1{1{2:\"a\"}}} 3{1:7 10:30} 5:\"r1\"", "1{1{1{2:\"b\"}}} 3{1:7 2:5 10:44} 5:\"r1\"", "1{2:2} 3{1:9 3:58} 5:\"r1\"" },
	  "0", "generate_content gemini-2.5-flash> r1 input=9 output=49 reasoning=44" },
	{ "an answer of Vertex", VERTEX, VERTEX_PATH "GenerateContent",
	  "5:\"" RESOURCE "\" 2{1:\"user\" 2{1:\"hi\"}} 10{1:\"team\" 2:\"x\"}",
	  { "2{2{2{1:\"hello\"}} 3:1 7{1:\"q1\" 1:\"q2\"}} 4{1:100 2:20 3:120 5:10 8:1 14:5 11{1:2 2:15}} 11:\"gemini-2.5-pro\" 13:\"r2\"" },
	  "0", "generate_content gemini-2.5-pro>gemini-2.5-pro r2 input=100 cache_read=10 output=25 reasoning=5 image_output=15 web_search=1" },
	{ "a tuned model is an endpoint", VERTEX, VERTEX_PATH "StreamGenerateContent", "5:\"projects/p1/locations/l/endpoints/42\"",
	  { "4{8:2}", "4{1:4 2:2 8:2}" }, "0", "generate_content 42> - input=4 output=2" },
	{ "embeddings of Vertex", VERTEX, VERTEX_PATH "EmbedContent", "1:\"" RESOURCE "\" 2{2{1:\"hi\"}}",
	  { "1{1=4} 2{1:12 3:12}" }, "0", "embeddings gemini-2.5-pro> - input=12 output=0" },
	{ "embeddings of the Gemini API count nothing", GEMINI, GEMINI_PATH "EmbedContent", "1:\"models/e\" 2{1{2:\"hi\"}}",
	  { "1{1:\"floats\"}" }, "0", "embeddings e> -" },
	{ "counting is not using", GEMINI, GEMINI_PATH "CountTokens", "1:\"models/m\"", { "1:31 5:3" }, "0", "count_tokens m> -" },
	{ "a file is no model", GEMINI, "/google.ai.generativelanguage.v1beta.FileService/CreateFile", "1{1:\"files/f\" 2:\"name\"}",
	  { "1{1:\"files/f\"}" }, "0", "files > -" },
	{ "an older method is counted", VERTEX, VERTEX_PATH "Predict", "1:\"projects/p/locations/l/endpoints/e\"",
	  { "1{5{1{1:\"statistics\"}}}" }, "0", "predict > -" },
	{ "an error in the trailers", GEMINI, GEMINI_PATH "GenerateContent", "1:\"models/m\"", { NULL }, "8",
	  "generate_content m> - error=RESOURCE_EXHAUSTED" },
	{ "a status that nobody knows", GEMINI, GEMINI_PATH "GenerateContent", "1:\"models/m\"", { NULL }, "99",
	  "generate_content m> - error=99" },

	{ "the path was not seen: the host says whose numbers they are", VERTEX, "", "5:\"" RESOURCE "\"",
	  { "2{2{2{1:\"a\"}}} 4{1:100 2:20 3:120} 13:\"r2\"" }, "0", " gemini-2.5-pro> r2 input=100 output=20" },
	{ "nor the request", GEMINI, "", NULL, { "1{1{1{2:\"a\"}}} 3{1:7 2:5} 4:\"gemini-2.5-flash\"" }, NULL,
	  " >gemini-2.5-flash - input=7 output=5" },
};

/* As many bytes a piece as step says. */
static void message(struct reader *reader, enum side side, const char *text, size_t step)
{
	struct piece piece = { .side = side, .kind = ITEM_MESSAGE, .binary = true, .boot_ns = 100, .name = { "", 0 }, .last = true };
	struct buf bytes = BUF(65536);

	proto_fields(&bytes, text);
	dialogue_item(reader, piece, buf_view(&bytes), step);
	buf_done(&bytes);
}

static void play(const struct talk *talk, size_t step, struct dialogue_told *told)
{
	static struct wants wants;
	struct reader *reader = mem_new(reader_size());
	struct call *call = mem_new(sizeof(*call));
	struct header trailer = { STR("grpc-status"), str_of(talk->trailer ? talk->trailer : "") };
	struct head head = { .side = SIDE_REQUEST, .boot_ns = 1, .port = 443, .host = str_of(talk->host), .path = str_of(talk->path),
			     .method = str_of(*talk->path ? "POST" : ""), .mid_connection = !*talk->path };

	memset(told, 0, sizeof(*told));
	reader_begin(reader, &wants, call, dialogue_emit, told);
	assert_int_equal(reader_head(reader, &head), INTEREST_AI);
	if (talk->asked)
		message(reader, SIDE_REQUEST, talk->asked, step);
	head.side = SIDE_RESPONSE;
	head.status = 200;
	reader_head(reader, &head);
	for (size_t i = 0; i < 3 && talk->came[i]; i++)
		message(reader, SIDE_RESPONSE, talk->came[i], step);
	if (talk->trailer) {
		head.status = 0;
		head.path = head.method = STR("");
		head.trailer = true;
		head.headers = &trailer;
		head.n_headers = 1;
		reader_head(reader, &head);
	}
	reader_end(reader, ENDING_COMPLETE);
	mem_free(call);
	mem_free(reader);
}

static void usages(void **state)
{
	static const size_t steps[] = { 0, 1, 2, 3, 7, 31 };
	struct dialogue_told *told = mem_new(sizeof(*told));

	(void)state;
	EACH(talk, talks) {
		for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
			struct buf text = BUF(4096);

			play(talk, steps[i], told);
			assert_int_equal(told->n, 1);
			assert_int_equal(told->calls[0].status, 200);
			buf_printf(&text, "%s ", told->calls[0].operation);
			dialogue_write(&text, &told->calls[0]);
			if (strcmp(buf_cstr(&text), talk->expect) != 0)
				fail_msg("%s, step %zu:\n  got      %s\n  expected %s", talk->name, steps[i], buf_cstr(&text), talk->expect);
			buf_done(&text);
		}
	}
	mem_free(told);
}

static const struct talk *talk_of(const char *name)
{
	for (size_t i = 0; i < sizeof(talks) / sizeof(*talks); i++)
		if (!strcmp(talks[i].name, name))
			return &talks[i];
	fail_msg("no talk %s", name);
	return NULL;
}

static void facts(void **state)
{
	struct dialogue_told *told = mem_new(sizeof(*told));
	const struct call *call = &told->calls[0];

	(void)state;
	play(talk_of("an answer of Vertex"), 0, told);
	assert_string_equal(call->provider, "gcp.vertex_ai");
	assert_string_equal(call->dialect, "vertex-grpc");
	assert_string_equal(call->project, "p1");
	assert_string_equal(call->region, "us-central1");
	assert_string_equal(call->finish_reason, "STOP");
	assert_int_equal(call->content_bytes[SIDE_REQUEST], 2);
	assert_int_equal(call->content_bytes[SIDE_RESPONSE], 5);
	assert_int_equal(call->flags & (CALL_FREE | CALL_STREAM | CALL_ERROR), 0);
	play(talk_of("an answer of the Gemini API"), 0, told);
	assert_string_equal(call->tools_offered, "get_weather");
	assert_string_equal(call->tools_called, "get_weather");
	play(talk_of("a tuned model is an endpoint"), 0, told);
	assert_int_equal(call->billing, BILLING_PROVISIONED);
	assert_true(call->flags & CALL_STREAM);
	play(talk_of("counting is not using"), 0, told);
	assert_true(call->flags & CALL_FREE);
	play(talk_of("the path was not seen: the host says whose numbers they are"), 0, told);
	assert_string_equal(call->dialect, "vertex-grpc");
	assert_int_equal(call->flags & CALL_FREE, 0);
	mem_free(told);
}

/* A message that breaks off tells nothing of a usage that was not over. */
static void broken(void **state)
{
	static const char *const usage = "4{1:100 2:20 5:10}";
	struct buf bytes = BUF(256);

	(void)state;
	proto_fields(&bytes, usage);
	for (size_t n = 1; n <= bytes.n; n++) {
		static struct wants wants;
		struct reader *reader = mem_new(reader_size());
		struct call *call = mem_new(sizeof(*call));
		struct dialogue_told *told = mem_new(sizeof(*told));
		struct head head = { .side = SIDE_REQUEST, .host = STR(VERTEX), .path = STR(VERTEX_PATH "GenerateContent"), .method = STR("POST") };
		struct piece piece = { .side = SIDE_RESPONSE, .kind = ITEM_MESSAGE, .binary = true, .name = { "", 0 },
				       .first = true, .last = true, .text = { bytes.p, n } };

		reader_begin(reader, &wants, call, dialogue_emit, told);
		reader_head(reader, &head);
		head.side = SIDE_RESPONSE;
		head.status = 200;
		reader_head(reader, &head);
		reader_piece(reader, &piece);
		reader_end(reader, ENDING_COMPLETE);
		assert_int_equal(told->n, 1);
		assert_int_equal(told->calls[0].n_usages, n == bytes.n);
		mem_free(told);
		mem_free(call);
		mem_free(reader);
	}
	buf_done(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(usages), cmocka_unit_test(facts), cmocka_unit_test(broken) };

	return RUN(tests);
}
