/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command of the program: one file cmd_NAME.c whose first thing is its entry,
 *
 *	const struct command cmd_report = { "report", "spend by team", usage, report_run };
 *
 * listed in run/commands.c. main() answers --help itself. Main thread only.
 */
#ifndef AITAP_RUN_COMMAND_H
#define AITAP_RUN_COMMAND_H

struct command {
	const char *name;
	const char *summary;			/* half a line for `aitap help` */
	const char *usage;			/* the whole answer to --help, newline at its end */
	int (*run)(int argc, char **argv);	/* argv[0] is the command's name; gives an enum exit_code */
};

enum exit_code {
	EXIT_DONE = 0,		/* success */
	EXIT_DIFFERS = 1,	/* the command ran, and what it checked does not hold */
	EXIT_USAGE = 2,		/* bad usage or configuration */
	EXIT_CANNOT = 3,	/* the system cannot do it: kernel, privilege, another aitap, not built yet */
	EXIT_UNFINISHED = 4,	/* I/O, store away, input cut short: the output says `partial` */
};

/* capture side; a core build has entries of the same names that say why they cannot */
extern const struct command cmd_run, cmd_trace, cmd_doctor;
/* core side */
extern const struct command cmd_replay, cmd_report, cmd_explain, cmd_check, cmd_prices, cmd_key, cmd_version, cmd_completion;

const struct command *command_find(const char *name);	/* NULL: there is none */
const struct command *command_at(unsigned int i);	/* in the order of the list; NULL past its end */
/* One line on standard error: `aitap NAME: what: mend`; gives code, so that a caller can return it. */
int command_fail(int code, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
