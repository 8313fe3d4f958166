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

struct pattern {
	struct str text;
	bool plain;		/* no wildcard: compare */
	char last;		/* what it ends with; 0: a wildcard */
	uint16_t weight;	/* letters that are no wildcard, plus one */
};

bool pattern_fits(const struct pattern *, struct str);

struct compiled {
	const struct provider *provider;
	size_t n_routes;
	struct pattern routes[COMPILED_ROUTES];		/* as provider->routes */
	struct skim_table bodies[2];			/* by enum side */
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

#endif
