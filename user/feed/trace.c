/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layout, little-endian, everything at multiples of 8 bytes:
 *
 *	file	{magic "aitaptr\n", u32 version, u16 abi, u16 flags, u8 boot_id[16], char arch[16],
 *		 char node[64], u32 crc of all this, u32 0} block...
 *	block	{u32 magic, u32 kind, u32 size of what follows, u32 crc of kind, size and what follows}
 *	ANCHOR	{u64 boot_ns, s64 wall_ns}
 *	EVENTS	{u32 ring, u32 0, the event as in bpf/event.h, padded to 8}...
 *	END	nothing: the writer closed the file
 *
 * CRC is zlib's crc32. A block whose CRC is wrong is left out; behind a block
 * head that makes no sense nothing more can be found. Both, and a file without
 * END, make the trace partial. The file is read with pread() and never mapped,
 * so one that shrinks meanwhile is an early end and not a SIGBUS.
 */
#include "feed/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "feed/anchors.h"
#include "feed/trace_layout.h"

struct trace {
	int fd;
	uint64_t size;			/* of the file when it was loaded */
	struct trace_about about;
	struct anchors anchors;
	atomic_bool partial;
};

struct share {
	struct source source;
	struct trace *trace;
	unsigned int which, n;
	uint64_t at;			/* file offset of the next block */
	uint8_t *block;			/* LIMIT_TRACE_BLOCK bytes */
	size_t used, size;		/* of the block in hand */
	struct source_counts counts;
};

/* All of it or -ENODATA. */
static int read_at(const struct trace *trace, void *to, size_t n, uint64_t at)
{
	uint8_t *p = to;

	while (n) {
		ssize_t got = pread(trace->fd, p, n, at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -ENODATA;
		p += got, n -= got, at += got;
	}
	return 0;
}

static int read_about(struct trace *trace)
{
	struct trace_file_head head;
	int err = read_at(trace, &head, sizeof(head), 0);

	if (err < 0)
		return err == -ENODATA ? -EBADMSG : err;
	if (memcmp(head.magic, TRACE_MAGIC, sizeof(head.magic)))
		return -EBADMSG;
	if (head.version != TRACE_VERSION || head.abi != EVENT_ABI)
		return -EPROTO;
	if (head.crc != crc32(0, (const void *)&head, offsetof(struct trace_file_head, crc)))
		return -EBADMSG;
	memcpy(trace->about.boot_id, head.boot_id, sizeof(head.boot_id));
	STR_COPY(trace->about.arch, ((struct str){ head.arch, strnlen(head.arch, sizeof(head.arch) - 1) }));
	STR_COPY(trace->about.node, ((struct str){ head.node, strnlen(head.node, sizeof(head.node) - 1) }));
	trace->about.scrubbed = head.flags & TRACE_SCRUBBED;
	return 0;
}

static uint32_t block_crc(const struct trace_block *block, const void *payload)
{
	uint32_t crc = crc32(0, (const void *)&block->kind, sizeof(block->kind) + sizeof(block->size));

	return crc32(crc, payload, block->size);
}

static int keep_anchor(struct trace *trace, const struct trace_block *block, uint64_t at)
{
	struct anchor anchor;
	int err = read_at(trace, &anchor, sizeof(anchor), at);

	if (err == -ENODATA || (err == 0 && block_crc(block, &anchor) != block->crc)) {
		atomic_store(&trace->partial, true);
		return 0;
	}
	return err < 0 ? err : anchors_add(&trace->anchors, anchor);
}

static bool block_makes_sense(const struct trace_block *block)
{
	return block->magic == TRACE_BLOCK_MAGIC && block->size <= LIMIT_TRACE_BLOCK && block->size % 8 == 0 &&
	       (block->kind != TRACE_ANCHOR || block->size == sizeof(struct anchor)) &&
	       (block->kind != TRACE_END || (block->size == 0 && block_crc(block, "") == block->crc));
}

/* From block to block without reading what is in them: the anchors, and whether the end is there. */
static int survey(struct trace *trace)
{
	uint64_t at = sizeof(struct trace_file_head);
	struct trace_block block;
	int err;

	for (;; at += sizeof(block) + block.size) {
		err = read_at(trace, &block, sizeof(block), at);
		if (err == -ENODATA || (err == 0 && !block_makes_sense(&block))) {
			atomic_store(&trace->partial, true);
			return 0;
		}
		if (err < 0)
			return err;
		if (block.kind == TRACE_END)
			return 0;
		if (block.kind == TRACE_ANCHOR && (err = keep_anchor(trace, &block, at + sizeof(block))) < 0)
			return err;
	}
}

int trace_load_fd(int fd, struct trace **ret)
{
	struct trace *trace = mem_new(sizeof(*trace));
	int err = -ENOMEM;

	if (!trace) {
		close(fd);
		return err;
	}
	trace->fd = fd;
	err = read_about(trace);
	if (err == 0)
		err = survey(trace);
	if (err < 0) {
		trace_free(trace);
		return err;
	}
	*ret = trace;
	return 0;
}

int trace_load(const char *path, struct trace **ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
		close(fd);
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	}
	return trace_load_fd(fd, ret);
}

const struct trace_about *trace_about(const struct trace *trace)
{
	return &trace->about;
}

bool trace_partial(const struct trace *trace)
{
	return atomic_load(&trace->partial);
}

int64_t trace_wall_ns(const struct trace *trace, uint64_t boot_ns)
{
	return anchors_wall_ns(&trace->anchors, boot_ns);
}

struct trace *trace_free(struct trace *trace)
{
	if (!trace)
		return NULL;
	close(trace->fd);
	anchors_done(&trace->anchors);
	return mem_free(trace);
}

/* ---- a share of it, as a source */

static int spoilt(struct share *share, int err)
{
	atomic_store(&share->trace->partial, true);
	share->at = UINT64_MAX;
	return err;
}

/* The next block of events into share->block; -ENODATA at the end. */
static int next_block(struct share *share)
{
	struct trace_block block;
	int err;

	while (share->at != UINT64_MAX) {
		err = read_at(share->trace, &block, sizeof(block), share->at);
		if (err == 0 && !block_makes_sense(&block))
			err = -ENODATA;
		if (err < 0)
			return spoilt(share, err);
		if (block.kind == TRACE_END)
			break;
		err = read_at(share->trace, share->block, block.size, share->at + sizeof(block));
		if (err < 0)
			return spoilt(share, err);
		share->at += sizeof(block) + block.size;
		/* of another kind, too: it may have been events */
		if (block_crc(&block, share->block) != block.crc) {
			atomic_store(&share->trace->partial, true);
			share->counts.malformed++;
			continue;
		}
		if (block.kind != TRACE_EVENTS)
			continue;
		share->used = 0;
		share->size = block.size;
		return 0;
	}
	return -ENODATA;
}

static const struct event_header *next_event(struct share *share)
{
	size_t left = share->size - share->used, prefix = sizeof(struct trace_entry);
	const struct event_header *event = (const void *)(share->block + share->used + prefix);
	size_t padded;

	if (!left)
		return NULL;
	if (left < prefix + sizeof(*event) || event->size < sizeof(*event) || event->size > left - prefix) {
		share->counts.malformed++;
		share->used = share->size;
		return NULL;
	}
	padded = prefix + (((size_t)event->size + 7) & ~(size_t)7);
	share->used += padded < left ? padded : left;
	return event;
}

static bool mine(const struct share *share, const struct event_header *event)
{
	switch (event->type) {
	case EVENT_TASK:
	case EVENT_ENVIRON:
		return true;
	case EVENT_TARGET:
		return share->which == 0;
	default:
		return hash_u64(event->conn_id) % share->n == share->which;
	}
}

static int share_poll(struct source *source, event_fn deliver, void *ctx, int timeout_ms)
{
	struct share *share = (struct share *)source;
	const struct event_header *event;
	int n = 0, err;

	(void)timeout_ms;
	if (share->used == share->size && (err = next_block(share)) < 0)
		return err;
	while ((event = next_event(share))) {
		n++;
		if (!mine(share, event))
			continue;
		if (event->abi != EVENT_ABI) {
			share->counts.malformed++;
			continue;
		}
		share->counts.events++;
		share->counts.bytes += event->size;
		deliver(ctx, event, event->size);
	}
	return n;
}

static int share_judge(struct source *source, uint64_t conn_id, enum event_verdict verdict)
{
	(void)source, (void)conn_id, (void)verdict;	/* what is recorded is replayed */
	return 0;
}

static int share_scope(struct source *source, uint64_t cgroup_id, enum event_scope scope)
{
	(void)source, (void)cgroup_id, (void)scope;
	return 0;
}

static int share_count(struct source *source, struct source_counts *ret)
{
	*ret = ((struct share *)source)->counts;
	return 0;
}

static struct source *share_close(struct source *source)
{
	struct share *share = (struct share *)source;

	mem_free(share->block);
	return mem_free(share);
}

static const struct source_ops share_ops = {
	.name = "trace",
	.poll = share_poll,
	.judge = share_judge,
	.scope = share_scope,
	.count = share_count,
	.close = share_close,
};

int trace_open(struct trace *trace, unsigned int which, unsigned int n, struct source **ret)
{
	struct share *share = mem_new(sizeof(*share));

	if (!share)
		return -ENOMEM;
	*share = (struct share){ .source.ops = &share_ops, .trace = trace, .which = which, .n = n ? n : 1,
				 .at = sizeof(struct trace_file_head) };
	share->block = mem_new(LIMIT_TRACE_BLOCK);
	if (!share->block) {
		mem_free(share);
		return -ENOMEM;
	}
	*ret = &share->source;
	return 0;
}
