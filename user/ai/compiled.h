/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of dialects and hosts as they are looked things up in: paths and
 * header names hashed, patterns with their length and weight. Made before
 * main(), never written again, shared by all threads.
 */
#ifndef AITAP_AI_COMPILED_H
#define AITAP_AI_COMPILED_H

#include "ai/provider.h"
#include "ai/provider_hosts.h"

#define COMPILED_ROUTES 96
#define COMPILED_HEADERS 64

enum pattern_kind { PATTERN_PLAIN, PATTERN_SUFFIX, PATTERN_INSIDE, PATTERN_GLOB };

struct pattern {
	struct str text;	/* of *A the A, of *A*B the B, which may be empty */
	struct str inside;	/* of *A*B the A */
	uint8_t kind;		/* enum pattern_kind */
	char first, last;	/* what it begins and ends with; 0: a wildcard */
	uint16_t weight;	/* letters that are no wildcard, plus one */
};

/* Most patterns end unlike the text: one look says no. */
static inline bool pattern_fits(const struct pattern *pattern, struct str s)
{
	if (s.n < pattern->text.n && pattern->kind != PATTERN_GLOB)
		return false;
	if (pattern->last && (!s.n || s.p[s.n - 1] != pattern->last))
		return false;
	switch (pattern->kind) {
	case PATTERN_PLAIN:
		return str_eq(pattern->text, s);
	case PATTERN_SUFFIX:
		return str_ends(s, pattern->text);
	case PATTERN_INSIDE:
		return str_ends(s, pattern->text) && str_find(str_sub(s, 0, s.n - pattern->text.n), pattern->inside) >= 0;
	}
	return (!pattern->first || (s.n && s.p[0] == pattern->first)) && str_glob(pattern->text, s);
}

struct compiled {
	const struct provider *provider;
	size_t n_routes;
	struct pattern routes[COMPILED_ROUTES];		/* as provider->routes */
	struct skim_table bodies[2];			/* by enum side */
	struct skim_table messages[2];			/* protobuf; no nodes: none is read */
	struct skim_table headers[2];			/* with those that any dialect reads behind them */
	struct want header_wants[2][COMPILED_HEADERS];
};

struct compiled_host {
	const struct provider_host *row;
	const struct provider *dialect;
	struct pattern host;
};

/* Every dialect, the first first; NULL at the end. */
const struct compiled *compiled_dialect(size_t i);
const struct compiled *compiled_of(const struct provider *);
const struct compiled_host *compiled_host(size_t i);
const struct skim_table *compiled_shape(void);	/* of shape_wants */

#endif
