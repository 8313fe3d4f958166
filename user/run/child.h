/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command behind `--`: a child that waits until every probe is attached,
 * then becomes the command as the user who called sudo.
 */
#ifndef AITAP_RUN_CHILD_H
#define AITAP_RUN_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct child {
	pid_t pid;	/* 0: there is none */
	int gate;	/* write end of a pipe; closed: never released */
	bool ended;
	int code;	/* once ended: its exit code, 128 + N after signal N */
};

int child_prepare(char **command, struct child *ret);	/* negative errno */
void child_release(struct child *);
void child_signal(const struct child *, int sig);	/* while it runs */
bool child_reap(struct child *);			/* after SIGCHLD: has it ended? */
void child_forget(struct child *);			/* never released: ends without having run anything */

#endif
