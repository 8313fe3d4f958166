/* SPDX-License-Identifier: Apache-2.0 */
/* Whole lines, whatever the system does in the middle of one. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "out/jsonl.h"
#include "out/record.h"
#include "tests/lib/sample.h"

static char dir[] = "/tmp/test_jsonl.XXXXXX";
static char path[64];
static struct sample sample;
static char line[RECORD_JSON_MAX];	/* what one record becomes, with its newline */
static size_t line_n;

static int set_up(void **state)
{
	struct buf buf = BUF(RECORD_JSON_MAX);

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/records.jsonl", dir);
	sample_make(&sample);
	if (record_json(&sample.record, &buf) < 0 || buf_char(&buf, '\n') < 0)
		return -1;
	memcpy(line, buf.p, buf.n);
	line_n = buf.n;
	buf_done(&buf);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static int start_anew(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static struct sink *opened(const char *where, int patience_ms)
{
	struct sink *sink = NULL;

	assert_int_equal(jsonl_ops.open(&(struct sink_config){ "jsonl", where, patience_ms }, &sink), 0);
	assert_ptr_equal(sink->ops, &jsonl_ops);
	return sink;
}

static int put(struct sink *sink, unsigned int n)
{
	int err = 0;

	for (unsigned int i = 0; i < n && err == 0; i++)
		err = sink->ops->put(sink, &sample.record);
	return err;
}

static size_t content(char *to, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t n;

	assert_non_null(file);
	n = fread(to, 1, size - 1, file);
	to[n] = 0;
	fclose(file);
	return n;
}

/* The file is n lines, each the record and nothing else, behind what stood there. */
static void expect_lines(const char *before, unsigned int n)
{
	static char text[MIB(4)];
	size_t got = content(text, sizeof(text)), at = strlen(before);

	assert_int_equal(got, at + n * line_n);
	assert_memory_equal(text, before, at);
	for (unsigned int i = 0; i < n; i++, at += line_n)
		assert_memory_equal(text + at, line, line_n);
}

static void appends_lines(void **state)
{
	struct stat st;

	(void)state;
	for (unsigned int run = 1; run <= 2; run++) {
		struct sink *sink = opened(path, 0);

		assert_int_equal(put(sink, 3), 0);
		assert_int_equal(sink->ops->flush(sink), 0);
		expect_lines("", run * 3);
		assert_null(sink->ops->close(sink));
	}
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777 & ~0640u, 0);
	assert_null(jsonl_ops.close(NULL));
}

static void close_flushes(void **state)
{
	struct sink *sink = opened(path, 0);

	(void)state;
	assert_int_equal(put(sink, 2), 0);
	sink->ops->close(sink);
	expect_lines("", 2);
}

static void a_large_batch_is_whole(void **state)
{
	struct sink *sink = opened(path, 0);

	(void)state;
	assert_int_equal(put(sink, 1000), 0);	/* more than the buffer holds */
	assert_int_equal(sink->ops->flush(sink), 0);
	expect_lines("", 1000);
	sink->ops->close(sink);
}

static void ends_a_torn_line(void **state)
{
	static const struct {
		const char *before, *after;
	} cases[] = {
		{ "{\"schema\":\"ait", "{\"schema\":\"ait\n" }, { "{}\n", "{}\n" }, { "", "" }, { "\n", "\n" }, { "x", "x\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		FILE *file = fopen(path, "w");
		struct sink *sink;

		fputs(cases[i].before, file);
		fclose(file);
		sink = opened(path, 0);
		assert_int_equal(put(sink, 2), 0);
		assert_int_equal(sink->ops->flush(sink), 0);
		expect_lines(cases[i].after, 2);
		sink->ops->close(sink);
	}
}

static void set_size_limit(rlim_t max)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A file that cannot grow beyond any byte of the second of three lines, and later can. */
static void a_cut_line_is_finished(void **state)
{
	(void)state;
	for (size_t cut = line_n; cut <= 2 * line_n; cut += 101) {
		struct sink *sink;
		int err;

		unlink(path);
		sink = opened(path, 0);
		assert_int_equal(put(sink, 3), 0);
		set_size_limit(cut);
		err = sink->ops->flush(sink);
		set_size_limit(RLIM_INFINITY);
		assert_int_equal(err, -EFBIG);
		/* the line that was begun, and the one that comes now; the third was reported and is gone */
		assert_int_equal(put(sink, 1), 0);
		assert_int_equal(sink->ops->flush(sink), 0);
		expect_lines("", cut == line_n ? 2 : 3);
		sink->ops->close(sink);
	}
}

/* Cut, refused again while nothing has changed, cut once more further on, then let go. */
static void a_line_may_be_cut_twice(void **state)
{
	struct sink *sink = opened(path, 0);

	(void)state;
	assert_int_equal(put(sink, 2), 0);
	for (size_t cut = 100; cut < 400; cut += 100) {
		set_size_limit(cut);
		for (int i = 0; i < 2; i++) {
			int err = sink->ops->flush(sink);

			set_size_limit(RLIM_INFINITY);
			assert_int_equal(err, -EFBIG);
			assert_int_equal(put(sink, 1), 0);
			set_size_limit(cut);
		}
		set_size_limit(RLIM_INFINITY);
	}
	assert_int_equal(sink->ops->flush(sink), 0);
	sink->ops->close(sink);
	expect_lines("", 2);	/* the first, and the last put */
}

static void a_full_disk_is_told(void **state)
{
	struct sink *sink = opened("/dev/full", 0);

	(void)state;
	assert_int_equal(put(sink, 1), 0);
	assert_int_equal(sink->ops->flush(sink), -ENOSPC);
	assert_int_equal(sink->ops->flush(sink), 0);	/* nothing is left to write */
	/* a flush that put() makes by itself is told by the next one */
	assert_int_equal(put(sink, 1000), 0);
	assert_int_equal(sink->ops->flush(sink), -ENOSPC);
	sink->ops->close(sink);
}

static void cannot_open(void **state)
{
	struct sink *sink = NULL;

	(void)state;
	assert_int_equal(jsonl_ops.open(&(struct sink_config){ "jsonl", "/proc/no/such/file", 0 }, &sink), -ENOENT);
	assert_int_equal(jsonl_ops.open(&(struct sink_config){ "jsonl", dir, 0 }, &sink), -EISDIR);
	assert_null(sink);
}

/* ---- pipes */

static void make_pipe(int ends[2], char name[static 32])
{
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	snprintf(name, 32, "/proc/self/fd/%d", ends[1]);
}

static void a_reader_that_is_gone(void **state)
{
	char name[32];
	struct sink *sink;
	int ends[2];

	(void)state;
	make_pipe(ends, name);
	sink = opened(name, 0);
	close(ends[0]);
	assert_int_equal(put(sink, 1), 0);
	assert_int_equal(sink->ops->flush(sink), -EPIPE);
	sink->ops->close(sink);
	close(ends[1]);
}

static size_t drain_pipe(int fd, char *to, size_t size)
{
	size_t n = 0;
	ssize_t some;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while ((some = read(fd, to + n, size - n)) > 0)
		n += (size_t)some;
	return n;
}

/* Nobody waits for ever: not the first time, and not at all until the reader reads again. */
static void a_reader_that_has_stopped(void **state)
{
	static char text[MIB(1)];
	char name[32];
	struct sink *sink;
	uint64_t before;
	size_t n, second;
	int ends[2];

	(void)state;
	make_pipe(ends, name);
	sink = opened(name, 50);
	assert_int_equal(put(sink, 100), 0);	/* more than a pipe holds */
	before = clock_boot_ns();
	assert_int_equal(sink->ops->flush(sink), -ETIMEDOUT);
	assert_true(clock_boot_ns() - before < 5 * NSEC_PER_SEC);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(put(sink, 1), 0);
		assert_int_equal(sink->ops->flush(sink), -ETIMEDOUT);
	}
	assert_true(clock_boot_ns() - before < 5 * NSEC_PER_SEC);
	n = drain_pipe(ends[0], text, sizeof(text));
	assert_true(n > 0 && n % line_n != 0);
	assert_int_equal(put(sink, 1), 0);
	assert_int_equal(sink->ops->flush(sink), 0);
	second = drain_pipe(ends[0], text + n, sizeof(text) - n);
	assert_int_equal((n + second) % line_n, 0);
	for (size_t at = 0; at < n + second; at += line_n)
		assert_memory_equal(text + at, line, line_n);
	sink->ops->close(sink);
	close(ends[0]);
	close(ends[1]);
}

/* Standard output is written, and is not ours to close. */
static void standard_output(void **state)
{
	_cleanup_close_ int saved = dup(STDOUT_FILENO), fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	struct sink *sink;
	int put_err, flush_err;

	(void)state;
	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	sink = opened("-", 0);
	put_err = put(sink, 2);
	flush_err = sink->ops->flush(sink);
	sink->ops->close(sink);
	fd = dup2(saved, STDOUT_FILENO) < 0 ? -1 : fd;
	assert_int_equal(put_err, 0);
	assert_int_equal(flush_err, 0);
	assert_true(fcntl(STDOUT_FILENO, F_GETFD) >= 0);
	expect_lines("", 2);
}

/* Reads slowly, in odd amounts, and ends with 0 where all was n records. */
static pid_t slow_reader(const int ends[2], unsigned int n)
{
	pid_t pid = fork();
	static char text[MIB(2)];
	size_t got = 0;
	ssize_t some;

	if (pid)
		return pid;
	close(ends[1]);
	usleep(50000);
	while ((some = read(ends[0], text + got, 777)) > 0)
		got += (size_t)some;
	for (size_t at = 0; at < got; at += line_n)
		if (memcmp(text + at, line, line_n) != 0)
			_exit(2);
	_exit(got == n * line_n ? 0 : 1);
}

/* Standard output is a pipe that does not block, as some who start us leave it: a slow reader gets it all. */
static void standard_output_that_does_not_block(void **state)
{
	_cleanup_close_ int saved = dup(STDOUT_FILENO);
	int ends[2], put_err, flush_err, status = -1;
	struct sink *sink;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = slow_reader(ends, 300);
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	fflush(stdout);
	dup2(ends[1], STDOUT_FILENO);
	close(ends[1]);
	sink = opened("-", 0);
	put_err = put(sink, 300);
	flush_err = sink->ops->flush(sink);
	sink->ops->close(sink);
	dup2(saved, STDOUT_FILENO);
	close(ends[0]);
	assert_int_equal(put_err, 0);
	assert_int_equal(flush_err, 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void refused_memory(void **state)
{
	uint64_t nth = 0;
	bool whole = false;

	(void)state;
	while (!whole) {
		struct sink *sink = NULL;
		int err;

		unlink(path);
		mem_fail_at(++nth);
		err = jsonl_ops.open(&(struct sink_config){ "jsonl", path, 0 }, &sink);
		if (err == 0)
			err = put(sink, 2);
		mem_fail_at(0);
		assert_true(err == 0 || err == -ENOMEM);
		whole = err == 0;
		if (!sink)
			continue;
		assert_int_equal(put(sink, 1), 0);
		assert_int_equal(sink->ops->flush(sink), 0);
		sink->ops->close(sink);
	}
	expect_lines("", 3);
	assert_true(nth > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(appends_lines, start_anew), cmocka_unit_test_setup(close_flushes, start_anew),
		cmocka_unit_test_setup(a_large_batch_is_whole, start_anew), cmocka_unit_test_setup(ends_a_torn_line, start_anew),
		cmocka_unit_test_setup(a_cut_line_is_finished, start_anew),
		cmocka_unit_test_setup(a_line_may_be_cut_twice, start_anew), cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(cannot_open), cmocka_unit_test(a_reader_that_is_gone),
		cmocka_unit_test(a_reader_that_has_stopped), cmocka_unit_test_setup(standard_output, start_anew),
		cmocka_unit_test(standard_output_that_does_not_block),
		cmocka_unit_test_setup(refused_memory, start_anew),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
