/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of places found by a hash of what all attempts have in common, of which
 * the oldest is given up: no list, no allocation. An attempt is taken out as
 * soon as one links to it, so that two threads that repeat the same prompt each
 * continue a chain of their own.
 *
 * What attempts have in common is the key of the request where it has one
 * (idempotency-key; amz-sdk-invocation-id, which AWS's SDKs keep over all
 * attempts of an invocation), else process, credential, host, path and body.
 * OpenAI's and Anthropic's SDKs count with x-stainless-retry-count and send no
 * key from Python.
 */
#include "link/retry.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"

#define WAYS 8
#define SETS (LIMIT_ATTEMPTS / WAYS)
#define SOON_NS (60 * NSEC_PER_SEC)	/* the longest that an SDK waits because a server told it to (retry-after) */

struct attempt {
	uint64_t hash;		/* 0: free */
	uint64_t turn;
	uint64_t end_ns;
	uint32_t number;
	bool failed;
	bool keyed;
	char record[RECORD_ID_MAX];
};

struct retries {
	uint64_t turn;
	struct attempt attempts[SETS][WAYS];
};

int retries_new(struct retries **ret)
{
	struct retries *retries = mem_new(sizeof(*retries));

	if (!retries)
		return -ENOMEM;
	*ret = retries;
	return 0;
}

struct retries *retries_free(struct retries *retries)
{
	return mem_free(retries);
}

static uint64_t hash_text(const char *text, uint64_t seed)
{
	return hash_bytes(text, strlen(text), seed);
}

/* 0: nothing could be a retry of it. */
static uint64_t hash_of(const struct call *call)
{
	uint64_t hash = hash_text(call->credential, hash_text(call->host, 1));

	if (call->flags & CALL_RETRIEVAL)
		return 0;
	if (call->idempotency[0])
		return hash_text(call->idempotency, hash) | 1;
	if (!call->body_hash)
		return 0;
	hash = hash_text(call->path, hash);
	hash = hash_bytes(&call->body_hash, sizeof(call->body_hash), hash);
	return (hash ^ task_hash(call->task)) | 1;
}

static bool has_failed(const struct call *call)
{
	return call->flags & (CALL_ERROR | CALL_ABORTED) || !call->status || call->status >= 400;
}

/* Is this call an attempt after the earlier one? */
static bool follows(const struct call *call, const struct attempt *earlier)
{
	if (earlier->end_ns > call->begin_ns || call->begin_ns - earlier->end_ns > SOON_NS)
		return false;
	if (call->attempt > 1)
		return earlier->number < call->attempt;
	return earlier->failed || earlier->keyed;
}

/* The newest that it follows. */
static struct attempt *find(struct attempt set[WAYS], uint64_t hash, const struct call *call)
{
	struct attempt *best = NULL;

	for (size_t i = 0; i < WAYS; i++)
		if (set[i].hash == hash && follows(call, &set[i]) && (!best || set[i].end_ns > best->end_ns))
			best = &set[i];
	return best;
}

static struct attempt *oldest(struct attempt set[WAYS])
{
	struct attempt *best = set;

	for (size_t i = 1; i < WAYS; i++)
		if (set[i].turn < best->turn)
			best = &set[i];
	return best;
}

void retry_link(struct retries *retries, struct record *record)
{
	const struct call *call = record->call;
	uint64_t hash = hash_of(call);
	struct attempt *set = retries->attempts[hash / 2 % SETS], *earlier;

	record->attempt = call->attempt ? call->attempt : 1;
	if (!hash)
		return;
	earlier = find(set, hash, call);
	if (earlier) {
		memcpy(record->retry_of, earlier->record, sizeof(record->retry_of));
		if (record->attempt <= earlier->number)
			record->attempt = earlier->number + 1;
		record->flags |= FLAG_RETRY;
		*earlier = (struct attempt){ 0 };
	}
	/* a success that nobody numbers or names can have no successor */
	if (!has_failed(call) && !call->attempt && !call->idempotency[0])
		return;
	earlier = oldest(set);
	*earlier = (struct attempt){ .hash = hash, .turn = ++retries->turn, .end_ns = call->end_ns, .number = record->attempt,
				     .failed = has_failed(call), .keyed = call->idempotency[0] != 0 };
	STR_COPY(earlier->record, str_of(record->id));
}
