/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include "base/limits.h"
#include "base/mem.h"
#include "pipeline/process.h"

static const struct wants wants = {
	.n_wanted = 4,
	.wanted = { { WANTED_ENV, "AI_TEAM" }, { WANTED_HEADER, "x-team-id" }, { WANTED_ENV, "OTEL_RESOURCE_ATTRIBUTES" },
		    { WANTED_ENV, "NODE_NAME" } },
};

static void test_only_the_wanted_gets_out(void **state)
{
	static const struct { const char *environ; size_t n; const char *team; } table[] = {
		{ "HOME=/root\0AI_TEAM=search\0SECRET=x\0", 35, "search" },
		{ "AI_TEAM=search", 14, "search" },		/* no NUL at the end */
		{ "AI_TEAM=two words\0", 18, "_invalid" }, { "AI_TEAM=\0", 9, "_invalid" },
		{ "AI_TEAM=a.b_c/d@e:f-1\0", 22, "a.b_c/d@e:f-1" }, { "AI_TEAM=\xc3\xa9\0", 11, "_invalid" },
		{ "XAI_TEAM=search\0", 16, NULL }, { "AI_TEAM\0", 8, NULL }, { "=x\0", 3, NULL }, { "", 0, NULL },
		{ "ai_team=search\0", 15, NULL }, { "x-team-id=search\0", 17, NULL },
		{ "AI_TEAM=0123456789012345678901234567890123456789012345678901234567890123\0", 73, "0123456789012345678901234567890123456789012345678901234567890123" },
		{ "AI_TEAM=01234567890123456789012345678901234567890123456789012345678901234\0", 74, "_invalid" },
	};

	(void)state;
	EACH(row, table) {
		struct trait trait = { 0 };

		assert_int_equal(environ_pick((struct str){ row->environ, row->n }, &wants, &trait), 0);
		assert_int_equal(trait.n_values, row->team != NULL);
		if (row->team)
			assert_string_equal(trait.values[0].text, row->team);
	}
}

static void test_resource_attributes_come_whole(void **state)
{
	struct trait trait = { 0 };

	(void)state;
	assert_int_equal(environ_pick(STR("OTEL_RESOURCE_ATTRIBUTES=team=a,service.name=b c\0NODE_NAME=n1"), &wants, &trait), 0);
	assert_string_equal(trait.otel, "team=a,service.name=b c");
	assert_int_equal(trait.n_values, 1);
	assert_int_equal(trait.values[0].wanted, 3);
	assert_string_equal(trait.values[0].text, "n1");
}

static void test_more_values_than_fit(void **state)
{
	char environ[20 * 12];
	struct trait trait = { 0 };

	(void)state;
	for (size_t i = 0; i < 20; i++)
		memcpy(environ + i * 12, "AI_TEAM=abc\0", 12);
	assert_int_equal(environ_pick((struct str){ environ, sizeof(environ) }, &wants, &trait), -ENOSPC);
	assert_int_equal(trait.n_values, WANTED_VALUES);
}

struct piece {
	struct event_environ event;
	char text[64];
};

static struct piece piece(uint32_t offset, const char *text, size_t n, uint8_t flags)
{
	struct piece piece = { .event = { .header = { .flags = flags }, .offset = offset, .len = (uint32_t)n } };

	memcpy(piece.text, text, n);
	return piece;
}

static const struct task task = { 7, 1000 };

static void test_put_together_from_pieces(void **state)
{
	struct piece first = piece(0, "AI_TEAM=se", 10, 0), again = first, last = piece(10, "arch\0", 5, EVENT_ENVIRON_LAST | EVENT_ENVIRON_CUT);
	struct processes processes;
	struct process *process;
	struct trait trait = { 0 };
	bool is_new;

	(void)state;
	processes_init(&processes);
	assert_int_equal(process_get(&processes, task, &is_new, &process), 0);
	assert_true(is_new);
	assert_int_equal(process_environ(&processes, process, &first.event, &wants, &trait), 0);
	assert_int_equal(process_environ(&processes, process, &again.event, &wants, &trait), 0);
	assert_int_equal(processes.assembling, 1);
	assert_int_equal(process_environ(&processes, process, &last.event, &wants, &trait), 1);
	assert_string_equal(trait.values[0].text, "search");
	assert_int_equal(trait.cut, 1);
	assert_int_equal(processes.assembling, 0);
	assert_null(process->environ);
	processes_done(&processes);
}

static void test_a_missing_piece(void **state)
{
	struct piece first = piece(0, "AI_TEAM=se", 10, 0), late = piece(12, "h\0", 2, EVENT_ENVIRON_LAST);
	struct piece far = piece(EVENT_ENVIRON_MAX + 8, "x", 1, 0), over = piece(0, "x", 1, 0), alone = piece(5, "x", 1, EVENT_ENVIRON_LAST);
	struct processes processes;
	struct process *process;
	struct trait trait = { 0 };
	bool is_new;

	(void)state;
	processes_init(&processes);
	assert_int_equal(process_get(&processes, task, &is_new, &process), 0);
	assert_int_equal(process_environ(&processes, process, &first.event, &wants, &trait), 0);
	assert_int_equal(process_environ(&processes, process, &late.event, &wants, &trait), -ENODATA);
	assert_int_equal(process_environ(&processes, process, &alone.event, &wants, &trait), -ENODATA);
	assert_int_equal(process_environ(&processes, process, &first.event, &wants, &trait), 0);
	assert_true(process_environ(&processes, process, &far.event, &wants, &trait) < 0);
	over.event.len = UINT32_MAX;
	assert_true(process_environ(&processes, process, &over.event, &wants, &trait) < 0);
	assert_int_equal(processes.assembling, 0);
	assert_int_equal(trait.n_values, 0);
	mem_fail_at(1);
	assert_int_equal(process_environ(&processes, process, &first.event, &wants, &trait), -ENOMEM);
	processes_done(&processes);
}

static void test_a_full_table_forgets_the_idle(void **state)
{
	struct processes processes;
	struct process *process, *busy;
	struct list strand;
	bool is_new;

	(void)state;
	processes_init(&processes);
	assert_int_equal(process_get(&processes, task, &is_new, &busy), 0);
	process_busy(busy);
	list_init(&strand);
	list_insert(&strand, &busy->strands);
	for (uint32_t i = 1; i < LIMIT_TASKS + 10; i++)
		assert_int_equal(process_get(&processes, (struct task){ i, 5 }, &is_new, &process), 0);
	assert_int_equal(processes.by_task.n, LIMIT_TASKS);
	assert_ptr_equal(process_find(&processes, task), busy);
	assert_null(process_find(&processes, (struct task){ 1, 5 }));
	assert_non_null(process_find(&processes, (struct task){ LIMIT_TASKS, 5 }));
	list_remove(&strand);
	process_rest(&processes, busy);
	assert_ptr_equal(process_find(&processes, task), busy);
	process_busy(busy);
	busy->gone = true;
	process_rest(&processes, busy);
	assert_null(process_find(&processes, task));
	processes_done(&processes);
}

static void test_refused_memory(void **state)
{
	struct processes processes;
	struct process *process;
	bool is_new;

	(void)state;
	for (uint64_t i = 1; i <= 2; i++) {
		processes_init(&processes);
		mem_fail_at(i);
		assert_int_equal(process_get(&processes, task, &is_new, &process), -ENOMEM);
		assert_null(process_find(&processes, task));
		processes_done(&processes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_the_wanted_gets_out), cmocka_unit_test(test_resource_attributes_come_whole),
		cmocka_unit_test(test_more_values_than_fit), cmocka_unit_test(test_put_together_from_pieces),
		cmocka_unit_test(test_a_missing_piece), cmocka_unit_test(test_a_full_table_forgets_the_idle),
		cmocka_unit_test(test_refused_memory),
	};

	return RUN(tests);
}
