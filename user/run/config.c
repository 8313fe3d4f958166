/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration goes through in one pass that never stops at the first
 * mistake: the tree is read section by section into a struct config that holds
 * the defaults, whatever does not fit becomes a problem at its place, and at
 * the end it is given out only if no problem is an error.
 */
#include "run/config.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "bpf/event.h"
#include "run/config_inside.h"

DEFINE_FREEP(struct config, config_free)

static void take_hash(struct config *config, struct str yaml)
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx sha;
	char *at = config->hash;

	sha256_init(&sha);
	sha256_update(&sha, yaml.n, (const uint8_t *)yaml.p);
	sha256_digest(&sha, sizeof(digest), digest);
	at += snprintf(at, sizeof(config->hash), "sha256:");
	for (size_t i = 0; i < sizeof(digest); i++)
		at += snprintf(at, 3, "%02x", digest[i]);
}

static void take_node_name(struct config *config)
{
	const char *given = getenv("NODE_NAME");
	char host[256] = "";

	if (!given || !given[0])
		gethostname(host, sizeof(host) - 1);
	STR_COPY(config->node, str_of(given && given[0] ? given : host));
}

static int config_new(const char *name, struct str yaml, const struct config *previous, struct config **ret)
{
	struct config *config = mem_new(sizeof(*config));

	if (!config)
		return -ENOMEM;
	take_hash(config, yaml);
	take_node_name(config);
	STR_COPY(config->path, str_of(name));
	config->capture = true;
	for (int library = EVENT_LIBRARY_OPENSSL; library <= EVENT_LIBRARY_RUSTLS; library++)
		config->libraries |= 1u << library;
	snprintf(config->ledger, sizeof(config->ledger), "%s/ledger.db", config_state());
	STR_COPY(config->metrics, STR("127.0.0.1:9914"));
	config->max_series = 5000;
	config->wants.generation = previous ? previous->wants.generation + 1 : 1;
	*ret = config;
	return attribution_new(&config->attribution);
}

struct config *config_free(struct config *config)
{
	if (!config)
		return NULL;
	attribution_free(config->attribution);
	explicit_bzero(config->wants.secret, sizeof(config->wants.secret));
	return mem_free(config);
}

static void keep_gateways(struct reading *r, const struct node *node, void *to, const struct field *field)
{
	(void)to;
	(void)field;
	r->gateways = node;
}

static void read_root(struct reading *r, const struct node *root)
{
	static const struct field fields[] = {
		{ "node", read_text, FIELD_AT(struct config, node) },
		{ "cluster", read_text, FIELD_AT(struct config, cluster) },
		{ "capture", read_capture, .at = 0 },
		{ "attribution", read_attribution, .at = 0 },
		{ "providers", read_providers, .at = 0 },
		{ "gateways", keep_gateways, .at = 0 },
		{ "approved", read_approved, .at = 0 },
		{ "prices", read_prices, .at = 0 },
		{ "privacy", read_privacy, .at = 0 },
		{ "ledger", read_ledger, .at = 0 },
		{ "metrics", read_metrics, .at = 0 },
		{ "sinks", read_sinks, .at = 0 },
		{ "limits", read_limits, .at = 0 },
		{ 0 },
	};

	read_map(r, root, fields, r->config);
	if (r->gateways)
		read_gateways(r, r->gateways);
}

static void seal(struct reading *r, const struct config *previous)
{
	struct config *config = r->config;
	int err = attribution_seal(config->attribution, &config->wants, previous ? &previous->wants : NULL);

	if (err == -ENOSPC)
		problem(r, PROBLEM_ERROR, NULL, "sources ask for more than %d headers, body paths and environment variables", LIMIT_WANTED);
	else
		reading_failed(r, err);
}

int config_parse(const char *name, struct str yaml, uint32_t flags, const struct config *previous, struct config **ret,
		 struct problems *problems)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(tree_freep) struct tree *tree = NULL;
	struct reading r = { .problems = problems, .flags = flags };
	int err;

	*problems = (struct problems){ 0 };
	STR_COPY(problems->file, str_of(name));
	err = config_new(name, yaml, previous, &config);
	if (err == 0)
		err = tree_parse(yaml, problems, &tree);
	if (err < 0) {
		problems_sort(problems);
		return err;
	}
	r.config = config;
	if (tree_root(tree) && !node_is_empty(tree_root(tree)))
		read_root(&r, tree_root(tree));
	if (!r.attributed)
		read_attribution(&r, NULL, NULL, NULL);
	seal(&r, previous);
	secret_take(&r, previous);
	problems_sort(problems);
	if (r.error || problems->count[PROBLEM_ERROR])
		return r.error ? r.error : -EINVAL;
	*ret = TAKE_PTR(config);
	return 0;
}

int config_load(const char *path, uint32_t flags, const struct config *previous, struct config **ret, struct problems *problems)
{
	struct buf text = BUF(LIMIT_CONFIG);
	int err;

	*problems = (struct problems){ 0 };
	if (!path && access(CONFIG_PATH, F_OK) < 0 && errno == ENOENT) {
		err = config_parse("(defaults)", STR(""), flags, previous, ret, problems);
		if (err == 0)
			(*ret)->path[0] = 0;
		return err;
	}
	path = path ? path : CONFIG_PATH;
	STR_COPY(problems->file, str_of(path));
	err = file_read(path, &text);
	if (err == 0)
		err = config_parse(path, buf_view(&text), flags, previous, ret, problems);
	else if (err == -EFBIG)
		problem_add(problems, PROBLEM_ERROR, 0, 0, "is too large: a configuration has at most %zu bytes", LIMIT_CONFIG);
	buf_done(&text);
	return err;
}
