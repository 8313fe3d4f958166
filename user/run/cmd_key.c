/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/fingerprint.h"
#include "base/limits.h"
#include "run/command.h"
#include "run/config.h"

#define CREDENTIAL_MAX KIB(16)

static const char usage[] =
	"aitap key [--config FILE] [--person] < CREDENTIAL\n"
	"\n"
	"Prints the fingerprint under which records name a credential, for rules (match: {key: ...}) and for asking\n"
	"the ledger. The credential is read from standard input (without echo on a terminal), never from arguments,\n"
	"where other users would see it. It is not kept.\n"
	"\n"
	"  --config FILE   whose secret to use (default " CONFIG_PATH ", else this host's own)\n"
	"  --person        the fingerprint of a user's name instead\n";

static ssize_t read_all(char *to, size_t size)
{
	size_t n = 0;

	while (n < size) {
		ssize_t r = read(STDIN_FILENO, to + n, size - n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0 || memchr(to + n, '\n', (size_t)r))
			return (ssize_t)n + r;
		n += (size_t)r;
	}
	return -EFBIG;
}

/* One line, or up to the end of the input. */
static ssize_t read_credential(char *to, size_t size)
{
	struct termios before, quiet;
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	ssize_t n;

	if (terminal) {
		quiet = before;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
		fputs("credential: ", stderr);
	}
	n = read_all(to, size);
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		fputc('\n', stderr);
	}
	return n;
}

/* A header's value as it was copied also does: the scheme is no part of the credential. */
static struct str bare(struct str text)
{
	ptrdiff_t end = str_chr(text, '\n');

	text = str_trim(end < 0 ? text : str_sub(text, 0, (size_t)end));
	if (str_istarts(text, STR("Bearer ")))
		text = str_trim(str_sub(text, strlen("Bearer "), text.n));
	return text;
}

static int print_fingerprint(const struct wants *wants, bool person)
{
	char input[CREDENTIAL_MAX], name[FINGERPRINT_MAX];
	ssize_t n = read_credential(input, sizeof(input));
	struct str text = n > 0 ? bare((struct str){ input, (size_t)n }) : STR("");

	if (n == -EFBIG)
		return command_fail(EXIT_USAGE, "key", "more than %zu bytes are no credential", sizeof(input));
	if (n < 0)
		return command_fail(EXIT_UNFINISHED, "key", "standard input: %s", strerror((int)-n));
	if (!text.n)
		return command_fail(EXIT_USAGE, "key", "no credential on standard input: `aitap key < FILE`, or type it at the prompt");
	(person ? fingerprint_person : fingerprint)(wants->secret, wants->secret_generation, text, name);
	explicit_bzero(input, sizeof(input));
	printf("%s\n", name);
	return EXIT_DONE;
}

static int key_run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' }, { "person", no_argument, NULL, 'p' }, { 0 },
	};
	struct problems problems = { 0 };
	struct config *config = NULL;
	const char *path = NULL;
	bool person = false;
	int option, err, code;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'p':
			person = true;
			break;
		default:
			return EXIT_USAGE;
		}
	if (optind < argc)
		return command_fail(EXIT_USAGE, "key", "takes no credential as an argument, where others can see it: use standard input");
	err = config_load(path, CONFIG_SECRET, NULL, &config, &problems);
	problems_log(&problems);
	if (err < 0)
		code = command_fail(EXIT_USAGE, "key", "'%s': cannot be used: %s", path ? path : CONFIG_PATH, strerror(-err));
	else if (!config->secret_kept)
		code = command_fail(EXIT_CANNOT, "key", "without a secret that is kept a fingerprint fits no record: run as the user who runs aitap "
				    "(sudo?), or name a configuration with privacy.secret_file");
	else
		code = print_fingerprint(&config->wants, person);
	config_free(config);
	problems_done(&problems);
	return code;
}

const struct command cmd_key = { "key", "fingerprint of a credential read from standard input", usage, key_run };
