/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record as the ledger keeps it, read back for explain: what was decided then,
 * and as much of the call and its origin as it takes to ask the sources again.
 * Headers, body fields and environment are not kept, save for the answer that won.
 */
#ifndef AITAP_RUN_KEPT_H
#define AITAP_RUN_KEPT_H

#include "book/store.h"
#include "noun/record.h"

struct kept_line {
	char model[128], class[32], unit[24], price[128];
	int64_t milli;
	int64_t pico;
	bool priced;
};

/* What was learnt of the call later: in the sums beside it. */
struct kept_adjustment {
	char id[RECORD_ID_MAX], team[65];
	int64_t pico;
	bool priced;
};

#define KEPT_ADJUSTMENTS 16

enum kept_bound { KEPT_INPUT, KEPT_OUTPUT, KEPT_COST, KEPT_BOUNDS };

struct kept {
	char id[RECORD_ID_MAX];
	int64_t time_ns;
	bool spend;
	char team[65], team_source[160], caller_team[65];
	char labels[4096];		/* JSON */
	char flags[1024];		/* JSON */
	char route[16], sight[16], cost_status[16], billing[24], config[80], same_as[RECORD_ID_MAX], adjusts[RECORD_ID_MAX];
	char usage_source[16], estimate[24];	/* by which method, where it was estimated */
	bool bounded[KEPT_BOUNDS];
	int64_t low[KEPT_BOUNDS], high[KEPT_BOUNDS];	/* tokens, tokens, pico-USD */
	bool cost_known;
	int64_t pico;
	uint32_t n_lines;
	struct kept_line lines[RECORD_LINES];
	uint32_t n_adjustments;		/* at most so many are told of */
	struct kept_adjustment adjustments[KEPT_ADJUSTMENTS];
	struct call call;
	struct origin origin;
};

/* -ENOENT: no such record; other negative errno with why filled. */
int kept_read(const char *path, const char *id, struct kept *ret, char why[static STORE_WHY]);
/* Gives the call or origin the answer that the record's team_source had, so that it can be asked again. */
void kept_recall(struct kept *, const struct wants *);

#endif
