/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a scrubbed recording must keep of a call so that reading it again gives
 * the same call: which texts of bodies and heads are read, and what may stand in
 * the place of a secret or a person. The reader takes a stand-in for the thing.
 */
#ifndef AITAP_AI_KEEP_H
#define AITAP_AI_KEEP_H

#include "ai/skim.h"
#include "base/buf.h"
#include "noun/head.h"
#include "noun/wants.h"

enum keep { KEEP_NOTHING, KEEP_TEXT, KEEP_PERSON, KEEP_SECRET };

/* Of a JSON text's path as in struct want, a root array left out; of a form field its name. */
enum keep keep_path(const struct wants *, enum side, struct str path);
enum keep keep_header(const struct wants *, enum side, struct str name);
int keep_secret(const struct wants *, struct str name, struct str value, struct buf *ret);
int keep_person(const struct wants *, struct str value, struct buf *ret);
/* Parameters that are read, a key by its stand-in; the others are left out. */
int keep_query(const struct wants *, struct str query, struct buf *ret);
/* What is read of the protobuf messages of a request, or of its answer; NULL: nothing, or none are spoken there. */
const struct skim_table *keep_messages(const struct wants *, const struct head *request, enum side);
/* Of such a message, in place: numbers stay, and texts that are read; all others become x. */
void keep_message(const struct skim_table *, char *message, size_t n);

#endif
