/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch is paid for by who made it, whoever asks for it later. Its maker is
 * kept under the batch's id, and that under the ids of its files, for 30 days.
 * Its usage comes with a poll, with its results (as a sum, or line by line), or
 * with both, and more than once: what brings it first, whole, is the spending.
 */
#ifndef AITAP_LINK_BATCH_H
#define AITAP_LINK_BATCH_H

#include "link/owner.h"
#include "noun/memory.h"

enum batch_state {
	BATCH_NONE,		/* the call has to do with no batch that is known */
	BATCH_OPEN,		/* its usage is still to come */
	BATCH_FETCHED,		/* counted with record */
};

struct batch {
	uint8_t state;			/* enum batch_state */
	char id[96];			/* "": only its input file is known so far */
	struct owner owner;		/* who made it, and the record of that */
	char counted[RECORD_ID_MAX];	/* BATCH_FETCHED: the record that has its usage, or the first of its lines' */
	bool lines;			/* its usage came line by line, each an answer of its own */
	int64_t created_ns;
	uint64_t requests;		/* 0: not known */
	uint64_t input_max, output_max;	/* tokens at most; 0: not known */
	bool has_bound;
	int64_t bound_pico;		/* what it can cost at most, by the list */
	int64_t fetched_ns;
	int64_t cost_pico;
	uint64_t calls;
};

/* What is known of the batch that this call is about. */
void batch_find(struct memory *, const struct call *, struct batch *ret);
/* Adds what this call tells of it; where it makes one, its record becomes the owner. False: it is about none that is known. */
bool batch_learn(struct batch *, const struct record *);
/* Does this call bring its usage, whole? And is that one line of it? */
bool batch_brings(const struct call *);
bool batch_line(const struct call *);
/* The record that spends it, or one line more of it. */
void batch_fetched(struct batch *, const struct record *);
int batch_keep(struct memory *, const struct record *, const struct batch *);

#endif
