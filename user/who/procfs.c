/* SPDX-License-Identifier: Apache-2.0 */
#include "who/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"

struct facts {
	char exe[256];
	char comm[16];
	uint32_t uid;
	bool known_uid;
};

static void read_exe(uint32_t pid, struct facts *ret)
{
	char path[32], target[1024];
	struct str exe;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/exe", pid);
	n = readlink(path, target, sizeof(target));
	exe = (struct str){ target, n > 0 ? (size_t)n : 0 };
	if (str_ends(exe, STR(" (deleted)")))	/* an update replaced the file under a running program */
		exe.n -= strlen(" (deleted)");
	STR_COPY(ret->exe, exe);
}

/* proc(5): Name and Uid (real, effective, saved, file system) are lines of status. */
static void take_line(struct str line, struct facts *ret)
{
	struct str name, first;
	uint64_t uid;

	if (!str_split(&line, '\t', &name))
		return;
	if (str_eq(name, STR("Name:")))
		STR_COPY(ret->comm, line);
	if (str_eq(name, STR("Uid:")) && str_split(&line, '\t', &first) && str_u64(first, &uid) && uid <= UINT32_MAX) {
		ret->uid = (uint32_t)uid;
		ret->known_uid = true;
	}
}

static bool read_status(uint32_t pid, struct facts *ret)
{
	_cleanup_close_ int fd = -1;
	char path[32], text[4096];
	struct str rest, line;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	rest = (struct str){ text, n > 0 ? (size_t)n : 0 };
	while (str_split(&rest, '\n', &line))
		take_line(line, ret);
	return n > 0;
}

static int procfs_fill(void *self, const struct task *task, struct origin *o, int deadline_ms)
{
	struct facts facts = { 0 };
	struct task now;

	(void)self;
	(void)deadline_ms;	/* the kernel answers from memory */
	read_exe(task->tgid, &facts);
	if (!read_status(task->tgid, &facts))
		return 0;
	/* the start time is read after the rest: had the pid been used again, it would show */
	if (task_of_pid(task->tgid, &now) < 0 || !task_same(now, *task))
		return 0;
	if (!o->exe[0])
		STR_COPY(o->exe, str_of(facts.exe));
	if (!o->comm[0])
		STR_COPY(o->comm, str_of(facts.comm));
	if (!o->known_uid && facts.known_uid) {
		o->uid = facts.uid;
		o->known_uid = true;
	}
	return 1;
}

const struct origin_source procfs_ops = {
	.name = "procfs",
	.fill = procfs_fill,
};
