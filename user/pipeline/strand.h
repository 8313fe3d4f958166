/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection as its events tell it: whose it is, how it was judged, and when
 * it ends. Its bytes are the wire's. One table a worker, its thread only.
 *
 * Events of several threads pass each other, so a close may come before the
 * last bytes: a strand that ends waits for what its close says was there.
 */
#ifndef AITAP_PIPELINE_STRAND_H
#define AITAP_PIPELINE_STRAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "bpf/event.h"
#include "pipeline/process.h"
#include "wire/conn.h"

struct strand {
	uint64_t id;
	struct conn *conn;
	struct strand *next;		/* of strands.spare */
	struct process *process;	/* NULL: its open was lost, or the table is full */
	struct list of_process;
	struct list ending;		/* in strands.ending while its end is known and bytes may be under way */
	struct list waiting;		/* in strands.waiting while the wire holds bytes behind a gap */
	struct task task;
	uint64_t cgroup_id;
	uint32_t uid;
	uint8_t hierarchy;
	uint8_t library;
	uint8_t verdict;		/* enum event_verdict as given */
	uint32_t strangers;		/* requests that were not AI, in a row */
	uint32_t drafts;		/* exchanges under way that are AI, or may be */
	bool identified;		/* an EVENT_OPEN came */
	bool protocol_counted;
	bool end_known;			/* end[] says how long the streams are */
	char comm[16];
	uint64_t first[2];		/* lowest offset seen; UINT64_MAX: none */
	uint64_t got[2];		/* bytes seen */
	uint64_t end[2];
	uint64_t deadline_ns;		/* of ending */
	uint64_t last_ns;		/* of its newest event */
};

struct strands {
	struct map by_id;
	struct list ending;		/* by deadline */
	struct list waiting;
	struct strand *spare;		/* ended ones, to be used again */
	uint64_t ended[4096];		/* ids that ended lately, by id modulo: their late events are not new connections */
};

/* Not listened to: what passed then is not missing. */
static inline bool strand_hushed(const struct strand *strand)
{
	return strand->verdict == EVENT_VERDICT_QUIET || strand->verdict == EVENT_VERDICT_NEVER;
}

void strands_init(struct strands *);
void strands_done(struct strands *);	/* conns are the wire's: free them first */

struct strand *strand_find(const struct strands *, uint64_t id);
bool strand_ended(const struct strands *, uint64_t id);
/* -ENOSPC: the table is full. The caller gives it its conn. */
int strand_new(struct strands *, uint64_t id, struct strand **ret);
void strand_got(struct strand *, enum event_dir, uint64_t offset, uint32_t len);
bool strand_whole(const struct strand *);	/* all that its end promised has come */
void strand_end(struct strands *, struct strand *, uint64_t deadline_ns);
void strand_wait(struct strands *, struct strand *, bool waits);
struct strand *strand_free(struct strands *, struct strand *);	/* remembers that the id has ended; returns NULL */

#endif
