/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What makes two open files the same one. Device and inode number, except on
 * overlayfs: there every mount has a device number of its own, while inode
 * number, size and times are those of the file below, which is what a probe
 * attaches to. (After a copy-up the number stays, and the change time differs,
 * as it must: the file below is another one then.) Plain values.
 */
#ifndef AITAP_TAP_FILE_H
#define AITAP_TAP_FILE_H

#include <stdbool.h>
#include <stdint.h>

struct file_id {
	uint64_t device;	/* 0: on overlayfs */
	uint64_t inode;
	uint64_t size;
	int64_t modified_ns;
	int64_t changed_ns;	/* on overlayfs only: elsewhere removing a name changes it */
};

int file_id_of(int fd, struct file_id *ret);
uint64_t file_id_hash(const struct file_id *);
bool file_id_eq(const struct file_id *, const struct file_id *);
bool file_id_is_at(const struct file_id *, const char *path);
/* The same inode, with other contents. */
bool file_id_rewritten(const struct file_id *was, const struct file_id *is);

#endif
