/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/dialogue.h"

static const struct dialogue dialogues[] = {
	{ .name = "seconds heard", .host = "api.deepgram.com", .path = "/v1/listen?language=en&model=nova-3",
	  .asked = "{\"url\":\"https://example.com/a.wav\"}",
	  .came = "{\"metadata\":{\"request_id\":\"r1\",\"duration\":25.933313,\"channels\":1},"
		  "\"results\":{\"channels\":[{\"alternatives\":[{\"transcript\":\"a\"}]}]}}",
	  .expect = "nova-3> - second=25.933" },
	{ .name = "characters spoken", .host = "api.deepgram.com", .path = "/v1/speak?model=aura%2D2",
	  .asked = "{\"text\":\"hi\"}",
	  .headers = "dg-char-count: 64", .came = "\xff\xf3\x64{\"metadata\":{\"duration\":9}}",
	  .expect = "aura-2> - character=64" },
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
