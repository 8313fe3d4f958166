/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cold half: messages of all workers become records. It knows who called
 * (who/), which team pays, what the call cost, what it has to do with other
 * calls (link/), and gives the record to the ledger and, once that has committed
 * it, to the other sinks. It knows no thread: pipeline/worker runs it in one.
 *
 * A call that may belong to a request which is being served on this host waits
 * for that; all others become records at once. Records wait for their commit in a batch of bounded size and age. Sinks, who
 * and metrics belong to the caller and outlive it; so do the settings, until
 * cold_settings() has put others in their place.
 */
#ifndef AITAP_PIPELINE_COLD_H
#define AITAP_PIPELINE_COLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "link/gateway.h"
#include "money/price.h"
#include "noun/memory.h"
#include "noun/record.h"
#include "out/sink.h"
#include "pipeline/hot.h"
#include "pipeline/route.h"
#include "who/team.h"
#include "who/who.h"

/* What a reload replaces as a whole. */
struct cold_settings {
	const struct attribution *attribution;	/* NULL: nothing is attributed */
	const struct prices *prices;
	const struct wants *wants;
	const struct route_gateway *gateways;
	size_t n_gateways;
	const char *node;
	const char *cluster;			/* NULL: none */
	const char *config;			/* sha256:... */
};

#define COLD_SINKS 16
#define COLD_COMMIT_NS (100 * 1000000ull)	/* a record waits this long for company before it is committed */

struct cold_config {
	const struct cold_settings *settings;
	struct who *who;
	int deadline_ms;			/* for an origin */
	bool replay;				/* the time is what messages say, not the clock's */
	const uint8_t *boot_id;			/* 16 bytes, copied: part of every id */
	int64_t (*wall)(void *ctx, uint64_t boot_ns);
	/* Called with each record once it is committed, for counting; may be NULL. */
	void (*committed)(void *ctx, const struct record *);
	struct memory *memory;			/* what earlier calls left; NULL: kept for this run alone */
	void *ctx;				/* of wall and committed */
	struct sink *ledger;			/* NULL: none */
	struct sink *sinks[COLD_SINKS];
	size_t n_sinks;
};

struct cold_counts {
	uint64_t records;
	uint64_t serving;		/* calls of the serving side: no record */
	uint64_t begun;			/* requests announced by a serving side */
	uint64_t retrievals;
	uint64_t adjustments;		/* records that correct earlier ones; not among records */
	struct gateway_counts gateway;
	uint64_t forgotten;		/* what later calls may ask for could not be kept */
	uint64_t incomplete;		/* records that say complete:false */
	uint64_t malformed;		/* messages that do not hold together */
	uint64_t sink_failed[COLD_SINKS + 1];	/* records not taken, by sink; the last is the ledger */
	int sink_error[COLD_SINKS + 1];		/* and the newest reason */
};

struct cold;

int cold_new(const struct cold_config *, struct cold **ret);
void cold_message(struct cold *, const struct message *);
/* Commits what is old enough; gives when to come again, UINT64_MAX: nothing waits. now_ns = UINT64_MAX: all, for it is the end. */
uint64_t cold_tick(struct cold *, uint64_t now_ns);
void cold_settings(struct cold *, const struct cold_settings *);
const struct cold_counts *cold_counts(const struct cold *);
struct cold *cold_free(struct cold *);

#endif
