/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request proves itself with. Only its kind and its fingerprint go on;
 * in a scrubbed trace a stand-in that names both takes the secret's place, and
 * is read as if it were the secret.
 */
#ifndef AITAP_AI_CREDENTIAL_H
#define AITAP_AI_CREDENTIAL_H

#include <stdbool.h>

#include "base/buf.h"
#include "noun/call.h"
#include "noun/head.h"

/* Fills call->credential, credential_kind, and the region where a signature names it. */
void credential_read(const struct head *, const struct wants *, struct call *);
/* A header whose value must not be kept as it is: credentials, cookies. Any case. */
bool credential_header(struct str name);
bool credential_parameter(struct str name);	/* likewise, of a query */
/* What may stand in the value's place. */
int credential_stand_in(const struct wants *, struct str name, struct str value, struct buf *ret);

#endif
