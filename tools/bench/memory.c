/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resident memory of the hot half with many connections open, each after a
 * call, some of them in the middle of a compressed answer: each row in a process
 * of its own, as growth over a worker without connections.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "feed/memory.h"
#include "pipeline/hot.h"
#include "tests/lib/play.h"

static size_t resident(void)
{
	unsigned long pages = 0, rss = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (!file || fscanf(file, "%lu %lu", &pages, &rss) != 2)
		exit(1);
	fclose(file);
	return rss * (size_t)sysconf(_SC_PAGESIZE);
}

/* A whole call, and then nothing: kept alive for the next one. */
static void whole_answer(struct line *line)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 79\r\n\r\n"
				     "{\"id\":\"c-1\",\"model\":\"gpt-4o\",\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":9}}";

	line_text(line, EVENT_RECEIVED, answer);
}

/* The beginning of a compressed answer that goes on: half of a stream of events. */
static void begin_answer(struct line *line)
{
	struct buf events = BUF(MIB(4)), squeezed = BUF(MIB(4)), message = BUF(MIB(4));

	for (int i = 0; i < 400; i++)
		buf_printf(&events, "data: {\"id\":\"chatcmpl-%d\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word %d\"}}]}\n\n", i, i * 7919);
	buf_puts(&message, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
		 "Content-Encoding: gzip\r\n\r\nfffff\r\n");
	play_gzip(buf_view(&events), &squeezed);
	buf_add(&message, squeezed.p, squeezed.n / 2);
	line_data(line, EVENT_RECEIVED, message.p, message.n);
	buf_done(&events);
	buf_done(&squeezed);
	buf_done(&message);
}

static void call(struct line *line, bool inflating)
{
	line_open(line, true, STR("api.openai.com"));
	line_text(line, EVENT_SENT, "POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nContent-Length: 35\r\n\r\n"
		  "{\"model\":\"gpt-4o\",\"stream\":true    }");
	if (inflating)
		begin_answer(line);
	else
		whole_answer(line);
}

static size_t measure(size_t conns, size_t inflating, uint64_t *ret_refused)
{
	static struct wants wants = { .secret_generation = 1 };
	static struct stats stats;
	static struct event_task none = { .header = { .type = EVENT_TASK, .abi = EVENT_ABI, .size = sizeof(none) } };
	struct source *source;
	struct queue *queue;
	struct hot *hot;
	size_t before = 0, peak = 0;

	if (memory_open(&none, sizeof(none), &source) < 0 || queue_new(MIB(4), false, NULL, &queue) < 0 ||
	    hot_new(source, queue, &wants, &stats, &hot) < 0)
		exit(1);
	before = resident();
	for (size_t i = 0; i < conns; i++) {
		struct image image = { 0 };
		struct line line = { .to = &image, .id = i + 1, .task = { 1 + (uint32_t)(i % 100), 5 }, .boot_ns = i + 1 };
		struct event_header *event;

		call(&line, i < inflating);
		for (size_t at = 0; (event = image_next(&image, &at));)
			hot_event(hot, event, event->size);
		image_done(&image);
		while (queue_peek(queue))
			queue_take(queue);
	}
	peak = resident();
	*ret_refused = stats.n[STAT_NO_MEMORY];
	return peak - before;
}

int main(void)
{
	static const struct {
		size_t conns, inflating;
	} rows[] = { { 10000, 0 }, { 10000, 200 }, { 10000, 1000 }, { 10000, 10000 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fflush(NULL);
		if (fork() == 0) {
			uint64_t refused;
			size_t bytes = measure(rows[i].conns, rows[i].inflating, &refused);

			printf("%6zu connections, %6zu inflating: %7.1f MiB above an idle worker, %5.1f KiB a connection%s\n", rows[i].conns,
			       rows[i].inflating, (double)bytes / 1048576, (double)bytes / 1024 / (double)rows[i].conns, refused ? ", some answers over the budget" : "");
			fflush(NULL);
			_exit(0);
		}
		wait(NULL);
	}
	return 0;
}
