/* SPDX-License-Identifier: Apache-2.0 */
#include "who/fact.h"

#include <errno.h>
#include <string.h>

/* OTEL_SERVICE_NAME takes precedence over service.name in OTEL_RESOURCE_ATTRIBUTES
 * (OpenTelemetry specification, environment variables, "General SDK Configuration");
 * who/ folds both into the labels of scope 'o'. */
static const struct {
	const char *name;
	uint8_t kind;
	bool keyed;		/* name:key */
	bool source;
	bool match;
	bool prefix;
} facts[] = {
	{ "rule", FACT_RULE, .source = true },
	{ "people", FACT_PEOPLE, .source = true },
	{ "namespace", FACT_NAMESPACE, .source = true, .match = true },
	{ "workload", FACT_WORKLOAD, .source = true, .match = true },
	{ "pod-label", FACT_POD_LABEL, .keyed = true, .source = true, .match = true },
	{ "namespace-label", FACT_NAMESPACE_LABEL, .keyed = true, .source = true },
	{ "container-label", FACT_CONTAINER_LABEL, .keyed = true, .source = true },
	{ "otel-resource", FACT_OTEL, .keyed = true, .source = true },
	{ "env", FACT_ENV, .keyed = true, .source = true },
	{ "header", FACT_HEADER, .keyed = true, .source = true },
	{ "body", FACT_BODY, .keyed = true, .source = true },
	{ "unit", FACT_UNIT, .source = true, .match = true },
	{ "cgroup", FACT_CGROUP, .source = true, .match = true },
	{ "user", FACT_USER, .source = true, .match = true },
	{ "exe", FACT_EXE, .source = true, .match = true },
	{ "image", FACT_IMAGE, .source = true, .match = true },
	{ "host", FACT_HOST, .source = true, .match = true },
	{ "path-prefix", FACT_PATH, .match = true, .prefix = true },
	{ "key", FACT_KEY, .source = true, .match = true },
	{ "project", FACT_PROJECT, .source = true, .match = true },
	{ "agent", FACT_AGENT, .source = true, .match = true },
	{ "org", FACT_ORG, .source = true },
	{ "account", FACT_ACCOUNT, .source = true },
	{ "pod", FACT_POD, .source = true },
	{ "container", FACT_CONTAINER, .source = true },
	{ "comm", FACT_COMM, .source = true },
};
#define N_FACTS (sizeof(facts) / sizeof(facts[0]))

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool all_of(struct str s, const char *others)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]) && (!s.p[i] || !strchr(others, s.p[i])))
			return false;
	return s.n;
}

/* Keys are held to what their home allows, so that a slip of the pen is told and not silently never found. */
static const char *key_fault(enum fact_kind kind, struct str key)
{
	if (kind >= FACT_ENV && key.n >= sizeof(((struct wanted *)0)->name))
		return "is longer than 63 characters";
	switch (kind) {
	case FACT_ENV:		/* POSIX.1-2017, 8.1 */
		return all_of(key, "_") ? NULL : "is no name of an environment variable";
	case FACT_HEADER:	/* RFC 9110, section 5.6.2: token */
		return all_of(key, "!#$%&'*+-.^_`|~") ? NULL : "is no name of a header";
	case FACT_BODY:
		return all_of(key, "_-.") && key.p[0] != '.' && key.p[key.n - 1] != '.' && str_find(key, STR("..")) < 0 ?
			NULL : "is no dotted path into a JSON body";
	default:
		return all_of(key, "_-./") ? NULL : "is no label key";
	}
}

int fact_parse(struct str text, struct fact *ret, const char **ret_why)
{
	ptrdiff_t colon = str_chr(text, ':');
	struct str name = colon < 0 ? text : str_sub(text, 0, (size_t)colon);
	struct str key = colon < 0 ? STR("") : str_sub(text, (size_t)colon + 1, text.n);
	struct fact fact = { 0 };

	for (size_t i = 0; i < N_FACTS; i++) {
		if (!facts[i].source || !str_eq(name, str_of(facts[i].name)))
			continue;
		if (facts[i].keyed != (colon >= 0)) {
			*ret_why = facts[i].keyed ? "lacks its key: write name:key" : "takes no key";
			return -EINVAL;
		}
		if (text.n >= sizeof(fact.name)) {
			*ret_why = "is too long";
			return -EINVAL;
		}
		*ret_why = facts[i].keyed ? key_fault(facts[i].kind, key) : NULL;
		if (*ret_why)
			return -EINVAL;
		fact.kind = facts[i].kind;
		fact.key_at = facts[i].keyed ? (uint8_t)(colon + 1) : 0;
		STR_COPY(fact.name, text);
		for (char *c = fact.name; fact.kind == FACT_HEADER && *c; c++)
			if (*c >= 'A' && *c <= 'Z')
				*c = (char)(*c + 32);
		*ret = fact;
		return 0;
	}
	*ret_why = "is no source";
	return -EINVAL;
}

int fact_of_match(struct str key, enum fact_kind *ret, bool *ret_prefix)
{
	for (size_t i = 0; i < N_FACTS; i++)
		if (facts[i].match && str_eq(key, str_of(facts[i].name))) {
			*ret = facts[i].kind;
			*ret_prefix = facts[i].prefix;
			return 0;
		}
	return -ENOENT;
}

const char *fact_match_key(size_t i)
{
	for (size_t j = 0; j < N_FACTS; j++)
		if (facts[j].match && !i--)
			return facts[j].name;
	return NULL;
}

const char *fact_match_name(enum fact_kind kind)
{
	for (size_t i = 0; i < N_FACTS; i++)
		if (facts[i].match && facts[i].kind == kind)
			return facts[i].name;
	return "";
}

struct str fact_key(const struct fact *fact)
{
	return fact->key_at ? str_of(fact->name + fact->key_at) : STR("");
}

bool fact_is_claim(const struct fact *fact)
{
	return fact->kind == FACT_HEADER || fact->kind == FACT_BODY;
}

int fact_wants(const struct fact *fact)
{
	switch (fact->kind) {
	case FACT_ENV:
		return WANTED_ENV;
	case FACT_HEADER:
		return WANTED_HEADER;
	case FACT_BODY:
		return WANTED_BODY;
	default:
		return 0;
	}
}

struct view view_of(const struct call *call, const struct origin *origin)
{
	struct view view = { .call = call, .origin = origin };

	for (size_t i = 0; i + 1 < sizeof(view.host) && call->host[i]; i++)
		view.host[i] = call->host[i] >= 'A' && call->host[i] <= 'Z' ? (char)(call->host[i] + 32) : call->host[i];
	return view;
}

static const char *scalar_of(const struct view *view, enum fact_kind kind)
{
	const struct origin *o = view->origin;
	const struct call *c = view->call;

	switch (kind) {
	case FACT_NAMESPACE: return o->namespace;
	case FACT_WORKLOAD: return o->workload;
	case FACT_POD: return o->pod;
	case FACT_CONTAINER: return o->container_name[0] ? o->container_name : o->container;
	case FACT_IMAGE: return o->image;
	case FACT_UNIT: return o->unit;
	case FACT_CGROUP: return o->cgroup;
	case FACT_USER: return o->user;
	case FACT_EXE: return o->exe;
	case FACT_COMM: return o->comm[0] ? o->comm : c->comm;
	case FACT_PATH: return c->path;
	case FACT_KEY: return c->credential;
	case FACT_PROJECT: return c->project;
	case FACT_ORG: return c->org;
	case FACT_AGENT: return c->agent;
	case FACT_ACCOUNT: return c->account;
	default: return NULL;
	}
}

struct str view_scalar(struct view *view, enum fact_kind kind)
{
	if (kind == FACT_HOST)
		return str_of(view->host);
	if (!(view->known >> kind & 1)) {
		view->scalar[kind] = str_of(scalar_of(view, kind));
		view->known |= 1u << kind;
	}
	return view->scalar[kind];
}

struct str view_label(const struct view *view, enum fact_kind kind, struct str key)
{
	static const char scopes[] = "pnco";	/* as the kinds are listed, from FACT_POD_LABEL */
	char scope = scopes[kind - FACT_POD_LABEL];

	for (uint32_t i = 0; i < view->origin->n_labels && i < ORIGIN_LABELS; i++) {
		const struct origin_label *label = &view->origin->labels[i];

		if (label->scope == scope && str_eq(str_of(label->key), key))
			return str_of(label->value);
	}
	return STR("");
}

static struct str brought(const struct wanted_value *values, uint32_t n, uint8_t wanted)
{
	for (uint32_t i = 0; i < n && i < WANTED_VALUES; i++)
		if (values[i].wanted == wanted)
			return str_of(values[i].text);
	return STR("");
}

struct str view_fact(struct view *view, const struct fact *fact)
{
	switch (fact->kind) {
	case FACT_POD_LABEL:
	case FACT_NAMESPACE_LABEL:
	case FACT_CONTAINER_LABEL:
	case FACT_OTEL:
		return view_label(view, fact->kind, fact_key(fact));
	case FACT_ENV:
		return brought(view->origin->values, view->origin->n_values, fact->wanted);
	case FACT_HEADER:
	case FACT_BODY:
		return brought(view->call->values, view->call->n_values, fact->wanted);
	case FACT_RULE:
	case FACT_PEOPLE:
		return STR("");
	default:
		return view_scalar(view, fact->kind);
	}
}
