/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attempts: each row is a call that follows the ones before it in its scenario,
 * and what it must be told as: which attempt, of which (by its place), or first.
 */
#include "tests/lib/unit.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "link/retry.h"

#define NONE (-1)
#define ROWS 6

struct row {
	unsigned int begin, end;	/* ms */
	uint64_t body;
	const char *key;
	uint32_t says;			/* the attempt's number, by its client */
	uint32_t task;
	uint16_t status;
	uint32_t flags;
	/* expected */
	uint32_t attempt;
	int retry_of;			/* place in the scenario */
	const char *credential, *path;
};

static const struct {
	const char *title;
	struct row rows[ROWS];
} scenarios[] = {
	{ "the same body after an error", {
		{ 0, 10, 7, NULL, 0, 1, 500, CALL_ERROR, 1, NONE },
		{ 20, 30, 7, NULL, 0, 1, 429, CALL_ERROR, 2, 0 },
		{ 40, 50, 7, NULL, 0, 1, 200, 0, 3, 1 },
		{ 60, 70, 7, NULL, 0, 1, 200, 0, 1, NONE },
	} },
	{ "the same body twice with success", {
		{ 0, 10, 7, NULL, 0, 1, 200, 0, 1, NONE },
		{ 20, 30, 7, NULL, 0, 1, 200, 0, 1, NONE },
	} },
	{ "after an answer that broke off, or none", {
		{ 0, 10, 7, NULL, 0, 1, 200, CALL_ABORTED, 1, NONE },
		{ 20, 30, 7, NULL, 0, 1, 0, 0, 2, 0 },
		{ 40, 50, 7, NULL, 0, 1, 200, 0, 3, 1 },
	} },
	{ "another body, process, credential or path", {
		{ 0, 10, 7, NULL, 0, 1, 500, CALL_ERROR, 1, NONE },
		{ 20, 30, 8, NULL, 0, 1, 200, 0, 1, NONE },
		{ 20, 30, 7, NULL, 0, 2, 200, 0, 1, NONE },
		{ 20, 30, 7, NULL, 0, 1, 200, 0, 1, NONE, "k1:other" },
		{ 20, 30, 7, NULL, 0, 1, 200, 0, 1, NONE, NULL, "/v1/other" },
	} },
	{ "too long after", {
		{ 0, 10, 7, NULL, 0, 1, 500, CALL_ERROR, 1, NONE },
		{ 60011, 60020, 7, NULL, 0, 1, 500, CALL_ERROR, 1, NONE },
		{ 120020, 120030, 7, NULL, 0, 1, 200, 0, 2, 1 },
	} },
	{ "at the same time is no retry", {
		{ 0, 100, 7, NULL, 0, 1, 500, CALL_ERROR, 1, NONE },
		{ 50, 200, 7, NULL, 0, 1, 200, 0, 1, NONE },
	} },
	{ "two threads with one prompt have a chain each", {
		{ 0, 10, 7, NULL, 0, 1, 500, CALL_ERROR, 1, NONE },
		{ 0, 12, 7, NULL, 0, 1, 500, CALL_ERROR, 1, NONE },
		{ 20, 30, 7, NULL, 0, 1, 200, 0, 2, 1 },
		{ 20, 31, 7, NULL, 0, 1, 200, 0, 2, 0 },
	} },
	{ "an SDK that counts, whatever became of the one before", {
		{ 0, 10, 7, NULL, 1, 1, 200, 0, 1, NONE },
		{ 20, 30, 7, NULL, 2, 1, 200, CALL_RETRY, 2, 0 },
		{ 40, 50, 7, NULL, 3, 1, 200, CALL_RETRY, 3, 1 },
	} },
	{ "an SDK that counts, and whose first attempts were not seen", {
		{ 0, 10, 7, NULL, 3, 1, 500, CALL_ERROR | CALL_RETRY, 3, NONE },
		{ 20, 30, 7, NULL, 4, 1, 200, CALL_RETRY, 4, 0 },
	} },
	{ "the same number again is another call, begun meanwhile", {
		{ 0, 10, 7, NULL, 2, 1, 200, CALL_RETRY, 2, NONE },
		{ 20, 30, 7, NULL, 2, 1, 200, CALL_RETRY, 2, NONE },
	} },
	{ "an application that begins anew when the SDK has given up", {
		{ 0, 10, 7, NULL, 1, 1, 500, CALL_ERROR, 1, NONE },
		{ 20, 30, 7, NULL, 2, 1, 500, CALL_ERROR, 2, 0 },
		{ 40, 50, 7, NULL, 1, 1, 200, 0, 3, 1 },
	} },
	{ "a key stands for the request, across bodies and processes", {
		{ 0, 10, 7, "idem-1", 0, 1, 200, 0, 1, NONE },
		{ 20, 30, 8, "idem-1", 0, 2, 200, 0, 2, 0 },
		{ 40, 50, 7, "idem-2", 0, 1, 200, 0, 1, NONE },
	} },
	{ "one invocation of AWS's SDKs", {
		{ 0, 10, 7, "inv-1", 1, 1, 503, CALL_ERROR, 1, NONE },
		{ 20, 30, 9, "inv-1", 2, 1, 503, CALL_ERROR | CALL_RETRY, 2, 0 },
		{ 40, 50, 9, "inv-1", 3, 1, 200, CALL_RETRY, 3, 1 },
	} },
	{ "nothing to go by", {
		{ 0, 10, 0, NULL, 0, 1, 500, CALL_ERROR, 1, NONE },
		{ 20, 30, 0, NULL, 0, 1, 200, 0, 1, NONE },
	} },
	{ "a poll is no retry", {
		{ 0, 10, 7, NULL, 0, 1, 500, CALL_ERROR | CALL_RETRIEVAL, 1, NONE },
		{ 20, 30, 7, NULL, 0, 1, 200, CALL_RETRIEVAL, 1, NONE },
	} },
};

static void link_row(struct retries *retries, const struct row *row, size_t place, struct record *ret)
{
	static struct call call;

	call = (struct call){ .role = ROLE_CLIENT, .begin_ns = (row->begin + 1) * NSEC_PER_MSEC, .end_ns = (row->end + 1) * NSEC_PER_MSEC,
			      .body_hash = row->body, .attempt = row->says, .status = row->status, .flags = row->flags,
			      .task = { row->task, 5 } };
	strcpy(call.host, "api.openai.com");
	STR_COPY(call.path, str_of(row->path ? row->path : "/v1/chat/completions"));
	STR_COPY(call.credential, str_of(row->credential ? row->credential : "k1:one"));
	STR_COPY(call.idempotency, str_of(row->key));
	*ret = (struct record){ .call = &call };
	snprintf(ret->id, sizeof(ret->id), "RECORD%zu", place);
	retry_link(retries, ret);
}

static void test_scenarios(void **state)
{
	struct retries *retries;
	struct record record;
	char expected[RECORD_ID_MAX];

	(void)state;
	EACH(scenario, scenarios) {
		assert_int_equal(retries_new(&retries), 0);
		for (size_t i = 0; i < ROWS && scenario->rows[i].attempt; i++) {
			const struct row *row = &scenario->rows[i];

			link_row(retries, row, i, &record);
			expected[0] = 0;
			if (row->retry_of != NONE)
				snprintf(expected, sizeof(expected), "RECORD%d", row->retry_of);
			if (record.attempt != row->attempt || strcmp(record.retry_of, expected))
				fail_msg("%s: call %zu is attempt %u of '%s', not %u of '%s'", scenario->title, i, record.attempt,
					 record.retry_of, row->attempt, expected);
			assert_int_equal(!!(record.flags & FLAG_RETRY), row->retry_of != NONE);
		}
		retries_free(retries);
	}
}

/* More than there is room for: the newest are found, and the oldest are the first that are not. */
static void test_bounded(void **state)
{
	struct row row = { 0, 10, 0, NULL, 0, 1, 500, CALL_ERROR, 0, 0 };
	unsigned int found = 0, n = 3 * LIMIT_ATTEMPTS;
	struct retries *retries;
	struct record record;

	(void)state;
	assert_int_equal(retries_new(&retries), 0);
	for (unsigned int i = 1; i <= n; i++) {
		row.body = i;
		link_row(retries, &row, i, &record);
		assert_string_equal(record.retry_of, "");
	}
	row.begin = 20;
	row.end = 30;
	row.status = 200;
	row.flags = 0;
	for (unsigned int i = 1; i <= n; i++) {
		row.body = i;
		link_row(retries, &row, i, &record);
		found += record.retry_of[0] != 0;
		if (i > n - LIMIT_ATTEMPTS / 4)
			assert_string_not_equal(record.retry_of, "");
	}
	assert_true(found > LIMIT_ATTEMPTS / 2 && found <= LIMIT_ATTEMPTS);
	retries_free(retries);
}

static void test_refused_memory(void **state)
{
	struct retries *retries;

	(void)state;
	mem_fail_at(1);
	assert_int_equal(retries_new(&retries), -ENOMEM);
	assert_null(retries_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenarios), cmocka_unit_test(test_bounded), cmocka_unit_test(test_refused_memory),
	};

	return RUN(tests);
}
