/* SPDX-License-Identifier: Apache-2.0 */
/* Prologues as compilers write them, and as nobody should: where is the probe, and whom do they call? */
#include "tests/lib/unit.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "tap/site.h"

#define ADDRESS 0x400000ull
#define CODE(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })
#define ARM(w) (w) & 0xff, (w) >> 8 & 0xff, (w) >> 16 & 0xff, (uint32_t)(w) >> 24

#define ENDBR64 0xf3, 0x0f, 0x1e, 0xfa
#define PUSH_R14 0x41, 0x56
#define PUSH_RBP 0x55
#define SUB_RSP 0x48, 0x83, 0xec, 0x18
#define TEST_EDX 0x85, 0xd2
#define JS_10 0x78, 0x10
#define MOV_EDI_1 0xbf, 1, 0, 0, 0
#define XOR_ECX 0x31, 0xc9
#define CALL(to) 0xe8, (to), 0, 0, 0
#define JMP_BACK(n) 0xeb, (uint8_t)-(n)
#define RET 0xc3
#define NOP 0x90
#define NOP5 0x0f, 0x1f, 0x44, 0, 0

static const struct row {
	const char *name;
	enum elf_arch arch;
	const uint8_t *code;
	size_t n;
	struct site_need need;
	unsigned int at;
	enum site_class class;
	bool ret_ok;
} table[] = {
	{ "push first", ELF_ARCH_X86_64, CODE(PUSH_R14, PUSH_RBP, RET), { 4, true }, 0, SITE_PUSH, true },
	{ "behind the landing pad", ELF_ARCH_X86_64, CODE(ENDBR64, PUSH_RBP, RET), { 4, true }, 4, SITE_PUSH, true },
	{ "a test, then a branch", ELF_ARCH_X86_64, CODE(TEST_EDX, JS_10, PUSH_RBP, RET), { 3, true }, 2, SITE_BRANCH, true },
	{ "the stack moves: no return there", ELF_ARCH_X86_64, CODE(SUB_RSP, TEST_EDX, JS_10, RET), { 3, true }, 0, SITE_STEPPED, true },
	{ "the stack moves: an entry alone may", ELF_ARCH_X86_64, CODE(SUB_RSP, TEST_EDX, JS_10, RET), { 3, false }, 6, SITE_BRANCH, false },
	{ "its call, arguments intact", ELF_ARCH_X86_64, CODE(SUB_RSP, CALL(32), RET), { 3, false }, 4, SITE_CALL, false },
	{ "an argument is gone", ELF_ARCH_X86_64, CODE(MOV_EDI_1, PUSH_RBP, RET), { 1, true }, 0, SITE_STEPPED, true },
	{ "an argument nobody needs", ELF_ARCH_X86_64, CODE(XOR_ECX, PUSH_RBP, RET), { 3, true }, 2, SITE_PUSH, true },
	{ "the fourth argument is needed", ELF_ARCH_X86_64, CODE(XOR_ECX, PUSH_RBP, RET), { 4, true }, 0, SITE_STEPPED, true },
	{ "one-byte nop", ELF_ARCH_X86_64, CODE(NOP, RET), { 1, true }, 0, SITE_NOP, true },
	{ "five-byte nop is stepped", ELF_ARCH_X86_64, CODE(NOP5, PUSH_RBP, RET), { 1, true }, 5, SITE_PUSH, true },
	{ "a loop comes back behind the entry", ELF_ARCH_X86_64, CODE(TEST_EDX, PUSH_RBP, 0x5d, JMP_BACK(4)), { 1, true }, 0, SITE_STEPPED, true },
	{ "nothing but a return", ELF_ARCH_X86_64, CODE(RET), { 1, true }, 0, SITE_STEPPED, true },
	{ "a jump", ELF_ARCH_X86_64, CODE(0xeb, 0x20), { 1, true }, 0, SITE_JUMP, true },
	/* stp x29, x30, [sp, #-32]!; b */
	{ "arm64: x30 is saved", ELF_ARCH_ARM64, CODE(ARM(0xa9be7bfdu), ARM(0x14000004u)), { 3, true }, 0, SITE_STEPPED, true },
	{ "arm64: x30 is saved, an entry alone", ELF_ARCH_ARM64, CODE(ARM(0xa9be7bfdu), ARM(0x14000004u)), { 3, false }, 4, SITE_JUMP, false },
	/* cbz x0, +8 */
	{ "arm64: a branch", ELF_ARCH_ARM64, CODE(ARM(0xb4000040u), ARM(0xd65f03c0u)), { 3, true }, 0, SITE_BRANCH, true },
	/* bti c; b */
	{ "arm64: behind the landing pad", ELF_ARCH_ARM64, CODE(ARM(0xd503245fu), ARM(0x14000004u)), { 3, true }, 4, SITE_JUMP, true },
	/* paciasp; b */
	{ "arm64: x30 is signed", ELF_ARCH_ARM64, CODE(ARM(0xd503233fu), ARM(0x14000004u)), { 3, true }, 0, SITE_STEPPED, true },
	/* adrp x8 */
	{ "arm64: an address", ELF_ARCH_ARM64, CODE(ARM(0x90000008u), ARM(0xd65f03c0u)), { 3, true }, 0, SITE_ADDRESS, true },
	/* mov x0, x3; b */
	{ "arm64: an argument is gone", ELF_ARCH_ARM64, CODE(ARM(0xaa0303e0u), ARM(0x14000004u)), { 1, true }, 0, SITE_STEPPED, true },
};

static void test_places(void **state)
{
	(void)state;
	EACH(row, table) {
		struct code code = { row->code, row->n, ADDRESS };
		struct site_place place;
		struct decoder *d;

		assert_int_equal(decoder_new(row->arch, &d), 0);
		if (site_choose(d, &code, row->need, &place) || place.address != ADDRESS + row->at ||
		    place.class != row->class || place.ret_ok != row->ret_ok)
			fail_msg("%s: at %d, class %d, return %d (%s)", row->name, (int)(place.address - ADDRESS),
				 place.class, place.ret_ok, place.reason);
		assert_true(place.reason[0]);
		decoder_free(d);
	}
}

/* Bytes that end anywhere, at the end of what may be read: a place within them, or none. */
static void test_every_prefix(void **state)
{
	long page = sysconf(_SC_PAGESIZE);
	uint8_t *p = mmap(NULL, (size_t)page * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	mprotect(p + page, (size_t)page, PROT_NONE);
	EACH(row, table) {
		for (size_t n = 0; n <= row->n; n++) {
			struct code code = { p + page - n, n, ADDRESS };
			struct site_place place;
			uint64_t found[4];
			struct decoder *d;

			memcpy(p + page - n, row->code, n);
			assert_int_equal(decoder_new(row->arch, &d), 0);
			if (!site_choose(d, &code, row->need, &place))
				assert_in_range(place.address, ADDRESS, ADDRESS + n - 1);
			else
				assert_true(n < 6);
			assert_true(site_callees(d, &code, found, 4) <= 4);
			site_is_stub(d, &code);
			decoder_free(d);
		}
	}
	munmap(p, (size_t)page * 2);
}

static void test_noise(void **state)
{
	uint8_t bytes[512];
	unsigned int seed = 1;

	(void)state;
	for (int round = 0; round < 400; round++) {
		struct code code = { bytes, sizeof(bytes), ADDRESS };
		struct site_place place;
		uint64_t found[8];
		struct decoder *d;

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)((seed = seed * 1103515245 + 12345) >> 16);
		assert_int_equal(decoder_new(round & 1 ? ELF_ARCH_X86_64 : ELF_ARCH_ARM64, &d), 0);
		if (!site_choose(d, &code, (struct site_need){ 3, true }, &place))
			assert_in_range(place.address, ADDRESS, ADDRESS + sizeof(bytes) - 1);
		assert_in_range(site_callees(d, &code, found, 8), 0, 8);
		decoder_free(d);
	}
}

static void test_callees(void **state)
{
	const struct { const char *name; const uint8_t *code; size_t n; int found; uint64_t first; } rows[] = {
		{ "a call", CODE(SUB_RSP, CALL(0x40), RET), 1, ADDRESS + 9 + 0x40 },
		{ "a tail call", CODE(0xe9, 0x80, 0, 0, 0), 1, ADDRESS + 5 + 0x80 },
		{ "on either side of a branch", CODE(TEST_EDX, 0x78, 0x06, CALL(0x40), RET, CALL(0x60), RET), 2, ADDRESS + 9 + 0x40 },
		{ "behind a changed argument", CODE(MOV_EDI_1, CALL(0x40), RET), 0, 0 },
		{ "through a register", CODE(0xff, 0xd0, RET), 0, 0 },
		{ "a loop without an end", CODE(0xeb, 0xfe), 0, 0 },
	};

	(void)state;
	EACH(row, rows) {
		struct code code = { row->code, row->n, ADDRESS };
		uint64_t found[4] = { 0 };
		struct decoder *d;
		int n;

		assert_int_equal(decoder_new(ELF_ARCH_X86_64, &d), 0);
		n = site_callees(d, &code, found, 4);
		if (n != row->found || (n && found[0] != row->first && found[1] != row->first))
			fail_msg("%s: %d found, first %#llx", row->name, n, (unsigned long long)found[0]);
		decoder_free(d);
	}
}

static void test_stubs(void **state)
{
	const struct { const uint8_t *code; size_t n; bool stub; } rows[] = {
		{ CODE(0xff, 0x25, 0, 0x10, 0, 0), true },			/* jmp *0x1000(%rip) */
		{ CODE(ENDBR64, 0xf2, 0xff, 0x25, 0, 0x10, 0, 0), true },	/* bnd */
		{ CODE(PUSH_RBP, 0xff, 0x25, 0, 0x10, 0, 0), false },
		{ CODE(0xe9, 0x80, 0, 0, 0), false }, { CODE(RET), false },
	};

	(void)state;
	EACH(row, rows) {
		struct code code = { row->code, row->n, ADDRESS };
		struct decoder *d;

		assert_int_equal(decoder_new(ELF_ARCH_X86_64, &d), 0);
		assert_int_equal(site_is_stub(d, &code), row->stub);
		decoder_free(d);
	}
}

static void test_no_memory(void **state)
{
	struct decoder *d;

	(void)state;
	mem_fail_at(1);
	assert_int_equal(decoder_new(ELF_ARCH_X86_64, &d), -ENOMEM);
	assert_null(decoder_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places), cmocka_unit_test(test_every_prefix), cmocka_unit_test(test_noise),
		cmocka_unit_test(test_callees), cmocka_unit_test(test_stubs), cmocka_unit_test(test_no_memory),
	};

	return RUN(tests);
}
