/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "run/command.h"
#include "run/observe.h"
#include "run/survey.h"

static const char usage[] =
	"aitap run [OPTION...] [-- COMMAND...]\n"
	"\n"
	"Observes this host until told to stop: each call to an AI provider becomes one record. With a command: only that\n"
	"process tree, run as the user who called sudo; calls, tokens and USD by model at its end, and its exit code. It\n"
	"then keeps out of the ledger and of standard output unless asked to.\n"
	"\n"
	OPTIONS_USAGE
	"\n"
	"`aitap: ready ...` on standard error says that every probe is attached. SIGHUP reloads the configuration (so does a\n"
	"change of its files); SIGTERM and SIGINT drain and end;\n"
	"with a command SIGTERM goes to it, and the run ends when it does.\n"
	"\n"
	"Exit codes: 0; 2 bad usage or configuration; 3 the kernel, the privileges or another aitap do not allow it;\n"
	"4 some records could not be written; with a command its own.\n";

static void tell(void *ctx, const struct target_state *state)
{
	const struct target *target = state->target;
	const char *what = state->state == EVENT_TARGET_ARMED ? "would be probed" : "cannot be read";

	(void)ctx;
	printf("%-16s %-18s %s%s%s\n", what, target->version[0] ? target->version : "-", target->name, state->reason[0] ? ": " : "",
	       state->reason);
	for (unsigned int i = 0; i < target->n_sites; i++)
		printf("    %-22s at 0x%-10jx %-8s %s\n", site_role_name(target->sites[i].role), (uintmax_t)target->sites[i].offset,
		       site_class_name(target->sites[i].class), target->sites[i].reason);
}

static int dry_run(const char *name)
{
	struct targets_counts counts;
	int err = survey(tell, NULL, &counts);

	if (err < 0)
		return command_fail(EXIT_CANNOT, name, "cannot look at the processes of this host: %s", strerror(-err));
	printf("%ju processes looked at in %ju ms, %ju files looked into: %ju would be probed, %ju cannot be read\n",
	       (uintmax_t)counts.last_scan_pids, (uintmax_t)counts.last_scan_ns / 1000000, (uintmax_t)counts.files,
	       (uintmax_t)counts.armed, (uintmax_t)(counts.blind + counts.failed));
	return EXIT_DONE;
}

static int run_run(int argc, char **argv)
{
	struct options options;
	int code = options_parse("run", argc, argv, &options);

	if (code != EXIT_DONE)
		return code;
	if (options.raw)
		return command_fail(EXIT_USAGE, "run", "--raw belongs to `aitap trace`");
	return options.dry_run ? dry_run("run") : observe(&options);
}

const struct command cmd_run = { "run", "observe this host, or one command", usage, run_run };
