/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files are probed: looks at every executable mapping of the machine,
 * at the start and as they appear, judges each file once, and arms those that
 * carry TLS. It attaches nothing itself (ops do) and reads no traffic. One
 * owner, one thread: the main thread calls targets_run() when targets_fd() is
 * readable.
 *
 *	targets_new(&config, &targets);
 *	targets_start(targets);
 *	... poll(targets_fd(targets)) -> targets_run(targets); every second or so -> targets_run(targets)
 *
 * A file is known by its real inode. On overlayfs each container shows another
 * device number for one and the same file, so there number, size and times
 * name it, and one probe serves all containers of an image.
 */
#ifndef AITAP_TAP_TARGETS_H
#define AITAP_TAP_TARGETS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "bpf/event.h"
#include "tap/maps.h"
#include "tap/target.h"

struct targets;
struct tap;

struct targets_ops {
	int (*arm)(void *ctx, const struct target *, pid_t pid);	/* pid 0: every process */
	int (*disarm)(void *ctx, const struct target *, pid_t pid);
};

extern const struct targets_ops targets_tap_ops;	/* ctx is a struct tap */

/* The state of one target; for an event_target, a metric or doctor. Valid during the call. */
struct target_state {
	const struct target *target;
	enum event_target_state state;
	int error;		/* EVENT_TARGET_FAILED: a negative errno */
	const char *reason;	/* why it is not armed, or what is worth knowing; "" */
	uint64_t armed_ns;	/* CLOCK_BOOTTIME */
	size_t n_pids;		/* armed for so many processes; 0: for all */
};

typedef void (*target_state_fn)(void *ctx, const struct target_state *);

struct targets_config {
	const struct targets_ops *ops;
	void *ops_ctx;
	const pid_t *pids;	/* only these processes; n_pids 0: all */
	size_t n_pids;
	target_state_fn changed;	/* told of every change of a state; may be NULL */
	void *changed_ctx;
};

struct targets_counts {
	uint64_t files;		/* looked into */
	uint64_t refused;	/* of these: malformed or above a ceiling */
	uint64_t armed;		/* now */
	uint64_t failed;
	uint64_t blind;
	uint64_t mappings;	/* news of the kernel */
	uint64_t lost;		/* news that the kernel had no room for; each burst is answered by a scan */
	uint64_t scans;
	uint64_t last_scan_ns;	/* how long it took */
	uint64_t last_scan_pids;
	uint64_t last_arm_ns;	/* from the kernel's word of a mapping to its file armed */
	uint64_t max_arm_ns;
};

int targets_new(const struct targets_config *, struct targets **ret);
struct targets *targets_free(struct targets *);		/* disarms everything */
DEFINE_FREEP(struct targets, targets_free)

/*
 * Listens for news first, then arms the system's own libssl and all that is mapped now. Without the
 * privilege to listen it returns the error and works by targets_scan() alone.
 */
int targets_start(struct targets *);
int targets_fd(const struct targets *);		/* -1 where there is no news to be had */
/* Takes the news; scans where some was lost, and every ten minutes to let go of files that nobody has any more. */
int targets_run(struct targets *);
int targets_scan(struct targets *);		/* /proc, all of it */
/* One mapping; what targets_run() and targets_scan() do with each. A mapping_fn, whose ctx is a struct targets. */
void targets_mapping(void *targets, pid_t pid, const struct mapping *);

void targets_each(const struct targets *, target_state_fn, void *ctx);
struct targets_counts targets_counts(const struct targets *);

#endif
