/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events through the memory source and the hot half. The first byte says how
 * the rest is read: odd, as events as they stand; even, as a script of well
 * formed ones, so that what is behind the checks of form is reached as well.
 */
#include "feed/memory.h"
#include "noun/wants.h"
#include "pipeline/hot.h"
#include "tests/lib/image.h"

static const struct wants wants = { .n_wanted = 1, .wanted = { { WANTED_ENV, "AI_TEAM" } }, .secret_generation = 1 };

static void environ_piece(struct line *line, unsigned int offset, const uint8_t *p, size_t n)
{
	struct event_environ *event = (void *)line_event(line, EVENT_ENVIRON, sizeof(*event) + n);

	event->header.flags = offset & 3;
	event->task_start_ns = line->task.start_ns;
	event->offset = offset & ~7u;
	event->len = (uint32_t)n;
	memcpy(event + 1, p, n);
}

/* Steps of {op, argument, length} and that many bytes; op's high bits name one of four connections. */
static void write_script(const uint8_t *p, size_t size, struct image *image)
{
	struct line lines[4];

	for (unsigned int i = 0; i < 4; i++)
		lines[i] = (struct line){ .to = image, .id = i + 1, .task = { 100 + i / 2, 5000 }, .boot_ns = 1 };
	while (size >= 3) {
		struct line *line = &lines[p[0] >> 3 & 3];
		size_t n = p[2] < size - 3 ? p[2] : size - 3;

		line->boot_ns += (uint64_t)p[1] << 22;
		switch (p[0] & 7) {
		case 0: line_open(line, p[1] & 1, (struct str){ (const char *)p + 3, n }); break;
		case 1: line_close(line, EVENT_CLOSE_FREE); break;
		case 2: line_task(line, p[1] & 1 ? EVENT_TASK_EXEC : EVENT_TASK_EXIT); break;
		case 3: environ_piece(line, p[1], p + 3, n); break;
		case 4: line->offset[p[1] & 1] += n; break;		/* lost */
		case 5: line->offset[p[1] & 1] -= n; break;		/* seen again */
		default: line_data(line, p[0] & 1, p + 3, n); break;
		}
		p += 3 + n;
		size -= 3 + n;
	}
}

static void run(const struct image *image)
{
	static struct stats stats;
	struct source *source;
	struct queue *queue;
	struct hot *hot;

	if (memory_open(image->p, image->n, &source) < 0 || queue_new(1 << 16, false, NULL, &queue) < 0 ||
	    hot_new(source, queue, &wants, &stats, &hot) < 0)
		abort();
	while (source->ops->poll(source, hot_event, hot, 0) >= 0) {
		hot_tick(hot, 0);
		while (queue_peek(queue))
			queue_take(queue);
	}
	hot_drain(hot);
	hot_free(hot);
	queue_free(queue);
	source->ops->close(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
	struct image image = { 0 };

	if (!size)
		return 0;
	if (p[0] & 1)
		memcpy(image_add(&image, size - 1), p + 1, size - 1);
	else
		write_script(p + 1, size - 1, &image);
	run(&image);
	image_done(&image);
	return 0;
}
