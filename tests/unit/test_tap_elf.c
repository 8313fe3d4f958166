/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include "base/mem.h"
#include "tap/elf.h"
#include "tests/lib/made_elf.h"

static const struct made_elf libssl = MADE_LIBSSL;

static void test_finds_functions(void **state)
{
	static const char *const names[] = { "SSL_write", "SSL_read", "SSL_peek", "SSL_free" };
	struct elf_symbol found[4];
	struct elf_file *file;
	int fd = made_elf_fd(&libssl);

	(void)state;
	assert_int_equal(elf_file_open(fd, &file), 0);
	assert_int_equal(elf_file_arch(file), ELF_ARCH_X86_64);
	assert_false(elf_file_is_program(file));
	assert_int_equal(elf_file_find(file, names, 4, found), 3);
	assert_int_equal(found[0].address, MADE_ADDRESS);	/* the symbol's version is no part of its name */
	assert_int_equal(found[1].address, MADE_ADDRESS + 2 * MADE_SLOT);
	assert_int_equal(found[1].size, MADE_SLOT);
	assert_int_equal(found[2].address, 0);
	assert_true(elf_file_is_other(file, MADE_ADDRESS, "ssl_write_internal"));
	assert_false(elf_file_is_other(file, MADE_ADDRESS, "SSL_write"));
	assert_false(elf_file_is_other(file, MADE_ADDRESS + 4 * MADE_SLOT, "ssl_write_internal"));
	elf_file_close(file);
	close(fd);
}

static void test_needed_functions_are_not_defined(void **state)
{
	static const char *const names[] = { "SSL_write" };
	struct made_elf client = { .code = "\xc3", .code_size = 1, .symbols = { { "SSL_write", MADE_NEEDED, 0 } } };
	struct elf_symbol found;
	struct elf_file *file;
	int fd = made_elf_fd(&client);

	(void)state;
	assert_int_equal(elf_file_open(fd, &file), 0);
	assert_int_equal(elf_file_find(file, names, 1, &found), 0);
	elf_file_close(file);
	close(fd);
}

static void test_addresses_and_bytes(void **state)
{
	int fd = made_elf_fd(&libssl);
	uint8_t bytes[1024], id[20];
	struct elf_file *file;
	uint64_t offset;

	(void)state;
	assert_int_equal(elf_file_open(fd, &file), 0);
	assert_int_equal(elf_file_offset(file, MADE_ADDRESS + 5, &offset), 0);
	assert_int_equal(offset, MADE_OFFSET + 5);
	assert_int_equal(elf_file_offset(file, MADE_ADDRESS - 1, &offset), -ENOENT);
	assert_int_equal(elf_file_offset(file, MADE_ADDRESS + sizeof(made_libssl_code), &offset), -ENOENT);
	assert_int_equal(elf_file_code(file, MADE_ADDRESS, bytes, sizeof(bytes)), sizeof(made_libssl_code));
	assert_memory_equal(bytes, made_libssl_code, sizeof(made_libssl_code));
	assert_int_equal(elf_file_code(file, 0, bytes, 1), -ENOENT);
	assert_int_equal(elf_file_build_id(file, id, sizeof(id)), 4);
	assert_memory_equal(id, "\xde\xad\xbe\xef", 4);
	assert_int_equal(elf_file_build_id(file, id, 3), 0);	/* has no room: none */
	elf_file_close(file);
	close(fd);
}

static bool contains(void *ctx, struct str bytes)
{
	return str_find(bytes, str_of(ctx)) >= 0;
}

/* Wherever a text stands, also across the edge of two windows, it is seen whole. */
static void test_scan(void **state)
{
	static char rodata[600000];
	struct made_elf elf = { .code = "\xc3", .code_size = 1, .rodata = rodata, .rodata_size = sizeof(rodata) };

	(void)state;
	for (size_t at = 262100; at < 262160; at += 7) {
		struct elf_file *file;
		int fd;

		memset(rodata, 0, sizeof(rodata));
		memcpy(rodata + at, "needle in here", 14);
		fd = made_elf_fd(&elf);
		assert_int_equal(elf_file_open(fd, &file), 0);
		assert_int_equal(elf_file_scan(file, ".rodata", contains, "needle in here"), 1);
		assert_int_equal(elf_file_scan(file, ".rodata", contains, "haystack"), 0);
		assert_int_equal(elf_file_scan(file, ".none", contains, "x"), -ENOENT);
		elf_file_close(file);
		close(fd);
	}
}

/* All that can be asked of a file, whatever it answers. */
static void ask(const void *p, size_t n)
{
	static const char *const names[] = { "SSL_write", "SSL_read" };
	struct elf_symbol found[2];
	uint8_t bytes[64];
	struct elf_file *file;
	int fd = made_fd(p, n);

	if (!elf_file_open(fd, &file)) {
		if (elf_file_find(file, names, 2, found) > 0)
			elf_file_code(file, found[0].address, bytes, sizeof(bytes));
		elf_file_is_other(file, MADE_ADDRESS, "x");
		elf_file_build_id(file, bytes, 20);
		elf_file_scan(file, ".rodata", contains, "needle");
		elf_file_close(file);
	}
	close(fd);
}

static void test_truncated_at_every_length(void **state)
{
	struct made_file f = made_elf(&libssl);

	(void)state;
	for (size_t n = 0; n < f.n; n++)
		ask(f.p, n);
	free(f.p);
}

static void test_every_byte_wrong(void **state)
{
	static const uint8_t wrong[] = { 0, 0x7f, 0x80, 0xff };
	struct made_file f = made_elf(&libssl);

	(void)state;
	for (size_t at = 0; at < f.n; at++) {
		uint8_t was = f.p[at];

		if (at > 200 && at < MADE_OFFSET)	/* padding */
			continue;
		EACH(w, wrong) {
			f.p[at] = *w;
			ask(f.p, f.n);
		}
		f.p[at] = was;
	}
	free(f.p);
}

static void test_refuses(void **state)
{
	static const struct { size_t at; const char *bytes; size_t n; int error; } table[] = {
		{ 0, "#!/b", 4, -ENOEXEC }, { EI_CLASS, "\1", 1, -ENOTSUP }, { EI_DATA, "\2", 1, -ENOTSUP },
		{ 18, "\x03", 1, -ENOTSUP },		/* e_machine: i386 */
		{ 16, "\x01", 1, -ENOTSUP },		/* e_type: a relocatable object */
		{ 60, "\0", 1, -EFBIG },		/* e_shnum 0 with a table: above 65,279 sections */
		{ 58, "\x41", 1, -EBADMSG },		/* e_shentsize */
		{ 64 + 8, "\xff\xff\xff\xff\xff\xff\xff\x7f", 8, -EBADMSG },	/* the segment's offset */
		{ 64 + 32, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, -EBADMSG },	/* and its size */
	};

	(void)state;
	EACH(row, table) {
		struct made_file f = made_elf(&libssl);
		struct elf_file *file;
		int fd;

		memcpy(f.p + row->at, row->bytes, row->n);
		fd = made_fd(f.p, f.n);
		assert_int_equal(elf_file_open(fd, &file), row->error);
		close(fd);
		free(f.p);
	}
}

static void test_no_regular_file(void **state)
{
	struct elf_file *file;
	int fd = open("/dev/zero", O_RDONLY);

	(void)state;
	assert_int_equal(elf_file_open(fd, &file), -ENOEXEC);
	close(fd);
	assert_true(elf_file_open(-1, &file) < 0);
	assert_null(elf_file_close(NULL));
}

static void test_no_memory(void **state)
{
	struct elf_file *file;
	int fd = made_elf_fd(&libssl);

	(void)state;
	mem_fail_at(1);
	assert_int_equal(elf_file_open(fd, &file), -ENOMEM);
	assert_int_equal(elf_file_open(fd, &file), 0);
	mem_fail_at(1);
	assert_int_equal(elf_file_scan(file, ".rodata", contains, "x"), -ENOMEM);
	elf_file_close(file);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_functions), cmocka_unit_test(test_needed_functions_are_not_defined),
		cmocka_unit_test(test_addresses_and_bytes), cmocka_unit_test(test_scan),
		cmocka_unit_test(test_truncated_at_every_length), cmocka_unit_test(test_every_byte_wrong),
		cmocka_unit_test(test_refuses), cmocka_unit_test(test_no_regular_file), cmocka_unit_test(test_no_memory),
	};

	return RUN(tests);
}
