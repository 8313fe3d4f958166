/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "feed/trace.h"
#include "feed/trace_layout.h"

/* A block goes to the file when it is this full: small enough that a crash loses little. */
#define BLOCK_BYTES KIB(256)

struct trace_writer {
	int fd;
	int error;		/* the first; what follows it would have no place in the file */
	size_t used;		/* behind the block's head */
	size_t size;
	uint8_t *block;		/* struct trace_block, then its payload */
};

static int write_all(struct trace_writer *writer, const void *from, size_t n)
{
	const uint8_t *p = from;

	while (n && !writer->error) {
		ssize_t put = write(writer->fd, p, n);

		if (put < 0 && errno != EINTR)
			writer->error = -errno;
		if (put > 0)
			p += put, n -= put;
	}
	return writer->error;
}

/* payload stands behind room for its head */
static int put_block(struct trace_writer *writer, enum trace_block_kind kind, void *head_and_payload, size_t size)
{
	struct trace_block *head = head_and_payload;

	*head = (struct trace_block){ .magic = TRACE_BLOCK_MAGIC, .kind = kind, .size = size };
	head->crc = crc32(0, (const void *)&head->kind, sizeof(head->kind) + sizeof(head->size));
	head->crc = crc32(head->crc, (const void *)(head + 1), size);
	return write_all(writer, head, sizeof(*head) + size);
}

int trace_writer_flush(struct trace_writer *writer)
{
	size_t size = writer->used;

	writer->used = 0;
	return size ? put_block(writer, TRACE_EVENTS, writer->block, size) : writer->error;
}

/* Room for an entry of that many bytes in the block in hand. */
static int make_room(struct trace_writer *writer, size_t n)
{
	size_t size = sizeof(struct trace_block) + n;
	uint8_t *grown;
	int err;

	if (n > LIMIT_TRACE_BLOCK)
		return -EMSGSIZE;
	if (writer->used + n > BLOCK_BYTES) {
		err = trace_writer_flush(writer);
		if (err < 0)
			return err;
	}
	if (sizeof(struct trace_block) + writer->used + n <= writer->size)
		return 0;
	grown = mem_resize(writer->block, writer->size, size);
	if (!grown)
		return -ENOMEM;
	writer->block = grown;
	writer->size = size;
	return 0;
}

int trace_writer_event(struct trace_writer *writer, unsigned int ring, const struct event_header *event, size_t size)
{
	size_t n = sizeof(struct trace_entry) + ((size + 7) & ~(size_t)7);
	struct trace_entry entry = { .ring = ring };
	uint8_t *to;
	int err;

	if (writer->error)
		return writer->error;
	if (size < sizeof(*event) || event->size != size)
		return -EINVAL;
	err = make_room(writer, n);
	if (err < 0)
		return err;
	to = writer->block + sizeof(struct trace_block) + writer->used;
	memcpy(to, &entry, sizeof(entry));
	memcpy(to + sizeof(entry), event, size);
	memset(to + sizeof(entry) + size, 0, n - sizeof(entry) - size);
	writer->used += n;
	return 0;
}

int trace_writer_anchor(struct trace_writer *writer, struct anchor anchor)
{
	struct {
		struct trace_block head;
		struct anchor anchor;
	} block = { .anchor = anchor };
	int err = trace_writer_flush(writer);

	return err < 0 ? err : put_block(writer, TRACE_ANCHOR, &block, sizeof(block.anchor));
}

int trace_writer_end(struct trace_writer *writer)
{
	struct trace_block end;
	int err = trace_writer_flush(writer);

	if (err == 0)
		err = put_block(writer, TRACE_END, &end, 0);
	if (err == 0 && fsync(writer->fd) < 0 && errno != EINVAL && errno != EROFS)
		err = -errno;
	return err;
}

static int put_head(struct trace_writer *writer, const struct trace_about *about)
{
	struct trace_file_head head = { .version = TRACE_VERSION, .abi = EVENT_ABI,
					.flags = about->scrubbed ? TRACE_SCRUBBED : 0 };

	memcpy(head.magic, TRACE_MAGIC, sizeof(head.magic));
	memcpy(head.boot_id, about->boot_id, sizeof(head.boot_id));
	memcpy(head.arch, about->arch, sizeof(head.arch));
	memcpy(head.node, about->node, sizeof(head.node));
	head.crc = crc32(0, (const void *)&head, offsetof(struct trace_file_head, crc));
	return write_all(writer, &head, sizeof(head));
}

int trace_writer_open(const char *path, const struct trace_about *about, struct anchor anchor, struct trace_writer **ret)
{
	struct trace_writer *writer = mem_new(sizeof(*writer));
	int err;

	if (!writer)
		return -ENOMEM;
	writer->size = sizeof(struct trace_block) + BLOCK_BYTES;
	writer->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	err = writer->fd < 0 ? -errno : 0;
	if (err == 0 && !(writer->block = mem_new(writer->size)))
		err = -ENOMEM;
	if (err == 0)
		err = put_head(writer, about);
	if (err == 0)
		err = trace_writer_anchor(writer, anchor);
	if (err < 0) {
		trace_writer_free(writer);
		return err;
	}
	*ret = writer;
	return 0;
}

struct trace_writer *trace_writer_free(struct trace_writer *writer)
{
	if (!writer)
		return NULL;
	if (writer->fd >= 0)
		close(writer->fd);
	mem_free(writer->block);
	return mem_free(writer);
}
