/* SPDX-License-Identifier: Apache-2.0 */
#include "who/attribution.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

int attribution_new(struct attribution **ret)
{
	struct attribution *a = mem_new(sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->team_names = NAMES((size_t)4 * LIMIT_TEAMS);
	a->people = NAMES(LIMIT_PEOPLE);
	*ret = a;
	return 0;
}

struct attribution *attribution_free(struct attribution *a)
{
	if (!a)
		return NULL;
	for (size_t i = 0; i < a->n_rules; i++)
		match_done(&a->rules[i].match);
	for (size_t i = 0; i < a->n_on_behalf; i++)
		match_done(&a->on_behalf[i].match);
	for (int i = 0; i < APPROVED_LISTS; i++)
		mem_free(a->approved[i].patterns);
	mem_free(a->rules);
	mem_free(a->on_behalf);
	mem_free(a->teams);
	mem_free(a->people_teams);
	names_done(&a->team_names);
	names_done(&a->people);
	return mem_free(a);
}

bool attribution_value_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      (c && strchr("._/@:-", c))))
			return false;
	}
	return s.n >= 1 && s.n <= 64;
}

/* Room for one more at the end of an array that doubles; NULL keeps the old one as it was. */
static void *room(void *list, size_t n, size_t size)
{
	if (n & (n - 1))
		return list;
	return mem_resize(list, n * size, (n ? 2 * n : 1) * size);
}

int attribution_add_team(struct attribution *a, const struct team *team)
{
	struct team *grown;
	int r;

	if (!attribution_value_ok(str_of(team->id)))
		return -EINVAL;
	if (a->n_teams >= LIMIT_TEAMS)
		return -ENOSPC;
	grown = room(a->teams, a->n_teams, sizeof(*team));
	if (!grown)
		return -ENOMEM;
	a->teams = grown;
	r = names_put(&a->team_names, str_of(team->id), (uint32_t)a->n_teams);
	if (r < 0)
		return r;
	a->teams[a->n_teams++] = *team;
	return 0;
}

int attribution_add_alias(struct attribution *a, struct str alias, size_t team)
{
	if (!attribution_value_ok(alias) || team >= a->n_teams)
		return -EINVAL;
	return names_put(&a->team_names, alias, (uint32_t)team);
}

int attribution_find_team(const struct attribution *a, struct str name, const struct team **ret)
{
	uint32_t i;

	if (!names_get(&a->team_names, name, &i))
		return -ENOENT;
	*ret = &a->teams[i];
	return 0;
}

int attribution_add_source(struct attribution *a, int dimension, const struct fact *fact)
{
	struct sources *sources = dimension == DIMENSION_TEAM ? &a->team : &a->label[dimension];

	for (uint32_t i = 0; i < sources->n; i++)
		if (str_eq(str_of(sources->list[i].name), str_of(fact->name)))
			return -EEXIST;
	if (sources->n == LIMIT_SOURCES - 1)	/* one is left for people */
		return -ENOSPC;
	sources->list[sources->n++] = *fact;
	return 0;
}

int attribution_add_label(struct attribution *a, struct str name)
{
	for (uint32_t i = 0; i < a->n_labels; i++)
		if (str_eq(str_of(a->labels[i]), name))
			return (int)i;
	if (!attribution_value_ok(name) || name.n >= sizeof(a->labels[0]) || str_eq(name, STR("team")))
		return -EINVAL;
	if (a->n_labels == LIMIT_LABELS)
		return -ENOSPC;
	STR_COPY(a->labels[a->n_labels], name);
	return (int)a->n_labels++;
}

int attribution_add_rule(struct attribution *a, const struct rule *rule)
{
	struct rule *grown;

	if (a->n_rules >= LIMIT_RULES)
		return -ENOSPC;
	grown = room(a->rules, a->n_rules, sizeof(*rule));
	if (!grown)
		return -ENOMEM;
	a->rules = grown;
	a->rules[a->n_rules++] = *rule;
	return 0;
}

int attribution_add_on_behalf(struct attribution *a, struct match *match, const struct fact *source)
{
	struct on_behalf *grown = room(a->on_behalf, a->n_on_behalf, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	a->on_behalf = grown;
	a->on_behalf[a->n_on_behalf++] = (struct on_behalf){ *match, *source };
	return 0;
}

static int people_team(struct attribution *a, struct str team, uint32_t *ret)
{
	char (*grown)[65];

	for (size_t i = a->n_people_teams; i-- > 0;)
		if (str_eq(str_of(a->people_teams[i]), team)) {
			*ret = (uint32_t)i;
			return 0;
		}
	if (a->n_people_teams >= LIMIT_TEAMS)
		return -ENOSPC;
	grown = room(a->people_teams, a->n_people_teams, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	a->people_teams = grown;
	STR_COPY(grown[a->n_people_teams], team);
	*ret = (uint32_t)a->n_people_teams++;
	return 0;
}

int attribution_add_person(struct attribution *a, struct str who, struct str team)
{
	uint32_t i;
	int r;

	if (!who.n || !attribution_value_ok(team))
		return -EINVAL;
	r = people_team(a, team, &i);
	return r < 0 ? r : names_put(&a->people, who, i);
}

int attribution_approve(struct attribution *a, enum approved_list which, struct str pattern)
{
	struct approved *list = &a->approved[which];
	char (*grown)[128];

	if (!pattern.n || pattern.n >= sizeof(*grown))
		return -EINVAL;
	grown = room(list->patterns, list->n, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	list->patterns = grown;
	STR_COPY(list->patterns[list->n], pattern);
	list->n++;
	return 0;
}

void attribution_require(struct attribution *a, int dimension)
{
	a->required |= 1u << (dimension + 1);
}

const struct team *attribution_team(const struct attribution *a, size_t i)
{
	return a && i < a->n_teams ? &a->teams[i] : NULL;
}

const char *attribution_label(const struct attribution *a, size_t i)
{
	return a && i < a->n_labels ? a->labels[i] : NULL;
}
