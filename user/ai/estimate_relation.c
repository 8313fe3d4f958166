/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recursive least squares: the weights are normally distributed, each case
 * narrows them down (Kalman's filter without motion but for a little drift, so
 * that a provider may change its tokenizer). A case that is far off moves them
 * no further than one at three deviations does.
 *
 * The bounds need no such assumption: they are quantiles of how far off the
 * newest estimates of the same kind were, with the truth told after each.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ai/estimate_inside.h"

#define DRIFT 1e-3
#define NOISE_LEAST 4e-4
#define FAR 3.0
#define BRANCH 0.15
#define FADE 0.99
#define ADAPT 0.03
#define AHEAD 3.0	/* added to both numbers, so that a few tokens are no large error */

static double square(double a)
{
	return a * a;
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

static double most(double a, double b)
{
	return a > b ? a : b;
}

void relation_begin(struct relation *r, const struct relation_prior *prior, double noise)
{
	memset(r, 0, sizeof(*r));
	r->noise = noise;
	for (unsigned int i = 0; i < prior->dims; i++) {
		r->weight[i] = prior->weight[i];
		r->variance[i][i] = prior->variance[i];
	}
}

void relation_branch(struct relation *r, const struct relation *parent, const struct relation_prior *prior)
{
	*r = *parent;
	r->n = 0;
	for (unsigned int i = 0; i < prior->dims; i++)
		r->variance[i][i] += BRANCH * prior->variance[i];
}

double relation_says(const struct relation *r, const struct relation_prior *prior, const double *x)
{
	double y = 0;

	for (unsigned int i = 0; i < prior->dims; i++)
		y += r->weight[i] * x[i];
	return y;
}

void relation_learn(struct relation *r, const struct relation_prior *prior, const double *x, double y, double doubt)
{
	double says = relation_says(r, prior, x), off = y - says, gain[RELATION_DIMS] = { 0 }, spread, step, share, limit;

	spread = (r->noise * square(most(says, 5)) + 2) * doubt;
	for (unsigned int i = 0; i < prior->dims; i++) {
		for (unsigned int j = 0; j < prior->dims; j++)
			gain[i] += r->variance[i][j] * x[j];
		spread += gain[i] * x[i];
	}
	limit = FAR * sqrt(spread);
	step = fabs(off) > limit ? limit / fabs(off) : 1;
	for (unsigned int i = 0; i < prior->dims; i++) {
		r->weight[i] += step * off * gain[i] / spread;
		for (unsigned int j = 0; j <= i; j++)
			r->variance[i][j] = r->variance[j][i] = r->variance[i][j] - step * gain[i] * gain[j] / spread;
		r->variance[i][i] = most(r->variance[i][i], 0) + DRIFT * prior->variance[i];
	}
	share = least(square(off / most(most(says, y), 10)), 1);
	r->noise = most(r->noise + most(1.0 / (r->n + 4), 0.03) * (share - r->noise), NOISE_LEAST);
	if (r->n < UINT32_MAX)
		r->n++;
}

/* ---- spreads */

void spread_begin(struct spread *s, float width)
{
	static const float first[] = { -1, -0.4f, -0.2f, -0.06f, 0, 0.06f, 0.2f, 0.4f, 1 };

	memset(s, 0, sizeof(*s));
	s->tail = 0.06;
	while (s->n < sizeof(first) / sizeof(*first)) {
		s->off[s->n] = width * first[s->n];
		s->n++;
	}
}

static int by_size(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return x < y ? -1 : x > y;
}

void spread_bounds(const struct spread *s, double estimate, double *ret_low, double *ret_high)
{
	size_t n = s->n < SPREAD_MAX ? s->n : SPREAD_MAX;
	float off[SPREAD_MAX];
	double low, high;

	memcpy(off, s->off, sizeof(off));
	qsort(off, n, sizeof(*off), by_size);
	low = least((double)off[(size_t)floor(s->tail * (double)(n - 1))], -0.03);
	high = most((double)off[(size_t)ceil((1 - s->tail) * (double)(n - 1))], 0.03);
	*ret_low = most((estimate + AHEAD) * exp(low) - AHEAD, 0);
	*ret_high = (estimate + AHEAD) * exp(high) - AHEAD;
}

/* Whatever is missed too often is widened, whatever never is narrowed (Gibbs and Candes 2021, adaptive conformal inference). */
static void adapt(struct spread *s, float off)
{
	size_t n = s->n < SPREAD_MAX ? s->n : SPREAD_MAX, below = 0, above = 0;
	double out = s->tail * (double)(n - 1);

	for (size_t i = 0; i < n; i++) {
		below += s->off[i] < off;
		above += s->off[i] > off;
	}
	s->tail += ADAPT * (0.1 - ((double)below <= out || (double)above <= out));
	s->tail = least(most(s->tail, 0.01), 0.15);
}

void spread_learn(struct spread *s, double said, double estimate, double told)
{
	float off = (float)log((told + AHEAD) / (estimate + AHEAD));

	adapt(s, off);
	s->off[s->n % SPREAD_MAX] = off;
	/* it turns around before it would lose its place */
	s->n = s->n == UINT32_MAX - UINT32_MAX % SPREAD_MAX - 1 ? SPREAD_MAX : s->n + 1;
	s->told = s->told * FADE + told;
	s->said = s->said * FADE + said;
}

double spread_correct(const struct spread *s, double said, double inertia)
{
	return most(said * least(most((s->told + inertia) / (s->said + inertia), 0.4), 3), 1);
}
