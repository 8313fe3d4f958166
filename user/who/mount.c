/* SPDX-License-Identifier: Apache-2.0 */
#include "who/mount.h"

#include <string.h>

#include "base/file.h"
#include "base/limits.h"

/* proc(5): blanks and backslashes of a path stand there as \ooo. */
static void unescape(struct str s, char *to, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n + 1 < size; i++) {
		const char *c = s.p + i;
		bool octal = *c == '\\' && i + 3 < s.n && c[1] >= '0' && c[1] <= '3' && c[2] >= '0' && c[2] <= '7' &&
			     c[3] >= '0' && c[3] <= '7';

		to[n++] = octal ? (char)((c[1] - '0') << 6 | (c[2] - '0') << 3 | (c[3] - '0')) : *c;
		i += octal ? 3 : 0;
	}
	to[n] = 0;
}

static bool has_option(struct str options, struct str name)
{
	struct str option;

	while (str_split(&options, ',', &option))
		if (str_eq(option, name))
			return true;
	return false;
}

static int hierarchy_of(struct str type, struct str options)
{
	if (str_eq(type, STR("cgroup2")))
		return CGROUP_V2;
	if (!str_eq(type, STR("cgroup")))
		return -1;
	if (has_option(options, STR("pids")))
		return CGROUP_V1_PIDS;
	return has_option(options, STR("memory")) ? CGROUP_V1_MEMORY : -1;
}

/* 31 23 0:28 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw: what is left of the dash varies in length */
static void parse_line(struct str line, struct mounts *ret)
{
	struct str fields[5], rest = line, type, source, options;
	ptrdiff_t dash = str_find(line, STR(" - "));
	int which;

	for (int i = 0; i < 5; i++)
		if (!str_split(&rest, ' ', &fields[i]))
			return;
	if (dash < 0)
		return;
	rest = str_sub(line, (size_t)dash + 3, line.n);
	if (!str_split(&rest, ' ', &type) || !str_split(&rest, ' ', &source) || !str_split(&rest, ' ', &options))
		return;
	which = hierarchy_of(type, options);
	/* the first one counts, unless a later one shows more of it */
	if (which < 0 || (ret->of[which].point[0] && !str_eq(fields[3], STR("/"))) ||
	    (ret->of[which].point[0] && !strcmp(ret->of[which].root, "/")))
		return;
	unescape(fields[3], ret->of[which].root, sizeof(ret->of[which].root));
	unescape(fields[4], ret->of[which].point, sizeof(ret->of[which].point));
}

void mounts_parse(struct str mountinfo, struct mounts *ret)
{
	struct str line;

	*ret = (struct mounts){ 0 };
	while (str_split(&mountinfo, '\n', &line))
		parse_line(line, ret);
}

int mounts_read(struct mounts *ret)
{
	struct buf text = BUF(MIB(16));
	int r = file_read("/proc/self/mountinfo", &text);

	mounts_parse(buf_view(&text), ret);
	buf_done(&text);
	return r;
}
