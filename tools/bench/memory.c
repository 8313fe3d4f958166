/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resident memory of the hot half with many connections open in the middle of
 * an answer, some of them inflating: measured in a process of its own each, as
 * growth over one that has everything but connections.
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

/* The beginning of an answer that goes on: half of a stream of events, compressed or not. */
static void begin_answer(struct line *line, bool gzip)
{
	static const char request[] = "POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nContent-Length: 35\r\n\r\n"
				      "{\"model\":\"gpt-4o\",\"stream\":true    }";
	struct buf events = BUF(MIB(4)), squeezed = BUF(MIB(4)), message = BUF(MIB(4));

	line_open(line, true, STR("api.openai.com"));
	line_text(line, EVENT_SENT, request);
	for (int i = 0; i < 400; i++)
		buf_printf(&events, "data: {\"id\":\"chatcmpl-%d\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word %d\"}}]}\n\n", i, i * 7919);
	buf_puts(&message, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n");
	if (gzip)
		play_gzip(buf_view(&events), &squeezed);
	buf_puts(&message, gzip ? "Content-Encoding: gzip\r\n\r\n" : "\r\n");
	buf_printf(&message, "fffff\r\n");
	buf_add(&message, gzip ? squeezed.p : events.p, (gzip ? squeezed.n : events.n) / 2);
	line_data(line, EVENT_RECEIVED, message.p, message.n);
	buf_done(&events);
	buf_done(&squeezed);
	buf_done(&message);
}

static size_t measure(size_t conns, size_t inflating, uint64_t *ret_refused)
{
	static struct wants wants = { .secret_generation = 1 };
	static struct stats stats;
	struct source *source;
	struct queue *queue;
	struct hot *hot;
	size_t before = 0, peak = 0;

	if (memory_open("", 0, &source) < 0 || queue_new(MIB(4), false, NULL, &queue) < 0 ||
	    hot_new(source, queue, &wants, &stats, &hot) < 0)
		exit(1);
	before = resident();
	for (size_t i = 0; i < conns; i++) {
		struct image image = { 0 };
		struct line line = { .to = &image, .id = i + 1, .task = { 1 + (uint32_t)(i % 100), 5 }, .boot_ns = i + 1 };
		struct event_header *event;

		begin_answer(&line, i < inflating);
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

			printf("%6zu connections, %6zu inflating: %7.1f MiB above an idle worker, %5.1f KiB a connection\n", rows[i].conns,
			       rows[i].inflating, (double)bytes / 1048576, (double)bytes / 1024 / (double)rows[i].conns);
			fflush(NULL);
			_exit(0);
		}
		wait(NULL);
	}
	return 0;
}
