/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "who/decision.h"

/* Why a source's answer did or did not become the team. */
static const char *fate(const struct decision *d, const struct answer *answer)
{
	if (!answer->said.n)
		return "silent";
	if (!answer->team.n)
		return "invalid";
	if (answer == d->winner)
		return "wins";
	if (fact_is_claim(answer->fact))
		return str_eq(answer->team, d->winner->team) ? "agrees" : "contradicts: a claim";
	return answer == d->caller ? "owns the caller" : "comes later";
}

static const char *standing(const struct decision *d, const struct answer *answer)
{
	return !answer->team.n || answer->listed ? "" : d->a->n_teams ? "  (not in the list of teams)" : "";
}

static void print_answer(const struct decision *d, const struct answer *answer, struct buf *to)
{
	char source[160];

	decision_source(d, answer, source, sizeof(source));
	buf_printf(to, "  %-32s %-24.*s %s%s", source, answer->said.n ? (int)answer->said.n : 1,
		   answer->said.n ? answer->said.p : "-", fate(d, answer), standing(d, answer));
	if (answer->team.n && !str_eq(answer->team, answer->said))
		buf_printf(to, "  (stands for %.*s)", (int)answer->team.n, answer->team.p);
	if (answer->rule) {
		buf_puts(to, "  where ");
		match_text(&answer->rule->match, to);
	}
	buf_char(to, '\n');
}

static void print_fact(struct buf *to, const char *name, const char *value)
{
	if (value[0])
		buf_printf(to, "  %-32s %s\n", name, value);
}

static const struct {
	const char *name;
	uint32_t flag;
} flag_names[] = {
	{ "unattributed", FLAG_UNATTRIBUTED },
	{ "unknown-team", FLAG_UNKNOWN_TEAM },
	{ "claim-conflict", FLAG_CLAIM_CONFLICT },
	{ "not-ready", FLAG_NOT_READY },
	{ "origin-incomplete", FLAG_ORIGIN_INCOMPLETE },
	{ "invalid-value", FLAG_INVALID_VALUE },
	{ "unapproved-provider", FLAG_UNAPPROVED_PROVIDER },
	{ "unapproved-model", FLAG_UNAPPROVED_MODEL },
	{ "unapproved-region", FLAG_UNAPPROVED_REGION },
};
#define N_FLAGS (sizeof(flag_names) / sizeof(flag_names[0]))

static const struct origin_fact {
	const char *name;
	enum fact_kind kind;
} origin_facts[] = {
	{ "exe", FACT_EXE }, { "comm", FACT_COMM }, { "user", FACT_USER }, { "cgroup", FACT_CGROUP },
	{ "unit", FACT_UNIT }, { "container", FACT_CONTAINER }, { "image", FACT_IMAGE }, { "pod", FACT_POD },
	{ "namespace", FACT_NAMESPACE }, { "workload", FACT_WORKLOAD }, { "host", FACT_HOST }, { "key", FACT_KEY },
	{ "project", FACT_PROJECT }, { "agent", FACT_AGENT },
};
#define N_ORIGIN_FACTS (sizeof(origin_facts) / sizeof(origin_facts[0]))

static void as_text(struct decision *d, const struct record *record, struct buf *to)
{
	buf_printf(to, "team         %s\n", record->team[0] ? record->team : "(unattributed)");
	buf_printf(to, "because of   %s\n", record->team_source[0] ? record->team_source : "no source had an answer");
	buf_printf(to, "caller team  %s\n", record->caller_team[0] ? record->caller_team : "(unknown)");
	buf_puts(to, "sources, as they are asked\n");
	if (d->on_behalf)
		print_answer(d, &d->trusted, to);
	for (size_t i = 0; i < d->n; i++)
		print_answer(d, &d->answers[i], to);
	if (record->n_labels)
		buf_puts(to, "labels\n");
	for (uint32_t i = 0; i < record->n_labels; i++)
		buf_printf(to, "  %-32s %-24s %s\n", record->labels[i].name, record->labels[i].value, record->labels[i].source);
	buf_puts(to, "known of the caller\n");
	for (size_t i = 0; i < N_ORIGIN_FACTS; i++)
		print_fact(to, origin_facts[i].name, view_scalar(&d->view, origin_facts[i].kind).p);
	if (record->flags)
		buf_puts(to, "flags       ");
	for (size_t i = 0; i < N_FLAGS; i++)
		if (record->flags & flag_names[i].flag)
			buf_printf(to, " %s", flag_names[i].name);
	if (record->flags)
		buf_char(to, '\n');
}

static void json_field(struct json *j, const char *name, struct str value)
{
	json_key(j, name);
	if (value.n)
		json_str(j, value);
	else
		json_null(j);
}

static void json_answer(const struct decision *d, const struct answer *answer, struct json *j)
{
	struct buf rule = BUF(KIB(16));
	char source[160];

	decision_source(d, answer, source, sizeof(source));
	json_open(j, '{');
	json_field(j, "source", str_of(source));
	json_field(j, "answer", answer->said);
	json_field(j, "team", answer->team);
	json_key(j, "listed");
	json_bool(j, answer->team.n && answer->listed);
	json_key(j, "claim");
	json_bool(j, fact_is_claim(answer->fact));
	json_key(j, "wins");
	json_bool(j, answer == d->winner);
	json_field(j, "why", str_of(fate(d, answer)));
	if (answer->rule) {
		match_text(&answer->rule->match, &rule);
		json_field(j, "where", buf_view(&rule));
	}
	json_close(j, '}');
	buf_done(&rule);
}

static void json_labels(const struct record *record, struct json *j)
{
	json_key(j, "labels");
	json_open(j, '{');
	for (uint32_t i = 0; i < record->n_labels; i++) {
		json_key(j, record->labels[i].name);
		json_open(j, '{');
		json_field(j, "value", str_of(record->labels[i].value));
		json_field(j, "source", str_of(record->labels[i].source));
		json_close(j, '}');
	}
	json_close(j, '}');
}

static void as_json(struct decision *d, const struct record *record, struct buf *to)
{
	struct json j = { .to = to };

	json_open(&j, '{');
	json_field(&j, "team", str_of(record->team));
	json_field(&j, "team_source", str_of(record->team_source));
	json_field(&j, "caller_team", str_of(record->caller_team));
	json_key(&j, "sources");
	json_open(&j, '[');
	if (d->on_behalf)
		json_answer(d, &d->trusted, &j);
	for (size_t i = 0; i < d->n; i++)
		json_answer(d, &d->answers[i], &j);
	json_close(&j, ']');
	json_labels(record, &j);
	json_key(&j, "origin");
	json_open(&j, '{');
	for (size_t i = 0; i < N_ORIGIN_FACTS; i++)
		json_field(&j, origin_facts[i].name, view_scalar(&d->view, origin_facts[i].kind));
	json_close(&j, '}');
	json_key(&j, "flags");
	json_open(&j, '[');
	for (size_t i = 0; i < N_FLAGS; i++)
		if (record->flags & flag_names[i].flag)
			json_cstr(&j, flag_names[i].name);
	json_close(&j, ']');
	json_close(&j, '}');
	buf_char(to, '\n');
}

int attribute_explain(const struct attribution *a, const struct call *call, const struct origin *origin, int64_t wall_ns,
		      bool json, struct buf *ret)
{
	static const struct attribution nothing;
	struct record record = { .time_ns = wall_ns };
	struct decision d;

	if (!a)
		a = &nothing;
	attribute(a, call, origin, &record);
	decide(a, call, origin, wall_ns, &d);
	if (json)
		as_json(&d, &record, ret);
	else
		as_text(&d, &record, ret);
	return ret->error;
}
