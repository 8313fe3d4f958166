/* SPDX-License-Identifier: Apache-2.0 */
#include "who/decision.h"

#include <stdio.h>
#include <string.h>

/* Each rule is tried at most once, and only while it can still add something. */
static void try_rules(struct decision *d)
{
	uint32_t missing = (1u << d->a->n_labels) - 1;

	for (size_t i = 0; i < d->a->n_rules && (missing || !d->rule); i++) {
		const struct rule *rule = &d->a->rules[i];
		bool news = rule->team[0] && !d->rule;

		for (size_t j = 0; j < rule->n_labels; j++)
			news |= missing >> rule->labels[j].dimension & 1;
		if (!news || !match_holds(&rule->match, &d->view))
			continue;
		if (rule->team[0] && !d->rule)
			d->rule = rule;
		for (size_t j = 0; j < rule->n_labels; j++) {
			uint32_t bit = 1u << rule->labels[j].dimension;

			if (missing & bit)
				d->label_rule[rule->labels[j].dimension] = rule;
			missing &= ~bit;
		}
	}
}

/* A person is looked for under each name that the call or its process carries. */
static struct str team_of_person(struct decision *d)
{
	const struct str names[] = { str_of(d->view.call->account), str_of(d->view.call->user), str_of(d->view.origin->user) };
	uint32_t i;

	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
		if (names[n].n && names_get(&d->a->people, names[n], &i))
			return str_of(d->a->people_teams[i]);
	return STR("");
}

static struct answer ask(struct decision *d, const struct fact *fact)
{
	struct answer answer = { .fact = fact };
	const struct team *team;

	if (fact->kind == FACT_RULE) {
		answer.rule = d->rule;
		answer.said = d->rule ? str_of(d->rule->team) : STR("");
	} else if (fact->kind == FACT_PEOPLE) {
		answer.said = team_of_person(d);
	} else {
		answer.said = view_fact(&d->view, fact);
	}
	if (!answer.said.n)
		return answer;
	if (!attribution_value_ok(answer.said) || str_eq(answer.said, STR("_invalid"))) {
		d->invalid = true;
		return answer;
	}
	answer.team = answer.said;
	answer.listed = !d->a->n_teams;
	if (attribution_find_team(d->a, answer.said, &team) == 0) {
		answer.team = str_of(team->id);
		answer.listed = d->wall_ns >= team->from_ns && d->wall_ns < team->to_ns;
	}
	return answer;
}

static void ask_on_behalf(struct decision *d)
{
	for (size_t i = 0; i < d->a->n_on_behalf; i++) {
		const struct on_behalf *entry = &d->a->on_behalf[i];

		if (!match_holds(&entry->match, &d->view))
			continue;
		d->on_behalf = entry;
		d->trusted = ask(d, &entry->source);
		if (d->trusted.team.n)
			return;
	}
}

void decide(const struct attribution *a, const struct call *call, const struct origin *origin, int64_t wall_ns,
	    struct decision *d)
{
	memset(d, 0, sizeof(*d));
	d->a = a;
	d->wall_ns = wall_ns;
	d->view = view_of(call, origin);
	try_rules(d);
	ask_on_behalf(d);
	for (; d->n < a->team.n; d->n++) {
		struct answer *answer = &d->answers[d->n];

		*answer = ask(d, &a->team.list[d->n]);
		if (!answer->team.n)
			continue;
		if (!d->caller && !fact_is_claim(answer->fact))
			d->caller = answer;
		if (!d->winner)
			d->winner = answer;
	}
	if (d->trusted.team.n)
		d->winner = &d->trusted;
	for (size_t i = 0; i < d->n; i++) {
		const struct answer *answer = &d->answers[i];

		if (fact_is_claim(answer->fact) && answer->team.n && !str_eq(answer->team, d->winner->team))
			d->conflict = true;
	}
}

void decision_source(const struct decision *d, const struct answer *answer, char *ret, size_t size)
{
	if (!answer)
		ret[0] = 0;
	else if (answer->rule)
		snprintf(ret, size, "rule:%s", answer->rule->id);
	else
		snprintf(ret, size, "%s%s", answer == &d->trusted ? "on_behalf:" : "", answer->fact->name);
}

static bool label_of_rule(const struct decision *d, uint32_t i, struct label *ret)
{
	const struct rule *rule = d->label_rule[i];

	for (size_t j = 0; rule && j < rule->n_labels; j++)
		if (rule->labels[j].dimension == i) {
			STR_COPY(ret->value, str_of(rule->labels[j].value));
			snprintf(ret->source, sizeof(ret->source), "rule:%s", rule->id);
			return true;
		}
	return false;
}

bool decision_label(const struct decision *d, uint32_t i, struct label *ret)
{
	const struct sources *sources = &d->a->label[i];
	struct view view = d->view;

	STR_COPY(ret->name, str_of(d->a->labels[i]));
	if (label_of_rule(d, i, ret))
		return true;
	for (uint32_t j = 0; j < sources->n; j++) {
		struct str value = view_fact(&view, &sources->list[j]);

		if (!value.n)
			continue;
		STR_COPY(ret->value, attribution_value_ok(value) ? value : STR("_invalid"));
		STR_COPY(ret->source, str_of(sources->list[j].name));
		return true;
	}
	return false;
}

uint32_t decision_flags(const struct decision *d)
{
	uint32_t flags = 0;

	if (!d->winner)
		flags |= FLAG_UNATTRIBUTED;
	else if (!d->winner->listed)
		flags |= FLAG_UNKNOWN_TEAM;
	if (!d->winner && d->a->required & 1)
		flags |= FLAG_NOT_READY;
	if (d->conflict)
		flags |= FLAG_CLAIM_CONFLICT;
	if (d->invalid)
		flags |= FLAG_INVALID_VALUE;
	if (d->view.origin->incomplete)
		flags |= FLAG_ORIGIN_INCOMPLETE;
	return flags | approved_flags(d->a, d->view.call);
}

static bool approves(const struct approved *list, struct str value, bool prefix)
{
	for (size_t i = 0; i < list->n; i++) {
		struct str pattern = str_of(list->patterns[i]);

		if (str_glob(pattern, value))
			return true;
		/* "eu" also means eu-west-1 */
		if (prefix && value.n > pattern.n && value.p[pattern.n] == '-' && str_starts(value, pattern))
			return true;
	}
	return false;
}

/* A list that was not written approves everything; a model or region that is not known is not accused. */
uint32_t approved_flags(const struct attribution *a, const struct call *call)
{
	struct str model = str_of(call->model[0] ? call->model : call->model_requested), region = str_of(call->region);
	uint32_t flags = 0;

	if (a->approved[APPROVED_PROVIDERS].n && !approves(&a->approved[APPROVED_PROVIDERS], str_of(call->provider), false))
		flags |= FLAG_UNAPPROVED_PROVIDER;
	if (a->approved[APPROVED_MODELS].n && model.n && !approves(&a->approved[APPROVED_MODELS], model, false))
		flags |= FLAG_UNAPPROVED_MODEL;
	if (a->approved[APPROVED_REGIONS].n && region.n && !approves(&a->approved[APPROVED_REGIONS], region, true))
		flags |= FLAG_UNAPPROVED_REGION;
	return flags;
}
