/* SPDX-License-Identifier: Apache-2.0 */
/* What the core build has in place of the commands that need the kernel side. */
#include "run/command.h"

static int cannot_run(int argc, char **argv)
{
	(void)argc;
	return command_fail(EXIT_CANNOT, argv[0],
			    "this is aitap-core, built without the kernel side; `make` builds the whole, with clang and libbpf");
}

#define CANNOT(name, summary) { name, summary, "aitap " name ": " summary "; not in this build (aitap-core)\n", cannot_run }

const struct command cmd_run = CANNOT("run", "observe this host, or one command");
const struct command cmd_trace = CANNOT("trace", "keep events in a trace file");
const struct command cmd_doctor = CANNOT("doctor", "what this kernel, these privileges and these processes allow");
