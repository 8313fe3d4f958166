/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "run/command.h"
#include "run/price_text.h"
#include "run/setup.h"

static const char usage[] =
	"aitap prices list [--provider P] [--at DATE] [--format table|csv|json] [--config FILE]\n"
	"aitap prices show MODEL [--provider P] [--at DATE] [--json] [--config FILE]\n"
	"aitap prices verify FILE\n"
	"\n"
	"The table that calls are priced by: the built-in one, and over it the files that the configuration names.\n"
	"Rates are USD for a million tokens, units USD for one.\n"
	"\n"
	"  list     every price; with --at those that hold on that day\n"
	"  show     what a model costs at each provider that has it, now or --at a date, and by which rule\n"
	"  verify   a price file: exit 1 with FILE:LINE: what is wrong\n"
	"  import, reprice, update   are not built yet (exit 3)\n"
	"\n"
	"  --provider P   only this provider's, as records name it (openai, aws.bedrock, ...)\n"
	"  --at DATE      2026-01-31, or a moment with its zone\n"
	"  --config FILE  configuration (default " CONFIG_PATH ", where it exists)\n";

struct asked {
	const char *config, *provider;
	bool dated;
	int64_t at_ns;
	enum price_format format;
};

static int parse_format(const char *text, enum price_format *ret)
{
	static const char *const names[] = { "table", "csv", "json" };

	for (int i = 0; i < 3; i++)
		if (!strcmp(text, names[i])) {
			*ret = (enum price_format)i;
			return EXIT_DONE;
		}
	return command_fail(EXIT_USAGE, "prices", "--format '%s': table, csv or json", text);
}

static int parse(int argc, char **argv, struct asked *ret)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' }, { "provider", required_argument, NULL, 'p' },
		{ "at", required_argument, NULL, 'a' }, { "format", required_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' }, { 0 },
	};
	int option, code = EXIT_DONE;

	while (code == EXIT_DONE && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (option) {
		case 'c':
			ret->config = optarg;
			break;
		case 'p':
			ret->provider = optarg;
			break;
		case 'a':
			ret->dated = true;
			if (clock_parse(optarg, strlen(optarg), &ret->at_ns) < 0)
				code = command_fail(EXIT_USAGE, "prices", "--at '%s': a date, such as 2026-01-31", optarg);
			break;
		case 'f':
			code = parse_format(optarg, &ret->format);
			break;
		case 'j':
			ret->format = PRICE_JSON;
			break;
		default:
			code = EXIT_USAGE;
		}
	return code;
}

static int load(const struct asked *asked, struct prices **ret)
{
	struct problems problems = { 0 };
	struct config *config = NULL;
	int err = config_load(asked->config, 0, NULL, &config, &problems);

	if (err < 0) {
		problems_log(&problems);
		err = command_fail(EXIT_USAGE, "prices", "'%s': cannot be used: %s", asked->config ? asked->config : CONFIG_PATH,
				   strerror(-err));
	} else if (setup_prices(config, ret) < 0) {
		err = command_fail(EXIT_USAGE, "prices", "a price table cannot be used");
	}
	problems_done(&problems);
	config_free(config);
	return err;
}

static int list(const struct asked *asked)
{
	_cleanup_(prices_freep) struct prices *prices = NULL;
	struct price_writer writer;
	int code = load(asked, &prices);
	size_t n = 0;

	if (code != EXIT_DONE)
		return code;
	price_begin(&writer, asked->format);
	for (const struct prices *table = prices; table; table = table->under)
		for (size_t i = 0; i < table->n_prices; i++) {
			const struct price *price = table->prices[i];

			if ((asked->provider && strcmp(price->provider, asked->provider) != 0) ||
			    (asked->dated && !price_holds(price, asked->at_ns)))
				continue;
			price_row(&writer, price);
			n++;
		}
	price_end(&writer);
	if (!n && asked->provider)
		return command_fail(EXIT_DIFFERS, "prices", "no price of '%s'%s; `aitap prices list` names the providers", asked->provider,
				    asked->dated ? " holds then" : "");
	return EXIT_DONE;
}

static bool seen_before(const struct prices *from, const struct prices *until, const struct price_provider *last, const char *name)
{
	for (const struct prices *table = from; table; table = table->under) {
		for (const struct price_provider *p = table->providers; p; p = p->next) {
			if (table == until && p == last)
				return false;
			if (!strcmp(p->name, name))
				return true;
		}
	}
	return false;
}

static int show(const struct asked *asked, const char *model)
{
	_cleanup_(prices_freep) struct prices *prices = NULL;
	int64_t at_ns = asked->dated ? asked->at_ns : clock_anchor().wall_ns;
	struct price_writer writer;
	int code = load(asked, &prices);
	size_t n = 0;

	if (code != EXIT_DONE)
		return code;
	price_begin(&writer, asked->format == PRICE_JSON ? PRICE_JSON : PRICE_WHOLE);
	for (const struct prices *table = prices; table; table = table->under)
		for (const struct price_provider *p = table->providers; p; p = p->next) {
			const struct price *price;

			if ((asked->provider && strcmp(p->name, asked->provider) != 0) || seen_before(prices, table, p, p->name))
				continue;
			price = prices_find(prices, str_of(p->name), str_of(model), at_ns);
			/* another provider's price that holds here only for want of an own one is shown where it is asked for */
			if (!price || (!asked->provider && strcmp(price->provider, p->name) != 0))
				continue;
			price_row(&writer, price);
			n++;
		}
	price_end(&writer);
	if (!n)
		return command_fail(EXIT_DIFFERS, "prices", "no price of '%s'%s%s holds then: its calls are unpriced", model,
				    asked->provider ? " at " : "", asked->provider ? asked->provider : "");
	return EXIT_DONE;
}

static int verify(const char *path)
{
	_cleanup_(prices_freep) struct prices *prices = NULL;
	struct buf error = BUF(KIB(256));
	int err = prices_load(path, &prices, &error);

	fputs(buf_cstr(&error), stdout);
	buf_done(&error);
	if (err == -EINVAL)
		return command_fail(EXIT_DIFFERS, "prices", "'%s' is no price table that could be used", path);
	if (err < 0)
		return command_fail(EXIT_UNFINISHED, "prices", "'%s': %s", path, strerror(-err));
	printf("%s: good, version %s, %zu prices\n", path, prices->version[0] ? prices->version : "(none)", prices->n_prices);
	return EXIT_DONE;
}

static int prices_run(int argc, char **argv)
{
	struct asked asked = { 0 };
	const char *what = argc > 1 ? argv[1] : "";
	int code = argc > 1 ? parse(argc - 1, argv + 1, &asked) : EXIT_DONE;
	int rest = argc > 1 ? argc - 1 - optind : 0;
	char **words = argv + 1 + optind;

	if (code != EXIT_DONE)
		return code;
	if (!strcmp(what, "list") && rest == 0)
		return list(&asked);
	if (!strcmp(what, "show") && rest == 1)
		return show(&asked, words[0]);
	if (!strcmp(what, "verify") && rest == 1)
		return verify(words[0]);
	if (!strcmp(what, "show") || !strcmp(what, "verify"))
		return command_fail(EXIT_USAGE, "prices", "%s takes one %s", what, *what == 's' ? "model" : "file");
	if (!strcmp(what, "import") || !strcmp(what, "reprice") || !strcmp(what, "update"))
		return command_fail(EXIT_CANNOT, "prices", "%s is not built yet in this version", what);
	return command_fail(EXIT_USAGE, "prices", "list, show MODEL or verify FILE; `aitap prices --help` says more");
}

const struct command cmd_prices = { "prices", "the table that calls are priced by: list, show, verify", usage, prices_run };
