/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the hot half, shared by hot.c (events to strands) and
 * hot_call.c (what the wire tells, to calls), and by nobody else.
 */
#ifndef AITAP_PIPELINE_HOT_INSIDE_H
#define AITAP_PIPELINE_HOT_INSIDE_H

#include "ai/room.h"
#include "noun/call.h"
#include "pipeline/hot.h"
#include "pipeline/process.h"
#include "pipeline/strand.h"
#include "wire/conn.h"
#include "wire/exchange.h"

/* Wants with the number of exchanges that began with them; freed when that is 0 and others are in force. */
struct held {
	unsigned int users;
	struct wants wants;
};

struct draft;

struct hot {
	struct source *source;
	struct queue *queue;
	struct stats *stats;
	struct held *wants;
	struct readers *readers;
	struct wire wire;
	struct strands strands;
	struct processes processes;
	uint64_t now_ns;		/* the newest time seen */
	uint64_t stamp;			/* of what is being sent: now, or a rank while draining */

	/* while the wire is inside a connection */
	struct strand *strand;
	struct exchange *exchange;
	struct draft *draft;
	enum ending ending;
	bool ended;

	struct draft *spare;		/* drafts to be used again */
};

extern const struct wire_ops hot_wire_ops;
#define HOT_EXCHANGE_SIZE sizeof(struct draft *)

void hot_judge(struct hot *, struct strand *, enum event_verdict);
void hot_drop_wants(struct hot *, struct held *);
void hot_drop_spares(struct hot *);

#endif
