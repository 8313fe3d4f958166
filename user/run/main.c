/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "run/command.h"

static void list_commands(FILE *to)
{
	const struct command *command;

	fputs("aitap: which team spends what on AI providers, seen from the kernel\n\n", to);
	for (unsigned int i = 0; (command = command_at(i)); i++)
		fprintf(to, "  %-12s %s\n", command->name, command->summary);
	fputs("\n`aitap COMMAND --help` says more. Exit codes: 0 success, 1 what was checked does not hold,\n"
	      "2 bad usage or configuration, 3 the system cannot do it, 4 could not finish.\n", to);
}

static int wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return 1;
	return 0;
}

static int ended(int code)
{
	/* what could not be written must not look like success */
	if (fflush(stdout) == EOF || ferror(stdout))
		return code == EXIT_DONE ? EXIT_UNFINISHED : code;
	return code;
}

int main(int argc, char **argv)
{
	const struct command *command;

	/* a reader of ours that goes away is an error of that write, not the end of us */
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		list_commands(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		list_commands(stdout);
		return ended(EXIT_DONE);
	}
	command = command_find(!strcmp(argv[1], "--version") ? "version" : argv[1]);
	if (!command) {
		fprintf(stderr, "aitap: there is no command '%s'; `aitap --help` lists them\n", argv[1]);
		return EXIT_USAGE;
	}
	if (wants_help(argc - 1, argv + 1)) {
		fputs(command->usage, stdout);
		return ended(EXIT_DONE);
	}
	return ended(command->run(argc - 1, argv + 1));
}
