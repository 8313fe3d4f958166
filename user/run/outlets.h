/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where this run's records go: the ledger and the other sinks, as the options
 * say, else as the configuration does. Main thread opens and closes; in between
 * they belong to the cold half.
 */
#ifndef AITAP_RUN_OUTLETS_H
#define AITAP_RUN_OUTLETS_H

#include "out/sink.h"
#include "pipeline/worker.h"
#include "run/config.h"

struct outlets {
	struct sink *ledger;			/* NULL: none */
	char ledger_path[256];
	struct sink *sinks[COLD_SINKS];
	char paths[COLD_SINKS][256];
	size_t n_sinks;
	uint64_t told[COLD_SINKS + 1];		/* failures that the log has told of */
};

/*
 * records, ledger: a path, "-" or "none"; NULL: what the configuration says, and
 * of records, standard output where that is a terminal. Without a configuration
 * (a replay) sinks wait for their readers. Gives an exit code; what went wrong is
 * said on standard error.
 */
int outlets_open(const char *command, const char *records, const char *ledger, const struct config *, struct outlets *ret);
void outlets_config(struct outlets *, struct workers_config *ret);	/* fills what the workers need of it */
void outlets_close(struct outlets *);
/* Tells the log of what failed since the last time; to be called now and then. */
void outlets_watch(struct outlets *, const struct workers_sum *);
/* Did some record not get where it should? And why, the ledger's reason first; NULL: none failed. */
bool outlets_failed(const struct workers_sum *);
const char *outlets_reason(const struct workers_sum *);

#endif
