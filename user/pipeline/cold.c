/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/cold.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/mem.h"
#include "link/forgetful.h"
#include "pipeline/cold_inside.h"
#include "pipeline/pack.h"

static int make(struct cold *cold)
{
	int err = 0;

	if (!cold->config.memory) {
		err = forgetful_new(&cold->own_memory);
		cold->config.memory = cold->own_memory;
	}
	if (err == 0)
		err = estimator_new(cold->config.memory, &cold->estimator);
	if (err == 0)
		err = retries_new(&cold->retries);
	return err < 0 ? err : cold_join_new(cold);
}

int cold_new(const struct cold_config *config, struct cold **ret)
{
	struct cold *cold = mem_new(sizeof(*cold));
	int err;

	if (!cold)
		return -ENOMEM;
	cold->config = *config;
	cold->settings = config->settings;
	memcpy(cold->boot_id, config->boot_id, sizeof(cold->boot_id));
	err = make(cold);
	if (err < 0) {
		cold_free(cold);
		return err;
	}
	*ret = cold;
	return 0;
}

struct cold *cold_free(struct cold *cold)
{
	if (!cold)
		return NULL;
	gateways_free(cold->gateways);
	retries_free(cold->retries);
	estimator_free(cold->estimator);
	forgetful_free(cold->own_memory);
	return mem_free(cold);
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
	int err = 0;

	if (!cold->n)
		return;
	estimator_save(cold->estimator);
	if (ledger)
		err = ledger->ops->flush(ledger);
	if (err < 0)
		sink_failed(cold, COLD_SINKS, cold->n, err);
	put_in_sinks(cold);
	for (size_t i = 0; i < cold->n && cold->config.committed; i++)
		cold->config.committed(cold->config.ctx, &cold->batch[i].record);
	cold->n = 0;
}

struct entry *cold_next(struct cold *cold)
{
	struct entry *entry = &cold->batch[cold->n];

	memset(entry, 0, sizeof(*entry));
	return entry;
}

void cold_put(struct cold *cold)
{
	struct sink *ledger = cold->config.ledger;
	int err;

	if (ledger && (err = ledger->ops->put(ledger, &cold->batch[cold->n].record)) < 0)
		sink_failed(cold, COLD_SINKS, 1, err);
	if (!cold->n)
		cold->oldest_ns = cold->now_ns;
	if (++cold->n == BATCH)
		commit(cold);
}

/* ---- time */

/* What waits for its commit points into the old ones; what waits for other calls does not. */
void cold_settings(struct cold *cold, const struct cold_settings *settings)
{
	commit(cold);
	cold->settings = settings;
}

/* The times of messages are those of their calls. A message of a drain has a rank for a time. */
static void take_time(struct cold *cold, uint64_t stamp)
{
	if (stamp < UINT64_MAX >> 1)
		gateways_tick(cold->gateways, stamp);
	cold->busy = true;
}

/* The clock decides only while no message waits: what is looked for may be among them. Of a replay it decides nothing. */
static uint64_t look_at_clock(struct cold *cold, uint64_t now_ns)
{
	uint64_t next_ns = gateways_tick(cold->gateways, cold->busy && now_ns != UINT64_MAX ? 0 : now_ns);

	cold->busy = false;
	return next_ns;
}

uint64_t cold_tick(struct cold *cold, uint64_t now_ns)
{
	bool end = now_ns == UINT64_MAX;
	uint64_t next_ns = UINT64_MAX;

	if (!end)
		cold->now_ns = now_ns;
	if (end || !cold->config.replay)
		next_ns = look_at_clock(cold, now_ns);
	if (cold->n && (end || now_ns - cold->oldest_ns >= COLD_COMMIT_NS))
		commit(cold);
	if (cold->n && cold->oldest_ns + COLD_COMMIT_NS < next_ns)
		next_ns = cold->oldest_ns + COLD_COMMIT_NS;
	cold->counts.gateway = *gateway_counts(cold->gateways);
	return next_ns;
}

/* ---- messages */

static void on_call(struct cold *cold, const struct message *message)
{
	struct entry *entry = cold_next(cold);
	struct call *call = &entry->call;

	if (unpack(call, sizeof(*call), message + 1, message->size) < 0 || call->version != CALL_VERSION) {
		cold->counts.malformed++;
		return;
	}
	if (call->kind == CALL_BEGUN || call->role == ROLE_SERVER) {
		cold->counts.begun += call->kind == CALL_BEGUN;
		cold->counts.serving += call->kind != CALL_BEGUN;
		cold_serving(cold, call);
		return;
	}
	cold_identify(cold, entry);
	cold_client(cold, entry);
}

void cold_message(struct cold *cold, const struct message *message)
{
	take_time(cold, message->stamp);
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
