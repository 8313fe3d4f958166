/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include "tap/version.h"
#include "tests/lib/made_elf.h"

static int version(const char *rodata, size_t n, const char *symbol, struct version *ret)
{
	struct made_elf elf = { .code = "\xc3", .code_size = 1, .rodata = rodata, .rodata_size = n };
	struct elf_file *file;
	int fd, error;

	elf.symbols[0] = (struct made_symbol){ symbol, 0, 1 };
	fd = made_elf_fd(&elf);
	assert_int_equal(elf_file_open(fd, &file), 0);
	error = version_of(file, ret);
	elf_file_close(file);
	close(fd);
	return error;
}

static void test_text(void **state)
{
	static const struct { const char *text; enum version_maker maker; int major, minor, patch; const char *name; } table[] = {
		{ "OpenSSL 1.1.1w  11 Sep 2023", MAKER_OPENSSL, 1, 1, 1, "OpenSSL 1.1.1w" },
		{ "OpenSSL 3.0.19 27 Jan 2026", MAKER_OPENSSL, 3, 0, 19, "OpenSSL 3.0.19" },
		{ "OpenSSL 3.5.0-beta1 1 Apr 2025", MAKER_OPENSSL, 3, 5, 0, "OpenSSL 3.5.0" },
		{ "see OpenSSL x, OpenSSL 3.x and OpenSSL 3.2.1 30 Jan", MAKER_OPENSSL, 3, 2, 1, "OpenSSL 3.2.1" },
		{ "LibreSSL 3.8.2", MAKER_LIBRESSL, 3, 8, 2, "LibreSSL 3.8.2" },
		{ "OpenSSL 1.1.1 (compatible; BoringSSL)", MAKER_BORINGSSL, 0, 0, 0, "BoringSSL" },
	};

	(void)state;
	EACH(row, table) {
		struct version v;

		assert_int_equal(version(row->text, strlen(row->text) + 1, "f", &v), 0);
		assert_int_equal(v.maker, row->maker);
		assert_string_equal(v.text, row->name);
		if (row->maker != MAKER_BORINGSSL) {
			assert_int_equal(v.major, row->major);
			assert_int_equal(v.minor, row->minor);
			assert_int_equal(v.patch, row->patch);
		}
	}
}

/* Nothing in the constants: symbol versions are a lower bound. */
static void test_bound(void **state)
{
	static const struct { const char *symbol; int error; const char *name; } table[] = {
		{ "SSL_write@@OPENSSL_3.0.0", 0, "OpenSSL 3.0.0 or newer" },
		{ "SSL_write@@OPENSSL_1_1_1", 0, "OpenSSL 1.1.1 or newer" },
		{ "OPENSSL_999.1.1", -ENOENT, "" }, { "OPENSSL_init_ssl", -ENOENT, "" }, { "OPENSSL_3.", -ENOENT, "" },
		{ "f", -ENOENT, "" },
	};

	(void)state;
	EACH(row, table) {
		struct version v = { 0 };

		assert_int_equal(version("OpenSSL 3", 9, row->symbol, &v), row->error);
		assert_string_equal(v.text, row->name);
	}
}

/* A text that is cut off by the end of the section is none. */
static void test_every_prefix(void **state)
{
	static const char text[] = "OpenSSL 3.0.19 27";

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		struct version v;

		assert_int_equal(version(text, n, "f", &v), n < 15 ? -ENOENT : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text), cmocka_unit_test(test_bound), cmocka_unit_test(test_every_prefix),
	};

	return RUN(tests);
}
