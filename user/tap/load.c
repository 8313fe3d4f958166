/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every program is in the object, whichever kernel comes; those that it cannot
 * take are left out. What a kernel can do is found by trying: whether its types
 * name a function, whether it takes a helper, a load, a link.
 *
 * libbpf's own words go to the debug log. They are many, and the last line is
 * seldom the cause; what people need is what is missing and how to mend it.
 */
#include "tap/load.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "tap/attach.h"

#define ID_TICK_SHIFT 6	/* an id each 64 ns: a run begins above all ids of the one before, and 2^56 lasts for 146 years */

#define SAID_MAX KIB(1024)
#define SAID_SHOWN KIB(4)

struct abilities {
	bool guard;	/* bpf_preempt_disable */
	bool session;	/* bpf_session_is_return, at uprobes */
	bool each;	/* bpf_for_each_map_elem */
};

/* The verifier's log comes in one piece, and of that the end is worth most. */
static int libbpf_says(enum libbpf_print_level level, const char *format, va_list args)
{
	_cleanup_free_ char *text = level == LIBBPF_DEBUG ? NULL : mem_new(SAID_MAX);
	struct str rest, line;
	int n;

	if (!text)
		return 0;
	n = vsnprintf(text, SAID_MAX, format, args);
	if (n <= 0)
		return 0;
	rest = str_of(text);
	if (rest.n > SAID_SHOWN)
		rest = str_sub(rest, rest.n - SAID_SHOWN, SAID_SHOWN);
	while (str_split(&rest, '\n', &line))
		if (line.n)
			log_debug("%.*s", (int)line.n, line.p);
	return 0;
}

static bool has_function(const struct btf *btf, const char *name)
{
	return btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0;
}

static bool has_attach_type(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, "bpf_attach_type", BTF_KIND_ENUM);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;

	for (uint32_t i = 0; type && i < btf_vlen(type); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_enum(type)[i].name_off), name))
			return true;
	return false;
}

static int abilities_of(struct abilities *ret)
{
	struct btf *btf = btf__load_vmlinux_btf();

	if (!btf)
		return -errno;
	ret->guard = has_function(btf, "bpf_preempt_disable") && has_function(btf, "bpf_preempt_enable");
	/* 6.12 has the functions, for kprobes alone */
	ret->session = has_function(btf, "bpf_session_is_return") && has_function(btf, "bpf_session_cookie") &&
		       has_attach_type(btf, "BPF_TRACE_UPROBE_SESSION");
	ret->each = libbpf_probe_bpf_helper(BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_FUNC_for_each_map_elem, NULL) == 1;
	btf__free(btf);
	return 0;
}

/* ---- which programs */

static bool starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

static bool is_wanted(const char *name, enum tap_mode mode, const struct abilities *able, bool follow)
{
	if (starts(name, "session_"))
		return mode == TAP_MODE_SESSION;
	if (starts(name, "enter_") || !strcmp(name, "leave"))
		return mode != TAP_MODE_SESSION;
	if (!strcmp(name, "on_fork"))
		return follow;
	if (!strcmp(name, "on_exit") || !strcmp(name, "on_exec"))
		return able->each;
	if (starts(name, "on_"))
		return !able->each;
	return true;
}

static void choose_programs(struct bpf_object *object, enum tap_mode mode, const struct abilities *able, bool follow)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		const char *name = bpf_program__name(program);

		bpf_program__set_autoload(program, is_wanted(name, mode, able, follow));
		if (bpf_program__type(program) != BPF_PROG_TYPE_KPROBE || mode == TAP_MODE_PERF)
			continue;
		bpf_program__set_expected_attach_type(program, starts(name, "session_") ? ATTACH_UPROBE_SESSION :
								ATTACH_UPROBE_MULTI);
	}
}

/*
 * A weak function that the kernel lacks is never reached, but libbpf before 1.2
 * leaves a call of it in place, which kernels 5.13 to 5.15 refuse unreached.
 */
static int without_missing_calls(struct bpf_program *program, struct bpf_prog_load_opts *opts, long cookie)
{
	struct bpf_insn *insn = (struct bpf_insn *)bpf_program__insns(program);
	const struct bpf_insn *end = insn + bpf_program__insn_cnt(program);

	(void)opts;
	(void)cookie;
	for (; insn < end; insn++)
		if (insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_KFUNC_CALL && !insn->imm)
			*insn = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 };
	return 0;
}

/* For good: libbpf 1.1 frees its table twice when the last handler is taken back. */
static int handle_uprobes(void)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, opts, .prog_prepare_load_fn = without_missing_calls);

	return libbpf_register_prog_handler("uprobe", BPF_PROG_TYPE_KPROBE, 0, &opts);
}

static void set_constants(struct aitap_bpf *skel, const struct tap_config *config, const struct abilities *able)
{
	skel->rodata->id_base = clock_boot_ns() >> ID_TICK_SHIFT;
	skel->rodata->cpus = (u32)libbpf_num_possible_cpus();
	skel->rodata->default_scope = config->default_scope;
	skel->rodata->hierarchy = config->hierarchy;
	skel->rodata->only_followed = config->only_followed;
	skel->rodata->can_guard = able->guard;
	skel->rodata->ring_count = config->rings;
	skel->rodata->ring_bytes = config->ring_bytes;
}

/* ---- trying */

static bool links_work(const struct aitap_bpf *skel, enum tap_mode mode)
{
	if (mode == TAP_MODE_PERF)
		return true;
	if (mode == TAP_MODE_SESSION &&
	    !attach_works(bpf_program__fd(skel->progs.session_write_value), ATTACH_UPROBE_SESSION))
		return false;
	return attach_works(bpf_program__fd(skel->progs.free_object), ATTACH_UPROBE_MULTI);
}

static int try_mode(const struct tap_config *config, enum tap_mode mode, const struct abilities *able,
		    struct aitap_bpf **ret)
{
	struct aitap_bpf *skel;
	int err;

	if (mode == TAP_MODE_SESSION && !able->session)
		return -EOPNOTSUPP;
	skel = aitap_bpf__open();
	if (!skel)
		return -errno;
	set_constants(skel, config, able);
	choose_programs(skel->obj, mode, able, config->only_followed);
	err = aitap_bpf__load(skel);
	if (!err && !links_work(skel, mode))
		err = -EOPNOTSUPP;
	if (err) {
		aitap_bpf__destroy(skel);
		return err;
	}
	*ret = skel;
	return 0;
}

int load_programs(const struct tap_config *config, struct buf *ret_reason, enum tap_mode *ret_mode,
		  struct aitap_bpf **ret)
{
	enum tap_mode mode = config->mode ? config->mode : TAP_MODE_SESSION;
	struct abilities able = { false };
	int err;

	libbpf_set_print(libbpf_says);
	err = abilities_of(&able);
	if (err) {
		load_reason(err, ret_reason);
		return err;
	}
	err = handle_uprobes();
	if (err < 0)
		return err;
	do
		err = try_mode(config, mode, &able, ret);
	while (err && !config->mode && mode-- > TAP_MODE_PERF);
	if (!err)
		*ret_mode = mode;
	else if (config->mode && err == -EOPNOTSUPP)
		buf_printf(ret_reason, "this kernel has no probes in %s mode: leave the choice of the mode to aitap",
			   tap_mode_name(config->mode));
	else
		load_reason(err, ret_reason);
	return err;
}

/* Stores and loads by way of the frame pointer, and addresses made from it. */
unsigned int load_stack(const struct bpf_program *program)
{
	const struct bpf_insn *insn = bpf_program__insns(program), *end = insn + bpf_program__insn_cnt(program);
	unsigned int frame_copies = 0;
	int deepest = 0;

	for (; insn < end; insn++) {
		unsigned int class = BPF_CLASS(insn->code), to = 1u << insn->dst_reg;
		int at = 0;

		if ((class == BPF_LDX && insn->src_reg == BPF_REG_10) ||
		    ((class == BPF_ST || class == BPF_STX) && insn->dst_reg == BPF_REG_10))
			at = insn->off;
		else if (insn->code == (BPF_ALU64 | BPF_ADD | BPF_K) && frame_copies & to)
			at = insn->imm;
		if (insn->code == (BPF_ALU64 | BPF_MOV | BPF_X) && insn->src_reg == BPF_REG_10)
			frame_copies |= to;
		else if (class == BPF_ALU || class == BPF_ALU64 || class == BPF_LD || class == BPF_LDX)
			frame_copies &= ~to;
		if (at < deepest)
			deepest = at;
	}
	return (unsigned int)-deepest;
}
