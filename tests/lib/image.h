/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as the kernel side would make them, one behind another in memory: what
 * feed/memory reads and a trace file keeps. A line is one connection that puts
 * its events into an image; images of several are merged into one.
 */
#ifndef AITAP_TESTS_IMAGE_H
#define AITAP_TESTS_IMAGE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/task.h"
#include "bpf/event.h"

struct image {
	uint8_t *p;
	size_t n, size;
};

static inline size_t image_step(const struct event_header *event)
{
	return ((size_t)event->size + 7) & ~(size_t)7;
}

/* Room for one more event, zeroed; a test without memory is over. */
static inline void *image_add(struct image *image, size_t size)
{
	size_t step = (size + 7) & ~(size_t)7, room = image->size ? image->size : 4096;
	void *to;

	while (room < image->n + step)
		room *= 2;
	if (room != image->size) {
		uint8_t *grown = mem_resize(image->p, image->size, room);

		if (!grown) {
			fputs("no memory for events\n", stderr);
			exit(1);
		}
		image->p = grown;
		image->size = room;
	}
	to = image->p + image->n;
	memset(to, 0, step);
	image->n += step;
	return to;
}

static inline struct event_header *image_copy(struct image *image, const struct event_header *event)
{
	return memcpy(image_add(image, event->size), event, event->size);
}

static inline void image_done(struct image *image)
{
	mem_free(image->p);
	*image = (struct image){ 0 };
}

/* for (size_t at = 0; (event = image_next(image, &at));) */
static inline struct event_header *image_next(const struct image *image, size_t *at)
{
	struct event_header *event;

	if (*at >= image->n)
		return NULL;
	event = (void *)(image->p + *at);
	*at += image_step(event);
	return event;
}

/* splitmix64: the same numbers on every machine */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Takes from the images by chance, each in its own order, a microsecond apart. */
static inline void image_merge(const struct image *from, size_t n, uint64_t *random, uint64_t *boot_ns, struct image *to)
{
	size_t at[64] = { 0 }, left[64], open = 0;

	for (size_t i = 0; i < n && i < 64; i++)
		if (from[i].n)
			left[open++] = i;
	while (open) {
		size_t pick = open > 1 ? random_next(random) % open : 0, which = left[pick];

		image_copy(to, image_next(&from[which], &at[which]))->boot_ns = *boot_ns += 1000;
		if (at[which] >= from[which].n)
			left[pick] = left[--open];
	}
}

/* ---- a connection */

struct line {
	struct image *to;
	uint64_t id;
	struct task task;
	uint64_t offset[2];	/* by enum event_dir */
	uint64_t boot_ns;
};

static inline struct event_header *line_event(struct line *line, enum event_type type, size_t size)
{
	struct event_header *event = image_add(line->to, size);

	*event = (struct event_header){ .type = type, .abi = EVENT_ABI, .size = (uint32_t)size, .boot_ns = line->boot_ns,
					.conn_id = line->id, .tgid = line->task.tgid };
	return event;
}

static inline void line_open(struct line *line, bool born, struct str server_name)
{
	struct event_open *open = (void *)line_event(line, EVENT_OPEN, sizeof(*open));
	struct event_fact *fact;

	open->header.flags = born ? EVENT_OPEN_BORN : 0;
	open->layer = EVENT_LAYER_CALL;
	open->library = EVENT_LIBRARY_OPENSSL;
	open->key_kind = EVENT_KEY_POINTER;
	open->key[0] = 0x7f0000000000 + line->id * 64;
	open->uid = 1000;
	open->task_start_ns = line->task.start_ns;
	open->cgroup_id = 77;
	strcpy(open->comm, "client");
	if (!server_name.n)
		return;
	fact = (void *)line_event(line, EVENT_FACT, sizeof(*fact) + server_name.n);
	fact->kind = EVENT_FACT_SERVER_NAME;
	fact->len = (uint16_t)server_name.n;
	memcpy(fact + 1, server_name.p, server_name.n);
}

/* One event of at most EVENT_CHUNK_MAX bytes. */
static inline void line_piece(struct line *line, enum event_dir dir, const void *p, size_t n)
{
	struct event_data *data = (void *)line_event(line, EVENT_DATA, sizeof(*data) + n);

	data->offset = line->offset[dir];
	data->peer_offset = line->offset[!dir];
	data->len = (uint32_t)n;
	data->dir = dir;
	memcpy(data + 1, p, n);
	line->offset[dir] += n;
}

/* One call of the application, in pieces of constant size as the kernel cuts them. */
static inline void line_data(struct line *line, enum event_dir dir, const void *p, size_t n)
{
	for (size_t at = 0; at < n; at += EVENT_CHUNK_MAX)
		line_piece(line, dir, (const char *)p + at, n - at < EVENT_CHUNK_MAX ? n - at : EVENT_CHUNK_MAX);
}

static inline void line_text(struct line *line, enum event_dir dir, const char *text)
{
	line_data(line, dir, text, strlen(text));
}

static inline void line_close(struct line *line, enum event_close_reason reason)
{
	struct event_close *end = (void *)line_event(line, EVENT_CLOSE, sizeof(*end));

	memcpy(end->offset, line->offset, sizeof(end->offset));
	end->reason = reason;
}

static inline void line_task(struct line *line, enum event_task_what what)
{
	struct event_task *task = (void *)line_event(line, EVENT_TASK, sizeof(*task));

	task->header.conn_id = 0;
	task->task_start_ns = line->task.start_ns;
	task->what = what;
}

#endif
