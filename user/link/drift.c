/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpt-4o answers as gpt-4o-2024-08-06 until the provider points it elsewhere;
 * claude-sonnet-latest, a deployment's name and a gateway's name likewise. What
 * is asked for by its own name (models/x or vendor/x for x included) stands for
 * nothing, and gets no row, unless it once stood for another.
 *
 * The row says what answers, since when, what did before, and how often that
 * changed: a router's name changes all the time, and can be told by that.
 */
#include "link/drift.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

struct alias {
	char model[128];
	char before[128];
	int64_t since_ns;
	int64_t changes;
};

static struct str bare(const char *model)
{
	const char *slash = strrchr(model, '/');

	return str_of(slash ? slash + 1 : model);
}

static bool is_alias(const struct call *call)
{
	return !str_ieq(bare(call->model_requested), bare(call->model));
}

static struct json_object *member(struct json_object *o, const char *key, enum json_type type)
{
	struct json_object *value;

	return json_object_object_get_ex(o, key, &value) && json_object_is_type(value, type) ? value : NULL;
}

static bool read_alias(const struct memory_value *value, struct alias *ret)
{
	struct json_object *o = json_tokener_parse(value->text);

	memset(ret, 0, sizeof(*ret));
	if (json_object_is_type(o, json_type_object)) {
		STR_COPY(ret->model, str_of(json_object_get_string(member(o, "model", json_type_string))));
		STR_COPY(ret->before, str_of(json_object_get_string(member(o, "before", json_type_string))));
		ret->changes = json_object_get_int64(member(o, "changes", json_type_int));
		ret->since_ns = json_object_get_int64(member(o, "since_ns", json_type_int));
	}
	json_object_put(o);
	return ret->model[0] != 0;
}

static bool add(struct json_object *o, const char *key, struct json_object *value)
{
	if (value && json_object_object_add(o, key, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

static void put_alias(struct memory *memory, const struct memory_key *key, const struct alias *alias)
{
	struct memory_value value = { .time_ns = alias->since_ns };
	struct json_object *o = json_object_new_object();

	if (o && add(o, "model", json_object_new_string(alias->model)) &&
	    add(o, "since_ns", json_object_new_int64(alias->since_ns)) &&
	    (!alias->before[0] || add(o, "before", json_object_new_string(alias->before))) &&
	    add(o, "changes", json_object_new_int64(alias->changes))) {
		STR_COPY(value.text, str_of(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN)));
		memory->ops->put(memory, key, &value);
	}
	json_object_put(o);
}

void drift_look(struct memory *memory, struct record *record)
{
	struct memory_key key = { .kind = MEMORY_ALIAS };
	const struct call *call = record->call;
	struct alias alias, next = { .since_ns = record->time_ns };
	struct memory_value value;

	if (!call->model_requested[0] || !call->model[0] || call->flags & (CALL_ERROR | CALL_RETRIEVAL))
		return;
	STR_COPY(key.provider, str_of(call->provider));
	STR_COPY(key.name, str_of(call->model_requested));
	STR_COPY(next.model, str_of(call->model));
	if (memory->ops->get(memory, &key, &value) < 0 || !read_alias(&value, &alias)) {
		if (is_alias(call))
			put_alias(memory, &key, &next);
		return;
	}
	/* one that began before the change says nothing about what is so now */
	if (str_ieq(bare(alias.model), bare(call->model)) || record->time_ns <= alias.since_ns)
		return;
	record->flags |= FLAG_ALIAS_DRIFT;
	STR_COPY(next.before, str_of(alias.model));
	next.changes = alias.changes + 1;
	put_alias(memory, &key, &next);
}
