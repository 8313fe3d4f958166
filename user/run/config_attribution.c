/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The section `attribution`. Its parts depend on each other whatever their
 * order in the file: teams first, for everything names them; labels before
 * rules, so that dimensions are numbered as they are listed; required last.
 */
#include <errno.h>
#include <stdio.h>

#include "run/config_inside.h"
#include "who/names.h"

static const char *const default_sources[] = {
	"rule", "pod-label:team", "namespace-label:team", "container-label:team", "env:AI_TEAM", "otel-resource:team",
	"header:x-team-id",
};

struct parts {
	const struct node *sources, *on_behalf, *labels, *required, *rules, *teams, *people, *budgets;
};

/* One key of a condition, of which match_add() refused some pattern: which one? */
static void refuse_patterns(struct reading *r, const struct node *child, const char *why)
{
	bool said = false;

	ITEMS(item, child->kind == NODE_LIST ? child->first : child) {
		struct match one = { 0 };
		const char *reason = NULL;

		if (match_add(&one, child->key->text, &item->text, 1, &reason) == -EINVAL && reason) {
			refuse(r, item, "'%.*s': %s", TEXT(item->text), reason);
			said = true;
		}
		match_done(&one);
		if (child->kind != NODE_LIST)
			break;
	}
	if (!said)
		refuse(r, child->key, "'%.*s': %s", TEXT(child->key->text), why);
}

static bool unknown_match_key(struct reading *r, const struct node *key)
{
	struct buf known = BUF(256);
	enum fact_kind kind;
	bool prefix;
	const char *name;

	if (fact_of_match(key->text, &kind, &prefix) == 0)
		return false;
	for (size_t i = 0; (name = fact_match_key(i)); i++)
		buf_printf(&known, "%s%s", i ? ", " : "", name);
	refuse(r, key, "a condition has no key '%.*s'; there are: %s", TEXT(key->text), buf_cstr(&known));
	buf_done(&known);
	return true;
}

/* No source of origins knows containers yet, so nothing but a negation would ever hold. */
static void warn_of_containers(struct reading *r, const struct node *key)
{
	enum fact_kind kind;
	bool prefix;

	if (fact_of_match(key->text, &kind, &prefix) == 0 &&
	    (kind == FACT_NAMESPACE || kind == FACT_WORKLOAD || kind == FACT_POD_LABEL || kind == FACT_IMAGE))
		problem(r, PROBLEM_WARNING, key, "'%.*s': this version learns nothing of containers and pods: no call has one", TEXT(key->text));
}

#define PATTERNS_MAX 1024

/* False where it was refused. */
static bool read_condition(struct reading *r, const struct node *child, struct match *match)
{
	_cleanup_free_ struct str *patterns = NULL;
	const struct node *items;
	const char *why = NULL;
	size_t n = 0;
	int err;

	if (child->kind == NODE_BAD || unknown_match_key(r, child->key))
		return false;
	items = node_items(r, child);
	if (!items)
		return false;
	patterns = mem_array(PATTERNS_MAX, sizeof(*patterns));
	if (!patterns)
		return !reading_failed(r, -ENOMEM);
	for (const struct node *item = items; item; item = child->kind == NODE_LIST ? item->next : NULL) {
		if (n == PATTERNS_MAX) {
			refuse(r, item, "at most %d patterns can stand here", PATTERNS_MAX);
			return false;
		}
		if (!node_is_text(r, item))
			return false;
		patterns[n++] = item->text;
	}
	err = match_add(match, child->key->text, patterns, n, &why);
	if (err == 0) {
		warn_of_containers(r, child->key);
		return true;
	}
	if (err == -EEXIST)
		refuse(r, child->key, "'%.*s' stands here twice: make one list of it", TEXT(child->key->text));
	else if (err == -EINVAL)
		refuse_patterns(r, child, why);
	else
		reading_failed(r, err);
	return false;
}

bool read_match(struct reading *r, const struct node *node, struct match *ret)
{
	struct match match = { 0 };
	bool good = node_is_map(r, node);

	if (good && !node->first) {
		refuse(r, node, "an empty condition would hold for every call");
		good = false;
	}
	if (node->kind == NODE_MAP)
		ITEMS(child, node->first)
			good &= read_condition(r, child, &match);
	if (good)
		*ret = match;
	else
		match_done(&match);
	return good;
}

static bool read_fact(struct reading *r, const struct node *node, struct fact *ret)
{
	const char *why;

	if (!node_is_text(r, node))
		return false;
	if (fact_parse(node->text, ret, &why) == 0)
		return true;
	refuse(r, node, "'%.*s' %s", TEXT(node->text), why);
	return false;
}

static void read_source(struct reading *r, const struct node *node, int dimension)
{
	struct fact fact;
	int err;

	if (!read_fact(r, node, &fact))
		return;
	if (dimension != DIMENSION_TEAM && (fact.kind == FACT_RULE || fact.kind == FACT_PEOPLE)) {
		refuse(r, node, "'%s' names teams; a label given by rules needs no source", fact.name);
		return;
	}
	err = attribution_add_source(r->config->attribution, dimension, &fact);
	if (err == -EEXIST)
		refuse(r, node, "'%s' stands here twice", fact.name);
	else if (err == -ENOSPC)
		refuse(r, node, "at most %d sources can stand here", LIMIT_SOURCES - 1);
	else
		reading_failed(r, err);
}

static void read_sources(struct reading *r, const struct node *node, int dimension)
{
	const struct node *items = node->kind == NODE_BAD ? NULL : node_items(r, node);

	for (const struct node *item = items; item; item = node->kind == NODE_LIST ? item->next : NULL)
		read_source(r, item, dimension);
}

static void default_team_sources(struct reading *r)
{
	struct fact fact;
	const char *why;

	for (size_t i = 0; i < sizeof(default_sources) / sizeof(default_sources[0]); i++)
		if (fact_parse(str_of(default_sources[i]), &fact, &why) == 0)
			reading_failed(r, attribution_add_source(r->config->attribution, DIMENSION_TEAM, &fact));
}

/* The label's index, or negative: said already. */
static int read_dimension(struct reading *r, const struct node *name)
{
	int i = attribution_add_label(r->config->attribution, name->text);

	if (i == -EINVAL)
		refuse(r, name, "'%.*s' cannot be the name of a label", TEXT(name->text));
	else if (i == -ENOSPC)
		refuse(r, name, "at most %d labels are possible", LIMIT_LABELS);
	else
		reading_failed(r, i);
	return i;
}

static void read_labels(struct reading *r, const struct node *node)
{
	if (!node_is_map(r, node))
		return;
	ITEMS(child, node->first) {
		int i = read_dimension(r, child->key);

		if (i >= 0 && r->config->attribution->label[i].n)
			refuse(r, child->key, "'%.*s' stands here twice", TEXT(child->key->text));
		else if (i >= 0)
			read_sources(r, child, i);
	}
}

struct rule_parts {
	const struct node *id, *match, *team, *labels;
};

static bool read_rule_labels(struct reading *r, const struct node *node, struct rule *rule)
{
	bool good = node_is_map(r, node);

	if (!good)
		return false;
	ITEMS(child, node->first) {
		int i = read_dimension(r, child->key);
		bool ok = i >= 0 && node_is_text(r, child);

		if (ok && !attribution_value_ok(child->text)) {
			refuse(r, child, "'%.*s' cannot be a label's value: [A-Za-z0-9._/@:-], 1 to 64 of them", TEXT(child->text));
			ok = false;
		}
		for (size_t j = 0; ok && j < rule->n_labels; j++)
			if (rule->labels[j].dimension == i) {
				refuse(r, child->key, "'%.*s' stands here twice", TEXT(child->key->text));
				ok = false;
			}
		if (ok) {
			rule->labels[rule->n_labels].dimension = (uint8_t)i;
			STR_COPY(rule->labels[rule->n_labels].value, child->text);
			rule->n_labels++;
		}
		good &= ok;
	}
	return good;
}

static bool read_rule_id(struct reading *r, const struct node *node, struct names *ids, struct rule *rule)
{
	uint32_t line;
	int err;

	if (!node_is_text(r, node))
		return false;
	if (!attribution_value_ok(node->text) || node->text.n >= sizeof(rule->id)) {
		refuse(r, node, "'%.*s' cannot be a rule's id: [A-Za-z0-9._/@:-], 1 to 63 of them", TEXT(node->text));
		return false;
	}
	if (names_get(ids, node->text, &line)) {
		refuse(r, node, "a rule '%.*s' is there already, in line %u", TEXT(node->text), line);
		return false;
	}
	err = names_put(ids, node->text, node->line);
	STR_COPY(rule->id, node->text);
	return !reading_failed(r, err);
}

static bool read_rule(struct reading *r, const struct node *node, struct names *ids, struct rule *rule)
{
	static const struct field fields[] = {
		{ "id", read_node, NODE_AT(struct rule_parts, id), .required = true },
		{ "match", read_node, NODE_AT(struct rule_parts, match), .required = true },
		{ "team", read_node, NODE_AT(struct rule_parts, team) },
		{ "labels", read_node, NODE_AT(struct rule_parts, labels) },
		{ 0 },
	};
	struct rule_parts parts = { 0 };
	bool good;

	read_map(r, node, fields, &parts);
	if (node->kind == NODE_MAP && !parts.team && !parts.labels)
		refuse(r, node, "a rule needs a team, labels or both");
	good = parts.id && read_rule_id(r, parts.id, ids, rule);
	good &= !parts.team || read_team_id(r, parts.team, rule->team);
	good &= !parts.labels || read_rule_labels(r, parts.labels, rule);
	return parts.match && read_match(r, parts.match, &rule->match) && good;
}

static size_t count(const struct node *list)
{
	size_t n = 0;

	ITEMS(item, list->first)
		n++;
	return n;
}

static void read_rules(struct reading *r, const struct node *node)
{
	_cleanup_free_ const struct node **at = NULL;	/* the rules', by index */
	struct names ids = NAMES(LIMIT_RULES);
	size_t n = 0;

	if (!node_is_list(r, node))
		return;
	if (count(node) > LIMIT_RULES) {
		refuse(r, node, "at most %d rules are possible", LIMIT_RULES);
		return;
	}
	at = mem_array(count(node) + 1, sizeof(void *));
	if (!at) {
		reading_failed(r, -ENOMEM);
		return;
	}
	ITEMS(item, node->first) {
		struct rule rule = { 0 };
		bool good = read_rule(r, item, &ids, &rule);
		int err = good ? attribution_add_rule(r->config->attribution, &rule) : -EINVAL;

		if (err < 0)
			match_done(&rule.match);
		else
			at[n++] = item;
		if (good)
			reading_failed(r, err);
	}
	names_done(&ids);
	if (r->flags & CONFIG_LINT)
		lint_rules(r, at);
}

struct on_behalf_parts {
	const struct node *match, *source;
};

static void read_on_behalf(struct reading *r, const struct node *node)
{
	static const struct field fields[] = {
		{ "match", read_node, NODE_AT(struct on_behalf_parts, match), .required = true },
		{ "source", read_node, NODE_AT(struct on_behalf_parts, source), .required = true },
		{ 0 },
	};

	if (!node_is_list(r, node))
		return;
	ITEMS(item, node->first) {
		struct on_behalf_parts parts = { 0 };
		struct match match = { 0 };
		struct fact source;
		bool good;

		read_map(r, item, fields, &parts);
		good = parts.source && read_fact(r, parts.source, &source);
		if (good && source.kind == FACT_RULE) {
			refuse(r, parts.source, "a rule is no one's word: name what the caller says");
			good = false;
		}
		good = parts.match && read_match(r, parts.match, &match) && good;
		if (!good || reading_failed(r, attribution_add_on_behalf(r->config->attribution, &match, &source)))
			match_done(&match);
	}
}

static void read_required(struct reading *r, const struct node *node)
{
	struct attribution *a = r->config->attribution;

	if (!node_is_list(r, node))
		return;
	ITEMS(item, node->first) {
		int dimension = DIMENSION_TEAM;

		if (!node_is_text(r, item))
			continue;
		if (!str_eq(item->text, STR("team")))
			for (dimension = 0; attribution_label(a, (size_t)dimension); dimension++)
				if (str_eq(item->text, str_of(attribution_label(a, (size_t)dimension))))
					break;
		if (dimension == DIMENSION_TEAM || attribution_label(a, (size_t)dimension))
			attribution_require(a, dimension);
		else
			refuse(r, item, "no label '%.*s': list it under labels", TEXT(item->text));
	}
}

void read_attribution(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	static const struct field fields[] = {
		{ "sources", read_node, NODE_AT(struct parts, sources) },
		{ "on_behalf", read_node, NODE_AT(struct parts, on_behalf) },
		{ "labels", read_node, NODE_AT(struct parts, labels) },
		{ "required", read_node, NODE_AT(struct parts, required) },
		{ "rules", read_node, NODE_AT(struct parts, rules) },
		{ "teams", read_node, NODE_AT(struct parts, teams) },
		{ "people", read_node, NODE_AT(struct parts, people) },
		{ "budgets", read_node, NODE_AT(struct parts, budgets) },
		{ 0 },
	};
	struct parts parts = { 0 };

	(void)to;
	(void)field;
	r->attributed = true;
	if (node)
		read_map(r, node, fields, &parts);
	if (parts.teams)
		read_teams(r, parts.teams);
	if (parts.sources)
		read_sources(r, parts.sources, DIMENSION_TEAM);
	else
		default_team_sources(r);
	if (parts.labels)
		read_labels(r, parts.labels);
	if (parts.rules)
		read_rules(r, parts.rules);
	if (parts.on_behalf)
		read_on_behalf(r, parts.on_behalf);
	if (parts.people)
		read_people(r, parts.people);
	if (parts.budgets)
		read_budgets(r, parts.budgets);
	if (parts.required)
		read_required(r, parts.required);
}
