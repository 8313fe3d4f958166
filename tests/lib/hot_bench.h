/* SPDX-License-Identifier: Apache-2.0 */
/* A hot half, what is played to it, and what came out of it. */
#ifndef AITAP_TESTS_HOT_BENCH_H
#define AITAP_TESTS_HOT_BENCH_H

#include "tests/lib/unit.h"

#include "base/clock.h"
#include "base/limits.h"
#include "feed/memory.h"
#include "noun/call.h"
#include "noun/trait.h"
#include "pipeline/hot.h"
#include "pipeline/pack.h"
#include "tests/lib/image.h"

#define ASK "POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nAuthorization: Bearer sk-test\r\n" \
	"Content-Type: application/json\r\nContent-Length: 65\r\n\r\n" \
	"{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}"
#define ANSWER "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 126\r\n\r\n" \
	"{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"model\":\"gpt-4o-2024-08-06\",\"usage\":" \
	"{\"prompt_tokens\":5,\"completion_tokens\":7}}  "
#define PAGE "GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n"
#define PAGE_ANSWER "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<p/>"

struct bench {
	struct image image;
	struct line line;
	struct wants wants;
	struct source *source;
	struct queue *queue;
	struct stats stats;
	struct hot *hot;
	struct call calls[16];
	struct trait traits[16];
	size_t n_calls, n_traits;
	uint64_t last_stamp;
};

static inline void take(struct bench *bench)
{
	const struct message *message;

	while ((message = queue_peek(bench->queue))) {
		assert_true(message->stamp >= bench->last_stamp);
		bench->last_stamp = message->stamp;
		if (message->kind == MESSAGE_CALL && bench->n_calls < 16)
			assert_int_equal(unpack(&bench->calls[bench->n_calls++], sizeof(struct call), message + 1, message->size), 0);
		if (message->kind == MESSAGE_TRAIT && bench->n_traits < 16)
			assert_int_equal(unpack(&bench->traits[bench->n_traits++], sizeof(struct trait), message + 1, message->size), 0);
		queue_take(bench->queue);
	}
}

/* Hands on what was put into the image since the last time. */
static inline void play(struct bench *bench)
{
	struct event_header *event;

	for (size_t at = 0; (event = image_next(&bench->image, &at));) {
		hot_event(bench->hot, event, event->size);
		take(bench);
	}
	bench->image.n = 0;
}

static inline int setup(void **state)
{
	struct bench *bench = mem_new(sizeof(*bench));

	if (!bench || memory_open(NULL, 0, &bench->source) < 0 || queue_new(MIB(1), false, NULL, &bench->queue) < 0)
		return -1;
	bench->wants = (struct wants){ .n_wanted = 1, .wanted = { { WANTED_ENV, "AI_TEAM" } }, .secret_generation = 1 };
	bench->line = (struct line){ .to = &bench->image, .id = 7, .task = { 100, 5000 }, .boot_ns = NSEC_PER_SEC };
	*state = bench;
	return hot_new(bench->source, bench->queue, &bench->wants, &bench->stats, &bench->hot);
}

static inline int teardown(void **state)
{
	struct bench *bench = *state;

	hot_free(bench->hot);
	queue_free(bench->queue);
	bench->source->ops->close(bench->source);
	image_done(&bench->image);
	mem_free(bench);
	return 0;
}

static inline uint64_t stat(const struct bench *bench, enum stat_name which)
{
	return stat_get(&bench->stats.n[which]);
}

static inline void ask(struct bench *bench)
{
	line_text(&bench->line, EVENT_SENT, ASK);
	line_text(&bench->line, EVENT_RECEIVED, ANSWER);
}

#endif
