/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in a function a probe is cheapest, and which function another one
 * calls with its own first two arguments: decoded machine code of x86-64 and
 * arm64, nothing of files or libraries. Works on bytes that the caller keeps.
 * One decoder, one thread.
 */
#ifndef AITAP_TAP_SITE_H
#define AITAP_TAP_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tap/elf.h"
#include "tap/target.h"

struct decoder;

int decoder_new(enum elf_arch, struct decoder **ret);
struct decoder *decoder_free(struct decoder *);

/* A function's first instruction stands at bytes[0]. */
struct code {
	const uint8_t *bytes;
	size_t n;
	uint64_t address;
};

/* What the program behind the probe looks at. */
struct site_need {
	uint8_t arguments;	/* the first so many must still be in their registers */
	bool ret;		/* a return probe will stand there too */
};

struct site_place {
	uint64_t address;
	enum site_class class;
	bool ret_ok;
	char reason[64];
};

/* There always is a place: the entry, at worst. -EBADMSG where the first instruction cannot be decoded. */
int site_choose(struct decoder *, const struct code *, struct site_need, struct site_place *ret);

/*
 * The functions that may be called first with the first two arguments untouched, on any path
 * from the entry; how many were found, at most max.
 */
int site_callees(struct decoder *, const struct code *, uint64_t ret[], size_t max);

/* An entry of the procedure linkage table: jumps through memory and does nothing else. */
bool site_is_stub(struct decoder *, const struct code *);

#endif
