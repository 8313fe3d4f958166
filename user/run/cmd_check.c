/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "money/price.h"
#include "run/command.h"
#include "run/config.h"

static const char usage[] =
	"aitap check [--json] [--config] [FILE]\n"
	"\n"
	"Reads a configuration and everything that it names (teams, people, prices), and says all that is wrong with\n"
	"it, each with file, line and column. Changes nothing and needs no privileges: for CI. Files that are not on\n"
	"this machine and rules that no call can reach are warnings.\n"
	"\n"
	"  FILE, --config FILE   the configuration (default " CONFIG_PATH ", where it exists)\n"
	"  --json                one JSON object\n"
	"\n"
	"Exit codes: 0 good, warnings included; 2 `aitap run` would refuse it; 3 well-formed, and not built yet in this\n"
	"version; 4 the file could not be read.\n";

/* What is wrong with price tables comes as lines of its own, FILE:LINE: what. */
static bool check_prices(const struct config *config, struct buf *error)
{
	bool good = true;

	for (uint32_t i = 0; config && i < config->n_prices; i++) {
		struct prices *prices = NULL;

		good &= prices_load(config->prices[i], &prices, error) == 0;
		prices_free(prices);
	}
	return good;
}

static void json_problems(const struct problems *problems, struct json *j)
{
	static const char *const weights[] = { "warning", "unbuilt", "error" };

	for (size_t i = 0; i < problems->n; i++) {
		const struct problem *problem = &problems->list[i];

		json_open(j, '{');
		json_key(j, "weight");
		json_cstr(j, weights[problem->weight]);
		json_key(j, "file");
		json_cstr(j, problems->file);
		json_key(j, "line");
		json_u64(j, problem->line);
		json_key(j, "column");
		json_u64(j, problem->column);
		json_key(j, "text");
		json_cstr(j, problem->text);
		json_close(j, '}');
	}
}

static void json_prices(struct str lines, struct json *j)
{
	struct str line;

	while (str_split(&lines, '\n', &line)) {
		if (!line.n)
			continue;
		json_open(j, '{');
		json_key(j, "weight");
		json_cstr(j, "error");
		json_key(j, "text");
		json_str(j, line);
		json_close(j, '}');
	}
}

static void print_json(const struct problems *problems, struct str prices, int code)
{
	struct buf text = BUF(MIB(1));
	struct json j = { .to = &text };

	json_open(&j, '{');
	json_key(&j, "file");
	json_cstr(&j, problems->file);
	json_key(&j, "good");
	json_bool(&j, code == EXIT_DONE);
	json_key(&j, "problems");
	json_open(&j, '[');
	json_problems(problems, &j);
	json_prices(prices, &j);
	json_close(&j, ']');
	json_key(&j, "more");
	json_u64(&j, problems->dropped);
	json_close(&j, '}');
	buf_char(&text, '\n');
	fputs(buf_cstr(&text), stdout);
	buf_done(&text);
}

static void print_text(const struct problems *problems, struct str prices, int code)
{
	struct buf text = BUF(MIB(1));

	problems_text(problems, &text);
	buf_str(&text, prices);
	if (code == EXIT_DONE)
		buf_printf(&text, "%s: good%s\n", problems->file, problems->n ? ", with warnings" : "");
	fputs(buf_cstr(&text), stdout);
	buf_done(&text);
}

static int verdict(const struct problems *problems, bool prices_good)
{
	if (problems->count[PROBLEM_ERROR] || !prices_good)
		return command_fail(EXIT_USAGE, "check", "'%s' would be refused", problems->file);
	if (problems->count[PROBLEM_UNBUILT])
		return command_fail(EXIT_CANNOT, "check", "'%s' is well-formed and asks for what is not built yet", problems->file);
	return EXIT_DONE;
}

static int check(const char *path, bool json)
{
	struct problems problems = { 0 };
	struct config *config = NULL;
	struct buf prices = BUF(KIB(256));
	int err = config_load(path, CONFIG_LINT, NULL, &config, &problems), code;

	if (err < 0 && !problems.n) {
		code = command_fail(EXIT_UNFINISHED, "check", "'%s': %s", path ? path : CONFIG_PATH, strerror(-err));
	} else {
		bool good = check_prices(config, &prices);

		code = verdict(&problems, good);
		(json ? print_json : print_text)(&problems, buf_view(&prices), code);
	}
	config_free(config);
	problems_done(&problems);
	buf_done(&prices);
	return code;
}

static int check_run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' }, { "json", no_argument, NULL, 'j' }, { 0 },
	};
	const char *path = NULL;
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'j':
			json = true;
			break;
		default:
			return EXIT_USAGE;
		}
	if (argc - optind > (path ? 0 : 1))
		return command_fail(EXIT_USAGE, "check", "one configuration at a time");
	return check(optind < argc ? argv[optind] : path, json);
}

const struct command cmd_check = { "check", "a configuration and all that it names; for CI", usage, check_run };
