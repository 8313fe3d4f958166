/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * What the kernel side tells the user side: the only header that both worlds
 * include, so it includes nothing itself.
 *
 * Every event starts with a struct event_header, little-endian. Readers skip a
 * type that they do not know by its size. The layouts are the same on x86-64
 * and arm64 (asserted at the end) and are also what a trace file keeps, so
 * within one EVENT_ABI fields are only added at the end of a struct.
 *
 * Streams: a connection has two byte streams, EVENT_SENT (what the process
 * wrote) and EVENT_RECEIVED (what it read). The kernel gives every byte its
 * stream offset before it is emitted, so a lost event shows as a hole.
 */
#ifndef AITAP_EVENT_H
#define AITAP_EVENT_H

typedef __UINT8_TYPE__ event_u8;
typedef __UINT16_TYPE__ event_u16;
typedef __UINT32_TYPE__ event_u32;
typedef __UINT64_TYPE__ event_u64;

#define EVENT_ABI 1

enum event_type {
	EVENT_OPEN = 1,		/* struct event_open: a connection begins, or is first seen */
	EVENT_DATA = 2,		/* struct event_data and its bytes */
	EVENT_CLOSE = 3,	/* struct event_close: a connection ends */
	EVENT_FACT = 4,		/* struct event_fact: something learnt of a connection */
	EVENT_TASK = 5,		/* struct event_task: a process execs or exits */
	EVENT_ENVIRON = 6,	/* struct event_environ: a piece of a process's environment */
	EVENT_TARGET = 7,	/* struct event_target: the state of a probe target */
};

struct event_header {
	event_u16 type;		/* enum event_type */
	event_u8 abi;		/* EVENT_ABI */
	event_u8 flags;
	event_u32 size;		/* bytes of the event: header, struct and payload; ring padding is not counted */
	event_u64 boot_ns;	/* CLOCK_BOOTTIME */
	event_u64 conn_id;	/* below 2^56, never used again within a boot; 0 where no connection is meant */
	event_u32 tgid;
	event_u32 reserved;
};

enum event_layer { EVENT_LAYER_CALL = 1, EVENT_LAYER_RECORD = 2, EVENT_LAYER_SOCKET = 3 };

enum event_library {
	EVENT_LIBRARY_NONE = 0, EVENT_LIBRARY_OPENSSL = 1, EVENT_LIBRARY_BORINGSSL = 2,
	EVENT_LIBRARY_GNUTLS = 3, EVENT_LIBRARY_NSS = 4, EVENT_LIBRARY_GO = 5, EVENT_LIBRARY_RUSTLS = 6,
};

enum event_key { EVENT_KEY_POINTER = 1 };	/* key[0] is the library's object, key[1] is free */

enum event_hierarchy { EVENT_CGROUP_V2 = 0, EVENT_CGROUP_V1_PIDS = 1, EVENT_CGROUP_V1_MEMORY = 2 };

enum event_role { EVENT_ROLE_UNKNOWN = 0, EVENT_ROLE_CLIENT = 1, EVENT_ROLE_SERVER = 2 };

/* event_header.flags of EVENT_OPEN */
#define EVENT_OPEN_BORN 0x01	/* the birth was seen; without it the stream starts in mid-connection */

struct event_open {
	struct event_header header;
	event_u8 layer;		/* enum event_layer */
	event_u8 library;	/* enum event_library */
	event_u8 key_kind;	/* enum event_key */
	event_u8 role;		/* enum event_role, where the library said so */
	event_u32 uid;		/* as in the initial user namespace */
	event_u64 key[2];
	event_u64 task_start_ns;	/* CLOCK_BOOTTIME start of the thread group leader: with tgid it names a process */
	event_u64 cgroup_id;
	event_u8 hierarchy;	/* enum event_hierarchy of cgroup_id */
	event_u8 reserved[7];
	char comm[16];		/* NUL-terminated */
};

enum event_dir { EVENT_SENT = 0, EVENT_RECEIVED = 1 };

/* event_header.flags of EVENT_DATA */
#define EVENT_DATA_REOPENED 0x01	/* a request began on a connection under EVENT_VERDICT_QUIET, which is thereby undecided again */
#define EVENT_DATA_GAP 0x02	/* the bytes right before offset were lost or left out for good: nobody need wait for them */

struct event_data {
	struct event_header header;
	event_u64 offset;	/* of the first byte in its stream */
	event_u64 peer_offset;	/* how far the other stream was when this call ended */
	event_u32 len;		/* payload bytes, right behind this struct */
	event_u8 dir;		/* enum event_dir */
	event_u8 reserved[3];
};

enum event_close_reason { EVENT_CLOSE_FREE = 1, EVENT_CLOSE_CLEAR = 2, EVENT_CLOSE_SHUTDOWN = 3, EVENT_CLOSE_EXIT = 4, EVENT_CLOSE_EXEC = 5 };

struct event_close {
	struct event_header header;
	event_u64 offset[2];	/* length of both streams, by enum event_dir: what is missing at the end is a hole too */
	event_u8 reason;	/* enum event_close_reason */
	event_u8 reserved[7];
};

enum event_fact_kind {
	EVENT_FACT_SERVER_NAME = 1, EVENT_FACT_ROLE = 2, EVENT_FACT_ALPN = 3,
	EVENT_FACT_EXE = 4,	/* of the process: with its first connection in a ring */
};

struct event_fact {
	struct event_header header;
	event_u16 kind;		/* enum event_fact_kind */
	event_u16 len;		/* payload bytes: the name or path without NUL; one byte of enum event_role */
	event_u32 reserved;
};

enum event_task_what { EVENT_TASK_EXEC = 1, EVENT_TASK_EXIT = 2 };

struct event_task {		/* goes to every ring that may hold connections of the process */
	struct event_header header;
	event_u64 task_start_ns;
	event_u8 what;		/* enum event_task_what */
	event_u8 reserved[7];
};

/* event_header.flags of EVENT_ENVIRON */
#define EVENT_ENVIRON_LAST 0x01		/* no further piece follows */
#define EVENT_ENVIRON_CUT 0x02		/* there was more than EVENT_ENVIRON_MAX */

struct event_environ {		/* before the process's first connection in the same ring; NAME=value, NUL-separated */
	struct event_header header;
	event_u64 task_start_ns;
	event_u32 offset;	/* of this piece within the environment */
	event_u32 len;		/* payload bytes */
};

enum event_target_state { EVENT_TARGET_ARMED = 1, EVENT_TARGET_FAILED = 2, EVENT_TARGET_BLIND = 3, EVENT_TARGET_GONE = 4 };

struct event_target {		/* made in user space, kept in traces: a replay knows what could be read */
	struct event_header header;
	event_u64 device;
	event_u64 inode;
	event_u8 library;	/* enum event_library */
	event_u8 state;		/* enum event_target_state */
	event_u16 path_len;	/* payload: path, then the reason */
	event_u16 reason_len;
	event_u16 reserved;
};

/*
 * The verdict on a connection: one 64-bit word in a mapped array, written by
 * user space with one store and read by the probes: conn_id << 8 | verdict at
 * index conn_id % EVENT_VERDICTS. A word of another connection says nothing,
 * which reads as EVENT_VERDICT_UNDECIDED: then more is emitted than needed,
 * never less.
 */
enum event_verdict {
	EVENT_VERDICT_UNDECIDED = 0,	/* emit */
	EVENT_VERDICT_AI = 1,		/* emit */
	EVENT_VERDICT_QUIET = 2,	/* not AI so far: emit nothing until a write begins a request */
	EVENT_VERDICT_NEVER = 3,	/* final: a host that never is AI, or out of scope */
	EVENT_VERDICT_SERVING = 4,	/* the other end is observed here too: of a call its first EVENT_CHUNK_MAX bytes are enough */
};
#define EVENT_VERDICTS 65536

/* May the processes of a cgroup be read? Asked and answered per cgroup id. */
enum event_scope { EVENT_SCOPE_ALLOW = 0, EVENT_SCOPE_DENY = 1, EVENT_SCOPE_PENDING = 2 };

/* Why something that passed a probe did not reach user space; counted per CPU in the kernel. */
enum event_loss {
	EVENT_LOSS_RING_FULL,		/* events refused by a full ring */
	EVENT_LOSS_RING_FULL_BYTES,	/* payload bytes of those */
	EVENT_LOSS_MIDDLE_BYTES,	/* of calls above EVENT_CALL_MAX: their middle */
	EVENT_LOSS_UNREADABLE_BYTES,	/* the application's memory could not be read */
	EVENT_LOSS_CONNECTIONS_FULL,	/* a connection that found no place in the table */
	EVENT_LOSS_CALLS_FULL,		/* a call whose arguments found no place */
	EVENT_LOSS_RECURSION,		/* runs that the kernel itself skipped (program or uprobe misses) */
	EVENT_LOSS_MAX,
};

/* What was not looked at on purpose. */
enum event_skip { EVENT_SKIP_QUIET_BYTES, EVENT_SKIP_NEVER_CALLS, EVENT_SKIP_SCOPE_CALLS, EVENT_SKIP_SERVING_BYTES, EVENT_SKIP_MAX };

#define EVENT_CHUNK_MAX 16384			/* largest payload of one EVENT_DATA */
#define EVENT_CALL_MAX (16u << 20)		/* a call up to this is emitted whole */
#define EVENT_ENVIRON_MAX 32768
#define EVENT_SERVER_NAME_MAX 255		/* RFC 6066 section 3: a DNS name */
#define EVENT_EXE_MAX 255			/* of a longer path the end */
#define EVENT_RINGS_MAX 16

#ifndef __cplusplus
_Static_assert(sizeof(struct event_header) == 32, "event_header is 32 bytes");
_Static_assert(__builtin_offsetof(struct event_header, boot_ns) == 8, "boot_ns at 8");
_Static_assert(__builtin_offsetof(struct event_header, conn_id) == 16, "conn_id at 16");
_Static_assert(__builtin_offsetof(struct event_header, tgid) == 24, "tgid at 24");
_Static_assert(sizeof(struct event_open) == 96, "event_open is 96 bytes");
_Static_assert(sizeof(struct event_data) == 56, "event_data is 56 bytes");
_Static_assert(sizeof(struct event_close) == 56, "event_close is 56 bytes");
_Static_assert(sizeof(struct event_fact) == 40, "event_fact is 40 bytes");
_Static_assert(sizeof(struct event_task) == 48, "event_task is 48 bytes");
_Static_assert(sizeof(struct event_environ) == 48, "event_environ is 48 bytes");
_Static_assert(sizeof(struct event_target) == 56, "event_target is 56 bytes");
#endif

#endif
