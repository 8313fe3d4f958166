/* SPDX-License-Identifier: Apache-2.0 */
#include "base/task.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/str.h"

#define TICK_NS (NSEC_PER_SEC / 100)	/* USER_HZ is 100 on every architecture that we build for */

uint64_t task_hash(struct task t)
{
	return hash_u64(t.start_ns ^ ((uint64_t)t.tgid << 32 | t.tgid));
}

bool task_eq(struct task a, struct task b)
{
	return a.tgid == b.tgid && a.start_ns == b.start_ns;
}

bool task_same(struct task a, struct task b)
{
	return a.tgid == b.tgid && a.start_ns / TICK_NS == b.start_ns / TICK_NS;
}

/* proc(5): the second field is the name in parentheses and may hold anything; starttime is the 22nd. */
int task_of_pid(uint32_t pid, struct task *ret)
{
	_cleanup_close_ int fd = -1;
	char path[32], text[1024];
	struct str rest, field;
	uint64_t ticks;
	const char *after;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return -ESRCH;
	text[n] = 0;
	after = strrchr(text, ')');
	if (!after || after[1] != ' ')
		return -EPROTO;
	rest = str_of(after + 2);
	for (int i = 3; i <= 22; i++)
		if (!str_split(&rest, ' ', &field))
			return -EPROTO;
	if (!str_u64(field, &ticks))
		return -EPROTO;
	*ret = (struct task){ .tgid = pid, .start_ns = ticks * TICK_NS };
	return 0;
}
