/* SPDX-License-Identifier: Apache-2.0 */
#include "tap/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/map.h"

static int64_t nanoseconds(struct timespec t)
{
	return (int64_t)t.tv_sec * (int64_t)NSEC_PER_SEC + t.tv_nsec;
}

int file_id_of(int fd, struct file_id *ret)
{
	struct file_id id = { 0 };
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) || fstatfs(fd, &fs))
		return -errno;
	id.inode = st.st_ino;
	id.size = (uint64_t)st.st_size;
	id.modified_ns = nanoseconds(st.st_mtim);
	if (fs.f_type == OVERLAYFS_SUPER_MAGIC)
		id.changed_ns = nanoseconds(st.st_ctim);
	else
		id.device = st.st_dev;
	*ret = id;
	return 0;
}

uint64_t file_id_hash(const struct file_id *id)
{
	return hash_bytes(id, sizeof(*id), 0);
}

bool file_id_eq(const struct file_id *a, const struct file_id *b)
{
	return !memcmp(a, b, sizeof(*a));
}

bool file_id_is_at(const struct file_id *id, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct file_id there;

	return fd >= 0 && !file_id_of(fd, &there) && file_id_eq(&there, id);
}

bool file_id_rewritten(const struct file_id *was, const struct file_id *is)
{
	return was->device && was->device == is->device && was->inode == is->inode && !file_id_eq(was, is);
}
