/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/source.h"

bool event_whole(const struct event_header *event, size_t size)
{
	static const uint8_t least[] = {
		[EVENT_OPEN] = sizeof(struct event_open), [EVENT_DATA] = sizeof(struct event_data),
		[EVENT_CLOSE] = sizeof(struct event_close), [EVENT_FACT] = sizeof(struct event_fact),
		[EVENT_TASK] = sizeof(struct event_task), [EVENT_ENVIRON] = sizeof(struct event_environ),
		[EVENT_TARGET] = sizeof(struct event_target),
	};
	uint64_t payload = 0;

	if (size < sizeof(*event) || event->size > size || event->type < EVENT_OPEN || event->type > EVENT_TARGET ||
	    event->size < least[event->type])
		return false;
	switch (event->type) {
	case EVENT_DATA:
		payload = ((const struct event_data *)event)->len;
		if (((const struct event_data *)event)->dir > EVENT_RECEIVED)
			return false;
		break;
	case EVENT_FACT:
		payload = ((const struct event_fact *)event)->len;
		break;
	case EVENT_ENVIRON:
		payload = ((const struct event_environ *)event)->len;
		break;
	case EVENT_TARGET:
		payload = (uint64_t)((const struct event_target *)event)->path_len + ((const struct event_target *)event)->reason_len;
		break;
	}
	return payload <= event->size - least[event->type];
}
