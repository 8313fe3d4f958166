/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as a trace file. Blocks have their CRC put right where bit 0 of the first byte asks for it, or none would be read. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "base/mem.h"
#include "feed/trace.h"
#include "feed/trace_layout.h"

static void on_event(void *ctx, const struct event_header *event, size_t size)
{
	*(uint64_t *)ctx += event_whole(event, size) ? event->size : ((const uint8_t *)event)[size - 1];
}

static void mend(uint8_t *p, size_t size)
{
	struct trace_file_head *head = (void *)p;
	size_t at = sizeof(*head);

	if (size < at)
		return;
	head->crc = (uint32_t)crc32(0, p, offsetof(struct trace_file_head, crc));
	while (size - at >= sizeof(struct trace_block)) {
		struct trace_block *block = (void *)(p + at);

		if (block->size > size - at - sizeof(*block) || block->size % 8)
			return;
		block->crc = (uint32_t)crc32(0, (const void *)&block->kind, sizeof(block->kind) + sizeof(block->size));
		if (block->size)
			block->crc = (uint32_t)crc32(block->crc, (const void *)(block + 1), block->size);
		at += sizeof(*block) + block->size;
	}
}

static void read_all(struct trace *trace)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < 2; i++) {
		struct source *source;

		if (trace_open(trace, i, 2, &source) < 0)
			abort();
		while (source->ops->poll(source, on_event, &sum, 0) >= 0)
			;
		source->ops->close(source);
	}
	trace_wall_ns(trace, sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
	int fd = size ? memfd_create("trace", 0) : -1;
	struct trace *trace;
	uint8_t *copy;

	if (fd < 0)
		return 0;
	copy = mem_dup(p + 1, size - 1);
	if (p[0] & 1)
		mend(copy, size - 1);
	if (write(fd, copy, size - 1) != (ssize_t)(size - 1))
		abort();
	mem_free(copy);
	if (trace_load_fd(fd, &trace) < 0)
		return 0;
	read_all(trace);
	trace_free(trace);
	return 0;
}
