/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a call went: through a gateway, past one that is meant for its provider,
 * or directly. Pure functions of the configuration and the call.
 */
#ifndef AITAP_PIPELINE_ROUTE_H
#define AITAP_PIPELINE_ROUTE_H

#include <stddef.h>
#include <stdint.h>

#include "noun/call.h"
#include "noun/wants.h"

#define ROUTE_PROVIDERS 32

struct route_gateway {
	char name[32];
	uint32_t n_for;				/* 0: for every provider */
	char for_provider[ROUTE_PROVIDERS][32];
};

/* "gateway", "bypass" or "direct" */
const char *route_of(const struct wants *, const struct route_gateway *, size_t n, const struct call *);

#endif
