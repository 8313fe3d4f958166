/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From counts to features. A text's tokens are first guessed alike for every
 * model, by weights that were fitted to a public vocabulary (o200k, of OpenAI's
 * tiktoken) on texts, not on what providers reported: 3 per cent off for texts
 * of more than 40 tokens, where bytes alone are off by 11. How a model's own
 * tokenizer differs, what a message, a tool or a picture costs beyond its text,
 * is learnt, from the priors below.
 */
#include <string.h>

#include "ai/estimate_inside.h"
#include "base/str.h"

/* Scales keep weights near one. */
enum { IN_BASE, IN_PROMPT, IN_TOOLS, IN_HAS_TOOLS, IN_SCHEMAS, IN_TURNS, IN_IMAGES, IN_RESENT };

const struct relation_prior input_prior = {
	.dims = 8,
	.weight = { 0.3, 1.05, 0.9, 0.6, 0.5, 0.8, 1, 0.2 },
	.variance = { 25, 0.04, 0.25, 4, 1, 0.5, 3, 0.1 },
};

enum { OUT_BASE, OUT_ANSWER, OUT_REASONING, OUT_ARGUMENTS, OUT_CALLS, OUT_SEALED, OUT_STREAMED, OUT_DELTAS };

const struct relation_prior output_prior = {
	.dims = 8,
	.weight = { 0.7, 1.03, 1, 1, 0.7, 0.75, -0.3, 0.3 },
	.variance = { 9, 0.03, 0.09, 0.25, 1, 0.1, 0.1, 0.1 },
};

enum { FETCHED_REMOTE, FETCHED_TOOLS, FETCHED_PIECES, FETCHED_TEXT };

const struct relation_prior fetched_prior = {
	.dims = 4,
	.weight = { 1, 0.5, 1, 0.3 },
	.variance = { 4, 2, 2, 0.3 },
};

static double tokens_of(const struct text *text, unsigned int texts)
{
	static const double weight[TEXT_COUNTS] = {
		[TEXT_WORDS] = 0.53, [TEXT_LETTERS] = 0.046, [TEXT_CAMELS] = 0.05, [TEXT_DIGITS] = 0.278,
		[TEXT_NUMBERS] = 1.049, [TEXT_MARKS] = 0.193, [TEXT_MARK_RUNS] = 0.551, [TEXT_SPACES] = 0.299,
		[TEXT_BREAKS] = 0.555, [TEXT_ESCAPES] = -1, [TEXT_LEADS_2] = 0.899, [TEXT_LEADS_3] = 1.129,
	};
	double sum = 0;

	if (!text->counted)
		return 0;
	for (int i = 0; i < TEXT_COUNTS; i++)
		sum += weight[i] * text->count[i];
	sum = sum * ((double)text->bytes / (double)text->counted) + 0.386 * texts;
	return sum > 0 ? sum : 0;
}

static unsigned int at_most(uint32_t n, unsigned int limit)
{
	return n < limit ? n : limit;
}

static unsigned int pieces(const struct call *call, enum text_class class)
{
	return call->text[class].pieces;
}

/* What a picture costs at most models of a maker, as they document it: gpt-4o-mini multiplies it. */
static double image_tokens(const struct call *call)
{
	static const struct {
		const char *name;
		double tokens;
	} table[] = {
		{ "gpt-4o-mini", 14000 }, { "gpt", 700 }, { "claude", 1200 }, { "gemini", 400 },
	};
	struct str model = str_of(call->model_requested[0] ? call->model_requested : call->model);

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (str_find(model, str_of(table[i].name)) >= 0)
			return table[i].tokens;
	return 800;
}

void input_features(const struct call *call, double x[RELATION_DIMS])
{
	unsigned int images = at_most(pieces(call, TEXT_IMAGES), 50);

	if (!images && call->text[TEXT_PROMPT].opaque)
		images = 1;
	x[IN_BASE] = 10;
	x[IN_PROMPT] = tokens_of(&call->text[TEXT_PROMPT], at_most(pieces(call, TEXT_PROMPT), 10000));
	x[IN_TOOLS] = tokens_of(&call->text[TEXT_TOOLS], 1);
	x[IN_HAS_TOOLS] = pieces(call, TEXT_SCHEMAS) ? 100 : 0;
	x[IN_SCHEMAS] = 10 * at_most(pieces(call, TEXT_SCHEMAS), 1000);
	x[IN_TURNS] = 4 * at_most(pieces(call, TEXT_TURNS) ? pieces(call, TEXT_TURNS) : 1, 10000);
	x[IN_IMAGES] = image_tokens(call) * images;
	x[IN_RESENT] = (double)call->text[TEXT_RESENT].bytes / 4;
}

void output_features(const struct call *call, double x[RELATION_DIMS])
{
	x[OUT_BASE] = 4;
	x[OUT_ANSWER] = tokens_of(&call->text[TEXT_ANSWER], 1);
	x[OUT_REASONING] = tokens_of(&call->text[TEXT_REASONING], 1);
	x[OUT_ARGUMENTS] = tokens_of(&call->text[TEXT_ARGUMENTS], 1);
	x[OUT_CALLS] = 20 * at_most(pieces(call, TEXT_CALLS), 1000);
	x[OUT_SEALED] = (double)call->text[TEXT_SEALED].bytes / 4;
	/* many a stream has an event a token; a word that two of them share was counted twice */
	x[OUT_STREAMED] = call->flags & CALL_STREAM ? x[OUT_ANSWER] : 0;
	x[OUT_DELTAS] = call->flags & CALL_STREAM ? at_most(pieces(call, TEXT_ANSWER), 1000000) : 0;
}

bool call_fetches(const struct call *call)
{
	return pieces(call, TEXT_REMOTE) || pieces(call, TEXT_FETCHED) || pieces(call, TEXT_OFFERS) > pieces(call, TEXT_SCHEMAS) ||
	       !strcmp(call->operation, "invoke_agent");
}

void fetched_features(const struct call *call, double x[RELATION_DIMS])
{
	x[FETCHED_REMOTE] = 1500 * at_most(pieces(call, TEXT_REMOTE), 4);
	x[FETCHED_TOOLS] = pieces(call, TEXT_OFFERS) > pieces(call, TEXT_SCHEMAS) ? 1000 : 0;
	x[FETCHED_PIECES] = 3000 * at_most(pieces(call, TEXT_FETCHED), 50);
	x[FETCHED_TEXT] = (double)call->text[TEXT_FETCHED].bytes / 4;
}
