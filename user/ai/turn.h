/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A turn of a session that a socket carries: one answer of the model, which is
 * a call of its own with times of its own. For the dialects of sockets.
 */
#ifndef AITAP_AI_TURN_H
#define AITAP_AI_TURN_H

#include "ai/dialect.h"

struct turn {
	uint64_t begin_ns;	/* the client asked, or the first that was seen of it */
	uint64_t answer_ns;	/* the first of the answer; 0: the turn is not under way */
	uint64_t token_ns;	/* the first of its content */
	uint64_t content;	/* bytes of the answer's text */
	char id[64];
};

/* The answer begins; asked_ns: 0 where nobody saw the client ask. */
void turn_begin(struct turn *, uint64_t asked_ns, uint64_t ns, struct str id);
void turn_content(struct turn *, uint64_t ns, uint64_t bytes);
/* Emits what was collected as that turn's call, and forgets both. model, and the turn's id: where they are known apart from it. */
void turn_emit(struct dialect *, struct turn *, struct str model, uint64_t end_ns);
/* The socket is over while it is under way: what it used was never told. */
void turn_abort(struct dialect *, struct turn *, struct str model);

#endif
