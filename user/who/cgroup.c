/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel side sends a cgroup's id. open_by_handle_at() turns the id into
 * its folder in one call, without a walk over the tree, as long as the cgroup
 * exists (kernfs handles are the id itself, type FILEID_KERNFS, since 5.5); the
 * folder's name in /proc/self/fd is the path. Paths are remembered by id, for
 * ids are never used again, so that calls of a cgroup that is gone still have
 * it. Where privileges do not allow that, /proc/PID/cgroup answers.
 */
#include "who/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/map.h"
#include "who/mount.h"

#define KERNFS_HANDLE 0xfe	/* FILEID_KERNFS of include/linux/exportfs.h */

struct path {
	struct list age;
	uint64_t key;
	char text[];
};

struct cgroup_source {
	struct mounts mounts;
	int fds[CGROUP_HIERARCHIES];	/* of the mount points; -1: none */
	struct map paths;
	struct list by_age;	/* the one made longest ago first */
	char file[KIB(16)];	/* of /proc/PID/cgroup */
};

struct cgroup_source *cgroup_free(struct cgroup_source *s)
{
	if (!s)
		return NULL;
	for (int i = 0; i < CGROUP_HIERARCHIES; i++)
		close_fdp(&s->fds[i]);
	LIST_EACH(node, &s->by_age)
		mem_free(LIST_ENTRY(node, struct path, age));
	map_done(&s->paths);
	return mem_free(s);
}

int cgroup_new(struct cgroup_source **ret)
{
	struct cgroup_source *s = mem_new(sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->paths = MAP(LIMIT_CGROUPS);
	list_init(&s->by_age);
	mounts_read(&s->mounts);	/* none is found where it fails, and /proc/PID/cgroup remains */
	for (int i = 0; i < CGROUP_HIERARCHIES; i++)
		s->fds[i] = s->mounts.of[i].point[0] ? open(s->mounts.of[i].point, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	*ret = s;
	return 0;
}

int cgroup_hierarchy(void)
{
	struct mounts mounts;
	int r = mounts_read(&mounts);

	for (int i = 0; r == 0 && i < CGROUP_HIERARCHIES; i++)
		if (mounts.of[i].point[0])
			return i;
	return r < 0 ? r : -ENOENT;
}

int cgroup_id_of(const char *path, uint64_t *ret)
{
	struct {
		struct file_handle head;
		uint64_t id;
	} handle = { .head.handle_bytes = sizeof(uint64_t) };
	int which = cgroup_hierarchy(), mount_id;
	struct mounts mounts;
	char full[1024];
	struct str point;
	int n;

	if (which < 0 || mounts_read(&mounts) < 0)
		return -ENOENT;
	point = str_of(mounts.of[which].point);
	if (str_starts(str_of(path), point) && (path[point.n] == '/' || !path[point.n]))
		n = snprintf(full, sizeof(full), "%s", path);
	else
		n = snprintf(full, sizeof(full), "%s/%s", point.p, path);
	if (n < 0 || (size_t)n >= sizeof(full))
		return -ENAMETOOLONG;
	if (name_to_handle_at(AT_FDCWD, full, &handle.head, &mount_id, 0) < 0)
		return -errno;
	if (handle.head.handle_type != KERNFS_HANDLE || handle.head.handle_bytes != sizeof(uint64_t))
		return -ENOENT;
	memcpy(ret, handle.head.f_handle, sizeof(*ret));
	return 0;
}

/* Names that would clash with the kernel's own files are written with an underscore: systemd's CGROUP_DELEGATION. */
static struct str unescaped(struct str name)
{
	return str_sub(name, name.n && name.p[0] == '_', name.n);
}

struct str cgroup_unit(struct str path)
{
	struct str unit = STR(""), name;

	while (str_split(&path, '/', &name)) {
		name = unescaped(name);
		if ((str_ends(name, STR(".service")) && name.n > strlen(".service")) ||
		    (str_ends(name, STR(".scope")) && name.n > strlen(".scope")))
			unit = name;
	}
	return unit;
}

/* The path below the root of the hierarchy, of a folder below its mount point. */
static bool below_root(const struct mount *mount, struct str folder, char *ret, size_t size)
{
	size_t point = strcmp(mount->point, "/") ? strlen(mount->point) : 0;
	const char *root = strcmp(mount->root, "/") ? mount->root : "";

	if (!str_starts(folder, str_of(mount->point)))
		return false;
	snprintf(ret, size, "%s%.*s", root, (int)(folder.n - point), folder.p + point);
	if (!ret[0])
		snprintf(ret, size, "/");
	return true;
}

static int path_by_handle(const struct cgroup_source *s, int which, uint64_t id, char *ret, size_t size)
{
	struct {
		struct file_handle head;
		uint64_t id;
	} handle = { .head = { .handle_bytes = sizeof(uint64_t), .handle_type = KERNFS_HANDLE } };
	_cleanup_close_ int fd = -1;
	char link[32], folder[768];
	ssize_t n;

	memcpy(handle.head.f_handle, &id, sizeof(id));
	fd = open_by_handle_at(s->fds[which], &handle.head, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, folder, sizeof(folder));
	if (n < 0 || n == sizeof(folder))
		return -ENAMETOOLONG;
	return below_root(&s->mounts.of[which], (struct str){ folder, (size_t)n }, ret, size) ? 0 : -ENOENT;
}

static uint64_t key_of(int which, uint64_t id)
{
	return hash_u64(id ^ (uint64_t)which << 62);
}

static void remember(struct cgroup_source *s, uint64_t key, const char *text)
{
	size_t n = strlen(text);
	struct path *path;

	if (s->paths.n == LIMIT_CGROUPS) {
		path = LIST_ENTRY(s->by_age.next, struct path, age);
		list_remove(&path->age);
		map_remove(&s->paths, path->key);
		mem_free(path);
	}
	path = mem_new(sizeof(*path) + n + 1);
	if (!path)
		return;
	path->key = key;
	memcpy(path->text, text, n + 1);
	if (map_put(&s->paths, key, path) < 0)
		mem_free(path);
	else
		list_insert(&path->age, &s->by_age);
}

static bool path_by_id(struct cgroup_source *s, int which, uint64_t id, char *ret, size_t size)
{
	uint64_t key = key_of(which, id);
	const struct path *known = map_get(&s->paths, key);

	if (known)
		return str_copy(ret, size, str_of(known->text));
	if (path_by_handle(s, which, id, ret, size) < 0)
		return false;
	remember(s, key, ret);
	return true;
}

/* A line is N:CONTROLLERS:PATH, of v2 0::PATH. Best of all one that says something: v2, then pids, memory, systemd. */
static struct str best_line(struct str text)
{
	static const struct str wanted[] = { { "", 0 }, { "pids", 4 }, { "memory", 6 }, { "name=systemd", 12 } };
	struct str best = STR(""), line;
	size_t rank = 2 * sizeof(wanted) / sizeof(wanted[0]);

	while (str_split(&text, '\n', &line)) {
		struct str number, controllers;

		if (!str_split(&line, ':', &number) || !str_split(&line, ':', &controllers))
			continue;
		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
			size_t this = i + (line.n <= 1 ? sizeof(wanted) / sizeof(wanted[0]) : 0);

			if (str_eq(controllers, wanted[i]) && this < rank) {
				rank = this;
				best = line;
			}
		}
	}
	return best;
}

static bool path_by_pid(struct cgroup_source *s, const struct task *task, char *ret, size_t size)
{
	_cleanup_close_ int fd = -1;
	struct task now;
	char path[32];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/cgroup", task->tgid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, s->file, sizeof(s->file));
	/* the start time is read after the text: had the pid been used again, it would show */
	if (n <= 0 || task_of_pid(task->tgid, &now) < 0 || !task_same(now, *task))
		return false;
	str_copy(ret, size, best_line((struct str){ s->file, (size_t)n }));
	return ret[0];
}

static int cgroup_fill(void *self, const struct task *task, struct origin *o, int deadline_ms)
{
	struct cgroup_source *s = self;
	int which = o->hierarchy < CGROUP_HIERARCHIES ? o->hierarchy : CGROUP_V2;
	bool found;

	(void)deadline_ms;	/* kernfs answers from memory */
	if (o->cgroup[0])
		return 0;
	found = o->cgroup_id && s->fds[which] >= 0 && path_by_id(s, which, o->cgroup_id, o->cgroup, sizeof(o->cgroup));
	/* the root is where a hybrid host leaves what it sorts by v1 */
	if (!found || !strcmp(o->cgroup, "/")) {
		char path[sizeof(o->cgroup)];

		if (path_by_pid(s, task, path, sizeof(path))) {
			STR_COPY(o->cgroup, str_of(path));
			found = true;
		}
	}
	if (found && !o->unit[0])
		STR_COPY(o->unit, cgroup_unit(str_of(o->cgroup)));
	return found;
}

const struct origin_source cgroup_ops = {
	.name = "cgroup",
	.fill = cgroup_fill,
};
