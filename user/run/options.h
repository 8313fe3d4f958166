/* SPDX-License-Identifier: Apache-2.0 */
/* What `aitap run` and `aitap trace` were asked to do. Points into argv. */
#ifndef AITAP_RUN_OPTIONS_H
#define AITAP_RUN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "run/config.h"

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

/* The options' part of --help. */
#define OPTIONS_USAGE \
	"  --config FILE     configuration (default " CONFIG_PATH ", where it exists)\n" \
	"  --records FILE    records as JSON lines to a file, - for standard output, none (default - on a terminal)\n" \
	"  --ledger FILE     the ledger, or none (default " CONFIG_STATE "/ledger.db)\n" \
	"  --metrics A:P     /metrics, /healthz and /readyz on this address, or none (default 127.0.0.1:9914)\n" \
	"  --trace FILE      also keep the events in a trace file, scrubbed\n" \
	"  --pid N           only this process and what it starts; may be repeated\n" \
	"  --cgroup PATH     only processes below this cgroup; may be repeated\n" \
	"  --workers N       rings and worker threads, 1 to 16 (default: one for each processor, at most 4)\n" \
	"  --ring-size SIZE  of each ring: 64K to 256M (default 8M)\n" \
	"  --on-unsupported exit|idle   where the kernel or privileges do not allow it: exit 3, or stay up unready\n" \
	"  --dry-run         say what would be probed, and end\n" \
	"  --log-level L     error, warn, info or debug\n"

/* Gives an exit code; what is wrong is said on standard error. */
int options_parse(const char *name, int argc, char **argv, struct options *ret);

#endif
