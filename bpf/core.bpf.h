/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * What the files of one TLS library each may ask of the core, which owns every
 * map and ring. They know registers and return values; it knows connections.
 *
 * Three rules hold for everything that runs at a uprobe:
 *  - No (sub)program uses more than 48 bytes of stack. From 64 on (48 rounded
 *    up) kernels since 6.13 give it a private stack per CPU although uprobe
 *    programs can be preempted, and two tasks then write to the same one.
 *  - Nothing per CPU is read, changed and written without guard()/unguard().
 *  - What must survive from a call's entry to its return is kept by call, never
 *    by CPU: the task may return on another.
 */
#ifndef AITAP_CORE_BPF_H
#define AITAP_CORE_BPF_H

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "event.h"

/* What moves through a call, beside enum event_dir. */
#define CALL_SHUTDOWN 2		/* nothing moves; returning 1 ends the connection */
#define CALL_SERVER_NAME 4	/* buf is a string: it can be read for certain once the library has read it */

/*
 * A call begins: done is where the library will leave the byte count, or 0
 * where it returns it. Both give 1 where nobody wants the call's return.
 * A session's return finds the call by its object; elsewhere it is found by the
 * thread and its stack pointer, which tells nested calls (TLS in TLS) apart.
 */
__hidden int call_enter_session(u64 object, u64 buf, u64 done, u32 what);
__hidden int call_enter(u64 object, u64 buf, u64 done, u32 what, u64 sp);

__hidden int call_leave_session(u64 object, s64 ret, u32 what);
__hidden int call_leave(u64 sp, s64 ret);

__hidden int conn_born(u64 object);
__hidden int conn_ended(u64 object, u8 reason);
__hidden int conn_role(u64 object, u8 role);

__hidden int process_close_all(u8 reason);	/* kernel 5.13 */
__hidden int process_tell_end(u8 what);		/* to every ring that holds connections of it */
__hidden int process_unfollow(void);
__hidden int process_forked(u32 parent, u32 child);

/* ---- between the files of the core */

#define HASH(name, n, key_type, value_type) \
	struct { \
		__uint(type, BPF_MAP_TYPE_HASH); \
		__uint(max_entries, n); \
		__type(key, key_type); \
		__type(value, value_type); \
	} name SEC(".maps")

static __always_inline u32 current_tgid(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

extern const volatile u32 hierarchy;	/* enum event_hierarchy */

__hidden u64 current_cgroup(void);
__hidden bool in_scope(void);			/* may the current process be read? */
int begins_request(u64 from, u64 n);		/* do these bytes of the process begin an HTTP request? */

#endif
