/* SPDX-License-Identifier: Apache-2.0 */
/* A record as the pipeline makes them, for tests of those who write records down. */
#ifndef AITAP_TESTS_SAMPLE_H
#define AITAP_TESTS_SAMPLE_H

#include <string.h>

#include "base/str.h"
#include "noun/record.h"

struct sample {
	struct record record;
	struct call call;
	struct origin origin;
};

#define SAMPLE_TEXT(array, text) STR_COPY(array, str_of(text))

static void sample_line(struct cost *cost, enum line_class class, uint64_t tokens, int64_t rate)
{
	struct cost_line *line = &cost->lines[cost->n_lines++];

	memset(line, 0, sizeof(*line));
	SAMPLE_TEXT(line->model, "gpt-4o-2024-08-06");
	SAMPLE_TEXT(line->unit, "token");
	SAMPLE_TEXT(line->price, "openai/gpt-4o@2024-10-01");
	line->class = (uint8_t)class;
	line->milli = tokens * 1000;
	line->priced = true;
	line->pico = (int64_t)tokens * rate;
	cost->list_pico += line->pico;
	cost->pico = cost->list_pico;
}

static void sample_call(struct call *call)
{
	*call = (struct call){ .version = CALL_VERSION, .kind = CALL_ENDED, .role = ROLE_CLIENT, .flags = CALL_STREAM,
			       .conn_id = 7, .uid = 1000, .task = { 4121, 1000000000 }, .library = 1, .status = 200,
			       .billing = BILLING_METERED, .credential_kind = CREDENTIAL_API_KEY,
			       .usage_source = USAGE_REPORTED, .n_usages = 1, .n_units = 1, .port = 443 };
	call->begin_ns = 5000000000;
	call->first_byte_ns = call->begin_ns + 310400000;
	call->first_token_ns = call->begin_ns + 391000000;
	call->end_ns = call->begin_ns + 1834249999;
	SAMPLE_TEXT(call->comm, "python3");
	SAMPLE_TEXT(call->peer, "162.159.140.245:443");
	SAMPLE_TEXT(call->sni, "api.openai.com");
	SAMPLE_TEXT(call->provider, "openai");
	SAMPLE_TEXT(call->dialect, "openai");
	SAMPLE_TEXT(call->operation, "chat");
	SAMPLE_TEXT(call->host, "api.openai.com");
	SAMPLE_TEXT(call->method, "POST");
	SAMPLE_TEXT(call->path, "/v1/chat/completions");
	SAMPLE_TEXT(call->org, "org-1");
	SAMPLE_TEXT(call->project, "proj_1");
	SAMPLE_TEXT(call->model_requested, "gpt-4o");
	SAMPLE_TEXT(call->model, "gpt-4o-2024-08-06");
	SAMPLE_TEXT(call->service_tier, "default");
	SAMPLE_TEXT(call->credential, "k1:3fa9c1d2e4b5a697");
	SAMPLE_TEXT(call->user_agent, "OpenAI/Python 1.99.0");
	SAMPLE_TEXT(call->request_id, "req_8f");
	SAMPLE_TEXT(call->response_id, "chatcmpl-1");
	SAMPLE_TEXT(call->finish_reason, "stop");
	SAMPLE_TEXT(call->usage_raw, "{\"prompt_tokens\":1290,\"completion_tokens\":211,\"prompt_tokens_details\":{\"cached_tokens\":1024}}");
	SAMPLE_TEXT(call->units[0].name, "web_search");
	SAMPLE_TEXT(call->usages[0].model, "gpt-4o-2024-08-06");
	usage_set(&call->usages[0], COUNT_INPUT, 1290);
	usage_set(&call->usages[0], COUNT_CACHE_READ, 1024);
	usage_set(&call->usages[0], COUNT_CACHE_WRITE, 0);
	usage_set(&call->usages[0], COUNT_OUTPUT, 211);
}

static void sample_origin(struct origin *origin)
{
	*origin = (struct origin){ .task = { 4121, 1000000000 }, .uid = 1000, .known_uid = true };
	SAMPLE_TEXT(origin->exe, "/usr/bin/python3.11");
	SAMPLE_TEXT(origin->comm, "python3");
	SAMPLE_TEXT(origin->cgroup, "/kubepods.slice/a");
	SAMPLE_TEXT(origin->container, "6f1c");
	SAMPLE_TEXT(origin->container_name, "ranker");
	SAMPLE_TEXT(origin->image, "ranker:1");
	SAMPLE_TEXT(origin->pod, "ranker-7d9c");
	SAMPLE_TEXT(origin->namespace, "search-prod");
	SAMPLE_TEXT(origin->workload, "Deployment/ranker");
}

static void sample_label(struct record *record, const char *name, const char *value)
{
	struct label *label = &record->labels[record->n_labels++];

	SAMPLE_TEXT(label->name, name);
	SAMPLE_TEXT(label->value, value);
	SAMPLE_TEXT(label->source, "pod-label");
}

/* 2026-11-22T06:00:00.123456Z; gpt-4o: 2.50 USD a million in, 1.25 cached, 10 out */
static inline void sample_make(struct sample *sample)
{
	struct record *record = &sample->record;

	sample_call(&sample->call);
	sample_origin(&sample->origin);
	*record = (struct record){ .kind = RECORD_CALL, .id = "01KATZ0000000000000000TEST", .time_ns = 1795327200123456789,
				   .spend = true, .attempt = 1, .node = "ip-10-0-3-7", .cluster = "prod-eu",
				   .config = "sha256:9c", .route = "direct", .sight = "read", .call = &sample->call,
				   .origin = &sample->origin };
	SAMPLE_TEXT(record->team, "search");
	SAMPLE_TEXT(record->team_source, "pod-label:team");
	SAMPLE_TEXT(record->caller_team, "search");
	sample_label(record, "environment", "prod");
	sample_label(record, "feature", "rerank");
	sample_line(&record->cost, LINE_INPUT_UNCACHED, 266, 2500000);
	sample_line(&record->cost, LINE_CACHE_READ, 1024, 1250000);
	sample_line(&record->cost, LINE_OUTPUT_VISIBLE, 211, 10000000);
}

#endif
