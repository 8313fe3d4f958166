/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many answers under way at one time, each in the middle of a stream of events:
 * what one more event costs, and how much memory one more stream, as their
 * number grows. Each row has a process of its own; time is the processor's.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "feed/memory.h"
#include "pipeline/hot.h"
#include "tests/lib/image.h"

#define ABREAST 100	/* streams of one connection, over HTTP/2 */
#define EVENTS 20	/* of each stream, measured */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static size_t resident(void)
{
	unsigned long pages = 0, rss = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (!file || fscanf(file, "%lu %lu", &pages, &rss) != 2)
		exit(1);
	fclose(file);
	return rss * (size_t)sysconf(_SC_PAGESIZE);
}

struct load {
	struct hot *hot;
	struct queue *queue;
	bool http2;
	struct line *lines;
	size_t n_lines;
	size_t n_streams;
};

/* What the lines have put into the image, to the hot half. */
static void hand_on(struct load *load, struct image *image)
{
	struct event_header *event;

	for (size_t at = 0; (event = image_next(image, &at));) {
		hot_event(load->hot, event, event->size);
		while (queue_peek(load->queue))
			queue_take(load->queue);
	}
	image->n = 0;
}

static void frame(struct buf *to, unsigned int type, unsigned int flags, size_t stream, struct str payload)
{
	const uint8_t head[9] = { (uint8_t)(payload.n >> 16), (uint8_t)(payload.n >> 8), (uint8_t)payload.n, (uint8_t)type,
				  (uint8_t)flags, 0, 0, (uint8_t)(stream >> 8), (uint8_t)stream };

	buf_add(to, head, sizeof(head));
	buf_str(to, payload);
}

/* A literal that no table keeps (RFC 7541 section 6.2.3). */
static void field(struct buf *to, const char *name, const char *value)
{
	buf_printf(to, "%c%c%s%c%s", 0x10, (int)strlen(name), name, (int)strlen(value), value);
}

static void put(struct line *line, enum event_dir dir, struct buf *bytes)
{
	line_data(line, dir, bytes->p, bytes->n);
	buf_reset(bytes);
}

#define ASKED "{\"model\":\"gpt-4o\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"a question\"}]}"

static void begin_http1(struct line *line)
{
	struct buf bytes = BUF(MIB(1));

	buf_printf(&bytes, "POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nContent-Length: %zu\r\n\r\n%s", strlen(ASKED), ASKED);
	put(line, EVENT_SENT, &bytes);
	buf_puts(&bytes, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
	put(line, EVENT_RECEIVED, &bytes);
	buf_done(&bytes);
}

static void begin_http2(struct line *line)
{
	struct buf bytes = BUF(MIB(1));

	buf_puts(&bytes, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	frame(&bytes, 4, 0, 0, STR(""));
	put(line, EVENT_SENT, &bytes);
	frame(&bytes, 4, 0, 0, STR(""));
	put(line, EVENT_RECEIVED, &bytes);
	for (size_t stream = 1; stream < 2 * ABREAST; stream += 2) {
		struct buf fields = BUF(MIB(1));

		field(&fields, ":method", "POST");
		field(&fields, ":scheme", "https");
		field(&fields, ":authority", "api.openai.com");
		field(&fields, ":path", "/v1/chat/completions");
		frame(&bytes, 1, 4, stream, buf_view(&fields));
		frame(&bytes, 0, 1, stream, STR(ASKED));
		put(line, EVENT_SENT, &bytes);
		buf_reset(&fields);
		field(&fields, ":status", "200");
		field(&fields, "content-type", "text/event-stream");
		frame(&bytes, 1, 4, stream, buf_view(&fields));
		put(line, EVENT_RECEIVED, &bytes);
		buf_done(&fields);
	}
	buf_done(&bytes);
}

/* One event of one stream. */
static void event(struct load *load, size_t i, unsigned int round, struct image *image)
{
	struct line *line = &load->lines[load->http2 ? i / ABREAST : i];
	struct buf text = BUF(4096), bytes = BUF(4096);

	line->to = image;
	buf_printf(&text, "data: {\"id\":\"chatcmpl-%zu\",\"object\":\"chat.completion.chunk\",\"created\":1750000000,\"model\":\"gpt-4o\","
		   "\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word %u\"},\"finish_reason\":null}],\"usage\":null}\n\n", i, round);
	if (load->http2)
		frame(&bytes, 0, 0, 1 + 2 * (i % ABREAST), buf_view(&text));
	else
		buf_printf(&bytes, "%zx\r\n%s\r\n", text.n, buf_cstr(&text));
	put(line, EVENT_RECEIVED, &bytes);
	buf_done(&text);
	buf_done(&bytes);
}

static void begin(struct load *load)
{
	struct image image = { 0 };

	for (size_t i = 0; i < load->n_lines; i++) {
		load->lines[i] = (struct line){ .to = &image, .id = i + 1, .task = { 1 + (uint32_t)(i % 100), 5 }, .boot_ns = i + 1 };
		line_open(&load->lines[i], true, STR("api.openai.com"));
		if (load->http2)
			begin_http2(&load->lines[i]);
		else
			begin_http1(&load->lines[i]);
		hand_on(load, &image);
	}
	image_done(&image);
}

/* A part of the streams at a time, so that the events themselves are no memory to speak of. */
static double play(struct load *load, unsigned int round)
{
	struct image image = { 0 };
	double took = 0, before;

	for (size_t i = 0; i < load->n_streams;) {
		size_t end = i + 1000 < load->n_streams ? i + 1000 : load->n_streams;

		for (; i < end; i++)
			event(load, i, round, &image);
		before = now();
		hand_on(load, &image);
		took += now() - before;
	}
	image_done(&image);
	return took;
}

static void measure(size_t n, bool http2)
{
	static struct wants wants = { .secret_generation = 1 };
	static struct stats stats;
	struct load load = { .http2 = http2, .n_streams = n, .n_lines = http2 ? n / ABREAST : n };
	struct source *source;
	size_t before, bytes;
	double best = 0, took;

	load.lines = mem_array(load.n_lines, sizeof(*load.lines));
	if (!load.lines || memory_open(NULL, 0, &source) < 0 || queue_new(MIB(4), false, NULL, &load.queue) < 0 ||
	    hot_new(source, load.queue, &wants, &stats, &load.hot) < 0)
		exit(1);
	memset(load.lines, 1, load.n_lines * sizeof(*load.lines));
	before = resident();
	begin(&load);
	for (unsigned int round = 0; round < EVENTS; round++) {
		took = play(&load, round);
		if (!round || took < best)
			best = took;
	}
	bytes = resident() - before;
	printf("%-8s %7zu streams: %5.0f ns an event, %8.1f MiB, %5.1f KiB a stream%s\n", http2 ? "HTTP/2" : "HTTP/1.1", n,
	       best / (double)n * 1e9, (double)bytes / 1048576, (double)bytes / 1024 / (double)n,
	       stats.n[STAT_NO_MEMORY] || stats.n[STAT_CONNS_FULL] ? ", some refused" : "");
}

int main(void)
{
	static const size_t rows[] = { 1000, 10000, 100000 };

	for (int http2 = 0; http2 < 2; http2++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			fflush(NULL);
			if (fork() == 0) {
				measure(rows[i], http2);
				fflush(NULL);
				_exit(0);
			}
			wait(NULL);
		}
	return 0;
}
