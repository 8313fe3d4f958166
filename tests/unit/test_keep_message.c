/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf messages of a scrubbed recording: what is read stays, no text beside it does, and nothing changes its length. */
#include "ai/keep.h"
#include "base/mem.h"
#include "tests/lib/proto_text.h"
#include "tests/lib/unit.h"

static const struct {
	const char *host, *path;
	enum side side;
	const char *message, *kept;	/* as in tests/lib/proto_text.h; NULL: nobody reads protobuf there */
} table[] = {
	{ "generativelanguage.googleapis.com", "/google.ai.generativelanguage.v1beta.GenerativeService/GenerateContent", SIDE_REQUEST,
	  "1:\"models/gemini-2.5-flash\" 2{1{2:\"secret\"} 2:\"user\"} 5{1{1:\"get_weather\" 2:\"secret\"}} 99:\"secret\" 4{1=8 2:77}",
	  "1:\"models/gemini-2.5-flash\" 2{1{2:\"xxxxxx\"} 2:\"xxxx\"} 5{1{1:\"get_weather\" 2:\"xxxxxx\"}} 99:\"xxxxxx\" 4:\"xxxxxxxxxxx\"" },
	{ "generativelanguage.googleapis.com", "/google.ai.generativelanguage.v1beta.GenerativeService/GenerateContent", SIDE_RESPONSE,
	  "1{1{1{2:\"secret\"} 1{4{1:\"get_weather\" 2{1:\"secret\"}}}} 2:1} 3{1:100 2:20 5{1:1 2:90}} 4:\"gemini\" 5:\"r1\"",
	  "1{1{1{2:\"xxxxxx\"} 1{4{1:\"get_weather\" 2:\"xxxxxxxx\"}}} 2:1} 3{1:100 2:20 5{1:1 2:90}} 4:\"gemini\" 5:\"r1\"" },
	{ "us-central1-aiplatform.googleapis.com", "/google.cloud.aiplatform.v1.PredictionService/GenerateContent", SIDE_RESPONSE,
	  "2{2{2{1:\"secret\"}} 3:1 7{1:\"secret\"}} 4{1:100 14:3} 11:\"m\" 13:\"r2\"",
	  "2{2{2{1:\"xxxxxx\"}} 3:1 7{1:\"xxxxxx\"}} 4{1:100 14:3} 11:\"m\" 13:\"r2\"" },
	/* joined in the middle */
	{ "us-central1-aiplatform.googleapis.com", "", SIDE_RESPONSE, "2{2{2{1:\"secret\"}}} 4{1:100} 13:\"r2\"", "2{2{2{1:\"xxxxxx\"}}} 4{1:100} 13:\"r2\"" },
	{ "generativelanguage.googleapis.com", "/google.ai.generativelanguage.v1beta.FileService/CreateFile", SIDE_REQUEST,
	  "1{1:\"secret\"}", NULL },
	{ "api2.cursor.sh", "/aiserver.v1.ChatService/StreamChat", SIDE_REQUEST, "1:\"secret\"", NULL },
	{ "api.openai.com", "/v1/chat/completions", SIDE_REQUEST, "1:\"secret\"", NULL },
	{ "www.example.org", "/", SIDE_REQUEST, "1:\"secret\"", NULL },
};

static const struct skim_table *table_of(const char *host, const char *path, enum side side)
{
	static struct wants wants;
	const struct head head = { .side = SIDE_REQUEST, .host = str_of(host), .path = str_of(path), .method = STR("POST") };

	return keep_messages(&wants, &head, side);
}

/* A message whose inner bytes are no message any more reads as a text. */
static void kept(void **state)
{
	(void)state;
	EACH(row, table) {
		const struct skim_table *messages = table_of(row->host, row->path, row->side);
		struct buf got = BUF(4096), expected = BUF(4096);

		assert_int_equal(messages == NULL, row->kept == NULL);
		if (!messages)
			continue;
		proto_fields(&got, row->message);
		proto_fields(&expected, row->kept);
		assert_int_equal(got.n, expected.n);
		keep_message(messages, got.p, got.n);
		if (memcmp(got.p, expected.p, got.n) != 0)
			fail_msg("%s %d: not %s", row->path, row->side, row->kept);
		buf_done(&got);
		buf_done(&expected);
	}
}

/* Cut anywhere, and with any byte another: of the text nothing is left, and nothing beyond the end is touched. */
static void broken(void **state)
{
	const struct skim_table *messages = table_of(table[0].host, table[0].path, SIDE_REQUEST);
	struct buf whole = BUF(4096);

	(void)state;
	proto_fields(&whole, table[0].message);
	for (size_t n = 0; n < whole.n; n++) {
		char *own = mem_dup(whole.p, n ? n : 1);

		keep_message(messages, own, n);
		assert_null(memmem(own, n, "secret", 6));
		mem_free(own);
	}
	for (size_t i = 0; i < whole.n * 256; i++) {
		char *own = mem_dup(whole.p, whole.n);

		own[i / 256] = (char)(i % 256);
		keep_message(messages, own, whole.n);
		mem_free(own);
	}
	buf_done(&whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(kept), cmocka_unit_test(broken) };

	return RUN(tests);
}
