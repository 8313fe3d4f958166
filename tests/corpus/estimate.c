/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The estimator judged by hiding what is known. Every recorded call whose usage
 * was reported goes through the real hot half; then its usage is taken away, it
 * is estimated, and only then its true usage is told, in the order in which the
 * calls were recorded: online, from nothing, nothing is ever seen before it is
 * guessed. Streams are estimated a second time as they would be had they been
 * cut off before their usage came.
 *
 *	estimate [--table FILE] FOLDER NAME
 *
 * Bounds, for every provider with 100 cases or more: 90 % intervals enclose 85
 * to 95 % of the true numbers, and the sum is off by 5 % at most. For all
 * providers together the intervals alone; in the sample, where each is guessed
 * from a handful of cases, they may enclose as little as 80 %.
 */
#include <getopt.h>
#include <math.h>

#include "ai/estimate.h"
#include "ai/estimate_inside.h"
#include "tests/corpus/hidden.h"

#define PROVIDERS 96
#define SIZES 4
#define ENOUGH 100

enum view { VIEW_INPUT, VIEW_OUTPUT, VIEW_CUT, VIEWS };	/* of the cut off: output */

static const char *const view_names[VIEWS] = { "input", "output", "output, cut off" };
static const char *const size_names[SIZES + 1] = { "to 99", "100 to 999", "1,000 to 9,999", "10,000 and more", "all" };

struct one {
	uint64_t told, said;
	bool inside;
	bool elsewhere;		/* part of the prompt never passed: the provider fetched it */
};

struct series {
	struct one *ones;
	size_t n, room;
};

struct provider_score {
	char name[32];
	size_t cases;
	struct series series[VIEWS];
};

struct score_book {
	struct provider_score providers[PROVIDERS];
	size_t n;
	struct provider_score all;
	size_t cut_input, cut_input_exact;	/* of the cut off: whose input the wire told */
};

static struct provider_score *provider_score(struct score_book *book, const char *name)
{
	size_t i = 0;

	while (i < book->n && strcmp(book->providers[i].name, name) != 0)
		i++;
	play_check(i < PROVIDERS);
	if (i == book->n)
		STR_COPY(book->providers[book->n++].name, str_of(name));
	return &book->providers[i];
}

static struct one *series_next(struct series *series)
{
	if (series->n == series->room) {
		series->room = series->room ? series->room * 2 : 64;
		series->ones = realloc(series->ones, series->room * sizeof(*series->ones));
		play_check(series->ones != NULL);
	}
	return &series->ones[series->n++];
}

static void series_add(struct series *series, bool elsewhere, uint64_t told, uint64_t said, uint64_t low, uint64_t high)
{
	*series_next(series) = (struct one){ told, said, told >= low && told <= high, elsewhere };
}

/* ---- one case */

static bool counts(const struct told *told)
{
	const struct call *call = told->call;
	const uint32_t unfit = CALL_RETRIEVAL | CALL_FREE | CALL_ABORTED | CALL_ERROR | CALL_INCOMPLETE | CALL_TRUNCATED | CALL_BACKGROUND;

	/* where only the answer was recorded, the request was invented */
	return told->n == 1 && call && call->usage_source == USAGE_REPORTED && call->n_usages == 1 && !(call->flags & unfit) &&
	       usage_knows(&call->usages[0], COUNT_INPUT) && call->status == 200 &&
	       !str_eq(case_text(told->c->recorded, "quality"), STR("response-only"));
}

static void hide(struct call *call)
{
	memset(call->usages, 0, sizeof(call->usages));
	call->n_usages = 0;
	call->usage_source = USAGE_NONE;
	call->usage_raw[0] = 0;
}

static bool fetches(const struct call *call)
{
	return call_fetches(call) || (call->text[TEXT_IMAGES].pieces && !call->text[TEXT_PROMPT].opaque);
}

static void judge_cut(struct score_book *book, struct provider_score *score, struct estimator *estimator, const struct told *told)
{
	uint64_t output = told->call->usages[0].count[COUNT_OUTPUT];
	struct call call = *told->cut;
	struct estimate estimate;

	/* what the beginning of a stream has said stands; a running count is no estimate */
	if (call.n_usages && usage_knows(&call.usages[0], COUNT_OUTPUT))
		return;
	estimator_call(estimator, &call, 0, &estimate);
	if (!(estimate.counts >> COUNT_OUTPUT & 1))
		return;
	book->cut_input++;
	book->cut_input_exact += !(estimate.counts >> COUNT_INPUT & 1);
	series_add(&score->series[VIEW_CUT], false, output, call.usages[0].count[COUNT_OUTPUT], estimate.low[SIDE_RESPONSE],
		   estimate.high[SIDE_RESPONSE]);
}

static void judge_one(struct score_book *book, struct estimator *estimator, const struct told *told)
{
	struct provider_score *score = provider_score(book, told->call->provider);
	const struct usage *usage = &told->call->usages[0];
	struct call call = *told->call;
	bool elsewhere = fetches(&call);
	struct estimate estimate;

	hide(&call);
	estimator_call(estimator, &call, 0, &estimate);
	if (!estimate.name[0])
		return;
	score->cases++;
	series_add(&score->series[VIEW_INPUT], elsewhere, usage->count[COUNT_INPUT], call.usages[0].count[COUNT_INPUT],
		   estimate.low[SIDE_REQUEST], estimate.high[SIDE_REQUEST]);
	if (estimate.counts >> COUNT_OUTPUT & 1 && usage_knows(usage, COUNT_OUTPUT))
		series_add(&score->series[VIEW_OUTPUT], elsewhere, usage->count[COUNT_OUTPUT], call.usages[0].count[COUNT_OUTPUT],
			   estimate.low[SIDE_RESPONSE], estimate.high[SIDE_RESPONSE]);
	if (told->cut)
		judge_cut(book, score, estimator, told);
	call = *told->call;
	estimator_call(estimator, &call, 0, &estimate);
}

static void add_up(struct score_book *book)
{
	STR_COPY(book->all.name, STR("all"));
	for (size_t i = 0; i < book->n; i++) {
		book->all.cases += book->providers[i].cases;
		for (int view = 0; view < VIEWS; view++)
			for (size_t j = 0; j < book->providers[i].series[view].n; j++)
				*series_next(&book->all.series[view]) = book->providers[i].series[view].ones[j];
	}
}

/* ---- the table */

static size_t size_of(uint64_t tokens)
{
	return tokens < 100 ? 0 : tokens < 1000 ? 1 : tokens < 10000 ? 2 : 3;
}

struct summary {
	size_t n;
	double median, sum, inside;	/* shares */
};

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* size: SIZES is all of them. */
static struct summary summarize(const struct series *series, size_t size)
{
	double *errors = calloc(series->n + 1, sizeof(*errors)), told = 0, said = 0;
	struct summary s = { 0 };

	play_check(errors != NULL);
	for (size_t i = 0; i < series->n; i++) {
		const struct one *one = &series->ones[i];

		if (size != SIZES && size_of(one->told) != size)
			continue;
		errors[s.n++] = fabs((double)one->said - (double)one->told) / (double)(one->told ? one->told : 1);
		told += (double)one->told;
		said += (double)one->said;
		s.inside += one->inside;
	}
	qsort(errors, s.n, sizeof(*errors), by_size);
	s.median = s.n ? errors[s.n / 2] : 0;
	s.sum = told > 0 ? said / told - 1 : 0;
	s.inside = s.n ? s.inside / (double)s.n : 0;
	free(errors);
	return s;
}

static double both_sums(const struct provider_score *score, bool all)
{
	double told = 0, said = 0;

	for (int view = VIEW_INPUT; view <= VIEW_OUTPUT; view++)
		for (size_t i = 0; i < score->series[view].n; i++) {
			if (!all && score->series[view].ones[i].elsewhere)
				continue;
			told += (double)score->series[view].ones[i].told;
			said += (double)score->series[view].ones[i].said;
		}
	return told > 0 ? said / told - 1 : 0;
}

static void print_rows(FILE *to, const struct provider_score *score)
{
	for (int view = 0; view < VIEWS; view++)
		for (size_t i = 0; i <= SIZES; i++) {
			size_t size = (i + SIZES) % (SIZES + 1);
			struct summary s = summarize(&score->series[view], size);

			if (s.n)
				fprintf(to, "| %s | %s | %s | %zu | %.1f %% | %+.1f %% | %.0f %% |\n", score->name, view_names[view],
					size_names[size], s.n, 100 * s.median, 100 * s.sum, 100 * s.inside);
		}
}

static int by_cases(const void *a, const void *b)
{
	const struct provider_score *x = a, *y = b;

	return x->cases != y->cases ? (x->cases < y->cases ? 1 : -1) : strcmp(x->name, y->name);
}

static void print_table(FILE *to, const struct score_book *book)
{
	fputs("| provider | cases | median error: input | output | output, cut off | sum: input | output | both | of what passed | inside: input | output | output, "
	      "cut off |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n", to);
	for (size_t i = 0; i <= book->n; i++) {
		const struct provider_score *score = i < book->n ? &book->providers[i] : &book->all;
		struct summary s[VIEWS];

		for (int view = 0; view < VIEWS; view++)
			s[view] = summarize(&score->series[view], SIZES);
		fprintf(to, "| %s | %zu | %.1f %% | %.1f %% | %.1f %% | %+.1f %% | %+.1f %% | %+.1f %% | %+.1f %% | %.0f %% | %.0f %% | %.0f %% |\n",
			score->name, score->cases, 100 * s[0].median, 100 * s[1].median, 100 * s[2].median, 100 * s[0].sum,
			100 * s[1].sum, 100 * both_sums(score, true), 100 * both_sums(score, false), 100 * s[0].inside, 100 * s[1].inside, 100 * s[2].inside);
	}
	fputs("\n| provider | of | tokens | cases | median error | sum | inside |\n|---|---|---|---|---|---|---|\n", to);
	for (size_t i = 0; i < book->n; i++)
		if (book->providers[i].cases >= 20)
			print_rows(to, &book->providers[i]);
	print_rows(to, &book->all);
}

/* ---- the bounds */

static void check(bool holds, const char *provider, const char *what, double value, unsigned int *passed, unsigned int *failed)
{
	*passed += holds;
	*failed += !holds;
	if (!holds)
		printf("not ok %s: %s is %.1f %%\n", provider, what, 100 * value);
}

static void check_intervals(const struct provider_score *score, unsigned int *passed, unsigned int *failed)
{
	double least = score->cases > 5 * ENOUGH || strcmp(score->name, "all") != 0 ? 0.85 : 0.8;

	for (int view = 0; view < VIEWS; view++) {
		struct summary s = summarize(&score->series[view], SIZES);

		if (s.n >= ENOUGH)
			check(s.inside >= least && s.inside <= 0.95, score->name, view_names[view], s.inside, passed, failed);
	}
}

static void check_bounds(const struct score_book *book, unsigned int *passed, unsigned int *failed)
{
	for (size_t i = 0; i < book->n; i++) {
		const struct provider_score *score = &book->providers[i];
		double sum = both_sums(score, true);

		if (score->cases < ENOUGH)
			continue;
		check(fabs(sum) <= 0.05, score->name, "the error of the sum", sum, passed, failed);
		check_intervals(score, passed, failed);
	}
	check_intervals(&book->all, passed, failed);
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "table", required_argument, NULL, 't' }, { 0 } };
	unsigned int passed = 0, failed = 0;
	struct estimator *estimator = NULL;
	static struct score_book book;
	static struct hidden hidden;
	const char *table = NULL;
	size_t judged = 0;
	FILE *to;

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (c != 't')
			return 2;
		table = optarg;
	}
	if (argc - optind != 2 || hidden_load(argv[optind], argv[optind + 1], &hidden) < 0 || estimator_new(NULL, &estimator) < 0) {
		fprintf(stderr, "estimate: cannot load the corpus\n");
		return 2;
	}
	for (size_t i = 0; i < hidden.corpus.n; i++)
		if (counts(&hidden.told[i]))
			judge_one(&book, estimator, &hidden.told[i]);
	qsort(book.providers, book.n, sizeof(book.providers[0]), by_cases);
	add_up(&book);
	judged = book.all.cases;
	to = table ? fopen(table, "w") : stdout;
	play_check(to != NULL);
	print_table(to, &book);
	if (table)
		fclose(to);
	check_bounds(&book, &passed, &failed);
	check(judged * 5 >= hidden.corpus.n * 2, "all", "the share of cases that were judged", (double)judged / (double)hidden.corpus.n, &passed,
	      &failed);
	printf("%zu cases, %zu cut off, of which %zu told their input\n", judged, book.cut_input, book.cut_input_exact);
	printf("%u passed, %u failed\n", passed, failed);
	for (size_t i = 0; i < book.n; i++)
		for (int view = 0; view < VIEWS; view++)
			free(book.providers[i].series[view].ones);
	for (int view = 0; view < VIEWS; view++)
		free(book.all.series[view].ones);
	estimator_free(estimator);
	hidden_done(&hidden);
	return failed ? 1 : 0;
}
