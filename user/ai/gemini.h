/* SPDX-License-Identifier: Apache-2.0 */
/* What Google's answers have in common as JSON and as protobuf. For gemini.c and gapic.c. */
#ifndef AITAP_AI_GEMINI_H
#define AITAP_AI_GEMINI_H

#include "ai/dialect.h"

enum gemini_own {
	EACH_INPUT = PICK_OWN_1,	/* tokens by modality */
	EACH_OUTPUT,
	EACH_CACHED,
	MODALITY,
	TOKENS,
	TRAFFIC,
	QUERIES,	/* searches that the answer is grounded on */
	MAPS,		/* or places on a map */
	GEMINI_OWN_NEXT,
};

/* An answer, and each of the above as it ends. */
int gemini_answer(struct dialect *, struct item *);
/* The pick of a modality's tokens, of the input (0), the output (1) or the cache (2); PICK_NONE: it is priced as text. */
enum pick gemini_modality(const struct item *, unsigned int modality, unsigned int of);
/* Model, project and place, as the path says them. */
int gemini_head(struct dialect *, enum side, const struct head *);
/* projects/P/locations/L/publishers/google/models/M, models/M, projects/P/locations/L/endpoints/E. */
void gemini_resource(struct call *, struct str name);

#endif
