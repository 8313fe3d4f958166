/* SPDX-License-Identifier: Apache-2.0 */
#include "tap/tap.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/list.h"
#include "base/mem.h"
#include "tap/attach.h"
#include "tap/load.h"
#include "tap/ring.h"

#define TEND_KEYS 65536		/* as many as the larger of the two maps holds */

struct arm {
	struct list node;
	uint64_t device;
	uint64_t inode;
	int64_t changed_ns;
	pid_t pid;
	struct attachment *attachment;
};

struct tap {
	struct tap_config config;
	enum tap_mode mode;
	struct aitap_bpf *skel;
	struct bpf_link *tasks[8];	/* exit, exec, fork */
	size_t n_tasks;
	uint64_t *verdicts;
	int fds[EVENT_RINGS_MAX];	/* 0: none */
	struct source *sources[EVENT_RINGS_MAX];
	struct list arms;
};

const char *tap_mode_name(enum tap_mode mode)
{
	static const char *const names[] = {
		[TAP_MODE_BEST] = "best", [TAP_MODE_PERF] = "perf", [TAP_MODE_MULTI] = "multi",
		[TAP_MODE_SESSION] = "session",
	};

	return mode <= TAP_MODE_SESSION ? names[mode] : "unknown";
}

enum tap_mode tap_mode(const struct tap *tap)
{
	return tap->mode;
}

unsigned int tap_rings(const struct tap *tap)
{
	return tap->config.rings;
}

struct source *tap_source(struct tap *tap, unsigned int ring)
{
	return ring < tap->config.rings ? tap->sources[ring] : NULL;
}

/* ---- opening */

static int settle(struct tap_config *config)
{
	size_t bytes = (size_t)sysconf(_SC_PAGESIZE);

	if (!config->rings)
		config->rings = 1;
	if (config->rings > EVENT_RINGS_MAX || config->mode > TAP_MODE_SESSION)
		return -EINVAL;
	if (!config->ring_bytes)
		config->ring_bytes = TAP_RINGS_BYTES / config->rings < TAP_RING_BYTES ?
				     TAP_RINGS_BYTES / config->rings : TAP_RING_BYTES;
	if (config->ring_bytes > 1u << 30)
		return -EINVAL;
	while (bytes < config->ring_bytes)
		bytes *= 2;
	config->ring_bytes = bytes;
	return 0;
}

static uint64_t missed(void *ctx)
{
	const struct tap *tap = ctx;
	struct bpf_program *program;
	uint64_t sum = 0;

	bpf_object__for_each_program(program, tap->skel->obj) {
		struct bpf_prog_info info = { 0 };
		uint32_t len = sizeof(info);

		if (bpf_program__fd(program) >= 0 && !bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &len))
			sum += info.recursion_misses;
	}
	return sum;
}

static int open_ring(struct tap *tap, uint32_t number)
{
	int rings = bpf_map__fd(tap->skel->maps.rings), fd;

	fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "ring", 0, 0, (uint32_t)tap->config.ring_bytes, NULL);
	if (fd < 0)
		return fd;
	tap->fds[number] = fd;
	if (bpf_map_update_elem(rings, &number, &fd, BPF_ANY))
		return -errno;
	return ring_open(&(struct ring_config){
		.number = number, .fd = fd, .bytes = tap->config.ring_bytes, .verdicts = tap->verdicts,
		.scopes = bpf_map__fd(tap->skel->maps.scopes), .scope_epoch = &tap->skel->bss->scope_epoch,
		.counts = bpf_map__fd(tap->skel->maps.counts), .cpus = tap->skel->rodata->cpus,
		.missed = number ? NULL : missed, .missed_ctx = tap,
	}, &tap->sources[number]);
}

static int map_verdicts(struct tap *tap)
{
	void *p = mmap(NULL, EVENT_VERDICTS * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED,
		       bpf_map__fd(tap->skel->maps.verdicts), 0);

	if (p == MAP_FAILED)
		return -errno;
	tap->verdicts = p;
	return 0;
}

static int watch_tasks(struct tap *tap)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, tap->skel->obj) {
		struct bpf_link *link;

		if (bpf_program__type(program) != BPF_PROG_TYPE_RAW_TRACEPOINT || bpf_program__fd(program) < 0)
			continue;
		link = bpf_program__attach(program);
		if (!link)
			return -errno;
		tap->tasks[tap->n_tasks++] = link;
	}
	return 0;
}

static int open_all(struct tap *tap, struct buf *ret_reason)
{
	int err = load_programs(&tap->config, ret_reason, &tap->mode, &tap->skel);

	if (err)
		return err;
	err = map_verdicts(tap);
	for (uint32_t i = 0; !err && i < tap->config.rings; i++)
		err = open_ring(tap, i);
	if (!err)
		err = watch_tasks(tap);
	if (err)
		load_reason(err, ret_reason);
	return err;
}

int tap_open(const struct tap_config *config, struct buf *ret_reason, struct tap **ret)
{
	_cleanup_(tap_closep) struct tap *tap = mem_new(sizeof(*tap));
	int err;

	if (!tap)
		return -ENOMEM;
	list_init(&tap->arms);
	tap->config = *config;
	err = settle(&tap->config);
	if (err) {
		buf_printf(ret_reason, "1 to %d rings of at most 1 GiB each can be had", EVENT_RINGS_MAX);
		return err;
	}
	err = open_all(tap, ret_reason);
	if (err)
		return err;
	*ret = TAKE_PTR(tap);
	return 0;
}

static void arm_free(struct arm *arm)
{
	attachment_free(arm->attachment);
	list_remove(&arm->node);
	mem_free(arm);
}

struct tap *tap_close(struct tap *tap)
{
	if (!tap)
		return NULL;
	LIST_EACH(node, &tap->arms)
		arm_free(LIST_ENTRY(node, struct arm, node));
	while (tap->n_tasks)
		bpf_link__destroy(tap->tasks[--tap->n_tasks]);
	for (size_t i = 0; i < EVENT_RINGS_MAX; i++) {
		ring_close(tap->sources[i]);
		if (tap->fds[i] > 0)
			close(tap->fds[i]);
	}
	if (tap->verdicts)
		munmap(tap->verdicts, EVENT_VERDICTS * sizeof(uint64_t));
	aitap_bpf__destroy(tap->skel);
	return mem_free(tap);
}

/* ---- arming */

static struct arm *arm_find(const struct tap *tap, const struct target *target, pid_t pid)
{
	LIST_EACH(node, (struct list *)&tap->arms) {
		struct arm *arm = LIST_ENTRY(node, struct arm, node);

		if (arm->device == target->device && arm->inode == target->inode &&
		    arm->changed_ns == target->changed_ns && arm->pid == pid)
			return arm;
	}
	return NULL;
}

int tap_arm(struct tap *tap, const struct target *target, pid_t pid)
{
	struct arm *arm;
	int err;

	if (arm_find(tap, target, pid))
		return 0;
	arm = mem_new(sizeof(*arm));
	if (!arm)
		return -ENOMEM;
	*arm = (struct arm){
		.device = target->device, .inode = target->inode, .changed_ns = target->changed_ns, .pid = pid,
	};
	err = attach_target(tap->skel->obj, tap->mode, target, pid, &arm->attachment);
	if (err) {
		mem_free(arm);
		return err;
	}
	list_insert(&arm->node, &tap->arms);
	return 0;
}

int tap_disarm(struct tap *tap, const struct target *target, pid_t pid)
{
	struct arm *arm = arm_find(tap, target, pid);

	if (!arm)
		return -ENOENT;
	arm_free(arm);
	return 0;
}

bool tap_armed(const struct tap *tap, const struct target *target, pid_t pid)
{
	return arm_find(tap, target, pid);
}

int tap_follow(struct tap *tap, pid_t pid)
{
	uint32_t tgid = (uint32_t)pid;
	uint8_t yes = 1;

	return bpf_map_update_elem(bpf_map__fd(tap->skel->maps.followed), &tgid, &yes, BPF_ANY) ? -errno : 0;
}

/* ---- tending */

static bool is_gone(pid_t pid)
{
	return kill(pid, 0) && errno == ESRCH;
}

/*
 * Deletes the entries of ended tasks: both keys are two words, and the low half
 * of the first is the task's number. The next key is asked for before this one
 * goes, for the walk would begin anew after a key that is not there.
 */
static void sweep(const struct bpf_map *map)
{
	uint64_t key[2], next[2];
	int fd = bpf_map__fd(map);
	bool more = !bpf_map_get_next_key(fd, NULL, key);

	for (size_t i = 0; more && i < TEND_KEYS; i++) {
		more = !bpf_map_get_next_key(fd, key, next);
		if (is_gone((pid_t)key[0]))
			bpf_map_delete_elem(fd, key);
		memcpy(key, next, sizeof(key));
	}
}

int tap_tend(struct tap *tap)
{
	if (bpf_program__fd(tap->skel->progs.on_exit) < 0)
		sweep(tap->skel->maps.conns);
	if (tap->mode != TAP_MODE_SESSION)	/* a thread that was killed within a call */
		sweep(tap->skel->maps.calls);
	return 0;
}

/* ---- for people */

int tap_program(const struct tap *tap, unsigned int i, struct tap_program *ret)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, tap->skel->obj) {
		struct bpf_prog_info info = { 0 };
		uint32_t len = sizeof(info);

		if (bpf_program__fd(program) < 0 || i--)
			continue;
		if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &len))
			return -errno;
		*ret = (struct tap_program){ bpf_program__name(program), info.verified_insns, info.jited_prog_len,
					     load_stack(program) };
		return 0;
	}
	return -ENOENT;
}
