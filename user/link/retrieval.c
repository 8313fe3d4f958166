/* SPDX-License-Identifier: Apache-2.0 */
#include "link/retrieval.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* OpenAI keeps stored responses for 30 days, and nobody longer. */
#define KEEP_NS (30ll * 24 * 3600 * (int64_t)NSEC_PER_SEC)

/* What was reported; an estimate of what is still to come counts for nothing. */
static bool has_usage(const struct call *call)
{
	return call->n_units || (call->n_usages && call->usage_source == USAGE_REPORTED);
}

static bool key_of(const struct call *call, struct memory_key *ret)
{
	const char *id = call->response_id[0] ? call->response_id : call->flags & CALL_RETRIEVAL ? call->previous_id : "";

	*ret = (struct memory_key){ .kind = MEMORY_ANSWER };
	STR_COPY(ret->provider, str_of(call->provider));
	return id[0] && STR_COPY(ret->name, str_of(id));
}

static bool read_value(const struct memory_value *value, struct owner *ret, bool *ret_waits)
{
	struct json_object *o = owner_parse(value), *waits;
	bool known = o && owner_read(o, ret);

	*ret_waits = known && json_object_object_get_ex(o, "waits", &waits) && json_object_get_boolean(waits);
	json_object_put(o);
	return known;
}

enum retrieval retrieval_find(struct memory *memory, const struct call *call, struct owner *ret)
{
	struct memory_value value;
	struct memory_key key;
	bool waits;

	memset(ret, 0, sizeof(*ret));
	if (!(call->flags & CALL_RETRIEVAL))
		return RETRIEVAL_NONE;
	if (!key_of(call, &key) || memory->ops->get(memory, &key, &value) < 0 || !read_value(&value, ret, &waits))
		return RETRIEVAL_UNKNOWN;
	return waits && has_usage(call) ? RETRIEVAL_COMPLETES : RETRIEVAL_REPEATS;
}

static int put_used(struct memory *memory, const struct memory_key *key, int64_t time_ns, const char *record)
{
	struct memory_value value = { .time_ns = time_ns, .until_ns = time_ns + KEEP_NS };

	snprintf(value.text, sizeof(value.text), "{\"record\":\"%s\"}", record);
	return memory->ops->put(memory, key, &value);
}

static int put_waiting(struct memory *memory, const struct memory_key *key, const struct record *record)
{
	struct memory_value value = { .time_ns = record->time_ns, .until_ns = record->time_ns + KEEP_NS };
	struct json_object *o = json_object_new_object();
	struct owner owner;
	int err;

	owner_of(record, &owner);
	err = o ? owner_write(&owner, o) : -ENOMEM;
	if (err == 0)
		err = json_object_object_add(o, "waits", json_object_new_boolean(true));
	if (err == 0)
		err = owner_text(o, &value);
	json_object_put(o);
	return err < 0 ? err : memory->ops->put(memory, key, &value);
}

int retrieval_keep(struct memory *memory, const struct record *record)
{
	struct memory_key key;

	if (!record->spend || !key_of(record->call, &key))
		return 0;
	if (has_usage(record->call))
		return put_used(memory, &key, record->time_ns, record->id);
	return put_waiting(memory, &key, record);
}

int retrieval_completed(struct memory *memory, const struct record *retrieval, const struct owner *owner)
{
	struct memory_key key;

	return key_of(retrieval->call, &key) ? put_used(memory, &key, retrieval->time_ns, owner->record) : 0;
}
