/* SPDX-License-Identifier: Apache-2.0 */
/* From a file to its sites: made files of every shape, and the libraries of this machine. */
#include "tests/lib/unit.h"

#include <capstone/capstone.h>

#include "base/mem.h"
#include "tap/linker.h"
#include "tap/target.h"
#include "tests/lib/made_elf.h"

static int inspect(const struct made_elf *elf, struct target *ret)
{
	int fd = made_elf_fd(elf), error = target_inspect(fd, ret);

	close(fd);
	return error;
}

static const struct site *site_of(const struct target *target, enum site_role role)
{
	for (size_t i = 0; i < target->n_sites; i++)
		if (target->sites[i].role == role)
			return &target->sites[i];
	return NULL;
}

static const struct made_elf libssl = MADE_LIBSSL;

static void test_internals(void **state)
{
	const struct site *site;
	struct target t;

	(void)state;
	assert_int_equal(inspect(&libssl, &t), 0);
	assert_int_equal(t.library, EVENT_LIBRARY_OPENSSL);
	assert_string_equal(t.version, "OpenSSL 3.1.4");
	assert_true(t.major == 3 && t.minor == 1 && t.patch == 4);
	assert_int_equal(t.build_id_len, 4);
	assert_int_equal(t.n_sites, 4);
	site = site_of(&t, SITE_WRITE_INTERNAL);
	assert_non_null(site);
	assert_int_equal(site->entry, MADE_OFFSET + 4 * MADE_SLOT);
	assert_int_equal(site->class, SITE_PUSH);
	assert_int_equal(site->done_arg, 3);
	assert_true(site->ret_ok);
	site = site_of(&t, SITE_READ_INTERNAL);
	assert_non_null(site);
	assert_int_equal(site->entry, MADE_OFFSET + 5 * MADE_SLOT);
	assert_non_null(site_of(&t, SITE_NEW));
	assert_non_null(site_of(&t, SITE_FREE));
	/* nothing is seen twice */
	assert_null(site_of(&t, SITE_WRITE));
	assert_null(site_of(&t, SITE_READ_EX));
}

/* 3.3 gave ssl_write_internal its flags, by symbol or by version. */
static void test_flags_before_done(void **state)
{
	struct made_elf by_version = MADE_LIBSSL, by_symbol = MADE_LIBSSL;
	struct target t;

	(void)state;
	by_version.rodata = "\0OpenSSL 3.4.0 22 Oct 2024";
	assert_int_equal(inspect(&by_version, &t), 0);
	assert_int_equal(site_of(&t, SITE_WRITE_INTERNAL)->done_arg, 4);
	assert_int_equal(site_of(&t, SITE_READ_INTERNAL)->done_arg, 3);
	by_symbol.symbols[1].name = "SSL_write_ex2";
	assert_int_equal(inspect(&by_symbol, &t), 0);
	assert_int_equal(site_of(&t, SITE_WRITE_INTERNAL)->done_arg, 4);
}

static void test_fallback(void **state)
{
	/* what the two call has nothing in common, as where the compiler has inlined it */
	static const uint8_t apart[] = {
		MADE_CALL(0, 4), MADE_PLAIN, MADE_CALL(2, 5), MADE_PLAIN, MADE_PLAIN, MADE_PLAIN, MADE_PLAIN, MADE_PLAIN };
	/* the write and the read side call one and the same: ERR_new, or the like */
	static const uint8_t shared[] = {
		MADE_CALL(0, 4), MADE_CALL(1, 4), MADE_CALL(2, 4), MADE_CALL(3, 4), MADE_PLAIN, MADE_PLAIN, MADE_PLAIN, MADE_PLAIN };
	static const uint8_t *const codes[] = { apart, shared };

	(void)state;
	EACH(code, codes) {
		struct made_elf elf = MADE_LIBSSL;
		struct target t;

		elf.code = *code;
		assert_int_equal(inspect(&elf, &t), 0);
		assert_null(site_of(&t, SITE_WRITE_INTERNAL));
		assert_null(site_of(&t, SITE_READ_INTERNAL));
		assert_int_equal(site_of(&t, SITE_WRITE)->done_arg, 0);
		assert_int_equal(site_of(&t, SITE_READ)->entry, MADE_OFFSET + 2 * MADE_SLOT);
		assert_int_equal(site_of(&t, SITE_WRITE_EX)->done_arg, 3);
		assert_int_equal(site_of(&t, SITE_READ_EX)->done_arg, 3);
	}
}

static void test_other_makers(void **state)
{
	struct made_elf libre = MADE_LIBSSL, boring = MADE_LIBSSL;
	struct target t;

	(void)state;
	libre.rodata = "\0LibreSSL 3.8.2\0          ";
	assert_int_equal(inspect(&libre, &t), 0);
	assert_non_null(site_of(&t, SITE_WRITE));
	assert_null(site_of(&t, SITE_WRITE_EX));	/* it calls SSL_write */
	boring.rodata = "\0OpenSSL 1.1.1 (compatible; BoringSSL)";
	boring.rodata_size = 39;
	assert_int_equal(inspect(&boring, &t), 0);
	assert_int_equal(t.library, EVENT_LIBRARY_BORINGSSL);
	assert_non_null(site_of(&t, SITE_WRITE));
	assert_null(site_of(&t, SITE_WRITE_INTERNAL));
}

static void test_blind(void **state)
{
	static const struct { const char *symbol; enum event_library library; const char *name; } table[] = {
		{ "gnutls_record_send", EVENT_LIBRARY_GNUTLS, "GnuTLS" }, { "SSL_ImportFD", EVENT_LIBRARY_NSS, "NSS" },
		{ "JNI_CreateJavaVM", EVENT_LIBRARY_NONE, "Java" },
	};

	(void)state;
	EACH(row, table) {
		struct made_elf elf = { .code = "\xc3", .code_size = 1, .symbols = { { row->symbol, 0, 1 } } };
		struct target t;

		assert_int_equal(inspect(&elf, &t), 0);
		assert_int_equal(t.n_sites, 0);
		assert_int_equal(t.library, row->library);
		assert_string_equal(t.version, row->name);
	}
}

static void test_nothing_to_see(void **state)
{
	struct made_elf plain = { .code = "\xc3", .code_size = 1, .symbols = { { "main", 0, 1 } } };
	struct made_elf client = { .code = "\xc3", .code_size = 1, .symbols = { { "SSL_write", MADE_NEEDED, 0 } } };
	struct made_elf folded = MADE_LIBSSL, outside = MADE_LIBSSL;
	struct target t = { .n_sites = 77 };

	(void)state;
	assert_int_equal(inspect(&plain, &t), -ENOENT);
	assert_int_equal(inspect(&client, &t), -ENOENT);
	folded.symbols[5].at = folded.symbols[4].at;	/* two functions at one address */
	assert_int_equal(inspect(&folded, &t), -EBADMSG);
	outside.symbols[5].at = 1 << 20;		/* not in the code */
	assert_true(inspect(&outside, &t) < 0);
	assert_int_equal(t.n_sites, 77);		/* set on success alone */
}

static void test_truncated_at_every_length(void **state)
{
	struct made_file f = made_elf(&libssl);
	int good = 0;

	(void)state;
	for (size_t n = 0; n < f.n; n++) {
		struct target t;
		int fd = made_fd(f.p, n);

		good += !target_inspect(fd, &t);
		close(fd);
	}
	assert_int_equal(good, 0);	/* the table of sections stands last */
	free(f.p);
}

static void test_every_byte_wrong(void **state)
{
	struct made_file f = made_elf(&libssl);

	(void)state;
	for (size_t at = 0; at < f.n; at++) {
		uint8_t was = f.p[at];
		struct target t;
		int fd;

		if (at > 200 && at < MADE_OFFSET)
			continue;
		f.p[at] ^= 0xff;
		fd = made_fd(f.p, f.n);
		if (!target_inspect(fd, &t))
			for (size_t i = 0; i < t.n_sites; i++)	/* within the code, whatever the file claims */
				assert_in_range(t.sites[i].offset, 0, f.n - 1);
		f.p[at] = was;
		close(fd);
	}
	free(f.p);
}

static void test_no_memory(void **state)
{
	struct target t;

	(void)state;
	for (uint64_t nth = 1; nth < 5; nth++) {
		int fd = made_elf_fd(&libssl), error;

		mem_fail_at(nth);
		error = target_inspect(fd, &t);
		mem_fail_at(0);
		assert_true(error == -ENOMEM);
		close(fd);
	}
}

/* ---- this machine's own */

/* Decoded from the function's beginning, independently of tap/site: does an instruction begin there? */
static bool at_boundary(int fd, const struct site *site, cs_arch arch, cs_mode mode)
{
	uint8_t code[256];
	ssize_t n = pread(fd, code, sizeof(code), (off_t)site->entry);
	uint64_t at = site->entry;
	const uint8_t *p = code;
	size_t left = n > 0 ? (size_t)n : 0;
	bool found = false;
	cs_insn *insn;
	csh handle;

	assert_int_equal(cs_open(arch, mode, &handle), 0);
	insn = cs_malloc(handle);
	do
		found = at == site->offset;
	while (!found && cs_disasm_iter(handle, &p, &left, &at, insn));
	cs_free(insn, 1);
	cs_close(&handle);
	return found;
}

static void check_real(void *ctx, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct target t;

	if (fd < 0)
		return;
	if (!target_inspect(fd, &t) && t.n_sites) {
		++*(int *)ctx;
		assert_true(site_of(&t, SITE_WRITE_INTERNAL) || site_of(&t, SITE_WRITE));
		assert_true(site_of(&t, SITE_READ_INTERNAL) || site_of(&t, SITE_READ));
		assert_non_null(site_of(&t, SITE_NEW));
		assert_non_null(site_of(&t, SITE_FREE));
		assert_non_null(site_of(&t, SITE_CTRL));
		for (size_t i = 0; i < t.n_sites; i++) {
#ifdef __aarch64__
			assert_true(at_boundary(fd, &t.sites[i], CS_ARCH_ARM64, CS_MODE_ARM));
#else
			assert_true(at_boundary(fd, &t.sites[i], CS_ARCH_X86, CS_MODE_64));
#endif
		}
	}
	close(fd);
}

static void test_libraries_of_this_machine(void **state)
{
	int n = 0;

	(void)state;
	linker_each(check_real, &n);
	assert_true(n > 0);	/* tools/setup installs one */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_internals), cmocka_unit_test(test_flags_before_done), cmocka_unit_test(test_fallback),
		cmocka_unit_test(test_other_makers), cmocka_unit_test(test_blind), cmocka_unit_test(test_nothing_to_see),
		cmocka_unit_test(test_truncated_at_every_length), cmocka_unit_test(test_every_byte_wrong),
		cmocka_unit_test(test_no_memory), cmocka_unit_test(test_libraries_of_this_machine),
	};

	return RUN(tests);
}
