/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The rings, and how events get into them.
 *
 * A record is reserved at its largest size and cannot be given back in part, and
 * the verifier wants that size constant; so payloads come in eight classes, each
 * twice the one before. An event's own size tells what of its record counts.
 *
 * Nobody is woken for an event: readers poll every few milliseconds, which costs
 * nothing here, where a wake-up costs more than the whole capture. Only as a
 * ring fills do they get one at every eighth of it.
 */
#include "core.bpf.h"
#include "emit.bpf.h"

#define ENVIRON_PIECE 4096

const volatile u32 ring_count = 1;
const volatile u64 ring_bytes = 1;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, EVENT_RINGS_MAX);
	__type(key, u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_RINGBUF);
		__uint(max_entries, 65536);	/* a template: user space makes the rings */
	});
} rings SEC(".maps");

/* Losses, then skips, of each ring. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, EVENT_RINGS_MAX);
	__type(key, u32);
	__type(value, u64[EVENT_LOSS_MAX + EVENT_SKIP_MAX]);
} counts SEC(".maps");

/* Atomic on this CPU's own word: as cheap as unguarded, and right when preempted. */
static __always_inline int count(u32 ring, u32 which, u64 n)
{
	u64 *words = bpf_map_lookup_elem(&counts, &ring);

	if (words)
		__sync_fetch_and_add(&words[which], n);
	return 0;
}

int count_loss(u64 ring, u64 cause, u64 n)
{
	return cause < EVENT_LOSS_MAX ? count(ring, cause, n) : 0;
}

int count_skip(u64 ring, u64 cause, u64 n)
{
	return cause < EVENT_SKIP_MAX ? count(ring, EVENT_LOSS_MAX + cause, n) : 0;
}

int count_full(u64 ring, u64 bytes)
{
	count(ring, EVENT_LOSS_RING_FULL, 1);
	return count(ring, EVENT_LOSS_RING_FULL_BYTES, bytes);
}

static __always_inline void *ring_at(u32 ring)
{
	return bpf_map_lookup_elem(&rings, &ring);
}

/* Bytes in the ring that the reader has not taken. */
static __always_inline u64 fill_of(void *ring)
{
	return bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA);
}

/* The last sixteenth of a ring is not for payload: what tells of connections gets through when bytes do not. */
static __always_inline bool payload_fits(u64 fill, u64 size)
{
	return fill + size <= ring_bytes - ring_bytes / 16;
}

/* Flags for a record of this size, behind so much that was there: does it pass an eighth of the ring? */
static __always_inline u64 wake(u64 fill, u64 size)
{
	return ((fill + size) ^ fill) & -(ring_bytes / 8) ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

/* What asks the kernel comes last: it leaves the least to remember across a call. */
static __always_inline void begin(struct event_header *header, u16 type, u8 flags, u32 size, u64 conn_id)
{
	header->type = type;
	header->abi = EVENT_ABI;
	header->flags = flags;
	header->size = size;
	header->conn_id = conn_id;
	header->reserved = 0;
	header->boot_ns = bpf_ktime_get_boot_ns();
	header->tgid = bpf_get_current_pid_tgid() >> 32;
}

static __always_inline u64 task_start_ns(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, group_leader, start_boottime);
}

/* A record in `ring` of an event without payload, or the loss counted. */
#define RESERVE(ring, number, event) \
	void *ring = ring_at(number); \
	if (!ring) \
		return -1; \
	event = bpf_ringbuf_reserve(ring, sizeof(*event), 0); \
	if (!event) { \
		count(number, EVENT_LOSS_RING_FULL, 1); \
		return -1; \
	}

static __noinline void tell_task(struct event_open *event)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	event->task_start_ns = task_start_ns();
	BPF_CORE_READ_STR_INTO(&event->comm, task, group_leader, comm);
}

__noinline int emit_open(u64 id, u64 object, u64 role, u64 born, u64 cgroup)
{
	struct event_open *event;

	RESERVE(ring, ring_of(id), event);
	begin(&event->header, EVENT_OPEN, born ? EVENT_OPEN_BORN : 0, sizeof(*event), id);
	event->layer = EVENT_LAYER_CALL;
	event->library = EVENT_LIBRARY_OPENSSL;
	event->key_kind = EVENT_KEY_POINTER;
	event->role = role;
	event->uid = bpf_get_current_uid_gid();
	event->key[0] = object;
	event->key[1] = 0;
	event->cgroup_id = cgroup;
	event->hierarchy = hierarchy;
	__builtin_memset(event->reserved, 0, sizeof(event->reserved));
	tell_task(event);
	bpf_ringbuf_submit(event, wake(fill_of(ring), sizeof(*event)));
	return 0;
}

__noinline int emit_close(u64 id, u64 sent, u64 received, u64 reason)
{
	struct event_close *event;

	RESERVE(ring, ring_of(id), event);
	begin(&event->header, EVENT_CLOSE, 0, sizeof(*event), id);
	event->offset[EVENT_SENT] = sent;
	event->offset[EVENT_RECEIVED] = received;
	event->reason = reason;
	__builtin_memset(event->reserved, 0, sizeof(event->reserved));
	bpf_ringbuf_submit(event, wake(fill_of(ring), sizeof(*event)));
	return 0;
}

__noinline int emit_task(u64 number, u64 start_ns, u64 what)
{
	struct event_task *event;

	RESERVE(ring, number, event);
	begin(&event->header, EVENT_TASK, 0, sizeof(*event), 0);
	event->task_start_ns = start_ns;
	event->what = what;
	__builtin_memset(event->reserved, 0, sizeof(event->reserved));
	bpf_ringbuf_submit(event, wake(fill_of(ring), sizeof(*event)));
	return 0;
}

struct fact_record {
	struct event_fact fact;
	char text[EVENT_SERVER_NAME_MAX + 1];
};

static __always_inline void begin_fact(struct event_fact *fact, u64 id, u16 kind, u16 len)
{
	begin(&fact->header, EVENT_FACT, 0, sizeof(*fact) + len, id);
	fact->kind = kind;
	fact->len = len;
	fact->reserved = 0;
}

__noinline int emit_role(u64 id, u64 role)
{
	struct { struct event_fact fact; u8 role; u8 pad[7]; } *event;

	RESERVE(ring, ring_of(id), event);
	begin_fact(&event->fact, id, EVENT_FACT_ROLE, 1);
	event->role = role;
	bpf_ringbuf_submit(event, wake(fill_of(ring), sizeof(*event)));
	return 0;
}

__noinline int emit_server_name(u64 id, u64 name)
{
	struct fact_record *event;
	long n;

	RESERVE(ring, ring_of(id), event);
	n = bpf_probe_read_user_str(event->text, sizeof(event->text), (void *)name);
	if (n <= 1) {
		bpf_ringbuf_discard(event, BPF_RB_NO_WAKEUP);
		if (n < 0)
			count_loss(ring_of(id), EVENT_LOSS_UNREADABLE_BYTES, 1);
		return -1;
	}
	begin_fact(&event->fact, id, EVENT_FACT_SERVER_NAME, n - 1);
	bpf_ringbuf_submit(event, wake(fill_of(ring), sizeof(*event)));
	return 0;
}

/*
 * A payload of at most `class` bytes behind a head. The clamp is written in
 * assembly because clang merges those of several classes into one, after which
 * the verifier no longer sees which bound belongs to which record.
 */
#define PAYLOAD(head, class, n, from, fill) do { \
	struct { struct head e; u8 bytes[class]; } *record; \
	u64 fits = n, fill_before = fill_of(ring), flags = wake(fill_before, sizeof(*record)); \
	asm volatile("" : "+r"(flags));	/* worked out now: less to remember */ \
	if (!payload_fits(fill_before, sizeof(*record))) \
		goto full; \
	record = bpf_ringbuf_reserve(ring, sizeof(*record), 0); \
	if (!record) \
		goto full; \
	fill(&record->e); \
	asm volatile("if %0 <= %1 goto +1\n\t%0 = %1" : "+r"(fits) : "i"(class)); \
	if (bpf_probe_read_user(record->bytes, fits, (void *)from)) { \
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP); \
		goto unreadable; \
	} \
	bpf_ringbuf_submit(record, flags); \
	return 0; \
} while (0)

/* Gives EMIT_GAP where it was lost. */
__noinline int emit_chunk(u64 what, u64 from, u64 n, u64 at, u64 peer)
{
	u32 number = ring_of(what >> 8);
	void *ring = ring_at(number);

	if (!ring)
		return EMIT_GAP;
#define FILL(event) do { \
	(event)->offset = at; \
	(event)->peer_offset = peer; \
	(event)->len = n; \
	(event)->dir = what & 1; \
	(event)->reserved[0] = (event)->reserved[1] = (event)->reserved[2] = 0; \
	begin(&(event)->header, EVENT_DATA, \
	      (what & EMIT_REOPENED ? EVENT_DATA_REOPENED : 0) | (what & EMIT_GAP ? EVENT_DATA_GAP : 0), \
	      sizeof(struct event_data) + n, what >> 8); \
} while (0)
	if (n <= 128)
		PAYLOAD(event_data, 128, n, from, FILL);
	if (n <= 256)
		PAYLOAD(event_data, 256, n, from, FILL);
	if (n <= 512)
		PAYLOAD(event_data, 512, n, from, FILL);
	if (n <= 1024)
		PAYLOAD(event_data, 1024, n, from, FILL);
	if (n <= 2048)
		PAYLOAD(event_data, 2048, n, from, FILL);
	if (n <= 4096)
		PAYLOAD(event_data, 4096, n, from, FILL);
	if (n <= 8192)
		PAYLOAD(event_data, 8192, n, from, FILL);
	PAYLOAD(event_data, EVENT_CHUNK_MAX, n, from, FILL);
#undef FILL
full:
	count_full(number, n);
	return EMIT_GAP;
unreadable:
	count_loss(number, EVENT_LOSS_UNREADABLE_BYTES, n);
	return EMIT_GAP;
}

/* What a call may put into the ring now: all of it, or what leaves an eighth of the free space to others. */
static __always_inline u64 room_for_call(u64 number)
{
	void *ring = ring_at(number);
	u64 room, fill;

	if (!ring)
		return 0;
	fill = fill_of(ring);
	room = ring_bytes > fill ? ring_bytes - fill : 0;
	room -= room / 8;
	return room < EVENT_CALL_MAX ? room : EVENT_CALL_MAX;
}

/*
 * At most EVENT_CALL_MAX bytes that follow each other, chunk by chunk, in two
 * loops: the verifier walks through each round of a loop, and 32 blocks and 32
 * chunks are sooner done than 1,024 chunks.
 */
#define BLOCK (32 * EVENT_CHUNK_MAX)

__noinline int emit_block(u64 what, u64 from, u64 n, u64 at, u64 peer)
{
	u64 done, gap = what & EMIT_GAP;

	what &= ~(u64)EMIT_GAP;
	for (done = 0; done < BLOCK - EVENT_CHUNK_MAX && done + EVENT_CHUNK_MAX < n; done += EVENT_CHUNK_MAX)
		gap = emit_chunk(what | gap, from + done, EVENT_CHUNK_MAX, at + done, peer) & EMIT_GAP;
	return emit_chunk(what | gap, from + done, n - done, at + done, peer);
}

__noinline int emit_span(u64 what, u64 from, u64 n, u64 at, u64 peer)
{
	u64 done, gap = what & EMIT_GAP;

	what &= ~(u64)EMIT_GAP;
	for (done = 0; done < EVENT_CALL_MAX - BLOCK && done + BLOCK < n; done += BLOCK)
		gap = emit_block(what | gap, from + done, BLOCK, at + done, peer) & EMIT_GAP;
	return emit_block(what | gap, from + done, n - done, at + done, peer);
}

/*
 * A call of more than one chunk is emitted whole where the ring holds it. Where
 * it does not, its head and its tail are worth most (the request line and the
 * model stand in front, the usage of an answer at the end): the middle is
 * counted and left out.
 */
__noinline int emit_call(u64 what, u64 from, u64 n, u64 at, u64 peer)
{
	u64 room, part;

	if (n <= EVENT_CHUNK_MAX)
		return emit_chunk(what, from, n, at, peer);
	room = room_for_call(ring_of(what >> 8));
	part = room / 2 & ~(EVENT_CHUNK_MAX - 1ull);
	if (part < EVENT_CHUNK_MAX)
		part = EVENT_CHUNK_MAX;
	if (n <= room || n <= 2 * part)
		return emit_span(what, from, n, at, peer);
	count_loss(ring_of(what >> 8), EVENT_LOSS_MIDDLE_BYTES, n - 2 * part);
	emit_span(what, from, part, at, peer);
	return emit_span(what | EMIT_GAP, from + n - part, part, at + n - part, peer);
}

/* ---- the environment, as it stands in the process's memory */

__noinline int emit_environ(u64 number, u64 from, u64 n, u64 offset, u64 what)
{
	void *ring = ring_at(number);

	if (!ring)
		return -1;
#define FILL(event) do { \
	begin(&(event)->header, EVENT_ENVIRON, what, sizeof(struct event_environ) + n, 0); \
	(event)->task_start_ns = task_start_ns(); \
	(event)->offset = offset; \
	(event)->len = n; \
} while (0)
	if (n <= 1024)
		PAYLOAD(event_environ, 1024, n, from, FILL);
	PAYLOAD(event_environ, ENVIRON_PIECE, n, from, FILL);
#undef FILL
full:
	count_full(number, n);
	return -1;
unreadable:
	count_loss(number, EVENT_LOSS_UNREADABLE_BYTES, n);
	return -1;
}

__noinline int emit_environment(u64 ring)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	u64 from = BPF_CORE_READ(task, mm, env_start), end = BPF_CORE_READ(task, mm, env_end);
	u64 n = end > from ? end - from : 0, cut = 0;

	if (n > EVENT_ENVIRON_MAX) {
		n = EVENT_ENVIRON_MAX;
		cut = EVENT_ENVIRON_CUT;
	}
	for (u64 at = 0; at < EVENT_ENVIRON_MAX; at += ENVIRON_PIECE) {
		u64 left = at < n ? n - at : 0, len = left < ENVIRON_PIECE ? left : ENVIRON_PIECE;
		u64 last = at + len >= n ? EVENT_ENVIRON_LAST | cut : 0;

		/* a piece that cannot be read is the end of what user space can wait for */
		if (emit_environ(ring, from + at, len, at, last)) {
			emit_environ(ring, 0, 0, at, EVENT_ENVIRON_LAST | EVENT_ENVIRON_CUT);
			return -1;
		}
		if (last)
			break;
	}
	return 0;
}

/* ---- the path of the executable */

#define EXE_STEPS 24	/* components and mounts on the way up to the root */

/* The way up and the path, written from its end to its beginning, behind the place where it belongs: the stack is small. */
struct exe_record {
	struct event_fact fact;
	char path[EVENT_EXE_MAX + 1];
	char build[2 * (EVENT_EXE_MAX + 1)];
	struct dentry *dentry;
	struct mount *mount;
	u64 begin;	/* of what is built */
};

static __always_inline struct mount *mount_of(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

/* Over the edge of a mount; false at the root of all. */
static __noinline bool leave_mount(struct exe_record *record)
{
	struct mount *mount = record->mount, *above = BPF_CORE_READ(mount, mnt_parent);

	if (above == mount)
		return false;
	record->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
	record->mount = above;
	return true;
}

/* Puts "/name" in front and goes up to the parent; false where it does not fit. */
static __noinline bool add_name(struct exe_record *record)
{
	struct dentry *dentry = record->dentry;
	u64 len = BPF_CORE_READ(dentry, d_name.len), begin = record->begin;

	if (len >= begin)
		return false;
	begin = (begin - len - 1) & EVENT_EXE_MAX;
	record->begin = begin;
	record->build[begin] = '/';
	bpf_probe_read_kernel(&record->build[begin + 1], len & EVENT_EXE_MAX, BPF_CORE_READ(dentry, d_name.name));
	record->dentry = BPF_CORE_READ(dentry, d_parent);
	return true;
}

static __always_inline bool step_up(struct exe_record *record)
{
	struct mount *mount = record->mount;

	return record->dentry == BPF_CORE_READ(mount, mnt.mnt_root) ? leave_mount(record) : add_name(record);
}

__noinline int emit_exe(u64 id)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct file *file = BPF_CORE_READ(task, mm, exe_file);
	struct exe_record *event;
	u64 begin;

	RESERVE(ring, ring_of(id), event);
	event->dentry = BPF_CORE_READ(file, f_path.dentry);
	event->mount = mount_of(BPF_CORE_READ(file, f_path.mnt));
	event->begin = EVENT_EXE_MAX;
	/* not a loop: kernel 5.10 refuses the way in which clang would turn it */
#pragma unroll
	for (u32 i = 0; i < EXE_STEPS; i++)
		if (!step_up(event))
			break;
	begin = event->begin & EVENT_EXE_MAX;
	bpf_probe_read_kernel(event->path, EVENT_EXE_MAX - begin, &event->build[begin]);
	begin_fact(&event->fact, id, EVENT_FACT_EXE, EVENT_EXE_MAX - begin);
	bpf_ringbuf_submit(event, wake(fill_of(ring), sizeof(*event)));
	return 0;
}
