/* SPDX-License-Identifier: Apache-2.0 */
#include "tap/maps.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/limits.h"

#define PATH_LEN 4200	/* PATH_MAX and what stands before it */

static void closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* Hexadecimal digits up to a delimiter, which is eaten. */
static bool eat_hex(struct str *s, char delimiter, uint64_t *ret)
{
	uint64_t value = 0;
	size_t i = 0;

	for (; i < s->n && i < 16; i++) {
		char c = s->p[i];

		if (c >= '0' && c <= '9')
			value = value << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (uint64_t)(c - 'a' + 10);
		else
			break;
	}
	if (!i || i >= s->n || s->p[i] != delimiter)
		return false;
	*ret = value;
	*s = str_sub(*s, i + 1, s->n);
	return true;
}

/* "7f00a000-7f00b000 r-xp 00001000 fe:00 1234  /usr/lib/libssl.so.3": fs/proc/task_mmu.c, show_map_vma() */
int maps_line(struct str line, struct mapping *ret)
{
	struct mapping m = { 0 };
	struct str perms, inode, rest = line;
	uint64_t offset, major, minor;

	if (!eat_hex(&rest, '-', &m.start) || !eat_hex(&rest, ' ', &m.end) || !str_split(&rest, ' ', &perms) ||
	    perms.n != 4 || !rest.p || !eat_hex(&rest, ' ', &offset) || !eat_hex(&rest, ':', &major) ||
	    !eat_hex(&rest, ' ', &minor) || !str_split(&rest, ' ', &inode) || !str_u64(inode, &m.inode))
		return -EBADMSG;
	if (perms.p[2] != 'x' || !m.inode || !rest.p)
		return -ENOENT;
	m.device = makedev((unsigned)major, (unsigned)minor);
	m.path = rest;
	while (m.path.n && m.path.p[0] == ' ')
		m.path = str_sub(m.path, 1, m.path.n);
	if (str_ends(m.path, STR(" (deleted)"))) {
		m.deleted = true;
		m.path.n -= 10;
	}
	if (!m.path.n || m.path.p[0] != '/')
		return -ENOENT;
	*ret = m;
	return 0;
}

static void tell_line(struct str line, pid_t pid, mapping_fn fn, void *ctx)
{
	struct mapping m;

	if (!maps_line(line, &m))
		fn(ctx, pid, &m);
}

int maps_read(pid_t pid, mapping_fn fn, void *ctx)
{
	char path[32], text[KIB(16)];
	_cleanup_close_ int fd = -1;
	size_t kept = 0;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t n = read(fd, text + kept, sizeof(text) - kept);
		struct str rest, line;
		ptrdiff_t end;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		rest = (struct str){ text, kept + (size_t)n };
		while ((end = str_chr(rest, '\n')) >= 0) {
			line = str_sub(rest, 0, (size_t)end);
			rest = str_sub(rest, (size_t)end + 1, rest.n);
			tell_line(line, pid, fn, ctx);
		}
		/* a line is shorter than the buffer (PATH_MAX); one that is not is dropped */
		kept = rest.n < sizeof(text) ? rest.n : 0;
		memmove(text, rest.p, kept);
	}
}

int maps_each_pid(int (*fn)(void *ctx, pid_t pid), void *ctx)
{
	_cleanup_(closedirp) DIR *dir = opendir("/proc");
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		uint64_t pid;
		int stop;

		if (!str_u64(str_of(entry->d_name), &pid) || pid > INT32_MAX)
			continue;
		stop = fn(ctx, (pid_t)pid);
		if (stop)
			return stop;
	}
	return 0;
}

/* O_NONBLOCK: a FIFO may stand where the file was. */
static int open_checked(const char *path, uint64_t inode)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	int opened;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_ino != inode)
		return -ESTALE;
	opened = fd;
	fd = -1;
	return opened;
}

/* A deleted or replaced file, or one whose name has a newline, is still reachable through the mapping itself. */
int mapping_open(pid_t pid, const struct mapping *m)
{
	char path[PATH_LEN];
	int fd = -ENOENT;

	if (!m->deleted) {
		snprintf(path, sizeof(path), "/proc/%d/root%.*s", pid, (int)m->path.n, m->path.p);
		fd = open_checked(path, m->inode);
	}
	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", pid, (unsigned long long)m->start,
		 (unsigned long long)m->end);
	return open_checked(path, m->inode);
}
