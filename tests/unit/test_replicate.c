/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/dialogue.h"

#define HOST "api.replicate.com"

static const struct dialogue dialogues[] = {
	{ .name = "begun", .host = HOST, .path = "/v1/models/meta/llama-3/predictions",
	  .asked = "{\"input\":{\"prompt\":\"hi\"}}", .status = 201,
	  .came = "{\"id\":\"p1\",\"model\":\"meta/llama-3\",\"status\":\"starting\",\"metrics\":null}",
	  .expect = "meta/llama-3>meta/llama-3 p1" },
	{ .name = "done, by token", .host = HOST, .path = "/v1/predictions/p1",
	  .came = "{\"id\":\"p1\",\"model\":\"meta/llama-3\",\"status\":\"succeeded\",\"output\":[\"a\"],"
		  "\"metrics\":{\"input_token_count\":5,\"output_token_count\":7,\"predict_time\":0.25}}",
	  .expect = ">meta/llama-3 p1 input=5 output=7 second=0.250" },
	{ .name = "done, by the second", .host = HOST, .path = "/v1/predictions/p2",
	  .came = "{\"id\":\"p2\",\"model\":\"a/sdxl\",\"status\":\"succeeded\",\"metrics\":{\"predict_time\":2.5,"
		  "\"total_time\":9}}", .expect = ">a/sdxl p2 second=2.500" },
	{ .name = "failed", .host = HOST, .path = "/v1/predictions/p3",
	  .came = "{\"id\":\"p3\",\"status\":\"failed\",\"error\":\"prose\"}", .expect = "> p3 error=failed" },
};

static void usages(void **state)
{
	(void)state;
	EACH(row, dialogues)
		dialogue_check(row);
}

/* Begun: the metrics come with a later look. */
static void later(void **state)
{
	struct dialogue_told *told = mem_new(sizeof(*told));

	(void)state;
	dialogue_play(&dialogues[0], 0, ENDING_COMPLETE, told);
	assert_int_equal(told->calls[0].flags & (CALL_BACKGROUND | CALL_RETRIEVAL), CALL_BACKGROUND);
	assert_string_equal(told->calls[0].previous_id, "");
	dialogue_play(&dialogues[1], 0, ENDING_COMPLETE, told);
	assert_int_equal(told->calls[0].flags & (CALL_BACKGROUND | CALL_RETRIEVAL), CALL_RETRIEVAL);
	assert_string_equal(told->calls[0].previous_id, "p1");
	mem_free(told);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(usages), cmocka_unit_test(later) };

	return RUN(tests);
}
