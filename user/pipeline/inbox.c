/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/inbox.h"

/* Between two looks at clock and settings. */
#define MESSAGES_A_TURN 64

static void hand_on(struct queue *queue, struct cold *cold)
{
	cold_message(cold, queue_peek(queue));
	queue_take(queue);
}

static size_t empty(struct queue *queue, struct cold *cold)
{
	size_t n = 0;

	for (; n < MESSAGES_A_TURN && queue_peek(queue); n++)
		hand_on(queue, cold);
	return n;
}

/* The queue whose next message has the lowest stamp, once every worker has one to offer or has ended. */
static struct queue *lowest(const struct inbox *inbox)
{
	struct queue *best = NULL;
	uint64_t stamp = 0;

	for (size_t i = 0; i < inbox->n; i++) {
		struct queue *queue = inbox->queue[i];
		bool ended = queue_ended(queue);
		const struct message *message = queue_peek(queue);

		if (!message && !ended)
			return NULL;
		if (message && (!best || message->stamp < stamp)) {
			best = queue;
			stamp = message->stamp;
		}
	}
	return best;
}

static size_t merge(const struct inbox *inbox, struct cold *cold)
{
	struct queue *queue;
	size_t n = 0;

	for (; n < MESSAGES_A_TURN && (queue = lowest(inbox)); n++)
		hand_on(queue, cold);
	return n;
}

size_t inbox_take(struct inbox *inbox, struct cold *cold)
{
	size_t n = 0;

	if (inbox->by_stamp)
		return merge(inbox, cold);
	for (size_t i = 0; i < inbox->n; i++)
		n += empty(inbox->queue[i], cold);
	return n;
}

bool inbox_ended(const struct inbox *inbox)
{
	for (size_t i = 0; i < inbox->n; i++)
		if (!queue_ended(inbox->queue[i]))
			return false;
	return true;
}
