/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The corpus as events through the whole pipeline, each case in every framing
 * (tests/lib/play.h), and what came out against the truth. A case in a framing
 * is one test; it passes when every field of outcome.h is exactly right.
 *
 *	judge [--allow PERCENT] [--disputed FILE] [--table FILE] FOLDER NAME
 *
 * --allow: that share of the cases with usage may differ; they are listed all
 * the same. Cases of the --disputed file, whose truth is wrong by the evidence
 * given there, are left out. --table: writes there what came of each provider
 * and API over all framings.
 */
#include <errno.h>
#include <getopt.h>
#include <time.h>

#include "tests/corpus/outcome.h"
#include "tests/corpus/score.h"
#include "tests/lib/play.h"
#include "tests/lib/through.h"

#define BATCH_BYTES MIB(64)

struct judge {
	struct corpus corpus;
	struct corpus_case **order;	/* as they are played: by host */
	struct outcome *outcomes;	/* by place in the order; likewise */
	struct standing *standings;
	size_t *case_of;	/* by connection: the first case played on it */
	size_t n_conns, n_played;
	struct map spent;	/* answers whose usage was spent, by a hash of provider and id */
	uint64_t random, boot_ns;
	unsigned int strays;	/* calls that belong to no case */
	double allow;
};

/* ---- what came out */

/* An answer that is fetched again is spent once: by the first record that has its usage. */
static bool spent_twice(struct judge *judge, const struct record *record)
{
	const struct call *call = record->call;
	uint64_t key = hash_bytes(call->response_id, strlen(call->response_id),
				  hash_bytes(call->provider, strlen(call->provider), 0));
	bool before;

	if (!record->spend || !call->response_id[0] || !call->n_usages)
		return false;
	before = map_get(&judge->spent, key) != NULL;
	if (map_put(&judge->spent, key, judge) < 0)
		exit(1);
	return before && call->flags & CALL_RETRIEVAL;
}

static void on_record(void *ctx, const struct record *record)
{
	const struct call *call = record->call;
	struct judge *judge = ctx;
	size_t i;

	if (record->kind != RECORD_CALL)
		return;
	if (!call->conn_id || call->conn_id > judge->n_conns) {
		judge->strays++;
		return;
	}
	i = judge->case_of[call->conn_id] + call->exchange;
	if (i >= judge->case_of[call->conn_id + 1]) {
		judge->strays++;
		return;
	}
	outcome_add(&judge->outcomes[i], record);
	judge->outcomes[i].spent_twice |= spent_twice(judge, record);
}

/* ---- all of them */

/* Plays cases onto one line; gives the number of the next case. */
static size_t play_line(struct judge *judge, size_t from, enum framing framing, struct image *image)
{
	struct line line = { .to = image, .id = ++judge->n_conns, .task = { 1000 + (uint32_t)from % 7, 5000 } };
	struct corpus_case *const *cases = &judge->order[from];
	size_t n = play_together(cases, judge->n_played - from, framing);

	judge->case_of[line.id] = from;
	line_open(&line, true, play_server_name(cases[0]));
	from += play_cases(&line, cases, n, framing, &judge->random);
	line_close(&line, EVENT_CLOSE_FREE);
	judge->case_of[line.id + 1] = from;
	return from;
}

static int play_all(struct judge *judge, enum framing framing, struct through *through)
{
	size_t abreast = framings[framing].abreast, at = 0;
	struct image lines[6] = { 0 }, batch = { 0 };
	int err = 0;

	judge->n_conns = 0;
	while (err == 0 && at < judge->n_played) {
		for (size_t i = 0; i < abreast; i++) {
			lines[i].n = 0;
			if (at < judge->n_played)
				at = play_line(judge, at, framing, &lines[i]);
		}
		image_merge(lines, abreast, &judge->random, &judge->boot_ns, &batch);
		if (batch.n < BATCH_BYTES && at < judge->n_played)
			continue;
		err = through_run(through, &batch);
		batch.n = 0;
	}
	image_done(&batch);
	for (size_t i = 0; i < abreast; i++)
		image_done(&lines[i]);
	return err;
}

/* Lists what differs; what is within the allowance is listed as such and fails nothing. */
static void judge_all(struct judge *judge, enum framing framing, unsigned int *passed, unsigned int *failed)
{
	unsigned int usage = 0, usage_right = 0, none = 0, none_right = 0, disputed = 0, estimated = 0;
	struct buf list = BUF(MIB(64)), why = BUF(KIB(16));
	bool allowed;

	for (size_t i = 0; i < judge->n_played; i++) {
		const struct corpus_case *c = judge->order[i];
		struct standing *standing = &judge->standings[c - judge->corpus.cases];
		bool present = json_object_get_boolean(case_field(c->truth, "usage_present")), right;

		if (standing->disputed) {
			disputed++;
			continue;
		}
		buf_reset(&why);
		judge_case(c, &judge->outcomes[i], &why);
		right = why.n == 0;
		usage += present, usage_right += present && right;
		none += !present, none_right += !present && right;
		estimated += !present && judge->outcomes[i].estimated;
		standing->counted = true;
		standing->wrong |= !right;
		standing->estimated |= judge->outcomes[i].estimated;
		if (!right)
			buf_printf(&list, "%s %s: %s/%s: %s\n", c->id, framings[framing].name, case_text(c->recorded, "provider").p,
				   case_text(c->recorded, "api").p, buf_cstr(&why));
	}
	allowed = none_right == none && (double)(usage - usage_right) * 100 <= judge->allow * usage;
	for (struct str rest = buf_view(&list), one; str_split(&rest, '\n', &one) && one.n;)
		printf("%s %.*s\n", allowed ? "differs (allowed):" : "not ok", (int)one.n, one.p);
	printf("%s: with usage %u of %u right (%.2f %%), without %u of %u (%u estimated), %u disputed, %u calls of no case\n",
	       framings[framing].name, usage_right, usage, usage ? usage_right * 100.0 / usage : 100.0, none_right, none, estimated,
	       disputed, judge->strays);
	*passed += usage_right + none_right;
	*failed += (allowed ? 0 : usage - usage_right + none - none_right) + judge->strays;
	buf_done(&list);
	buf_done(&why);
}

/* ---- beginning and end */

/* Ids stand in backquotes at the beginning of a list item or table row. */
static int read_disputed(const char *path, struct judge *judge)
{
	FILE *file = fopen(path, "r");
	char line[4096], id[64];

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*[-|* ]`%63[0-9a-f]`", id) != 1)
			continue;
		for (size_t i = 0; i < judge->corpus.n; i++)
			if (!strcmp(judge->corpus.cases[i].id, id))
				judge->standings[i].disputed = true;
	}
	fclose(file);
	return 0;
}

static int prepare(struct judge *judge, const char *folder, const char *name, const char *disputed)
{
	int err = corpus_load(folder, name, &judge->corpus);

	if (err < 0)
		return err;
	judge->order = mem_array(judge->corpus.n, sizeof(struct corpus_case *));
	judge->outcomes = mem_array(judge->corpus.n, sizeof(*judge->outcomes));
	judge->standings = mem_array(judge->corpus.n, sizeof(*judge->standings));
	judge->case_of = mem_array(judge->corpus.n + 2, sizeof(*judge->case_of));
	if (!judge->order || !judge->outcomes || !judge->standings || !judge->case_of)
		return -ENOMEM;
	return disputed ? read_disputed(disputed, judge) : 0;
}

/* Of one host as they were recorded: an answer that is fetched again comes after its call. */
static int by_host(const void *a, const void *b)
{
	const struct corpus_case *x = *(struct corpus_case *const *)a, *y = *(struct corpus_case *const *)b;
	int r = strcmp(case_text(x->recorded, "host").p, case_text(y->recorded, "host").p);

	return r ? r : (x > y) - (x < y);
}

static void put_in_order(struct judge *judge, enum framing framing)
{
	judge->n_played = 0;
	for (size_t i = 0; i < judge->corpus.n; i++)
		if (play_fits(&judge->corpus.cases[i], framing))
			judge->order[judge->n_played++] = &judge->corpus.cases[i];
	qsort(judge->order, judge->n_played, sizeof(*judge->order), by_host);
	memset(judge->outcomes, 0, judge->corpus.n * sizeof(*judge->outcomes));
}

static int run_framing(struct judge *judge, enum framing framing, unsigned int *passed, unsigned int *failed)
{
	struct through through;
	clock_t begin = clock();
	int err = through_open(&through, on_record, judge);

	put_in_order(judge, framing);
	judge->random = 1 + framing;
	judge->boot_ns = 1000000000;
	judge->strays = 0;
	map_done(&judge->spent);
	judge->spent = MAP(1 << 20);
	if (err == 0)
		err = play_all(judge, framing, &through);
	through_close(&through);
	if (err == 0)
		judge_all(judge, framing, passed, failed);
	printf("%s: %.1f s\n", framings[framing].name, (double)(clock() - begin) / CLOCKS_PER_SEC);
	return err;
}

static int write_table(const struct judge *judge, const char *path)
{
	FILE *to = fopen(path, "w");

	if (!to)
		return -errno;
	score_table(to, &judge->corpus, judge->standings);
	return fclose(to) ? -errno : 0;
}

static int usage(void)
{
	fputs("judge [--allow PERCENT] [--disputed FILE] [--table FILE] FOLDER NAME\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "allow", required_argument, NULL, 'a' }, { "disputed", required_argument, NULL, 'd' },
						 { "table", required_argument, NULL, 't' }, { 0 } };
	struct judge judge = { 0 };
	unsigned int passed = 0, failed = 0;
	const char *disputed = NULL, *table = NULL;
	int option, err;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (option == 'a')
			judge.allow = strtod(optarg, NULL);
		else if (option == 'd')
			disputed = optarg;
		else if (option == 't')
			table = optarg;
		else
			return usage();
	if (optind + 2 != argc)
		return usage();
	err = prepare(&judge, argv[optind], argv[optind + 1], disputed);
	for (enum framing framing = 0; err == 0 && framing < FRAMINGS; framing++)
		err = run_framing(&judge, framing, &passed, &failed);
	if (err == 0 && table)
		err = write_table(&judge, table);
	corpus_done(&judge.corpus);
	map_done(&judge.spent);
	mem_free(judge.order);
	mem_free(judge.outcomes);
	mem_free(judge.standings);
	mem_free(judge.case_of);
	if (err < 0) {
		printf("not ok corpus: %s\n", strerror(-err));
		failed++;
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
