/* SPDX-License-Identifier: Apache-2.0 */
#include "run/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"

#define CODE_NOT_FOUND 127	/* as POSIX shells have it */
#define CODE_NOT_RUN 126

static bool id_from(const char *name, uint64_t *ret)
{
	return str_u64(str_of(getenv(name)), ret) && *ret > 0 && *ret < UINT32_MAX;
}

/* Back to the user behind sudo; whoever was root without it stays root. */
static int become_caller(void)
{
	uint64_t uid, gid;
	struct passwd *user;

	if (geteuid() != 0 || !id_from("SUDO_UID", &uid) || !id_from("SUDO_GID", &gid))
		return 0;
	user = getpwuid((uid_t)uid);
	if (user ? initgroups(user->pw_name, (gid_t)gid) : setgroups(0, NULL))
		return -errno;
	if (setgid((gid_t)gid) || setuid((uid_t)uid))
		return -errno;
	if (user) {
		setenv("HOME", user->pw_dir, 1);
		setenv("USER", user->pw_name, 1);
		setenv("LOGNAME", user->pw_name, 1);
	}
	return 0;
}

static void run_command(char **command, int gate) __attribute__((noreturn));
static void run_command(char **command, int gate)
{
	sigset_t none;
	char go;
	int err;

	/* the gate closes without a word where the observer ends first */
	if (read(gate, &go, 1) != 1)
		_exit(CODE_NOT_RUN);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	err = become_caller();
	if (err < 0) {
		fprintf(stderr, "aitap: cannot become the user who called sudo: %s\n", strerror(-err));
		_exit(CODE_NOT_RUN);
	}
	execvp(command[0], command);
	err = errno;
	fprintf(stderr, "aitap: '%s': %s\n", command[0], strerror(err));
	_exit(err == ENOENT ? CODE_NOT_FOUND : CODE_NOT_RUN);
}

int child_prepare(char **command, struct child *ret)
{
	int gate[2];
	pid_t pid;

	if (pipe2(gate, O_CLOEXEC))
		return -errno;
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		int err = -errno;

		close(gate[0]);
		close(gate[1]);
		return err;
	}
	if (pid == 0) {
		close(gate[1]);
		run_command(command, gate[0]);
	}
	close(gate[0]);
	*ret = (struct child){ .pid = pid, .gate = gate[1] };
	return 0;
}

void child_release(struct child *child)
{
	(void)!write(child->gate, "", 1);
	close(child->gate);
	child->gate = -1;
}

void child_signal(const struct child *child, int sig)
{
	if (child->pid && !child->ended)
		kill(child->pid, sig);
}

bool child_reap(struct child *child)
{
	int status;

	if (!child->pid || child->ended || waitpid(child->pid, &status, WNOHANG) != child->pid)
		return child->ended;
	child->ended = true;
	child->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return true;
}

void child_forget(struct child *child)
{
	if (!child->pid || child->ended)
		return;
	if (child->gate >= 0)
		close(child->gate);
	waitpid(child->pid, NULL, 0);
	child->ended = true;
}
