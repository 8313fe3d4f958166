/* SPDX-License-Identifier: Apache-2.0 */
/* What an alias resolves to, and when that changed. */
#include "tests/lib/unit.h"

#include "base/clock.h"
#include "base/str.h"
#include "link/drift.h"
#include "link/forgetful.h"

struct row {
	const char *asked, *answered;
	int64_t time_s;
	bool drift;
	uint32_t flags;
};

static struct memory_value kept(struct memory *memory, const char *asked)
{
	struct memory_key key = { .kind = MEMORY_ALIAS };
	struct memory_value value = { 0 };

	strcpy(key.provider, "openai");
	STR_COPY(key.name, str_of(asked));
	if (memory->ops->get(memory, &key, &value) < 0)
		value.text[0] = 0;
	return value;
}

static void look(struct memory *memory, const char *provider, const struct row *row)
{
	static struct call call;
	struct record record = { .call = &call, .time_ns = row->time_s * (int64_t)NSEC_PER_SEC };

	call = (struct call){ .flags = row->flags };
	STR_COPY(call.provider, str_of(provider));
	STR_COPY(call.model_requested, str_of(row->asked));
	STR_COPY(call.model, str_of(row->answered));
	drift_look(memory, &record);
	if (!!(record.flags & FLAG_ALIAS_DRIFT) != row->drift)
		fail_msg("%s answered by %s at %jd: drift is %d", row->asked, row->answered, (intmax_t)row->time_s, !row->drift);
}

static void test_what_it_resolves_to(void **state)
{
	static const struct row rows[] = {
		{ "gpt-4o", "gpt-4o-2024-08-06", 10, false },
		{ "gpt-4o", "gpt-4o-2024-08-06", 20, false },
		{ "gpt-4o", "gpt-4o-2024-11-20", 30, true },
		{ "gpt-4o", "gpt-4o-2024-11-20", 40, false },
		/* asked before the change, answered after it was seen */
		{ "gpt-4o", "gpt-4o-2024-08-06", 25, false },
		/* an error, and a retrieval, say nothing of what is asked now */
		{ "gpt-4o", "gpt-4o-2025-01-01", 50, false, CALL_ERROR },
		{ "gpt-4o", "gpt-4o-2025-01-01", 50, false, CALL_RETRIEVAL },
		{ "gpt-4o", "", 50, false },
		{ "", "gpt-4o-2025-01-01", 50, false },
		/* it comes to stand for itself: that is a change too */
		{ "gpt-4o", "gpt-4o", 60, true },
		{ "gpt-4o", "GPT-4o", 70, false },
	};
	struct memory *memory;

	(void)state;
	assert_int_equal(forgetful_new(&memory), 0);
	EACH(row, rows)
		look(memory, "openai", row);
	assert_string_equal(kept(memory, "gpt-4o").text,
			    "{\"model\":\"gpt-4o\",\"since_ns\":60000000000,\"before\":\"gpt-4o-2024-11-20\",\"changes\":2}");
	forgetful_free(memory);
}

/* The same name elsewhere is another alias. */
static void test_by_provider(void **state)
{
	struct memory *memory;

	(void)state;
	assert_int_equal(forgetful_new(&memory), 0);
	look(memory, "openai", &(struct row){ "gpt-4o", "gpt-4o-2024-08-06", 10, false });
	look(memory, "azure.ai.openai", &(struct row){ "gpt-4o", "gpt-4o-2024-05-13", 20, false });
	look(memory, "openai", &(struct row){ "gpt-4o", "gpt-4o-2024-08-06", 30, false });
	forgetful_free(memory);
}

/* What is asked for by its own name, however that is written, is no alias. */
static void test_what_is_no_alias(void **state)
{
	static const struct row rows[] = {
		{ "gpt-4o-2024-08-06", "gpt-4o-2024-08-06", 1 }, { "models/gemini-2.5-pro", "gemini-2.5-pro", 1 },
		{ "openai/gpt-4o", "gpt-4o", 1 }, { "gemini-2.5-flash", "models/gemini-2.5-flash", 1 }, { "Llama-3", "llama-3", 1 },
	};
	struct memory *memory;

	(void)state;
	assert_int_equal(forgetful_new(&memory), 0);
	EACH(row, rows) {
		look(memory, "openai", row);
		assert_string_equal(kept(memory, row->asked).text, "");
	}
	forgetful_free(memory);
}

/* A row that is no alias' row, as another version may have left it, is as none. */
static void test_a_row_of_somebody_else(void **state)
{
	static const char *const texts[] = { "", "[]", "7", "{\"model\":", "{\"model\":7}", "{\"model\":null}", "{\"other\":\"x\"}" };
	struct memory_key key = { .kind = MEMORY_ALIAS, .provider = "openai", .name = "gpt-4o" };
	struct memory *memory;

	(void)state;
	EACH(text, texts) {
		struct memory_value value = { 0 };

		assert_int_equal(forgetful_new(&memory), 0);
		STR_COPY(value.text, str_of(*text));
		assert_int_equal(memory->ops->put(memory, &key, &value), 0);
		look(memory, "openai", &(struct row){ "gpt-4o", "gpt-4o-2024-08-06", 10, false });
		look(memory, "openai", &(struct row){ "gpt-4o", "gpt-4o-2024-11-20", 20, true });
		forgetful_free(memory);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_it_resolves_to), cmocka_unit_test(test_by_provider), cmocka_unit_test(test_what_is_no_alias),
		cmocka_unit_test(test_a_row_of_somebody_else),
	};

	return RUN(tests);
}
