/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration: one YAML file, checked whole and compiled into what the
 * rooms need. Immutable once loaded: a reload makes another struct config, or
 * a list of problems, and the old one stays in force. Without a file the
 * defaults hold, and everything works with them.
 *
 * Main thread only, apart from reading what is already made.
 */
#ifndef AITAP_RUN_CONFIG_H
#define AITAP_RUN_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "noun/wants.h"
#include "who/team.h"

#define CONFIG_SINKS 16
#define CONFIG_PLAINTEXT 32
#define CONFIG_GATEWAYS 32
#define CONFIG_LIST 32
#define CONFIG_FILES 8
#define CONFIG_HASH_MAX 72	/* sha256: and 64 hex digits */
#define CONFIG_PATH "/etc/aitap/aitap.yaml"
#define CONFIG_STATE "/var/lib/aitap"

enum config_arm { ARM_AUTO, ARM_ALWAYS, ARM_DORMANT };

struct config_sink {
	char kind[16];		/* jsonl; others are known, and not built yet */
	char path[256];		/* "-": standard output */
};

struct config_plaintext {
	uint16_t port;
	char as[32];
};

struct config_gateway {
	char name[32];
	uint32_t n_for;
	char for_provider[CONFIG_LIST][32];	/* none: every provider */
};

struct config {
	char hash[CONFIG_HASH_MAX];	/* of the file's bytes: the record's aitap.config */
	char path[256];			/* "": none was read */
	char node[128];
	char cluster[128];		/* "": none */

	bool capture;			/* false: the kill switch is set */
	uint32_t libraries;		/* bit 1u << enum event_library */
	uint8_t arm;			/* enum config_arm */
	uint32_t n_plaintext;
	struct config_plaintext plaintext[CONFIG_PLAINTEXT];

	struct wants wants;		/* secret included where CONFIG_SECRET was asked for */
	bool secret_kept;		/* false: it is of this run only, for want of a place */
	struct attribution *attribution;	/* owned */
	uint32_t n_gateways;
	struct config_gateway gateways[CONFIG_GATEWAYS];

	uint32_t n_prices;
	char prices[CONFIG_LIST][256];	/* files laid over the built-in table, in this order */

	char ledger[256];		/* "": none */
	uint32_t keep_days;		/* 0: for ever */
	uint64_t ledger_bytes;		/* 0: no ceiling */

	char metrics[128];		/* ADDR:PORT; "": none */
	uint32_t max_series;

	uint32_t n_sinks;
	struct config_sink sinks[CONFIG_SINKS];

	uint64_t memory_bytes;		/* 0: no ceiling said */
	uint32_t cpu_milli;

	uint32_t n_files;		/* what else it was made from: people, teams, the secret */
	char files[CONFIG_FILES][256];
};

enum problem_weight {
	PROBLEM_WARNING,	/* works, and is hardly what was meant */
	PROBLEM_UNBUILT,	/* well-formed, and this version cannot do it: `aitap run` exits 3 */
	PROBLEM_ERROR,		/* refused: exit 2 */
};

/* line and column count from 1; 0: the file as a whole. */
struct problem {
	enum problem_weight weight;
	uint32_t line;
	uint32_t column;
	char text[256];
};

/* All that is wrong with a configuration, in the order of the file. */
struct problems {
	char file[256];
	struct problem *list;
	size_t n;
	size_t dropped;		/* beyond CONFIG_PROBLEMS */
	size_t count[3];	/* by enum problem_weight */
};
#define CONFIG_PROBLEMS 256

void problems_done(struct problems *);
int problems_text(const struct problems *, struct buf *);	/* FILE:LINE:COLUMN: weight: text, a line each */
/* One line each on standard error, through the log. */
void problems_log(const struct problems *);

enum config_flag {
	CONFIG_SECRET = 1u << 0,	/* read the fleet secret, or make this host's at its first use */
	CONFIG_LINT = 1u << 1,		/* for `check`: files that are not here, and rules never reached, are warnings */
};

/*
 * path NULL: CONFIG_PATH where that exists, else the defaults. previous: what is
 * in force, whose numbering of wanted names is kept as far as it goes, and whose
 * wants.generation is followed; or NULL. -EINVAL: refused, see problems (which
 * may hold warnings on success too); another negative errno: could not be read.
 */
int config_load(const char *path, uint32_t flags, const struct config *previous, struct config **ret,
		struct problems *ret_problems);
/* The same of bytes in memory; name is what problems call the file. */
int config_parse(const char *name, struct str yaml, uint32_t flags, const struct config *previous, struct config **ret,
		 struct problems *ret_problems);
struct config *config_free(struct config *);

#endif
