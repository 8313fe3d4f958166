/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a memory, by name:
 *
 *	ID		the batch: its maker, its state, its bound (read by the report of open batches)
 *	file:ID		an input file that was uploaded and is not in a batch yet: its maker and its bound;
 *			or a file of results: which batch it belongs to
 */
#include "link/batch.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

#define KEEP_NS (30ll * 24 * 3600 * (int64_t)NSEC_PER_SEC)

/* ---- rows */

static bool key_of(const struct call *call, const char *before, const char *id, struct memory_key *ret)
{
	size_t n = strlen(before);

	*ret = (struct memory_key){ .kind = MEMORY_BATCH };
	STR_COPY(ret->provider, str_of(call->provider));
	memcpy(ret->name, before, n);
	return id[0] && str_copy(ret->name + n, sizeof(ret->name) - n, str_of(id));
}

static int64_t number(struct json_object *o, const char *key)
{
	struct json_object *value;
	int64_t n = json_object_object_get_ex(o, key, &value) ? json_object_get_int64(value) : 0;

	return n > 0 ? n : 0;
}

static struct str text(struct json_object *o, const char *key)
{
	struct json_object *value;

	return str_of(json_object_object_get_ex(o, key, &value) ? json_object_get_string(value) : NULL);
}

static void read_batch(struct json_object *o, struct batch *ret)
{
	owner_read(o, &ret->owner);
	ret->state = json_object_object_get_ex(o, "fetched_ns", NULL) ? BATCH_FETCHED : BATCH_OPEN;
	STR_COPY(ret->id, text(o, "batch"));
	STR_COPY(ret->counted, text(o, "counted"));
	ret->lines = number(o, "lines");
	ret->created_ns = number(o, "created_ns");
	ret->requests = (uint64_t)number(o, "requests");
	ret->input_max = (uint64_t)number(o, "input_max");
	ret->output_max = (uint64_t)number(o, "output_max");
	ret->has_bound = json_object_object_get_ex(o, "bound_pico", NULL);
	ret->bound_pico = number(o, "bound_pico");
	ret->fetched_ns = number(o, "fetched_ns");
	ret->cost_pico = number(o, "cost_pico");
	ret->calls = (uint64_t)number(o, "calls");
}

static bool find_row(struct memory *memory, const struct call *call, const char *before, const char *id, struct batch *ret)
{
	struct memory_value value;
	struct memory_key key;
	struct json_object *o;

	if (!key_of(call, before, id, &key) || memory->ops->get(memory, &key, &value) < 0)
		return false;
	o = owner_parse(&value);
	if (!o)
		return false;
	read_batch(o, ret);
	json_object_put(o);
	return true;
}

static bool add(struct json_object *o, const char *key, struct json_object *value)
{
	if (value && json_object_object_add(o, key, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

static bool add_number(struct json_object *o, const char *key, bool known, uint64_t n)
{
	return !known || add(o, key, json_object_new_int64(n < INT64_MAX ? (int64_t)n : INT64_MAX));
}

static bool add_text(struct json_object *o, const char *key, const char *value)
{
	return !value[0] || add(o, key, json_object_new_string(value));
}

/* Only the batch itself has a state: what a report lists. */
static bool write_batch(const struct batch *batch, bool whole, struct json_object *o)
{
	bool fetched = batch->state == BATCH_FETCHED;

	return owner_write(&batch->owner, o) == 0 && add_text(o, "batch", batch->id) &&
	       (!whole || add_text(o, "state", fetched ? "fetched" : "open")) && add_text(o, "counted", batch->counted) &&
	       add_number(o, "lines", batch->lines, 1) &&
	       add_number(o, "created_ns", true, (uint64_t)batch->created_ns) &&
	       add_number(o, "requests", batch->requests, batch->requests) &&
	       add_number(o, "input_max", batch->input_max, batch->input_max) &&
	       add_number(o, "output_max", batch->output_max, batch->output_max) &&
	       add_number(o, "bound_pico", batch->has_bound, (uint64_t)batch->bound_pico) &&
	       add_number(o, "fetched_ns", fetched, (uint64_t)batch->fetched_ns) &&
	       add_number(o, "cost_pico", fetched, (uint64_t)batch->cost_pico) && add_number(o, "calls", fetched, batch->calls);
}

static int put_row(struct memory *memory, const struct memory_key *key, const struct batch *batch, bool whole, int64_t time_ns)
{
	struct memory_value value = { .time_ns = time_ns, .until_ns = time_ns + KEEP_NS };
	struct json_object *o = json_object_new_object();
	int err = o && write_batch(batch, whole, o) ? owner_text(o, &value) : -ENOMEM;

	json_object_put(o);
	return err < 0 ? err : memory->ops->put(memory, key, &value);
}

/* ---- a call */

void batch_find(struct memory *memory, const struct call *call, struct batch *ret)
{
	char id[sizeof(ret->id)];

	memset(ret, 0, sizeof(*ret));
	if (find_row(memory, call, "", call->batch_id, ret))
		return;
	if (find_row(memory, call, "file:", call->batch_output, ret)) {
		memcpy(id, ret->id, sizeof(id));
		find_row(memory, call, "", id, ret);
		return;
	}
	find_row(memory, call, "file:", call->batch_file, ret);
}

/* A batch, or the file of its requests; to cancel one is no making. */
static bool makes(const struct call *call)
{
	return str_eq(str_of(call->method), STR("POST")) && !(call->flags & (CALL_RETRIEVAL | CALL_ERROR)) &&
	       !str_ends(str_of(call->path), STR("cancel")) && (call->batch_id[0] || call->batch_file[0]);
}

/* A batch that is there already may be filled by further requests, which bring their own numbers. */
static void learn_bound(struct batch *batch, const struct call *call)
{
	bool more = batch->id[0] && makes(call);

	if (call->batch_requests)
		batch->requests = call->batch_requests + (more ? batch->requests : 0);
	if (call->batch_input_max)
		batch->input_max = call->batch_input_max + (more ? batch->input_max : 0);
	if (call->batch_output_max)
		batch->output_max = call->batch_output_max + (more ? batch->output_max : 0);
}

bool batch_learn(struct batch *batch, const struct record *record)
{
	const struct call *call = record->call;
	bool made = makes(call), known = batch->state != BATCH_NONE && batch->owner.record[0];

	if (!made && !known)
		return false;
	learn_bound(batch, call);
	/* whoever makes a batch of a file pays, not who uploaded it */
	if (made && (!known || !batch->id[0])) {
		owner_of(record, &batch->owner);
		batch->created_ns = record->time_ns;
	}
	if (call->batch_id[0])
		STR_COPY(batch->id, str_of(call->batch_id));
	if (batch->state == BATCH_NONE)
		batch->state = BATCH_OPEN;
	return true;
}

bool batch_brings(const struct call *call)
{
	return call->flags & CALL_RETRIEVAL && !(call->flags & (CALL_ABORTED | CALL_INCOMPLETE | CALL_ERROR)) &&
	       call->billing == BILLING_BATCH && (call->n_units || (call->n_usages && call->usage_source == USAGE_REPORTED));
}

bool batch_line(const struct call *call)
{
	return call->response_id[0] && strcmp(call->response_id, call->batch_id);
}

void batch_fetched(struct batch *batch, const struct record *record)
{
	bool further = batch->state == BATCH_FETCHED;

	if (!further)
		STR_COPY(batch->counted, str_of(record->id));
	batch->state = BATCH_FETCHED;
	batch->lines = batch_line(record->call);
	batch->fetched_ns = record->time_ns;
	if (__builtin_add_overflow(record->cost.pico, further ? batch->cost_pico : 0, &batch->cost_pico))
		batch->cost_pico = INT64_MAX;
	if (batch->lines)
		batch->calls++;
	else
		batch->calls = batch->requests ? batch->requests : record->call->batch_requests;
}

int batch_keep(struct memory *memory, const struct record *record, const struct batch *batch)
{
	const struct call *call = record->call;
	const char *file = call->batch_file[0] ? call->batch_file : call->batch_output;
	struct memory_key key;
	int err;

	if (!key_of(call, "", batch->id, &key))
		return key_of(call, "file:", file, &key) ? put_row(memory, &key, batch, false, record->time_ns) : 0;
	err = put_row(memory, &key, batch, true, record->time_ns);
	if (err == 0 && call->batch_id[0] && key_of(call, "file:", call->batch_output, &key))
		err = put_row(memory, &key, batch, false, record->time_ns);
	return err;
}
