/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cold half between a made call and sinks that note what they are given, for
 * the tests of everything that it decides. Calls are sent as the queue would
 * bring them; the ledger's records are kept as far as anybody asks.
 */
#ifndef AITAP_TESTS_COLD_BENCH_H
#define AITAP_TESTS_COLD_BENCH_H

#include "tests/lib/unit.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "pipeline/cold.h"
#include "pipeline/pack.h"
#include "who/attribution.h"

#define MS NSEC_PER_MSEC

/* A sink that notes in which order it was used, and fails where it is told to. */
struct fake {
	struct sink sink;
	char name;
	int put_error, flush_error;
	unsigned int puts, flushes;
	struct bench *bench;
};

struct told {
	char id[RECORD_ID_MAX], same_as[RECORD_ID_MAX], adjusts[RECORD_ID_MAX], retry_of[RECORD_ID_MAX];
	char team[65], team_source[160], caller_team[65], provider[32], model[128];
	const char *route;
	bool adjustment, spend;
	uint32_t attempt, flags;
	uint64_t conn_id;
	int64_t tokens, pico;		/* with their sign */
	int64_t time_ns;
};

struct bench {
	struct attribution *attribution;
	struct prices *prices;
	struct who *who;
	struct wants wants;
	struct cold_settings settings;
	struct cold_config config;
	struct fake ledger, first, second;
	struct cold *cold;
	char order[2048];
	size_t n_order;
	struct record last;
	struct call last_call;
	struct origin last_origin;
	unsigned int committed;
	struct told told[128];		/* what the ledger was given, as far as anybody asks */
	size_t n_told;
	struct call call;		/* the next one to be sent */
	int64_t wall_ns;		/* at boot */
	uint64_t stamp;			/* of what is sent */
	uint8_t message[sizeof(struct message) + PACK_MAX(sizeof(struct call))] __attribute__((aligned(8)));
};

static inline void note(struct bench *bench, char what)
{
	if (bench->n_order + 2 > sizeof(bench->order))
		bench->n_order = 0;
	bench->order[bench->n_order++] = what;
	bench->order[bench->n_order] = 0;
}

static inline int64_t signed_of(const struct record *record, int64_t n)
{
	return record->negative ? -n : n;
}

/* Of the ledger's records, for sums and for links. */
static inline void keep_told(struct bench *bench, const struct record *record)
{
	struct told *told = &bench->told[bench->n_told++ % (sizeof(bench->told) / sizeof(*bench->told))];
	uint64_t tokens = 0;

	*told = (struct told){ .adjustment = record->kind == RECORD_ADJUSTMENT, .spend = record->spend, .attempt = record->attempt,
			       .flags = record->flags, .route = record->route, .time_ns = record->time_ns };
	STR_COPY(told->id, str_of(record->id));
	STR_COPY(told->same_as, str_of(record->same_as));
	STR_COPY(told->adjusts, str_of(record->adjusts));
	STR_COPY(told->retry_of, str_of(record->retry_of));
	STR_COPY(told->team, str_of(record->team));
	STR_COPY(told->team_source, str_of(record->team_source));
	STR_COPY(told->caller_team, str_of(record->caller_team));
	STR_COPY(told->provider, str_of(record->call->provider));
	STR_COPY(told->model, str_of(record->call->model));
	told->conn_id = record->call->conn_id;
	for (size_t i = 0; i < record->call->n_usages; i++)
		tokens += record->call->usages[i].count[COUNT_INPUT] + record->call->usages[i].count[COUNT_OUTPUT];
	told->tokens = signed_of(record, (int64_t)tokens);
	told->pico = signed_of(record, record->cost.pico);
}

static inline int fake_put(struct sink *sink, const struct record *record)
{
	struct fake *fake = (struct fake *)sink;
	struct bench *bench = fake->bench;

	note(bench, fake->name);
	fake->puts++;
	bench->last = *record;
	bench->last_call = *record->call;
	bench->last_origin = *record->origin;
	if (fake->name == 'l')
		keep_told(bench, record);
	return fake->put_error;
}

static inline int fake_flush(struct sink *sink)
{
	struct fake *fake = (struct fake *)sink;

	note(fake->bench, (char)(fake->name - 'a' + 'A'));
	fake->flushes++;
	return fake->flush_error;
}

static const struct sink_ops fake_ops = { .name = "fake", .put = fake_put, .flush = fake_flush };

static inline int64_t wall(void *ctx, uint64_t boot_ns)
{
	const struct bench *bench = ctx;

	return bench->wall_ns + (int64_t)boot_ns;
}

static inline void committed(void *ctx, const struct record *record)
{
	struct bench *bench = ctx;

	assert_int_equal(strlen(record->id), RECORD_ID_MAX - 1);
	note(bench, '.');
	bench->committed++;
}

static inline struct fake fake(struct bench *bench, char name)
{
	return (struct fake){ .sink.ops = &fake_ops, .name = name, .bench = bench };
}

static inline void make_attribution(struct bench *bench)
{
	const char *why;
	struct fact fact;

	assert_int_equal(attribution_new(&bench->attribution), 0);
	assert_int_equal(fact_parse(STR("env:AI_TEAM"), &fact, &why), 0);
	assert_int_equal(attribution_add_source(bench->attribution, DIMENSION_TEAM, &fact), 0);
	assert_int_equal(fact_parse(STR("header:x-team-id"), &fact, &why), 0);
	assert_int_equal(attribution_add_source(bench->attribution, DIMENSION_TEAM, &fact), 0);
	assert_int_equal(attribution_seal(bench->attribution, &bench->wants, NULL), 0);
}

static inline int setup(void **state)
{
	static const uint8_t boot_id[16] = "a boot";
	struct bench *bench = mem_new(sizeof(*bench));
	struct cold_config config = { .settings = &bench->settings, .boot_id = boot_id, .wall = wall, .committed = committed,
				      .ctx = bench, .ledger = &bench->ledger.sink,
				      .sinks = { &bench->first.sink, &bench->second.sink }, .n_sinks = 2 };

	bench->ledger = fake(bench, 'l');
	bench->first = fake(bench, 'a');
	bench->second = fake(bench, 'b');
	make_attribution(bench);
	assert_int_equal(prices_builtin(&bench->prices, NULL), 0);
	assert_int_equal(who_new(&(struct who_config){ 0 }, &bench->who), 0);
	assert_int_equal(who_wants(bench->who, &bench->wants), 0);
	bench->settings = (struct cold_settings){ .attribution = bench->attribution, .prices = bench->prices, .wants = &bench->wants,
						  .node = "node-1", .cluster = "prod", .config = "sha256:1" };
	config.who = bench->who;
	bench->wall_ns = clock_civil_ns(2026, 6, 1);
	bench->call = (struct call){ .version = CALL_VERSION, .kind = CALL_ENDED, .role = ROLE_CLIENT, .conn_id = 1, .status = 200,
				     .task = { 100, 5000 }, .begin_ns = 7 * MS, .end_ns = 9 * MS, .usage_source = USAGE_REPORTED,
				     .n_usages = 1 };
	strcpy(bench->call.provider, "openai");
	strcpy(bench->call.model, "gpt-4o-2024-08-06");
	strcpy(bench->call.host, "api.openai.com");
	strcpy(bench->call.response_id, "resp_1");
	strcpy(bench->call.usages[0].model, bench->call.model);
	usage_set(&bench->call.usages[0], COUNT_INPUT, 1000000);
	usage_set(&bench->call.usages[0], COUNT_OUTPUT, 1000000);
	bench->config = config;
	*state = bench;
	return cold_new(&bench->config, &bench->cold);
}

/* As after a restart that finds the same memory, or (as_replay) where a trace is played. */
static inline void restart(struct bench *bench, struct memory *memory, bool as_replay)
{
	cold_free(bench->cold);
	bench->config.memory = memory;
	bench->config.replay = as_replay;
	assert_int_equal(cold_new(&bench->config, &bench->cold), 0);
}

static inline int teardown(void **state)
{
	struct bench *bench = *state;

	cold_free(bench->cold);
	who_free(bench->who);
	prices_free(bench->prices);
	attribution_free(bench->attribution);
	mem_free(bench);
	return 0;
}

static inline void send_message(struct bench *bench, uint32_t kind, const void *what, size_t size)
{
	struct message *message = (void *)bench->message;

	*message = (struct message){ .kind = kind, .size = (uint32_t)pack(message + 1, what, size), .stamp = bench->stamp };
	cold_message(bench->cold, message);
}

/* A process's environment names its team. */
static inline void team_of(struct bench *bench, uint32_t tgid, const char *team)
{
	struct trait trait = { .kind = TRAIT_ENVIRON, .task = { tgid, 5000 }, .n_values = 1 };

	for (uint8_t i = 0; i < bench->wants.n_wanted; i++)
		if (bench->wants.wanted[i].kind == WANTED_ENV)
			trait.values[0].wanted = i;
	strcpy(trait.values[0].text, team);
	send_message(bench, MESSAGE_TRAIT, &trait, sizeof(trait));
}

/* Each call an exchange of its own. */
static inline void send_call(struct bench *bench)
{
	send_message(bench, MESSAGE_CALL, &bench->call, sizeof(bench->call));
	bench->call.exchange++;
}

static inline void commit(struct bench *bench)
{
	assert_int_equal(cold_tick(bench->cold, UINT64_MAX), UINT64_MAX);
}

#endif
