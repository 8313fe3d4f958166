/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of a recorded case, compared with its truth: every field of a
 * record that the truth knows, exactly. What differs is written down in words.
 */
#ifndef AITAP_TESTS_OUTCOME_H
#define AITAP_TESTS_OUTCOME_H

#include <stdio.h>
#include <string.h>

#include "noun/record.h"
#include "tests/lib/case.h"

#define OUTCOME_USAGES 64	/* a session has many turns */
#define OUTCOME_BILLS 16

/* What became of a case in the framing in hand. */
struct outcome {
	unsigned int calls;
	uint32_t flags;		/* of any of its calls */
	struct call call;	/* the first */
	struct usage sum;	/* of all its calls */
	struct usage billed[OUTCOME_USAGES];
	size_t n_billed;
	bool estimated, retrieval, spent_twice;
};

static inline void outcome_add_usage(struct usage *sum, const struct usage *u)
{
	sum->known |= u->known;
	for (size_t i = 0; i < COUNT_MAX; i++)
		sum->count[i] += u->count[i];
}

static inline void outcome_add(struct outcome *outcome, const struct record *record)
{
	const struct call *call = record->call;

	/* the truth's sums are of the turns: what was transcribed for them is billed apart */
	if (!strcmp(call->operation, "transcription") && call->status == 101)
		return;
	if (!outcome->calls++)
		outcome->call = *call;
	for (size_t u = 0; u < call->n_usages; u++) {
		if (outcome->n_billed < OUTCOME_USAGES)
			outcome->billed[outcome->n_billed++] = call->usages[u];
		if (u == 0)
			outcome_add_usage(&outcome->sum, &call->usages[0]);
	}
	outcome->flags |= call->flags;
	outcome->estimated |= call->usage_source == USAGE_ESTIMATED;
	outcome->retrieval |= (call->flags & CALL_RETRIEVAL) != 0;
}

/* ---- one case */

static inline void differ(struct buf *why, const char *field, const char *want, const char *got)
{
	buf_printf(why, "%s%s: %s, not %s", why->n ? "; " : "", field, got, want);
}

static inline void differ_text(struct buf *why, const char *field, struct str want, const char *got)
{
	char quoted[300], other[300];

	if (str_eq(want, str_of(got)))
		return;
	snprintf(quoted, sizeof(quoted), "'%s'", want.p);
	snprintf(other, sizeof(other), "'%s'", got);
	differ(why, field, quoted, other);
}

/* must: the provider told this count, so it must be known. Otherwise unknown stands for 0, and nothing else. */
static inline void differ_count(struct buf *why, const char *field, uint64_t expected, bool must, const struct usage *u, enum count which)
{
	char want[32], got[32];

	if (usage_knows(u, which) ? u->count[which] == expected : !must && !expected)
		return;
	snprintf(want, sizeof(want), "%llu", (unsigned long long)expected);
	snprintf(got, sizeof(got), usage_knows(u, which) ? "%llu" : "unknown", (unsigned long long)u->count[which]);
	differ(why, field, want, got);
}

static inline uint64_t number(struct json_object *o, const char *key)
{
	return json_object_get_uint64(case_field(o, key));
}

static inline bool said(struct json_object *truth, const char *key)
{
	return case_field(truth, key) != NULL;
}

static inline void judge_counts(struct json_object *truth, const struct usage *u, struct buf *why)
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

static inline void add_bill(struct bill *bills, size_t *n, const struct bill *add)
{
	size_t i = 0;

	while (i < *n && !str_eq(bills[i].model, add->model))
		i++;
	if (i == OUTCOME_BILLS)
		return;
	if (i == *n)
		bills[(*n)++].model = add->model;
	bills[i].input += add->input;
	bills[i].cache_read += add->cache_read;
	bills[i].cache_write += add->cache_write;
	bills[i].output += add->output;
}

static inline bool has_bill(const struct bill *bills, size_t n, const struct bill *one)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(bills[i].model, one->model))
			return bills[i].input == one->input && bills[i].cache_read == one->cache_read &&
			       bills[i].cache_write == one->cache_write && bills[i].output == one->output;
	return false;
}

static inline void judge_billed(struct json_object *truth, const struct outcome *outcome, struct buf *why)
{
	struct bill want[OUTCOME_BILLS] = { 0 }, got[OUTCOME_BILLS] = { 0 };
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
		/* a truth that names no model says nothing of what ours is */
		struct str model = n_want == 1 && !want[0].model.n ? want[0].model : str_of(u->model);

		add_bill(got, &n_got, &(struct bill){ model, u->count[COUNT_INPUT], u->count[COUNT_CACHE_READ],
						      u->count[COUNT_CACHE_WRITE], u->count[COUNT_OUTPUT] });
	}
	for (size_t i = 0; i < n_want; i++)
		if (n_got != n_want || !has_bill(got, n_got, &want[i])) {
			differ(why, "billed", json_object_to_json_string_ext(billed, JSON_C_TO_STRING_PLAIN), "other lines");
			return;
		}
}

static inline void judge_usage(const struct corpus_case *c, const struct outcome *outcome, struct buf *why)
{
	struct json_object *truth = c->truth;
	const struct call *call = &outcome->call;

	if (!json_object_get_boolean(case_field(truth, "usage_present"))) {
		/* images, seconds or searches may be known all the same, and tokens estimated where none were told */
		if (outcome->estimated)
			return;
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
	if (outcome->calls == 1 || case_is_socket(c))
		judge_billed(truth, outcome, why);
}

/* Where only the answer was recorded, the request was invented, and names any model. */
static inline bool asks(const struct corpus_case *c)
{
	return !str_eq(case_text(c->recorded, "quality"), STR("response-only")) || case_text(c->truth, "model_requested").n;
}

static inline void judge_names(const struct corpus_case *c, const struct outcome *outcome, struct buf *why)
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
	/* "": the truth took the empty id of a first chunk that has nothing but a filter's results; a session has many answers */
	if ((!id || json_object_get_string_len(id)) && !case_is_socket(c))
		differ_text(why, "response_id", case_text(truth, "response_id"), call->response_id);
}

static inline void judge_flags(uint32_t flags, struct buf *why)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} unclean[] = { { CALL_INCOMPLETE, "incomplete" }, { CALL_TRUNCATED, "truncated" }, { CALL_UNDECODED, "undecoded" },
			{ CALL_ABORTED, "aborted" }, { CALL_MID_CONNECTION, "mid-connection" } };

	for (size_t i = 0; i < sizeof(unclean) / sizeof(unclean[0]); i++)
		if (flags & unclean[i].flag)
			differ(why, "flags", "clean", unclean[i].name);
}

static inline void judge_case(const struct corpus_case *c, const struct outcome *outcome, struct buf *why)
{
	const struct call *call = &outcome->call;
	struct json_object *truth = c->truth;
	char status[16], want[16];

	if (!outcome->calls) {
		differ(why, "record", "one", "none");
		return;
	}
	judge_usage(c, outcome, why);
	if (json_object_get_boolean(case_field(truth, "usage_present")))
		judge_names(c, outcome, why);
	snprintf(status, sizeof(status), "%d", call->status);
	snprintf(want, sizeof(want), "%d", json_object_get_int(case_field(truth, "status")));
	differ_text(why, "status", str_of(want), status);
	if (outcome->spent_twice)
		differ(why, "spend", "false", "true");
	judge_flags(outcome->flags, why);
}

#endif
