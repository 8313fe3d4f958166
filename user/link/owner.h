/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who pays for what an earlier call began, as it is kept in a memory's JSON: the
 * record, its team and why, and its labels.
 */
#ifndef AITAP_LINK_OWNER_H
#define AITAP_LINK_OWNER_H

#include <stdbool.h>

#include "noun/memory.h"
#include "noun/record.h"

struct json_object;

struct owner {
	char record[RECORD_ID_MAX];
	char team[65];
	char team_source[160];
	char caller_team[65];
	uint32_t n_labels;
	struct label labels[LIMIT_LABELS];	/* without their sources */
};

void owner_of(const struct record *, struct owner *ret);
/* Adds its members to an object. */
int owner_write(const struct owner *, struct json_object *);
bool owner_read(struct json_object *, struct owner *ret);	/* false: it names no record */
/* Team and labels become the owner's; before names how it was found: "batch:" and the owner's own source. The caller stays. */
void owner_apply(const struct owner *, const char *before, struct record *);

/* A value's text as an object, NULL where it is none; and back: what does not fit goes without its labels. */
struct json_object *owner_parse(const struct memory_value *);
int owner_text(struct json_object *, struct memory_value *ret);

#endif
