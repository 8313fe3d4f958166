/* SPDX-License-Identifier: Apache-2.0 */
/* Teams, people and budgets: who can pay. Each may stand in a file of its own. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/file.h"
#include "run/config_inside.h"

struct team_parts {
	struct team team;
	const struct node *aliases, *id, *parent;
};

static void add_aliases(struct reading *r, const struct node *node, size_t team)
{
	if (!node_is_list(r, node))
		return;
	ITEMS(item, node->first) {
		int err = node_is_text(r, item) ? attribution_add_alias(r->config->attribution, item->text, team) : 0;

		if (err == -EEXIST)
			refuse(r, item, "'%.*s' is a team or an alias already", TEXT(item->text));
		else if (err == -EINVAL)
			refuse(r, item, "'%.*s' cannot be an alias: [A-Za-z0-9._/@:-], 1 to 64 of them", TEXT(item->text));
		else
			reading_failed(r, err);
	}
}

static void read_team(struct reading *r, const struct node *node)
{
	static const struct field fields[] = {
		{ "id", read_node, NODE_AT(struct team_parts, id), .required = true },
		{ "name", read_text, FIELD_AT(struct team_parts, team.name) },
		{ "parent", read_text, FIELD_AT(struct team_parts, team.parent) },
		{ "aliases", read_node, NODE_AT(struct team_parts, aliases) },
		{ "cost_center", read_text, FIELD_AT(struct team_parts, team.cost_center) },
		{ "owner", read_text, FIELD_AT(struct team_parts, team.owner) },
		{ "headcount", read_u32, FIELD_AT(struct team_parts, team.headcount), .max = 10000000 },
		{ "from", read_date, FIELD_AT(struct team_parts, team.from_ns) },
		{ "to", read_date, FIELD_AT(struct team_parts, team.to_ns) },
		{ 0 },
	};
	struct team_parts parts = { .team = { .from_ns = INT64_MIN, .to_ns = INT64_MAX } };
	struct attribution *a = r->config->attribution;
	int err;

	read_map(r, node, fields, &parts);
	if (!parts.id || !node_is_text(r, parts.id))
		return;
	STR_COPY(parts.team.id, parts.id->text);
	if (parts.team.from_ns >= parts.team.to_ns)
		refuse(r, node, "team '%.*s' ends before it begins", TEXT(parts.id->text));
	err = attribution_value_ok(parts.id->text) ? attribution_add_team(a, &parts.team) : -EINVAL;
	if (err == -EEXIST)
		refuse(r, parts.id, "'%.*s' is a team or an alias already", TEXT(parts.id->text));
	else if (err == -EINVAL)
		refuse(r, parts.id, "'%.*s' cannot be a team's id: [A-Za-z0-9._/@:-], 1 to 64 of them", TEXT(parts.id->text));
	else if (err == -ENOSPC)
		refuse(r, node, "at most %d teams are possible", LIMIT_TEAMS);
	else if (!reading_failed(r, err) && parts.aliases)
		add_aliases(r, parts.aliases, a->n_teams - 1);
}

static const struct node *team_field(const struct node *team, const char *key)
{
	ITEMS(child, team->kind == NODE_MAP ? team->first : NULL)
		if (str_eq(child->key->text, str_of(key)))
			return child;
	return NULL;
}

/* Up from each team: a parent that is no team (a division may well be none), or a way that never ends. */
static void check_parent(struct reading *r, const struct node *node, size_t n_teams)
{
	const struct node *at = team_field(node, "parent");
	const struct attribution *a = r->config->attribution;
	const struct team *team;
	size_t steps = 0;

	if (!at || at->kind != NODE_TEXT)
		return;
	if (attribution_find_team(a, at->text, &team) < 0) {
		problem(r, PROBLEM_WARNING, at, "the parent '%.*s' is not in the list of teams", TEXT(at->text));
		return;
	}
	while (steps++ <= 64 && team->parent[0] && attribution_find_team(a, str_of(team->parent), &team) == 0)
		;
	if (steps > 64 || steps > n_teams)
		refuse(r, at, "the parents of '%.*s' go in a circle or more than 64 levels up", TEXT(at->text));
}

static void read_team_list(struct reading *r, const struct node *node)
{
	if (!node_is_list(r, node))
		return;
	if (!node->first)
		refuse(r, node, "an empty list of teams: leave it out if there is none");
	ITEMS(item, node->first)
		read_team(r, item);
	ITEMS(item, node->first)
		check_parent(r, item, r->config->attribution->n_teams);
}

/* A list of teams in a file of its own, either bare or below the key `teams`. */
static void read_team_file(struct reading *r, const struct node *node, const char *path)
{
	_cleanup_(tree_freep) struct tree *tree = NULL;
	struct problems problems = { 0 };
	struct buf text = BUF(LIMIT_CONFIG);
	const struct node *root;
	int err = file_read(path, &text);

	file_used(r, path);
	if (err < 0)
		refuse(r, node, "'%s': %s", path, strerror(-err));
	else
		err = tree_parse(buf_view(&text), &problems, &tree);
	for (size_t i = 0; i < problems.n; i++)
		problem(r, problems.list[i].weight, node, "%s:%u:%u: %s", path, problems.list[i].line, problems.list[i].column,
			problems.list[i].text);
	if (err == -ENOMEM)
		reading_failed(r, err);
	problems_done(&problems);
	buf_done(&text);
	root = tree ? tree_root(tree) : NULL;
	if (tree && !root)
		refuse(r, node, "'%s' lists no team", path);
	if (!root)
		return;
	r->inner = path;
	r->outer = node;
	read_team_list(r, team_field(root, "teams") ?: root);
	r->inner = NULL;
}

struct elsewhere {
	const struct node *file, *url;
};

static void read_elsewhere(struct reading *r, const struct node *node, struct elsewhere *ret)
{
	static const struct field fields[] = {
		{ "file", read_node, NODE_AT(struct elsewhere, file) },
		{ "url", read_node, NODE_AT(struct elsewhere, url) },
		{ 0 },
	};

	read_map(r, node, fields, ret);
	if (node->kind == NODE_MAP && !ret->file == !ret->url)
		refuse(r, node, "one of {file: PATH} and {url: URL} is needed here");
	if (ret->url && node_is_text(r, ret->url)) {
		if (!str_starts(ret->url->text, STR("https://")) && !str_starts(ret->url->text, STR("http://")))
			refuse(r, ret->url, "'%.*s' is no URL: https://...", TEXT(ret->url->text));
		unbuilt(r, ret->url, "this version reads lists from files only");
	}
}

void read_teams(struct reading *r, const struct node *node)
{
	struct elsewhere elsewhere = { 0 };
	char path[256];

	if (node->kind == NODE_LIST) {
		read_team_list(r, node);
		return;
	}
	read_elsewhere(r, node, &elsewhere);
	if (elsewhere.file && path_of(r, elsewhere.file, path, sizeof(path)) && file_there(r, elsewhere.file, path))
		read_team_file(r, elsewhere.file, path);
}

bool read_team_id(struct reading *r, const struct node *node, char ret[static 65])
{
	const struct attribution *a = r->config->attribution;
	const struct team *team;

	if (!node_is_text(r, node))
		return false;
	if (!attribution_value_ok(node->text)) {
		refuse(r, node, "'%.*s' cannot be a team's id: [A-Za-z0-9._/@:-], 1 to 64 of them", TEXT(node->text));
		return false;
	}
	str_copy(ret, 65, node->text);
	if (attribution_find_team(a, node->text, &team) == 0) {
		str_copy(ret, 65, str_of(team->id));
	} else if (attribution_team(a, 0)) {
		refuse(r, node, "'%.*s' is not in the list of teams", TEXT(node->text));
		return false;
	}
	return true;
}

/* WHO,TEAM a line; what begins with # is a remark, and a first line "...,team" names the columns. */
static void read_person(struct reading *r, const struct node *node, const char *path, size_t line, struct str text)
{
	struct attribution *a = r->config->attribution;
	ptrdiff_t comma = str_chr(text, ',');
	struct str who = str_trim(str_sub(text, 0, comma < 0 ? text.n : (size_t)comma));
	struct str team = comma < 0 ? STR("") : str_trim(str_sub(text, (size_t)comma + 1, text.n));
	const struct team *listed;
	int err = -EINVAL;

	if (!who.n || who.p[0] == '#' || (line == 1 && str_eq(team, STR("team"))))
		return;
	if (attribution_find_team(a, team, &listed) == 0)
		team = str_of(listed->id);
	else if (team.n && attribution_team(a, 0))
		err = -ENOENT;
	if (err != -ENOENT)
		err = attribution_add_person(a, who, team);
	if (err == -ENOENT)
		refuse(r, node, "%s:%zu: '%.*s' is not in the list of teams", path, line, TEXT(team));
	else if (err == -EEXIST)
		refuse(r, node, "%s:%zu: '%.*s' stands here twice", path, line, TEXT(who));
	else if (err == -EINVAL)
		refuse(r, node, "%s:%zu: a line is WHO,TEAM", path, line);
	else if (err == -ENOSPC)
		refuse(r, node, "%s:%zu: at most %d people are possible", path, line, LIMIT_PEOPLE);
	else
		reading_failed(r, err);
}

void read_people(struct reading *r, const struct node *node)
{
	static const struct field fields[] = {
		{ "file", read_node, NODE_AT(struct elsewhere, file), .required = true },
		{ 0 },
	};
	struct elsewhere elsewhere = { 0 };
	struct buf text = BUF(LIMIT_PEOPLE_FILE);
	struct str rest, line;
	char path[256];
	size_t n = 0;
	int err;

	read_map(r, node, fields, &elsewhere);
	if (!elsewhere.file || !path_of(r, elsewhere.file, path, sizeof(path)) || !file_there(r, elsewhere.file, path))
		return;
	file_used(r, path);
	err = file_read(path, &text);
	if (err < 0)
		refuse(r, elsewhere.file, "'%s': %s", path, strerror(-err));
	rest = buf_view(&text);
	while (err == 0 && !r->error && n < (size_t)2 * LIMIT_PEOPLE && str_split(&rest, '\n', &line))
		read_person(r, elsewhere.file, path, ++n, str_trim(line));
	buf_done(&text);
}

struct budget {
	const struct node *team, *usd, *warn;
	uint8_t per;
};

static void check_budget(struct reading *r, const struct budget *budget)
{
	char team[65];
	int64_t pico;

	if (budget->team)
		read_team_id(r, budget->team, team);
	if (budget->usd && (budget->usd->kind != NODE_TEXT || decimal_parse(budget->usd->text, DECIMAL_NANO, &pico) < 0 || pico <= 0))
		refuse(r, budget->usd, "'usd': an amount above 0 is needed here, such as 12000");
	if (!budget->warn || !node_is_list(r, budget->warn))
		return;
	ITEMS(item, budget->warn->first) {
		uint32_t percent;

		read_u32(r, item, &percent, &(struct field){ .key = "warn", .min = 1, .max = 1000 });
	}
}

void read_budgets(struct reading *r, const struct node *node)
{
	static const char *const periods[] = { "day", "week", "month", "quarter", "year", NULL };
	static const struct field fields[] = {
		{ "team", read_node, NODE_AT(struct budget, team), .required = true },
		{ "usd", read_node, NODE_AT(struct budget, usd), .required = true },
		{ "per", read_name, FIELD_AT(struct budget, per), .names = periods, .required = true },
		{ "warn", read_node, NODE_AT(struct budget, warn) },
		{ 0 },
	};

	if (!node_is_list(r, node))
		return;
	ITEMS(item, node->first) {
		struct budget budget = { 0 };

		read_map(r, item, fields, &budget);
		check_budget(r, &budget);
	}
	if (node->first)
		unbuilt(r, node->key, "'budgets': this version keeps none; `aitap report` tells what was spent");
}
