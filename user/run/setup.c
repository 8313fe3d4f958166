/* SPDX-License-Identifier: Apache-2.0 */
#include "run/setup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "run/command.h"

/* Each file lies over what came before it, the built-in table at the bottom. */
int setup_prices(const struct config *config, struct prices **ret)
{
	_cleanup_(prices_freep) struct prices *all = NULL;
	_cleanup_(buf_done) struct buf error = BUF(KIB(64));
	int err = prices_builtin(&all, &error);

	for (uint32_t i = 0; err == 0 && i < config->n_prices; i++) {
		struct prices *top;

		err = prices_load(config->prices[i], &top, &error);
		if (err < 0)
			break;
		prices_over(top, all);
		all = top;
	}
	if (err < 0 && error.n)
		fputs(buf_cstr(&error), stderr);
	if (err == 0)
		*ret = TAKE_PTR(all);
	return err;
}

static int load_config(const char *path, const struct setup *previous, struct setup *setup)
{
	struct problems problems = { 0 };
	int err = config_load(path, CONFIG_SECRET, previous ? previous->config : NULL, &setup->config, &problems);
	int code = err == 0 && !problems.count[PROBLEM_ERROR] ? EXIT_DONE : EXIT_USAGE;

	problems_log(&problems);
	if (code == EXIT_DONE && problems.count[PROBLEM_UNBUILT])
		code = EXIT_CANNOT;
	if (err < 0 && !problems.n)
		log_error(err, "configuration '%s': cannot be used", path ? path : CONFIG_PATH);
	problems_done(&problems);
	return code;
}

static void fill(struct setup *setup)
{
	const struct config *config = setup->config;

	for (uint32_t i = 0; i < config->n_gateways; i++) {
		struct route_gateway *gateway = &setup->gateways[i];

		STR_COPY(gateway->name, str_of(config->gateways[i].name));
		gateway->n_for = config->gateways[i].n_for;
		for (uint32_t j = 0; j < gateway->n_for; j++)
			STR_COPY(gateway->for_provider[j], str_of(config->gateways[i].for_provider[j]));
	}
	setup->settings = (struct cold_settings){
		.attribution = config->attribution, .prices = setup->prices, .wants = &config->wants,
		.gateways = setup->gateways, .n_gateways = config->n_gateways, .node = config->node,
		.cluster = config->cluster[0] ? config->cluster : NULL, .config = config->hash,
	};
}

int setup_load(const char *path, const struct setup *previous, struct setup **ret)
{
	_cleanup_(setup_freep) struct setup *setup = mem_new(sizeof(*setup));
	int code, err;

	if (!setup) {
		log_error(-ENOMEM, "configuration");
		return EXIT_CANNOT;
	}
	code = load_config(path, previous, setup);
	if (code != EXIT_DONE)
		return code;
	err = setup_prices(setup->config, &setup->prices);
	if (err < 0) {
		log_error(err, "prices: cannot be used");
		return EXIT_USAGE;
	}
	fill(setup);
	*ret = TAKE_PTR(setup);
	return EXIT_DONE;
}

struct setup *setup_free(struct setup *setup)
{
	if (!setup)
		return NULL;
	prices_free(setup->prices);
	config_free(setup->config);
	return mem_free(setup);
}

/* By what path leads to now, so that a link which is swapped counts as a change. */
static uint64_t stamp_of(const char *path, uint64_t stamp)
{
	struct stat st;
	uint64_t what[5] = { 0 };

	if (stat(path, &st) == 0) {
		what[0] = st.st_dev;
		what[1] = st.st_ino;
		what[2] = (uint64_t)st.st_size;
		what[3] = (uint64_t)st.st_mtim.tv_sec;
		what[4] = (uint64_t)st.st_mtim.tv_nsec;
	}
	return hash_bytes(what, sizeof(what), stamp);
}

uint64_t setup_stamp(const struct setup *setup, const char *path)
{
	uint64_t stamp = stamp_of(path ? path : CONFIG_PATH, 0);

	for (uint32_t i = 0; i < setup->config->n_prices; i++)
		stamp = stamp_of(setup->config->prices[i], stamp);
	for (uint32_t i = 0; i < setup->config->n_files; i++)
		stamp = stamp_of(setup->config->files[i], stamp);
	return stamp;
}
