/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "base/json.h"
#include "book/query.h"
#include "run/command.h"
#include "run/config.h"
#include "run/kept.h"
#include "who/cgroup.h"
#include "who/host.h"

static const char usage[] =
	"aitap explain ID [--ledger FILE] [--json] [--config FILE]\n"
	"aitap explain --pid N | --cgroup PATH [--json] [--config FILE]\n"
	"\n"
	"Why this team, this route, this price. Of a record: what was decided, its price lines, and what each source\n"
	"of the configuration answers for it now (of headers, body, labels and environment the ledger keeps the answer\n"
	"that won, and of users only what privacy.user allows). Of a process or cgroup: what its calls would be attributed to, as far as it tells.\n"
	"\n"
	"  --ledger FILE, --store sqlite:FILE   where the record is (default: the configuration's)\n"
	"  --pid N          a running process\n"
	"  --cgroup PATH    a cgroup, below the root of its hierarchy\n"
	"  --json           one JSON object\n"
	"  --config FILE    configuration (default " CONFIG_PATH ", where it exists)\n"
	"\n"
	"Exit codes: 0; 1 there is no such record; 2 bad usage or configuration; 3 no such process, no right to read the\n"
	"ledger, or a store that is not built yet; 4 there is no ledger, or it cannot be read.\n";

struct asked {
	const char *config, *ledger, *id, *cgroup;
	uint32_t pid;
	bool json;
};

static const char *route_words(const char *route)
{
	static const char *const words[][2] = {
		{ "direct", "straight to the provider; no gateway is configured for it" },
		{ "gateway", "through a configured gateway" },
		{ "bypass", "straight to the provider, although a gateway is configured for it" },
		{ "upstream", "the gateway's own call" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(route, words[i][0]))
			return words[i][1];
	return "";
}

static void print_line(const struct kept_line *line, struct buf *to)
{
	char quantity[DECIMAL_MAX], cost[DECIMAL_MAX], rate[DECIMAL_MAX];

	decimal_text(line->milli, DECIMAL_MILLI, quantity);
	decimal_text(line->pico, DECIMAL_PICO, cost);
	buf_printf(to, "  %-16s %12s %-10s", line->class, quantity, line->unit);
	if (!line->priced) {
		buf_printf(to, " no price is known for %s\n", line->model);
		return;
	}
	/* what a million came to: a rate of the table times its multipliers, but for the rounding of the line */
	decimal_text(line->milli ? (__int128)line->pico * 1000000000 / line->milli : 0, DECIMAL_PICO, rate);
	buf_printf(to, " = %s USD", cost);
	if (!strcmp(line->unit, "token"))
		buf_printf(to, ", %s for a million", rate);
	buf_printf(to, ", by %s\n", line->price[0] ? line->price : "no rule");
}

static void print_estimate(const struct kept *kept, struct buf *to)
{
	static const char *const words[KEPT_BOUNDS] = { "tokens in", "tokens out", "USD" };
	char low[DECIMAL_MAX], high[DECIMAL_MAX];
	const char *before = "";

	if (!kept->estimate[0])
		return;
	buf_printf(to, "usage        estimated by %s; nine times out of ten it lies between", kept->estimate);
	for (int i = 0; i < KEPT_BOUNDS; i++) {
		if (!kept->bounded[i])
			continue;
		decimal_text(kept->low[i], i == KEPT_COST ? DECIMAL_PICO : 0, low);
		decimal_text(kept->high[i], i == KEPT_COST ? DECIMAL_PICO : 0, high);
		buf_printf(to, "%s %s and %s %s", before, low, high, words[i]);
		before = ",";
	}
	buf_char(to, '\n');
}

static void print_adjustments(const struct kept *kept, struct buf *to)
{
	char cost[DECIMAL_MAX];

	if (kept->adjusts[0])
		buf_printf(to, "adjusts      %s: is counted beside it, and is no call\n", kept->adjusts);
	for (uint32_t i = 0; i < kept->n_adjustments; i++) {
		const struct kept_adjustment *adjustment = &kept->adjustments[i];

		decimal_text(adjustment->pico, DECIMAL_PICO, cost);
		buf_printf(to, "adjusted by  %s: %s%s for %s\n", adjustment->id, adjustment->priced ? cost : "unknown",
			   adjustment->priced ? " USD" : "", adjustment->team[0] ? adjustment->team : "(unattributed)");
	}
}

static void print_kept(const struct kept *kept, const struct config *config, struct buf *to)
{
	char when[CLOCK_TEXT_MAX], cost[DECIMAL_MAX];

	clock_text(kept->time_ns, when);
	decimal_text(kept->pico, DECIMAL_PICO, cost);
	buf_printf(to, "record       %s of %s\n", kept->id, when);
	buf_printf(to, "call         %s %s, asked for %s, answered by %s\n", kept->call.provider, kept->call.operation,
		   kept->call.model_requested[0] ? kept->call.model_requested : "-", kept->call.model[0] ? kept->call.model : "-");
	buf_printf(to, "team then    %s, because of %s\n", kept->team[0] ? kept->team : "(unattributed)",
		   kept->team_source[0] ? kept->team_source : "no source's answer");
	buf_printf(to, "caller then  %s\n", kept->caller_team[0] ? kept->caller_team : "(unknown)");
	buf_printf(to, "labels then  %s\n", kept->labels);
	buf_printf(to, "flags then   %s\n", kept->flags);
	buf_printf(to, "route        %s: %s\n", kept->route, route_words(kept->route));
	print_estimate(kept, to);
	buf_printf(to, "cost         %s%s (%s, %s)%s%s\n", kept->cost_known ? cost : "unknown", kept->cost_known ? " USD" : "",
		   kept->cost_status, kept->billing, kept->spend ? "" : ", not counted: the same call as ", kept->same_as);
	for (uint32_t i = 0; i < kept->n_lines; i++)
		print_line(&kept->lines[i], to);
	print_adjustments(kept, to);
	buf_printf(to, "\nasked again, with %s configuration\n",
		   !strcmp(kept->config, config->hash) ? "the same" : "another");
}

static void json_kept_lines(const struct kept *kept, struct json *j)
{
	char digits[DECIMAL_MAX];

	json_key(j, "lines");
	json_open(j, '[');
	for (uint32_t i = 0; i < kept->n_lines; i++) {
		const struct kept_line *line = &kept->lines[i];

		json_open(j, '{');
		json_key(j, "model");
		json_cstr(j, line->model);
		json_key(j, "class");
		json_cstr(j, line->class);
		json_key(j, "quantity");
		json_raw(j, (struct str){ digits, decimal_text(line->milli, DECIMAL_MILLI, digits) });
		json_key(j, "unit");
		json_cstr(j, line->unit);
		json_key(j, "price");
		json_cstr(j, line->price[0] ? line->price : NULL);
		decimal_text(line->pico, DECIMAL_PICO, digits);
		json_key(j, "cost_usd");
		json_cstr(j, line->priced ? digits : NULL);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void json_adjustments(const struct kept *kept, struct json *j)
{
	char digits[DECIMAL_MAX];

	json_key(j, "adjusts");
	json_cstr(j, kept->adjusts[0] ? kept->adjusts : NULL);
	json_key(j, "adjustments");
	json_open(j, '[');
	for (uint32_t i = 0; i < kept->n_adjustments; i++) {
		const struct kept_adjustment *adjustment = &kept->adjustments[i];

		json_open(j, '{');
		json_key(j, "id");
		json_cstr(j, adjustment->id);
		json_key(j, "team");
		json_cstr(j, adjustment->team[0] ? adjustment->team : NULL);
		decimal_text(adjustment->pico, DECIMAL_PICO, digits);
		json_key(j, "cost_usd");
		json_cstr(j, adjustment->priced ? digits : NULL);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void json_kept(const struct kept *kept, const struct config *config, struct json *j)
{
	const struct {
		const char *name, *value;
	} texts[] = {
		{ "id", kept->id }, { "team", kept->team }, { "team_source", kept->team_source },
		{ "caller_team", kept->caller_team }, { "route", kept->route }, { "route_why", route_words(kept->route) },
		{ "usage_source", kept->usage_source }, { "estimate", kept->estimate },
		{ "cost_status", kept->cost_status }, { "billing", kept->billing }, { "config", kept->config },
	};
	char digits[DECIMAL_MAX];

	json_key(j, "record");
	json_open(j, '{');
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_key(j, texts[i].name);
		json_cstr(j, texts[i].value[0] ? texts[i].value : NULL);
	}
	json_key(j, "labels");
	json_raw(j, str_of(kept->labels));
	json_key(j, "flags");
	json_raw(j, str_of(kept->flags));
	decimal_text(kept->pico, DECIMAL_PICO, digits);
	json_key(j, "cost_usd");
	json_cstr(j, kept->cost_known ? digits : NULL);
	json_kept_lines(kept, j);
	json_adjustments(kept, j);
	json_close(j, '}');
	json_key(j, "same_config");
	json_bool(j, !strcmp(kept->config, config->hash));
}

/* The answers of all sources, behind what was kept of a record (NULL: of none). */
static int print(const struct asked *asked, const struct config *config, const struct kept *kept, const struct call *call,
		 const struct origin *origin, int64_t wall_ns)
{
	struct buf answers = BUF(MIB(4)), text = BUF(MIB(4));
	struct json j = { .to = &text };
	int err = attribute_explain(config->attribution, call, origin, wall_ns, asked->json, &answers);

	if (!asked->json) {
		if (kept)
			print_kept(kept, config, &text);
		buf_str(&text, buf_view(&answers));
	} else if (!kept) {
		buf_str(&text, buf_view(&answers));
	} else {
		json_open(&j, '{');
		json_kept(kept, config, &j);
		json_key(&j, "again");
		json_raw(&j, str_trim(buf_view(&answers)));
		json_close(&j, '}');
		buf_char(&text, '\n');
	}
	fputs(buf_cstr(&text), stdout);
	err = err ? err : text.error;
	buf_done(&answers);
	buf_done(&text);
	return err ? command_fail(EXIT_CANNOT, "explain", "%s", strerror(-err)) : EXIT_DONE;
}

static int read_failed(const char *path, int err, const char *why)
{
	if (err == -ENOENT)
		return command_fail(EXIT_UNFINISHED, "explain", "there is no ledger '%s': `aitap run` keeps one; --ledger FILE names another", path);
	if (err == -EACCES || err == -EPERM)
		return command_fail(EXIT_CANNOT, "explain", "%s: who may read it can (sudo?)", why);
	return command_fail(err == -EBADMSG || err == -EISDIR || err == -ENODATA ? EXIT_USAGE : err == -EPROTO ? EXIT_CANNOT : EXIT_UNFINISHED,
			    "explain", "%s", why);
}

static int explain_id(const struct asked *asked, const struct config *config)
{
	_cleanup_free_ struct kept *kept = mem_new(sizeof(*kept));
	const char *path = config->ledger;
	char why[STORE_WHY] = "";
	int err = asked->ledger ? query_store(asked->ledger, &path) : 0;

	if (!kept)
		return command_fail(EXIT_CANNOT, "explain", "%s", strerror(ENOMEM));
	if (err == -ENOSYS)
		return command_fail(EXIT_CANNOT, "explain", "--store '%s': not built yet in this version; sqlite:FILE is", asked->ledger);
	if (err < 0)
		return command_fail(EXIT_USAGE, "explain", "--store '%s': sqlite:FILE", asked->ledger);
	if (!path[0])
		return command_fail(EXIT_USAGE, "explain", "the configuration keeps no ledger: name one with --ledger FILE");
	err = kept_read(path, asked->id, kept, why);
	if (err == -ENOENT && !why[0])
		return command_fail(EXIT_DIFFERS, "explain", "there is no record '%s' in '%s'", asked->id, path);
	if (err < 0)
		return read_failed(path, err, why);
	kept_recall(kept, &config->wants);
	return print(asked, config, kept, &kept->call, &kept->origin, kept->time_ns);
}

static int origin_of(const struct config *config, const struct call *call, struct origin *ret)
{
	_cleanup_(host_freep) struct host *host = NULL;
	struct who_source sources[WHO_SOURCES];
	struct who *who = NULL;
	int err = host_new(&host);

	if (err == 0)
		err = who_new(&(struct who_config){ sources, host_sources(host, sources), true }, &who);
	if (err == 0)
		err = who_wants(who, &config->wants);
	if (err == 0)
		err = who_origin(who, call, LIMIT_SOURCE_MS, ret);
	who_free(who);
	return err;
}

/* The real user id, as the probes tell it: the first of proc(5)'s four. */
static int uid_of_pid(uint32_t pid, uint32_t *ret)
{
	char path[32], line[256], *end;
	FILE *file;
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	file = fopen(path, "re");
	if (!file)
		return -ESRCH;
	while (!found && fgets(line, sizeof(line), file))
		if (!strncmp(line, "Uid:", 4)) {
			*ret = (uint32_t)strtoul(line + 4, &end, 10);
			found = end != line + 4;
		}
	fclose(file);
	return found ? 0 : -ESRCH;
}

static int explain_pid(const struct asked *asked, const struct config *config)
{
	_cleanup_free_ struct origin *origin = mem_new(sizeof(*origin));
	_cleanup_free_ struct call *call = mem_new(sizeof(*call));
	int err = origin && call ? uid_of_pid(asked->pid, &call->uid) : -ENOMEM;

	if (err == 0)
		err = task_of_pid(asked->pid, &call->task);
	if (err == 0)
		err = origin_of(config, call, origin);
	if (err == -ESRCH)
		return command_fail(EXIT_CANNOT, "explain", "there is no process %u", asked->pid);
	if (err < 0)
		return command_fail(EXIT_CANNOT, "explain", "process %u: %s", asked->pid, strerror(-err));
	return print(asked, config, NULL, call, origin, clock_anchor().wall_ns);
}

/* A cgroup that does not exist yet may be asked about as well: a rule is tried before anything is deployed. */
static int explain_cgroup(const struct asked *asked, const struct config *config)
{
	_cleanup_free_ struct origin *origin = mem_new(sizeof(*origin));
	_cleanup_free_ struct call *call = mem_new(sizeof(*call));

	if (!origin || !call)
		return command_fail(EXIT_CANNOT, "explain", "%s", strerror(ENOMEM));
	if (!asked->cgroup || asked->cgroup[0] != '/')
		return command_fail(EXIT_USAGE, "explain", "--cgroup '%s': a path that begins with /", asked->cgroup ? asked->cgroup : "");
	STR_COPY(origin->cgroup, str_of(asked->cgroup));
	STR_COPY(origin->unit, cgroup_unit(str_of(asked->cgroup)));
	return print(asked, config, NULL, call, origin, clock_anchor().wall_ns);
}

static int set_pid(struct asked *asked, const char *text)
{
	uint64_t pid;

	if (!str_u64(str_of(text), &pid) || !pid || pid > INT32_MAX)
		return command_fail(EXIT_USAGE, "explain", "--pid '%s': a process's number", text);
	asked->pid = (uint32_t)pid;
	return EXIT_DONE;
}

static int parse(int argc, char **argv, struct asked *ret)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' }, { "ledger", required_argument, NULL, 'l' },
		{ "store", required_argument, NULL, 'l' }, { "pid", required_argument, NULL, 'p' },
		{ "cgroup", required_argument, NULL, 'g' }, { "json", no_argument, NULL, 'j' }, { 0 },
	};
	int option, code = EXIT_DONE;

	while (code == EXIT_DONE && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (option) {
		case 'c':
			ret->config = optarg;
			break;
		case 'l':
			ret->ledger = optarg;
			break;
		case 'p':
			code = set_pid(ret, optarg);
			break;
		case 'g':
			ret->cgroup = optarg;
			break;
		case 'j':
			ret->json = true;
			break;
		default:
			code = EXIT_USAGE;
		}
	if (code == EXIT_DONE && optind < argc)
		ret->id = argv[optind++];
	if (code == EXIT_DONE && (optind < argc || (ret->id != NULL) + (ret->pid != 0) + (ret->cgroup != NULL) != 1))
		code = command_fail(EXIT_USAGE, "explain", "one of ID, --pid N and --cgroup PATH is needed");
	return code;
}

static int explain_run(int argc, char **argv)
{
	struct problems problems = { 0 };
	struct config *config = NULL;
	struct asked asked = { 0 };
	int code = parse(argc, argv, &asked), err;

	if (code != EXIT_DONE)
		return code;
	err = config_load(asked.config, 0, NULL, &config, &problems);
	if (err < 0) {
		problems_log(&problems);
		code = command_fail(EXIT_USAGE, "explain", "'%s': cannot be used: %s", asked.config ? asked.config : CONFIG_PATH,
				    strerror(-err));
	} else if (asked.id) {
		code = explain_id(&asked, config);
	} else {
		code = asked.pid ? explain_pid(&asked, config) : explain_cgroup(&asked, config);
	}
	problems_done(&problems);
	config_free(config);
	return code;
}

const struct command cmd_explain = { "explain", "why this team, this route, this price", usage, explain_run };
