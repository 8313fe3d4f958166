/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes whose connections a worker holds: their environment put
 * together from its pieces, of which only the wanted names get out, and their
 * end. One table a worker, its thread only. Owns no connection: strands hang
 * themselves into process.strands.
 */
#ifndef AITAP_PIPELINE_PROCESS_H
#define AITAP_PIPELINE_PROCESS_H

#include <stdbool.h>

#include "base/list.h"
#include "base/map.h"
#include "base/str.h"
#include "bpf/event.h"
#include "noun/trait.h"

struct process {
	struct task task;
	struct list strands;		/* its open connections */
	struct list idle;		/* in processes.idle while there is none */
	bool told;			/* TRAIT_SEEN was sent */
	bool gone;			/* its exit was seen; it goes with its last strand */
	char *environ;			/* EVENT_ENVIRON_MAX bytes while pieces come in, else NULL */
	uint32_t environ_bytes;
};

struct processes {
	struct map by_task;
	struct list idle;		/* oldest first: the first to be forgotten */
	size_t assembling;		/* environments in pieces, at most LIMIT_ENVIRONS */
};

void processes_init(struct processes *);
void processes_done(struct processes *);

struct process *process_find(const struct processes *, struct task);	/* NULL: not known */
/* Finds or makes; *ret_new tells which. A full table forgets the process that was idle longest; -ENOSPC where none is. */
int process_get(struct processes *, struct task, bool *ret_new, struct process **ret);
void process_busy(struct process *);				/* before a strand is hung in */
void process_rest(struct processes *, struct process *);	/* after one was taken out: idle, or gone for good */
void process_forget(struct processes *, struct process *);	/* frees; it has no strands */

/*
 * A piece of its environment. 1: that was the last, and ret holds the wanted
 * values; 0: more to come, or a piece that was there already; -ENODATA: a piece
 * is missing; -ENOSPC, -ENOMEM: no room. After a failure it is not put together.
 */
int process_environ(struct processes *, struct process *, const struct event_environ *, const struct wants *, struct trait *ret);
/* What the wants ask for out of NUL-separated NAME=value; -ENOSPC where there were more than a trait holds. */
int environ_pick(struct str environ, const struct wants *, struct trait *ret);

#endif
