/* SPDX-License-Identifier: Apache-2.0 */
/* Where records, prices and metrics come from and go to. */
#include <arpa/inet.h>
#include <string.h>

#include "run/config_inside.h"

void read_prices(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	static const struct field fields[] = { { "files", read_node, .at = 0, .required = true }, { 0 } };
	struct config *config = r->config;
	const struct node *files = NULL;

	(void)to;
	(void)field;
	read_map(r, node, fields, &files);
	if (!files || !node_is_list(r, files))
		return;
	ITEMS(item, files->first) {
		char *path;

		if (config->n_prices == CONFIG_LIST) {
			refuse(r, item, "at most %d files can stand here", CONFIG_LIST);
			return;
		}
		path = config->prices[config->n_prices];
		config->n_prices += path_of(r, item, path, sizeof(config->prices[0])) && file_there(r, item, path);
	}
}

static void read_ledger_path(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	char *path = to;

	if (node->kind == NODE_TEXT && str_eq(node->text, STR("none")))
		path[0] = 0;
	else
		path_of(r, node, path, field->size);
}

static void read_gib(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	uint32_t gib = 0;

	read_u32(r, node, &gib, field);
	*(uint64_t *)to = (uint64_t)gib << 30;
}

void read_ledger(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	static const struct field fields[] = {
		{ "path", read_ledger_path, FIELD_AT(struct config, ledger) },
		{ "keep_days", read_u32, FIELD_AT(struct config, keep_days), .max = 36500 },
		{ "max_gib", read_gib, FIELD_AT(struct config, ledger_bytes), .max = 1 << 20 },
		{ 0 },
	};

	(void)to;
	(void)field;
	read_map(r, node, fields, r->config);
}

/* ADDR:PORT with a numeric address, [ADDR]:PORT where it is IPv6; none. */
static bool is_address(struct str s)
{
	char address[64];
	struct in6_addr ip;
	bool six = s.n && s.p[0] == '[';
	size_t colon = s.n;
	uint64_t port;

	while (colon && s.p[colon - 1] != ':')
		colon--;
	if (!colon || !str_u64(str_sub(s, colon, s.n), &port) || port > 65535)
		return false;
	s = str_sub(s, 0, colon - 1);
	if (six && (s.n < 2 || s.p[s.n - 1] != ']'))
		return false;
	return STR_COPY(address, six ? str_sub(s, 1, s.n - 2) : s) && inet_pton(six ? AF_INET6 : AF_INET, address, &ip) == 1;
}

static void read_address(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	char *address = to;

	if (node->kind == NODE_TEXT && str_eq(node->text, STR("none")))
		address[0] = 0;
	else if (node->kind == NODE_TEXT && !is_address(node->text))
		refuse(r, node, "'%s': ADDRESS:PORT is needed here, such as 127.0.0.1:9914, or none", field->key);
	else
		read_text(r, node, to, field);
}

void read_metrics(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	static const struct field fields[] = {
		{ "listen", read_address, FIELD_AT(struct config, metrics) },
		{ "max_series", read_u32, FIELD_AT(struct config, max_series), .min = 100, .max = 1000000 },
		{ 0 },
	};

	(void)to;
	(void)field;
	read_map(r, node, fields, r->config);
}

enum sink_kind { SINK_JSONL, SINK_OTLP, SINK_CLICKHOUSE, SINK_KAFKA };
static const char *const sink_kinds[] = { "jsonl", "otlp", "clickhouse", "kafka", NULL };

struct sink_parts {
	const struct node *kind;
	char path[256], url[256], text[256], password_file[256], variable[64];
};

static void read_url(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	static const struct str schemes[] = { { "http://", 7 }, { "https://", 8 } };
	bool known = false;

	for (size_t i = 0; i < 2; i++)
		known |= node->kind == NODE_TEXT && str_starts(node->text, schemes[i]) && node->text.n > schemes[i].n;
	if (node->kind == NODE_TEXT && !known)
		refuse(r, node, "'%s': a URL is needed here: http://... or https://...", field->key);
	else if (known && str_chr(node->text, '@') >= 0)
		refuse(r, node, "'%s' holds a password: put it into a file and name that as password_file", field->key);
	else
		read_text(r, node, to, field);
}

static void read_sink_path(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	if (node->kind == NODE_TEXT && str_eq(node->text, STR("-")))
		read_text(r, node, to, field);
	else
		path_of(r, node, to, field->size);
}

static void read_secret(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	(void)to;
	refuse(r, node->key, "a secret never stands in the configuration: use %s_file or %s_env", field->key, field->key);
}

#define KIND { "kind", read_node, NODE_AT(struct sink_parts, kind) }
#define PASSWORD \
	{ "password", read_secret, .at = 0 }, \
	{ "password_file", read_file, FIELD_AT(struct sink_parts, password_file) }, \
	{ "password_env", read_text, FIELD_AT(struct sink_parts, variable) }

static const struct field *fields_of(enum sink_kind kind)
{
	static const struct field jsonl[] = {
		KIND, { "path", read_sink_path, FIELD_AT(struct sink_parts, path), .required = true }, { 0 },
	};
	static const struct field otlp[] = {
		KIND, { "endpoint", read_url, FIELD_AT(struct sink_parts, url), .required = true },
		{ "headers_file", read_file, FIELD_AT(struct sink_parts, password_file) },
		{ "headers_env", read_text, FIELD_AT(struct sink_parts, variable) }, { 0 },
	};
	static const struct field clickhouse[] = {
		KIND, { "url", read_url, FIELD_AT(struct sink_parts, url), .required = true },
		{ "database", read_text, FIELD_AT(struct sink_parts, text) },
		{ "table", read_text, FIELD_AT(struct sink_parts, text) },
		{ "user", read_text, FIELD_AT(struct sink_parts, text) }, PASSWORD, { 0 },
	};
	static const struct field kafka[] = {
		KIND, { "brokers", read_text, FIELD_AT(struct sink_parts, text), .required = true },
		{ "topic", read_text, FIELD_AT(struct sink_parts, text), .required = true },
		{ "user", read_text, FIELD_AT(struct sink_parts, text) }, PASSWORD, { 0 },
	};
	static const struct field *const all[] = { jsonl, otlp, clickhouse, kafka };

	return all[kind];
}

static const struct node *find_kind(const struct node *sink)
{
	ITEMS(child, sink->first)
		if (str_eq(child->key->text, STR("kind")))
			return child;
	return NULL;
}

static void read_sink(struct reading *r, const struct node *node, struct config_sink *ret)
{
	struct sink_parts parts = { 0 };
	uint8_t kind = UINT8_MAX;
	const struct node *at;

	if (!node_is_map(r, node))
		return;
	at = find_kind(node);
	if (!at) {
		refuse(r, node, "'kind' is missing");
		return;
	}
	read_name(r, at, &kind, &(struct field){ .key = "kind", .names = sink_kinds });
	if (kind == UINT8_MAX)
		return;
	STR_COPY(ret->kind, str_of(sink_kinds[kind]));
	read_map(r, node, fields_of(kind), &parts);
	STR_COPY(ret->path, str_of(parts.path));
	if (kind == SINK_JSONL)
		return;
	r->remote = true;
	unbuilt(r, at, "sinks of kind %s", sink_kinds[kind]);
}

void read_sinks(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	struct config *config = r->config;

	(void)to;
	(void)field;
	if (!node_is_list(r, node))
		return;
	ITEMS(item, node->first) {
		struct config_sink *sink;

		if (config->n_sinks == CONFIG_SINKS) {
			refuse(r, item, "at most %d sinks are possible", CONFIG_SINKS);
			return;
		}
		sink = &config->sinks[config->n_sinks];
		read_sink(r, item, sink);
		for (uint32_t i = 0; sink->path[0] && i < config->n_sinks; i++)
			if (!strcmp(config->sinks[i].path, sink->path))
				refuse(r, item, "another sink writes to '%s' already", sink->path);
		config->n_sinks++;
	}
}
