/* SPDX-License-Identifier: Apache-2.0 */
/* How many cases were right: by provider and API over all framings, as a table for people to read. */
#ifndef AITAP_TESTS_SCORE_H
#define AITAP_TESTS_SCORE_H

#include <stdio.h>
#include <string.h>

#include "tests/lib/case.h"

#define SCORES_MAX 512

/* Of a case over all framings it was played in; it is as good as the worst of them. */
struct standing {
	bool disputed;		/* its truth is wrong: left out */
	bool counted;		/* it was judged in a framing at least */
	bool wrong;
	bool estimated;
};

struct score {
	struct str provider, api;
	unsigned int cases, right, wrong, estimated, none;
};

static inline int score_order(const void *a, const void *b)
{
	const struct score *x = a, *y = b;
	int r = strcmp(x->provider.p, y->provider.p);

	return r ? r : strcmp(x->api.p, y->api.p);
}

static inline struct score *score_of(struct score *scores, size_t *n, const struct corpus_case *c)
{
	struct str provider = case_text(c->recorded, "provider"), api = case_text(c->recorded, "api");
	size_t i = 0;

	while (i < *n && !(str_eq(scores[i].provider, provider) && str_eq(scores[i].api, api)))
		i++;
	if (i == SCORES_MAX)
		exit(1);
	if (i == *n)
		scores[(*n)++] = (struct score){ .provider = provider, .api = api };
	return &scores[i];
}

/* With usage a case is right or wrong; without, it is wrong where some was reported all the same. */
static inline void score_add(struct score *score, const struct corpus_case *c, const struct standing *standing)
{
	bool present = json_object_get_boolean(case_field(c->truth, "usage_present"));

	score->cases++;
	score->wrong += standing->wrong;
	score->right += !standing->wrong && present;
	score->estimated += !standing->wrong && !present && standing->estimated;
	score->none += !standing->wrong && !present && !standing->estimated;
}

static inline void score_row(FILE *to, const struct score *score)
{
	fprintf(to, "| %s | %s | %u | %u | %u | %u | %u |\n", score->provider.p, score->api.p, score->cases, score->right, score->wrong,
		score->estimated, score->none);
}

static inline void score_table(FILE *to, const struct corpus *corpus, const struct standing *standings)
{
	static struct score scores[SCORES_MAX];
	struct score all = { .provider = STR("all"), .api = STR("") };
	size_t n = 0;

	for (size_t i = 0; i < corpus->n; i++)
		if (standings[i].counted) {
			score_add(score_of(scores, &n, &corpus->cases[i]), &corpus->cases[i], &standings[i]);
			score_add(&all, &corpus->cases[i], &standings[i]);
		}
	qsort(scores, n, sizeof(*scores), score_order);
	fputs("| provider | API | cases | right | wrong | estimated | no usage |\n|---|---|---:|---:|---:|---:|---:|\n", to);
	for (size_t i = 0; i < n; i++)
		score_row(to, &scores[i]);
	score_row(to, &all);
}

#endif
