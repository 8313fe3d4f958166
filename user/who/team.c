/* SPDX-License-Identifier: Apache-2.0 */
#include "who/team.h"

#include "who/decision.h"

static void no_team(const struct origin *origin, struct record *ret)
{
	ret->team[0] = ret->team_source[0] = ret->caller_team[0] = 0;
	ret->n_labels = 0;
	ret->flags |= FLAG_UNATTRIBUTED | (origin->incomplete ? FLAG_ORIGIN_INCOMPLETE : 0);
}

static void fill_labels(const struct decision *d, struct record *ret)
{
	ret->n_labels = 0;
	for (uint32_t i = 0; i < d->a->n_labels; i++) {
		struct label *label = &ret->labels[ret->n_labels];
		bool there = decision_label(d, i, label), invalid = there && str_eq(str_of(label->value), STR("_invalid"));

		ret->n_labels += there;
		if (invalid)
			ret->flags |= FLAG_INVALID_VALUE;
		if ((!there || invalid) && d->a->required >> (i + 1) & 1)
			ret->flags |= FLAG_NOT_READY;
	}
}

void attribute(const struct attribution *a, const struct call *call, const struct origin *origin, struct record *ret)
{
	struct decision d;

	if (!a) {
		no_team(origin, ret);
		return;
	}
	decide(a, call, origin, ret->time_ns, &d);
	STR_COPY(ret->team, d.winner ? d.winner->team : STR(""));
	STR_COPY(ret->caller_team, d.caller ? d.caller->team : STR(""));
	decision_source(&d, d.winner, ret->team_source, sizeof(ret->team_source));
	ret->flags |= decision_flags(&d);
	fill_labels(&d, ret);
}
