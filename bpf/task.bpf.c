/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Processes that fork, become another program, or end. Raw tracepoints, for
 * kprobes and fentry are not to be had on every kernel. bpf_for_each_map_elem
 * came with 5.13; where it is missing the *_without programs are loaded
 * instead, and user space forgets the connections of what has ended.
 */
#include "core.bpf.h"

struct fork_args { u64 parent, child; };
struct task_args { u64 task; };

/* Every thread comes here; the process ends with its last. */
static __always_inline bool process_ends(u64 arg)
{
	struct task_struct *task = (void *)arg;

	return BPF_CORE_READ(task, signal, live.counter) == 0;
}

SEC("raw_tp/sched_process_exit") int on_exit(struct task_args *ctx)
{
	if (!process_ends(ctx->task))
		return 0;
	process_unfollow();
	process_close_all(EVENT_CLOSE_EXIT);
	return process_tell_end(EVENT_TASK_EXIT);
}

SEC("raw_tp/sched_process_exit") int on_exit_without(struct task_args *ctx)
{
	if (!process_ends(ctx->task))
		return 0;
	process_unfollow();
	return process_tell_end(EVENT_TASK_EXIT);
}

SEC("raw_tp/sched_process_exec") int on_exec(struct task_args *ctx)
{
	process_close_all(EVENT_CLOSE_EXEC);
	return process_tell_end(EVENT_TASK_EXEC);
}

SEC("raw_tp/sched_process_exec") int on_exec_without(struct task_args *ctx)
{
	return process_tell_end(EVENT_TASK_EXEC);
}

/*
 * `run -- COMMAND` follows the set of processes that descend from one, rather
 * than a cgroup: it needs no cgroup of its own to be made, which a process
 * under systemd or in a container may not do, and none to be moved into.
 */
SEC("raw_tp/sched_process_fork") int on_fork(struct fork_args *ctx)
{
	struct task_struct *parent = (void *)ctx->parent, *child = (void *)ctx->child;

	return process_forked(BPF_CORE_READ(parent, tgid), BPF_CORE_READ(child, tgid));
}
