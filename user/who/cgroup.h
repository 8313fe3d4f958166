/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cgroups by id and by path. A path is the one below its hierarchy's root, as
 * /proc/PID/cgroup has it: "/system.slice/etl.service".
 */
#ifndef AITAP_WHO_CGROUP_H
#define AITAP_WHO_CGROUP_H

#include <stdint.h>

#include "base/str.h"
#include "who/origin.h"

enum cgroup_hierarchy { CGROUP_V2, CGROUP_V1_PIDS, CGROUP_V1_MEMORY, CGROUP_HIERARCHIES };	/* as enum event_hierarchy */

/* Where ids are to be taken from on this host: v2 where it is mounted, else v1's pids, else memory; -ENOENT: none is. */
int cgroup_hierarchy(void);
/* path below the root of that hierarchy, or absolute and below its mount point. -ENOENT. */
int cgroup_id_of(const char *path, uint64_t *ret);
/* The systemd unit that a path lies in, the innermost one: a service or scope; else the empty view. */
struct str cgroup_unit(struct str path);

/* The source: the path of an origin's cgroup, also of one whose process is gone, and its unit. */
struct cgroup_source;
extern const struct origin_source cgroup_ops;
int cgroup_new(struct cgroup_source **ret);
struct cgroup_source *cgroup_free(struct cgroup_source *);

#endif
