/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * May a process be read? By its cgroup, of which user space says so, and for
 * `run -- COMMAND` by its descent. Asked at a connection's birth and whenever
 * an answer may have changed.
 */
#include "core.bpf.h"

#define SCOPES 16384
#define SCOPE_LEVELS 16		/* of nested cgroups that are asked about */
#define FOLLOWED 16384

const volatile u32 default_scope;
const volatile u32 hierarchy;
const volatile bool only_followed;

HASH(scopes, SCOPES, u64, u8);
HASH(followed, FOLLOWED, u32, u8);

static __noinline struct cgroup *cgroup_of_current(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	struct cgroup_subsys_state *css = NULL;
	u32 controller;

	if (hierarchy == EVENT_CGROUP_V2)
		return BPF_CORE_READ(set, dfl_cgrp);
	if (hierarchy == EVENT_CGROUP_V1_PIDS)
		controller = bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id);
	else
		controller = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	bpf_core_read(&css, sizeof(css), &set->subsys[controller]);
	return BPF_CORE_READ(css, cgroup);
}

u64 current_cgroup(void)
{
	return BPF_CORE_READ(cgroup_of_current(), kn, id);
}

/* A cgroup of which nothing was said is read as the nearest above it is. */
static __noinline u8 scope_of(struct cgroup *cgroup)
{
	for (u32 i = 0; i < SCOPE_LEVELS && cgroup; i++) {
		u64 id = BPF_CORE_READ(cgroup, kn, id);
		u8 *scope = bpf_map_lookup_elem(&scopes, &id);

		if (scope)
			return *scope;
		cgroup = BPF_CORE_READ(cgroup, self.parent, cgroup);
	}
	return default_scope;
}

bool in_scope(void)
{
	u32 tgid = current_tgid();

	if (only_followed && !bpf_map_lookup_elem(&followed, &tgid))
		return false;
	return scope_of(cgroup_of_current()) == EVENT_SCOPE_ALLOW;
}

int process_unfollow(void)
{
	u32 tgid = current_tgid();

	if (only_followed)
		bpf_map_delete_elem(&followed, &tgid);
	return 0;
}

int process_forked(u32 parent, u32 child)
{
	u8 yes = 1;

	if (parent != child && bpf_map_lookup_elem(&followed, &parent))
		bpf_map_update_elem(&followed, &child, &yes, BPF_ANY);
	return 0;
}
