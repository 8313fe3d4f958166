/* SPDX-License-Identifier: Apache-2.0 */
#include "run/options.h"

#include <getopt.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "bpf/event.h"
#include "run/command.h"
#include "run/config.h"

static bool size_of(const char *text, size_t *ret)
{
	struct str s = str_of(text);
	unsigned int shift = 0;
	uint64_t n;

	if (str_iends(s, STR("K")))
		shift = 10;
	else if (str_iends(s, STR("M")))
		shift = 20;
	if (shift)
		s.n--;
	if (!str_u64(s, &n) || n > MIB(256) >> shift)
		return false;
	*ret = (size_t)n << shift;
	return *ret >= KIB(64);
}

static int add_pid(struct options *options, const char *text)
{
	uint64_t pid;

	if (!str_u64(str_of(text), &pid) || pid < 1 || pid > INT32_MAX)
		return command_fail(EXIT_USAGE, options->name, "--pid '%s': a process id", text);
	if (options->n_pids == OPTIONS_PIDS)
		return command_fail(EXIT_USAGE, options->name, "--pid: at most %d", OPTIONS_PIDS);
	options->pids[options->n_pids++] = (pid_t)pid;
	return EXIT_DONE;
}

static int add_cgroup(struct options *options, const char *path)
{
	if (options->n_cgroups == OPTIONS_CGROUPS)
		return command_fail(EXIT_USAGE, options->name, "--cgroup: at most %d", OPTIONS_CGROUPS);
	options->cgroups[options->n_cgroups++] = path;
	return EXIT_DONE;
}

static int set_idle(struct options *options, const char *text)
{
	options->idle = str_eq(str_of(text), STR("idle"));
	if (options->idle || str_eq(str_of(text), STR("exit")))
		return EXIT_DONE;
	return command_fail(EXIT_USAGE, options->name, "--on-unsupported '%s': exit or idle", text);
}

static int set_workers(struct options *options, const char *text)
{
	uint64_t n;

	if (!str_u64(str_of(text), &n) || n < 1 || n > EVENT_RINGS_MAX)
		return command_fail(EXIT_USAGE, options->name, "--workers '%s': a number from 1 to %d", text, EVENT_RINGS_MAX);
	options->workers = (unsigned int)n;
	return EXIT_DONE;
}

static int set_level(struct options *options, const char *text)
{
	enum log_level level;

	if (log_level_parse(str_of(text), &level) < 0)
		return command_fail(EXIT_USAGE, options->name, "--log-level '%s': error, warn, info or debug", text);
	log_level_set(level);
	return EXIT_DONE;
}

static int set(struct options *options, int option, char *value)
{
	switch (option) {
	case 'c':
		options->config = value;
		return EXIT_DONE;
	case 'r':
		options->records = value;
		return EXIT_DONE;
	case 'l':
		options->ledger = value;
		return EXIT_DONE;
	case 'm':
		options->metrics = value;
		return EXIT_DONE;
	case 't':
	case 'o':
		options->trace = value;
		return EXIT_DONE;
	case 'R':
		options->raw = true;
		return EXIT_DONE;
	case 'd':
		options->dry_run = true;
		return EXIT_DONE;
	case 'p':
		return add_pid(options, value);
	case 'g':
		return add_cgroup(options, value);
	case 'u':
		return set_idle(options, value);
	case 'w':
		return set_workers(options, value);
	case 'L':
		return set_level(options, value);
	case 's':
		if (size_of(value, &options->ring_bytes))
			return EXIT_DONE;
		return command_fail(EXIT_USAGE, options->name, "--ring-size '%s': 64K to 256M", value);
	default:
		return EXIT_USAGE;
	}
}

int options_parse(const char *name, int argc, char **argv, struct options *ret)
{
	static const struct option table[] = {
		{ "config", required_argument, NULL, 'c' }, { "records", required_argument, NULL, 'r' },
		{ "ledger", required_argument, NULL, 'l' }, { "metrics", required_argument, NULL, 'm' },
		{ "trace", required_argument, NULL, 't' }, { "output", required_argument, NULL, 'o' },
		{ "raw", no_argument, NULL, 'R' }, { "dry-run", no_argument, NULL, 'd' },
		{ "pid", required_argument, NULL, 'p' }, { "cgroup", required_argument, NULL, 'g' },
		{ "on-unsupported", required_argument, NULL, 'u' }, { "workers", required_argument, NULL, 'w' },
		{ "ring-size", required_argument, NULL, 's' }, { "log-level", required_argument, NULL, 'L' }, { 0 },
	};
	int option, code = EXIT_DONE;

	*ret = (struct options){ .name = name };
	/* + : the options of the command behind -- are its own */
	while (code == EXIT_DONE && (option = getopt_long(argc, argv, "+o:", table, NULL)) != -1)
		code = set(ret, option, optarg);
	if (code != EXIT_DONE)
		return code;
	if (optind == argc)
		return str_eq(str_of(argv[argc - 1]), STR("--")) ? command_fail(EXIT_USAGE, name, "which command? It stands behind --") :
								   EXIT_DONE;
	if (argv[optind - 1][0] != '-' || argv[optind - 1][1] != '-' || argv[optind - 1][2])
		return command_fail(EXIT_USAGE, name, "'%s'? A command to observe stands behind --", argv[optind]);
	ret->command = argv + optind;
	return EXIT_DONE;
}
