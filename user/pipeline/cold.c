/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/cold.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/mem.h"
#include "pipeline/identity.h"
#include "pipeline/pack.h"
#include "pipeline/seen.h"

/* A record with what it points to, until it is committed. */
struct entry {
	struct record record;
	struct call call;
	struct origin origin;
};

#define BATCH 128	/* records that wait for one commit; some 6 MiB */

struct cold {
	struct cold_config config;
	const struct cold_settings *settings;
	uint8_t boot_id[16];
	struct cold_counts counts;
	struct seen *seen;
	uint64_t oldest_ns;		/* when the batch began */
	uint64_t now_ns;
	size_t n;
	struct trait trait;
	struct entry batch[BATCH];
};

int cold_new(const struct cold_config *config, struct cold **ret)
{
	struct cold *cold = mem_new(sizeof(*cold));
	int err;

	if (!cold)
		return -ENOMEM;
	err = seen_new(&cold->seen);
	if (err < 0) {
		mem_free(cold);
		return err;
	}
	cold->config = *config;
	cold->settings = config->settings;
	memcpy(cold->boot_id, config->boot_id, sizeof(cold->boot_id));
	*ret = cold;
	return 0;
}

struct cold *cold_free(struct cold *cold)
{
	if (!cold)
		return NULL;
	seen_free(cold->seen);
	return mem_free(cold);
}

void cold_settings(struct cold *cold, const struct cold_settings *settings)
{
	cold->settings = settings;
}

const struct cold_counts *cold_counts(const struct cold *cold)
{
	return &cold->counts;
}

/* ---- commit */

static void sink_failed(struct cold *cold, size_t which, uint64_t records, int err)
{
	cold->counts.sink_failed[which] += records;
	cold->counts.sink_error[which] = err;
}

static void put_in_sinks(struct cold *cold)
{
	for (size_t i = 0; i < cold->config.n_sinks; i++) {
		struct sink *sink = cold->config.sinks[i];
		uint64_t failed = 0;
		int err = 0, reason = 0;

		for (size_t j = 0; j < cold->n; j++)
			if ((err = sink->ops->put(sink, &cold->batch[j].record)) < 0)
				failed++, reason = err;
		err = sink->ops->flush(sink);
		if (err < 0)
			failed = cold->n, reason = err;
		if (failed)
			sink_failed(cold, i, failed, reason);
	}
}

/* A record is acknowledged when the ledger has it; the other sinks come after that, and counting last. */
static void commit(struct cold *cold)
{
	struct sink *ledger = cold->config.ledger;
	int err = ledger && cold->n ? ledger->ops->flush(ledger) : 0;

	if (err < 0)
		sink_failed(cold, COLD_SINKS, cold->n, err);
	put_in_sinks(cold);
	for (size_t i = 0; i < cold->n && cold->config.committed; i++)
		cold->config.committed(cold->config.ctx, &cold->batch[i].record);
	cold->n = 0;
}

uint64_t cold_tick(struct cold *cold, uint64_t now_ns)
{
	if (now_ns != UINT64_MAX)
		cold->now_ns = now_ns;
	if (cold->n && (now_ns == UINT64_MAX || now_ns - cold->oldest_ns >= COLD_COMMIT_NS))
		commit(cold);
	return cold->n ? cold->oldest_ns + COLD_COMMIT_NS : UINT64_MAX;
}

/* ---- a record */

static bool has_usage(const struct call *call)
{
	return call->n_usages || call->n_units;
}

/* The record that has this answer's usage already; one of an earlier run where the memory of this one is silent. */
static bool find_earlier(struct cold *cold, const struct call *call, bool *ret_used, char ret_id[RECORD_ID_MAX])
{
	const char *id = call->response_id[0] ? call->response_id : call->previous_id;
	const struct seen_answer *answer;

	if (!id[0])
		return false;
	answer = seen_get(cold->seen, call->provider, id);
	if (answer) {
		memcpy(ret_id, answer->record, RECORD_ID_MAX);
		*ret_used = answer->used;
		return true;
	}
	*ret_used = true;
	return cold->config.earlier && cold->config.earlier(cold->config.earlier_ctx, call->provider, id, ret_id) == 0;
}

/*
 * A retrieval repeats what was spent before. It is itself the spending only
 * where the request that began it is known to have brought no usage: an answer
 * made in the background, whose first complete retrieval says what it took.
 */
static void judge_spend(struct cold *cold, const struct call *call, struct record *record)
{
	char earlier[RECORD_ID_MAX] = "";
	bool used = true;

	record->spend = true;
	if (!(call->flags & CALL_RETRIEVAL))
		return;
	cold->counts.retrievals++;
	record->spend = find_earlier(cold, call, &used, earlier) && !used && has_usage(call);
	if (!record->spend)
		memcpy(record->same_as, earlier, sizeof(earlier));
}

/* After judge_spend(): the record that a later retrieval of this answer repeats. */
static void remember(struct cold *cold, const struct call *call, const struct record *record)
{
	if (call->response_id[0] && record->spend)
		seen_put(cold->seen, call->provider, call->response_id, record->id, has_usage(call));
}

static void fill(struct cold *cold, struct entry *entry)
{
	const struct cold_settings *settings = cold->settings;
	struct record *record = &entry->record;
	const struct call *call = &entry->call;

	*record = (struct record){ .kind = RECORD_CALL, .call = call, .origin = &entry->origin };
	record->time_ns = cold->config.wall(cold->config.ctx, call->begin_ns);
	identity(record->time_ns, cold->boot_id, call, record->id);
	record->attempt = call->attempt ? call->attempt : 1;
	record->node = settings->node;
	record->cluster = settings->cluster;
	record->config = settings->config;
	record->route = route_of(settings->wants, settings->gateways, settings->n_gateways, call);
	record->sight = call->flags & (CALL_INCOMPLETE | CALL_UNDECODED) ? "partial" : "read";
	who_origin(cold->config.who, call, cold->config.deadline_ms, &entry->origin);
	if (entry->origin.incomplete)
		record->flags |= FLAG_ORIGIN_INCOMPLETE;
	attribute(settings->attribution, call, &entry->origin, record);
	price_call(settings->prices, call, record->time_ns, &record->cost);
	judge_spend(cold, call, record);
	remember(cold, call, record);
}

static void count(struct cold *cold, const struct call *call)
{
	cold->counts.records++;
	cold->counts.incomplete += (call->flags & CALL_INCOMPLETE) != 0;
}

static void on_call(struct cold *cold, const struct message *message)
{
	struct entry *entry = &cold->batch[cold->n];
	struct sink *ledger = cold->config.ledger;
	int err;

	if (unpack(&entry->call, sizeof(entry->call), message + 1, message->size) < 0 || entry->call.version != CALL_VERSION) {
		cold->counts.malformed++;
		return;
	}
	if (entry->call.kind == CALL_BEGUN || entry->call.role == ROLE_SERVER) {
		cold->counts.begun += entry->call.kind == CALL_BEGUN;
		cold->counts.serving += entry->call.kind != CALL_BEGUN;
		return;
	}
	fill(cold, entry);
	count(cold, &entry->call);
	if (ledger && (err = ledger->ops->put(ledger, &entry->record)) < 0)
		sink_failed(cold, COLD_SINKS, 1, err);
	if (!cold->n)
		cold->oldest_ns = cold->now_ns;
	if (++cold->n == BATCH)
		commit(cold);
}

void cold_message(struct cold *cold, const struct message *message)
{
	switch (message->kind) {
	case MESSAGE_CALL:
		on_call(cold, message);
		break;
	case MESSAGE_TRAIT:
		if (unpack(&cold->trait, sizeof(cold->trait), message + 1, message->size) == 0)
			who_trait(cold->config.who, &cold->trait);
		else
			cold->counts.malformed++;
		break;
	default:
		cold->counts.malformed++;
	}
}
