/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON inside base64 inside JSON, as InvokeModelWithResponseStream wraps a
 * vendor's own events: {"bytes": "eyJ0eXBlI...", "p": "padding"}. What is in
 * there streams into a skim as if nothing were around it.
 */
#ifndef AITAP_AI_WRAPPED_H
#define AITAP_AI_WRAPPED_H

#include <nettle/base64.h>

#include "ai/skim.h"

struct wrapped {
	uint8_t state;
	bool escaped;		/* behind a backslash */
	bool value;		/* behind a colon */
	bool broken;		/* not base64 */
	uint8_t n_key;
	char key[8];		/* of the outermost object */
	uint64_t depth;
	struct base64_decode_ctx base64;
};

void wrapped_begin(struct wrapped *);
/* As skim_write(): takes all of it. */
int wrapped_write(struct wrapped *, struct skim *to, const char *p, size_t n);
/* Was all of it base64? What was written before a byte that is none, depends on how it was split. */
bool wrapped_whole(struct wrapped *);

#endif
