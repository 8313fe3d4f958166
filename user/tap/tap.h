/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel side, loaded: programs, maps, rings, links. It attaches where it
 * is told to (tap_arm) and hands out one source a ring; it decides nothing
 * about what is worth probing (tap/targets does) and reads no event itself.
 *
 * tap_open .. tap_close own everything, the sources included. The main thread
 * calls all of this; each source then belongs to one worker. tap_close() after
 * the workers have ended; the kernel forgets everything with it.
 */
#ifndef AITAP_TAP_TAP_H
#define AITAP_TAP_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "feed/source.h"
#include "tap/target.h"

struct tap;

/* How the return of a call is seen. Later ones need more of the kernel and cost less. */
enum tap_mode {
	TAP_MODE_BEST = 0,
	TAP_MODE_PERF,		/* a perf link an address, arguments kept in a hash: 5.10 */
	TAP_MODE_MULTI,		/* one link a program and file: 6.6 with working process filter (6.10) */
	TAP_MODE_SESSION,	/* entry and return in one program, the return skipped where nobody wants it: 6.13 */
};

struct tap_config {
	unsigned int rings;		/* one a worker, 1 to EVENT_RINGS_MAX; 0 is 1 */
	size_t ring_bytes;		/* of each; rounded up to a power of two; 0: the default, 64 MiB for all at most */
	enum event_scope default_scope;	/* of cgroups that nobody has said anything about */
	bool only_followed;		/* read nothing but the processes given to tap_follow() */
	enum event_hierarchy hierarchy;	/* where cgroup ids are taken from */
	enum tap_mode mode;
};

#define TAP_RING_BYTES (8u << 20)
#define TAP_RINGS_BYTES (64u << 20)

/* On failure the reason and, where there is one, the mend stand in ret_reason as one line. */
int tap_open(const struct tap_config *, struct buf *ret_reason, struct tap **ret);
struct tap *tap_close(struct tap *);
DEFINE_FREEP(struct tap, tap_close)

enum tap_mode tap_mode(const struct tap *);
const char *tap_mode_name(enum tap_mode);

unsigned int tap_rings(const struct tap *);
struct source *tap_source(struct tap *, unsigned int ring);	/* its close() does nothing: the tap owns it */

/*
 * Attaches to everything in target->sites for one process, or for all with
 * pid 0; to arm what is armed already is success. Keyed by the target's file (device,
 * inode, changed_ns) and pid.
 */
int tap_arm(struct tap *, const struct target *, pid_t pid);
int tap_disarm(struct tap *, const struct target *, pid_t pid);	/* -ENOENT: was not armed */
bool tap_armed(const struct tap *, const struct target *, pid_t pid);

/* Adds a process, and whatever it forks from now on, to what only_followed reads. */
int tap_follow(struct tap *, pid_t pid);

/* To be called every second or so: forgets connections of processes that ended where the kernel cannot (before 5.13). */
int tap_tend(struct tap *);

/* What is told of every loaded program, for tests and `doctor`. */
struct tap_program {
	const char *name;
	unsigned int verified;	/* 0: the kernel does not tell (before 5.16) */
	unsigned int bytes;	/* of machine code */
	unsigned int stack;	/* of its largest function: above 48 kernels since 6.13 keep it by processor, where tasks share it */
};
int tap_program(const struct tap *, unsigned int i, struct tap_program *ret);	/* -ENOENT past the end */

#endif
