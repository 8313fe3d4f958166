/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events through the memory source and the hot half. The first byte says how
 * the rest is read: odd, as events as they stand; even, as a script of well
 * formed ones, so that what is behind the checks of form is reached as well.
 */
#include "feed/memory.h"
#include "noun/wants.h"
#include "pipeline/hot.h"
#include "tests/lib/script.h"

static const struct wants wants = { .n_wanted = 1, .wanted = { { WANTED_ENV, "AI_TEAM" } }, .secret_generation = 1 };

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
		script_write(p + 1, size - 1, &image);
	run(&image);
	image_done(&image);
	return 0;
}
