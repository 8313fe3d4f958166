/* SPDX-License-Identifier: Apache-2.0 */
/* Records as the cold half would hand them over, for tests and benchmarks of the ledger. */
#ifndef AITAP_TESTS_MADE_RECORD_H
#define AITAP_TESTS_MADE_RECORD_H

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "noun/record.h"

struct made {
	struct record record;
	struct call call;
	struct origin origin;
};

/* The nth call of a team: 1290 tokens in, 1024 of them from the cache, 211 out, for 0.004055 USD. */
static inline void made_record(struct made *made, unsigned long n, const char *team)
{
	struct record *record = &made->record;
	struct call *call = &made->call;
	static const struct {
		enum line_class class;
		uint64_t tokens;
		int64_t pico;
	} lines[] = {
		{ LINE_INPUT_UNCACHED, 266, 665000000 }, { LINE_CACHE_READ, 1024, 1280000000 }, { LINE_OUTPUT_VISIBLE, 211, 2110000000 },
	};

	memset(made, 0, sizeof(*made));
	record->call = call;
	record->origin = &made->origin;
	record->node = "node-1";
	record->config = "sha256:0000";
	record->route = "direct";
	record->sight = "read";
	record->spend = true;
	record->attempt = 1;
	/* 2026-11-22T06:00:00Z, a second apart; the id begins with the time as it does in life */
	record->time_ns = clock_civil_ns(2026, 11, 22) + (6 * 3600 + (int64_t)n) * (int64_t)NSEC_PER_SEC;
	snprintf(record->id, sizeof(record->id), "01KB%022lu", n % 1000000000000000000ul);
	STR_COPY(record->team, str_of(team));
	if (team[0])
		STR_COPY(record->team_source, STR("env:AI_TEAM"));
	else
		record->flags |= FLAG_UNATTRIBUTED;
	call->version = CALL_VERSION;
	call->task.tgid = 4121;
	call->library = 1;
	call->begin_ns = 1000000000;
	call->first_byte_ns = 1310400000;
	call->end_ns = 2834200000;
	STR_COPY(call->provider, STR("openai"));
	STR_COPY(call->host, STR("api.openai.com"));
	STR_COPY(call->sni, STR("api.openai.com"));
	STR_COPY(call->operation, STR("chat"));
	STR_COPY(call->method, STR("POST"));
	STR_COPY(call->path, STR("/v1/chat/completions"));
	STR_COPY(call->model_requested, STR("gpt-4o"));
	STR_COPY(call->model, STR("gpt-4o-2024-08-06"));
	STR_COPY(call->user_agent, STR("OpenAI/Python 1.99.0"));
	STR_COPY(call->usage_raw, STR("{\"prompt_tokens\":1290,\"completion_tokens\":211,\"prompt_tokens_details\":{\"cached_tokens\":1024}}"));
	snprintf(call->request_id, sizeof(call->request_id), "req_%lx", n * 2654435761ul);
	snprintf(call->response_id, sizeof(call->response_id), "chatcmpl-%lx", n * 2654435761ul);
	call->credential_kind = CREDENTIAL_API_KEY;
	STR_COPY(call->credential, STR("k1:3fa9c1d2e4b5a697"));
	call->status = 200;
	call->billing = BILLING_METERED;
	call->usage_source = USAGE_REPORTED;
	call->n_usages = 1;
	STR_COPY(call->usages[0].model, str_of(call->model));
	usage_set(&call->usages[0], COUNT_INPUT, 1290);
	usage_set(&call->usages[0], COUNT_CACHE_READ, 1024);
	usage_set(&call->usages[0], COUNT_OUTPUT, 211);
	STR_COPY(made->origin.exe, STR("/usr/bin/python3.11"));
	STR_COPY(made->origin.comm, STR("python3"));
	STR_COPY(made->origin.cgroup, STR("/system.slice/ranker.service"));
	STR_COPY(made->origin.unit, STR("ranker.service"));
	for (size_t i = 0; i < 3; i++) {
		struct cost_line *line = &record->cost.lines[record->cost.n_lines++];

		STR_COPY(line->model, str_of(call->model));
		STR_COPY(line->unit, STR("token"));
		STR_COPY(line->price, STR("openai/gpt-4o@2024-10-01"));
		line->class = (uint8_t)lines[i].class;
		line->milli = lines[i].tokens * 1000;
		line->priced = true;
		line->pico = lines[i].pico;
		record->cost.pico += lines[i].pico;
	}
	record->cost.list_pico = record->cost.pico;
}

static inline void made_label(struct made *made, const char *name, const char *value)
{
	struct label *label = &made->record.labels[made->record.n_labels++];

	STR_COPY(label->name, str_of(name));
	STR_COPY(label->value, str_of(value));
}

/* As if the table had no price for its model. */
static inline void made_unpriced(struct made *made)
{
	struct cost *cost = &made->record.cost;

	cost->status = COST_UNPRICED;
	cost->pico = cost->list_pico = 0;
	for (uint32_t i = 0; i < cost->n_lines; i++) {
		cost->lines[i].priced = false;
		cost->lines[i].pico = 0;
		cost->lines[i].price[0] = 0;
	}
}

#endif
