/* SPDX-License-Identifier: Apache-2.0 */
#include "run/command.h"
#include "run/observe.h"

static const char usage[] =
	"aitap trace -o TRACE [OPTION...] [-- COMMAND...]\n"
	"\n"
	"Keeps the events of this host, or of one command, in a trace file for `aitap replay`. Scrubbed: texts are replaced at\n"
	"equal length, credentials by their fingerprints; numbers, keys, model names, ids and wanted values stay. Makes no\n"
	"records of its own unless --records or --ledger ask for them.\n"
	"\n"
	"  -o, --output FILE the trace; created with mode 0600, or emptied\n"
	"  --raw             not scrubbed; needs content: {mode: full, ...} in the configuration\n"
	OPTIONS_USAGE
	"\n"
	"Exit codes: 0; 2 bad usage or configuration; 3 the kernel or the privileges do not allow it; 4 the trace is partial;\n"
	"with a command its own.\n";

static int trace_run(int argc, char **argv)
{
	struct options options;
	int code = options_parse("trace", argc, argv, &options);

	if (code != EXIT_DONE)
		return code;
	if (!options.trace)
		return command_fail(EXIT_USAGE, "trace", "where to? `aitap trace -o TRACE`");
	if (options.raw)
		return command_fail(EXIT_CANNOT, "trace", "--raw needs content: {mode: full, ...}, which is not built yet in this version");
	options.records = options.records ? options.records : "none";
	options.ledger = options.ledger ? options.ledger : "none";
	options.metrics = options.metrics ? options.metrics : "none";
	return observe(&options);
}

const struct command cmd_trace = { "trace", "keep events in a trace file, scrubbed", usage, trace_run };
