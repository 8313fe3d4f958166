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
	bool retrieval, spent_twice;
};

struct judge {
	struct corpus corpus;
	struct outcome *outcomes;
	size_t *case_of;	/* by connection: the first case played on it */
	size_t n_conns;
	struct map spent;	/* answers whose usage was spent, by a hash of provider and id */
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
	outcome->spent_twice |= spent_twice(judge, record);
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

/* What is billed, summed by model: how a provider splits the turns of one model changes no bill. */
struct bill {
	struct str model;
	uint64_t input, cache_read, cache_write, output;
};

static void add_bill(struct bill *bills, size_t *n, const struct bill *add)
{
	size_t i = 0;

	while (i < *n && !str_eq(bills[i].model, add->model))
		i++;
	if (i == CALL_USAGES)
		return;
	if (i == *n)
		bills[(*n)++].model = add->model;
	bills[i].input += add->input;
	bills[i].cache_read += add->cache_read;
	bills[i].cache_write += add->cache_write;
	bills[i].output += add->output;
}

static bool has_bill(const struct bill *bills, size_t n, const struct bill *one)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(bills[i].model, one->model))
			return bills[i].input == one->input && bills[i].cache_read == one->cache_read &&
			       bills[i].cache_write == one->cache_write && bills[i].output == one->output;
	return false;
}

static void judge_billed(struct json_object *truth, const struct outcome *outcome, struct buf *why)
{
	struct bill want[CALL_USAGES] = { 0 }, got[CALL_USAGES] = { 0 };
	struct json_object *billed = case_field(truth, "billed");
	size_t n_want = 0, n_got = 0;

	for (size_t i = 0; i < json_object_array_length(billed); i++) {
		struct json_object *line = json_object_array_get_idx(billed, i);
		uint64_t read = number(line, "cache_read"), write = number(line, "cache_write");

		add_bill(want, &n_want, &(struct bill){ case_text(line, "model"), number(line, "input_uncached") + read + write, read,
							write, number(line, "output_total") });
	}
	for (size_t i = 0; i < outcome->n_billed; i++) {
		const struct usage *u = &outcome->billed[i];

		add_bill(got, &n_got, &(struct bill){ str_of(u->model), u->count[COUNT_INPUT], u->count[COUNT_CACHE_READ],
						      u->count[COUNT_CACHE_WRITE], u->count[COUNT_OUTPUT] });
	}
	for (size_t i = 0; i < n_want; i++)
		if (n_got != n_want || !has_bill(got, n_got, &want[i])) {
			differ(why, "billed", json_object_to_json_string_ext(billed, JSON_C_TO_STRING_PLAIN), "other lines");
			return;
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

static void judge_names(const struct corpus_case *c, const struct outcome *outcome, struct buf *why)
{
	struct json_object *truth = c->truth, *id = case_field(truth, "response_id");
	const struct call *call = &outcome->call;

	if (json_object_get_boolean(case_field(truth, "retrieval")) != outcome->retrieval)
		differ(why, "retrieval", outcome->retrieval ? "false" : "true", outcome->retrieval ? "true" : "false");
	if (outcome->calls > 1)
		return;
	if (asks(c))
		differ_text(why, "model_requested", case_text(truth, "model_requested"), call->model_requested);
	differ_text(why, "model", case_text(truth, "model_returned"), call->model);
	differ_text(why, "request_id", case_text(truth, "request_id"), call->request_id);
	/* "": the truth took the empty id of a first chunk that has nothing but a filter's results */
	if (!id || json_object_get_string_len(id))
		differ_text(why, "response_id", case_text(truth, "response_id"), call->response_id);
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
	if (json_object_get_boolean(case_field(truth, "usage_present")))
		judge_names(c, outcome, why);
	snprintf(status, sizeof(status), "%d", call->status);
	snprintf(want, sizeof(want), "%d", json_object_get_int(case_field(truth, "status")));
	differ_text(why, "status", str_of(want), status);
	if (outcome->spent_twice)
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
	map_done(&judge->spent);
	judge->spent = MAP(1 << 20);
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
	map_done(&judge.spent);
	mem_free(judge.outcomes);
	mem_free(judge.case_of);
	if (err < 0) {
		printf("not ok corpus: %s\n", strerror(-err));
		failed++;
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
