/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "run/command.h"

static int unbuilt_run(int argc, char **argv)
{
	(void)argc;
	return command_fail(EXIT_CANNOT, argv[0], "not built yet in this version");
}

#define UNBUILT(name, summary) \
	(&(const struct command){ name, summary, "aitap " name ": " summary "; not built yet in this version\n", unbuilt_run })

static const struct command *const commands[] = {
	&cmd_run,
	UNBUILT("top", "live screen: teams, models, spend, errors, drops"),
	&cmd_report,
	&cmd_explain,
	UNBUILT("coverage", "the coverage audit"),
	UNBUILT("review", "the security review: services, providers, models and keys"),
	UNBUILT("audit", "quality of a gateway or usage log"),
	UNBUILT("reconcile", "the ledger against a provider's own export"),
	UNBUILT("allocate", "cost that no one owns, shared out by a stated rule"),
	UNBUILT("reattribute", "correct an owner after the fact"),
	UNBUILT("close", "close a month against the invoice"),
	UNBUILT("log", "the audit trail of corrections and closings"),
	&cmd_prices,
	&cmd_check,
	UNBUILT("import", "gateway logs and provider exports into the ledger"),
	UNBUILT("merge", "join nodes' ledgers"),
	UNBUILT("sink", "create or migrate the schema of a store"),
	&cmd_doctor,
	&cmd_trace,
	&cmd_replay,
	&cmd_key,
	UNBUILT("forget", "null a person or key in the ledger"),
	UNBUILT("init", "a configuration written from what was observed"),
	&cmd_version,
	&cmd_completion,
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct command *command_at(unsigned int i)
{
	return i < N_COMMANDS ? commands[i] : NULL;
}

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

int command_fail(int code, const char *name, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "aitap %s: %s\n", name, text);
	return code;
}
