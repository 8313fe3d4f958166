/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tap/maps.h"

static const char line[] = "7f00a000-7f00b000 r-xp 00001000 fe:02 1234                       /usr/lib/libssl.so.3";

static void test_lines(void **state)
{
	static const struct { const char *text; int error; } table[] = {
		{ line, 0 },
		{ "7f00a000-7f00b000 r--p 00001000 fe:00 1234   /usr/lib/libssl.so.3", -ENOENT },	/* not to execute */
		{ "7f00a000-7f00b000 rwxp 00000000 00:00 0 ", -ENOENT },		/* no file */
		{ "7f00a000-7f00b000 r-xp 00000000 00:00 0   [vdso]", -ENOENT },
		{ "7f00a000-7f00b000 r-xp 00000000 00:05 77   anon_inode:[x]", -ENOENT },
		{ "", -EBADMSG }, { "hello", -EBADMSG }, { "7f00a000", -EBADMSG }, { "-7f00b000 r-xp", -EBADMSG },
		{ "7f00a000-7f00b000 r-x 00001000 fe:00 1234 /x", -EBADMSG },
		{ "7F00A000-7f00b000 r-xp 00001000 fe:00 1234 /x", -EBADMSG },
		{ "7f00a000-7f00b000 r-xp 00001000 fe:00 12x4 /x", -EBADMSG },
		{ "7f00a000-7f00b000 r-xp 00001000 fe:00 99999999999999999999999 /x", -EBADMSG },
		{ "11112222333344445-7f00b000 r-xp 00001000 fe:00 1234 /x", -EBADMSG },	/* 17 digits */
	};

	(void)state;
	EACH(row, table) {
		struct mapping m;

		assert_int_equal(maps_line(str_of(row->text), &m), row->error);
	}
}

static void test_what_a_line_says(void **state)
{
	struct mapping m;

	(void)state;
	assert_int_equal(maps_line(str_of(line), &m), 0);
	assert_int_equal(m.start, 0x7f00a000);
	assert_int_equal(m.end, 0x7f00b000);
	assert_int_equal(m.device, makedev(0xfe, 2));
	assert_int_equal(m.inode, 1234);
	assert_true(str_eq(m.path, STR("/usr/lib/libssl.so.3")));
	assert_false(m.deleted);
	assert_int_equal(maps_line(STR("1-2 r-xp 0 0:1 9 /a name (deleted) (deleted)"), &m), 0);
	assert_true(m.deleted);
	assert_true(str_eq(m.path, STR("/a name (deleted)")));
}

/* Every piece of the line, at the end of what may be read. */
static void test_every_prefix(void **state)
{
	long page = sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, (size_t)page * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	mprotect(p + page, (size_t)page, PROT_NONE);
	for (size_t n = 0; n < sizeof(line); n++) {
		char *at = p + page - n;
		struct mapping m;
		int error;

		memcpy(at, line, n);
		error = maps_line((struct str){ at, n }, &m);
		/* up to the slash it is none; from then on the path is what there is of it */
		assert_true(n < 66 ? error == -EBADMSG || error == -ENOENT : error == 0);
	}
	munmap(p, (size_t)page * 2);
}

struct seen {
	uint64_t inode;
	struct mapping mapping;
	char path[512];
	int n;
};

static void note(void *ctx, pid_t pid, const struct mapping *m)
{
	struct seen *seen = ctx;

	assert_int_equal(pid, getpid());
	if (m->inode != seen->inode)
		return;
	seen->n++;
	seen->mapping = *m;
	str_copy(seen->path, sizeof(seen->path), m->path);
	seen->mapping.path = str_of(seen->path);
}

static void test_own_mappings(void **state)
{
	char name[] = "/tmp/test_tap_maps.XXXXXX";
	struct seen seen = { 0 };
	struct stat st;
	int fd = mkstemp(name), opened;
	void *p;

	(void)state;
	assert_true(fd >= 0 && !ftruncate(fd, 4096) && !fstat(fd, &st));
	seen.inode = st.st_ino;
	p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	assert_int_equal(maps_read(getpid(), note, &seen), 0);
	assert_int_equal(seen.n, 1);
	assert_string_equal(seen.path, name);
	opened = mapping_open(getpid(), &seen.mapping);
	assert_true(opened >= 0);
	close(opened);
	/* another file under that name is not the one that is mapped */
	unlink(name);
	close(open(name, O_CREAT | O_WRONLY, 0600));
	opened = mapping_open(getpid(), &seen.mapping);
	if (opened >= 0) {	/* through map_files, which needs a privilege */
		struct stat now;

		assert_int_equal(fstat(opened, &now), 0);
		assert_int_equal(now.st_ino, st.st_ino);
		close(opened);
	}
	assert_int_equal(maps_read(getpid(), note, &seen), 0);
	assert_true(seen.mapping.deleted);
	unlink(name);
	munmap(p, 4096);
	close(fd);
}

static int stop_at_self(void *ctx, pid_t pid)
{
	++*(int *)ctx;
	return pid == getpid() ? 7 : 0;
}

static void test_processes(void **state)
{
	int n = 0;

	(void)state;
	assert_int_equal(maps_each_pid(stop_at_self, &n), 7);
	assert_true(n > 0);
	assert_true(maps_read(0x3fffffff, note, NULL) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines), cmocka_unit_test(test_what_a_line_says), cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_own_mappings), cmocka_unit_test(test_processes),
	};

	return RUN(tests);
}
