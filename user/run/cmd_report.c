/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "book/batches.h"
#include "book/csv.h"
#include "book/period.h"
#include "book/report.h"
#include "book/report_json.h"
#include "book/table.h"
#include "run/command.h"
#include "run/config.h"

static const char usage[] =
	"aitap report [--by FIELD,... | --batches] [--where FIELD=VALUE]... [--since WHEN] [--until WHEN] [--month YYYY-MM]\n"
	"             [--tz ZONE] [--format table|csv|json|jsonl] [--json] [-o FILE] [--store URL] [--config FILE]\n"
	"\n"
	"Spend by team first, then by model, from the ledger; it may be written meanwhile.\n"
	"\n"
	"  --by A,B        fields or labels to add up by, the first outermost (default team,model): team, model,\n"
	"                  provider, workload, host, user, key, agent, session, operation, route, hour, day, week,\n"
	"                  month, ...; label:NAME for a label that is named like a field. alias is provider, model asked\n"
	"                  for and model that answered, with when, and tells which changed\n"
	"  --batches       instead of spend: batches by the call that made them, first those whose results nobody has\n"
	"                  fetched, with the most that they can cost\n"
	"  --where A=B     only these calls; A!=B all but these, A= where it is unknown. Again for the same field:\n"
	"                  either; for another one: both. The team of what has none is _unattributed\n"
	"  --since, --until   from, and up to but not including: 2026-11-22, 2026-11-22T06:00, RFC 3339, or so long\n"
	"                  ago: 30m, 24h, 7d\n"
	"  --month         a calendar month\n"
	"  --tz            zone of all these and of hours, days, weeks and months: UTC (default), +05:30, Europe/Berlin\n"
	"  --format        table (rounded, as wide as the terminal); csv, json and jsonl are exact. CSV has no total row\n"
	"  -o FILE         write there\n"
	"  --store URL     sqlite:PATH (default: the ledger of the configuration)\n"
	"  --config FILE   configuration (default " CONFIG_PATH ", where it exists)\n"
	"\n"
	"Only spend counts: a call seen again, a poll or a retrieval is not added twice. Calls without a price are listed\n"
	"with their tokens and are in no sum of money; calls under a flat rate are added up at list price in a column of\n"
	"their own.\n";

enum format { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON, FORMAT_JSONL };

struct asked {
	const char *by, *since, *until, *month, *zone, *output, *store, *config;
	const char *where[QUERY_WHERE];
	size_t n_where;
	enum format format;
	bool batches;
};

/* ---- options */

static int parse_format(const char *text, enum format *ret)
{
	static const char *const names[] = { "table", "csv", "json", "jsonl" };

	for (int i = 0; i < 4; i++)
		if (!strcmp(text, names[i])) {
			*ret = (enum format)i;
			return EXIT_DONE;
		}
	if (!strcmp(text, "focus") || !strcmp(text, "html"))
		return command_fail(EXIT_CANNOT, "report", "--format %s: not built yet in this version", text);
	return command_fail(EXIT_USAGE, "report", "--format '%s': table, csv, json or jsonl", text);
}

static int add_where(struct asked *asked, const char *text)
{
	if (asked->n_where == QUERY_WHERE)
		return command_fail(EXIT_USAGE, "report", "--where: at most %d", QUERY_WHERE);
	asked->where[asked->n_where++] = text;
	return EXIT_DONE;
}

static int take(struct asked *asked, int option)
{
	switch (option) {
	case 'b': asked->by = optarg; return EXIT_DONE;
	case 'B': asked->batches = true; return EXIT_DONE;
	case 'w': return add_where(asked, optarg);
	case 's': asked->since = optarg; return EXIT_DONE;
	case 'u': asked->until = optarg; return EXIT_DONE;
	case 'm': asked->month = optarg; return EXIT_DONE;
	case 'z': asked->zone = optarg; return EXIT_DONE;
	case 'f': return parse_format(optarg, &asked->format);
	case 'j': asked->format = FORMAT_JSON; return EXIT_DONE;
	case 'o': asked->output = optarg; return EXIT_DONE;
	case 'S': asked->store = optarg; return EXIT_DONE;
	case 'c': asked->config = optarg; return EXIT_DONE;
	default: return EXIT_USAGE;
	}
}

static int parse(int argc, char **argv, struct asked *ret)
{
	static const struct option options[] = {
		{ "by", required_argument, NULL, 'b' }, { "where", required_argument, NULL, 'w' },
		{ "since", required_argument, NULL, 's' }, { "until", required_argument, NULL, 'u' },
		{ "month", required_argument, NULL, 'm' }, { "tz", required_argument, NULL, 'z' },
		{ "format", required_argument, NULL, 'f' }, { "json", no_argument, NULL, 'j' },
		{ "output", required_argument, NULL, 'o' }, { "store", required_argument, NULL, 'S' },
		{ "config", required_argument, NULL, 'c' }, { "batches", no_argument, NULL, 'B' }, { 0 },
	};
	int option, code = EXIT_DONE;

	*ret = (struct asked){ .zone = "UTC" };
	while (code == EXIT_DONE && (option = getopt_long(argc, argv, "o:", options, NULL)) != -1)
		code = take(ret, option);
	if (code == EXIT_DONE && optind < argc)
		code = command_fail(EXIT_USAGE, "report", "'%s': takes options only; see aitap report --help", argv[optind]);
	if (code == EXIT_DONE && ret->batches && ret->by)
		code = command_fail(EXIT_USAGE, "report", "--by or --batches, not both");
	return code;
}

static int parse_moment(const char *option, const char *text, int64_t *ret_ns)
{
	if (!text || period_moment(text, clock_anchor().wall_ns, ret_ns) == 0)
		return EXIT_DONE;
	return command_fail(EXIT_USAGE, "report", "%s '%s': a day or moment that there is, such as 2026-11-22 or 2026-11-22T06:00, or 7d",
			    option, text);
}

static int parse_period(const struct asked *asked, struct query *ret)
{
	int code;

	ret->since_ns = INT64_MIN;
	ret->until_ns = INT64_MAX;
	if (period_zone(asked->zone) < 0)
		return command_fail(EXIT_USAGE, "report", "--tz '%s': no such zone on this machine; UTC, an offset such as +05:30, or a name "
				    "such as Europe/Berlin where tzdata is installed", asked->zone);
	if (asked->month && (asked->since || asked->until))
		return command_fail(EXIT_USAGE, "report", "--month or --since and --until, not both");
	if (asked->month && period_month(asked->month, &ret->since_ns, &ret->until_ns) < 0)
		return command_fail(EXIT_USAGE, "report", "--month '%s': a month, such as 2026-11", asked->month);
	code = parse_moment("--since", asked->since, &ret->since_ns);
	if (code == EXIT_DONE)
		code = parse_moment("--until", asked->until, &ret->until_ns);
	if (code == EXIT_DONE && ret->since_ns >= ret->until_ns)
		code = command_fail(EXIT_USAGE, "report", "--since is not before --until: nothing can be in between");
	return code;
}

/* ---- the ledger */

static int default_store(const struct asked *asked, char ret[static 256])
{
	struct problems problems = { 0 };
	struct config *config = NULL;
	int err = config_load(asked->config, 0, NULL, &config, &problems), code = EXIT_DONE;

	if (err < 0) {
		problems_log(&problems);
		code = command_fail(EXIT_USAGE, "report", "'%s' cannot be used (%s); name the ledger with --store sqlite:PATH",
				    asked->config ? asked->config : CONFIG_PATH, strerror(-err));
	} else if (!config->ledger[0]) {
		code = command_fail(EXIT_USAGE, "report", "the configuration keeps no ledger; name one with --store sqlite:PATH");
	} else {
		str_copy(ret, 256, str_of(config->ledger));
	}
	problems_done(&problems);
	config_free(config);
	return code;
}

static int open_failed(const char *path, int err, const char *why)
{
	if (err == -ENOENT)
		return command_fail(EXIT_UNFINISHED, "report", "there is no ledger '%s': `aitap run` keeps one, `aitap replay --ledger FILE TRACE` "
				    "fills one; --store sqlite:PATH names another", path);
	if (err == -EACCES || err == -EPERM)
		return command_fail(EXIT_CANNOT, "report", "%s: who may read it can (sudo?)", why);
	return command_fail(err == -EBADMSG || err == -EISDIR || err == -ENODATA ? EXIT_USAGE : err == -EPROTO ? EXIT_CANNOT : EXIT_UNFINISHED,
			    "report", "%s", why);
}

static int open_store(const struct asked *asked, char ret_path[static 256], sqlite3 **ret)
{
	char why[STORE_WHY];
	const char *path;
	int code, err = asked->store ? query_store(asked->store, &path) : 0;

	if (err == -ENOSYS)
		return command_fail(EXIT_CANNOT, "report", "--store '%s': not built yet in this version; sqlite:PATH is", asked->store);
	if (err < 0 || (asked->store && !str_copy(ret_path, 256, str_of(path))))
		return command_fail(EXIT_USAGE, "report", "--store '%s': sqlite:PATH", asked->store);
	code = asked->store ? EXIT_DONE : default_store(asked, ret_path);
	if (code != EXIT_DONE)
		return code;
	err = store_open(ret_path, STORE_READ, ret, why);
	if (err < 0)
		return open_failed(ret_path, err, why);
	err = store_ready(*ret, ret_path, STORE_READ, why);
	if (err < 0) {
		store_close(*ret);
		return open_failed(ret_path, err, why);
	}
	return EXIT_DONE;
}

static int parse_query(const struct asked *asked, sqlite3 *db, struct query *query)
{
	char why[QUERY_WHY];

	if (query_by(query, db, asked->by ?: "team,model", why) < 0)
		return command_fail(EXIT_USAGE, "report", "--by: %s", why);
	for (size_t i = 0; i < asked->n_where; i++)
		if (query_where(query, db, asked->where[i], why) < 0)
			return command_fail(EXIT_USAGE, "report", "--where: %s", why);
	return EXIT_DONE;
}

/* ---- output */

/* 0: as wide as it takes, where no one watches. */
static unsigned int terminal_width(const struct asked *asked)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");
	uint64_t n;

	if (asked->output || !isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	return columns && str_u64(str_of(columns), &n) && n < 10000 ? (unsigned int)n : 80;
}

static int format_text(const struct asked *asked, const struct report *report, struct buf *to)
{
	switch (asked->format) {
	case FORMAT_CSV: return csv_text(report, to);
	case FORMAT_JSON: return report_json(report, to);
	case FORMAT_JSONL: return report_jsonl(report, to);
	case FORMAT_TABLE: break;
	}
	return report_table(report, terminal_width(asked), to);
}

static int write_text(const struct asked *asked, const struct buf *text)
{
	bool named = asked->output && strcmp(asked->output, "-") != 0;
	FILE *to = named ? fopen(asked->output, "we") : stdout;
	bool written;
	int err;

	if (!to)
		return command_fail(EXIT_UNFINISHED, "report", "-o '%s': %s", asked->output, strerror(errno));
	written = fwrite(text->p, 1, text->n, to) == text->n && fflush(to) == 0;
	err = errno;
	if (named && fclose(to) != 0 && written) {
		written = false;
		err = errno;
	}
	if (written)
		return EXIT_DONE;
	return command_fail(EXIT_UNFINISHED, "report", "partial: '%s' could not be written: %s", named ? asked->output : "standard output",
			    strerror(err));
}

static int print(const struct asked *asked, int err, struct buf *text)
{
	int code = err < 0 ? command_fail(EXIT_UNFINISHED, "report", "the report is too big (%s): narrow it with --where or --since",
					  strerror(-err)) : write_text(asked, text);

	buf_done(text);
	return code;
}

static int not_read(const char *path, int err)
{
	if (err == -E2BIG)
		return command_fail(EXIT_UNFINISHED, "report", "more than %d rows: narrow it with --where or --since, or add up --by less",
				    LIMIT_REPORT_ROWS);
	return command_fail(EXIT_UNFINISHED, "report", "'%s' cannot be read to its end: %s", path,
			    err == -EBADMSG ? "it is damaged" : strerror(-err));
}

static int report_on(const struct asked *asked, sqlite3 *db, const char *path, struct query *query)
{
	_cleanup_(report_freep) struct report *report = NULL;
	struct buf text = BUF(LIMIT_REPORT);
	int err = report_make(db, query, &report);

	if (err < 0)
		return not_read(path, err);
	STR_COPY(report->zone, str_of(asked->zone));
	return print(asked, format_text(asked, report, &text), &text);
}

static int report_batches(const struct asked *asked, sqlite3 *db, const char *path, const struct query *query)
{
	static int (*const forms[])(const struct batches *, struct buf *) = {
		[FORMAT_TABLE] = batches_table, [FORMAT_CSV] = batches_csv, [FORMAT_JSON] = batches_json, [FORMAT_JSONL] = batches_jsonl,
	};
	_cleanup_(batches_freep) struct batches *batches = NULL;
	struct buf text = BUF(LIMIT_REPORT);
	int err = batches_find(db, query, clock_anchor().wall_ns, &batches);

	return err < 0 ? not_read(path, err) : print(asked, forms[asked->format](batches, &text), &text);
}

static int report_run(int argc, char **argv)
{
	struct query query = { 0 };
	struct asked asked;
	sqlite3 *db = NULL;
	char path[256];
	int code = parse(argc, argv, &asked);

	if (code == EXIT_DONE)
		code = parse_period(&asked, &query);
	if (code == EXIT_DONE)
		code = open_store(&asked, path, &db);
	if (code != EXIT_DONE)
		return code;
	code = parse_query(&asked, db, &query);
	if (code == EXIT_DONE)
		code = asked.batches ? report_batches(&asked, db, path, &query) : report_on(&asked, db, path, &query);
	store_close(db);
	return code;
}

const struct command cmd_report = { "report", "spend by team first, then by model", usage, report_run };
