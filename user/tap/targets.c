/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three steps lead from a mapping to a probe, and each is remembered, so that
 * the next process costs one look-up:
 *
 *	the kernel's name of the file (device, inode, generation)  -> news
 *	what stat says of it (struct file_id)                      -> files
 *	what is inside (struct target)                             -> file->entry
 *
 * The kernel patches a probed file into every process that maps it, before
 * the first of its instructions runs. So a race exists only for the first
 * process that ever maps a file; the system's own libssl is armed before.
 *
 * A probe holds its inode, and with it the file system of a container that may
 * be long gone. Therefore a scan also lets go of files that no process has
 * mapped and no name leads to any more.
 */
#include "tap/targets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "tap/file.h"
#include "tap/linker.h"
#include "tap/mmap.h"

#define RECHECK_NS (10 * NSEC_PER_SEC)	/* for so long a verdict holds without asking stat again */
#define RESCAN_NS (600 * NSEC_PER_SEC)
#define ARMS 64				/* processes of a scope */

struct arm {
	pid_t pid;	/* 0: all */
	int error;	/* 0: armed */
};

/* A file with a library in it. */
struct entry {
	struct list node;
	struct file *file;
	struct target target;
	enum event_target_state state;
	int error;
	const char *reason;
	uint64_t armed_ns;
	uint64_t seen_scan;	/* number of the last scan that met it */
	size_t n_arms;
	struct arm arms[ARMS];
};

/* A file that was looked at. */
struct file {
	struct file_id id;
	uint64_t checked_ns;
	bool judged;
	struct entry *entry;	/* NULL: nothing to probe in there */
};

struct targets {
	struct targets_config config;
	pid_t pids[ARMS];
	pid_t self;
	struct mmap_watch *watch;
	struct list entries;
	size_t n_entries;
	struct map files;	/* file_id_hash() -> struct file */
	struct map news;	/* device, inode, generation -> struct file */
	struct map scanned;	/* during a scan: device, inode -> struct file */
	bool scanning;
	uint64_t scan_boot_ns;
	uint64_t arms_done;
	struct targets_counts counts;
};

/* Safe against removal of the entry in hand; not to be left by break. */
#define EACH_ENTRY(entry, t) \
	LIST_EACH(node, &(t)->entries) \
		for (struct entry *entry = LIST_ENTRY(node, struct entry, node); entry; entry = NULL)

/* ---- states */

static struct target_state state_of(const struct entry *entry)
{
	size_t n = 0;

	for (size_t i = 0; i < entry->n_arms; i++)
		n += entry->arms[i].pid && !entry->arms[i].error;
	return (struct target_state){
		.target = &entry->target, .state = entry->state, .error = entry->error,
		.reason = entry->reason, .armed_ns = entry->armed_ns, .n_pids = n,
	};
}

static void set_state(struct targets *t, struct entry *entry, enum event_target_state state, int error,
		      const char *reason)
{
	struct target_state told;

	entry->state = state;
	entry->error = error;
	entry->reason = reason;
	told = state_of(entry);
	if (t->config.changed)
		t->config.changed(t->config.changed_ctx, &told);
}

/* ---- arming */

static bool in_scope(const struct targets *t, pid_t pid)
{
	for (size_t i = 0; i < t->config.n_pids; i++)
		if (t->pids[i] == pid)
			return true;
	return !t->config.n_pids && pid != t->self;	/* our own metrics are no traffic to account for */
}

static struct arm *arm_of(struct entry *entry, pid_t pid)
{
	for (size_t i = 0; i < entry->n_arms; i++)
		if (entry->arms[i].pid == pid)
			return &entry->arms[i];
	return NULL;
}

/* Kernels since July 2025 (CVE-2025-38466) ask more of who attaches through perf than of who loads programs. */
static const char *why_not(int error)
{
	return error == -EPERM || error == -EACCES ?
	       "the kernel refused to attach: give aitap CAP_SYS_ADMIN, or run it as root" : "cannot be attached to";
}

/* Through the open file, so that the path holds whatever its container does meanwhile. */
static void entry_arm(struct targets *t, struct entry *entry, int fd, pid_t pid)
{
	struct arm *slot;

	if (entry->state == EVENT_TARGET_BLIND || entry->n_arms == ARMS || arm_of(entry, pid))
		return;
	slot = &entry->arms[entry->n_arms++];
	snprintf(entry->target.path, sizeof(entry->target.path), "/proc/self/fd/%d", fd);
	*slot = (struct arm){ pid, t->config.ops->arm(t->config.ops_ctx, &entry->target, pid) };
	if (slot->error) {
		set_state(t, entry, EVENT_TARGET_FAILED, slot->error, why_not(slot->error));
		return;
	}
	t->arms_done++;
	entry->armed_ns = clock_boot_ns();
	set_state(t, entry, EVENT_TARGET_ARMED, 0, target_remark(&entry->target));
}

/* One process, or with -1 all that is armed. */
static void entry_disarm(struct targets *t, struct entry *entry, pid_t pid)
{
	size_t kept = 0;

	for (size_t i = 0; i < entry->n_arms; i++) {
		struct arm a = entry->arms[i];

		if (pid >= 0 && a.pid != pid)
			entry->arms[kept++] = a;
		else if (!a.error)
			t->config.ops->disarm(t->config.ops_ctx, &entry->target, a.pid);
	}
	entry->n_arms = kept;
}

static void entry_gone(struct targets *t, struct entry *entry, const char *reason)
{
	entry_disarm(t, entry, -1);
	set_state(t, entry, EVENT_TARGET_GONE, 0, reason);
	entry->file->entry = NULL;
	entry->file->judged = false;
	list_remove(&entry->node);
	t->n_entries--;
	mem_free(entry);
}

static void process_gone(struct targets *t, pid_t pid)
{
	EACH_ENTRY(entry, t) {
		if (!arm_of(entry, pid))
			continue;
		entry_disarm(t, entry, pid);
		if (!entry->n_arms)
			entry_gone(t, entry, "its process ended");
	}
}

/* ---- judging a file */

static void entry_new(struct targets *t, struct file *file, const struct target *target)
{
	struct entry *entry = t->n_entries < LIMIT_TARGETS ? mem_new(sizeof(*entry)) : NULL;

	if (!entry) {
		t->counts.refused++;
		return;
	}
	entry->file = file;
	entry->target = *target;
	entry->reason = "";
	list_insert(&entry->node, &t->entries);
	t->n_entries++;
	file->entry = entry;
	if (!target->n_sites)
		set_state(t, entry, EVENT_TARGET_BLIND, 0, "its TLS cannot be read yet");
}

static void judge(struct targets *t, struct file *file, int fd, struct str name)
{
	_cleanup_free_ struct target *target = mem_new(sizeof(*target));
	int error = target ? target_inspect(fd, target) : -ENOMEM;

	file->judged = true;
	t->counts.files++;
	if (error) {
		t->counts.refused += error != -ENOENT && error != -ENOEXEC && error != -ENOTSUP;
		return;
	}
	STR_COPY(target->name, name);
	entry_new(t, file, target);
}

/* Probes stand at offsets of what the file held before: they go before anything else is done. */
static void drop_rewritten(struct targets *t, const struct file_id *id)
{
	EACH_ENTRY(entry, t) {
		if (file_id_rewritten(&entry->file->id, id))
			entry_gone(t, entry, "the file was rewritten in place");
	}
}

/* Forgets what is not worth probing: to know it again costs time only. */
static void make_room(struct targets *t)
{
	struct map kept = MAP(LIMIT_FILES);
	void *value;
	uint64_t key;

	for (size_t at = 0; map_next(&t->files, &at, &key, &value);) {
		struct file *file = value;

		if (!file->entry || map_put(&kept, key, file))
			mem_free(file);
	}
	map_done(&t->files);
	map_done(&t->news);
	map_done(&t->scanned);
	t->files = kept;
	t->news = MAP(LIMIT_FILES);
	t->scanned = MAP(LIMIT_FILES);
}

static struct file *file_of(struct targets *t, int fd)
{
	struct file_id id;
	struct file *file;

	if (file_id_of(fd, &id))
		return NULL;
	file = map_get(&t->files, file_id_hash(&id));
	if (file)
		return file;
	drop_rewritten(t, &id);
	if (t->files.n >= LIMIT_FILES)
		make_room(t);
	file = mem_new(sizeof(*file));
	if (!file)
		return NULL;
	file->id = id;
	if (map_put(&t->files, file_id_hash(&id), file))
		return mem_free(file);
	return file;
}

static struct file *look_at(struct targets *t, int fd, struct str name, pid_t pid)
{
	struct file *file = file_of(t, fd);

	if (!file)
		return NULL;
	file->checked_ns = clock_boot_ns();
	if (!file->judged)
		judge(t, file, fd, name);
	if (file->entry) {
		file->entry->seen_scan = t->counts.scans;
		entry_arm(t, file->entry, fd, pid);
	}
	return file;
}

void targets_mapping(void *ctx, pid_t pid, const struct mapping *m)
{
	struct targets *t = ctx;
	uint64_t key = hash_bytes((uint64_t[]){ m->device, m->inode, m->generation }, 24, 1);
	struct map *map = t->scanning ? &t->scanned : &t->news;
	pid_t whom = t->config.n_pids ? pid : 0;
	struct file *file;

	if (!in_scope(t, pid))
		return;
	file = map_get(map, key);
	if (file && clock_boot_ns() - file->checked_ns < RECHECK_NS && file->judged &&
	    (!file->entry || arm_of(file->entry, whom) || file->entry->state == EVENT_TARGET_BLIND)) {
		if (file->entry)
			file->entry->seen_scan = t->counts.scans;
		return;
	}
	_cleanup_close_ int fd = mapping_open(pid, m);

	if (map->n >= LIMIT_FILES)	/* before there is a file in hand, which might be forgotten too */
		make_room(t);
	file = fd < 0 ? NULL : look_at(t, fd, m->path, whom);
	if (!file)
		return;
	map_put(map, key, file);
}

/* ---- scans */

static int scan_pid(void *ctx, pid_t pid)
{
	struct targets *t = ctx;

	if (!in_scope(t, pid))
		return 0;
	t->counts.last_scan_pids++;
	maps_read(pid, targets_mapping, t);	/* a process that is gone by now needs nothing */
	return 0;
}

static void let_go(struct targets *t)
{
	EACH_ENTRY(entry, t) {
		if (entry->seen_scan != t->counts.scans && !file_id_is_at(&entry->file->id, entry->target.name))
			entry_gone(t, entry, "no process has it mapped, and it has no name any more");
	}
}

static void forget_failures(struct targets *t)
{
	LIST_EACH(node, &t->entries) {
		struct entry *entry = LIST_ENTRY(node, struct entry, node);
		size_t kept = 0;

		for (size_t i = 0; i < entry->n_arms; i++)
			if (!entry->arms[i].error)
				entry->arms[kept++] = entry->arms[i];
		entry->n_arms = kept;
	}
}

int targets_scan(struct targets *t)
{
	uint64_t begin = clock_boot_ns();
	int error;

	t->scanning = true;
	t->scan_boot_ns = begin;
	t->counts.scans++;
	t->counts.last_scan_pids = 0;
	forget_failures(t);
	error = maps_each_pid(scan_pid, t);
	t->scanning = false;
	map_done(&t->scanned);
	t->scanned = MAP(LIMIT_FILES);
	if (!error)
		let_go(t);
	t->counts.last_scan_ns = clock_boot_ns() - begin;
	return error;
}

/* linker_fn */
static void arm_ahead(void *ctx, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		look_at(ctx, fd, str_of(path), 0);
}

/* ---- news */

/* mmap_fn */
static void on_news(void *ctx, const struct mmap_event *event)
{
	struct targets *t = ctx;
	uint64_t before = t->arms_done;

	if (event->what == MMAP_EXIT && t->config.n_pids && in_scope(t, event->pid))
		process_gone(t, event->pid);
	if (event->what != MMAP_MAPPED)
		return;
	t->counts.mappings++;
	targets_mapping(t, event->pid, &event->mapping);
	if (t->arms_done == before)
		return;
	t->counts.last_arm_ns = clock_boot_ns() - event->boot_ns;
	if (t->counts.last_arm_ns > t->counts.max_arm_ns)
		t->counts.max_arm_ns = t->counts.last_arm_ns;
}

int targets_fd(const struct targets *t)
{
	return t->watch ? mmap_watch_fd(t->watch) : -1;
}

int targets_run(struct targets *t)
{
	int64_t lost = t->watch ? mmap_watch_read(t->watch, on_news, t) : 0;

	if (lost < 0)
		return (int)lost;
	t->counts.lost += (uint64_t)lost;
	if (lost || clock_boot_ns() - t->scan_boot_ns > RESCAN_NS)
		return targets_scan(t);
	return 0;
}

/* ---- life */

int targets_new(const struct targets_config *config, struct targets **ret)
{
	struct targets *t;

	if (config->n_pids > ARMS)
		return -E2BIG;
	t = mem_new(sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->config = *config;
	t->self = getpid();
	for (size_t i = 0; i < config->n_pids; i++)
		t->pids[i] = config->pids[i];
	list_init(&t->entries);
	t->files = t->news = t->scanned = MAP(LIMIT_FILES);
	*ret = t;
	return 0;
}

int targets_start(struct targets *t)
{
	int error = mmap_watch_open(&t->watch);

	if (!t->config.n_pids)
		linker_each(arm_ahead, t);
	targets_scan(t);
	return error;
}

struct targets *targets_free(struct targets *t)
{
	void *value;
	uint64_t key;

	if (!t)
		return NULL;
	EACH_ENTRY(entry, t) {
		entry_disarm(t, entry, -1);
		mem_free(entry);
	}
	for (size_t at = 0; map_next(&t->files, &at, &key, &value);)
		mem_free(value);
	map_done(&t->files);
	map_done(&t->news);
	map_done(&t->scanned);
	mmap_watch_close(t->watch);
	return mem_free(t);
}

void targets_each(const struct targets *t, target_state_fn fn, void *ctx)
{
	EACH_ENTRY(entry, (struct targets *)t) {
		struct target_state state = state_of(entry);

		fn(ctx, &state);
	}
}

struct targets_counts targets_counts(const struct targets *t)
{
	struct targets_counts counts = t->counts;

	EACH_ENTRY(entry, (struct targets *)t) {
		counts.armed += entry->state == EVENT_TARGET_ARMED;
		counts.failed += entry->state == EVENT_TARGET_FAILED;
		counts.blind += entry->state == EVENT_TARGET_BLIND;
	}
	return counts;
}
