/* SPDX-License-Identifier: Apache-2.0 */
/* What is captured. Much of it is checked here and cannot be done by this version yet. */
#include <string.h>

#include "base/decimal.h"
#include "bpf/event.h"
#include "run/config_inside.h"

#define LIBRARIES_BUILT (1u << EVENT_LIBRARY_OPENSSL)

struct scope {
	const struct node *include, *exclude;
};

/* Both are lists of conditions as rules have them. */
static void check_matches(struct reading *r, const struct node *list)
{
	struct match match = { 0 };

	if (!list || !node_is_list(r, list))
		return;
	ITEMS(item, list->first)
		if (read_match(r, item, &match))
			match_done(&match);
}

static void read_scope(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	static const struct field fields[] = {
		{ "include", read_node, NODE_AT(struct scope, include) },
		{ "exclude", read_node, NODE_AT(struct scope, exclude) },
		{ 0 },
	};
	struct scope scope = { 0 };

	(void)to;
	read_map(r, node, fields, &scope);
	check_matches(r, scope.include);
	check_matches(r, scope.exclude);
	if (scope.include || scope.exclude)
		unbuilt(r, node->key, "'%s': this version observes the whole host, or what --pid and --cgroup name", field->key);
}

static void read_tls(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	static const char *const names[] = { "", "openssl", "boringssl", "gnutls", "nss", "go", "rustls", NULL };
	uint32_t libraries = 0;

	if (!node_is_list(r, node))
		return;
	ITEMS(item, node->first) {
		struct field one = { .key = field->key, .names = names };
		uint8_t library = 0;

		read_name(r, item, &library, &one);
		if (library && libraries >> library & 1)
			refuse(r, item, "'%s' stands here twice", names[library]);
		libraries |= library ? 1u << library : 0;
	}
	if (!node->first)
		refuse(r, node, "an empty list: leave it out for all, or set capture.enabled to false");
	else if (libraries && !(libraries & LIBRARIES_BUILT))
		unbuilt(r, node->key, "'%s': this version reads openssl only", field->key);
	else if (libraries & ~LIBRARIES_BUILT)
		problem(r, PROBLEM_WARNING, node->key, "'%s': this version reads openssl only; the others are told of as blind", field->key);
	*(uint32_t *)to = libraries;
}

static void read_arm(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	uint8_t *arm = to;

	read_name(r, node, arm, field);
	if (*arm == ARM_DORMANT)
		unbuilt(r, node->key, "'arm': this version arms its probes at once");
}

static void read_plaintext_one(struct reading *r, const struct node *node, struct config_plaintext *ret)
{
	static const struct field fields[] = {
		{ "port", read_u32, .at = 0, .min = 1, .max = 65535, .required = true },
		{ "as", read_text, .at = 4, .size = sizeof(ret->as), .required = true },
		{ 0 },
	};
	struct {
		uint32_t port;
		char as[sizeof(ret->as)];
	} one = { 0 };

	read_map(r, node, fields, &one);
	ret->port = (uint16_t)one.port;
	STR_COPY(ret->as, str_of(one.as));
}

static void read_plaintext(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	struct config *config = r->config;

	(void)to;
	if (!node_is_list(r, node))
		return;
	ITEMS(item, node->first) {
		struct config_plaintext *plaintext;

		if (config->n_plaintext == CONFIG_PLAINTEXT) {
			refuse(r, item, "at most %d ports can stand here", CONFIG_PLAINTEXT);
			return;
		}
		plaintext = &config->plaintext[config->n_plaintext];
		read_plaintext_one(r, item, plaintext);
		for (uint32_t i = 0; i < config->n_plaintext; i++)
			if (plaintext->port && config->plaintext[i].port == plaintext->port)
				refuse(r, item, "port %u stands here twice", plaintext->port);
		config->n_plaintext++;
	}
	if (node->first)
		unbuilt(r, node->key, "'%s': this version reads TLS connections only", field->key);
}

static void read_patterns(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	(void)field;
	if (!node_is_list(r, node))
		return;
	ITEMS(item, node->first)
		if (node_is_text(r, item) && !item->text.n)
			refuse(r, item, "an empty pattern fits nothing");
	*(bool *)to = node->first != NULL;
}

static void read_opt_out(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	static const struct field fields[] = { { "allow", read_patterns, .at = 0, .size = sizeof(bool) }, { 0 } };
	bool any = false;

	(void)to;
	read_map(r, node, fields, &any);
	if (any)
		unbuilt(r, node->key, "'%s': in this version nobody can refuse to be read", field->key);
}

struct content {
	uint8_t mode;
	char recipient[128];
	const struct node *recipient_at;
	const struct node *only;
	int64_t until_ns;
};

static void read_recipient(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	if (node_is_text(r, node) && !str_starts(node->text, STR("age1")))
		refuse(r, node, "'%s': an age recipient is needed here: age1...", field->key);
	else
		read_text(r, node, to, field);
}

static void read_content(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	static const char *const modes[] = { "redacted", "full", NULL };
	static const struct field fields[] = {
		{ "mode", read_name, FIELD_AT(struct content, mode), .names = modes, .required = true },
		{ "to", read_recipient, FIELD_AT(struct content, recipient), .required = true },
		{ "only", read_node, NODE_AT(struct content, only), .required = true },
		{ "until", read_date, FIELD_AT(struct content, until_ns), .required = true },
		{ 0 },
	};
	struct content content = { 0 };
	struct match match = { 0 };

	(void)to;
	if (node->kind == NODE_TEXT && str_eq(node->text, STR("none")))
		return;
	if (node->kind == NODE_TEXT) {
		refuse(r, node, "'%s': none, or {mode, to, only, until} is needed here", field->key);
		return;
	}
	read_map(r, node, fields, &content);
	if (content.only && read_match(r, content.only, &match))
		match_done(&match);
	unbuilt(r, node->key, "'%s': this version never keeps prompts or answers", field->key);
}

void read_capture(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	static const char *const arms[] = { "auto", "always", "dormant", NULL };
	static const struct field fields[] = {
		{ "enabled", read_bool, FIELD_AT(struct config, capture) },
		{ "scope", read_scope, .at = 0 },
		{ "tls", read_tls, FIELD_AT(struct config, libraries) },
		{ "arm", read_arm, FIELD_AT(struct config, arm), .names = arms },
		{ "plaintext", read_plaintext, .at = 0 },
		{ "opt_out", read_opt_out, .at = 0 },
		{ "content", read_content, .at = 0 },
		{ 0 },
	};

	(void)to;
	(void)field;
	read_map(r, node, fields, r->config);
}

/* 250m or 0.25: thousandths of a processor. */
static void read_cpu(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	bool milli = node->kind == NODE_TEXT && str_ends(node->text, STR("m"));
	int64_t n = 0;

	if (node->kind == NODE_TEXT &&
	    decimal_parse(str_sub(node->text, 0, node->text.n - milli), milli ? 0 : DECIMAL_MILLI, &n) == 0 && n > 0 && n <= 1000000)
		*(uint32_t *)to = (uint32_t)n;
	else if (node->kind != NODE_BAD)
		refuse(r, node, "'%s': a share of processors is needed here, such as 250m or 0.25", field->key);
}

void read_limits(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	static const struct field fields[] = {
		{ "memory", read_bytes, FIELD_AT(struct config, memory_bytes), .min = MIB(32), .max = 1ull << 50 },
		{ "cpu", read_cpu, FIELD_AT(struct config, cpu_milli) },
		{ 0 },
	};

	(void)to;
	read_map(r, node, fields, r->config);
	problem(r, PROBLEM_WARNING, node->key, "'%s': this version keeps to ceilings of its own, not yet to these", field->key);
}
