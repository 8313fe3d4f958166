/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The choice: who answers at this host, and in which dialect does this path
 * speak. The host names the provider; the path picks the dialect, for many
 * hosts speak several (a provider's own at most paths, Anthropic's under
 * /anthropic). A host that nobody knows is judged by its path alone, and then
 * what passes has to look like it as well.
 */
#include <string.h>

#include "ai/compiled.h"

const struct skim_table *provider_table(const struct provider *provider, enum side side)
{
	const struct compiled *compiled = compiled_of(provider);

	return compiled ? &compiled->bodies[side] : NULL;
}

const struct provider *provider_dialect(struct str name)
{
	const struct compiled *dialect;

	for (size_t i = 0; (dialect = compiled_dialect(i)); i++)
		if (str_eq(name, str_of(dialect->provider->name)))
			return dialect->provider;
	return NULL;
}

const struct provider *provider_messages(const char *name)
{
	if (!strcmp(name, "gcp.gemini"))
		return &dialect_gapic_gemini;
	return !strcmp(name, "gcp.vertex_ai") ? &dialect_gapic_vertex : NULL;
}

const struct provider *provider_next(size_t *at)
{
	const struct compiled *dialect = compiled_dialect(*at);

	*at += dialect != NULL;
	return dialect ? dialect->provider : NULL;
}

/* ---- paths */

/* The route that says most about the path; its weight. */
static const struct route *best_route(const struct compiled *dialect, struct str path, size_t *ret_weight)
{
	const struct route *best = NULL;

	*ret_weight = 0;
	for (size_t i = 0; i < dialect->n_routes; i++) {
		if (dialect->routes[i].weight <= *ret_weight || !pattern_fits(&dialect->routes[i], path))
			continue;
		best = &dialect->provider->routes[i];
		*ret_weight = dialect->routes[i].weight;
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

/* The host's own dialect, in all its parts, if any of its routes fits, else the strongest of all. */
static void choose_dialect(const struct head *head, const struct provider *own, struct choice *choice)
{
	const struct compiled *dialect;
	size_t best = 0, weight;
	const struct route *route;

	choice->dialect = own;
	choice->route = NULL;
	for (const struct provider *part = own; part; part = part->sibling) {
		route = best_route(compiled_of(part), head->path, &weight);
		if (claim(part, head, route) <= 0 || weight < best)
			continue;
		best = weight;
		choice->dialect = part;
		choice->route = route;
	}
	if (best)
		return;
	for (size_t i = 0; (dialect = compiled_dialect(i)); i++) {
		route = best_route(dialect, head->path, &weight);
		if (weight <= best || claim(dialect->provider, head, route) < 2)
			continue;
		best = weight;
		choice->dialect = dialect->provider;
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

static void take_row(const struct compiled_host *known, struct choice *choice, const struct provider **ret_own)
{
	STR_COPY(choice->name, str_of(known->row->provider));
	choice->billing = known->row->billing;
	*ret_own = known->dialect;
}

/* A path that was not seen may be one that the host has for other things: then its name is taken, and no more. */
static bool built_in(const struct head *head, struct str host, struct choice *choice, const struct provider **ret_own)
{
	const struct compiled_host *known, *perhaps = NULL;

	for (size_t i = 0; (known = compiled_host(i)); i++) {
		const struct provider_host *row = known->row;
		if ((row->port && row->port != head->port) || !pattern_fits(&known->host, host))
			continue;
		if (row->path && !head->path.n && !perhaps)
			perhaps = known;
		if (row->path && !str_glob(str_of(row->path), head->path))
			continue;
		take_row(known, choice, ret_own);
		return true;
	}
	if (perhaps)
		take_row(perhaps, choice, ret_own);
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

bool provider_at_times(struct str host, const struct wants *wants)
{
	const struct compiled_host *known;
	char lower[256];

	host = lower_case(host, lower, sizeof(lower));
	for (size_t i = 0; (known = compiled_host(i)); i++)
		if (known->row->path && pattern_fits(&known->host, host))
			return true;
	for (uint32_t i = 0; i < wants->n_hosts && i < WANTED_HOSTS; i++)
		if (str_glob(str_of(wants->hosts[i].host), host))
			return true;
	return false;
}

bool provider_choose(const struct head *head, const struct wants *wants, struct choice *ret)
{
	const struct provider *own = NULL;
	char lower[256];
	struct str host = lower_case(head->host, lower, sizeof(lower));

	memset(ret, 0, sizeof(*ret));
	ret->built_in = built_in(head, host, ret, &own);
	ret->known = ret->built_in || configured(wants, head, host, ret, &own);
	if (head->path.n)
		choose_dialect(head, own, ret);
	else
		ret->dialect = own;
	/* joined so late that not even the host was seen: the bodies must tell all of it */
	if (!head->path.n && !head->host.n && head->mid_connection) {
		ret->dialect = &dialect_openai;
		return true;
	}
	if (!ret->dialect && ret->known)
		ret->dialect = &dialect_openai;
	if (ret->known || !ret->dialect || ret->name[0])
		return ret->dialect;
	ret->billing = host.n && is_private(host) ? BILLING_SELF_HOSTED : BILLING_UNKNOWN;
	STR_COPY(ret->name, str_of(ret->dialect->name));
	str_copy(ret->name + strlen(ret->name), sizeof(ret->name) - strlen(ret->name), STR("-compatible"));
	return true;
}

static struct chosen *chosen_at(struct choices *choices, struct str host, struct str path)
{
	size_t slot = host.n * 5 + path.n + (uint8_t)host.p[0] + (uint8_t)path.p[path.n - 1];

	return &choices->chosen[slot % CHOSEN_MAX];
}

static bool is_of(const struct chosen *chosen, const struct head *head)
{
	return chosen->n_path == head->path.n && chosen->n_host == head->host.n && chosen->port == head->port &&
	       !memcmp(chosen->text, head->host.p, head->host.n) && !memcmp(chosen->text + head->host.n, head->path.p, head->path.n);
}

bool provider_choose_again(struct choices *choices, const struct head *head, const struct wants *wants, struct choice *ret)
{
	struct str host = head->host, path = head->path;
	struct chosen *chosen;

	/* a dialect may look for an upgrade */
	if (!host.n || !path.n || host.n + path.n > sizeof(chosen->text) || head_get(head, STR("upgrade")).n)
		return provider_choose(head, wants, ret);
	chosen = chosen_at(choices, host, path);
	if (is_of(chosen, head)) {
		*ret = chosen->choice;
		return true;
	}
	if (!provider_choose(head, wants, ret))
		return false;
	if (!ret->built_in)
		return true;
	*chosen = (struct chosen){ head->port, (uint16_t)host.n, (uint16_t)path.n, .choice = *ret };
	memcpy(chosen->text, host.p, host.n);
	memcpy(chosen->text + host.n, path.p, path.n);
	return true;
}
