/* SPDX-License-Identifier: Apache-2.0 */
/* Where the cgroup hierarchies are mounted, as /proc/self/mountinfo tells: it is never assumed. */
#ifndef AITAP_WHO_MOUNT_H
#define AITAP_WHO_MOUNT_H

#include "who/cgroup.h"

struct mount {
	char point[256];	/* "": not mounted */
	char root[256];		/* the hierarchy's path that stands there: "/" but in containers */
};

struct mounts {
	struct mount of[CGROUP_HIERARCHIES];
};

void mounts_parse(struct str mountinfo, struct mounts *ret);
int mounts_read(struct mounts *ret);

#endif
