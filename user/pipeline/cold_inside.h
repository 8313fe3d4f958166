/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the cold half, shared by cold.c (messages and commits),
 * cold_record.c (a call becomes a record) and cold_join.c (which of several are
 * one), and by nobody else.
 */
#ifndef AITAP_PIPELINE_COLD_INSIDE_H
#define AITAP_PIPELINE_COLD_INSIDE_H

#include "ai/estimate.h"
#include "link/gateway.h"
#include "link/retry.h"
#include "pipeline/cold.h"

/* A record with what it points to, until it is committed. */
struct entry {
	struct record record;
	struct call call;
	struct origin origin;
};

#define BATCH 128	/* records that wait for one commit; some 6 MiB */

struct cold {
	struct cold_config config;
	const struct cold_settings *settings;
	uint8_t boot_id[16];
	struct cold_counts counts;
	struct estimator *estimator;
	struct retries *retries;
	struct gateways *gateways;
	struct memory *own_memory;	/* where there is no other */
	uint64_t oldest_ns;		/* when the batch began */
	uint64_t now_ns;
	bool busy;			/* messages came since the last look at the clock */
	size_t n;
	struct trait trait;
	struct entry other;		/* of cold_join.c, as are the next two */
	struct call serving;
	uint64_t scratch[8192];
	struct entry batch[BATCH];
};

/* The entry that becomes the next record, zeroed; and what makes it one. */
struct entry *cold_next(struct cold *);
void cold_put(struct cold *);

/* cold_record.c */
enum spend { SPEND_JUDGE, SPEND_YES, SPEND_NO };
/* What is known at once: time, id, origin, attempt. The call is there. */
void cold_identify(struct cold *, struct entry *);
/* The rest, and into the batch it goes: cold_next()'s entry. spend: is it, or does what earlier calls left say so? */
void cold_tell(struct cold *, struct entry *, enum spend);
/* Who pays: by the call and its origin as they are. */
void cold_attribute(struct cold *, const struct call *, const struct origin *, struct record *ret);

/* cold_join.c */
int cold_join_new(struct cold *);
void cold_serving(struct cold *, const struct call *);
/* cold_next()'s entry, identified: told now or later. */
void cold_client(struct cold *, struct entry *);

#endif
