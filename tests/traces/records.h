/* SPDX-License-Identifier: Apache-2.0 */
/* Records kept to be compared: the same ones, or less and flagged. */
#ifndef AITAP_TESTS_TRACES_RECORDS_H
#define AITAP_TESTS_TRACES_RECORDS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "noun/head.h"
#include "out/record.h"

/* What a record says, without when: times are those of the events, and change with their order. */
struct kept {
	char id[RECORD_ID_MAX];
	bool spend;
	struct call call;
	int64_t pico;
	char *json;		/* owned */
};

struct records {
	struct kept *list;
	size_t n, room;
};

static inline char *json_of(const struct record *record)
{
	struct buf buf = BUF(RECORD_JSON_MAX);
	char *json = NULL;

	if (record_json(record, &buf) == 0)
		json = mem_strndup(buf.p, buf.n);
	buf_done(&buf);
	if (!json)
		exit(1);
	return json;
}

/*
 * A scrubbed message of an event stream is written when it is whole: where in it the first token came is lost. Of a file
 * that was uploaded nothing is kept, so not the model either that a batch's requests name.
 */
static inline void blank(char *json, const char *key)
{
	char *value = strstr(json, key);

	if (!value)
		return;
	value += strlen(key);
	memmove(value, value + strcspn(value, ","), strlen(value + strcspn(value, ",")) + 1);
}

static inline void keep(void *ctx, const struct record *record)
{
	struct records *records = ctx;
	struct kept *kept;

	if (records->n == records->room) {
		size_t room = records->room ? records->room * 2 : 256;

		records->list = mem_resize(records->list, records->room * sizeof(*kept), room * sizeof(*kept));
		if (!records->list)
			exit(1);
		records->room = room;
	}
	kept = &records->list[records->n++];
	memset(kept, 0, sizeof(*kept));
	memcpy(kept->id, record->id, sizeof(kept->id));
	kept->spend = record->spend;
	kept->pico = record->cost.pico;
	kept->call = *record->call;
	kept->json = json_of(record);
	if (!strcmp(record->call->provider, "aws.bedrock"))
		blank(kept->json, "\"first_token_ms\":");
	if (!strcmp(record->call->operation, "files"))
		blank(kept->json, "\"model_requested\":");
}

static inline int by_place(const void *a, const void *b)
{
	const struct call *x = &((const struct kept *)a)->call, *y = &((const struct kept *)b)->call;

	if (x->conn_id != y->conn_id)
		return x->conn_id < y->conn_id ? -1 : 1;
	if (x->exchange != y->exchange)
		return x->exchange < y->exchange ? -1 : 1;
	return (x->part > y->part) - (x->part < y->part);
}

static inline void sort(struct records *records)
{
	if (records->n)
		qsort(records->list, records->n, sizeof(*records->list), by_place);
}

static inline void forget(struct records *records)
{
	for (size_t i = 0; i < records->n; i++)
		mem_free(records->list[i].json);
	mem_free(records->list);
	*records = (struct records){ 0 };
}

/* ---- comparison */

static inline void without_times(struct call *call)
{
	call->begin_ns = call->sent_ns = call->first_byte_ns = call->first_token_ns = call->end_ns = 0;
	/* what was counted of texts serves estimates alone */
	memset(call->text, 0, sizeof(call->text));
	/* what a client said in a session is of the turn during which it was seen */
	if (call->flags & CALL_TURN) {
		call->request_bytes = call->content_bytes[SIDE_REQUEST] = 0;
		memset(call->tools_offered, 0, sizeof(call->tools_offered));
	}
}

/* An estimate rests on the calls before it, and on words that a scrubbed text has not: only that it is one stays the same. */
static inline bool is_estimate(const struct call *call)
{
	return call->usage_source == USAGE_ESTIMATED;
}

static inline void without_estimate(struct kept *kept)
{
	if (!is_estimate(&kept->call))
		return;
	memset(kept->call.usages, 0, sizeof(kept->call.usages));
	kept->pico = 0;
}

static inline bool same(const struct kept *a, const struct kept *b, bool times)
{
	struct kept x = *a, y = *b;

	x.json = y.json = NULL;
	if (!times) {
		without_estimate(&x);
		without_estimate(&y);
		without_times(&x.call);
		without_times(&y.call);
		memset(x.id, 0, sizeof(x.id));
		memset(y.id, 0, sizeof(y.id));
	}
	return !memcmp(&x, &y, sizeof(x));
}

static inline size_t differs_at(const struct call *a, const struct call *b, bool times)
{
	struct call x = *a, y = *b;
	size_t at = 0;

	if (!times) {
		without_times(&x);
		without_times(&y);
	}
	while (at < sizeof(x) && ((const char *)&x)[at] == ((const char *)&y)[at])
		at++;
	return at;
}

/* NULL: the same records, one by one. */
static const char *compare(const struct records *want, const struct records *got, bool times)
{
	static char reason[512];

	for (size_t i = 0; i < want->n && i < got->n; i++) {
		const struct call *a = &want->list[i].call, *b = &got->list[i].call;

		if (same(&want->list[i], &got->list[i], times))
			continue;
		snprintf(reason, sizeof(reason), "record %zu differs at byte %zu of the call: connection %llu/%u %s %s flags %x, and %llu/%u %s %s flags %x",
			 i, differs_at(a, b, times), (unsigned long long)a->conn_id, a->exchange, a->provider, a->model, a->flags,
			 (unsigned long long)b->conn_id, b->exchange, b->provider, b->model, b->flags);
		return reason;
	}
	if (want->n == got->n)
		return want->n ? NULL : "there are no records";
	snprintf(reason, sizeof(reason), "%zu records, not %zu", got->n, want->n);
	return reason;
}

/* By their one JSON form: what it does not tell may differ. */
static const char *compare_json(const struct records *want, const struct records *got)
{
	static char reason[8192];

	for (size_t i = 0; i < want->n && i < got->n; i++) {
		const char *a = want->list[i].json, *b = got->list[i].json;
		size_t at = 0;

		while (a[at] && a[at] == b[at])
			at++;
		if ((!a[at] && !b[at]) || (is_estimate(&want->list[i].call) && is_estimate(&got->list[i].call)))
			continue;
		at -= at < 60 ? at : 60;
		snprintf(reason, sizeof(reason), "connection %llu: %.150s, and %.150s", (unsigned long long)want->list[i].call.conn_id,
			 a + at, b + at);
		return reason;
	}
	return want->n && want->n == got->n ? NULL : "another number of records";
}

static inline bool same_numbers(const struct call *a, const struct call *b)
{
	/* an estimate where the other has one or nothing is no wrong number */
	if ((is_estimate(a) || !a->n_usages) && (is_estimate(b) || !b->n_usages) && (is_estimate(a) || is_estimate(b)))
		return a->status == b->status;
	/* a turn may follow an upgrade whose answer went down in a hole */
	return (a->status == b->status || (b->flags & CALL_TURN && !b->status)) && (!*b->model || !strcmp(a->model, b->model)) && a->n_usages == b->n_usages && !memcmp(a->usages, b->usages, sizeof(a->usages)) &&
	       a->n_units == b->n_units && !memcmp(a->units, b->units, sizeof(a->units));
}

/*
 * Is it what a whole call of the same connection says, or less and flagged? hit:
 * connections whose only exchange lost bytes, whose records must say so whatever
 * they know; NULL: none in particular.
 */
static const char *honest(const struct records *whole, const struct records *got, const bool *hit, unsigned int *ret_flagged)
{
	static char reason[1024];

	*ret_flagged = 0;
	for (size_t i = 0; i < got->n; i++) {
		const struct call *call = &got->list[i].call;
		/* met in the middle, an answer's head may tell nothing: no status and no usage are no wrong ones */
		bool flagged = call->flags & (CALL_INCOMPLETE | CALL_ABORTED) ||
			       (call->flags & CALL_MID_CONNECTION && !call->status && !call->n_usages), found = false;

		for (size_t j = 0; j < whole->n && !found; j++)
			found = whole->list[j].call.conn_id == call->conn_id && same_numbers(&whole->list[j].call, call);
		*ret_flagged += flagged;
		if (flagged || (found && !(hit && hit[call->conn_id])))
			continue;
		snprintf(reason, sizeof(reason), "connection %llu %s %s %s: not flagged (numbers %s, status %u, %u usages, input %llu, output %llu), flags %x",
			 (unsigned long long)call->conn_id, call->provider, call->path, call->model, found ? "equal" : "differ", call->status, call->n_usages,
			 (unsigned long long)call->usages[0].count[COUNT_INPUT], (unsigned long long)call->usages[0].count[COUNT_OUTPUT],
			 call->flags);
		return reason;
	}
	return NULL;
}

#endif
