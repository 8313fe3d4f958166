/* SPDX-License-Identifier: Apache-2.0 */
/* What `aitap run` and `aitap trace` were asked to do. Points into argv. */
#ifndef AITAP_RUN_OPTIONS_H
#define AITAP_RUN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define OPTIONS_PIDS 64
#define OPTIONS_CGROUPS 64

struct options {
	const char *name;		/* of the command, for messages */
	const char *config, *records, *ledger, *metrics, *trace;	/* NULL: not said */
	bool raw;			/* the trace is not scrubbed */
	bool dry_run;
	bool idle;			/* --on-unsupported=idle */
	unsigned int workers;		/* 0: as many as there are processors */
	size_t ring_bytes;		/* of each ring; 0: the default */
	size_t n_pids, n_cgroups;
	pid_t pids[OPTIONS_PIDS];
	const char *cgroups[OPTIONS_CGROUPS];
	char **command;			/* NULL: the whole host */
};

extern const char options_usage[];	/* the options' part of --help */

/* Gives an exit code; what is wrong is said on standard error. */
int options_parse(const char *name, int argc, char **argv, struct options *ret);

#endif
