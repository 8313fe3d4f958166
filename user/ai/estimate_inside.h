/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the estimator, shared by estimate*.c and nobody else. Doubles are no money. */
#ifndef AITAP_AI_ESTIMATE_INSIDE_H
#define AITAP_AI_ESTIMATE_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "noun/call.h"
#include "noun/memory.h"

/* ---- estimate_relation.c: a number as a weighted sum of others, learnt one case at a time */

#define RELATION_DIMS 8

struct relation_prior {
	unsigned int dims;
	double weight[RELATION_DIMS];
	double variance[RELATION_DIMS];
};

struct relation {
	double weight[RELATION_DIMS];
	double variance[RELATION_DIMS][RELATION_DIMS];	/* of the weights */
	double noise;		/* what is left, as a share of the number, squared */
	uint32_t n;
};

void relation_begin(struct relation *, const struct relation_prior *, double noise);
/* As the parent knows it, less sure of itself. */
void relation_branch(struct relation *, const struct relation *parent, const struct relation_prior *);
double relation_says(const struct relation *, const struct relation_prior *, const double *x);
/* doubt: how many times less a case tells here than it seems. */
void relation_learn(struct relation *, const struct relation_prior *, const double *x, double y, double doubt);

/* How far estimates of a kind were off lately: bounds for the next, and what they missed in sum. */
#define SPREAD_MAX 160

struct spread {
	float off[SPREAD_MAX];	/* log of the true number to the estimated one */
	uint32_t n;		/* in all; the newest stands at (n - 1) % SPREAD_MAX */
	double tail;		/* share of them that the bounds leave out at each end */
	double told, said;	/* sums of both, fading */
};

/* width: of the logarithm, at first; some cases replace it. */
void spread_begin(struct spread *, float width);
void spread_bounds(const struct spread *, double estimate, double *ret_low, double *ret_high);
/* said: before it was corrected; estimate: after. */
void spread_learn(struct spread *, double said, double estimate, double told);
double spread_correct(const struct spread *, double said, double inertia);

/* ---- estimate_features.c: what a call tells of its tokens */

extern const struct relation_prior input_prior, output_prior, fetched_prior;

void input_features(const struct call *, double x[RELATION_DIMS]);
void output_features(const struct call *, double x[RELATION_DIMS]);
/* What the provider puts into the prompt by itself: searches, files, earlier answers. */
bool call_fetches(const struct call *);
void fetched_features(const struct call *, double x[RELATION_DIMS]);

/* ---- estimate_keep.c: as JSON, into the memory and out of it */

/* Each adds a member to the object in text, "" at first. -ENOSPC where it does not fit. */
int keep_numbers(const char *name, const double *number, size_t n, char *text, size_t size);
int keep_relation(const struct relation *, const char *name, char *text, size_t size);
int keep_spread(const struct spread *, char *text, size_t size);
/* Nothing is changed where the text has no such thing, or not a whole one. */
bool kept_numbers(const char *name, const char *text, double *ret, size_t n);
bool kept_relation(struct relation *, const char *name, const char *text);
bool kept_spread(struct spread *, const char *text);

#endif
