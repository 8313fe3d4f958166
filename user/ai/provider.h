/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dialect: how one family of providers says what a call used. It sees heads
 * and items, never bytes, chunks, frames or compression; its state is a fixed
 * block inside the exchange. Its table of wants is what the skimmer looks for.
 */
#ifndef AITAP_AI_PROVIDER_H
#define AITAP_AI_PROVIDER_H

#include <stddef.h>
#include <stdint.h>

#include "noun/call.h"
#include "noun/head.h"

struct dialect;	/* state: see ai/reader.h */
struct want;	/* see ai/skim.h */
struct item;	/* one document, event, line or field, with what was picked; see ai/skim.h */

typedef void (*usage_fn)(void *ctx, const struct call *);

struct provider {
	const char *name;
	const struct want *want;
	int (*match)(const struct head *);	/* score; 0 is not mine */
	int (*head)(struct dialect *, enum side, const struct head *);
	int (*item)(struct dialect *, enum side, const struct item *);
	int (*end)(struct dialect *, enum ending, usage_fn emit, void *ctx);	/* 0..n calls, as item may */
};

#endif
