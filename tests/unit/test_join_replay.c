/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that pass a gateway on this host, from their bytes: a trace of three
 * connections each, several calls at a time, gives one spend a call, and the same
 * records with 1, 2 and 8 workers.
 */
#include "tests/lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "feed/trace.h"
#include "out/record.h"
#include "pipeline/worker.h"
#include "tests/lib/through.h"

#define CALLS 40
#define RINGS 3

enum { CLIENT = 100, GATEWAY = 900 };

struct kept {
	char *json;		/* what is compared */
	bool spend;
	char route[16], same_as[RECORD_ID_MAX], id[RECORD_ID_MAX];
	uint32_t tgid;
	uint64_t input;
};

struct records {
	struct kept list[4 * CALLS];
	size_t n;
};

static void keep(void *ctx, const struct record *record)
{
	struct records *records = ctx;
	struct kept *kept = &records->list[records->n++];
	struct buf buf = BUF(RECORD_JSON_MAX);

	assert_true(records->n <= 4 * CALLS);
	*kept = (struct kept){ .spend = record->spend, .tgid = record->call->task.tgid };
	STR_COPY(kept->route, str_of(record->route));
	STR_COPY(kept->same_as, str_of(record->same_as));
	STR_COPY(kept->id, str_of(record->id));
	record_tokens(record, COUNT_INPUT, &kept->input);
	assert_int_equal(record_json(record, &buf), 0);
	kept->json = mem_strndup(buf.p, buf.n);
	buf_done(&buf);
}

static int by_json(const void *a, const void *b)
{
	return strcmp(((const struct kept *)a)->json, ((const struct kept *)b)->json);
}

static void forget(struct records *records)
{
	for (size_t i = 0; i < records->n; i++)
		mem_free(records->list[i].json);
	records->n = 0;
}

/* ---- the bytes */

static void says(struct line *line, enum event_dir dir, uint64_t ms, const char *head, const char *body)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s\r\nContent-Length: %zu\r\n\r\n%s", head, strlen(body), body);
	line->boot_ns = ms * NSEC_PER_MSEC;
	line_text(line, dir, text);
}

/* The nth call, begun at ms: what its client and its gateway see of it, and what the gateway asks the provider. */
static void forwarded(struct image images[3], unsigned int n, uint64_t ms, uint64_t took)
{
	struct line client = { .to = &images[0], .id = 3 * n + 1, .task = { CLIENT + n, 5000 }, .boot_ns = ms * NSEC_PER_MSEC };
	struct line serving = { .to = &images[1], .id = 3 * n + 2, .task = { GATEWAY, 5000 }, .boot_ns = ms * NSEC_PER_MSEC };
	struct line own = { .to = &images[2], .id = 3 * n + 3, .task = { GATEWAY, 5000 }, .boot_ns = (ms + 2) * NSEC_PER_MSEC };
	static const char asks[] = "POST /v1/chat/completions HTTP/1.1\r\nHost: gateway.internal:4000\r\nAuthorization: Bearer sk-virtual";
	char ask[128], asked[128], answer[160], answered[256];

	snprintf(ask, sizeof(ask), "{\"model\":\"smart\",\"messages\":[{\"content\":\"%u\"}]}", n / 2);
	snprintf(asked, sizeof(asked), "{\"messages\":[{\"content\":\"%u\"}],\"model\":\"gpt-4o\"}", n / 2);
	snprintf(answer, sizeof(answer), "{\"id\":\"chatcmpl-%u\",\"model\":\"smart\",\"choices\":[]}", n);
	snprintf(answered, sizeof(answered), "{\"id\":\"chatcmpl-%u\",\"model\":\"gpt-4o-2024-08-06\",\"usage\":{\"prompt_tokens\":%u,"
		 "\"completion_tokens\":0}}", n, 1000 + n);
	line_open(&client, true, STR("gateway.internal"));
	line_open(&serving, true, STR(""));
	line_open(&own, true, STR("api.openai.com"));
	says(&client, EVENT_SENT, ms, asks, ask);
	says(&serving, EVENT_RECEIVED, ms + 1, asks, ask);
	says(&own, EVENT_SENT, ms + 3, "POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nAuthorization: Bearer sk-real", asked);
	says(&own, EVENT_RECEIVED, ms + took - 3, "HTTP/1.1 200 OK", answered);
	says(&serving, EVENT_SENT, ms + took - 1, "HTTP/1.1 200 OK", answer);
	says(&client, EVENT_RECEIVED, ms + took, "HTTP/1.1 200 OK", answer);
}

/* The next event of all images; NULL after the last. */
static struct event_header *earliest(const struct image *images, size_t *at, size_t n)
{
	struct event_header *first = NULL, *event;
	size_t which = 0, then = 0;

	for (size_t i = 0; i < n; i++) {
		size_t next = at[i];

		event = image_next(&images[i], &next);
		if (!event || (first && event->boot_ns >= first->boot_ns))
			continue;
		first = event;
		which = i;
		then = next;
	}
	if (first)
		at[which] = then;
	return first;
}

static void write_trace(const char *path)
{
	struct trace_about about = { .boot_id = "a boot in a test", .arch = "x86_64", .node = "node" };
	struct anchor anchor = { .boot_ns = 0, .wall_ns = through_wall(NULL, 0) };
	struct image images[3 * CALLS] = { 0 };
	size_t at[3 * CALLS] = { 0 };
	struct event_header *event;
	struct trace_writer *writer;
	uint64_t random = 5, boot_ns = 0;

	for (unsigned int i = 0; i < CALLS; i++)
		forwarded(images + 3 * (size_t)i, i, 1000 + random_next(&random) % 4000, 20 + random_next(&random) % 1500);
	assert_int_equal(trace_writer_open(path, &about, anchor, &writer), 0);
	while ((event = earliest(images, at, 3 * CALLS))) {
		/* no two at the same moment: what is equal has no order */
		event->boot_ns = boot_ns = event->boot_ns > boot_ns ? event->boot_ns : boot_ns + 1;
		assert_int_equal(trace_writer_event(writer, (unsigned int)(event->conn_id % RINGS), event, event->size), 0);
	}
	assert_int_equal(trace_writer_end(writer), 0);
	trace_writer_free(writer);
	for (size_t i = 0; i < 3 * CALLS; i++)
		image_done(&images[i]);
}

static void replay(const char *path, unsigned int n_workers, struct records *ret)
{
	struct source *sources[WORKERS_MAX] = { NULL };
	struct workers_config config = { .sources = sources, .n_sources = n_workers, .n_sinks = 1 };
	struct through through;
	struct workers *workers;
	struct trace *trace;

	ret->n = 0;
	assert_int_equal(trace_load(path, &trace), 0);
	assert_int_equal(through_open(&through, keep, ret), 0);
	for (unsigned int i = 0; i < n_workers; i++)
		assert_int_equal(trace_open(trace, i, n_workers, &sources[i]), 0);
	config.replay = trace;
	config.who = through.who;
	config.settings = &through.settings;
	config.sinks[0] = &through.sink.sink;
	memcpy(config.boot_id, trace_about(trace)->boot_id, sizeof(config.boot_id));
	assert_int_equal(workers_start(&config, &workers), 0);
	workers_stop(workers);
	workers_free(workers);
	for (unsigned int i = 0; i < n_workers; i++)
		sources[i]->ops->close(sources[i]);
	trace_free(trace);
	through_close(&through);
	qsort(ret->list, ret->n, sizeof(*ret->list), by_json);
}

static const struct kept *by_id(const struct records *records, const char *id)
{
	for (size_t i = 0; i < records->n; i++)
		if (!strcmp(records->list[i].id, id))
			return &records->list[i];
	return NULL;
}

static void check(const struct records *records)
{
	assert_int_equal(records->n, 2 * CALLS);
	for (size_t i = 0; i < records->n; i++) {
		const struct kept *kept = &records->list[i], *client;

		if (kept->tgid != GATEWAY) {
			assert_true(kept->spend);
			assert_string_equal(kept->route, "gateway");
			assert_int_equal(kept->input, 1000 + kept->tgid - CLIENT);
			continue;
		}
		assert_false(kept->spend);
		assert_string_equal(kept->route, "upstream");
		client = by_id(records, kept->same_as);
		assert_non_null(client);
		assert_int_equal(client->input, kept->input);
	}
}

static void test_the_same_with_any_number_of_workers(void **state)
{
	static const unsigned int others[] = { 2, 8 };
	static struct records one, other;
	char path[] = "/tmp/aitap-join-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	write_trace(path);
	replay(path, 1, &one);
	check(&one);
	EACH(n, others) {
		replay(path, *n, &other);
		assert_int_equal(other.n, one.n);
		for (size_t i = 0; i < one.n; i++)
			assert_string_equal(other.list[i].json, one.list[i].json);
		forget(&other);
	}
	forget(&one);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_the_same_with_any_number_of_workers) };

	return RUN(tests);
}
