/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A breakpoint costs what its instruction costs: the kernel emulates push,
 * call, jumps and nop (arch/x86/kernel/uprobes.c; push since 4.16) and on
 * arm64 branches and adr (arch/arm64/kernel/probes/decode-insn.c); everything
 * else is copied elsewhere and single-stepped, which is ten to thirty times
 * dearer. So we walk down the function's straight-line beginning, for as long
 * as the arguments and the return address are where a probe looks for them,
 * and take the first emulated instruction. No branch of the function may lead
 * back between its entry and that place, or one call would be seen twice.
 *
 * The walk never leaves the instruction boundaries that the decoder gives.
 * Multi-byte nops count as stepped: kernels before 6.18 step them, and what
 * 6.18 makes of a 5-byte nop overwrites the red zone of leaf functions.
 *
 * A return probe on x86-64 replaces the word at (%rsp), so nothing may have
 * moved the stack pointer yet. On arm64 it replaces x30, so x30 must be
 * neither saved nor signed (paciasp) yet: the hijacked value has to take the
 * same way as the true one.
 */
#include "tap/site.h"

#include <capstone/capstone.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/mem.h"

#define ARGUMENTS 5
#define ARGUMENT(n) (1u << (n))
#define STACK (1u << 8)		/* the stack pointer */
#define LINK (1u << 9)		/* arm64: the return address */
#define WALK 32			/* instructions of a prologue */
#define PATHS 16		/* branches of a function that are followed */
#define STEPS 512		/* and instructions on all of them */

struct decoder {
	csh handle;
	cs_insn *insn;
	enum elf_arch arch;
};

/* One instruction, as far as it matters here. */
struct step {
	uint64_t address;
	uint64_t next;
	uint64_t target;	/* of a direct call, jump or branch; 0: none, or computed */
	unsigned writes;	/* ARGUMENT(), STACK, LINK */
	unsigned touches;	/* reads or writes */
	enum site_class class;
	bool call, jump, branch;
	bool ends;		/* what follows is not reached by falling through */
	bool landing;		/* endbr64, bti */
};

DEFINE_FREEP(struct decoder, decoder_free)

int decoder_new(enum elf_arch arch, struct decoder **ret)
{
	_cleanup_(decoder_freep) struct decoder *d = mem_new(sizeof(*d));
	bool x86 = arch == ELF_ARCH_X86_64;

	if (!d)
		return -ENOMEM;
	d->arch = arch;
	if (cs_open(x86 ? CS_ARCH_X86 : CS_ARCH_ARM64, x86 ? CS_MODE_64 : CS_MODE_ARM, &d->handle))
		return -ENOMEM;
	if (cs_option(d->handle, CS_OPT_DETAIL, CS_OPT_ON))
		return -ENOMEM;
	d->insn = cs_malloc(d->handle);
	if (!d->insn)
		return -ENOMEM;
	*ret = TAKE_PTR(d);
	return 0;
}

struct decoder *decoder_free(struct decoder *d)
{
	if (!d)
		return NULL;
	if (d->insn)
		cs_free(d->insn, 1);
	if (d->handle)
		cs_close(&d->handle);
	return mem_free(d);
}

/* ---- one instruction */

static unsigned x86_register(unsigned reg)
{
	static const struct {
		uint16_t names[4];
		uint8_t bit;
	} arguments[] = {
		{ { X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL }, 0 },
		{ { X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL }, 1 },
		{ { X86_REG_RDX, X86_REG_EDX, X86_REG_DX, X86_REG_DL }, 2 },
		{ { X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL }, 3 },
		{ { X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B }, 4 },
	};

	if (reg == X86_REG_RSP || reg == X86_REG_ESP || reg == X86_REG_SP)
		return STACK;
	if (reg == X86_REG_DH)
		return ARGUMENT(2);
	if (reg == X86_REG_CH)
		return ARGUMENT(3);
	for (size_t i = 0; i < ARGUMENTS; i++)
		for (size_t k = 0; k < 4; k++)
			if (reg == arguments[i].names[k])
				return ARGUMENT(arguments[i].bit);
	return 0;
}

static unsigned arm64_register(unsigned reg)
{
	if (reg >= ARM64_REG_X0 && reg < ARM64_REG_X0 + ARGUMENTS)
		return ARGUMENT(reg - ARM64_REG_X0);
	if (reg >= ARM64_REG_W0 && reg < ARM64_REG_W0 + ARGUMENTS)
		return ARGUMENT(reg - ARM64_REG_W0);
	if (reg == ARM64_REG_SP || reg == ARM64_REG_WSP)
		return STACK;
	return reg == ARM64_REG_X30 || reg == ARM64_REG_W30 ? LINK : 0;
}

/* By its bytes, as the kernel does it: capstone's names know nothing of prefixes that it refuses. */
static enum site_class x86_class(const uint8_t *b, size_t n)
{
	if (n == 1 && b[0] == 0x90)
		return SITE_NOP;
	if ((n == 1 && (b[0] & 0xf8) == 0x50) || (n == 2 && b[0] == 0x41 && (b[1] & 0xf8) == 0x50))
		return SITE_PUSH;
	if (n == 5 && b[0] == 0xe8)
		return SITE_CALL;
	if ((n == 5 && b[0] == 0xe9) || (n == 2 && b[0] == 0xeb))
		return SITE_JUMP;
	if ((n == 2 && (b[0] & 0xf0) == 0x70) || (n == 6 && b[0] == 0x0f && (b[1] & 0xf0) == 0x80))
		return SITE_BRANCH;
	return SITE_STEPPED;
}

static enum site_class arm64_class(uint32_t word)
{
	if ((word & 0xfc000000) == 0x14000000)
		return SITE_JUMP;
	if ((word & 0xfc000000) == 0x94000000)
		return SITE_CALL;
	if ((word & 0xff000010) == 0x54000000 || (word & 0x7e000000) == 0x34000000 ||
	    (word & 0x7e000000) == 0x36000000)	/* b.cond, cbz and cbnz, tbz and tbnz */
		return SITE_BRANCH;
	if ((word & 0x1f000000) == 0x10000000)
		return SITE_ADDRESS;
	return SITE_STEPPED;
}

static void step_registers(struct decoder *d, struct step *s)
{
	cs_regs read, written;
	uint8_t n_read = 0, n_written = 0;
	bool x86 = d->arch == ELF_ARCH_X86_64;

	if (cs_regs_access(d->handle, d->insn, read, &n_read, written, &n_written)) {
		s->writes = s->touches = ~0u;
		return;
	}
	for (size_t i = 0; i < n_read; i++)
		s->touches |= x86 ? x86_register(read[i]) : arm64_register(read[i]);
	for (size_t i = 0; i < n_written; i++)
		s->writes |= x86 ? x86_register(written[i]) : arm64_register(written[i]);
	s->touches |= s->writes;
}

static void step_x86(struct decoder *d, const uint8_t *bytes, struct step *s)
{
	const cs_insn *insn = d->insn;
	const cs_x86 *detail = &insn->detail->x86;

	s->class = x86_class(bytes, insn->size);
	s->landing = insn->id == X86_INS_ENDBR64;
	s->call = cs_insn_group(d->handle, insn, CS_GRP_CALL);
	if (insn->id == X86_INS_PUSH)
		s->writes |= STACK;
	if ((s->call || cs_insn_group(d->handle, insn, CS_GRP_JUMP)) && detail->op_count == 1 &&
	    detail->operands[0].type == X86_OP_IMM)
		s->target = (uint64_t)detail->operands[0].imm;
	s->jump = insn->id == X86_INS_JMP;
	s->branch = !s->jump && !s->call && cs_insn_group(d->handle, insn, CS_GRP_JUMP);
	s->ends = s->jump || cs_insn_group(d->handle, insn, CS_GRP_RET) || insn->id == X86_INS_UD2 ||
		  insn->id == X86_INS_HLT || insn->id == X86_INS_INT3;
}

static void step_arm64(struct decoder *d, const uint8_t *bytes, struct step *s)
{
	const cs_insn *insn = d->insn;
	const cs_arm64 *detail = &insn->detail->arm64;
	uint32_t word = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
			(uint32_t)bytes[3] << 24;

	s->class = arm64_class(word);
	s->landing = (word & 0xffffff3f) == 0xd503241f;	/* bti, bti c, bti j, bti jc */
	if ((word & 0xfffff01f) == 0xd503201f && !s->landing && word != 0xd503201f)
		s->writes |= LINK;		/* a hint: paciasp and its kin sign x30 */
	s->call = s->class == SITE_CALL || insn->id == ARM64_INS_BLR;
	s->jump = s->class == SITE_JUMP || insn->id == ARM64_INS_BR;
	s->branch = s->class == SITE_BRANCH;
	if (s->call)
		s->writes |= LINK;
	s->touches |= s->writes;
	if (s->class == SITE_CALL || s->class == SITE_JUMP || s->branch)
		for (size_t i = 0; i < detail->op_count; i++)	/* the last immediate: tbz has a bit number before */
			if (detail->operands[i].type == ARM64_OP_IMM)
				s->target = (uint64_t)detail->operands[i].imm;
	s->ends = s->jump || insn->id == ARM64_INS_RET || insn->id == ARM64_INS_BRK;
}

static int decode(struct decoder *d, const struct code *code, uint64_t address, struct step *ret)
{
	const uint8_t *bytes;
	size_t n;
	struct step s = { .address = address };

	if (address < code->address || address - code->address >= code->n)
		return -EBADMSG;
	bytes = code->bytes + (address - code->address);
	n = code->n - (address - code->address);
	if (!cs_disasm_iter(d->handle, &(const uint8_t *){ bytes }, &n, &(uint64_t){ address }, d->insn))
		return -EBADMSG;
	s.next = address + d->insn->size;
	step_registers(d, &s);
	if (d->arch == ELF_ARCH_X86_64)
		step_x86(d, bytes, &s);
	else
		step_arm64(d, bytes, &s);
	*ret = s;
	return 0;
}

/* ---- the cheapest place */

/* Does any branch of the function lead to an instruction behind its entry, up to and including that address? */
static bool is_reentered(struct decoder *d, const struct code *code, uint64_t address)
{
	struct step s;

	for (uint64_t at = code->address; !decode(d, code, at, &s); at = s.next)
		if ((s.jump || s.branch) && s.target > code->address && s.target <= address)
			return true;
	return false;
}

static void place(const struct code *code, const struct step *s, bool ret_ok, bool landed, struct site_place *ret)
{
	unsigned behind = (unsigned)(s->address - code->address);

	*ret = (struct site_place){ .address = s->address, .class = s->class, .ret_ok = ret_ok };
	if (!behind)
		snprintf(ret->reason, sizeof(ret->reason), "first instruction, emulated");
	else if (landed)
		snprintf(ret->reason, sizeof(ret->reason), "behind the landing pad, emulated");
	else
		snprintf(ret->reason, sizeof(ret->reason), "prologue+%u, emulated, arguments intact", behind);
}

int site_choose(struct decoder *d, const struct code *code, struct site_need need, struct site_place *ret)
{
	unsigned wanted = (1u << need.arguments) - 1, writes = 0, touches = 0;
	uint64_t at = code->address;
	bool landed = true;
	struct step s;

	for (size_t i = 0; i < WALK && !decode(d, code, at, &s); i++, at = s.next) {
		bool ret_ok = !(writes & STACK) && !(touches & LINK);

		if ((writes & wanted) || (need.ret && !ret_ok))
			break;
		if (s.class != SITE_STEPPED) {
			if (at != code->address && is_reentered(d, code, at))
				break;
			place(code, &s, ret_ok, landed, ret);
			return 0;
		}
		if (s.ends || s.call || s.branch)
			break;
		landed = landed && s.landing;
		writes |= s.writes;
		touches |= s.touches;
	}
	if (decode(d, code, code->address, &s))
		return -EBADMSG;
	*ret = (struct site_place){ .address = code->address, .class = s.class, .ret_ok = true };
	snprintf(ret->reason, sizeof(ret->reason), "entry: nothing emulated before %s",
		 need.ret ? "the stack moves" : "the arguments are gone");
	return 0;
}

/* ---- whom does it call? */

struct path {
	uint64_t address;
	unsigned writes;
};

struct walk {
	struct path paths[PATHS];	/* still to be followed */
	size_t n_paths;
	uint8_t seen[LIMIT_FUNCTION / 8];
	uint64_t *found;
	size_t n_found, max;
};

static bool first_visit(struct walk *w, const struct code *code, uint64_t address)
{
	uint64_t at = address - code->address;

	if (address < code->address || at >= code->n || at >= LIMIT_FUNCTION || w->seen[at / 8] >> at % 8 & 1)
		return false;
	w->seen[at / 8] |= (uint8_t)(1 << at % 8);
	return true;
}

static void note_callee(struct walk *w, const struct step *s, unsigned writes)
{
	if (!s->target || writes & (ARGUMENT(0) | ARGUMENT(1)))
		return;
	for (size_t i = 0; i < w->n_found; i++)
		if (w->found[i] == s->target)
			return;
	if (w->n_found < w->max)
		w->found[w->n_found++] = s->target;
}

static bool inside(const struct code *code, uint64_t address)
{
	return address >= code->address && address - code->address < code->n;
}

static void follow(struct decoder *d, const struct code *code, struct path path, struct walk *w)
{
	struct step s;

	for (size_t i = 0; i < STEPS && first_visit(w, code, path.address); i++) {
		if (decode(d, code, path.address, &s))
			return;
		if (s.call || (s.jump && !inside(code, s.target))) {
			note_callee(w, &s, path.writes);
			return;
		}
		if (s.branch && s.target && w->n_paths < PATHS)
			w->paths[w->n_paths++] = (struct path){ s.target, path.writes | s.writes };
		if (s.ends && !s.jump)
			return;
		path.writes |= s.writes;
		path.address = s.jump ? s.target : s.next;
	}
}

int site_callees(struct decoder *d, const struct code *code, uint64_t ret[], size_t max)
{
	struct walk w = { .paths = { { code->address, 0 } }, .n_paths = 1, .found = ret, .max = max };

	while (w.n_paths)
		follow(d, code, w.paths[--w.n_paths], &w);
	return (int)w.n_found;
}

bool site_is_stub(struct decoder *d, const struct code *code)
{
	uint64_t at = code->address;
	struct step s;

	for (size_t i = 0; i < 5 && !decode(d, code, at, &s); i++, at = s.next) {
		if (s.jump)
			return !s.target;
		if (s.call || s.branch || s.ends || s.writes & (ARGUMENT(0) | ARGUMENT(1) | STACK))
			return false;
	}
	return false;
}
