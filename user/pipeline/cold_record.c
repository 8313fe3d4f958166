/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call becomes a record. What it has to do with earlier calls is asked of the
 * memory before it is told, and what later ones will ask for is put there after.
 */
#include <string.h>

#include "base/str.h"
#include "link/batch.h"
#include "link/drift.h"
#include "link/retrieval.h"
#include "pipeline/assess.h"
#include "pipeline/cold_inside.h"
#include "pipeline/identity.h"

void cold_identify(struct cold *cold, struct entry *entry)
{
	struct record *record = &entry->record;

	record->call = &entry->call;
	record->origin = &entry->origin;
	record->time_ns = cold->config.wall(cold->config.ctx, entry->call.begin_ns);
	identity(record->time_ns, cold->boot_id, &entry->call, record->id);
	who_origin(cold->config.who, &entry->call, cold->config.deadline_ms, &entry->origin);
	retry_link(cold->retries, record);
}

void cold_attribute(struct cold *cold, const struct call *call, const struct origin *origin, struct record *ret)
{
	if (origin->incomplete)
		ret->flags |= FLAG_ORIGIN_INCOMPLETE;
	attribute(cold->settings->attribution, call, origin, ret);
}

/* ---- what earlier calls left */

struct past {
	struct batch batch;
	enum retrieval retrieval;
	struct owner first;		/* what is retrieved */
};

/* A batch is no answer: what is asked of it goes by its own rules. */
static bool is_batch(const struct call *call)
{
	return call->batch_id[0] || call->batch_file[0] || call->batch_output[0];
}

static void ask(struct cold *cold, const struct call *call, struct past *ret)
{
	ret->retrieval = retrieval_find(cold->config.memory, call, &ret->first);
	if (!is_batch(call))
		return;
	batch_find(cold->config.memory, call, &ret->batch);
	if (ret->retrieval == RETRIEVAL_COMPLETES)
		ret->retrieval = RETRIEVAL_REPEATS;
}

/*
 * A retrieval repeats what was spent before, or completes it. The usage of a
 * batch is spent by what brings it first, even where nobody saw it being made.
 */
static void judge(struct past *past, struct record *record)
{
	const struct call *call = record->call;
	const char *same_as = "";
	bool line = batch_line(call) && past->batch.lines;

	record->spend = true;
	if (past->retrieval >= RETRIEVAL_REPEATS || (past->retrieval == RETRIEVAL_UNKNOWN && !batch_brings(call))) {
		same_as = past->first.record[0] ? past->first.record : past->batch.owner.record;
		record->spend = false;
	} else if (batch_brings(call) && past->batch.state == BATCH_FETCHED && !line) {
		same_as = past->batch.counted;
		record->spend = false;
	}
	STR_COPY(record->same_as, str_of(same_as));
	if (past->batch.state != BATCH_NONE && record->call->flags & CALL_RETRIEVAL)
		owner_apply(&past->batch.owner, "batch:", record);
}

/* What it costs at most: every byte a token, every answer as long as it may be. */
static void bound(struct cold *cold, const struct call *call, int64_t time_ns, struct batch *batch)
{
	struct call whole = { .version = CALL_VERSION, .kind = CALL_ENDED, .billing = BILLING_BATCH, .n_usages = 1,
			      .usage_source = USAGE_ESTIMATED };
	struct cost cost;

	if (!batch->input_max || !batch->output_max || !call->model_requested[0])
		return;
	memcpy(whole.provider, call->provider, sizeof(whole.provider));
	memcpy(whole.region, call->region, sizeof(whole.region));
	memcpy(whole.model, call->model_requested, sizeof(whole.model));
	memcpy(whole.usages[0].model, call->model_requested, sizeof(whole.usages[0].model));
	usage_set(&whole.usages[0], COUNT_INPUT, batch->input_max);
	usage_set(&whole.usages[0], COUNT_OUTPUT, batch->output_max);
	price_call(cold->settings->prices, &whole, time_ns, &cost);
	batch->has_bound = cost.status == COST_PRICED;
	batch->bound_pico = cost.list_pico;
}

static int keep_batch(struct cold *cold, const struct record *record, struct batch *batch)
{
	bool known = batch_learn(batch, record), fetched = record->spend && batch_brings(record->call);

	if (fetched && !known) {
		owner_of(record, &batch->owner);
		batch->created_ns = record->time_ns;
		STR_COPY(batch->id, str_of(record->call->batch_id));
	}
	if (!fetched && !known)
		return 0;
	if (fetched)
		batch_fetched(batch, record);
	else if (!(record->call->flags & CALL_RETRIEVAL))
		bound(cold, record->call, record->time_ns, batch);
	return batch_keep(cold->config.memory, record, batch);
}

static void leave(struct cold *cold, const struct record *record, struct past *past)
{
	int err;

	if (is_batch(record->call)) {
		err = keep_batch(cold, record, &past->batch);
		cold->counts.forgotten += err < 0;
		if (!batch_brings(record->call))
			return;
	}
	if (past->retrieval == RETRIEVAL_COMPLETES)
		err = retrieval_completed(cold->config.memory, record, &past->first);
	else
		err = retrieval_keep(cold->config.memory, record);
	cold->counts.forgotten += err < 0;
}

/* The first record stays as it is: its owner gets a further one, priced as of its day. */
static void complete(struct cold *cold, const struct record *retrieval, const struct owner *first)
{
	struct entry *entry = cold_next(cold);
	struct record *record = &entry->record;
	int64_t time_ns = identity_time(first->record);

	*record = *retrieval;
	entry->call = *retrieval->call;
	entry->origin = *retrieval->origin;
	record->call = &entry->call;
	record->origin = &entry->origin;
	record->kind = RECORD_ADJUSTMENT;
	record->spend = true;
	record->same_as[0] = 0;
	STR_COPY(record->adjusts, str_of(first->record));
	STR_COPY(record->caller_team, str_of(first->caller_team));
	owner_apply(first, "", record);
	identity_adjustment(record->time_ns, first->record, retrieval->id, 0, record->id);
	price_call(cold->settings->prices, &entry->call, time_ns ? time_ns : record->time_ns, &record->cost);
	cold->counts.adjustments++;
	cold_put(cold);
}

void cold_tell(struct cold *cold, struct entry *entry, enum spend spend)
{
	const struct cold_settings *settings = cold->settings;
	struct record *record = &entry->record;
	const struct call *call = &entry->call;
	struct past past = { 0 };

	record->call = call;
	record->origin = &entry->origin;
	record->node = settings->node;
	record->cluster = settings->cluster;
	record->config = settings->config;
	record->sight = call->flags & (CALL_INCOMPLETE | CALL_UNDECODED) ? "partial" : "read";
	if (!record->route)
		record->route = route_of(settings->wants, settings->gateways, settings->n_gateways, call);
	ask(cold, call, &past);
	record->spend = spend == SPEND_YES;
	if (spend == SPEND_JUDGE)
		judge(&past, record);
	assess(cold->estimator, settings->prices, &entry->call, record);
	if (record->spend)
		drift_look(cold->config.memory, record);
	if (spend != SPEND_NO)
		leave(cold, record, &past);
	cold->counts.records++;
	cold->counts.retrievals += past.retrieval != RETRIEVAL_NONE;
	cold->counts.incomplete += (call->flags & CALL_INCOMPLETE) != 0;
	cold_put(cold);
	if (spend != SPEND_NO && past.retrieval == RETRIEVAL_COMPLETES)
		complete(cold, record, &past.first);
}
