/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The desk between the two threads of who/: questions go one way, replies come
 * back, each through a bounded lane. Never more than LIMIT_QUESTIONS are open,
 * so a reply always finds room. Every source that adds something is told at
 * once; a source that hangs keeps back only itself and those after it.
 */
#ifndef AITAP_WHO_DESK_H
#define AITAP_WHO_DESK_H

#include "who/card.h"
#include "who/lane.h"
#include "who/who.h"

struct reply {
	struct task task;
	uint64_t number;	/* of the question */
	bool last;
	struct card *card;	/* the receiver's; NULL where memory was short */
};

struct question {
	struct task task;
	uint64_t number;
	uint64_t cgroup_id;
	uint8_t hierarchy;
	bool known_uid;
	uint32_t uid;
	char comm[16];
	struct wants *wants;	/* not a question but news: handed over */
	struct reply *last;	/* the paper for the last reply, so that it cannot fail; the desk's own */
};

struct desk {
	struct lane questions, replies;
	struct who_source sources[WHO_SOURCES];
	size_t n_sources;
	size_t open;			/* cold thread: questions without their last reply */
	struct origin scratch;		/* helper thread */
};

int desk_init(struct desk *, const struct who_source *, size_t n);
void desk_done(struct desk *);

/* cold thread */
int desk_ask(struct desk *, const struct question *);	/* -EAGAIN: too many are open; -ENOMEM */
struct reply *desk_reply(struct desk *);		/* the receiver frees it; NULL: none yet */
int desk_wait(struct desk *, int timeout_ms);

/* helper thread */
int desk_work(struct desk *, int timeout_ms);

#endif
