/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <sys/utsname.h>

#include "bpf/event.h"
#include "feed/trace.h"
#include "run/command.h"

static int version_run(int argc, char **argv)
{
	struct utsname host;

	if (argc > 1)
		return command_fail(EXIT_USAGE, argv[0], "takes no arguments");
	printf("aitap %s, events %d\n", AITAP_VERSION, EVENT_ABI);
	if (uname(&host) == 0)
		printf("on %s %s %s\n", host.sysname, host.release, host.machine);
	return EXIT_DONE;
}

const struct command cmd_version = {
	"version", "this version, and what it runs on", "aitap version: prints the version of the program, its events and the kernel\n",
	version_run,
};
