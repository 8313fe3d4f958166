/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building an attribution, piece by piece, and then attribution_seal(). Each
 * function refuses what cannot be right; saying where it stands in a file is
 * the caller's part. A dimension is DIMENSION_TEAM or the index of a label.
 *
 * The struct stands here for the files of who/ that decide and explain;
 * nobody outside who/ looks into it.
 */
#ifndef AITAP_WHO_ATTRIBUTION_H
#define AITAP_WHO_ATTRIBUTION_H

#include "noun/wants.h"
#include "who/match.h"
#include "who/names.h"
#include "who/team.h"

#define DIMENSION_TEAM (-1)

struct rule_label {
	uint8_t dimension;
	char value[65];
};

struct rule {
	char id[64];
	char team[65];		/* canonical; "": only labels */
	struct match match;
	size_t n_labels;
	struct rule_label labels[LIMIT_LABELS];
};

struct on_behalf {
	struct match match;
	struct fact source;
};

struct sources {
	uint32_t n;
	struct fact list[LIMIT_SOURCES];
};

enum approved_list { APPROVED_PROVIDERS, APPROVED_MODELS, APPROVED_REGIONS, APPROVED_LISTS };

struct approved {
	size_t n;
	char (*patterns)[128];
};

struct attribution {
	bool sealed;
	struct sources team;		/* sealed: claims last */
	uint32_t n_labels;
	char labels[LIMIT_LABELS][64];
	struct sources label[LIMIT_LABELS];
	uint32_t required;		/* bit 0 team, bit 1 + i label i */
	size_t n_rules;
	struct rule *rules;
	size_t n_on_behalf;
	struct on_behalf *on_behalf;
	size_t n_teams;
	struct team *teams;
	struct names team_names;	/* ids and aliases to indices */
	struct names people;		/* to indices of people_teams */
	size_t n_people_teams;
	char (*people_teams)[65];
	struct approved approved[APPROVED_LISTS];
};

int attribution_new(struct attribution **ret);
/* [A-Za-z0-9._/@:-]{1,64}: what can be a team's id or a label's value */
bool attribution_value_ok(struct str);
int attribution_add_team(struct attribution *, const struct team *);			/* -EEXIST */
int attribution_add_alias(struct attribution *, struct str alias, size_t team);	/* -EEXIST */
/* The team that an id or alias stands for; without a list every id stands for itself. -ENOENT. */
int attribution_find_team(const struct attribution *, struct str name, const struct team **ret);
int attribution_add_source(struct attribution *, int dimension, const struct fact *);	/* -EEXIST, -ENOSPC */
int attribution_add_label(struct attribution *, struct str name);	/* its index, new or not; -ENOSPC */
int attribution_add_rule(struct attribution *, const struct rule *);	/* takes rule->match over on success */
int attribution_add_on_behalf(struct attribution *, struct match *, const struct fact *);	/* likewise */
int attribution_add_person(struct attribution *, struct str who, struct str team);	/* -EEXIST */
int attribution_approve(struct attribution *, enum approved_list, struct str pattern);
void attribution_require(struct attribution *, int dimension);

/*
 * Puts the claims of the team's sources last, adds people where they are known
 * and not listed, and numbers every header, body path and environment name in
 * wants, which holds what others want already. A name that previous numbers
 * keeps its number, and new ones avoid the numbers of names given up, so that
 * values on their way are not taken for another's. -ENOSPC: more than
 * LIMIT_WANTED.
 */
int attribution_seal(struct attribution *, struct wants *wants, const struct wants *previous);

#endif
