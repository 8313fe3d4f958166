/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as a script of well formed events, for fuzzers: so that what is behind the checks of form is reached. */
#ifndef AITAP_TESTS_SCRIPT_H
#define AITAP_TESTS_SCRIPT_H

#include "tests/lib/image.h"

static inline void script_environ(struct line *line, unsigned int offset, const uint8_t *p, size_t n)
{
	struct event_environ *event = (void *)line_event(line, EVENT_ENVIRON, sizeof(*event) + n);

	event->header.flags = offset & 3;
	event->task_start_ns = line->task.start_ns;
	event->offset = offset & ~7u;
	event->len = (uint32_t)n;
	memcpy(event + 1, p, n);
}

/* Steps of {op, argument, length} and that many bytes; op's high bits name one of four connections. */
static inline void script_write(const uint8_t *p, size_t size, struct image *image)
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
		case 3: script_environ(line, p[1], p + 3, n); break;
		case 4: line->offset[p[1] & 1] += n; break;		/* lost */
		case 5: line->offset[p[1] & 1] -= n; break;		/* seen again */
		default: line_data(line, p[0] & 1, p + 3, n); break;
		}
		p += 3 + n;
		size -= 3 + n;
	}
}

#endif
