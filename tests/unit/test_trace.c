/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/unit.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "feed/trace.h"
#include "feed/trace_layout.h"
#include "tests/lib/image.h"

static char path[64];

/* What came out, as the sum of its parts. */
struct seen {
	uint64_t events, conns, bytes;
};

static void on_event(void *ctx, const struct event_header *event, size_t size)
{
	struct seen *seen = ctx;

	assert_true(size >= event->size);
	seen->events++;
	seen->conns += event->conn_id;
	for (size_t i = sizeof(*event); i < event->size; i++)
		seen->bytes += ((const uint8_t *)event)[i];
}

static void read_share(struct trace *trace, unsigned int which, unsigned int n, struct seen *seen)
{
	struct source *source;
	int got;

	assert_int_equal(trace_open(trace, which, n, &source), 0);
	while ((got = source->ops->poll(source, on_event, seen, 0)) >= 0)
		;
	assert_int_equal(got, -ENODATA);
	source->ops->close(source);
}

static void write_some(struct image *image)
{
	struct trace_about about = { .boot_id = "0123456789abcde", .arch = "x86_64", .node = "a node", .scrubbed = true };
	const struct event_header *event;
	struct trace_writer *writer;
	uint64_t random = 8;
	char text[EVENT_CHUNK_MAX];

	for (uint64_t id = 1; id <= 100; id++) {
		struct line line = { .to = image, .id = id, .task = { 7, 8 }, .boot_ns = id * 100 };

		memset(text, (int)id, sizeof(text));
		line_open(&line, true, STR("example.com"));
		line_data(&line, EVENT_SENT, text, random_next(&random) % sizeof(text));
		line_close(&line, EVENT_CLOSE_FREE);
	}
	assert_int_equal(trace_writer_open(path, &about, (struct anchor){ 0, 1000 }, &writer), 0);
	for (size_t at = 0; (event = image_next(image, &at));) {
		if (event->type == EVENT_OPEN && event->conn_id == 50)
			assert_int_equal(trace_writer_anchor(writer, (struct anchor){ 5000, 9000 }), 0);
		assert_int_equal(trace_writer_event(writer, 3, event, event->size), 0);
	}
	assert_int_equal(trace_writer_end(writer), 0);
	trace_writer_free(writer);
}

static int setup(void **state)
{
	struct image *image = mem_new(sizeof(*image));
	int fd;

	strcpy(path, "/tmp/aitap-trace-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	close(fd);
	write_some(image);
	*state = image;
	return 0;
}

static int teardown(void **state)
{
	image_done(*state);
	mem_free(*state);
	return unlink(path);
}

static struct seen all_of(const struct image *image)
{
	const struct event_header *event;
	struct seen seen = { 0 };

	for (size_t at = 0; (event = image_next(image, &at));)
		on_event(&seen, event, event->size);
	return seen;
}

static void test_comes_back_as_it_was(void **state)
{
	static const unsigned int shares[] = { 1, 2, 3, 8 };
	struct seen want = all_of(*state);
	struct stat st;
	struct trace *trace;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(trace_load(path, &trace), 0);
	assert_string_equal(trace_about(trace)->arch, "x86_64");
	assert_string_equal(trace_about(trace)->node, "a node");
	assert_string_equal((const char *)trace_about(trace)->boot_id, "0123456789abcde");
	assert_true(trace_about(trace)->scrubbed);
	assert_int_equal(trace_wall_ns(trace, 100), 1100);
	assert_int_equal(trace_wall_ns(trace, 6000), 10000);
	EACH(n, shares) {
		struct seen seen = { 0 };

		for (unsigned int i = 0; i < *n; i++)
			read_share(trace, i, *n, &seen);
		assert_memory_equal(&seen, &want, sizeof(seen));
	}
	assert_false(trace_partial(trace));
	trace_free(trace);
}

/* A process concerns every worker, and the state of a probe target only one. */
static void test_processes_come_with_every_share(void **state)
{
	struct image image = { 0 };
	struct line line = { .to = &image, .task = { 7, 8 } };
	struct event_target *target;
	struct trace_writer *writer;
	struct trace *trace;
	struct seen seen = { 0 };
	const struct event_header *event;

	(void)state;
	line_task(&line, EVENT_TASK_EXIT);
	target = (void *)line_event(&line, EVENT_TARGET, sizeof(*target));
	target->state = EVENT_TARGET_ARMED;
	assert_int_equal(trace_writer_open(path, &(struct trace_about){ 0 }, (struct anchor){ 0, 0 }, &writer), 0);
	for (size_t at = 0; (event = image_next(&image, &at));)
		assert_int_equal(trace_writer_event(writer, 0, event, event->size), 0);
	assert_int_equal(trace_writer_end(writer), 0);
	trace_writer_free(writer);
	assert_int_equal(trace_load(path, &trace), 0);
	for (unsigned int i = 0; i < 4; i++)
		read_share(trace, i, 4, &seen);
	assert_int_equal(seen.events, 4 + 1);
	trace_free(trace);
	image_done(&image);
}

static uint8_t *file_bytes(size_t *ret_n)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	uint8_t *p;

	assert_int_equal(fstat(fd, &st), 0);
	p = mem_new((size_t)st.st_size);
	assert_int_equal(read(fd, p, (size_t)st.st_size), st.st_size);
	close(fd);
	*ret_n = (size_t)st.st_size;
	return p;
}

static int load_bytes(const uint8_t *p, size_t n, struct trace **ret)
{
	int fd = memfd_create("trace", 0);

	assert_int_equal(write(fd, p, n), n);
	return trace_load_fd(fd, ret);
}

/* Cut anywhere: whole blocks are used, it says so, and nothing comes that was not written. */
static void test_truncation(void **state)
{
	struct seen want = all_of(*state);
	uint64_t last = 0;
	size_t n;
	uint8_t *p = file_bytes(&n);

	for (size_t cut = 0; cut < n; cut += cut < 400 ? 1 : 1777) {
		struct seen seen = { 0 };
		struct trace *trace;
		int err = load_bytes(p, cut, &trace);

		if (cut < sizeof(struct trace_file_head)) {
			assert_int_equal(err, -EBADMSG);
			continue;
		}
		assert_int_equal(err, 0);
		read_share(trace, 0, 1, &seen);
		assert_true(trace_partial(trace));
		assert_true(seen.events >= last && seen.events <= want.events);
		last = seen.events;
		trace_free(trace);
	}
	assert_true(last > 0);
	mem_free(p);
}

/* Any byte spoilt: the block that it is in is left out, or the file is refused, or behind it nothing more is found. */
static void test_damage(void **state)
{
	struct seen want = all_of(*state);
	size_t n;
	uint8_t *p = file_bytes(&n);

	for (size_t at = 0; at < n; at += at < 400 ? 1 : 977) {
		struct seen seen = { 0 };
		struct trace *trace;
		int err;

		p[at] ^= 0x10;
		err = load_bytes(p, n, &trace);
		if (at < sizeof(struct trace_file_head) - 4) {
			assert_true(err == -EBADMSG || err == -EPROTO);
		} else if (err == 0) {
			read_share(trace, 0, 1, &seen);
			assert_true(seen.events <= want.events);
			assert_true(trace_partial(trace) || at < sizeof(struct trace_file_head));
			trace_free(trace);
		}
		p[at] ^= 0x10;
	}
	mem_free(p);
}

static void test_what_is_no_trace(void **state)
{
	struct trace *trace;
	size_t n;
	uint8_t *p = file_bytes(&n);

	(void)state;
	assert_int_equal(trace_load("/nonexistent/x", &trace), -ENOENT);
	assert_int_equal(trace_load("/tmp", &trace), -EISDIR);
	assert_int_equal(trace_load("/dev/null", &trace), -EINVAL);
	assert_int_equal(load_bytes((const uint8_t *)"hello", 5, &trace), -EBADMSG);
	((struct trace_file_head *)p)->version = 2;
	assert_int_equal(load_bytes(p, n, &trace), -EPROTO);
	mem_free(p);
}

static void test_the_writer_says_no(void **state)
{
	struct event_header event = { .type = EVENT_CLOSE, .size = 40 };
	struct trace_writer *writer;
	char link[80];

	(void)state;
	snprintf(link, sizeof(link), "%s.link", path);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(trace_writer_open(link, &(struct trace_about){ 0 }, (struct anchor){ 0, 0 }, &writer), -ELOOP);
	unlink(link);
	assert_int_equal(trace_writer_open("/nonexistent/x", &(struct trace_about){ 0 }, (struct anchor){ 0, 0 }, &writer), -ENOENT);
	assert_int_equal(trace_writer_open(path, &(struct trace_about){ 0 }, (struct anchor){ 0, 0 }, &writer), 0);
	assert_int_equal(trace_writer_event(writer, 0, &event, 32), -EINVAL);	/* another size than it says */
	assert_int_equal(trace_writer_event(writer, 0, &event, 8), -EINVAL);
	trace_writer_free(writer);
	/* the first failure to write is kept: what follows would stand in no place */
	assert_int_equal(trace_writer_open("/dev/full", &(struct trace_about){ 0 }, (struct anchor){ 0, 0 }, &writer), -ENOSPC);
}

static void test_refused_memory(void **state)
{
	struct trace_writer *writer;
	struct source *source;
	struct trace *trace;

	(void)state;
	for (uint64_t i = 1; i <= 2; i++) {
		mem_fail_at(i);
		assert_int_equal(trace_load(path, &trace), -ENOMEM);
	}
	mem_fail_at(0);
	assert_int_equal(trace_load(path, &trace), 0);
	for (uint64_t i = 1; i <= 2; i++) {
		mem_fail_at(i);
		assert_int_equal(trace_open(trace, 0, 1, &source), -ENOMEM);
	}
	trace_free(trace);
	for (uint64_t i = 1; i <= 2; i++) {
		mem_fail_at(i);
		assert_int_equal(trace_writer_open(path, &(struct trace_about){ 0 }, (struct anchor){ 0, 0 }, &writer), -ENOMEM);
	}
	mem_fail_at(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_comes_back_as_it_was, setup, teardown),
		cmocka_unit_test_setup_teardown(test_processes_come_with_every_share, setup, teardown),
		cmocka_unit_test_setup_teardown(test_truncation, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_no_trace, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_writer_says_no, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused_memory, setup, teardown),
	};

	return RUN(tests);
}
