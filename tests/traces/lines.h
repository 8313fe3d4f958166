/* SPDX-License-Identifier: Apache-2.0 */
/* The corpus as the events of many connections, and what can become of their order and number. */
#ifndef AITAP_TESTS_TRACES_LINES_H
#define AITAP_TESTS_TRACES_LINES_H

#include "tests/lib/play.h"

/* ---- events */

static uint64_t lines_seed;	/* of all that chance decides */

#define LINES_STREAMS 4		/* of a connection over HTTP/2 */

struct lines {
	struct image *images;	/* of connection i + 1; owned, likewise */
	bool *alone;		/* nothing but one exchange over HTTP/1.1: whatever is missing is missing from that */
	size_t n;
};

static inline void lines_done(struct lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		image_done(&lines->images[i]);
	mem_free(lines->images);
	mem_free(lines->alone);
}

static inline int lines_by_host(const void *a, const void *b)
{
	const struct corpus_case *x = *(struct corpus_case *const *)a, *y = *(struct corpus_case *const *)b;
	int r = strcmp(case_text(x->recorded, "host").p, case_text(y->recorded, "host").p);

	return r ? r : (x > y) - (x < y);
}

/* A process each, so that its exit is its own. */
static inline size_t lines_add(struct lines *lines, struct corpus_case **cases, size_t left, enum framing framing, uint64_t *random)
{
	size_t n = framings[framing].http2 ? play_together(cases, left, framing) : 1, i = lines->n++;
	struct line line = { .to = &lines->images[i], .id = i + 1, .task = { 100 + (uint32_t)i, 5000 + i } };

	lines->alone[i] = !framings[framing].http2 && !case_is_socket(cases[0]);
	line_open(&line, true, play_server_name(cases[0]));
	n = play_cases(&line, cases, n < LINES_STREAMS ? n : LINES_STREAMS, framing, random);
	line_close(&line, EVENT_CLOSE_FREE);
	line_task(&line, EVENT_TASK_EXIT);
	return n;
}

static inline struct lines lines_of(const struct corpus *corpus, enum framing framing)
{
	struct corpus_case **cases = mem_array(corpus->n, sizeof(struct corpus_case *));
	struct lines lines = { mem_array(corpus->n, sizeof(*lines.images)), mem_array(corpus->n, sizeof(*lines.alone)), 0 };
	uint64_t random = 77 + lines_seed;
	size_t n = 0;

	play_check(cases && lines.images && lines.alone);
	for (size_t i = 0; i < corpus->n; i++)
		if (play_fits(&corpus->cases[i], framing))
			cases[n++] = &corpus->cases[i];
	qsort(cases, n, sizeof(*cases), lines_by_host);
	for (size_t i = 0; i < n;)
		i += lines_add(&lines, cases + i, n - i, framing, &random);
	mem_free(cases);
	return lines;
}

static inline struct image merged(const struct lines *lines)
{
	uint64_t random = 5, boot_ns = 1000000000;
	struct image all = { 0 };

	for (size_t i = 0; i < lines->n; i += 16)
		image_merge(lines->images + i, lines->n - i < 16 ? lines->n - i : 16, &random, &boot_ns, &all);
	return all;
}

/* hit, where it is not NULL: learns which connections lost bytes. */
static inline struct image without_every(const struct image *image, size_t nth, size_t first, bool *hit)
{
	const struct event_header *event;
	struct image less = { 0 };
	size_t i = 0;

	for (size_t at = 0; (event = image_next(image, &at)); i++)
		if (i % nth != first)
			image_copy(&less, event);
		else if (hit && event->type == EVENT_DATA)
			hit[event->conn_id] = true;
	return less;
}

/* From `from`, n bytes of an event of data. */
static inline void part_of(struct image *to, const struct event_data *event, uint32_t from, uint32_t n)
{
	struct event_data *part = image_add(to, sizeof(*part) + n);

	*part = *event;
	part->header.size = (uint32_t)(sizeof(*part) + n);
	part->offset += from;
	part->len = n;
	memcpy(part + 1, (const uint8_t *)(event + 1) + from, n);
}

/*
 * Holes anywhere and of any size: one event of data in `rare` loses a run of its
 * bytes, mostly short, or all of them, and so do some of its connection behind it.
 */
static inline struct image with_holes(const struct image *image, unsigned int rare, uint64_t *random, bool *hit)
{
	const struct event_header *event;
	uint64_t lossy = 0;
	struct image less = { 0 };

	for (size_t at = 0; (event = image_next(image, &at));) {
		const struct event_data *data = (const void *)event;
		uint64_t chance = random_next(random);
		uint32_t from, n;

		if (event->type != EVENT_DATA || (chance % rare && (event->conn_id != lossy || chance % 3))) {
			image_copy(&less, event);
			continue;
		}
		hit[event->conn_id] = true;
		lossy = chance >> 8 & 1 ? event->conn_id : 0;
		from = chance >> 9 & 3 ? (uint32_t)(random_next(random) % data->len) : 0;
		n = chance >> 11 & 3 ? 1 + (uint32_t)(random_next(random) % (chance >> 13 & 1 ? 12 : 3000)) : data->len;
		if (n > data->len - from)
			n = data->len - from;
		if (from)
			part_of(&less, data, 0, from);
		if (from + n < data->len)
			part_of(&less, data, from + n, data->len - from - n);
	}
	return less;
}

/* ---- order */

enum order { ANSWERS_FIRST, LAST_WRITE_LATE, CLOSE_EARLY, EXIT_EARLY, SHUFFLED, ORDERS };

static const char *const order_names[ORDERS] = { "answers before their requests", "a write past its answer", "a close before the data",
						 "an exit before the data", "neighbours swapped" };

/* The place of an event in a new order: lower comes first, equal stays as it was. */
static inline unsigned int rank_of(const struct event_header *event, enum order order, bool last_write)
{
	bool data = event->type == EVENT_DATA;
	unsigned int dir = data ? ((const struct event_data *)event)->dir : 0;

	if (event->type == EVENT_OPEN || event->type == EVENT_FACT)
		return 0;
	switch (order) {
	case ANSWERS_FIRST:
		return data ? (dir == EVENT_RECEIVED ? 1 : 2) : 3;
	case LAST_WRITE_LATE:
		return data ? (last_write ? 2 : 1) : 3;
	case CLOSE_EARLY:
		return event->type == EVENT_CLOSE ? 1 : event->type == EVENT_TASK ? 3 : 2;
	case EXIT_EARLY:
		return event->type == EVENT_TASK ? 1 : 2;
	default:
		return data ? 1 : 3;
	}
}

static inline bool is_last_write(const struct image *line, const struct event_header *event)
{
	const struct event_header *other, *last = NULL;

	for (size_t at = 0; (other = image_next(line, &at));)
		if (other->type == EVENT_DATA && ((const struct event_data *)other)->dir == EVENT_SENT)
			last = other;
	return event == last;
}

static inline struct image reordered(const struct image *line, enum order order, uint64_t *random)
{
	const struct event_header *event, *held = NULL;
	struct image image = { 0 };

	for (unsigned int rank = 0; rank <= 3; rank++)
		for (size_t at = 0; (event = image_next(line, &at));) {
			if (rank_of(event, order, order == LAST_WRITE_LATE && is_last_write(line, event)) != rank)
				continue;
			if (order == SHUFFLED && !held && rank == 1 && random_next(random) % 2) {
				held = event;
				continue;
			}
			image_copy(&image, event);
			if (held)
				image_copy(&image, held);
			held = NULL;
		}
	return image;
}

#endif
