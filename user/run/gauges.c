/* SPDX-License-Identifier: Apache-2.0 */
#include "run/gauges.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "out/record.h"

#define ONE(value) ((const char *const[]){ (value) })

/* Losses by cause, of events and of their bytes. */
static const struct {
	enum event_loss loss;
	const char *cause;
	bool bytes;
	const char *words;
} losses[] = {
	{ EVENT_LOSS_RING_FULL, "ring_full", false, "events (ring full)" },
	{ EVENT_LOSS_RING_FULL_BYTES, "ring_full", true, "bytes (ring full)" },
	{ EVENT_LOSS_MIDDLE_BYTES, "middle", true, "bytes (middles of calls above 16 MiB)" },
	{ EVENT_LOSS_UNREADABLE_BYTES, "unreadable", true, "bytes (unreadable memory)" },
	{ EVENT_LOSS_CONNECTIONS_FULL, "connections_full", false, "connections (table full)" },
	{ EVENT_LOSS_CALLS_FULL, "calls_full", false, "calls (table full)" },
	{ EVENT_LOSS_RECURSION, "recursion", false, "probe runs (skipped by the kernel)" },
};

/* What was lost behind the ring. */
static const struct {
	enum stat_name stat;
	const char *cause;
	const char *words;
} own[] = {
	{ STAT_CALLS_LOST, "queue_full", "calls (queue full)" },
	{ STAT_SERVING_LOST, "queue_full_serving", "calls of the serving side (queue full)" },
	{ STAT_STREAMS_LOST, "streams_full", "HTTP/2 streams (too many at one time)" },
	{ STAT_TABLES_LOST, "header_tables_full", "header tables of HTTP/2 (too many connections)" },
	{ STAT_UNDECODED, "decoders_full", "heads and bodies (decoders' memory full)" },
	{ STAT_TRAITS_LOST, "traits", "process facts (queue full)" },
	{ STAT_ENVIRONS_LOST, "environment", "environments (in pieces)" },
	{ STAT_CONNS_FULL, "worker_connections_full", "connections (worker's table full)" },
	{ STAT_NO_MEMORY, "no_memory", "allocations refused" },
	{ STAT_MALFORMED, "malformed", "malformed events" },
};

#define N_LOSSES (sizeof(losses) / sizeof(losses[0]))
#define N_OWN (sizeof(own) / sizeof(own[0]))

static void set_losses(struct metrics *metrics, const struct workers_sum *sum)
{
	for (size_t i = 0; i < N_LOSSES; i++)
		metrics_set(metrics, losses[i].bytes ? METRIC_BYTES_LOST : METRIC_EVENTS_LOST, ONE(losses[i].cause),
			    (int64_t)sum->loss[losses[i].loss]);
	for (size_t i = 0; i < N_OWN; i++)
		metrics_set(metrics, METRIC_EVENTS_LOST, ONE(own[i].cause), (int64_t)sum->stat[own[i].stat]);
	metrics_set(metrics, METRIC_TRACE_LOST, NULL, (int64_t)sum->trace_lost);
	metrics_set(metrics, METRIC_INCOMPLETE, NULL, (int64_t)sum->cold.incomplete);
}

static void set_seen(struct metrics *metrics, const struct workers_sum *sum)
{
	const uint64_t *stat = sum->stat;

	metrics_set(metrics, METRIC_EVENTS, ONE("known"), (int64_t)stat[STAT_EVENTS]);
	metrics_set(metrics, METRIC_EVENTS, ONE("unknown"), (int64_t)stat[STAT_UNKNOWN_EVENTS]);
	metrics_set(metrics, METRIC_EVENTS, ONE("malformed"), (int64_t)(stat[STAT_MALFORMED] + sum->source_malformed));
	metrics_set(metrics, METRIC_CAPTURED_BYTES, NULL, (int64_t)stat[STAT_DATA_BYTES]);
	metrics_set(metrics, METRIC_JUDGED_BYTES, ONE("quiet"), (int64_t)sum->skip[EVENT_SKIP_QUIET_BYTES]);
	metrics_set(metrics, METRIC_JUDGED_BYTES, ONE("serving"), (int64_t)sum->skip[EVENT_SKIP_SERVING_BYTES]);
	metrics_set(metrics, METRIC_SKIPPED_CALLS, ONE("never"), (int64_t)sum->skip[EVENT_SKIP_NEVER_CALLS]);
	metrics_set(metrics, METRIC_SKIPPED_CALLS, ONE("scope"), (int64_t)sum->skip[EVENT_SKIP_SCOPE_CALLS]);
	for (size_t i = 0; i < COLD_SINKS; i++)
		if (sum->cold.sink_failed[i])
			metrics_set(metrics, METRIC_SINK_DROPPED, (const char *const[]){ "jsonl", strerror(-sum->cold.sink_error[i]) },
				    (int64_t)sum->cold.sink_failed[i]);
	if (sum->cold.sink_failed[COLD_SINKS])
		metrics_set(metrics, METRIC_SINK_DROPPED,
			    (const char *const[]){ "ledger", strerror(-sum->cold.sink_error[COLD_SINKS]) },
			    (int64_t)sum->cold.sink_failed[COLD_SINKS]);
}

static void set_joined(struct metrics *metrics, const struct cold_counts *cold)
{
	metrics_set(metrics, METRIC_JOINED, ONE("held"), (int64_t)cold->gateway.held);
	metrics_set(metrics, METRIC_JOINED, ONE("joined"), (int64_t)cold->gateway.joined);
	metrics_set(metrics, METRIC_JOINED, ONE("late"), (int64_t)cold->gateway.late);
	metrics_set(metrics, METRIC_JOINED, ONE("crowded"), (int64_t)cold->gateway.crowded);
	metrics_set(metrics, METRIC_FORGOTTEN, NULL, (int64_t)cold->forgotten);
}

/* Which provider a connection talks to is known where it is read, so a blind one has none. */
static void set_connections(struct metrics *metrics, const uint64_t *stat)
{
	static const struct {
		enum stat_name stat;
		const char *sight, *reason;
	} rows[] = {
		{ STAT_CONNS_AI, "read", "" }, { STAT_OTHER, "blind", "protocol" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		metrics_set(metrics, METRIC_CONNECTIONS, (const char *const[]){ "", "", rows[i].sight, rows[i].reason },
			    (int64_t)stat[rows[i].stat]);
}

/* ---- probe targets */

enum { STATES = EVENT_TARGET_GONE + 1, LIBRARIES = EVENT_LIBRARY_RUSTLS + 1 };

struct tally {
	int64_t n[LIBRARIES][STATES];
};

static void tally_target(void *ctx, const struct target_state *state)
{
	struct tally *tally = ctx;

	if (state->target->library < LIBRARIES && (unsigned int)state->state < STATES)
		tally->n[state->target->library][state->state]++;
}

static struct tally tally_of(const struct targets *targets)
{
	struct tally tally = { 0 };

	if (targets)
		targets_each(targets, tally_target, &tally);
	return tally;
}

static void set_probes(struct metrics *metrics, const struct tally *tally)
{
	static const char *const states[] = { [EVENT_TARGET_ARMED] = "armed", [EVENT_TARGET_FAILED] = "failed",
					      [EVENT_TARGET_BLIND] = "blind", [EVENT_TARGET_GONE] = "gone" };

	for (unsigned int library = 0; library < LIBRARIES; library++)
		for (unsigned int state = EVENT_TARGET_ARMED; state < STATES; state++)
			if (tally->n[library][state] || (library == EVENT_LIBRARY_OPENSSL && state == EVENT_TARGET_ARMED))
				metrics_set(metrics, METRIC_PROBES,
					    (const char *const[]){ record_library_name(library), states[state] },
					    tally->n[library][state]);
}

void gauges_set(struct metrics *metrics, const struct gauges *gauges)
{
	struct tally tally = tally_of(gauges->targets);

	metrics_set(metrics, METRIC_SUPPORTED, NULL, gauges->supported);
	metrics_set(metrics, METRIC_RELOAD_OK, NULL, gauges->reload_ok);
	metrics_set(metrics, METRIC_BUILD_INFO, ONE(AITAP_VERSION), 1);
	set_probes(metrics, &tally);
	if (!gauges->sum)
		return;
	set_losses(metrics, gauges->sum);
	set_seen(metrics, gauges->sum);
	set_joined(metrics, &gauges->sum->cold);
	set_connections(metrics, gauges->sum->stat);
}

/* ---- the honest line */

static void say(struct buf *to, bool *begun, const char *prefix, uint64_t n, const char *words)
{
	if (!n)
		return;
	buf_printf(to, "%s%" PRIu64 " %s", *begun ? ", " : prefix, n, words);
	*begun = true;
}

int gauges_honest(const struct gauges *gauges, struct buf *to)
{
	const struct workers_sum *sum = gauges->sum;
	struct tally tally = tally_of(gauges->targets);
	bool lost = false, blind = false;
	char words[64];

	for (size_t i = 0; i < N_LOSSES; i++)
		say(to, &lost, "lost: ", sum->loss[losses[i].loss], losses[i].words);
	for (size_t i = 0; i < N_OWN; i++)
		say(to, &lost, "lost: ", sum->stat[own[i].stat], own[i].words);
	if (!lost)
		buf_puts(to, "nothing lost");
	for (unsigned int library = 0; library < LIBRARIES; library++) {
		snprintf(words, sizeof(words), "files with %s", library ? record_library_name(library) : "unknown TLS");
		say(to, &blind, "; not read: ", (uint64_t)(tally.n[library][EVENT_TARGET_BLIND] + tally.n[library][EVENT_TARGET_FAILED]),
		    words);
	}
	say(to, &blind, "; not read: ", sum->stat[STAT_OTHER], "connections in other protocols");
	return to->error;
}
