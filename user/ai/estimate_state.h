/* SPDX-License-Identifier: Apache-2.0 */
/* What the estimator has learnt, by provider and model, in memory and in what is kept with the ledger. */
#ifndef AITAP_AI_ESTIMATE_STATE_H
#define AITAP_AI_ESTIMATE_STATE_H

#include <string.h>

#include "ai/estimate.h"
#include "ai/estimate_inside.h"
#include "base/map.h"

#define SLOTS 16384	/* of shapes and of bodies: a newer one takes an older one's place */

enum kind {
	/* input */
	KIND_TEXT, KIND_TOOLS, KIND_PICTURE, KIND_LINKED, KIND_FETCHED, KIND_SHAPE, KIND_SAME,
	/* output */
	KIND_SHOWN, KIND_SEALED, KIND_SEALED_MORE, KIND_HIDDEN, KIND_UNSEEN,
	KINDS,
};

struct family {
	char name[32];
	struct family *maker;	/* of the models, whoever runs them: what a new family begins with; NULL: none */
	struct relation side[2];
	struct relation fetched;
	struct spread spread[KINDS];
	uint32_t changed;	/* spreads, by kind; above them the relations */
};

struct model {
	struct family *family;
	char name[sizeof(((struct call *)0)->model)];
	struct relation side[2];
	double usual;		/* output tokens, lately */
	double thinks;		/* share of answers with thoughts */
	bool changed;
};

struct shape {
	uint64_t key;
	double off;
	uint32_t n;
};

struct body {
	uint64_t key;
	uint64_t tokens;
};

struct estimator {
	struct memory *memory;
	int64_t time_ns;	/* of the newest call */
	int64_t saved_ns;	/* likewise, when it was saved */
	struct map families, models;
	struct shape shapes[SLOTS];
	struct body bodies[SLOTS];
};

/* By which it is known: the one that was asked for. */
static inline const char *call_model(const struct call *call)
{
	return call->model_requested[0] ? call->model_requested : call->model;
}

static inline uint64_t hash_text(const char *text, uint64_t seed)
{
	return hash_bytes(text, strlen(text), seed);
}

/* NULL where there is no room for another. */
struct model *estimator_model(struct estimator *, const struct call *);

#endif
