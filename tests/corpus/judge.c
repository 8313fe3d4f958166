/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The corpus as events through the whole pipeline, each case in three framings
 * (tests/lib/play.h), and what came out against the truth. A case in a framing
 * is one test; it passes when every field below is exactly right.
 *
 *	judge [--allow PERCENT] [--disputed FILE] [--quiet] FOLDER NAME
 *
 * --allow: that share of the cases with usage may differ; they are listed all
 * the same. Cases of the --disputed file, whose truth is wrong by the evidence
 * given there, are left out.
 */
#include <errno.h>
#include <getopt.h>
#include <time.h>

#include "tests/lib/play.h"
#include "tests/lib/through.h"

#define BATCH_BYTES MIB(64)
#define REASON_MAX 1024

/* What became of a case in the framing in hand. */
struct outcome {
	bool disputed;
	unsigned int calls;
	struct call call;	/* the first */
	struct usage sum;	/* of all its calls */
	struct usage billed[CALL_USAGES];
	size_t n_billed;
	bool retrieval, priced_wrong;
};

struct judge {
	struct corpus corpus;
	struct outcome *outcomes;
	size_t *case_of;	/* by connection: the first case played on it */
	size_t n_conns;
	uint64_t random, boot_ns;
	unsigned int strays;	/* calls that belong to no case */
	double allow;
	bool quiet;
};

/* ---- what came out */

static void add_usage(struct usage *sum, const struct usage *u)
{
	sum->known |= u->known;
	for (size_t i = 0; i < COUNT_MAX; i++)
		sum->count[i] += u->count[i];
}

static void on_record(void *ctx, const struct record *record)
{
	const struct call *call = record->call;
	struct judge *judge = ctx;
	struct outcome *outcome;
	size_t i;

	if (!call->conn_id || call->conn_id > judge->n_conns) {
		judge->strays++;
		return;
	}
	i = judge->case_of[call->conn_id] + call->exchange;
	if (i >= judge->case_of[call->conn_id + 1]) {
		judge->strays++;
		return;
	}
	outcome = &judge->outcomes[i];
	if (!outcome->calls++)
		outcome->call = *call;
	for (size_t u = 0; u < call->n_usages; u++) {
		if (outcome->n_billed < CALL_USAGES)
			outcome->billed[outcome->n_billed++] = call->usages[u];
		if (u == 0)
			add_usage(&outcome->sum, &call->usages[0]);
	}
	outcome->retrieval |= (call->flags & CALL_RETRIEVAL) != 0;
	outcome->priced_wrong |= (call->flags & CALL_RETRIEVAL) && record->spend && !(call->flags & CALL_BACKGROUND);
}

/* ---- one case */

static void differ(struct buf *why, const char *field, const char *want, const char *got)
{
	buf_printf(why, "%s%s: %s, not %s", why->n ? "; " : "", field, got, want);
}

static void differ_text(struct buf *why, const char *field, struct str want, const char *got)
{
	char quoted[300], other[300];

	if (str_eq(want, str_of(got)))
		return;
	snprintf(quoted, sizeof(quoted), "'%s'", want.p);
	snprintf(other, sizeof(other), "'%s'", got);
	differ(why, field, quoted, other);
}

/* must: the provider told this count, so it must be known. Otherwise unknown stands for 0, and nothing else. */
static void differ_count(struct buf *why, const char *field, uint64_t expected, bool must, const struct usage *u, enum count which)
{
	char want[32], got[32];

	if (usage_knows(u, which) ? u->count[which] == expected : !must && !expected)
		return;
	snprintf(want, sizeof(want), "%llu", (unsigned long long)expected);
	snprintf(got, sizeof(got), usage_knows(u, which) ? "%llu" : "unknown", (unsigned long long)u->count[which]);
	differ(why, field, want, got);
}

static uint64_t number(struct json_object *o, const char *key)
{
	return json_object_get_uint64(case_field(o, key));
}

static bool said(struct json_object *truth, const char *key)
{
	return case_field(truth, key) != NULL;
}

static void judge_counts(struct json_object *truth, const struct usage *u, struct buf *why)
{
	struct json_object *norm = case_field(truth, "norm");
	uint64_t write = number(norm, "cache_write"), write_1h = number(truth, "cache_creation_1h");

	differ_count(why, "input", number(norm, "input_total"), said(truth, "input_tokens"), u, COUNT_INPUT);
	differ_count(why, "cache_read", number(norm, "cache_read"), false, u, COUNT_CACHE_READ);
	differ_count(why, "cache_write", write, false, u, COUNT_CACHE_WRITE);
	differ_count(why, "cache_write_1h", write_1h, false, u, COUNT_CACHE_WRITE_1H);
	differ_count(why, "output", number(norm, "output_total"), said(truth, "output_tokens"), u, COUNT_OUTPUT);
	differ_count(why, "reasoning", number(truth, "reasoning_tokens"), false, u, COUNT_REASONING);
}

static bool bills(struct json_object *line, const struct usage *u)
{
	uint64_t input = number(line, "input_uncached") + number(line, "cache_read") + number(line, "cache_write");

	return str_eq(case_text(line, "model"), str_of(u->model)) && u->count[COUNT_INPUT] == input &&
	       u->count[COUNT_CACHE_READ] == number(line, "cache_read") &&
	       u->count[COUNT_CACHE_WRITE] == number(line, "cache_write") && u->count[COUNT_OUTPUT] == number(line, "output_total");
}

/* The same lines in any order; a line without a model of its own is the call's. */
static void judge_billed(struct json_object *truth, const struct outcome *outcome, struct buf *why)
{
	struct json_object *billed = case_field(truth, "billed");
	size_t n = json_object_is_type(billed, json_type_array) ? json_object_array_length(billed) : 0;
	bool used[CALL_USAGES] = { false };
	char want[32], got[32];

	if (n != outcome->n_billed) {
		snprintf(want, sizeof(want), "%zu", n);
		snprintf(got, sizeof(got), "%zu", outcome->n_billed);
		differ(why, "billed lines", want, got);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct json_object *line = json_object_array_get_idx(billed, i);
		size_t j = 0;

		while (j < n && (used[j] || !bills(line, &outcome->billed[j])))
			j++;
		if (j == n)
			differ(why, "billed", json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN), outcome->billed[i].model);
		else
			used[j] = true;
	}
}

static void judge_usage(struct json_object *truth, const struct outcome *outcome, struct buf *why)
{
	const struct call *call = &outcome->call;

	if (!json_object_get_boolean(case_field(truth, "usage_present"))) {
		/* images, seconds or searches may be known all the same */
		if (outcome->n_billed && (outcome->sum.known || !call->n_units))
			differ(why, "usage", "none", "some");
		if (call->usage_source != USAGE_NONE && !call->n_units)
			differ(why, "usage_source", "none", "another");
		return;
	}
	if (call->usage_source != USAGE_REPORTED)
		differ(why, "usage_source", "reported", call->usage_source == USAGE_NONE ? "none" : "estimated");
	if (!outcome->n_billed) {
		differ(why, "usage", "some", "none");
		return;
	}
	judge_counts(truth, &outcome->sum, why);
	if (outcome->calls == 1)
		judge_billed(truth, outcome, why);
}

/* Where only the answer was recorded, the request was invented, and names any model. */
static bool asks(const struct corpus_case *c)
{
	return !str_eq(case_text(c->recorded, "quality"), STR("response-only")) || case_text(c->truth, "model_requested").n;
}

static void judge_case(const struct corpus_case *c, const struct outcome *outcome, struct buf *why)
{
	const struct call *call = &outcome->call;
	struct json_object *truth = c->truth;
	char status[16], want[16];

	if (!outcome->calls) {
		differ(why, "record", "one", "none");
		return;
	}
	judge_usage(truth, outcome, why);
	if (outcome->calls == 1) {
		if (asks(c))
			differ_text(why, "model_requested", case_text(truth, "model_requested"), call->model_requested);
		differ_text(why, "model", case_text(truth, "model_returned"), call->model);
		differ_text(why, "request_id", case_text(truth, "request_id"), call->request_id);
		differ_text(why, "response_id", case_text(truth, "response_id"), call->response_id);
	}
	snprintf(status, sizeof(status), "%d", call->status);
	snprintf(want, sizeof(want), "%d", json_object_get_int(case_field(truth, "status")));
	differ_text(why, "status", str_of(want), status);
	if (json_object_get_boolean(case_field(truth, "retrieval")) != outcome->retrieval)
		differ(why, "retrieval", outcome->retrieval ? "false" : "true", outcome->retrieval ? "true" : "false");
	if (outcome->priced_wrong)
		differ(why, "spend", "false", "true");
	if (call->flags & (CALL_INCOMPLETE | CALL_TRUNCATED | CALL_UNDECODED | CALL_ABORTED | CALL_MID_CONNECTION))
		differ(why, "flags", "clean", call->flags & CALL_INCOMPLETE ? "incomplete" : call->flags & CALL_TRUNCATED ? "truncated" :
		       call->flags & CALL_UNDECODED ? "undecoded" : call->flags & CALL_ABORTED ? "aborted" : "mid-connection");
}

/* ---- all of them */

/* How many cases from here on share a connection: of the same host, one behind another. */
static size_t run_length(const struct judge *judge, size_t from, enum framing framing)
{
	size_t n = 1, most = framing == FRAMING_WHOLE ? 4 : framing == FRAMING_CHUNKS ? 3 : 1;

	while (n < most && from + n < judge->corpus.n &&
	       str_eq(case_text(judge->corpus.cases[from].recorded, "host"), case_text(judge->corpus.cases[from + n].recorded, "host")))
		n++;
	return n;
}

/* Plays cases onto one line; gives the number of the next case. */
static size_t play_line(struct judge *judge, size_t from, enum framing framing, struct image *image)
{
	struct line line = { .to = image, .id = ++judge->n_conns, .task = { 1000 + (uint32_t)from % 7, 5000 } };
	size_t to = from + run_length(judge, from, framing);
	bool closed = false;

	judge->case_of[line.id] = from;
	line_open(&line, true, play_server_name(&judge->corpus.cases[from]));
	for (; from < to && !closed; from++)
		closed = play_case(&line, &judge->corpus.cases[from], framing, &judge->random);
	line_close(&line, EVENT_CLOSE_FREE);
	judge->case_of[line.id + 1] = from;
	return from;
}

static int play_all(struct judge *judge, enum framing framing, struct through *through)
{
	size_t abreast = framing == FRAMING_CHUNKS ? 6 : 1, at = 0;
	struct image lines[6] = { 0 }, batch = { 0 };
	int err = 0;

	judge->n_conns = 0;
	while (err == 0 && at < judge->corpus.n) {
		for (size_t i = 0; i < abreast; i++) {
			lines[i].n = 0;
			if (at < judge->corpus.n)
				at = play_line(judge, at, framing, &lines[i]);
		}
		image_merge(lines, abreast, &judge->random, &judge->boot_ns, &batch);
		if (batch.n < BATCH_BYTES && at < judge->corpus.n)
			continue;
		err = through_run(through, &batch);
		batch.n = 0;
	}
	image_done(&batch);
	for (size_t i = 0; i < abreast; i++)
		image_done(&lines[i]);
	return err;
}

struct score {
	const char *provider;
	unsigned int right, all;
};

static struct score *score_of(struct score *scores, size_t *n, const char *provider)
{
	for (size_t i = 0; i < *n; i++)
		if (!strcmp(scores[i].provider, provider))
			return &scores[i];
	if (*n == 128)
		return &scores[127];
	scores[*n].provider = provider;
	return &scores[(*n)++];
}

static void print_scores(const struct score *scores, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("  %-24s %5u of %5u\n", scores[i].provider, scores[i].right, scores[i].all);
}

/* Lists what differs; what is within the allowance is listed as such and fails nothing. */
static void judge_all(struct judge *judge, enum framing framing, unsigned int *passed, unsigned int *failed)
{
	unsigned int usage = 0, usage_right = 0, none = 0, none_right = 0, disputed = 0;
	struct score scores[128] = { 0 };
	struct buf list = BUF(MIB(64)), why = BUF(KIB(16));
	size_t n_scores = 0;
	bool allowed;

	for (size_t i = 0; i < judge->corpus.n; i++) {
		struct corpus_case *c = &judge->corpus.cases[i];
		bool present = json_object_get_boolean(case_field(c->truth, "usage_present")), right;
		struct score *score = score_of(scores, &n_scores, case_text(c->recorded, "provider").p);

		if (judge->outcomes[i].disputed) {
			disputed++;
			continue;
		}
		buf_reset(&why);
		judge_case(c, &judge->outcomes[i], &why);
		right = why.n == 0;
		usage += present, usage_right += present && right;
		none += !present, none_right += !present && right;
		score->all++, score->right += right;
		if (!right)
			buf_printf(&list, "%s %s %s/%s: %s\n", c->id, framing_names[framing], case_text(c->recorded, "provider").p,
				   case_text(c->recorded, "api").p, buf_cstr(&why));
	}
	allowed = none_right == none && (double)(usage - usage_right) * 100 <= judge->allow * usage;
	if (!judge->quiet)
		print_scores(scores, n_scores);
	for (struct str rest = buf_view(&list), one; str_split(&rest, '\n', &one) && one.n;)
		printf("%s %.*s\n", allowed ? "differs (allowed):" : "not ok", (int)one.n, one.p);
	printf("%s: with usage %u of %u right (%.2f %%), without %u of %u, %u disputed, %u calls of no case\n", framing_names[framing],
	       usage_right, usage, usage ? usage_right * 100.0 / usage : 100.0, none_right, none, disputed, judge->strays);
	*passed += usage_right + none_right;
	*failed += (allowed ? 0 : usage - usage_right + none - none_right) + judge->strays;
	buf_done(&list);
	buf_done(&why);
}

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
				judge->outcomes[i].disputed = true;
	}
	fclose(file);
	return 0;
}

static void drop_other_protocols(struct corpus *corpus)
{
	size_t n = 0;

	for (size_t i = 0; i < corpus->n; i++) {
		struct corpus_case c = corpus->cases[i];

		if (!case_is_plain(&c)) {
			json_object_put(c.recorded);
			json_object_put(c.truth);
			mem_free(c.decoded[0]);
			mem_free(c.decoded[1]);
			continue;
		}
		corpus->cases[n++] = c;
	}
	corpus->n = n;
}

static int prepare(struct judge *judge, const char *folder, const char *name, const char *disputed)
{
	int err = corpus_load(folder, name, &judge->corpus);

	if (err < 0)
		return err;
	drop_other_protocols(&judge->corpus);
	judge->outcomes = mem_array(judge->corpus.n, sizeof(*judge->outcomes));
	judge->case_of = mem_array(judge->corpus.n + 2, sizeof(*judge->case_of));
	if (!judge->outcomes || !judge->case_of)
		return -ENOMEM;
	return disputed ? read_disputed(disputed, judge) : 0;
}

static int run_framing(struct judge *judge, enum framing framing, unsigned int *passed, unsigned int *failed)
{
	struct through through;
	clock_t begin = clock();
	int err = through_open(&through, on_record, judge);

	for (size_t i = 0; i < judge->corpus.n; i++)
		judge->outcomes[i] = (struct outcome){ .disputed = judge->outcomes[i].disputed };
	judge->random = 1 + framing;
	judge->boot_ns = 1000000000;
	judge->strays = 0;
	if (err == 0)
		err = play_all(judge, framing, &through);
	through_close(&through);
	if (err == 0)
		judge_all(judge, framing, passed, failed);
	printf("%s: %.1f s\n", framing_names[framing], (double)(clock() - begin) / CLOCKS_PER_SEC);
	return err;
}

static int usage(void)
{
	fputs("judge [--allow PERCENT] [--disputed FILE] [--quiet] FOLDER NAME\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "allow", required_argument, NULL, 'a' }, { "disputed", required_argument, NULL, 'd' },
						 { "quiet", no_argument, NULL, 'q' }, { 0 } };
	struct judge judge = { 0 };
	unsigned int passed = 0, failed = 0;
	const char *disputed = NULL;
	int option, err;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (option == 'a')
			judge.allow = strtod(optarg, NULL);
		else if (option == 'd')
			disputed = optarg;
		else if (option == 'q')
			judge.quiet = true;
		else
			return usage();
	if (optind + 2 != argc)
		return usage();
	err = prepare(&judge, argv[optind], argv[optind + 1], disputed);
	for (enum framing framing = 0; err == 0 && framing < FRAMINGS; framing++)
		err = run_framing(&judge, framing, &passed, &failed);
	corpus_done(&judge.corpus);
	mem_free(judge.outcomes);
	mem_free(judge.case_of);
	if (err < 0) {
		printf("not ok corpus: %s\n", strerror(-err));
		failed++;
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
