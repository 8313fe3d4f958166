/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attribution: which team pays for a call, which team owns the caller, the
 * labels, and why. Built once by run/config from its functions in
 * who/attribution.h, immutable after that, so any thread may read it.
 *
 * Sources are asked in their order and the first answer wins; its name is the
 * record's team_source. What the call's own metadata merely claims (header:,
 * body:) ranks behind everything else, whatever its place in the list, unless
 * an on_behalf entry trusts that caller. It never guesses: no answer is the
 * team "", flagged unattributed.
 */
#ifndef AITAP_WHO_TEAM_H
#define AITAP_WHO_TEAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "noun/call.h"
#include "noun/origin.h"
#include "noun/record.h"

struct attribution;

struct attribution *attribution_free(struct attribution *);

/*
 * Fills team, team_source, caller_team and labels, and adds to flags what
 * attribution knows: unattributed, unknown-team, claim-conflict, not-ready,
 * invalid-value, origin-incomplete, unapproved-*. ret->time_ns must be set (teams have dates); nothing else
 * of it is read. NULL attribution: everything is unattributed.
 */
void attribute(const struct attribution *, const struct call *, const struct origin *, struct record *ret);

/* The same decision with every source's answer and the reason, as lines for people or as one JSON object. */
int attribute_explain(const struct attribution *, const struct call *, const struct origin *, int64_t wall_ns, bool json,
		      struct buf *ret);

/* The authoritative list, for series that start at 0 and for reports; NULL past its end. */
struct team {
	char id[65];
	char name[96];
	char parent[65];
	char cost_center[64];
	char owner[128];
	uint32_t headcount;
	int64_t from_ns;	/* INT64_MIN: always */
	int64_t to_ns;		/* exclusive; INT64_MAX: for ever */
};
const struct team *attribution_team(const struct attribution *, size_t i);
/* label dimensions in their order; NULL past the end */
const char *attribution_label(const struct attribution *, size_t i);

#endif
