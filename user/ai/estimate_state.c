/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model begins with what its provider's models have in common, a provider with
 * what the maker of its models has, where one dialect is one maker's; then each
 * goes on by itself. What changed is put into the memory before a commit, and
 * looked up there when a name is first seen.
 */
#include "ai/estimate_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "noun/head.h"

int estimator_new(struct memory *memory, struct estimator **ret)
{
	struct estimator *e = mem_new(sizeof(*e));

	if (!e)
		return -ENOMEM;
	e->memory = memory;
	e->families = MAP(LIMIT_CALIBRATED_FAMILIES);
	e->models = MAP(LIMIT_CALIBRATED_MODELS);
	*ret = e;
	return 0;
}

struct estimator *estimator_free(struct estimator *e)
{
	uint64_t key;
	void *value;

	if (!e)
		return NULL;
	for (size_t i = 0; map_next(&e->models, &i, &key, &value);)
		mem_free(value);
	for (size_t i = 0; map_next(&e->families, &i, &key, &value);)
		mem_free(value);
	map_done(&e->models);
	map_done(&e->families);
	return mem_free(e);
}

/* ---- what is kept */

static bool kept(struct estimator *e, const char *family, const char *name, struct memory_value *ret)
{
	struct memory_key key = { .kind = MEMORY_CALIBRATION };

	if (!e->memory)
		return false;
	str_copy(key.provider, sizeof(key.provider), str_of(family));
	str_copy(key.name, sizeof(key.name), str_of(name));
	return e->memory->ops->get(e->memory, &key, ret) == 0;
}

static void keep(struct estimator *e, const char *family, const char *name, struct memory_value *value)
{
	struct memory_key key = { .kind = MEMORY_CALIBRATION };

	str_copy(key.provider, sizeof(key.provider), str_of(family));
	str_copy(key.name, sizeof(key.name), str_of(name));
	value->time_ns = e->time_ns;
	value->until_ns = 0;
	e->memory->ops->put(e->memory, &key, value);
}

/* No model is called so. */
static void spread_name(unsigned int kind, char name[16])
{
	snprintf(name, 16, "#spread%u", kind);
}

static void load_family(struct estimator *e, struct family *family)
{
	struct memory_value value;
	char name[16];

	if (kept(e, family->name, "#", &value)) {
		kept_relation(&family->side[SIDE_REQUEST], "input", value.text);
		kept_relation(&family->side[SIDE_RESPONSE], "output", value.text);
		kept_relation(&family->fetched, "fetched", value.text);
	}
	for (unsigned int kind = 0; kind < KINDS; kind++) {
		spread_name(kind, name);
		if (kept(e, family->name, name, &value))
			kept_spread(&family->spread[kind], value.text);
	}
}

static void save_family(struct estimator *e, struct family *family)
{
	struct memory_value value = { 0 };
	char name[16];

	if (family->changed >> KINDS && keep_relation(&family->side[SIDE_REQUEST], "input", value.text, sizeof(value.text)) == 0 &&
	    keep_relation(&family->side[SIDE_RESPONSE], "output", value.text, sizeof(value.text)) == 0 &&
	    keep_relation(&family->fetched, "fetched", value.text, sizeof(value.text)) == 0)
		keep(e, family->name, "#", &value);
	for (unsigned int kind = 0; kind < KINDS; kind++) {
		value.text[0] = 0;
		spread_name(kind, name);
		if (family->changed >> kind & 1 && keep_spread(&family->spread[kind], value.text, sizeof(value.text)) == 0)
			keep(e, family->name, name, &value);
	}
	family->changed = 0;
}

static void load_model(struct estimator *e, struct model *model)
{
	struct memory_value value;
	struct relation answers = { 0 };

	if (!kept(e, model->family->name, model->name, &value))
		return;
	kept_relation(&model->side[SIDE_REQUEST], "input", value.text);
	kept_relation(&model->side[SIDE_RESPONSE], "output", value.text);
	if (kept_numbers("answers", value.text, answers.weight, 2)) {
		model->usual = answers.weight[0];
		model->thinks = answers.weight[1];
	}
}

static void save_model(struct estimator *e, struct model *model)
{
	const double answers[2] = { model->usual, model->thinks };
	struct memory_value value = { 0 };

	if (keep_relation(&model->side[SIDE_REQUEST], "input", value.text, sizeof(value.text)) == 0 &&
	    keep_relation(&model->side[SIDE_RESPONSE], "output", value.text, sizeof(value.text)) == 0 &&
	    keep_numbers("answers", answers, 2, value.text, sizeof(value.text)) == 0)
		keep(e, model->family->name, model->name, &value);
	model->changed = false;
}

void estimator_save(struct estimator *e)
{
	uint64_t key;
	void *value;

	/* a busy batch ends many times a second, and writing numbers out is dearer than learning them */
	if (e->saved_ns && e->time_ns >= e->saved_ns && e->time_ns - e->saved_ns < (int64_t)NSEC_PER_SEC)
		return;
	e->saved_ns = e->time_ns;
	for (size_t i = 0; e->memory && map_next(&e->families, &i, &key, &value);)
		if (((struct family *)value)->changed)
			save_family(e, value);
	for (size_t i = 0; e->memory && map_next(&e->models, &i, &key, &value);)
		if (((struct model *)value)->changed)
			save_model(e, value);
}

/* ---- who */

/* Most of what was billed did not pass. */
static bool is_blind(enum kind kind)
{
	return kind == KIND_LINKED || kind == KIND_FETCHED || kind == KIND_SEALED_MORE || kind == KIND_HIDDEN || kind == KIND_UNSEEN;
}

/* Begins as its maker's, where it has one. */
static struct family *family_named(struct estimator *e, const char *name, struct family *maker)
{
	uint64_t key = hash_text(name, 0);
	struct family *family = map_get(&e->families, key);

	if (family)
		return family;
	family = mem_new(sizeof(*family));
	if (!family || map_put(&e->families, key, family) < 0)
		return mem_free(family);
	if (maker) {
		*family = *maker;
		family->changed = 0;
		relation_branch(&family->side[SIDE_REQUEST], &maker->side[SIDE_REQUEST], &input_prior);
		relation_branch(&family->side[SIDE_RESPONSE], &maker->side[SIDE_RESPONSE], &output_prior);
	} else {
		relation_begin(&family->side[SIDE_REQUEST], &input_prior, 0.1);
		relation_begin(&family->side[SIDE_RESPONSE], &output_prior, 0.1);
		relation_begin(&family->fetched, &fetched_prior, 0.5);
		for (int kind = 0; kind < KINDS; kind++)
			spread_begin(&family->spread[kind], is_blind((enum kind)kind) ? 1.5f : 0.6f);
	}
	family->maker = maker;
	STR_COPY(family->name, str_of(name));
	load_family(e, family);
	return family;
}

static struct family *family_of(struct estimator *e, const struct call *call)
{
	struct family *maker = NULL;

	/* other dialects are spoken by many makers' models */
	if (!strcmp(call->dialect, "gemini") || !strcmp(call->dialect, "anthropic"))
		maker = family_named(e, call->dialect, NULL);
	return family_named(e, call->provider, maker);
}

struct model *estimator_model(struct estimator *e, const struct call *call)
{
	uint64_t key = hash_text(call_model(call), hash_text(call->provider, 1));
	struct model *model = map_get(&e->models, key);
	struct family *family;

	if (model)
		return model;
	family = family_of(e, call);
	model = family ? mem_new(sizeof(*model)) : NULL;
	if (!model || map_put(&e->models, key, model) < 0)
		return mem_free(model);
	model->family = family;
	STR_COPY(model->name, str_of(call_model(call)));
	relation_branch(&model->side[SIDE_REQUEST], &family->side[SIDE_REQUEST], &input_prior);
	relation_branch(&model->side[SIDE_RESPONSE], &family->side[SIDE_RESPONSE], &output_prior);
	load_model(e, model);
	return model;
}
