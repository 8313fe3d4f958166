/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hears of every executable mapping, fork, exec and exit of this machine as it
 * happens: a dummy perf event on each processor. It decides nothing and looks
 * nothing up. One owner, one thread.
 */
#ifndef AITAP_TAP_MMAP_H
#define AITAP_TAP_MMAP_H

#include <stdint.h>
#include <sys/types.h>

#include "tap/maps.h"

struct mmap_watch;

enum mmap_what {
	MMAP_MAPPED = 1,	/* mapping is filled */
	MMAP_FORK,		/* parent has the new process pid; threads are not told */
	MMAP_EXEC,
	MMAP_EXIT,		/* the process's first thread ended */
};

struct mmap_event {
	enum mmap_what what;
	pid_t pid;
	pid_t parent;
	uint64_t boot_ns;	/* when the kernel wrote it */
	struct mapping mapping;
};

typedef void (*mmap_fn)(void *ctx, const struct mmap_event *);

int mmap_watch_open(struct mmap_watch **ret);
struct mmap_watch *mmap_watch_close(struct mmap_watch *);
int mmap_watch_fd(const struct mmap_watch *);		/* readable when there is something */
/* All that is there; the number of records that the kernel had no room for, or negative errno. */
int64_t mmap_watch_read(struct mmap_watch *, mmap_fn, void *ctx);

#endif
