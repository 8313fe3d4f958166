/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The choice: who answers at this host, and in which dialect does this path
 * speak. The host names the provider; the path picks the dialect, for many
 * hosts speak several (a provider's own at most paths, Anthropic's under
 * /anthropic). A host that nobody knows is judged by its path alone, and then
 * what passes has to look like it as well.
 */
#include <stdlib.h>
#include <string.h>

#include "ai/provider.h"
#include "ai/provider_hosts.h"

#define DIALECTS 16	/* room for */

/* Every dialect; where a path fits two equally, the first. */
static const struct provider *const dialects[DIALECTS] = {
	&dialect_openai, &dialect_anthropic, &dialect_gemini, &dialect_bedrock, &dialect_cohere, &dialect_ollama,
	&dialect_watsonx, &dialect_replicate, &dialect_tgi, &dialect_deepgram, &dialect_stability, &dialect_aleph_alpha,
};

/* Compiled before main(), never written again. */
static struct skim_table tables[DIALECTS][2];
static struct skim_node nodes[DIALECTS][2][SKIM_NODES];
static uint16_t slots[DIALECTS][2][SKIM_SLOTS];

__attribute__((constructor)) static void compile(void)
{
	for (size_t i = 0; i < DIALECTS && dialects[i]; i++)
		for (int side = SIDE_REQUEST; side <= SIDE_RESPONSE; side++) {
			tables[i][side] = (struct skim_table){ nodes[i][side], slots[i][side], SKIM_NODES, SKIM_SLOTS, 0 };
			if (skim_compile(dialects[i]->wants[side], &tables[i][side]))
				abort();	/* a table that never was tested */
		}
}

const struct skim_table *provider_table(const struct provider *provider, enum side side)
{
	for (size_t i = 0; i < DIALECTS && dialects[i]; i++)
		if (dialects[i] == provider)
			return &tables[i][side];
	return NULL;
}

const struct provider *provider_dialect(struct str name)
{
	for (size_t i = 0; i < DIALECTS && dialects[i]; i++)
		if (str_eq(name, str_of(dialects[i]->name)))
			return dialects[i];
	return NULL;
}

const struct provider *provider_next(size_t *at)
{
	return *at < DIALECTS && dialects[*at] ? dialects[(*at)++] : NULL;
}

/* ---- paths */

/* How much a pattern says: letters that are no wildcard; and its last, '*' where that is one. */
static size_t letters(const char *pattern, char *ret_last)
{
	size_t n = 0;

	*ret_last = '*';
	for (; *pattern; pattern++) {
		n += *pattern != '*' && *pattern != '?';
		*ret_last = *pattern;
	}
	return n;
}

static const struct route *best_route(const struct provider *provider, struct str path, size_t *ret_score)
{
	char end = path.n ? path.p[path.n - 1] : 0, last;
	const struct route *best = NULL;

	*ret_score = 0;
	for (const struct route *route = provider->routes; route && route->path; route++) {
		size_t score = letters(route->path, &last) + 1;
		/* most patterns end unlike the path: no need to look further */
		if (score <= *ret_score || (last != end && last != '*' && last != '?') ||
		    !str_glob(str_of(route->path), path))
			continue;
		best = route;
		*ret_score = score;
	}
	return best;
}

/* 0 not mine, 1 mine if the host says so, 2 mine anywhere */
static int claim(const struct provider *provider, const struct head *head, const struct route *route)
{
	if (provider->match)
		return provider->match(head);
	return !route ? 0 : route->flags & ROUTE_WEAK ? 1 : 2;
}

/* The host's own dialect if any of its routes fits, else the strongest of all. */
static void choose_dialect(const struct head *head, const struct provider *own, struct choice *choice)
{
	size_t best = 0, score;
	const struct route *route;

	choice->dialect = own;
	choice->route = NULL;
	if (own) {
		route = best_route(own, head->path, &score);
		if (claim(own, head, route) > 0) {
			choice->route = route;
			return;
		}
	}
	for (size_t i = 0; i < DIALECTS && dialects[i]; i++) {
		route = best_route(dialects[i], head->path, &score);
		if (score <= best || claim(dialects[i], head, route) < 2)
			continue;
		best = score;
		choice->dialect = dialects[i];
		choice->route = route;
	}
}

/* ---- hosts */

static bool configured(const struct wants *wants, const struct head *head, struct str host, struct choice *choice,
		       const struct provider **ret_own)
{
	for (uint32_t i = 0; i < wants->n_hosts && i < WANTED_HOSTS; i++) {
		const struct wanted_host *wanted = &wants->hosts[i];
		if ((wanted->port && wanted->port != head->port) || !str_glob(str_of(wanted->host), host))
			continue;
		STR_COPY(choice->name, str_of(wanted->provider));
		choice->gateway = wanted->gateway;
		*ret_own = provider_dialect(str_of(wanted->dialect));
		return true;
	}
	return false;
}

static bool built_in(const struct head *head, struct str host, struct choice *choice, const struct provider **ret_own)
{
	for (const struct provider_host *row = provider_hosts; row->host; row++) {
		if ((row->port && row->port != head->port) || !str_glob(str_of(row->host), host) ||
		    (row->path && !str_glob(str_of(row->path), head->path)))
			continue;
		STR_COPY(choice->name, str_of(row->provider));
		choice->billing = row->billing;
		*ret_own = provider_dialect(str_of(row->dialect));
		return true;
	}
	return false;
}

/* A name that no public host has: nobody sends an invoice. */
static bool is_private(struct str host)
{
	static const char *const patterns[] = {
		"localhost", "127.*", "10.*", "192.168.*", "169.254.*", "*.local", "*.internal", "*.lan", "*.svc",
		"*.localhost", "*.cluster.local",
	};
	struct str second = str_sub(host, 4, 3);

	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		if (str_glob(str_of(patterns[i]), host))
			return true;
	if (str_starts(host, STR("172.")) && second.n == 3 && second.p[2] == '.')
		return second.p[0] == '2' || (second.p[0] == '1' && second.p[1] >= '6') ||
		       (second.p[0] == '3' && second.p[1] <= '1');
	return str_chr(host, '.') < 0 || str_chr(host, ':') >= 0;
}

static struct str lower_case(struct str s, char *ret, size_t size)
{
	size_t n = s.n < size ? s.n : size;

	for (size_t i = 0; i < n; i++)
		ret[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) : s.p[i];
	return (struct str){ ret, n };
}

bool provider_choose(const struct head *head, const struct wants *wants, struct choice *ret)
{
	const struct provider *own = NULL;
	char lower[256];
	struct str host = lower_case(head->host, lower, sizeof(lower));

	memset(ret, 0, sizeof(*ret));
	ret->known = built_in(head, host, ret, &own) || configured(wants, head, host, ret, &own);
	choose_dialect(head, own, ret);
	if (!ret->dialect && ret->known)
		ret->dialect = dialects[0];
	if (ret->known || !ret->dialect)
		return ret->known;
	ret->billing = is_private(host) ? BILLING_SELF_HOSTED : BILLING_UNKNOWN;
	STR_COPY(ret->name, str_of(ret->dialect->name));
	str_copy(ret->name + strlen(ret->name), sizeof(ret->name) - strlen(ret->name), STR("-compatible"));
	return true;
}
