/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What belongs together. A client's call and the serving side of it are the same
 * bytes, seen at both ends of one connection: the same head, the same body, one
 * within the other in time. A gateway's own call was made by the process that
 * serves, while it serves; which of several requests it is for is told by what
 * gateways pass on: the answer's id, the provider's request id, the trace, the
 * body as it stands, and failing all that the model and the numbers.
 */
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "link/gateway_inside.h"

/* A write is seen when it returns, which may be after the other side has read it. */
#define SLACK_NS (100 * NSEC_PER_MSEC)

static uint64_t hash_text(const char *text)
{
	return text[0] ? hash_bytes(text, strlen(text), 1) | 1 : 0;
}

static uint64_t hash_more(const char *text, uint64_t seed)
{
	return hash_bytes(text, strlen(text), seed);
}

/* openai/gpt-4o is asked of a gateway, gpt-4o of the provider */
static uint64_t hash_model(const char *model)
{
	const char *slash = strrchr(model, '/');

	return hash_text(slash ? slash + 1 : model);
}

static uint64_t hash_head(const struct call *call)
{
	uint64_t hash = hash_more(call->method, hash_more(call->host, call->port));

	hash = hash_more(call->path, hash);
	hash = hash_more(call->user_agent, hash);
	hash = hash_more(call->credential, hash);
	hash = hash_more(call->trace_id, hash);
	hash = hash_more(call->span_id, hash);
	return hash_more(call->idempotency, hash) | 1;
}

void facts_of(const struct call *call, struct facts *ret)
{
	*ret = (struct facts){ .conn_id = call->conn_id, .exchange = call->exchange, .part = call->part, .task = call->task, .begin_ns = call->begin_ns,
			       .end_ns = call->kind == CALL_ENDED ? call->end_ns : 0 };
	ret->host = hash_more(call->host, call->port);
	ret->head = hash_head(call);
	if (call->kind == CALL_ENDED && !(call->flags & (CALL_INCOMPLETE | CALL_TRUNCATED)))
		ret->body = call->body_hash;
	ret->response_id = hash_text(call->response_id);
	ret->request_id = hash_text(call->request_id);
	ret->trace_id = hash_text(call->trace_id);
	ret->idempotency = hash_text(call->idempotency);
	ret->model_asked = hash_model(call->model_requested);
	ret->model = hash_model(call->model);
	ret->request_bytes = call->request_bytes;
	ret->content_bytes = call->content_bytes[0];
	ret->used = call->n_units || (call->n_usages && call->usage_source == USAGE_REPORTED);
	if (ret->used && call->n_usages && usage_knows(&call->usages[0], COUNT_OUTPUT))
		ret->output = call->usages[0].count[COUNT_OUTPUT];
	ret->failed = call->flags & (CALL_ERROR | CALL_ABORTED);
}

static unsigned int equal(uint64_t a, uint64_t b, unsigned int worth)
{
	return a && a == b ? worth : 0;
}

static bool differ(uint64_t a, uint64_t b)
{
	return a && b && a != b;
}

static bool encloses(const struct facts *outer, const struct facts *inner)
{
	return outer->begin_ns <= inner->begin_ns && (!outer->end_ns || !inner->end_ns || outer->end_ns >= inner->end_ns);
}

static bool may_enclose(const struct facts *outer, const struct facts *inner)
{
	if (outer->begin_ns > inner->begin_ns + SLACK_NS || (outer->end_ns && outer->end_ns < inner->begin_ns))
		return false;
	return !outer->end_ns || !inner->end_ns || outer->end_ns + SLACK_NS >= inner->end_ns || outer->failed;
}

/* A process may hold both ends; a relay's own call looks the same, but lies within what it serves. */
unsigned int match_client(const struct facts *client, const struct facts *serving)
{
	bool encloses_it = encloses(client, serving);

	if (client->head != serving->head || client->conn_id == serving->conn_id || !may_enclose(client, serving) ||
	    (task_eq(client->task, serving->task) && !encloses_it) ||
	    differ(client->body, serving->body) || differ(client->response_id, serving->response_id))
		return 0;
	return 1 + 2 * encloses_it + equal(client->response_id, serving->response_id, 64) + equal(client->body, serving->body, 32) +
	       equal(client->request_id, serving->request_id, 16) + equal(client->output, serving->output, 4);
}

/* A relay that passes a head on as it is does so with the body. */
unsigned int match_upstream(const struct facts *upstream, const struct facts *serving)
{
	bool relayed = upstream->head == serving->head;

	if (!task_eq(upstream->task, serving->task) || upstream->conn_id == serving->conn_id ||
	    upstream->begin_ns < serving->begin_ns || (serving->end_ns && upstream->begin_ns > serving->end_ns))
		return 0;
	if (relayed && (!encloses(serving, upstream) || differ(upstream->body, serving->body)))
		return 0;
	return 1 + 4 * relayed + equal(upstream->response_id, serving->response_id, 128) +
	       equal(upstream->request_id, serving->request_id, 64) + equal(upstream->trace_id, serving->trace_id, 64) +
	       equal(upstream->idempotency, serving->idempotency, 64) + equal(upstream->body, serving->body, 32) +
	       equal(upstream->content_bytes, serving->content_bytes, 8) + equal(upstream->model, serving->model, 4) +
	       equal(upstream->model_asked, serving->model_asked, 4) + equal(upstream->output, serving->output, 4);
}
