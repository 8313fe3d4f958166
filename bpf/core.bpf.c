/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The core of the kernel side: every map and ring, connections and their calls.
 *
 * A connection is a TLS library's object in one process. It gets an id that is
 * never used again, and the id alone says which ring its events go to, so all
 * of them are in order. When a call returns, the bytes that the library says it
 * moved are given their place in the stream, and only then is anything emitted:
 * whatever is lost afterwards shows as a gap. The table is never evicted from;
 * a connection that finds no place is counted.
 *
 * What a call costs is decided here. The order is: one look-up finds the
 * connection, one load its verdict; a call that nobody wants ends there, before
 * its return is even armed where the kernel has sessions.
 */
#include "core.bpf.h"
#include "emit.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define CONNECTIONS 65536
#define CALLS 16384		/* threads that may be inside a call at one time */
#define ID_BLOCK 64		/* consecutive ids of one CPU: neighbours spread over the rings */
#define EPOCH_NONE ~0u		/* no scope_epoch: the next call has to look closer */
#define MOVED_MAX (1ull << 32)	/* no single call moves more: a length above was not written by the library */

const volatile u64 id_base;	/* above every id of an earlier run of this boot */
const volatile u32 cpus = 1;
const volatile bool can_guard;	/* the kernel has bpf_preempt_disable: 6.10 */

u32 scope_epoch;	/* bumped by user space with every change of `scopes` */

struct conn_key {
	u64 tgid;
	u64 object;
};

struct conn {
	u64 id;
	u64 object;
	u64 offset[2];		/* by enum event_dir */
	u64 buf[2];		/* of the call in flight, where sessions carry it */
	u64 done[2];
	u32 epoch;		/* of scope_epoch when its scope was last looked up */
	u8 born;
	u8 told;		/* its EVENT_OPEN got out */
	u8 role;
	u8 closed;		/* shut down: nothing more passes until the library's object is used anew */
	u8 gap[2];		/* EMIT_GAP where the bytes before the next ones did not get out */
};

struct call_key {
	u64 thread;
	u64 sp;
};

struct call {
	u64 object;
	u64 buf;
	u64 done;
	u32 what;
	u32 unused;
};

#define TOLD_ENVIRON 1
#define TOLD_EXE 2

struct proc {
	u64 start_ns;
	u64 conns;
	u8 in_ring[EVENT_RINGS_MAX];	/* a byte each: threads set them without harm to each other */
	u8 told[EVENT_RINGS_MAX];	/* TOLD_* */
};

HASH(conns, CONNECTIONS, struct conn_key, struct conn);
HASH(calls, CALLS, struct call_key, struct call);
HASH(procs, CALLS, u32, struct proc);

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, EVENT_VERDICTS);
	__type(key, u32);
	__type(value, u64);
} verdicts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} ids SEC(".maps");

static const struct conn fresh_conn;
static const struct proc fresh_proc;

extern void bpf_preempt_disable(void) __weak __ksym;
extern void bpf_preempt_enable(void) __weak __ksym;

/*
 * The count and the number must be of one CPU. Between 6.10, when the pair came,
 * and 6.13, when uprobe programs began to be preempted, the guard costs and does
 * nothing; earlier kernels need none.
 */
static u64 next_id(void)
{
	u64 *count, n = 0;
	u32 zero = 0, cpu;

	if (can_guard)
		bpf_preempt_disable();
	cpu = bpf_get_smp_processor_id();
	count = bpf_map_lookup_elem(&ids, &zero);
	if (count)
		n = (*count)++;
	if (can_guard)
		bpf_preempt_enable();
	return id_base + (n / ID_BLOCK * cpus + cpu) * ID_BLOCK + n % ID_BLOCK;
}

/* ---- verdicts */

static __always_inline enum event_verdict verdict_of(u64 id)
{
	u32 at = id % EVENT_VERDICTS;
	u64 *word = bpf_map_lookup_elem(&verdicts, &at);

	return word && *word >> 8 == id ? (u8)*word : EVENT_VERDICT_UNDECIDED;
}

static void verdict_reset(u64 id)
{
	u32 at = id % EVENT_VERDICTS;
	u64 *word = bpf_map_lookup_elem(&verdicts, &at);

	if (word)
		*word = id << 8 | EVENT_VERDICT_UNDECIDED;
}

/* ---- processes that have connections */

static __noinline struct proc *proc_of_current(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	u64 start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	u32 tgid = current_tgid();
	struct proc *proc = bpf_map_lookup_elem(&procs, &tgid);

	if (proc && proc->start_ns != start_ns) {	/* its exit was missed, the number used again */
		bpf_map_delete_elem(&procs, &tgid);
		proc = NULL;
	}
	if (!proc) {
		bpf_map_update_elem(&procs, &tgid, &fresh_proc, BPF_NOEXIST);
		proc = bpf_map_lookup_elem(&procs, &tgid);
		if (proc)
			proc->start_ns = start_ns;
	}
	return proc;
}

/* ---- connections */

static __always_inline struct conn *conn_find(u64 object)
{
	struct conn_key key = { .tgid = current_tgid(), .object = object };

	return bpf_map_lookup_elem(&conns, &key);
}

/* Tells user space of the connection, once; before that nothing of it is emitted. */
static __noinline bool conn_tell(struct conn *conn)
{
	u32 ring = ring_of(conn->id);
	struct proc *proc;

	if (conn->told)
		return true;
	proc = proc_of_current();
	if (!proc)
		return false;
	if (!proc->told[ring]) {
		proc->told[ring] = TOLD_ENVIRON;
		emit_environment(ring);
	}
	proc->in_ring[ring] = 1;
	conn->told = !emit_open(conn->id, conn->object, conn->role, conn->born, current_cgroup());
	if (conn->told && proc->told[ring] == TOLD_ENVIRON) {
		proc->told[ring] = TOLD_EXE;
		emit_exe(conn->id);
	}
	return conn->told;
}

static __noinline struct conn *conn_make(u64 object, bool born)
{
	struct conn_key key = { .tgid = current_tgid(), .object = object };
	struct conn *conn;
	struct proc *proc;

	if (!in_scope()) {
		if (!born)
			count_skip(0, EVENT_SKIP_SCOPE_CALLS, 1);
		return NULL;
	}
	proc = proc_of_current();
	if (!proc || bpf_map_update_elem(&conns, &key, &fresh_conn, BPF_ANY)) {
		count_loss(0, EVENT_LOSS_CONNECTIONS_FULL, 1);
		return NULL;
	}
	__sync_fetch_and_add(&proc->conns, 1);
	conn = bpf_map_lookup_elem(&conns, &key);
	if (!conn)
		return NULL;
	conn->id = next_id();
	conn->object = object;
	conn->epoch = scope_epoch;
	conn->born = born;
	conn_tell(conn);
	return conn;
}

/* The entry stays until the library's object is freed or used anew: calls on what was shut down are no birth. */
static __noinline void conn_close(struct conn *conn, u8 reason)
{
	if (conn->told && !conn->closed)
		emit_close(conn->id, conn->offset[EVENT_SENT], conn->offset[EVENT_RECEIVED], reason);
	conn->closed = 1;
	conn->epoch = EPOCH_NONE;
}

static __noinline void conn_drop(struct conn *conn, u8 reason)
{
	struct conn_key key = { .tgid = current_tgid(), .object = conn->object };
	u32 tgid = key.tgid;
	struct proc *proc = bpf_map_lookup_elem(&procs, &tgid);

	if (proc)
		__sync_fetch_and_add(&proc->conns, -1);
	conn_close(conn, reason);
	bpf_map_delete_elem(&conns, &key);
}

/* Rarely needed: the scope may have changed, or the object is used anew after it was shut down. */
static __noinline struct conn *conn_review(struct conn *conn)
{
	u64 object = conn->object;

	if (conn->closed) {
		conn_drop(conn, EVENT_CLOSE_CLEAR);
		return conn_make(object, true);
	}
	conn->epoch = scope_epoch;
	if (in_scope())
		return conn;
	conn_drop(conn, EVENT_CLOSE_CLEAR);
	count_skip(0, EVENT_SKIP_SCOPE_CALLS, 1);
	return NULL;
}

/* The connection of a call, made where it is new; NULL where nobody wants the call. */
static __always_inline struct conn *conn_of_call(u64 object)
{
	struct conn *conn = conn_find(object);

	if (!conn)
		conn = conn_make(object, false);
	else if (conn->epoch != scope_epoch)
		conn = conn_review(conn);
	if (conn && verdict_of(conn->id) == EVENT_VERDICT_NEVER) {
		count_skip(ring_of(conn->id), EVENT_SKIP_NEVER_CALLS, 1);
		conn = NULL;
	}
	return conn;
}

int conn_born(u64 object)
{
	struct conn *conn = conn_find(object);

	if (conn)	/* its end was missed */
		conn_drop(conn, EVENT_CLOSE_FREE);
	conn_make(object, true);
	return 0;
}

int conn_ended(u64 object, u8 reason)
{
	struct conn *conn = conn_find(object);

	if (!conn)
		return 0;
	if (reason == EVENT_CLOSE_CLEAR) {
		if (!conn->closed && (conn->offset[EVENT_SENT] | conn->offset[EVENT_RECEIVED]))
			return conn_born(object);
		return 0;
	}
	conn_drop(conn, reason);
	return 0;
}

/* Nothing has passed through an object before its role is set, so that is as good as its birth. */
int conn_role(u64 object, u8 role)
{
	struct conn *conn = conn_find(object) ?: conn_make(object, true);

	if (!conn || conn->closed || conn->role == role)
		return 0;
	conn->role = role;
	if (conn_tell(conn))
		emit_role(conn->id, role);
	return 0;
}

/* Before anything passes, the name of a server is asked for: that is as good as a birth too. */
static __noinline struct conn *conn_to_name(u64 object)
{
	struct conn *conn = conn_find(object) ?: conn_make(object, true);

	return conn && conn->closed ? conn_review(conn) : conn;
}

/* The connection of a call that has begun, where its return is wanted. */
static __always_inline struct conn *conn_wanted(u64 object, u32 what)
{
	if (what == CALL_SHUTDOWN)
		return conn_find(object);
	return what == CALL_SERVER_NAME ? conn_to_name(object) : conn_of_call(object);
}

/* ---- calls */

/* Bytes with a place in the stream that are to get out. */
static __always_inline void call_emit(struct conn *conn, u64 what, u64 from, u64 n, u64 at)
{
	u32 dir = what & 1;

	if (conn_tell(conn)) {
		conn->gap[dir] = emit_call(what | conn->gap[dir], from, n, at, conn->offset[!dir]);
	} else {
		count_full(ring_of(conn->id), n);
		conn->gap[dir] = EMIT_GAP;
	}
}

/* n bytes have passed: places them in their stream, then emits them if they are wanted. */
static __noinline void call_moved(struct conn *conn, u32 dir, u64 from, u64 n)
{
	enum event_verdict verdict = verdict_of(conn->id);
	u64 at = conn->offset[dir & 1], what = conn->id << 8 | (dir & 1);

	conn->offset[dir & 1] = at + n;
	if (verdict == EVENT_VERDICT_QUIET) {
		if (dir != EVENT_SENT || !begins_request(from, n)) {
			count_skip(ring_of(conn->id), EVENT_SKIP_QUIET_BYTES, n);
			conn->gap[dir & 1] = EMIT_GAP;
			return;
		}
		verdict_reset(conn->id);
		what |= EMIT_REOPENED;
	}
	if (verdict == EVENT_VERDICT_SERVING && n > EVENT_CHUNK_MAX) {
		call_emit(conn, what, from, EVENT_CHUNK_MAX, at);
		count_skip(ring_of(conn->id), EVENT_SKIP_SERVING_BYTES, n - EVENT_CHUNK_MAX);
		conn->gap[dir & 1] = EMIT_GAP;
		return;
	}
	call_emit(conn, what, from, n, at);
}

/* A call of a known connection has returned. Above 0 is success for every shape of call. */
static __always_inline void call_ended(struct conn *conn, u32 what, u64 buf, u64 done, s64 ret)
{
	u64 n = ret;

	if (ret <= 0)
		return;
	if (what == CALL_SHUTDOWN) {
		conn_close(conn, EVENT_CLOSE_SHUTDOWN);
		return;
	}
	if (what == CALL_SERVER_NAME) {
		if (conn_tell(conn))
			emit_server_name(conn->id, buf);
		return;
	}
	if (done && (bpf_probe_read_user(&n, sizeof(n), (void *)done) || n > MOVED_MAX)) {
		/* how much passed is not known: at least a byte, and the gap is there to be seen */
		count_loss(ring_of(conn->id), EVENT_LOSS_UNREADABLE_BYTES, 1);
		conn->offset[what & 1]++;
		conn->gap[what & 1] = EMIT_GAP;
		return;
	}
	if (n)
		call_moved(conn, what, buf, n);
}

int call_enter_session(u64 object, u64 buf, u64 done, u32 what)
{
	struct conn *conn = conn_wanted(object, what);

	if (!conn)
		return 1;
	conn->buf[what & 1] = buf;
	conn->done[what & 1] = done;
	return 0;
}

int call_leave_session(u64 object, s64 ret, u32 what)
{
	struct conn *conn = conn_find(object);

	if (conn)
		call_ended(conn, what, conn->buf[what & 1], conn->done[what & 1], ret);
	return 0;
}

static __noinline int call_keep(u64 object, u64 buf, u64 done, u32 what, struct call_key *key)
{
	struct call *call = bpf_map_lookup_elem(&calls, key);
	static const struct call fresh;

	if (!call) {
		if (bpf_map_update_elem(&calls, key, &fresh, BPF_ANY))
			return 1;
		call = bpf_map_lookup_elem(&calls, key);
		if (!call)
			return 1;
	}
	call->object = object;
	call->buf = buf;
	call->done = done;
	call->what = what;
	return 0;
}

int call_enter(u64 object, u64 buf, u64 done, u32 what, u64 sp)
{
	struct call_key key = { .thread = bpf_get_current_pid_tgid(), .sp = sp };
	struct conn *conn = conn_wanted(object, what);

	if (!conn)
		return 1;
	if (call_keep(object, buf, done, what, &key))
		count_loss(ring_of(conn->id), EVENT_LOSS_CALLS_FULL, 1);
	return 0;
}

int call_leave(u64 sp, s64 ret)
{
	struct call_key key = { .thread = bpf_get_current_pid_tgid(), .sp = sp };
	struct call *call = bpf_map_lookup_elem(&calls, &key);
	struct conn *conn;

	if (!call)
		return 0;
	conn = conn_find(call->object);
	if (conn)
		call_ended(conn, call->what, call->buf, call->done, ret);
	bpf_map_delete_elem(&calls, &key);
	return 0;
}

/* ---- a process ends, by exit or by becoming another program */

static long close_if_its(void *map, const struct conn_key *key, struct conn *conn, u64 *reason)
{
	if (key->tgid != current_tgid())
		return 0;
	conn_close(conn, *reason);
	bpf_map_delete_elem(map, key);
	return 0;
}

int process_close_all(u8 reason)
{
	u32 tgid = current_tgid();
	struct proc *proc = bpf_map_lookup_elem(&procs, &tgid);
	u64 why = reason;

	if (proc && proc->conns)
		bpf_for_each_map_elem(&conns, close_if_its, &why, 0);
	return 0;
}

int process_tell_end(u8 what)
{
	u32 tgid = current_tgid(), ring;
	struct proc *proc = bpf_map_lookup_elem(&procs, &tgid);

	if (!proc)
		return 0;
	for (ring = 0; ring < EVENT_RINGS_MAX; ring++)
		if (proc->in_ring[ring])
			emit_task(ring, proc->start_ns, what);
	bpf_map_delete_elem(&procs, &tgid);
	return 0;
}
