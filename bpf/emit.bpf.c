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

static __always_inline void begin(struct event_header *header, u16 type, u32 size, u64 conn_id)
{
	header->type = type;
	header->abi = EVENT_ABI;
	header->flags = 0;
	header->size = size;
	header->boot_ns = bpf_ktime_get_boot_ns();
	header->conn_id = conn_id;
	header->tgid = bpf_get_current_pid_tgid() >> 32;
	header->reserved = 0;
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

__noinline int emit_open(u64 id, u64 object, u64 role, u64 born, u64 cgroup)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct event_open *event;

	RESERVE(ring, ring_of(id), event);
	begin(&event->header, EVENT_OPEN, sizeof(*event), id);
	event->header.flags = born ? EVENT_OPEN_BORN : 0;
	event->layer = EVENT_LAYER_CALL;
	event->library = EVENT_LIBRARY_OPENSSL;
	event->key_kind = EVENT_KEY_POINTER;
	event->role = role;
	event->uid = bpf_get_current_uid_gid();
	event->key[0] = object;
	event->key[1] = 0;
	event->task_start_ns = task_start_ns();
	event->cgroup_id = cgroup;
	event->hierarchy = hierarchy;
	__builtin_memset(event->reserved, 0, sizeof(event->reserved));
	BPF_CORE_READ_STR_INTO(&event->comm, task, group_leader, comm);
	bpf_ringbuf_submit(event, wake(fill_of(ring), sizeof(*event)));
	return 0;
}

__noinline int emit_close(u64 id, u64 sent, u64 received, u64 reason)
{
	struct event_close *event;

	RESERVE(ring, ring_of(id), event);
	begin(&event->header, EVENT_CLOSE, sizeof(*event), id);
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
	begin(&event->header, EVENT_TASK, sizeof(*event), 0);
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
	begin(&fact->header, EVENT_FACT, sizeof(*fact) + len, id);
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
	u64 fits = n, fill_before = fill_of(ring); \
	if (!payload_fits(fill_before, sizeof(*record))) \
		goto full; \
	record = bpf_ringbuf_reserve(ring, sizeof(*record), 0); \
	if (!record) \
		goto full; \
	asm volatile("if %0 <= %1 goto +1\n\t%0 = %1" : "+r"(fits) : "i"(class)); \
	if (bpf_probe_read_user(record->bytes, fits, (void *)from)) { \
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP); \
		goto unreadable; \
	} \
	fill(&record->e); \
	bpf_ringbuf_submit(record, wake(fill_before, sizeof(*record))); \
	return 0; \
} while (0)

__noinline int emit_chunk(u64 what, u64 from, u64 n, u64 at, u64 peer)
{
	u32 number = ring_of(what >> 8);
	void *ring = ring_at(number);

	if (!ring)
		return -1;
#define FILL(event) do { \
	begin(&(event)->header, EVENT_DATA, sizeof(struct event_data) + n, what >> 8); \
	(event)->header.flags = what & EMIT_REOPENED ? EVENT_DATA_REOPENED : 0; \
	(event)->offset = at; \
	(event)->peer_offset = peer; \
	(event)->len = n; \
	(event)->dir = what & 1; \
	(event)->reserved[0] = (event)->reserved[1] = (event)->reserved[2] = 0; \
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
	return -1;
unreadable:
	count_loss(number, EVENT_LOSS_UNREADABLE_BYTES, n);
	return -1;
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
	u64 done;

	for (done = 0; done < BLOCK - EVENT_CHUNK_MAX && done + EVENT_CHUNK_MAX < n; done += EVENT_CHUNK_MAX)
		emit_chunk(what, from + done, EVENT_CHUNK_MAX, at + done, peer);
	return emit_chunk(what, from + done, n - done, at + done, peer);
}

__noinline int emit_span(u64 what, u64 from, u64 n, u64 at, u64 peer)
{
	u64 done;

	for (done = 0; done < EVENT_CALL_MAX - BLOCK && done + BLOCK < n; done += BLOCK)
		emit_block(what, from + done, BLOCK, at + done, peer);
	return emit_block(what, from + done, n - done, at + done, peer);
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
	return emit_span(what, from + n - part, part, at + n - part, peer);
}

/* ---- the environment, as it stands in the process's memory */

__noinline int emit_environ(u64 number, u64 from, u64 n, u64 offset, u64 flags)
{
	void *ring = ring_at(number);

	if (!ring)
		return -1;
#define FILL(event) do { \
	begin(&(event)->header, EVENT_ENVIRON, sizeof(struct event_environ) + n, 0); \
	(event)->header.flags = flags; \
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
