/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration and all that follows from it, as the pipeline takes it:
 * prices, gateways, attribution, wants. Immutable; a reload makes another one.
 * Main thread only, apart from reading.
 */
#ifndef AITAP_RUN_SETUP_H
#define AITAP_RUN_SETUP_H

#include "base/cleanup.h"
#include "pipeline/cold.h"
#include "run/config.h"

struct setup {
	struct config *config;
	struct prices *prices;
	struct route_gateway gateways[CONFIG_GATEWAYS];
	struct cold_settings settings;
};

/*
 * Loads path (NULL: the usual place, or the defaults). Says on standard error
 * what is wrong with it. Gives EXIT_DONE, or an exit code and no setup.
 */
int setup_load(const char *path, const struct setup *previous, struct setup **ret);
struct setup *setup_free(struct setup *);
DEFINE_FREEP(struct setup, setup_free)

/* The built-in prices with the configuration's over them; says on standard error what is wrong with these. */
int setup_prices(const struct config *, struct prices **ret);

/* Which state of its files a setup was loaded from: changes when one of them does, a ConfigMap's links included. */
uint64_t setup_stamp(const struct setup *, const char *path);

#endif
