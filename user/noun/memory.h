/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What earlier calls left for later ones: which record has an answer's usage,
 * who made a batch, what an alias resolved to, how much text a token takes. The
 * cold half asks and tells; book/ keeps it with the ledger, so that it survives
 * a restart; without a ledger nothing is remembered beyond the process.
 *
 * A value is one JSON object, so that a report can read it too. Cold thread only.
 */
#ifndef AITAP_NOUN_MEMORY_H
#define AITAP_NOUN_MEMORY_H

#include <stdint.h>

enum memory_kind {
	MEMORY_ANSWER = 1,	/* by response id: the record that has its usage, or waits for it */
	MEMORY_BATCH,		/* by batch or file id: who made it, and how much it can cost at most */
	MEMORY_ALIAS,		/* by model asked for: the model that answered, since when */
	MEMORY_CALIBRATION,	/* by model: the relation of text to tokens */
};

#define MEMORY_NAME 192
#define MEMORY_TEXT 2048

struct memory_key {
	uint8_t kind;			/* enum memory_kind */
	char provider[32];
	char name[MEMORY_NAME];
};

struct memory_value {
	int64_t time_ns;		/* wall clock of the call that it is of */
	int64_t until_ns;		/* may be forgotten from then on; 0: never */
	char text[MEMORY_TEXT];		/* JSON */
};

struct memory {
	const struct memory_ops *ops;
};

struct memory_ops {
	const char *name;
	/* 0, or -ENOENT where nothing is kept under this key; what was put before counts at once. */
	int (*get)(struct memory *, const struct memory_key *, struct memory_value *ret);
	/* Replaces. Becomes durable together with the records put before and after it. */
	int (*put)(struct memory *, const struct memory_key *, const struct memory_value *);
};

#endif
