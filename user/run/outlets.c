/* SPDX-License-Identifier: Apache-2.0 */
#include "run/outlets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "book/ledger.h"
#include "out/jsonl.h"
#include "run/command.h"

#define PATIENCE_MS 1000	/* what a live run waits for a reader that has stopped; a replay waits for ever */

/* Makes the last folder of a file's path where only that is missing, as for /var/lib/aitap at the first run. */
static void make_folder(const char *path)
{
	char folder[256];
	char *slash;

	if (!STR_COPY(folder, str_of(path)))
		return;
	slash = strrchr(folder, '/');
	if (!slash || slash == folder)
		return;
	*slash = 0;
	mkdir(folder, 0750);	/* what is wrong shows when the file is opened */
}

static int open_records(const char *command, const char *path, bool live, struct outlets *outlets)
{
	size_t i = outlets->n_sinks;
	struct sink_config config = { .kind = "jsonl", .path = outlets->paths[i], .patience_ms = live ? PATIENCE_MS : 0 };
	int err = -ENOSPC;

	if (i < COLD_SINKS && STR_COPY(outlets->paths[i], str_of(path)))
		err = jsonl_ops.open(&config, &outlets->sinks[i]);
	if (err < 0)
		return command_fail(EXIT_UNFINISHED, command, "records: '%s' cannot be written: %s", path, strerror(-err));
	outlets->n_sinks++;
	return EXIT_DONE;
}

/* --records stands for all sinks of the configuration, since lines of JSON are the only kind there is. */
static int open_sinks(const char *command, const char *records, const struct config *config, struct outlets *outlets)
{
	bool live = config != NULL;
	int code = EXIT_DONE;

	if (records)
		return strcmp(records, "none") ? open_records(command, records, live, outlets) : EXIT_DONE;
	for (uint32_t i = 0; config && code == EXIT_DONE && i < config->n_sinks; i++) {
		if (!strcmp(config->sinks[i].kind, "jsonl"))
			code = open_records(command, config->sinks[i].path, live, outlets);
		else
			code = command_fail(EXIT_CANNOT, command, "sinks of kind '%s' are not built yet", config->sinks[i].kind);
	}
	if (code == EXIT_DONE && !outlets->n_sinks && isatty(STDOUT_FILENO))
		code = open_records(command, "-", live, outlets);
	return code;
}

static int open_ledger(const char *command, const char *path, const struct config *config, struct outlets *outlets)
{
	struct ledger_config ledger = { .path = outlets->ledger_path };
	char why[STORE_WHY];
	int err;

	if (!path)
		path = config && config->ledger[0] ? config->ledger : "none";
	if (!strcmp(path, "none"))
		return EXIT_DONE;
	if (!STR_COPY(outlets->ledger_path, str_of(path)))
		return command_fail(EXIT_USAGE, command, "ledger: '%s' is too long a path, or has control characters in it", path);
	if (config) {
		ledger.keep_days = config->keep_days;
		ledger.max_bytes = config->ledger_bytes;
	}
	make_folder(path);
	err = ledger_open(&ledger, &outlets->ledger, why);
	if (err == 0)
		return EXIT_DONE;
	return command_fail(err == -EBADMSG ? EXIT_USAGE : err == -EIO || err == -ENOSPC ? EXIT_UNFINISHED : EXIT_CANNOT, command,
			    "ledger: %s", why);
}

int outlets_open(const char *command, const char *records, const char *ledger, const struct config *config, struct outlets *ret)
{
	int code;

	*ret = (struct outlets){ 0 };
	code = open_ledger(command, ledger, config, ret);
	if (code == EXIT_DONE)
		code = open_sinks(command, records, config, ret);
	if (code != EXIT_DONE)
		outlets_close(ret);
	return code;
}

void outlets_config(struct outlets *outlets, struct workers_config *ret)
{
	ret->ledger = outlets->ledger;
	ret->memory = outlets->ledger ? ledger_memory(outlets->ledger) : NULL;
	ret->n_sinks = outlets->n_sinks;
	memcpy(ret->sinks, outlets->sinks, sizeof(ret->sinks));
}

void outlets_close(struct outlets *outlets)
{
	for (size_t i = 0; i < outlets->n_sinks; i++)
		outlets->sinks[i] = outlets->sinks[i]->ops->close(outlets->sinks[i]);
	outlets->n_sinks = 0;
	if (outlets->ledger)
		outlets->ledger = outlets->ledger->ops->close(outlets->ledger);
}

void outlets_watch(struct outlets *outlets, const struct workers_sum *sum)
{
	for (size_t i = 0; i <= COLD_SINKS; i++) {
		uint64_t failed = sum->cold.sink_failed[i] - outlets->told[i];

		if (!failed)
			continue;
		outlets->told[i] += failed;
		log_error(sum->cold.sink_error[i], "%s '%s': %ju records not written", i == COLD_SINKS ? "ledger" : "records",
			  i == COLD_SINKS ? outlets->ledger_path : outlets->paths[i], (uintmax_t)failed);
	}
}

bool outlets_failed(const struct workers_sum *sum)
{
	return outlets_reason(sum) != NULL;
}

/* The ledger's first, for it is the one that acknowledges; NULL: nothing failed. */
const char *outlets_reason(const struct workers_sum *sum)
{
	for (size_t i = COLD_SINKS + 1; i-- > 0;)
		if (sum->cold.sink_failed[i])
			return strerrordesc_np(-sum->cold.sink_error[i]) ?: "unknown error";
	return NULL;
}
