/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files the processes have mapped to execute, from /proc/PID/maps, and
 * how to open one of them as its process sees it. Keeps nothing. Paths are
 * what a process says of itself: they are tried, and believed only where the
 * file behind them has the mapping's inode number.
 */
#ifndef AITAP_TAP_MAPS_H
#define AITAP_TAP_MAPS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

struct mapping {
	uint64_t start, end;
	uint64_t device;	/* as the kernel says; stat may show another one (overlayfs, btrfs) */
	uint64_t inode;
	uint64_t generation;	/* of the inode number; 0 where it was not told */
	struct str path;	/* from the process's root; valid during the call that hands it over */
	bool deleted;
};

/* One line; -ENOENT where it maps no file to execute, -EBADMSG where it is no such line. */
int maps_line(struct str line, struct mapping *ret);

typedef void (*mapping_fn)(void *ctx, pid_t pid, const struct mapping *);
/* All of one process; negative errno where it cannot be read (-ENOENT, -ESRCH: it is gone). */
int maps_read(pid_t pid, mapping_fn, void *ctx);

/* All processes, one after another; stops where the function returns non-zero, which is returned. */
int maps_each_pid(int (*fn)(void *ctx, pid_t pid), void *ctx);

/* Opens for reading; never blocks on what a container may have put in its place. */
int mapping_open(pid_t pid, const struct mapping *);

#endif
