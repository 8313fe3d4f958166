/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wanted values of a protobuf message, picked in one pass while it streams by:
 * what ai/skim is to JSON. A want's path is field numbers, "3.10" is field 10
 * of the message in field 3; a repeated field is simply met again. No schema is
 * known beyond that, so an enum is a number and bytes are text.
 *
 * It fills an item that skim_begin() has made ready. It never fails: what is no
 * protobuf yields nothing from there on, and is not whole.
 */
#ifndef AITAP_AI_PROTO_H
#define AITAP_AI_PROTO_H

#include "ai/skim.h"

#define PROTO_DEPTH 12		/* messages within messages that are followed: more than any path has */

struct proto_level {
	uint16_t node;		/* of the message that the level is */
	uint64_t end;		/* where it ends, in bytes of the whole */
};

struct proto {
	const struct skim_table *table;
	struct item *item;
	skim_each_fn each;
	void *ctx;
	int error;
	uint8_t state;
	uint8_t depth;
	uint8_t shift;		/* of the varint under way */
	uint16_t node;		/* of the field under way; SKIM_NODES: nobody wants it */
	uint64_t number;	/* the varint under way */
	uint64_t length;	/* of the field under way */
	uint64_t left;		/* of it */
	uint64_t at;		/* bytes taken of the whole */
	struct proto_level level[PROTO_DEPTH];
};

void proto_begin(struct proto *, const struct skim_table *, struct item *, skim_each_fn, void *ctx);
/* Takes all of it. Negative: what a skim_each_fn returned. */
int proto_write(struct proto *, const char *text, size_t n);
/* Does the message end here, with every field and every inner message? */
bool proto_whole(const struct proto *);

#endif
