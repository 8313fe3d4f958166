/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a call used is said by relations (estimate_relation.c) of what passed to
 * what was billed: one a model and side, branched from that of its family, where
 * it has learnt nothing yet. On top of that stands what is known better: a body
 * that was sent before takes as many tokens as before; the same tools or the same
 * picture are off by as much as last time; an answer is no longer than the limit
 * that was asked for; and of kinds of calls that are off in sum (thoughts that
 * nobody sees, searches) the sum is put right.
 *
 * How sure an estimate is depends on its kind, so each kind has its own spread.
 * Everything is learnt from calls whose usage was reported, after it was guessed.
 */
#include <math.h>
#include <string.h>

#include "ai/estimate_state.h"

#define BEYOND 1e12	/* no call takes so many tokens */

/* Tokens until a kind's sums outweigh what the relation says. */
static const double inertia[KINDS] = {
	[KIND_TEXT] = 20000, [KIND_TOOLS] = 10000, [KIND_PICTURE] = 3000, [KIND_LINKED] = 3000, [KIND_FETCHED] = 3000,
	[KIND_SHAPE] = 10000, [KIND_SAME] = 1e9, [KIND_SHOWN] = 20000, [KIND_SEALED] = 20000, [KIND_SEALED_MORE] = 1500, [KIND_HIDDEN] = 1500,
	[KIND_UNSEEN] = 1e9,
};

/* An estimate in the making. */
struct guess {
	enum kind kind;
	double x[RELATION_DIMS];
	double model;		/* what the model's relation says */
	double said;
	double tokens;		/* said, corrected */
};

/* NaN as well is 1. */
static double within_reason(double tokens)
{
	return tokens > BEYOND ? BEYOND : tokens > 1 ? tokens : 1;
}

/* ---- input */

static uint64_t model_key(const struct call *call)
{
	return hash_text(call->provider, hash_text(call_model(call), 2));
}

static struct body *body_of(struct estimator *e, const struct call *call)
{
	uint64_t key = hash_u64(call->body_hash ^ model_key(call));
	struct body *body = call->body_hash ? &e->bodies[key % SLOTS] : NULL;

	if (body && body->key != key)
		*body = (struct body){ .key = key };
	return body;
}

/* What a prompt has that its text does not tell the cost of: the tools it offers, the pictures inside. */
static struct shape *shape_of(struct estimator *e, const struct call *call)
{
	const struct text *prompt = &call->text[TEXT_PROMPT], *tools = &call->text[TEXT_TOOLS];
	const uint64_t facts[] = { tools->bytes, tools->count[TEXT_WORDS], tools->count[TEXT_MARKS], call->text[TEXT_IMAGES].pieces,
				   prompt->opaque, prompt->opaque ? (prompt->bytes - prompt->opaque) / 64 : 0 };
	uint64_t key = hash_bytes(facts, sizeof(facts), model_key(call));
	struct shape *shape = &e->shapes[key % SLOTS];

	if (!tools->bytes && !prompt->opaque)
		return NULL;
	if (shape->key != key)
		*shape = (struct shape){ .key = key };
	return shape;
}

static void guess_input(struct estimator *e, struct model *model, const struct call *call, struct guess *g)
{
	const struct spread *spread;
	struct body *body = body_of(e, call);
	double fetched[RELATION_DIMS] = { 0 }, more;
	struct shape *shape;

	input_features(call, g->x);
	g->model = g->said = relation_says(&model->side[SIDE_REQUEST], &input_prior, g->x);
	g->kind = KIND_TEXT;
	if (call_fetches(call)) {
		fetched_features(call, fetched);
		more = relation_says(&model->family->fetched, &fetched_prior, fetched);
		g->said += more > 0 ? more : 0;
		g->kind = KIND_FETCHED;
	} else if (call->text[TEXT_IMAGES].pieces && !call->text[TEXT_PROMPT].opaque) {
		g->kind = KIND_LINKED;
	} else if ((shape = shape_of(e, call))) {
		g->kind = shape->n ? KIND_SHAPE : call->text[TEXT_PROMPT].opaque ? KIND_PICTURE : KIND_TOOLS;
		g->said += shape->off;
	}
	if (body && body->tokens) {
		g->kind = KIND_SAME;
		g->said = (double)body->tokens;
	}
	g->said = within_reason(g->said);
	spread = &model->family->spread[g->kind];
	g->tokens = g->kind == KIND_SAME ? g->said : spread_correct(spread, g->said, inertia[g->kind]);
}

static void learn_input(struct estimator *e, struct model *model, const struct call *call, double told)
{
	struct body *body = body_of(e, call);
	double fetched[RELATION_DIMS] = { 0 };
	struct family *family = model->family;
	struct shape *shape;
	struct guess g;

	guess_input(e, model, call, &g);
	for (struct family *each = family; each; each = each->maker) {
		spread_learn(&each->spread[g.kind], g.said, g.tokens, told);
		each->changed |= 1u << g.kind | 1u << KINDS;
	}
	if (body)
		body->tokens = (uint64_t)told;
	if (call_fetches(call)) {
		fetched_features(call, fetched);
		for (struct family *each = family; each; each = each->maker)
			relation_learn(&each->fetched, &fetched_prior, fetched, told - g.model, 1);
		return;
	}
	for (struct family *each = family; each; each = each->maker)
		relation_learn(&each->side[SIDE_REQUEST], &input_prior, g.x, told, 4);
	relation_learn(&model->side[SIDE_REQUEST], &input_prior, g.x, told, 1);
	shape = g.kind == KIND_LINKED ? NULL : shape_of(e, call);
	if (!shape)
		return;
	g.model = relation_says(&model->side[SIDE_REQUEST], &input_prior, g.x);
	shape->off += (shape->n ? 0.4 + 0.1 * (shape->n == 1) : 1) * (told - g.model - shape->off);
	shape->n++;
}

/* ---- output */

/* Nothing of the answer came, or no more than a part of a document, which says nothing of the rest. */
static bool unseen(const struct call *call)
{
	bool broken = call->flags & CALL_ABORTED && !(call->flags & CALL_STREAM);

	return broken || (!call->text[TEXT_ANSWER].bytes && !call->text[TEXT_REASONING].bytes && !call->text[TEXT_ARGUMENTS].bytes &&
			  !call->text[TEXT_CALLS].pieces && !call->text[TEXT_SEALED].bytes);
}

static void guess_output(const struct model *model, const struct call *call, enum kind kind, uint64_t limit, struct guess *g)
{
	output_features(call, g->x);
	g->model = g->said = relation_says(&model->side[SIDE_RESPONSE], &output_prior, g->x);
	g->kind = kind;
	if (kind == KIND_UNSEEN && g->said < model->usual)
		g->said = model->usual;
	g->said = within_reason(g->said);
	g->tokens = spread_correct(&model->family->spread[kind], g->said, inertia[kind]);
	if (limit && g->tokens > (double)limit)
		g->tokens = (double)limit;
}

static enum kind output_kind(const struct model *model, const struct call *call)
{
	/* what a provider's tools brought is sealed with the thoughts */
	if (call->text[TEXT_SEALED].bytes)
		return call_fetches(call) ? KIND_SEALED_MORE : KIND_SEALED;
	return model->thinks > 0.3 && !call->text[TEXT_REASONING].bytes ? KIND_HIDDEN : KIND_SHOWN;
}

static void learn_output(struct model *model, const struct call *call, const struct usage *usage)
{
	double told = (double)usage->count[COUNT_OUTPUT], thought = usage->count[COUNT_REASONING] > 5;
	static const struct call nothing;
	struct guess g, blind;

	guess_output(model, call, output_kind(model, call), call->output_limit, &g);
	/* and how it would have been without a word of the answer */
	guess_output(model, &nothing, KIND_UNSEEN, call->output_limit, &blind);
	for (struct family *each = model->family; each; each = each->maker) {
		spread_learn(&each->spread[g.kind], g.said, g.tokens, told);
		spread_learn(&each->spread[KIND_UNSEEN], blind.said, blind.tokens, told);
		relation_learn(&each->side[SIDE_RESPONSE], &output_prior, g.x, told, 4);
		each->changed |= 1u << g.kind | 1u << KIND_UNSEEN | 1u << KINDS;
	}
	relation_learn(&model->side[SIDE_RESPONSE], &output_prior, g.x, told, 1);
	model->usual += (model->side[SIDE_RESPONSE].n > 20 ? 0.05 : 1.0 / model->side[SIDE_RESPONSE].n) * (told - model->usual);
	model->thinks += 0.2 * (thought - model->thinks);
}

/* ---- which calls */

static bool makes_tokens(const struct call *call)
{
	static const char *const operations[] = { "chat", "text_completion", "generate_content", "embeddings", "invoke_agent" };

	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (!strcmp(call->operation, operations[i]))
			return true;
	return false;
}

static bool counts_output(const struct call *call)
{
	return strcmp(call->operation, "embeddings") != 0;
}

/* Over a hole nothing is guessed, and no case is learnt from. */
static bool is_whole(const struct call *call)
{
	return !(call->flags & (CALL_INCOMPLETE | CALL_UNDECODED | CALL_TRUNCATED | CALL_MID_CONNECTION | CALL_FREE | CALL_RETRIEVAL |
				CALL_BACKGROUND)) &&
	       call->billing != BILLING_FREE && call->billing != BILLING_BATCH && makes_tokens(call);
}

static bool teaches(const struct call *call)
{
	const struct usage *usage = &call->usages[0];

	return call->usage_source == USAGE_REPORTED && call->n_usages == 1 && !call->part && usage_knows(usage, COUNT_INPUT) &&
	       (double)usage->count[COUNT_INPUT] < BEYOND && (double)usage->count[COUNT_OUTPUT] < BEYOND &&
	       !(call->flags & (CALL_ABORTED | CALL_ERROR)) && call->text[TEXT_PROMPT].bytes + call->text[TEXT_TURNS].pieces;
}

/* A refusal is not billed; an answer that broke off is, and so may be a request whose answer nobody waited for. */
static bool may_be_billed(const struct call *call)
{
	bool asked = call->text[TEXT_PROMPT].bytes || call->text[TEXT_TURNS].pieces || call->text[TEXT_IMAGES].pieces;

	if (!asked || (call->status && (call->status < 200 || call->status > 299)))
		return false;
	return !(call->flags & CALL_ERROR) || !unseen(call);
}

static void fill(struct estimate *ret, struct usage *usage, enum side side, const struct model *model, const struct guess *g,
		 uint64_t limit)
{
	enum count which = side == SIDE_REQUEST ? COUNT_INPUT : COUNT_OUTPUT;
	double low, high;

	spread_bounds(&model->family->spread[g->kind], g->tokens, &low, &high);
	if (g->kind == KIND_SAME)
		low = high = g->tokens;
	if (limit && high > (double)limit)
		high = (double)limit > g->tokens ? (double)limit : g->tokens;
	usage_set(usage, which, (uint64_t)(g->tokens + 0.5));
	ret->low[side] = (uint64_t)low;
	ret->high[side] = (uint64_t)ceil(high < BEYOND ? high : BEYOND);
	ret->counts |= 1u << which;
}

static void estimate(struct estimator *e, struct model *model, struct call *call, struct estimate *ret)
{
	struct usage *usage = &call->usages[0];
	struct guess g;

	if (!call->n_usages) {
		memset(usage, 0, sizeof(*usage));
		STR_COPY(usage->model, str_of(call->model[0] ? call->model : call->model_requested));
		call->n_usages = 1;
	}
	if (!usage_knows(usage, COUNT_INPUT)) {
		guess_input(e, model, call, &g);
		fill(ret, usage, SIDE_REQUEST, model, &g, 0);
	}
	if (counts_output(call) && !usage_knows(usage, COUNT_OUTPUT)) {
		guess_output(model, call, unseen(call) ? KIND_UNSEEN : output_kind(model, call), call->output_limit, &g);
		fill(ret, usage, SIDE_RESPONSE, model, &g, call->output_limit);
	}
	if (!ret->counts)
		return;
	for (int side = SIDE_REQUEST; side <= SIDE_RESPONSE; side++) {
		enum count which = side == SIDE_REQUEST ? COUNT_INPUT : COUNT_OUTPUT;

		if (!(ret->counts >> which & 1))
			ret->low[side] = ret->high[side] = usage->count[which];
	}
	call->usage_source = USAGE_ESTIMATED;
	str_copy(ret->name, sizeof(ret->name), STR("text/1"));
}

void estimator_call(struct estimator *e, struct call *call, int64_t time_ns, struct estimate *ret)
{
	struct model *model;

	*ret = (struct estimate){ .name = "" };
	if (!is_whole(call) || !(model = estimator_model(e, call)))
		return;
	e->time_ns = time_ns;
	if (!teaches(call)) {
		if (may_be_billed(call) && call->n_usages <= 1)
			estimate(e, model, call, ret);
		return;
	}
	learn_input(e, model, call, (double)call->usages[0].count[COUNT_INPUT]);
	if (counts_output(call) && usage_knows(&call->usages[0], COUNT_OUTPUT))
		learn_output(model, call, &call->usages[0]);
	model->changed = true;
}
