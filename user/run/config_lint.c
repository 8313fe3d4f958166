/* SPDX-License-Identifier: Apache-2.0 */
/* What is well-formed and hardly meant: rules that can never say anything. */
#include "run/config_inside.h"

/* Does an earlier rule answer whatever this one would? */
static bool shadows(const struct rule *first, const struct rule *later)
{
	if (later->team[0] && !first->team[0])
		return false;
	for (size_t i = 0; i < later->n_labels; i++) {
		bool there = false;

		for (size_t j = 0; j < first->n_labels; j++)
			there |= first->labels[j].dimension == later->labels[i].dimension;
		if (!there)
			return false;
	}
	return match_covers(&first->match, &later->match);
}

void lint_rules(struct reading *r, const struct node *const *at)
{
	const struct attribution *a = r->config->attribution;
	bool asked = false, teams = false;

	for (size_t i = 0; i < a->n_rules; i++) {
		teams |= a->rules[i].team[0] != 0;
		for (size_t j = 0; j < i; j++)
			if (shadows(&a->rules[j], &a->rules[i])) {
				problem(r, PROBLEM_WARNING, at[i], "rule '%s' is never reached: '%s', line %u, takes every call of it",
					a->rules[i].id, a->rules[j].id, at[j]->line);
				break;
			}
	}
	for (uint32_t i = 0; i < a->team.n; i++)
		asked |= a->team.list[i].kind == FACT_RULE;
	if (teams && !asked && a->n_rules)
		problem(r, PROBLEM_WARNING, at[0], "rules name teams, and 'rule' is not among the sources");
}
