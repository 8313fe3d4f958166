/* SPDX-License-Identifier: Apache-2.0 */
/* Which team, why, which labels and flags: configurations, what is known of a call, and what follows. */
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "out/record.h"
#include "run/config.h"
#include "tests/lib/unit.h"
#include "who/attribution.h"
#include "who/card.h"
#include "who/environ.h"

static struct call call;
static struct origin origin;
static struct record record;

static int row_of(const struct wants *wants, uint8_t kind, struct str name)
{
	for (uint32_t i = 0; i < wants->n_wanted; i++)
		if (wants->wanted[i].kind == kind && str_eq(str_of(wants->wanted[i].name), name))
			return (int)i;
	fail_msg("nobody wants %.*s", (int)name.n, name.p);
	return -1;
}

static void brought(const struct wants *wants, uint8_t kind, struct str name, struct str value)
{
	struct wanted_value *to = &call.values[call.n_values++];

	to->wanted = (uint8_t)row_of(wants, kind, name);
	STR_COPY(to->text, value);
}

/* "user=ann;env:AI_TEAM=x": as a source is named, and its value */
static void know(const struct wants *wants, struct str name, struct str value)
{
	const struct {
		const char *name;
		char *to;
		size_t size;
	} fields[] = {
		{ "user", origin.user, sizeof(origin.user) }, { "unit", origin.unit, sizeof(origin.unit) },
		{ "namespace", origin.namespace, sizeof(origin.namespace) }, { "cgroup", origin.cgroup, sizeof(origin.cgroup) },
		{ "exe", origin.exe, sizeof(origin.exe) }, { "key", call.credential, sizeof(call.credential) },
		{ "provider", call.provider, sizeof(call.provider) }, { "model", call.model, sizeof(call.model) },
		{ "asked", call.model_requested, sizeof(call.model_requested) }, { "region", call.region, sizeof(call.region) },
		{ "account", call.account, sizeof(call.account) }, { "person", call.user, sizeof(call.user) },
		{ "project", call.project, sizeof(call.project) }, { "agent", call.agent, sizeof(call.agent) },
	};
	static const struct {
		const char *prefix;
		char scope;
		uint8_t kind;
	} keyed[] = {
		{ "pod-label:", 'p', 0 }, { "namespace-label:", 'n', 0 }, { "container-label:", 'c', 0 },
		{ "header:", 0, WANTED_HEADER }, { "body:", 0, WANTED_BODY }, { "env:", 0, WANTED_ENV },
	};

	EACH(field, fields)
		if (str_eq(name, str_of(field->name))) {
			str_copy(field->to, field->size, value);
			return;
		}
	EACH(row, keyed) {
		struct str key = str_sub(name, strlen(row->prefix), name.n);

		if (!str_starts(name, str_of(row->prefix)))
			continue;
		if (row->scope)
			origin_add_label(&origin, row->scope, key, value);
		else if (row->kind == WANTED_ENV)
			origin_add_value(&origin, (uint8_t)row_of(wants, WANTED_ENV, key), value);
		else
			brought(wants, row->kind, key, value);
		return;
	}
	if (str_eq(name, STR("otel")))
		environ_otel(value, &origin);
	else if (str_eq(name, STR("incomplete")))
		origin.incomplete = true;
	else if (str_eq(name, STR("date")))
		assert_int_equal(clock_parse(value.p, value.n, &record.time_ns), 0);
	else
		fail_msg("no such fact: %.*s", (int)name.n, name.p);
}

static void know_all(const struct wants *wants, const char *facts)
{
	struct str rest = str_of(facts), fact;

	memset(&call, 0, sizeof(call));
	memset(&origin, 0, sizeof(origin));
	record = (struct record){ .time_ns = clock_civil_ns(2026, 11, 22) };
	while (facts[0] && str_split(&rest, ';', &fact)) {
		ptrdiff_t equals = str_chr(fact, '=');

		assert_true(equals > 0);
		know(wants, str_sub(fact, 0, (size_t)equals), str_sub(fact, (size_t)equals + 1, fact.n));
	}
}

/* team because of source / caller team, name=value of source..., flags */
static void outcome(struct buf *to)
{
	buf_printf(to, "%s because of %s / %s", record.team[0] ? record.team : "-", record.team_source[0] ? record.team_source : "-",
		   record.caller_team[0] ? record.caller_team : "-");
	for (uint32_t i = 0; i < record.n_labels; i++)
		buf_printf(to, ", %s=%s of %s", record.labels[i].name, record.labels[i].value, record.labels[i].source);
	for (unsigned int bit = 0; record_flag_name(bit); bit++)
		if (record.flags >> bit & 1)
			buf_printf(to, " +%s", record_flag_name(bit));
}

static struct config *configured(const char *yaml)
{
	struct problems problems;
	struct config *config = NULL;
	struct buf text = BUF(KIB(64));

	config_parse("f", str_of(yaml), 0, NULL, &config, &problems);
	problems_text(&problems, &text);
	if (!config || problems.count[PROBLEM_ERROR] || problems.count[PROBLEM_UNBUILT])
		fail_msg("%s%s", yaml, buf_cstr(&text));
	buf_done(&text);
	problems_done(&problems);
	return config;
}

#define LISTED "teams: [{id: search, aliases: [discovery]}, {id: old, to: 2026-06-01}, {id: next, from: 2027-01-01}, {id: ml}]"
static const char defaults[] = "";
static const char rules[] =
	"attribution:\n"
	"  rules:\n"
	"    - {id: search-ns, match: {namespace: 'search-*'}, team: search}\n"
	"    - {id: etl, match: {unit: 'etl-*.service'}, team: data, labels: {feature: nightly-etl}}\n"
	"    - {id: any-etl, match: {unit: '*etl*'}, team: other, labels: {feature: other, tier: batch}}\n"
	"    - {id: key-7, match: {key: 'k1:3fa9c1d2e4b5a697'}, team: support}\n"
	"    - {id: ml-users, match: {cgroup: '/user.slice/*', user: ['ml*', '!ml-guest']}, team: ml}\n";
static const char listed[] = "attribution:\n  " LISTED "\n";
static const char shared[] =
	"attribution:\n"
	"  on_behalf:\n"
	"    - {match: {namespace: ai-platform}, source: 'header:x-team-id'}\n"
	"    - {match: {namespace: ai-platform}, source: 'body:metadata.team'}\n"
	"  " LISTED "\n";
static const char labelled[] =
	"attribution:\n"
	"  labels:\n"
	"    environment: ['namespace-label:env', 'header:x-environment']\n"
	"    service: ['pod-label:app', 'otel-resource:service.name']\n"
	"  required: [team, environment]\n";
static const char early_claim[] = "attribution: {sources: ['header:x-team', 'env:T', 'body:team', unit]}\n";
static const char unlisted_source[] = "attribution: {sources: [user]}\n";
static const char approving[] = "approved: {providers: [openai], models: ['gpt-*'], regions: [eu]}\n";

static const struct {
	const char *yaml, *facts, *outcome;
} cases[] = {
	/* the first answer wins, in the documented order */
	{ defaults, "", "- because of - / - +unattributed" },
	{ defaults, "env:AI_TEAM=a", "a because of env:AI_TEAM / a" },
	{ defaults, "env:AI_TEAM=a;container-label:team=b;namespace-label:team=c;pod-label:team=d", "d because of pod-label:team / d" },
	{ defaults, "env:AI_TEAM=a;container-label:team=b;namespace-label:team=c", "c because of namespace-label:team / c" },
	{ defaults, "otel=team=o,service.name=x;container-label:team=b", "b because of container-label:team / b" },
	{ defaults, "otel=team=o%2Fp", "o/p because of otel-resource:team / o/p" },
	/* a claim ranks last, and does not say who owns the process */
	{ defaults, "header:x-team-id=h", "h because of header:x-team-id / -" },
	{ defaults, "header:x-team-id=h;env:AI_TEAM=a", "a because of env:AI_TEAM / a +claim-conflict" },
	{ defaults, "header:x-team-id=a;env:AI_TEAM=a", "a because of env:AI_TEAM / a" },
	{ early_claim, "header:x-team=h;env:T=e", "e because of env:T / e +claim-conflict" },
	{ early_claim, "header:x-team=h;body:team=b", "h because of header:x-team / - +claim-conflict" },
	{ early_claim, "header:x-team=h;body:team=h", "h because of header:x-team / -" },
	{ early_claim, "unit=u.service;header:x-team=h", "u.service because of unit / u.service +claim-conflict" },
	/* what cannot be an id is no answer */
	{ unlisted_source, "user=two words", "- because of - / - +unattributed +invalid-value" },
	{ defaults, "header:x-team-id=_invalid", "- because of - / - +unattributed +invalid-value" },
	{ defaults, "header:x-team-id=_invalid;otel=team=o", "o because of otel-resource:team / o +invalid-value" },
	{ defaults, "incomplete=1", "- because of - / - +unattributed +origin-incomplete" },
	{ defaults, "incomplete=1;env:AI_TEAM=a", "a because of env:AI_TEAM / a +origin-incomplete" },
	/* rules: the first that holds and has a team; labels each from the first that has them */
	{ rules, "namespace=search-prod", "search because of rule:search-ns / search" },
	{ rules, "unit=etl-7.service", "data because of rule:etl / data, feature=nightly-etl of rule:etl, tier=batch of rule:any-etl" },
	{ rules, "namespace=search-x;unit=etl-7.service",
	  "search because of rule:search-ns / search, feature=nightly-etl of rule:etl, tier=batch of rule:any-etl" },
	{ rules, "key=k1:3fa9c1d2e4b5a697", "support because of rule:key-7 / support" },
	{ rules, "cgroup=/user.slice/u;user=ml-1", "ml because of rule:ml-users / ml" },
	{ rules, "cgroup=/user.slice/u;user=ml-guest", "- because of - / - +unattributed" },
	{ rules, "namespace=search-x;env:AI_TEAM=a", "search because of rule:search-ns / search" },
	/* the list: aliases, dates, drift */
	{ listed, "env:AI_TEAM=search", "search because of env:AI_TEAM / search" },
	{ listed, "env:AI_TEAM=discovery", "search because of env:AI_TEAM / search" },
	{ listed, "env:AI_TEAM=nobody", "nobody because of env:AI_TEAM / nobody +unknown-team" },
	{ listed, "env:AI_TEAM=old", "old because of env:AI_TEAM / old +unknown-team" },
	{ listed, "env:AI_TEAM=old;date=2026-05-31", "old because of env:AI_TEAM / old" },
	{ listed, "env:AI_TEAM=old;date=2026-06-01", "old because of env:AI_TEAM / old +unknown-team" },
	{ listed, "env:AI_TEAM=next", "next because of env:AI_TEAM / next +unknown-team" },
	{ listed, "env:AI_TEAM=next;date=2027-01-01", "next because of env:AI_TEAM / next" },
	{ listed, "env:AI_TEAM=search;header:x-team-id=discovery", "search because of env:AI_TEAM / search" },
	/* the shared service names who pays, and stays the caller */
	{ shared, "namespace=ai-platform;pod-label:team=ml;header:x-team-id=discovery",
	  "search because of on_behalf:header:x-team-id / ml" },
	{ shared, "namespace=ai-platform;pod-label:team=ml;body:metadata.team=search",
	  "search because of on_behalf:body:metadata.team / ml" },
	{ shared, "namespace=ai-platform;pod-label:team=ml", "ml because of pod-label:team / ml" },
	{ shared, "namespace=ai-platform;pod-label:team=ml;header:x-team-id=stranger",
	  "stranger because of on_behalf:header:x-team-id / ml +unknown-team" },
	{ shared, "namespace=elsewhere;pod-label:team=ml;header:x-team-id=search",
	  "ml because of pod-label:team / ml +claim-conflict" },
	/* labels and what is required */
	{ labelled, "env:AI_TEAM=a;namespace-label:env=prod;pod-label:app=ranker",
	  "a because of env:AI_TEAM / a, environment=prod of namespace-label:env, service=ranker of pod-label:app" },
	{ labelled, "env:AI_TEAM=a;header:x-environment=dev;otel=service.name=svc",
	  "a because of env:AI_TEAM / a, environment=dev of header:x-environment, service=svc of otel-resource:service.name" },
	{ labelled, "env:AI_TEAM=a", "a because of env:AI_TEAM / a +not-ready" },
	{ labelled, "namespace-label:env=prod", "- because of - / -, environment=prod of namespace-label:env +unattributed +not-ready" },
	{ labelled, "env:AI_TEAM=a;namespace-label:env=two words",
	  "a because of env:AI_TEAM / a, environment=_invalid of namespace-label:env +not-ready +invalid-value" },
	/* approved */
	{ approving, "provider=openai;model=gpt-4o;region=eu-west-1", "- because of - / - +unattributed" },
	{ approving, "provider=anthropic;model=claude;region=us",
	  "- because of - / - +unattributed +unapproved-provider +unapproved-model +unapproved-region" },
	{ approving, "provider=openai;asked=o3", "- because of - / - +unattributed +unapproved-model" },
	{ approving, "provider=openai;region=europe", "- because of - / - +unattributed +unapproved-region" },
	{ approving, "provider=openai", "- because of - / - +unattributed" },
};

static void test_cases(void **state)
{
	(void)state;
	EACH(row, cases) {
		struct config *config = configured(row->yaml);
		struct buf text = BUF(KIB(16));

		know_all(&config->wants, row->facts);
		attribute(config->attribution, &call, &origin, &record);
		outcome(&text);
		if (strcmp(buf_cstr(&text), row->outcome))
			fail_msg("%s\n%s\n  is  %s\n  not %s", row->yaml, row->facts, buf_cstr(&text), row->outcome);
		buf_done(&text);
		config_free(config);
	}
}

/* Persons are asked before claims, under each name that a call carries, the most exact first. */
static void test_people(void **state)
{
	static const struct {
		const char *facts, *outcome;
	} people[] = {
		{ "user=ann", "blue because of people / blue" },
		{ "account=bot@example.com;user=ann", "red because of people / red" },
		{ "person=bob;user=ann", "green because of people / green" },
		{ "person=stranger;user=ann", "blue because of people / blue" },
		{ "user=stranger", "- because of - / - +unattributed" },
		{ "user=ann;header:x-team-id=h", "blue because of people / blue +claim-conflict" },
		{ "user=ann;env:AI_TEAM=e", "e because of env:AI_TEAM / e" },
	};
	struct attribution *a;
	struct wants wants = { 0 };
	struct fact fact;
	const char *why;

	(void)state;
	assert_int_equal(attribution_new(&a), 0);
	EACH(name, ((const char *const[]){ "env:AI_TEAM", "header:x-team-id" })) {
		assert_int_equal(fact_parse(str_of(*name), &fact, &why), 0);
		assert_int_equal(attribution_add_source(a, DIMENSION_TEAM, &fact), 0);
	}
	assert_int_equal(attribution_add_person(a, STR("ann"), STR("blue")), 0);
	assert_int_equal(attribution_add_person(a, STR("bot@example.com"), STR("red")), 0);
	assert_int_equal(attribution_add_person(a, STR("bob"), STR("green")), 0);
	assert_int_equal(attribution_add_person(a, STR("bob"), STR("green")), -EEXIST);
	assert_int_equal(attribution_add_person(a, STR("carl"), STR("no team")), -EINVAL);
	assert_int_equal(attribution_add_person(a, STR(""), STR("green")), -EINVAL);
	assert_int_equal(attribution_seal(a, &wants, NULL), 0);
	EACH(row, people) {
		struct buf text = BUF(KIB(16));

		know_all(&wants, row->facts);
		attribute(a, &call, &origin, &record);
		outcome(&text);
		assert_string_equal(buf_cstr(&text), row->outcome);
		buf_done(&text);
	}
	attribution_free(a);
}

static void test_none(void **state)
{
	struct buf text = BUF(KIB(16));

	(void)state;
	know_all(NULL, "");
	origin.incomplete = true;
	attribute(NULL, &call, &origin, &record);
	outcome(&text);
	assert_string_equal(buf_cstr(&text), "- because of - / - +unattributed +origin-incomplete");
	buf_reset(&text);
	assert_int_equal(attribute_explain(NULL, &call, &origin, 0, false, &text), 0);
	assert_non_null(strstr(buf_cstr(&text), "(unattributed)"));
	buf_done(&text);
}

/* What explain says is what attribute did. */
static void test_explain(void **state)
{
	struct config *config = configured(shared);
	struct buf text = BUF(KIB(64));
	const char *said;

	(void)state;
	know_all(&config->wants, "namespace=ai-platform;pod-label:team=ml;env:AI_TEAM=zzz;header:x-team-id=discovery");
	assert_int_equal(attribute_explain(config->attribution, &call, &origin, record.time_ns, false, &text), 0);
	said = buf_cstr(&text);
	assert_non_null(strstr(said, "team         search\nbecause of   on_behalf:header:x-team-id\ncaller team  ml\n"));
	assert_non_null(strstr(said, "(stands for search)"));
	assert_non_null(strstr(said, "owns the caller"));
	assert_non_null(strstr(said, "zzz                      comes later  (not in the list of teams)"));
	buf_reset(&text);
	assert_int_equal(attribute_explain(config->attribution, &call, &origin, record.time_ns, true, &text), 0);
	assert_non_null(strstr(buf_cstr(&text), "{\"team\":\"search\",\"team_source\":\"on_behalf:header:x-team-id\",\"caller_team\":\"ml\","));
	buf_done(&text);
	config_free(config);
}

static void test_refused(void **state)
{
	struct team team = { .id = "a", .from_ns = INT64_MIN, .to_ns = INT64_MAX };
	struct wants wants = { 0 };
	struct attribution *a;
	struct fact fact;
	const char *why;
	char name[32];

	(void)state;
	assert_int_equal(attribution_new(&a), 0);
	assert_int_equal(attribution_add_team(a, &team), 0);
	assert_int_equal(attribution_add_team(a, &team), -EEXIST);
	assert_int_equal(attribution_add_alias(a, STR("a"), 0), -EEXIST);
	assert_int_equal(attribution_add_alias(a, STR("b"), 1), -EINVAL);
	assert_int_equal(attribution_add_alias(a, STR("b c"), 0), -EINVAL);
	STR_COPY(team.id, STR("a b"));
	assert_int_equal(attribution_add_team(a, &team), -EINVAL);
	assert_int_equal(attribution_add_label(a, STR("team")), -EINVAL);
	for (int i = 0; i < LIMIT_LABELS; i++) {
		snprintf(name, sizeof(name), "label%d", i);
		assert_int_equal(attribution_add_label(a, str_of(name)), i);
		assert_int_equal(attribution_add_label(a, str_of(name)), i);
	}
	assert_int_equal(attribution_add_label(a, STR("more")), -ENOSPC);
	/* 16 labels of 15 sources each want more names than there is room for */
	for (int i = 0; i < LIMIT_LABELS; i++)
		for (int j = 0; j < LIMIT_SOURCES - 1; j++) {
			snprintf(name, sizeof(name), "header:x-%d-%d", i, j);
			assert_int_equal(fact_parse(str_of(name), &fact, &why), 0);
			assert_int_equal(attribution_add_source(a, i, &fact), 0);
			assert_int_equal(attribution_add_source(a, i, &fact), -EEXIST);
		}
	assert_int_equal(fact_parse(STR("header:x-more"), &fact, &why), 0);
	assert_int_equal(attribution_add_source(a, 0, &fact), -ENOSPC);
	assert_int_equal(attribution_seal(a, &wants, NULL), -ENOSPC);
	attribution_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases), cmocka_unit_test(test_people), cmocka_unit_test(test_none),
		cmocka_unit_test(test_explain), cmocka_unit_test(test_refused),
	};

	return RUN(tests);
}
