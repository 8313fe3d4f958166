/* SPDX-License-Identifier: Apache-2.0 */
/* (tgid, start time) names a process; a bare pid never does, for it is used again. */
#ifndef AITAP_BASE_TASK_H
#define AITAP_BASE_TASK_H

#include <stdbool.h>
#include <stdint.h>

struct task {
	uint32_t tgid;		/* in the initial pid namespace */
	uint64_t start_ns;	/* CLOCK_BOOTTIME of the thread group leader's start */
};

uint64_t task_hash(struct task);
bool task_eq(struct task, struct task);
/* The start time of a running process from /proc/PID/stat, exact to USER_HZ (10 ms); -ESRCH where it is gone. */
int task_of_pid(uint32_t pid, struct task *ret);
/* Do both name the same process, when one of them may be rounded down to USER_HZ? */
bool task_same(struct task, struct task);

#endif
