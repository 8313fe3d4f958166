/* SPDX-License-Identifier: Apache-2.0 */
/* Providers and gateways beyond the built-in table, as rows of wants.hosts; and what is approved. */
#include <errno.h>
#include <string.h>

#include "ai/provider.h"
#include "ai/provider_hosts.h"
#include "run/config_inside.h"

#define PORTS_MAX 16

struct service {
	char name[32];
	const struct node *hosts, *ports, *dialect, *serves;
	uint32_t n_ports;
	uint16_t ports_list[PORTS_MAX];
};

static void read_ports(struct reading *r, struct service *service)
{
	if (!service->ports || !node_is_list(r, service->ports))
		return;
	ITEMS(item, service->ports->first) {
		uint32_t port = 0;

		if (service->n_ports == PORTS_MAX) {
			refuse(r, item, "at most %d ports can stand here", PORTS_MAX);
			return;
		}
		read_u32(r, item, &port, &(struct field){ .key = "ports", .min = 1, .max = 65535 });
		if (port)
			service->ports_list[service->n_ports++] = (uint16_t)port;
	}
}

/* Lower case; a name, an address or a glob of them, and nothing else of a URL. */
static bool read_host(struct reading *r, const struct node *node, char *ret, size_t size)
{
	if (!node_is_text(r, node))
		return false;
	if (!node->text.n || node->text.n >= size) {
		refuse(r, node, "a host name of 1 to %zu bytes is needed here", size - 1);
		return false;
	}
	for (size_t i = 0; i < node->text.n; i++) {
		char c = node->text.p[i];

		c = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr(".-_*?", c)))) {
			refuse(r, node, "'%.*s' is no host name: no scheme, port or path belongs here", TEXT(node->text));
			return false;
		}
		ret[i] = c;
	}
	ret[node->text.n] = 0;
	return true;
}

static void add_host(struct reading *r, const struct node *node, const struct wanted_host *row)
{
	struct wants *wants = &r->config->wants;

	for (uint32_t i = 0; i < wants->n_hosts; i++)
		if (!strcmp(wants->hosts[i].host, row->host) && wants->hosts[i].port == row->port &&
		    wants->hosts[i].gateway == row->gateway) {
			refuse(r, node, "'%s' is a host of '%s' already", row->host, wants->hosts[i].provider);
			return;
		}
	if (wants->n_hosts == WANTED_HOSTS)
		refuse(r, node, "at most %d hosts, times their ports, are possible", WANTED_HOSTS);
	else
		wants->hosts[wants->n_hosts++] = *row;
}

static void read_dialect(struct reading *r, const struct node *node, char *ret, size_t size)
{
	if (!node_is_text(r, node))
		return;
	if (provider_dialect(node->text))
		str_copy(ret, size, node->text);
	else
		refuse(r, node, "there is no dialect '%.*s'; most services speak openai, some anthropic, gemini, bedrock, cohere or ollama",
		       TEXT(node->text));
}

static void add_hosts(struct reading *r, struct service *service, bool gateway)
{
	struct wanted_host row = { .gateway = gateway };

	STR_COPY(row.provider, str_of(service->name));
	if (service->dialect)
		read_dialect(r, service->dialect, row.dialect, sizeof(row.dialect));
	read_ports(r, service);
	if (!service->hosts || !node_is_list(r, service->hosts))
		return;
	if (!service->hosts->first)
		refuse(r, service->hosts, "an empty list of hosts");
	ITEMS(item, service->hosts->first)
		for (uint32_t i = 0; i < (service->n_ports ?: 1); i++) {
			row.port = service->n_ports ? service->ports_list[i] : 0;
			if (!read_host(r, item, row.host, sizeof(row.host)))
				break;
			add_host(r, item, &row);
		}
}

/* A name already taken would make two services one. */
static void check_name(struct reading *r, const struct node *list, const struct node *until, const char *name)
{
	for (const struct node *item = list->first; item != until; item = item->next)
		ITEMS(child, item->kind == NODE_MAP ? item->first : NULL)
			if (name[0] && child->kind == NODE_TEXT && str_eq(child->key->text, STR("name")) &&
			    str_eq(child->text, str_of(name))) {
				refuse(r, until, "the name '%s' is taken, in line %u", name, child->line);
				return;
			}
}

void read_providers(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	static const struct field fields[] = {
		{ "name", read_text, FIELD_AT(struct service, name), .required = true },
		{ "hosts", read_node, NODE_AT(struct service, hosts), .required = true },
		{ "ports", read_node, NODE_AT(struct service, ports) },
		{ "dialect", read_node, NODE_AT(struct service, dialect), .required = true },
		{ 0 },
	};

	(void)to;
	(void)field;
	if (!node_is_list(r, node))
		return;
	ITEMS(item, node->first) {
		struct service service = { 0 };

		read_map(r, item, fields, &service);
		check_name(r, node, item, service.name);
		add_hosts(r, &service, false);
	}
}

static bool is_provider(const struct wants *wants, struct str name)
{
	for (size_t i = 0; provider_hosts[i].host; i++)
		if (str_eq(name, str_of(provider_hosts[i].provider)))
			return true;
	for (uint32_t i = 0; i < wants->n_hosts; i++)
		if (!wants->hosts[i].gateway && str_eq(name, str_of(wants->hosts[i].provider)))
			return true;
	return false;
}

static void read_serves(struct reading *r, const struct node *node, struct config_gateway *gateway)
{
	if (!node_is_list(r, node))
		return;
	ITEMS(item, node->first) {
		char *name;

		if (gateway->n_for == CONFIG_LIST) {
			refuse(r, item, "at most %d providers can stand here", CONFIG_LIST);
			return;
		}
		name = gateway->for_provider[gateway->n_for];
		name[0] = 0;
		read_text(r, item, name, &(struct field){ .key = "for", .size = sizeof(gateway->for_provider[0]) });
		gateway->n_for += name[0] != 0;
		if (name[0] && !is_provider(&r->config->wants, str_of(name)))
			problem(r, PROBLEM_WARNING, item, "'%s' is no provider that is known, nor one of this file", name);
	}
}

void read_gateways(struct reading *r, const struct node *node)
{
	static const struct field fields[] = {
		{ "name", read_text, FIELD_AT(struct service, name), .required = true },
		{ "hosts", read_node, NODE_AT(struct service, hosts), .required = true },
		{ "ports", read_node, NODE_AT(struct service, ports) },
		{ "for", read_node, NODE_AT(struct service, serves) },
		{ "dialect", read_node, NODE_AT(struct service, dialect) },
		{ 0 },
	};
	struct config *config = r->config;

	if (!node_is_list(r, node))
		return;
	ITEMS(item, node->first) {
		struct service service = { 0 };
		struct config_gateway *gateway;

		if (config->n_gateways == CONFIG_GATEWAYS) {
			refuse(r, item, "at most %d gateways are possible", CONFIG_GATEWAYS);
			return;
		}
		gateway = &config->gateways[config->n_gateways];
		read_map(r, item, fields, &service);
		check_name(r, node, item, service.name);
		add_hosts(r, &service, true);
		STR_COPY(gateway->name, str_of(service.name));
		if (service.serves)
			read_serves(r, service.serves, gateway);
		config->n_gateways++;
	}
}

static void read_approved_list(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	(void)to;
	if (!node_is_list(r, node))
		return;
	if (!node->first)
		refuse(r, node, "'%s': an empty list would approve nothing; leave it out to approve everything", field->key);
	ITEMS(item, node->first) {
		int err = node_is_text(r, item) ?
			attribution_approve(r->config->attribution, (enum approved_list)field->min, item->text) : 0;

		if (err == -EINVAL)
			refuse(r, item, "'%s': a pattern of 1 to 127 bytes is needed here", field->key);
		else
			reading_failed(r, err);
	}
}

void read_approved(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	static const struct field fields[] = {
		{ "providers", read_approved_list, .min = APPROVED_PROVIDERS },
		{ "models", read_approved_list, .min = APPROVED_MODELS },
		{ "regions", read_approved_list, .min = APPROVED_REGIONS },
		{ 0 },
	};

	(void)to;
	(void)field;
	read_map(r, node, fields, r->config);
}
