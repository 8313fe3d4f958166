/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One attribution as it was decided, with every source's answer: what a record
 * takes its team from and what explain prints, so that the two cannot differ.
 * Points into the attribution, the call and the origin, and into itself: do
 * not copy it.
 */
#ifndef AITAP_WHO_DECISION_H
#define AITAP_WHO_DECISION_H

#include "who/attribution.h"

struct answer {
	const struct fact *fact;
	const struct rule *rule;	/* that gave it, where the fact is FACT_RULE */
	struct str said;		/* the value as it stands; empty: silent */
	struct str team;		/* the id that it stands for; empty: no team */
	bool listed;			/* in the authoritative list, and of this date */
};

struct decision {
	const struct attribution *a;
	int64_t wall_ns;
	struct view view;
	const struct rule *rule;			/* the first that holds and has a team */
	const struct rule *label_rule[LIMIT_LABELS];	/* the first that holds and has the label */
	size_t n;
	struct answer answers[LIMIT_SOURCES];		/* as they are asked */
	const struct on_behalf *on_behalf;		/* the first that holds and has an answer, or that just holds */
	struct answer trusted;				/* its answer */
	const struct answer *caller;			/* who owns the process; NULL: unknown */
	const struct answer *winner;			/* who pays; NULL: unattributed */
	bool conflict;					/* a claim says another team */
	bool invalid;					/* some value could not be a team's id or a label */
};

void decide(const struct attribution *, const struct call *, const struct origin *, int64_t wall_ns, struct decision *ret);
bool decision_label(const struct decision *, uint32_t i, struct label *ret);	/* false: no answer */
uint32_t decision_flags(const struct decision *);	/* enum record_flag; those of labels are not among them */
uint32_t approved_flags(const struct attribution *, const struct call *);
/* The record's team_source: pod-label:team, rule:ID, on_behalf:header:x-team-id. */
void decision_source(const struct decision *, const struct answer *, char *ret, size_t size);

#endif
