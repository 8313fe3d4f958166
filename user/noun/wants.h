/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the configuration wants the hot half to bring along: immutable, without
 * pointers, so that it can be handed to a worker by message. An exchange keeps
 * the one that it began with.
 */
#ifndef AITAP_NOUN_WANTS_H
#define AITAP_NOUN_WANTS_H

#include <stdint.h>

#include "base/limits.h"

enum wanted_kind {
	WANTED_HEADER = 1,	/* a request header, name in lower case */
	WANTED_BODY,		/* a path in a JSON request body: metadata.feature */
	WANTED_ENV,		/* a variable of the process's environment */
};

struct wanted {
	uint8_t kind;		/* enum wanted_kind; 0: a free row, to be skipped */
	char name[64];
};

/* A value that was found. Only what fits [A-Za-z0-9._/@:-]{1,64} becomes one; the rest is "_invalid". */
struct wanted_value {
	uint8_t wanted;		/* index into wants.wanted */
	char text[65];
};

#define WANTED_VALUES 16

/* A host, beyond the built-in table, that speaks a provider's dialect. */
struct wanted_host {
	char host[128];		/* glob */
	char provider[32];
	char dialect[16];	/* as in ai/provider */
	uint16_t port;		/* 0: any */
	uint8_t gateway;	/* 1: a gateway; provider is its name */
};

#define WANTED_HOSTS 64

struct wants {
	uint32_t generation;
	uint32_t n_wanted;
	struct wanted wanted[LIMIT_WANTED];
	uint32_t n_hosts;
	struct wanted_host hosts[WANTED_HOSTS];
	uint8_t secret[32];	/* key of credential fingerprints and body hashes */
	uint32_t secret_generation;	/* the 1 of "k1:" */
	uint8_t keep_user;	/* enum user_privacy */
};

enum user_privacy { USER_HASH, USER_KEEP, USER_DROP };

#endif
