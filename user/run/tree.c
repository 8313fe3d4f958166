/* SPDX-License-Identifier: Apache-2.0 */
#include "run/tree.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"

struct kin {
	pid_t pid, parent;
};

static void closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* The second field may hold anything, parentheses included; what follows its last one is fixed (proc_pid_stat(5)). */
static bool parent_of(const char *pid, pid_t *ret)
{
	char path[64], text[512], *end;
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = 0;
	end = strrchr(text, ')');
	/* ") S PPID": the state is one letter */
	if (!end || strlen(end) < 5)
		return false;
	*ret = (pid_t)strtol(end + 4, NULL, 10);
	return *ret >= 0;
}

static int list_all(struct kin *kin, size_t room, size_t *ret_n)
{
	_cleanup_(closedirp) DIR *dir = opendir("/proc");
	struct dirent *entry;
	uint64_t pid;

	if (!dir)
		return -errno;
	*ret_n = 0;
	while (*ret_n < room && (entry = readdir(dir)))
		if (str_u64(str_of(entry->d_name), &pid) && parent_of(entry->d_name, &kin[*ret_n].parent))
			kin[(*ret_n)++].pid = (pid_t)pid;
	return 0;
}

int tree_walk(pid_t pid, int (*visit)(void *ctx, pid_t pid), void *ctx)
{
	enum { HOST_MAX = 65536 };
	_cleanup_free_ struct kin *kin = mem_array(HOST_MAX, sizeof(*kin));
	_cleanup_free_ pid_t *tree = mem_array(TREE_MAX, sizeof(*tree));
	size_t n = 0, n_tree = 0;
	int err;

	if (!kin || !tree)
		return -ENOMEM;
	err = list_all(kin, HOST_MAX, &n);
	for (size_t i = 0; err == 0 && i < n && !n_tree; i++)
		if (kin[i].pid == pid)
			tree[n_tree++] = pid;
	if (err == 0 && !n_tree)
		return -ESRCH;
	for (size_t at = 0; err >= 0 && at < n_tree; at++) {
		err = visit(ctx, tree[at]);
		for (size_t i = 0; i < n; i++)
			if (kin[i].parent == tree[at] && n_tree < TREE_MAX)
				tree[n_tree++] = kin[i].pid;
	}
	return err < 0 ? err : 0;
}
