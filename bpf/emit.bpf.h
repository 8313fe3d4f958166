/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Events on their way out: into the ring of their connection, or counted. Only
 * the core calls these. They give 0, or else the event was lost (it is counted
 * by then).
 *
 * They are global functions with scalar arguments: the verifier reads each
 * once, by itself, however often it is called. It cannot otherwise finish the
 * loop over a large call's chunks (1,000,000 instructions, kernel 5.2).
 */
#ifndef AITAP_EMIT_BPF_H
#define AITAP_EMIT_BPF_H

#include "core.bpf.h"

/* Beside enum event_dir in the low byte of `what`: */
#define EMIT_REOPENED 0x80
#define EMIT_GAP 0x40		/* what stands right before is gone for good */

extern const volatile u32 ring_count;

static __always_inline u32 ring_of(u64 id)
{
	return id % ring_count & (EVENT_RINGS_MAX - 1);
}

int emit_open(u64 id, u64 object, u64 role, u64 born, u64 cgroup);
int emit_environment(u64 ring);
/* what: id << 8, direction, flags. Gives EMIT_GAP where its last byte was lost, for the next call to tell. */
int emit_call(u64 what, u64 from, u64 n, u64 at, u64 peer);
int emit_exe(u64 id);
int emit_close(u64 id, u64 sent, u64 received, u64 reason);
int emit_role(u64 id, u64 role);
int emit_server_name(u64 id, u64 name);
int emit_task(u64 ring, u64 start_ns, u64 what);

int count_loss(u64 ring, u64 cause, u64 n);
int count_skip(u64 ring, u64 cause, u64 n);
int count_full(u64 ring, u64 bytes);

#endif
