/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "feed/trace.h"
#include "pipeline/worker.h"
#include "run/command.h"
#include "run/outlets.h"
#include "run/setup.h"

static const char usage[] =
	"aitap replay [--config FILE] [--records FILE|-|none] [--ledger FILE|none] [--workers N] TRACE...\n"
	"\n"
	"Runs recorded events through the same pipeline as `aitap run`, without root. Attribution and prices are\n"
	"those of this configuration; who called is what the trace itself tells.\n"
	"\n"
	"  --config FILE    configuration (default " CONFIG_PATH ", where it exists)\n"
	"  --records FILE   where records go, one JSON object a line (default -: standard output)\n"
	"  --ledger FILE    also keep them in this ledger (default none); a call that is in it already stays one\n"
	"  --workers N      worker threads, 1 to 16; the records are the same for any number\n"
	"\n"
	"Exit codes: 0; 2 bad usage or configuration; 3 cannot; 4 a trace is cut short or damaged (what there is was used).\n";

struct replay {
	const char *config, *records, *ledger;
	unsigned int workers;
};

static int parse(int argc, char **argv, struct replay *ret)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' }, { "records", required_argument, NULL, 'r' },
		{ "ledger", required_argument, NULL, 'l' }, { "workers", required_argument, NULL, 'w' }, { 0 },
	};
	uint64_t n = 1;
	int option;

	*ret = (struct replay){ .records = "-", .ledger = "none" };
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (option) {
		case 'c':
			ret->config = optarg;
			break;
		case 'r':
			ret->records = optarg;
			break;
		case 'l':
			ret->ledger = optarg;
			break;
		case 'w':
			if (!str_u64(str_of(optarg), &n) || n < 1 || n > WORKERS_MAX)
				return command_fail(EXIT_USAGE, "replay", "--workers '%s': a number from 1 to %d", optarg, WORKERS_MAX);
			break;
		default:
			return EXIT_USAGE;
		}
	ret->workers = (unsigned int)n;
	if (optind == argc)
		return command_fail(EXIT_USAGE, "replay", "which trace? `aitap replay TRACE`, made by `aitap trace -o TRACE`");
	return EXIT_DONE;
}

static int run_sources(struct trace *trace, const struct replay *replay, const struct setup *setup, struct outlets *outlets,
		       struct workers_sum *ret)
{
	struct source *sources[WORKERS_MAX] = { NULL };
	struct workers_config config = { .sources = sources, .n_sources = replay->workers, .replay = trace,
					 .settings = &setup->settings };
	struct workers *workers = NULL;
	int err = who_new(&(struct who_config){ 0 }, &config.who);

	for (unsigned int i = 0; err == 0 && i < replay->workers; i++)
		err = trace_open(trace, i, replay->workers, &sources[i]);
	memcpy(config.boot_id, trace_about(trace)->boot_id, sizeof(config.boot_id));
	outlets_config(outlets, &config);
	if (err == 0)
		err = workers_start(&config, &workers);
	if (err == 0) {
		workers_stop(workers);
		*ret = workers_sum(workers);
	}
	workers_free(workers);
	for (unsigned int i = 0; i < replay->workers; i++)
		if (sources[i])
			sources[i]->ops->close(sources[i]);
	who_free(config.who);
	return err;
}

static int load_failed(const char *path, int err)
{
	if (err == -EBADMSG)
		return command_fail(EXIT_UNFINISHED, "replay", "'%s' is not a trace of aitap, or its head is damaged", path);
	if (err == -EPROTO)
		return command_fail(EXIT_CANNOT, "replay", "'%s' was made by another version of aitap", path);
	return command_fail(EXIT_UNFINISHED, "replay", "'%s': %s", path, strerror(-err));
}

static int replay_one(const char *path, const struct replay *replay, const struct setup *setup, struct outlets *outlets)
{
	struct workers_sum sum = { 0 };
	struct trace *trace;
	int err = trace_load(path, &trace), code = EXIT_DONE;

	if (err < 0)
		return load_failed(path, err);
	err = run_sources(trace, replay, setup, outlets, &sum);
	if (err < 0)
		code = command_fail(EXIT_CANNOT, "replay", "'%s': %s", path, strerror(-err));
	else if (trace_partial(trace))
		code = command_fail(EXIT_UNFINISHED, "replay",
				    "partial: '%s' is cut short or damaged; the records of what there is were made", path);
	if (err == 0 && outlets_failed(&sum))
		code = command_fail(EXIT_UNFINISHED, "replay", "partial: records could not be written: %s", outlets_reason(&sum));
	trace_free(trace);
	return code;
}

static int replay_run(int argc, char **argv)
{
	_cleanup_(setup_freep) struct setup *setup = NULL;
	struct outlets outlets = { 0 };
	struct replay replay;
	int code = parse(argc, argv, &replay);

	if (code == EXIT_DONE)
		code = setup_load(replay.config, NULL, &setup);
	if (code == EXIT_DONE)
		code = outlets_open("replay", replay.records, replay.ledger, NULL, &outlets);
	for (int i = optind; code == EXIT_DONE && i < argc; i++)
		code = replay_one(argv[i], &replay, setup, &outlets);
	outlets_close(&outlets);
	return code;
}

const struct command cmd_replay = { "replay", "run a trace through the pipeline again, without root", usage, replay_run };
