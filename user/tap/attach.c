/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program is named after what it looks at, so a site and the mode tell which
 * one belongs there: "session_write_done3" sees entry and return of a write
 * that leaves its count behind the fourth argument; "enter_write_done3" sees
 * the entry alone, and needs "leave" at the return.
 *
 * Order: what sees returns and births comes first, and the calls that move
 * bytes last, so that no connection seems to begin in its middle.
 */
#include "tap/attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"

#define LINKS ((size_t)2 * TARGET_SITES)
#define MULTI_RETURN 1	/* BPF_F_UPROBE_MULTI_RETURN */

struct attachment {
	struct bpf_link *perf[LINKS];
	size_t n_perf;
	int multi[LINKS];
	size_t n_multi;
};

/* The part of union bpf_attr for BPF_LINK_CREATE of a multi link, in kernels since 6.6. */
struct multi_attr {
	uint32_t prog_fd, target_fd, attach_type, flags;
	uint64_t path, offsets, ref_ctr_offsets, cookies;
	uint32_t cnt, multi_flags, pid;
};
#define MULTI_ATTR_SIZE 60	/* without the padding of the struct */
_Static_assert(__builtin_offsetof(struct multi_attr, pid) + 4 == MULTI_ATTR_SIZE, "multi_attr as the kernel has it");

static int link_multi(struct multi_attr attr)
{
	long fd = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, MULTI_ATTR_SIZE);

	return fd < 0 ? -errno : (int)fd;
}

/*
 * "/" is no file that could be probed: a kernel that knows the type says EBADF.
 * One that filters by process and not by thread looks at the pid before it
 * looks at the path, and says EINVAL to a negative one.
 */
bool attach_works(int prog_fd, unsigned int attach_type)
{
	uint64_t offset = 0;
	struct multi_attr attr = {
		.prog_fd = (uint32_t)prog_fd, .attach_type = attach_type, .path = (uintptr_t)"/",
		.offsets = (uintptr_t)&offset, .cnt = 1,
	};

	if (link_multi(attr) != -EBADF)
		return false;
	attr.pid = (uint32_t)-1;
	return link_multi(attr) == -EINVAL;
}

/* ---- which program */

/* Attached in this order. */
static const struct plan {
	enum site_role role;
	const char *name;	/* "" before it: of the mode */
	bool call;		/* has an entry and a return */
	bool moves;		/* bytes: the program is also named after where their count is left */
	bool ret;		/* at the return alone */
} plans[] = {
	{ .role = SITE_NEW, .name = "new_return", .ret = true },
	{ .role = SITE_FREE, .name = "free_object" },
	{ .role = SITE_CLEAR, .name = "clear_object" },
	{ .role = SITE_SET_CONNECT_STATE, .name = "connect_state" },
	{ .role = SITE_SET_ACCEPT_STATE, .name = "accept_state" },
	{ .role = SITE_CTRL, .name = "ctrl", .call = true },
	{ .role = SITE_SHUTDOWN, .name = "shutdown", .call = true },
	{ .role = SITE_READ_INTERNAL, .name = "read", .call = true, .moves = true },
	{ .role = SITE_READ, .name = "read", .call = true, .moves = true },
	{ .role = SITE_READ_EX, .name = "read", .call = true, .moves = true },
	{ .role = SITE_WRITE_INTERNAL, .name = "write", .call = true, .moves = true },
	{ .role = SITE_WRITE, .name = "write", .call = true, .moves = true },
	{ .role = SITE_WRITE_EX, .name = "write", .call = true, .moves = true },
};

static struct bpf_program *program_of(struct bpf_object *object, enum tap_mode mode, const struct plan *plan,
				      const struct site *site)
{
	const char *prefix = mode == TAP_MODE_SESSION ? "session_" : "enter_";
	char name[64], shape[16] = "";

	if (plan->moves)
		snprintf(shape, sizeof(shape), site->done_arg ? "_done%u" : "_value", site->done_arg);
	snprintf(name, sizeof(name), "%s%s%s", plan->call ? prefix : "", plan->name, shape);
	return bpf_object__find_program_by_name(object, name);
}

/* ---- links */

struct place {
	const char *path;
	pid_t pid;	/* 0: all */
	uint64_t offset;
	bool ret;
};

static int add_perf(struct attachment *a, struct bpf_program *program, const struct place *place)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .retprobe = place->ret);
	struct bpf_link *link;

	if (a->n_perf == LINKS)
		return -ENOSPC;
	link = bpf_program__attach_uprobe_opts(program, place->pid ? place->pid : -1, place->path,
					       place->offset, &opts);
	if (!link)
		return -errno;
	a->perf[a->n_perf++] = link;
	return 0;
}

static int add_multi(struct attachment *a, struct bpf_program *program, const struct place *place)
{
	int fd = link_multi((struct multi_attr){
		.prog_fd = (uint32_t)bpf_program__fd(program),
		.attach_type = bpf_program__expected_attach_type(program),
		.path = (uintptr_t)place->path, .offsets = (uintptr_t)&place->offset, .cnt = 1,
		.multi_flags = place->ret ? MULTI_RETURN : 0, .pid = (uint32_t)place->pid,
	});

	if (fd < 0)
		return fd;
	if (a->n_multi == LINKS) {
		close(fd);
		return -ENOSPC;
	}
	a->multi[a->n_multi++] = fd;
	return 0;
}

static int add_link(struct attachment *a, enum tap_mode mode, struct bpf_program *program, const struct place *place)
{
	if (!program)
		return -ENOTSUP;
	return mode == TAP_MODE_PERF ? add_perf(a, program, place) : add_multi(a, program, place);
}

static int add_site(struct attachment *a, struct bpf_object *object, enum tap_mode mode, const struct plan *plan,
		    const struct site *site, struct place place)
{
	struct bpf_program *program = program_of(object, mode, plan, site);
	bool returns = plan->ret || plan->call;
	int err = 0;

	/* a return probe needs the caller's return address where a function finds it */
	place.offset = returns && !site->ret_ok ? site->entry : site->offset;
	if (plan->call && mode != TAP_MODE_SESSION) {
		place.ret = true;
		err = add_link(a, mode, bpf_object__find_program_by_name(object, "leave"), &place);
	}
	place.ret = plan->ret;
	if (!err)
		err = add_link(a, mode, program, &place);
	if (err)
		log_debug("%s: no link at %s+0x%llx in %s mode (%s)", place.path, site_role_name(plan->role),
			  (unsigned long long)place.offset, tap_mode_name(mode), strerror(-err));
	return err;
}

int attach_target(struct bpf_object *object, enum tap_mode mode, const struct target *target, pid_t pid,
		  struct attachment **ret)
{
	struct place place = { .path = target->path, .pid = pid };
	struct attachment *a = mem_new(sizeof(*a));
	int err = 0;

	if (!a)
		return -ENOMEM;
	for (size_t i = 0; !err && i < sizeof(plans) / sizeof(*plans); i++)
		for (size_t k = 0; !err && k < target->n_sites; k++)
			if (target->sites[k].role == plans[i].role)
				err = add_site(a, object, mode, &plans[i], &target->sites[k], place);
	if (err) {
		attachment_free(a);
		return err;
	}
	*ret = a;
	return 0;
}

/* Backwards: what moves bytes first, so that no return is left without its entry. */
struct attachment *attachment_free(struct attachment *a)
{
	if (!a)
		return NULL;
	while (a->n_multi)
		close(a->multi[--a->n_multi]);
	while (a->n_perf)
		bpf_link__destroy(a->perf[--a->n_perf]);
	return mem_free(a);
}
