/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call's counts are "of which": cached input is part of the input, reasoning
 * part of the output. Prices are for disjoint classes, so the counts are first
 * taken apart (split), then each class becomes a line, then each line is priced
 * by the one variant of the one price that holds: service tier first, then the
 * highest threshold that the whole input is over, which reprices all classes.
 *
 * Counts that contradict each other are believed where they are largest: more
 * cached tokens than input tokens give no discount at all. A class without a
 * rate of its own has its parent's (no price for cached input means that caching
 * is not discounted, none for reasoning that it costs what output costs). What
 * cannot be priced is left unpriced, never 0.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "money/table.h"

struct split {
	uint64_t tokens[LINE_UNIT];
	uint64_t input;			/* all of it: what thresholds look at */
	bool clamped;
};

/* Takes up to want out of *from; what is not there was a contradiction. */
static uint64_t take(uint64_t *from, uint64_t want, bool *clamped)
{
	uint64_t got = want <= *from ? want : *from;

	*clamped |= got != want;
	*from -= got;
	return got;
}

static uint64_t known(const struct usage *u, enum count which)
{
	return usage_knows(u, which) ? u->count[which] : 0;
}

static void split_input(const struct usage *u, struct split *s)
{
	uint64_t left = known(u, COUNT_INPUT), cached = known(u, COUNT_CACHE_READ), written = known(u, COUNT_CACHE_WRITE);
	uint64_t audio = known(u, COUNT_AUDIO_INPUT), image = known(u, COUNT_IMAGE_INPUT);

	s->input = left;
	if (cached > left) {
		cached = 0;
		s->clamped = true;
	}
	left -= cached;
	written = take(&left, written, &s->clamped);
	s->tokens[LINE_CACHE_WRITE_1H] = take(&written, known(u, COUNT_CACHE_WRITE_1H), &s->clamped);
	s->tokens[LINE_CACHE_WRITE_5M] = written;
	s->tokens[LINE_AUDIO_CACHE_READ] = take(&cached, known(u, COUNT_AUDIO_CACHE_READ), &s->clamped);
	s->tokens[LINE_IMAGE_CACHE_READ] = take(&cached, known(u, COUNT_IMAGE_CACHE_READ), &s->clamped);
	s->tokens[LINE_CACHE_READ] = cached;
	take(&audio, s->tokens[LINE_AUDIO_CACHE_READ], &s->clamped);
	take(&image, s->tokens[LINE_IMAGE_CACHE_READ], &s->clamped);
	s->tokens[LINE_AUDIO_INPUT] = take(&left, audio, &s->clamped);
	s->tokens[LINE_IMAGE_INPUT] = take(&left, image, &s->clamped);
	s->tokens[LINE_INPUT_UNCACHED] = left;
}

static struct split split(const struct usage *u)
{
	struct split s = { 0 };
	uint64_t left = known(u, COUNT_OUTPUT);

	split_input(u, &s);
	s.tokens[LINE_REASONING] = take(&left, known(u, COUNT_REASONING), &s.clamped);
	s.tokens[LINE_AUDIO_OUTPUT] = take(&left, known(u, COUNT_AUDIO_OUTPUT), &s.clamped);
	s.tokens[LINE_IMAGE_OUTPUT] = take(&left, known(u, COUNT_IMAGE_OUTPUT), &s.clamped);
	s.tokens[LINE_OUTPUT_VISIBLE] = left;
	return s;
}

enum price_tier price_tier_of(struct str name)
{
	static const struct {
		const char *name;
		enum price_tier tier;
	} names[] = {
		/* OpenAI, Anthropic, Groq, Bedrock; Vertex' trafficType */
		{ "", TIER_STANDARD }, { "default", TIER_STANDARD }, { "auto", TIER_STANDARD },
		{ "standard", TIER_STANDARD }, { "standard_only", TIER_STANDARD }, { "on_demand", TIER_STANDARD },
		{ "ondemand", TIER_STANDARD }, { "on-demand", TIER_STANDARD }, { "free", TIER_STANDARD },
		{ "batch", TIER_BATCH }, { "flex", TIER_FLEX }, { "on_demand_flex", TIER_FLEX },
		{ "priority", TIER_PRIORITY }, { "fast", TIER_PRIORITY }, { "on_demand_priority", TIER_PRIORITY },
		/* bought beforehand: the list price is the plain one, and billing says that nothing is owed */
		{ "scale", TIER_STANDARD }, { "provisioned", TIER_STANDARD }, { "reserved", TIER_STANDARD },
		{ "provisioned_throughput", TIER_STANDARD },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_ieq(str_of(names[i].name), name))
			return names[i].tier;
	return TIER_MAX;
}

static const struct price_variant *variant_of(const struct price *price, enum price_tier tier, uint64_t input)
{
	const struct price_variant *found = NULL;

	for (size_t i = 0; i < price->n_variants; i++)
		if (price->variants[i].tier == tier && (!price->variants[i].over || input > price->variants[i].over))
			found = &price->variants[i];
	return found;
}

/* Whose rate a class has that has none of its own. A modality that has its own price is not
 * discounted for being cached unless the price says so; one that has not is text. */
static enum line_class parent_of(const struct price_variant *variant, enum line_class class)
{
	switch (class) {
	case LINE_CACHE_WRITE_1H:
		return LINE_CACHE_WRITE_5M;
	case LINE_AUDIO_CACHE_READ:
		return variant->rate[LINE_AUDIO_INPUT] != RATE_NONE ? LINE_AUDIO_INPUT : LINE_CACHE_READ;
	case LINE_IMAGE_CACHE_READ:
		return variant->rate[LINE_IMAGE_INPUT] != RATE_NONE ? LINE_IMAGE_INPUT : LINE_CACHE_READ;
	case LINE_REASONING:
	case LINE_AUDIO_OUTPUT:
	case LINE_IMAGE_OUTPUT:
	case LINE_OUTPUT_VISIBLE:
		return LINE_OUTPUT_VISIBLE;
	default:
		return LINE_INPUT_UNCACHED;
	}
}

static int64_t class_rate(const struct price_variant *variant, enum line_class class)
{
	while (variant->rate[class] == RATE_NONE && parent_of(variant, class) != class)
		class = parent_of(variant, class);
	return variant->rate[class];
}

/* What holds for a whole usage. */
struct terms {
	const struct price *price;		/* NULL: there is none */
	const struct price_variant *variant;	/* NULL: none for the tier */
	enum price_tier tier;
	int64_t times;
	const char *place;			/* that costs more; NULL: none that does */
};

/* Tokens cost more where inference may not leave a place: platform.claude.com/docs/en/about-claude/pricing (data residency) */
static const struct {
	const char *provider, *place;
	int64_t times;
} places[] = {
	{ "anthropic", "us", 1100000 },
};

static void weigh_place(const struct call *call, struct terms *t)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (strcmp(call->provider, places[i].provider) != 0 || strcmp(call->region, places[i].place) != 0)
			continue;
		t->place = places[i].place;
		if (t->times != RATE_NONE && __builtin_mul_overflow(t->times, places[i].times, &t->times))
			t->times = RATE_NONE;
		if (t->times != RATE_NONE)
			t->times /= TIMES_ONE;
	}
}

static struct terms terms_of(const struct prices *table, const struct call *call, const char *model, enum price_tier tier,
			     uint64_t input, int64_t wall_ns)
{
	struct terms t = { .tier = tier, .times = TIMES_ONE };

	t.price = prices_find(table, str_of(call->provider), str_of(model), wall_ns);
	/* an answer that names a version or a deployment nobody lists: what was asked for may be listed */
	if (!t.price && *call->model_requested && strcmp(model, call->model_requested) != 0)
		t.price = prices_find(table, str_of(call->provider), str_of(call->model_requested), wall_ns);
	if (!t.price || tier == TIER_MAX)
		return t;
	t.variant = variant_of(t.price, tier, input);
	if (!t.variant && tier != TIER_STANDARD) {
		t.times = t.price->times[tier] != RATE_NONE ? t.price->times[tier] :
			  prices_times(table, t.price->provider, tier);
		if (t.times != RATE_NONE)
			t.variant = variant_of(t.price, TIER_STANDARD, input);
	}
	weigh_place(call, &t);
	return t;
}

/* milli thousandths at pico each, times millionths; half to even. False: does not fit. */
static bool amount(uint64_t milli, int64_t pico, int64_t times, int64_t *ret)
{
	const unsigned __int128 one = (unsigned __int128)1000 * TIMES_ONE;
	unsigned __int128 product = (unsigned __int128)milli * (uint64_t)pico;

	if (__builtin_mul_overflow(product, (uint64_t)times, &product))
		return false;
	unsigned __int128 whole = product / one, rest = product % one;
	if (rest > one / 2 || (rest == one / 2 && whole & 1))
		whole++;
	if (whole > INT64_MAX)
		return false;
	*ret = (int64_t)whole;
	return true;
}

static struct cost_line *new_line(struct cost *cost, const char *model, enum line_class class, const char *unit)
{
	if (cost->n_lines == RECORD_LINES) {
		cost->clamped = true;
		return NULL;
	}
	struct cost_line *line = &cost->lines[cost->n_lines++];
	memset(line, 0, sizeof(*line));
	STR_COPY(line->model, str_of(model));
	STR_COPY(line->unit, str_of(unit));
	line->class = (uint8_t)class;
	return line;
}

/* The rule's id, and which of its variants: openai/gpt-5.4+over-272000, openai/o3@2025-06-10+flex */
static void name_rule(struct cost_line *line, const struct terms *t)
{
	char over[32] = "", tier[16] = "", place[16] = "";

	if (line->class != LINE_UNIT && t->variant && t->variant->over)
		snprintf(over, sizeof(over), "+over-%llu", (unsigned long long)t->variant->over);
	if (line->class != LINE_UNIT && t->tier != TIER_STANDARD)
		snprintf(tier, sizeof(tier), "+%s", price_tier_name(t->tier));
	if (line->class != LINE_UNIT && t->place)
		snprintf(place, sizeof(place), "+in-%s", t->place);
	snprintf(line->price, sizeof(line->price), "%.82s%s%s%s", t->price->id, over, tier, place);
}

static void price_line(struct cost *cost, struct cost_line *line, const struct terms *t, int64_t rate)
{
	int64_t sum;

	if (rate == RATE_NONE || !amount(line->milli, rate, line->class == LINE_UNIT ? TIMES_ONE : t->times, &line->pico) ||
	    __builtin_add_overflow(cost->list_pico, line->pico, &sum)) {
		line->pico = 0;
		return;
	}
	cost->list_pico = sum;
	line->priced = true;
	name_rule(line, t);
}

static void price_usage(const struct usage *usage, const struct split *s, const struct terms *t, struct cost *cost)
{
	for (int class = 0; class < LINE_UNIT; class++) {
		struct cost_line *line = s->tokens[class] ?
			new_line(cost, usage->model, (enum line_class)class, "token") : NULL;
		if (!line)
			continue;
		if (__builtin_mul_overflow(s->tokens[class], 1000, &line->milli)) {
			line->milli = UINT64_MAX;
			cost->clamped = true;
			continue;
		}
		price_line(cost, line, t, t->variant ? class_rate(t->variant, (enum line_class)class) : RATE_NONE);
	}
}

static int64_t unit_rate(const struct terms *t, const char *name)
{
	for (size_t i = 0; t->price && i < t->price->n_units; i++)
		if (!strcmp(t->price->units[i].name, name))
			return t->price->units[i].pico;
	return RATE_NONE;
}

static void price_unit(const char *model, const struct unit *unit, const struct terms *t, struct cost *cost)
{
	struct cost_line *line = unit->milli ? new_line(cost, model, LINE_UNIT, unit->name) : NULL;

	if (line) {
		line->milli = unit->milli;
		price_line(cost, line, t, unit_rate(t, unit->name));
	}
}

static void price_units(const struct call *call, const char *model, const struct terms *t, struct cost *cost)
{
	const struct unit request = { .name = "request", .milli = 1000 };
	bool counted = false;

	for (size_t i = 0; i < call->n_units && i < CALL_UNITS; i++) {
		counted |= !strcmp(call->units[i].name, request.name);
		price_unit(model, &call->units[i], t, cost);
	}
	/* a price for the request as such: owed once where anything is */
	if (!counted && call->usage_source != USAGE_NONE && unit_rate(t, request.name) > 0)
		price_unit(model, &request, t, cost);
}

static enum cost_status status_of(const struct cost *cost, bool any_price)
{
	uint32_t priced = 0;

	for (uint32_t i = 0; i < cost->n_lines; i++)
		priced += cost->lines[i].priced;
	if (cost->n_lines == 0)
		return any_price ? COST_PRICED : COST_UNPRICED;
	if (priced == 0)
		return COST_UNPRICED;
	if (priced != cost->n_lines || cost->n_lines == RECORD_LINES)
		return COST_PARTIAL;
	return cost->list_pico ? COST_PRICED : COST_FREE;
}

static bool flat_rate(uint8_t billing)
{
	return billing == BILLING_SUBSCRIPTION || billing == BILLING_PROVISIONED || billing == BILLING_SELF_HOSTED;
}

/* Nothing was used, or nobody charges: errors carry no usage, and no provider bills them. */
static bool is_free(const struct call *call)
{
	return call->flags & CALL_FREE || call->billing == BILLING_FREE ||
	       (call->status >= 400 && call->usage_source == USAGE_NONE && !call->n_units);
}

/* Tokens that nobody charges for are counted all the same. */
static void free_usage(const struct usage *usage, const char *model, struct cost *cost)
{
	struct split s = split(usage);

	cost->clamped |= s.clamped;
	for (int class = 0; class < LINE_UNIT; class++) {
		struct cost_line *line = s.tokens[class] ?
			new_line(cost, *usage->model ? usage->model : model, (enum line_class)class, "token") : NULL;

		if (!line)
			continue;
		if (__builtin_mul_overflow(s.tokens[class], 1000, &line->milli))
			line->milli = UINT64_MAX;
		line->priced = true;
	}
}

void price_call(const struct prices *table, const struct call *call, int64_t wall_ns, struct cost *ret)
{
	enum price_tier tier = call->billing == BILLING_BATCH ? TIER_BATCH : price_tier_of(str_of(call->service_tier));
	const char *model = *call->model ? call->model : call->model_requested;
	struct terms first = { 0 };

	memset(ret, 0, offsetof(struct cost, lines));
	ret->pico = ret->list_pico = 0;
	if (is_free(call)) {
		for (size_t i = 0; i < call->n_usages && i < CALL_USAGES; i++)
			free_usage(&call->usages[i], model, ret);
		ret->status = COST_FREE;
		return;
	}
	for (size_t i = 0; i < call->n_usages && i < CALL_USAGES; i++) {
		struct usage usage = call->usages[i];
		struct split s = split(&usage);
		if (!*usage.model)
			STR_COPY(usage.model, str_of(model));
		struct terms t = terms_of(table, call, usage.model, tier, s.input, wall_ns);

		ret->clamped |= s.clamped;
		price_usage(&usage, &s, &t, ret);
		if (i == 0) {
			first = t;
			model = call->usages[0].model[0] ? call->usages[0].model : model;
		}
	}
	if (!call->n_usages)
		first = terms_of(table, call, model, tier, 0, wall_ns);
	price_units(call, model, &first, ret);
	ret->status = status_of(ret, first.price && call->usage_source != USAGE_NONE);
	if (call->billing == BILLING_SELF_HOSTED && ret->status == COST_UNPRICED)
		ret->status = COST_FREE;
	ret->pico = flat_rate(call->billing) ? 0 : ret->list_pico;
}
