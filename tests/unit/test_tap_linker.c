/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "tap/linker.h"

static void add(void *ctx, const char *path)
{
	char *all = ctx;

	strncat(all, path, 1000 - strlen(all));
	strncat(all, ";", 1000 - strlen(all));
}

#define BYTES(s) { s, sizeof(s) - 1 }

static void test_cache(void **state)
{
	static const struct { struct str bytes; const char *paths; } table[] = {
		{ BYTES(""), "" },
		{ BYTES("\0\0\0"), "" },
		{ BYTES("glibc-ld.so.cache1.1\0\1\2\3libssl.so.3\0/usr/lib/libssl.so.3\0libc.so.6\0/lib/libc.so.6\0"), "/usr/lib/libssl.so.3;" },
		{ BYTES("/opt/x/libssl.so\0/opt/y/libssl.so.1.1\0/a/libssl-9e3b.so.3\0"), "/opt/x/libssl.so;/opt/y/libssl.so.1.1;/a/libssl-9e3b.so.3;" },
		{ BYTES("libssl.so.3\0"), "" },			/* no path */
		{ BYTES("/usr/lib/mylibssl.so.3\0"), "" },
		{ BYTES("/usr/lib/libssl.so.3/other\0"), "" },
		{ BYTES("/usr/lib/libssl.so.3"), "/usr/lib/libssl.so.3;" },	/* the end is missing */
		{ BYTES("/usr/lib/\1\2/libssl.so.3\0"), "" },		/* control bytes */
	};

	(void)state;
	EACH(row, table) {
		char all[1024] = "";

		linker_cache(row->bytes, add, all);
		assert_string_equal(all, row->paths);
	}
}

static void test_endless_path(void **state)
{
	char *bytes = malloc(2 * PATH_MAX), all[1024] = "";

	(void)state;
	memset(bytes, 'a', 2 * PATH_MAX);
	bytes[0] = '/';
	memcpy(bytes + 2 * PATH_MAX - 12, "/libssl.so.3", 12);
	linker_cache((struct str){ bytes, 2 * PATH_MAX }, add, all);
	assert_string_equal(all, "");
	free(bytes);
}

static void count(void *ctx, const char *path)
{
	assert_int_equal(path[0], '/');
	++*(int *)ctx;
}

static void test_this_system(void **state)
{
	int n = 0;

	(void)state;
	linker_each(count, &n);
	assert_true(n >= 6);	/* the usual places are always tried */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cache), cmocka_unit_test(test_endless_path), cmocka_unit_test(test_this_system),
	};

	return RUN(tests);
}
