/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection is read as the hot half reads it and written again: heads with
 * the headers that a record is made of, bodies decoded, their text taken out,
 * each piece a chunk of the chunked coding at the time at which it passed. So
 * the streams have other lengths, and every offset is assigned anew. A request
 * that is not AI leaves an empty one, for ids count the exchanges of a
 * connection. A hole stays a hole of its size.
 */
#include "pipeline/scrub.h"

#include <errno.h>
#include <string.h>

#include "ai/reader.h"
#include "base/mem.h"
#include "pipeline/scrub_inside.h"

int scrub_put(struct scrub *scrub, const struct event_header *event)
{
	int err = trace_writer_event(scrub->writer, scrub->ring, event, event->size);

	if (err < 0 && !scrub->error)
		scrub->error = err;
	return err;
}

/* ---- connections */

static struct copy *copy_get(struct scrub *scrub, const struct event_header *event, bool born)
{
	struct copy *copy = map_get(&scrub->copies, event->conn_id);

	if (copy)
		return copy;
	copy = mem_new(sizeof(*copy));
	if (!copy)
		return NULL;
	copy->id = event->conn_id;
	copy->tgid = event->tgid;
	list_init(&copy->ending);
	if (conn_new(&scrub->wire, copy->id, born, &copy->conn) < 0 || map_put(&scrub->copies, copy->id, copy) < 0) {
		conn_free(copy->conn);
		return mem_free(copy);
	}
	return copy;
}

static void copy_end(struct scrub *scrub, struct copy *copy, uint64_t boot_ns)
{
	scrub->copy = copy;
	scrub->boot_ns = boot_ns;
	conn_end(copy->conn, copy->closed ? (const uint64_t *)copy->close.offset : NULL);
	if (copy->closed) {
		copy->close.offset[0] = copy->out[0];
		copy->close.offset[1] = copy->out[1];
		scrub_put(scrub, &copy->close.header);
	}
	list_remove(&copy->ending);
	map_remove(&scrub->copies, copy->id);
	conn_free(copy->conn);
	mem_free(copy);
	scrub->copy = NULL;
}

static bool copy_whole(const struct copy *copy)
{
	struct conn_facts facts = conn_facts(copy->conn);

	return copy->closed && facts.bytes[0] >= copy->close.offset[0] && facts.bytes[1] >= copy->close.offset[1];
}

/* Closed ones whose last bytes do not come. */
static void end_late(struct scrub *scrub, uint64_t boot_ns)
{
	while (!list_empty(&scrub->ending)) {
		struct copy *copy = LIST_ENTRY(scrub->ending.next, struct copy, ending);

		if (boot_ns < copy->deadline_ns)
			return;
		copy_end(scrub, copy, copy->deadline_ns);
	}
}

static void wait_for_end(struct scrub *scrub, struct copy *copy, uint64_t boot_ns)
{
	if (!list_empty(&copy->ending))
		return;
	copy->deadline_ns = boot_ns + LIMIT_REORDER_NS;
	list_insert(&copy->ending, &scrub->ending);
}

/* ---- events */

static void on_data(struct scrub *scrub, const struct event_data *event)
{
	struct copy *copy = copy_get(scrub, &event->header, false);
	enum dir dir = event->dir == EVENT_SENT ? DIR_SENT : DIR_RECEIVED;

	if (!copy)
		return;
	scrub->copy = copy;
	scrub->now_ns = event->header.boot_ns;
	conn_tick(copy->conn, event->header.boot_ns);
	if (event->header.flags & EVENT_DATA_REOPENED)
		conn_skip(copy->conn, dir, event->offset, event->peer_offset);
	conn_feed(copy->conn, dir, event->offset, event->peer_offset, event->header.boot_ns, (const uint8_t *)(event + 1), event->len);
	if (copy_whole(copy))
		copy_end(scrub, copy, event->header.boot_ns);
	scrub->copy = NULL;
}

static void on_close(struct scrub *scrub, const struct event_close *event)
{
	struct copy *copy = map_get(&scrub->copies, event->header.conn_id);

	if (!copy)
		return;
	copy->closed = true;
	copy->close = *event;
	copy->close.header.size = sizeof(copy->close);
	if (copy_whole(copy))
		copy_end(scrub, copy, event->header.boot_ns);
	else
		wait_for_end(scrub, copy, event->header.boot_ns);
}

static void on_task(struct scrub *scrub, const struct event_task *event)
{
	struct process *process = process_find(&scrub->processes, (struct task){ event->header.tgid, event->task_start_ns });
	uint64_t id;
	void *copy;

	for (size_t i = 0; map_next(&scrub->copies, &i, &id, &copy);)
		if (((struct copy *)copy)->tgid == event->header.tgid)
			wait_for_end(scrub, copy, event->header.boot_ns);
	if (process && event->what == EVENT_TASK_EXIT)
		process_forget(&scrub->processes, process);
	scrub_put(scrub, &event->header);
}

static void add_variable(struct buf *to, const char *name, const char *value)
{
	buf_puts(to, name);
	buf_char(to, '=');
	buf_puts(to, value);
	buf_char(to, 0);
}

/* Of an environment the wanted names alone. */
static void on_environ(struct scrub *scrub, const struct event_environ *event)
{
	struct event_environ *to = (void *)scrub->event;
	struct trait trait = { 0 };
	struct process *process;
	bool is_new;

	if (process_get(&scrub->processes, (struct task){ event->header.tgid, event->task_start_ns }, &is_new, &process) < 0 ||
	    process_environ(&scrub->processes, process, event, &scrub->wants, &trait) <= 0)
		return;
	for (size_t i = 0; i < trait.n_values; i++)
		add_variable(&scrub->text, scrub->wants.wanted[trait.values[i].wanted].name, trait.values[i].text);
	if (trait.otel[0])
		add_variable(&scrub->text, "OTEL_RESOURCE_ATTRIBUTES", trait.otel);
	*to = *event;
	to->header.flags = EVENT_ENVIRON_LAST | (trait.cut ? EVENT_ENVIRON_CUT : 0);
	to->offset = 0;
	to->len = (event_u32)scrub->text.n;
	to->header.size = (event_u32)(sizeof(*to) + scrub->text.n);
	memcpy(to + 1, scrub->text.p ? scrub->text.p : "", scrub->text.n);
	buf_reset(&scrub->text);
	scrub_put(scrub, &to->header);
}

int scrub_event(struct scrub *scrub, const struct event_header *event, size_t size)
{
	if (!event_whole(event, size))
		return scrub->error;
	end_late(scrub, event->boot_ns);
	switch (event->type) {
	case EVENT_DATA:
		on_data(scrub, (const void *)event);
		break;
	case EVENT_CLOSE:
		on_close(scrub, (const void *)event);
		break;
	case EVENT_TASK:
		on_task(scrub, (const void *)event);
		break;
	case EVENT_ENVIRON:
		on_environ(scrub, (const void *)event);
		break;
	case EVENT_OPEN:
		copy_get(scrub, event, event->flags & EVENT_OPEN_BORN);
		scrub_put(scrub, event);
		break;
	case EVENT_FACT:
	case EVENT_TARGET:
		scrub_put(scrub, event);
		break;
	}
	return scrub->error;
}

/* ---- beginning and end */

int scrub_new(struct trace_writer *writer, unsigned int ring, const struct wants *wants, struct scrub **ret)
{
	struct scrub *scrub = mem_new(sizeof(*scrub) + reader_size());
	int err;

	if (!scrub)
		return -ENOMEM;
	scrub->writer = writer;
	scrub->ring = ring;
	scrub->wants = *wants;
	scrub->copies = MAP(LIMIT_CONNS);
	scrub->text = scrub->body = BUF(MIB(16));
	list_init(&scrub->ending);
	processes_init(&scrub->processes);
	err = wire_init(&scrub->wire, &scrub_wire_ops, scrub, SCRUB_EXCHANGE_SIZE);
	if (err < 0) {
		mem_free(scrub);
		return err;
	}
	*ret = scrub;
	return 0;
}

int scrub_drain(struct scrub *scrub)
{
	uint64_t id;
	void *copy;

	end_late(scrub, UINT64_MAX);
	for (size_t i = 0; map_next(&scrub->copies, &i, &id, &copy); i = 0)
		copy_end(scrub, copy, scrub->boot_ns);
	return scrub->error;
}

struct scrub *scrub_free(struct scrub *scrub)
{
	uint64_t id;
	void *copy;

	if (!scrub)
		return NULL;
	for (size_t i = 0; map_next(&scrub->copies, &i, &id, &copy);) {
		scrub->copy = copy;
		conn_free(((struct copy *)copy)->conn);
		mem_free(copy);
	}
	map_done(&scrub->copies);
	processes_done(&scrub->processes);
	wire_done(&scrub->wire);
	buf_done(&scrub->text);
	buf_done(&scrub->body);
	return mem_free(scrub);
}
