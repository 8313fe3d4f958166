/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/dialogue.h"

static const struct dialogue dialogues[] = {
	{ .name = "a completion", .host = "api.aleph-alpha.com", .path = "/complete",
	  .asked = "{\"model\":\"luminous-base\",\"prompt\":\"hi\"}",
	  .came = "{\"completions\":[{\"completion\":\"a\",\"finish_reason\":\"maximum_tokens\"}],"
		  "\"model_version\":\"2022-04\",\"num_tokens_prompt_total\":9,\"num_tokens_generated\":1000}",
	  .expect = "luminous-base>2022-04 - input=9 output=1000" },
	{ .name = "an error", .host = "api.aleph-alpha.com", .path = "/complete", .asked = "{\"model\":\"no\"}",
	  .status = 400,
	  .came = "{\"error\":\"prose\",\"code\":\"MODEL_NOT_FOUND\"}", .expect = "no> - error=MODEL_NOT_FOUND" },
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
