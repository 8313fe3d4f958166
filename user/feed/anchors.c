/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/anchors.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

#define EVERY_NS (60 * NSEC_PER_SEC)
/* Slewing by NTP is at most 500 ppm (adjtimex(2)): 30 ms a minute. More is a step. */
#define STEP_NS (100 * (int64_t)NSEC_PER_MSEC)

int anchors_add(struct anchors *anchors, struct anchor anchor)
{
	if (anchors->n == LIMIT_TRACE_ANCHORS) {
		anchors->n /= 2;
		memmove(anchors->list, anchors->list + anchors->n, anchors->n * sizeof(*anchors->list));
	}
	if (anchors->n == anchors->room) {
		size_t room = anchors->room ? anchors->room * 2 : 16;
		struct anchor *grown = mem_resize(anchors->list, anchors->room * sizeof(*grown), room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		anchors->list = grown;
		anchors->room = room;
	}
	anchors->list[anchors->n++] = anchor;
	return 0;
}

int64_t anchors_wall_ns(const struct anchors *anchors, uint64_t boot_ns)
{
	size_t low = 0, high = anchors->n;

	if (!high)
		return (int64_t)boot_ns;
	while (low + 1 < high) {
		size_t middle = low + (high - low) / 2;

		if (anchors->list[middle].boot_ns <= boot_ns)
			low = middle;
		else
			high = middle;
	}
	return clock_wall_ns(anchors->list[low], boot_ns);
}

bool anchors_due(const struct anchors *anchors, struct anchor now)
{
	struct anchor last;
	int64_t drift;

	if (!anchors->n)
		return true;
	last = anchors->list[anchors->n - 1];
	drift = now.wall_ns - clock_wall_ns(last, now.boot_ns);
	return now.boot_ns - last.boot_ns >= EVERY_NS || drift > STEP_NS || drift < -STEP_NS;
}

void anchors_done(struct anchors *anchors)
{
	mem_free(anchors->list);
	*anchors = (struct anchors){ 0 };
}
