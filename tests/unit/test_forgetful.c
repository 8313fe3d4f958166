/* SPDX-License-Identifier: Apache-2.0 */
/* A memory without a ledger: what it keeps it gives back, and it keeps only so much. */
#include "tests/lib/unit.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "link/forgetful.h"

static struct memory_key key_of(unsigned int i)
{
	struct memory_key key = { .kind = MEMORY_ANSWER, .provider = "openai" };

	snprintf(key.name, sizeof(key.name), "resp_%u", i);
	return key;
}

static int put(struct memory *memory, unsigned int i, const char *text)
{
	struct memory_value value = { .time_ns = 10 + i, .until_ns = 20 + i };
	struct memory_key key = key_of(i);

	STR_COPY(value.text, str_of(text));
	return memory->ops->put(memory, &key, &value);
}

static bool has(struct memory *memory, unsigned int i, const char *text)
{
	struct memory_key key = key_of(i);
	struct memory_value value;

	if (memory->ops->get(memory, &key, &value) < 0)
		return false;
	assert_int_equal(value.time_ns, 10 + i);
	assert_int_equal(value.until_ns, 20 + i);
	if (text)
		assert_string_equal(value.text, text);
	return true;
}

static void test_keeps(void **state)
{
	struct memory_value value;
	struct memory *memory;
	struct memory_key key;

	(void)state;
	assert_int_equal(forgetful_new(&memory), 0);
	assert_false(has(memory, 1, NULL));
	assert_int_equal(put(memory, 1, "{\"a\":1}"), 0);
	assert_int_equal(put(memory, 2, "{\"b\":2}"), 0);
	assert_true(has(memory, 1, "{\"a\":1}"));
	assert_true(has(memory, 2, "{\"b\":2}"));
	assert_int_equal(put(memory, 1, ""), 0);
	assert_true(has(memory, 1, ""));
	/* each part of the key counts */
	key = key_of(2);
	key.kind = MEMORY_BATCH;
	assert_int_equal(memory->ops->get(memory, &key, &value), -ENOENT);
	key = key_of(2);
	strcpy(key.provider, "anthropic");
	assert_int_equal(memory->ops->get(memory, &key, &value), -ENOENT);
	forgetful_free(memory);
}

/* The oldest go; one that was put again is not old. */
static void test_forgets_the_oldest(void **state)
{
	struct memory *memory;

	(void)state;
	assert_int_equal(forgetful_new(&memory), 0);
	for (unsigned int i = 0; i < LIMIT_FORGETFUL; i++)
		assert_int_equal(put(memory, i, "{}"), 0);
	assert_int_equal(put(memory, 0, "{}"), 0);
	assert_true(has(memory, 1, "{}"));
	assert_int_equal(put(memory, LIMIT_FORGETFUL, "{}"), 0);
	assert_true(has(memory, 0, "{}"));
	assert_false(has(memory, 1, NULL));
	assert_true(has(memory, 2, "{}"));
	forgetful_free(memory);
}

static void test_bounded_in_bytes(void **state)
{
	unsigned int n = 2 * LIMIT_FORGETFUL_BYTES / MEMORY_TEXT, there = 0;
	struct memory *memory;
	char text[MEMORY_TEXT];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	assert_int_equal(forgetful_new(&memory), 0);
	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(put(memory, i, text), 0);
	for (unsigned int i = 0; i < n; i++)
		there += has(memory, i, text);
	assert_true(there > n / 3 && there <= n / 2);
	assert_true(has(memory, n - 1, text));
	forgetful_free(memory);
}

static void test_refused_memory(void **state)
{
	struct memory *memory;

	(void)state;
	mem_fail_at(1);
	assert_int_equal(forgetful_new(&memory), -ENOMEM);
	assert_int_equal(forgetful_new(&memory), 0);
	for (uint64_t i = 1; i <= 2; i++) {
		mem_fail_at(i);
		assert_int_equal(put(memory, 1, "{}"), -ENOMEM);
		assert_false(has(memory, 1, NULL));
	}
	mem_fail_at(0);
	assert_int_equal(put(memory, 1, "{}"), 0);
	assert_true(has(memory, 1, "{}"));
	forgetful_free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeps), cmocka_unit_test(test_forgets_the_oldest), cmocka_unit_test(test_bounded_in_bytes),
		cmocka_unit_test(test_refused_memory),
	};

	return RUN(tests);
}
