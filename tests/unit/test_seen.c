/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include <stdio.h>

#include "base/mem.h"
#include "pipeline/seen.h"

static void test_remembers(void **state)
{
	const struct seen_answer *answer;
	struct seen *seen;

	(void)state;
	assert_int_equal(seen_new(&seen), 0);
	assert_null(seen_get(seen, "openai", "resp_1"));
	seen_put(seen, "openai", "resp_1", "01A", false);
	answer = seen_get(seen, "openai", "resp_1");
	assert_string_equal(answer->record, "01A");
	assert_false(answer->used);
	assert_null(seen_get(seen, "openai", "resp_2"));
	assert_null(seen_get(seen, "azure.ai.openai", "resp_1"));
	/* where one name ends and the other begins makes a difference */
	assert_null(seen_get(seen, "openair", "esp_1"));
	seen_put(seen, "openai", "resp_1", "01B", true);
	answer = seen_get(seen, "openai", "resp_1");
	assert_string_equal(answer->record, "01B");
	assert_true(answer->used);
	seen_free(seen);
}

/* Far more than it holds: the newest thousands are there, and whatever is there is right. */
static void test_forgets_the_oldest(void **state)
{
	unsigned int known = 0;
	struct seen *seen;
	char id[32];

	(void)state;
	assert_int_equal(seen_new(&seen), 0);
	for (unsigned int i = 0; i < 50000; i++) {
		snprintf(id, sizeof(id), "%u", i);
		seen_put(seen, "openai", id, id, true);
	}
	for (unsigned int i = 0; i < 50000; i++) {
		const struct seen_answer *answer;

		snprintf(id, sizeof(id), "%u", i);
		answer = seen_get(seen, "openai", id);
		if (!answer)
			continue;
		assert_string_equal(answer->record, id);
		known++;
		assert_true(i > 1000);
	}
	assert_true(known >= 10000);
	seen_free(seen);
	mem_fail_at(1);
	assert_int_equal(seen_new(&seen), -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_remembers), cmocka_unit_test(test_forgets_the_oldest) };

	return RUN(tests);
}
