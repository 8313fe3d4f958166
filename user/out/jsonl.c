/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole lines only. A batch goes out in one write where the system takes it in
 * one. Where it does not (a disk that is full, a reader that is gone), the line
 * that was cut keeps its place at the head of the buffer, so that the next
 * flush finishes it, and the lines behind it are dropped: the flush that failed
 * has told of them. A file that an earlier run left in the middle of a line gets
 * a newline first.
 *
 * A pipe or a terminal whose reader has stopped must not stop the caller, where
 * it said so (patience_ms): then no more is written at a time than is known to
 * fit, and once a reader has been waited for in vain it is not waited for again
 * until it reads.
 */
#include "out/jsonl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "out/record.h"

#define BATCH_MAX MIB(1)	/* flushed by itself when there may be no room for another record */

struct jsonl {
	struct sink sink;
	int fd;
	bool ours;		/* to be closed */
	int patience_ms;	/* 0: a write may block */
	bool stuck;		/* the reader has been waited for in vain */
	struct buf buf;
	size_t cut;		/* bytes at the head of buf that finish a line whose beginning is out */
	int failed;		/* of a flush that put() had to make; told by the next that is asked for */
};

/* Does the file end in the middle of a line? */
static bool ends_torn(const char *path, const struct stat *st)
{
	_cleanup_close_ int fd = S_ISREG(st->st_mode) && st->st_size ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char last = '\n';

	return fd >= 0 && pread(fd, &last, 1, st->st_size - 1) == 1 && last != '\n';
}

static int open_file(struct jsonl *jsonl, const char *path)
{
	struct stat st;

	jsonl->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
	if (jsonl->fd < 0)
		return -errno;
	jsonl->ours = true;
	if (fstat(jsonl->fd, &st) == 0 && ends_torn(path, &st)) {
		jsonl->cut = 1;
		return buf_char(&jsonl->buf, '\n');
	}
	return 0;
}

static struct sink *jsonl_close(struct sink *sink)
{
	struct jsonl *jsonl = (struct jsonl *)sink;

	if (!jsonl)
		return NULL;
	sink->ops->flush(sink);
	if (jsonl->ours)
		close(jsonl->fd);
	buf_done(&jsonl->buf);
	return mem_free(jsonl);
}

static int jsonl_open(const struct sink_config *config, struct sink **ret)
{
	struct jsonl *jsonl = mem_new(sizeof(*jsonl));
	struct stat st = { 0 };
	int err = 0;

	if (!jsonl)
		return -ENOMEM;
	jsonl->sink.ops = &jsonl_ops;
	jsonl->buf = BUF(BATCH_MAX);
	jsonl->fd = STDOUT_FILENO;
	if (strcmp(config->path, "-") != 0)
		err = open_file(jsonl, config->path);
	if (err == 0 && fstat(jsonl->fd, &st) < 0)
		err = -errno;
	if (err < 0) {
		jsonl->buf.n = 0;
		jsonl_close(&jsonl->sink);
		return err;
	}
	jsonl->patience_ms = S_ISREG(st.st_mode) ? 0 : config->patience_ms;
	*ret = &jsonl->sink;
	return 0;
}

/* How much may be written now; negative errno where nothing can be. */
static ssize_t room(struct jsonl *jsonl, size_t want)
{
	struct pollfd out = { .fd = jsonl->fd, .events = POLLOUT };
	int n;

	if (!jsonl->patience_ms)
		return (ssize_t)want;
	do
		n = poll(&out, 1, jsonl->stuck ? 0 : jsonl->patience_ms);
	while (n < 0 && errno == EINTR);
	jsonl->stuck = n == 0;
	if (n <= 0)
		return n < 0 ? -errno : -ETIMEDOUT;
	return (ssize_t)(want < PIPE_BUF ? want : PIPE_BUF);
}

/* Writes n bytes; *ret_done says how many of them are out, on failure too. */
static int put_out(struct jsonl *jsonl, const char *p, size_t n, size_t *ret_done)
{
	for (*ret_done = 0; *ret_done < n;) {
		ssize_t some = room(jsonl, n - *ret_done);

		if (some < 0)
			return (int)some;
		some = write(jsonl->fd, p + *ret_done, (size_t)some);
		if (some < 0 && errno == EAGAIN) {
			struct pollfd out = { .fd = jsonl->fd, .events = POLLOUT };

			poll(&out, 1, jsonl->patience_ms ? jsonl->patience_ms : -1);
		} else if (some < 0 && errno != EINTR) {
			return -errno;
		}
		*ret_done += some > 0 ? (size_t)some : 0;
	}
	return 0;
}

/* Keeps of the buffer what finishes the line that was cut after done bytes, and nothing else. */
static void keep_cut(struct jsonl *jsonl, size_t done)
{
	struct buf *buf = &jsonl->buf;
	bool amid = done ? buf->p[done - 1] != '\n' : jsonl->cut != 0;
	const char *end = amid ? memchr(buf->p + done, '\n', buf->n - done) : NULL;

	jsonl->cut = end ? (size_t)(end + 1 - (buf->p + done)) : 0;
	buf_take(buf, done);
	buf->n = jsonl->cut;
}

static int drain(struct jsonl *jsonl)
{
	size_t done = 0;
	int err = put_out(jsonl, jsonl->buf.p, jsonl->buf.n, &done);

	if (jsonl->buf.n)
		keep_cut(jsonl, done);
	return err;
}

static int jsonl_flush(struct sink *sink)
{
	struct jsonl *jsonl = (struct jsonl *)sink;
	int failed = jsonl->failed, err;

	jsonl->failed = 0;
	err = drain(jsonl);
	return err < 0 ? err : failed;
}

static int jsonl_put(struct sink *sink, const struct record *record)
{
	struct jsonl *jsonl = (struct jsonl *)sink;
	struct buf *buf = &jsonl->buf;
	size_t before;
	int err = buf->n > BATCH_MAX - RECORD_JSON_MAX ? drain(jsonl) : 0;

	if (err < 0)
		jsonl->failed = err;
	before = buf->n;
	err = record_json(record, buf);
	if (err == 0)
		err = buf_char(buf, '\n');
	if (err < 0) {
		buf->n = before;
		buf->error = 0;
	}
	return err;
}

const struct sink_ops jsonl_ops = {
	.name = "jsonl", .open = jsonl_open, .put = jsonl_put, .flush = jsonl_flush, .close = jsonl_close,
};
