/* SPDX-License-Identifier: Apache-2.0 */
#include "link/owner.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

void owner_of(const struct record *record, struct owner *ret)
{
	memset(ret, 0, sizeof(*ret));
	STR_COPY(ret->record, str_of(record->id));
	STR_COPY(ret->team, str_of(record->team));
	STR_COPY(ret->team_source, str_of(record->team_source));
	STR_COPY(ret->caller_team, str_of(record->caller_team));
	ret->n_labels = record->n_labels;
	memcpy(ret->labels, record->labels, sizeof(ret->labels));
}

static int add(struct json_object *o, const char *key, const char *value)
{
	struct json_object *text = value[0] ? json_object_new_string(value) : NULL;

	if (!text)
		return value[0] ? -ENOMEM : 0;
	if (json_object_object_add(o, key, text) == 0)
		return 0;
	json_object_put(text);
	return -ENOMEM;
}

static int add_labels(const struct owner *owner, struct json_object *o)
{
	struct json_object *labels = json_object_new_object();
	int err = 0;

	for (uint32_t i = 0; labels && err == 0 && i < owner->n_labels && i < LIMIT_LABELS; i++)
		err = add(labels, owner->labels[i].name, owner->labels[i].value);
	if (!labels || err < 0 || json_object_object_add(o, "labels", labels) < 0) {
		json_object_put(labels);
		return -ENOMEM;
	}
	return 0;
}

int owner_write(const struct owner *owner, struct json_object *o)
{
	int err = add(o, "record", owner->record);

	if (err == 0)
		err = add(o, "team", owner->team);
	if (err == 0)
		err = add(o, "team_source", owner->team_source);
	if (err == 0)
		err = add(o, "caller_team", owner->caller_team);
	return err == 0 && owner->n_labels ? add_labels(owner, o) : err;
}

static struct str member(struct json_object *o, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(o, key, &value) || !json_object_is_type(value, json_type_string))
		return STR("");
	return (struct str){ json_object_get_string(value), (size_t)json_object_get_string_len(value) };
}

bool owner_read(struct json_object *o, struct owner *ret)
{
	struct json_object *labels;

	memset(ret, 0, sizeof(*ret));
	STR_COPY(ret->record, member(o, "record"));
	STR_COPY(ret->team, member(o, "team"));
	STR_COPY(ret->team_source, member(o, "team_source"));
	STR_COPY(ret->caller_team, member(o, "caller_team"));
	if (json_object_object_get_ex(o, "labels", &labels) && json_object_is_type(labels, json_type_object)) {
		json_object_object_foreach(labels, name, value) {
			struct label *label = &ret->labels[ret->n_labels];

			if (ret->n_labels == LIMIT_LABELS || !json_object_is_type(value, json_type_string))
				break;
			STR_COPY(label->name, str_of(name));
			STR_COPY(label->value, str_of(json_object_get_string(value)));
			ret->n_labels++;
		}
	}
	return ret->record[0] != 0;
}

void owner_apply(const struct owner *owner, const char *before, struct record *record)
{
	STR_COPY(record->team, str_of(owner->team));
	record->team_source[0] = 0;
	if (owner->team[0])
		snprintf(record->team_source, sizeof(record->team_source), "%s%.*s", before,
			 (int)(sizeof(record->team_source) - 1 - strlen(before)), owner->team_source);
	record->n_labels = owner->n_labels;
	memcpy(record->labels, owner->labels, sizeof(record->labels));
	record->flags &= ~(uint32_t)(FLAG_UNATTRIBUTED | FLAG_UNKNOWN_TEAM | FLAG_CLAIM_CONFLICT | FLAG_NOT_READY);
	if (!owner->team[0])
		record->flags |= FLAG_UNATTRIBUTED;
}

struct json_object *owner_parse(const struct memory_value *value)
{
	struct json_object *o = json_tokener_parse(value->text);

	if (o && !json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		o = NULL;
	}
	return o;
}

int owner_text(struct json_object *o, struct memory_value *ret)
{
	size_t n;
	const char *text = json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);

	if (text && n >= sizeof(ret->text)) {
		json_object_object_del(o, "labels");
		text = json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
	}
	if (!text)
		return -ENOMEM;
	if (n >= sizeof(ret->text))
		return -ENOSPC;
	memcpy(ret->text, text, n + 1);
	return 0;
}
