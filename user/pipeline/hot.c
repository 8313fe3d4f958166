/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event finds its strand (strand.h) and goes on into the wire, which comes
 * back with heads and pieces (hot_call.c). Everything that a deadline decides for a
 * connection is decided from the times of its own events before the next of
 * them is looked at; the clock only closes what stays silent. So a recorded run
 * gives the same records however its connections are spread over workers.
 */
#include "pipeline/hot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "pipeline/hot_inside.h"
#include "pipeline/pack.h"

static void send_trait(struct hot *hot, const struct trait *trait)
{
	void *to = queue_reserve(hot->queue, PACK_MAX(sizeof(*trait)));

	if (!to) {
		stat_add(hot->stats, STAT_TRAITS_LOST, 1);
		return;
	}
	queue_commit(hot->queue, MESSAGE_TRAIT, hot->stamp ? hot->stamp : hot->now_ns, pack(to, trait, sizeof(*trait)));
}

static struct process *process_of(struct hot *hot, struct task task)
{
	struct process *process;
	bool is_new;
	int err;

	if (!task.tgid || !task.start_ns)
		return NULL;
	err = process_get(&hot->processes, task, &is_new, &process);
	if (err == -ENOMEM)
		stat_add(hot->stats, STAT_NO_MEMORY, 1);
	return err < 0 ? NULL : process;
}

/* ---- the end of a strand */

/* A process that has exited goes with its last connection, and only then is it told: its records come first. */
static void rest(struct hot *hot, struct process *process)
{
	struct trait trait = { .kind = TRAIT_EXIT, .task = process->task, .boot_ns = hot->now_ns };

	if (process->gone && list_empty(&process->strands))
		send_trait(hot, &trait);
	process_rest(&hot->processes, process);
}

static void finish(struct hot *hot, struct strand *strand)
{
	struct process *process = strand->process;
	bool known = strand->end_known && !strand_hushed(strand);

	hot->strand = strand;
	conn_end(strand->conn, known ? strand->end : NULL);
	stat_add(hot->stats, STAT_MISSING_BYTES, conn_facts(strand->conn).missing);
	conn_free(strand->conn);
	hot->strand = NULL;
	strand_free(&hot->strands, strand);
	stat_set(&hot->stats->n[STAT_CONNS_OPEN], hot->strands.by_id.n);
	if (process)
		rest(hot, process);
}

static void finish_process(struct hot *hot, struct process *process)
{
	LIST_EACH(node, &process->strands) {
		struct strand *strand = LIST_ENTRY(node, struct strand, of_process);
		bool last = node_next == &process->strands;

		finish(hot, strand);
		if (last)
			break;		/* the process may have gone with it */
	}
}

/* What the strand's own time has decided, before its next event; false: it has ended. */
static bool bring_up_to(struct hot *hot, struct strand *strand, uint64_t boot_ns)
{
	if (!list_empty(&strand->ending) && boot_ns >= strand->deadline_ns) {
		finish(hot, strand);
		return false;
	}
	if (!list_empty(&strand->waiting)) {
		hot->strand = strand;
		conn_tick(strand->conn, boot_ns);
		strand_wait(&hot->strands, strand, conn_waits(strand->conn));
		hot->strand = NULL;
	}
	return true;
}

/* ---- events */

static struct strand *begin(struct hot *hot, const struct event_header *event, bool born)
{
	struct strand *strand;
	int err = strand_new(&hot->strands, event->conn_id, &strand);

	if (err == 0) {
		err = conn_new(&hot->wire, event->conn_id, born, &strand->conn);
		if (err < 0)
			strand_free(&hot->strands, strand);
	}
	if (err < 0) {
		stat_add(hot->stats, err == -ENOSPC ? STAT_CONNS_FULL : STAT_NO_MEMORY, 1);
		return NULL;
	}
	strand->task.tgid = event->tgid;
	strand->last_ns = event->boot_ns;
	stat_add(hot->stats, STAT_CONNS, 1);
	stat_add(hot->stats, STAT_CONNS_UNBORN, !born);
	stat_set(&hot->stats->n[STAT_CONNS_OPEN], hot->strands.by_id.n);
	return strand;
}

static struct strand *strand_of(struct hot *hot, const struct event_header *event)
{
	struct strand *strand = strand_find(&hot->strands, event->conn_id);

	if (strand && !bring_up_to(hot, strand, event->boot_ns))
		return NULL;
	if (strand && strand->last_ns < event->boot_ns)
		strand->last_ns = event->boot_ns;
	return strand;
}

static enum call_role role_of(unsigned int role)
{
	return role == EVENT_ROLE_CLIENT ? ROLE_CLIENT : role == EVENT_ROLE_SERVER ? ROLE_SERVER : ROLE_UNKNOWN;
}

static void told_of(struct hot *hot, struct strand *strand)
{
	struct trait trait = { .kind = TRAIT_SEEN, .hierarchy = strand->hierarchy, .uid = strand->uid, .task = strand->task,
			       .cgroup_id = strand->cgroup_id, .boot_ns = hot->now_ns };

	memcpy(trait.comm, strand->comm, sizeof(trait.comm));
	send_trait(hot, &trait);
}

static void on_open(struct hot *hot, const struct event_open *event)
{
	struct strand *strand = strand_of(hot, &event->header);

	if (!strand)
		strand = begin(hot, &event->header, event->header.flags & EVENT_OPEN_BORN);
	if (!strand || strand->identified)
		return;
	strand->identified = true;
	strand->task = (struct task){ event->header.tgid, event->task_start_ns };
	strand->uid = event->uid;
	strand->cgroup_id = event->cgroup_id;
	strand->hierarchy = event->hierarchy;
	strand->library = event->library;
	STR_COPY(strand->comm, ((struct str){ event->comm, strnlen(event->comm, sizeof(event->comm)) }));
	if (event->role)
		conn_role(strand->conn, role_of(event->role));
	strand->process = process_of(hot, strand->task);
	if (!strand->process)
		return;
	process_busy(strand->process);
	list_insert(&strand->of_process, &strand->process->strands);
	if (!strand->process->told)
		told_of(hot, strand);
	strand->process->told = true;
}

static void count_protocol(struct hot *hot, struct strand *strand)
{
	switch (conn_facts(strand->conn).protocol) {
	case CONN_UNKNOWN:
	case CONN_HTTP1:
		return;
	case CONN_HTTP2:	/* what passes in it decides */
		stat_add(hot->stats, STAT_HTTP2, 1);
		strand->protocol_counted = true;
		return;
	case CONN_WEBSOCKET:
		stat_add(hot->stats, STAT_WEBSOCKET, 1);
		if (strand->drafts) {	/* it is read */
			strand->protocol_counted = true;
			return;
		}
		break;
	default:
		stat_add(hot->stats, STAT_OTHER, 1);
		break;
	}
	strand->protocol_counted = true;
	/* of what is neither a request of HTTP/1 may begin after all: another protocol may have come before it */
	hot_judge(hot, strand, conn_facts(strand->conn).protocol == CONN_OTHER ? EVENT_VERDICT_QUIET : EVENT_VERDICT_NEVER);
}

static void count_losses(struct hot *hot)
{
	const struct wire_counts *counts = &hot->wire.counts;

	stat_set(&hot->stats->n[STAT_STREAMS_LOST], counts->streams_full);
	stat_set(&hot->stats->n[STAT_TABLES_LOST], counts->tables_full);
	stat_set(&hot->stats->n[STAT_UNDECODED], counts->no_memory);
}

static void on_data(struct hot *hot, const struct event_data *event)
{
	struct strand *strand = strand_of(hot, &event->header);
	enum dir dir = event->dir == EVENT_SENT ? DIR_SENT : DIR_RECEIVED;

	if (!strand) {
		if (strand_ended(&hot->strands, event->header.conn_id)) {
			stat_add(hot->stats, STAT_LATE, 1);
			return;
		}
		strand = begin(hot, &event->header, false);
		if (!strand)
			return;
	}
	stat_add(hot->stats, STAT_DATA_BYTES, event->len);
	strand_got(strand, event->dir, event->offset, event->len);
	hot->strand = strand;
	if (event->header.flags & EVENT_DATA_REOPENED)
		conn_skip(strand->conn, dir, event->offset, event->peer_offset);
	else if (event->header.flags & EVENT_DATA_GAP)
		conn_gap(strand->conn, dir, event->offset, event->header.boot_ns);
	conn_feed(strand->conn, dir, event->offset, event->peer_offset, event->header.boot_ns, (const uint8_t *)(event + 1),
		  event->len);
	strand_wait(&hot->strands, strand, conn_waits(strand->conn));
	count_losses(hot);
	if (!strand->protocol_counted)
		count_protocol(hot, strand);
	if (strand->verdict == EVENT_VERDICT_NEVER && conn_facts(strand->conn).protocol == CONN_HTTP2)
		conn_forget(strand->conn);
	hot->strand = NULL;
	if (!list_empty(&strand->ending) && strand_whole(strand))
		finish(hot, strand);
}

static void on_close(struct hot *hot, const struct event_close *event)
{
	struct strand *strand = strand_of(hot, &event->header);

	if (!strand)
		return;
	strand->end_known = true;
	memcpy(strand->end, event->offset, sizeof(strand->end));
	if (strand_whole(strand))
		finish(hot, strand);
	else
		strand_end(&hot->strands, strand, event->header.boot_ns + LIMIT_REORDER_NS);
}

static void on_exe(struct hot *hot, const struct strand *strand, struct str path)
{
	struct trait trait = { .kind = TRAIT_EXE, .task = strand->task, .boot_ns = hot->now_ns };

	STR_COPY(trait.exe, path);
	if (strand->process)
		send_trait(hot, &trait);
}

static void on_fact(struct hot *hot, const struct event_fact *event)
{
	struct str text = { (const char *)(event + 1), event->len };
	struct strand *strand = strand_of(hot, &event->header);

	if (!strand) {
		if (strand_ended(&hot->strands, event->header.conn_id))
			return;
		strand = begin(hot, &event->header, false);
		if (!strand)
			return;
	}
	if (event->kind == EVENT_FACT_SERVER_NAME && text.n <= EVENT_SERVER_NAME_MAX)
		conn_server_name(strand->conn, text);
	if (event->kind == EVENT_FACT_ROLE && text.n == 1)
		conn_role(strand->conn, role_of((unsigned char)text.p[0]));
	if (event->kind == EVENT_FACT_EXE)
		on_exe(hot, strand, text);
}

/*
 * An exec puts an end to the connections of the image before at once: what
 * follows is another program. After an exit the last bytes may still be under
 * way. Of processes without connections nobody needs to know.
 */
static void on_task(struct hot *hot, const struct event_task *event)
{
	struct task task = { event->header.tgid, event->task_start_ns };
	struct process *process = process_find(&hot->processes, task);
	struct trait trait = { .kind = TRAIT_EXEC, .task = task, .boot_ns = event->header.boot_ns };

	if (!process)
		return;
	if (event->what == EVENT_TASK_EXEC) {
		process->told = false;
		finish_process(hot, process);
		send_trait(hot, &trait);
	}
	if (event->what == EVENT_TASK_EXIT) {
		process->gone = true;
		LIST_EACH(node, &process->strands) {
			struct strand *strand = LIST_ENTRY(node, struct strand, of_process);

			if (list_empty(&strand->ending))
				strand_end(&hot->strands, strand, event->header.boot_ns + LIMIT_REORDER_NS);
		}
		rest(hot, process);
	}
}

static void on_environ(struct hot *hot, const struct event_environ *event)
{
	struct task task = { event->header.tgid, event->task_start_ns };
	struct process *process = process_of(hot, task);
	struct trait trait = { .kind = TRAIT_ENVIRON, .task = task, .boot_ns = event->header.boot_ns };
	int err = process ? process_environ(&hot->processes, process, event, &hot->wants->wants, &trait) : -ENOSPC;

	if (err > 0)
		send_trait(hot, &trait);
	if (err < 0)
		stat_add(hot->stats, STAT_ENVIRONS_LOST, 1);
}

void hot_event(void *ctx, const struct event_header *event, size_t size)
{
	struct hot *hot = ctx;

	if (size >= sizeof(*event) && (event->type < EVENT_OPEN || event->type > EVENT_TARGET)) {
		stat_add(hot->stats, STAT_UNKNOWN_EVENTS, 1);
		return;
	}
	if (!event_whole(event, size)) {
		stat_add(hot->stats, STAT_MALFORMED, 1);
		return;
	}
	stat_add(hot->stats, STAT_EVENTS, 1);
	stat_add(hot->stats, STAT_EVENT_BYTES, event->size);
	if (event->boot_ns > hot->now_ns)
		hot->now_ns = event->boot_ns;
	switch (event->type) {
	case EVENT_OPEN:
		on_open(hot, (const void *)event);
		break;
	case EVENT_DATA:
		on_data(hot, (const void *)event);
		break;
	case EVENT_CLOSE:
		on_close(hot, (const void *)event);
		break;
	case EVENT_FACT:
		on_fact(hot, (const void *)event);
		break;
	case EVENT_TASK:
		on_task(hot, (const void *)event);
		break;
	case EVENT_ENVIRON:
		on_environ(hot, (const void *)event);
		break;
	}
}

void hot_tick(struct hot *hot, uint64_t boot_ns)
{
	if (boot_ns > hot->now_ns)
		hot->now_ns = boot_ns;
	LIST_EACH(node, &hot->strands.waiting)
		bring_up_to(hot, LIST_ENTRY(node, struct strand, waiting), hot->now_ns);
	while (!list_empty(&hot->strands.ending)) {
		struct strand *strand = LIST_ENTRY(hot->strands.ending.next, struct strand, ending);

		if (hot->now_ns < strand->deadline_ns)
			break;
		finish(hot, strand);
	}
}

/* ---- beginning and end */

int hot_new(struct source *source, struct queue *queue, const struct wants *wants, struct stats *stats, struct hot **ret)
{
	struct hot *hot = mem_new(sizeof(*hot));
	int err;

	if (!hot)
		return -ENOMEM;
	hot->source = source;
	hot->queue = queue;
	hot->stats = stats;
	strands_init(&hot->strands);
	processes_init(&hot->processes);
	err = wire_init(&hot->wire, &hot_wire_ops, hot, HOT_EXCHANGE_SIZE);
	if (err < 0) {
		mem_free(hot);
		return err;
	}
	err = readers_new(&hot->readers);
	if (err == 0)
		err = hot_wants(hot, wants);
	if (err < 0) {
		hot_free(hot);
		return err;
	}
	*ret = hot;
	return 0;
}

int hot_wants(struct hot *hot, const struct wants *wants)
{
	struct held *held = mem_new(sizeof(*held)), *before = hot->wants;

	if (!held)
		return -ENOMEM;
	held->wants = *wants;
	hot->wants = held;
	hot_drop_wants(hot, before);
	return 0;
}

static int by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* In the order of their ids, and stamped with them: the same however many workers there are. */
void hot_drain(struct hot *hot)
{
	size_t n = 0, n_conns = hot->strands.by_id.n;
	uint64_t *ids = mem_array(n_conns, sizeof(*ids)), id;
	void *strand;

	for (size_t i = 0; ids && map_next(&hot->strands.by_id, &i, &id, &strand);)
		ids[n++] = id;
	if (ids)
		qsort(ids, n, sizeof(*ids), by_id);
	for (size_t i = 0; i < n; i++) {
		struct strand *open = strand_find(&hot->strands, ids[i]);

		if (!open)
			continue;
		hot->stamp = (UINT64_MAX >> 1) + ids[i];
		if (bring_up_to(hot, open, hot->now_ns + LIMIT_REORDER_NS))
			finish(hot, open);
	}
	mem_free(ids);
}

struct hot *hot_free(struct hot *hot)
{
	struct strand *strand;
	uint64_t id;

	if (!hot)
		return NULL;
	for (size_t i = 0; map_next(&hot->strands.by_id, &i, &id, (void **)&strand);) {
		hot->strand = strand;
		conn_free(strand->conn);
	}
	strands_done(&hot->strands);
	processes_done(&hot->processes);
	wire_done(&hot->wire);
	hot_drop_spares(hot);
	readers_free(hot->readers);
	mem_free(hot->wants);
	return mem_free(hot);
}
