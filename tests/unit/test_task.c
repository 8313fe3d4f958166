/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/task.h"

static void test_compares(void **state)
{
	struct task a = { 7, 1000000000 }, b = { 7, 1000000001 }, c = { 8, 1000000000 }, later = { 7, 1010000000 };

	(void)state;
	assert_true(task_eq(a, a));
	assert_false(task_eq(a, b));
	assert_false(task_eq(a, c));
	/* one of the two may come from /proc, which counts in hundredths */
	assert_true(task_same(a, b));
	assert_false(task_same(a, c));
	assert_false(task_same(a, later));
	assert_int_not_equal(task_hash(a), task_hash(b));
	assert_int_not_equal(task_hash(a), task_hash(c));
}

static void test_finds_a_process_whatever_its_name(void **state)
{
	static const char *const names[] = { "plain", "a) R 1 (b", ") ) )", "(((" };
	struct task task, self;
	uint64_t now = clock_boot_ns();

	(void)state;
	assert_int_equal(task_of_pid((uint32_t)getpid(), &self), 0);
	EACH(name, names) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			prctl(PR_SET_NAME, *name);
			pause();
		}
		usleep(20000);
		assert_int_equal(task_of_pid((uint32_t)pid, &task), 0);
		assert_int_equal(task.tgid, pid);
		assert_true(task.start_ns + NSEC_PER_SEC / 50 >= now && task.start_ns <= clock_boot_ns());
		assert_true(task.start_ns >= self.start_ns);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		assert_int_equal(task_of_pid((uint32_t)pid, &task), -ESRCH);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_compares), cmocka_unit_test(test_finds_a_process_whatever_its_name) };

	return RUN(tests);
}
