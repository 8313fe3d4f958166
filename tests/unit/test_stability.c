/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/dialogue.h"

static const struct dialogue dialogues[] = {
	{ .name = "a list of pictures", .host = "api.stability.ai", .path = "/v1/generation/sdxl-1/text-to-image",
	  .asked = "{\"text_prompts\":[{\"text\":\"a\"}]}",
	  .came = "{\"artifacts\":[{\"base64\":\"aa\"},{\"base64\":\"bb\"}]}", .expect = "sdxl-1> - image=2" },
	{ .name = "one, as it is", .host = "api.stability.ai", .path = "/v2beta/stable-image/generate/core",
	  .asked = "{\"prompt\":\"a\"}",
	  .came = "\x89PNG", .expect = "core> - image=1" },
	{ .name = "none", .host = "api.stability.ai", .path = "/v2beta/stable-image/generate/core",
	  .asked = "{\"prompt\":\"a\"}", .status = 403,
	  .came = "{\"name\":\"content_moderation\",\"errors\":[\"x\"]}",
	  .expect = "core> - error=content_moderation" },
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
