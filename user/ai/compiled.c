/* SPDX-License-Identifier: Apache-2.0 */
#include "ai/compiled.h"

#include <stdlib.h>
#include <string.h>

#include "ai/caller.h"
#include "ai/text_wants.h"
#include "ai/shape.h"

#define DIALECTS 24	/* room for */
#define HOSTS 192
#define HEADER_NODES 80
#define HEADER_SLOTS 256
#define BODY_WANTS 384
#define MESSAGE_NODES 128
#define MESSAGE_SLOTS 256

/* Every dialect; where a path fits two equally, the first. */
static const struct provider *const dialects[DIALECTS] = {
	&dialect_openai, &dialect_openai_media, &dialect_openai_batch, &dialect_anthropic, &dialect_gemini,
	&dialect_gemini_batch, &dialect_bedrock, &dialect_cohere, &dialect_ollama,
	&dialect_watsonx, &dialect_replicate, &dialect_tgi, &dialect_deepgram, &dialect_stability, &dialect_aleph_alpha,
	&dialect_gapic_gemini, &dialect_gapic_vertex, &dialect_gapic_embed, &dialect_gapic_other, &dialect_realtime, &dialect_live,
};

static struct compiled compiled[DIALECTS];
static struct want body_wants[DIALECTS][2][BODY_WANTS];
static struct skim_node body_nodes[DIALECTS][2][SKIM_NODES];
static uint16_t body_slots[DIALECTS][2][SKIM_SLOTS];
static struct skim_node message_nodes[DIALECTS][2][MESSAGE_NODES];
static uint16_t message_slots[DIALECTS][2][MESSAGE_SLOTS];
static struct skim_node header_nodes[DIALECTS][2][HEADER_NODES];
static uint16_t header_slots[DIALECTS][2][HEADER_SLOTS];
static struct compiled_host hosts[HOSTS];
static struct skim_node shape_nodes[MESSAGE_NODES];
static uint16_t shape_slots[MESSAGE_SLOTS];
static struct skim_table shape = { shape_nodes, shape_slots, MESSAGE_NODES, MESSAGE_SLOTS, 0 };

/* A table that does not compile was never tested: no test could begin. */
static void must(bool sound)
{
	if (!sound)
		abort();
}

static bool wild(char c)
{
	return c == '*' || c == '?';
}

static void compile_pattern(const char *text, struct pattern *ret)
{
	size_t n = strlen(text), letters = 0;

	for (size_t i = 0; i < n; i++)
		letters += !wild(text[i]);
	*ret = (struct pattern){ .text = { text, n }, .kind = PATTERN_GLOB, .weight = (uint16_t)(letters + 1) };
	ret->first = n && !wild(text[0]) ? text[0] : 0;
	ret->last = n && !wild(text[n - 1]) ? text[n - 1] : 0;
	if (letters == n) {
		ret->kind = PATTERN_PLAIN;
	} else if (letters == n - 1 && text[0] == '*') {
		ret->kind = PATTERN_SUFFIX;
		ret->text = (struct str){ text + 1, n - 1 };
	} else if (letters == n - 2 && text[0] == '*' && !strchr(text, '?')) {
		size_t second = strcspn(text + 1, "*") + 1;

		ret->kind = PATTERN_INSIDE;
		ret->inside = (struct str){ text + 1, second - 1 };
		ret->text = (struct str){ text + second + 1, n - second - 1 };
	}
}

static void compile_headers(size_t i, int side)
{
	const struct want *parts[] = { dialects[i]->headers[side], side == SIDE_REQUEST ? caller_headers : answer_headers };
	struct want *to = compiled[i].header_wants[side];
	size_t n = 0;

	for (size_t part = 0; part < 2; part++)
		for (const struct want *want = parts[part]; want && want->path; want++) {
			must(n + 1 < COMPILED_HEADERS);
			to[n++] = *want;
		}
	compiled[i].headers[side] = (struct skim_table){ header_nodes[i][side], header_slots[i][side], HEADER_NODES, HEADER_SLOTS };
	must(skim_compile(to, &compiled[i].headers[side]) == 0);
}

static void compile_body(size_t i, int side)
{
	const struct want *parts[] = { dialects[i]->wants[side], text_wants(dialects[i]->name, (enum side)side) };
	struct want *to = body_wants[i][side];
	size_t n = 0;

	for (size_t part = 0; part < 2; part++)
		for (const struct want *want = parts[part]; want && want->path; want++) {
			must(n + 1 < BODY_WANTS);
			to[n++] = *want;
		}
	compiled[i].bodies[side] = (struct skim_table){ body_nodes[i][side], body_slots[i][side], SKIM_NODES, SKIM_SLOTS };
	must(skim_compile(to, &compiled[i].bodies[side]) == 0);
}

static void compile_dialect(size_t i)
{
	struct compiled *to = &compiled[i];

	to->provider = dialects[i];
	for (const struct route *route = dialects[i]->routes; route && route->path; route++) {
		must(to->n_routes < COMPILED_ROUTES);
		compile_pattern(route->path, &to->routes[to->n_routes++]);
	}
	for (int side = SIDE_REQUEST; side <= SIDE_RESPONSE; side++) {
		compile_body(i, side);
		compile_headers(i, side);
		if (!dialects[i]->messages[side])
			continue;
		to->messages[side] = (struct skim_table){ message_nodes[i][side], message_slots[i][side], MESSAGE_NODES, MESSAGE_SLOTS };
		must(skim_compile(dialects[i]->messages[side], &to->messages[side]) == 0);
	}
}

__attribute__((constructor)) static void compile(void)
{
	size_t n = 0;

	must(skim_compile(shape_wants, &shape) == 0);
	for (size_t i = 0; i < DIALECTS && dialects[i]; i++)
		compile_dialect(i);
	for (const struct provider_host *row = provider_hosts; row->host; row++, n++) {
		must(n + 1 < HOSTS);
		hosts[n].row = row;
		hosts[n].dialect = provider_dialect(str_of(row->dialect));
		compile_pattern(row->host, &hosts[n].host);
		must(hosts[n].dialect != NULL);
	}
}

const struct compiled *compiled_dialect(size_t i)
{
	return i < DIALECTS && compiled[i].provider ? &compiled[i] : NULL;
}

const struct compiled *compiled_of(const struct provider *provider)
{
	for (size_t i = 0; i < DIALECTS; i++)
		if (compiled[i].provider == provider)
			return provider ? &compiled[i] : NULL;
	return NULL;
}

const struct compiled_host *compiled_host(size_t i)
{
	return i < HOSTS && hosts[i].row ? &hosts[i] : NULL;
}

const struct skim_table *compiled_shape(void)
{
	return &shape;
}
