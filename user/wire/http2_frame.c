/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What frames look like (RFC 9113 sections 4.1 and 6), and where they begin in
 * bytes of which that is not known. One head is nine bytes of which few values
 * make sense, and says where the next one stands: two in a row, or one whose
 * frame ends where the application's call did, are no accident.
 */
#include <string.h>

#include "wire/http2.h"

struct frame frame_parse(const uint8_t p[FRAME_HEAD])
{
	return (struct frame){
		.length = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2], .type = p[3], .flags = p[4], .reserved = p[5] >> 7,
		.stream = (uint32_t)(p[5] & 0x7f) << 24 | (uint32_t)p[6] << 16 | (uint32_t)p[7] << 8 | p[8],
	};
}

bool frame_sound(const struct frame *frame, uint32_t most)
{
	if (frame->length > most)
		return false;
	switch (frame->type) {
	case FRAME_DATA:
	case FRAME_HEADERS:
	case FRAME_CONTINUATION:
		return frame->stream;
	case FRAME_PUSH_PROMISE:
		return frame->stream && frame->length >= 4;
	case FRAME_PRIORITY:
		return frame->stream && frame->length == 5;
	case FRAME_RST_STREAM:
		return frame->stream && frame->length == 4;
	case FRAME_SETTINGS:
		return !frame->stream && frame->length % 6 == 0 && (!(frame->flags & FRAME_ACK) || !frame->length);
	case FRAME_PING:
		return !frame->stream && frame->length == 8;
	case FRAME_GOAWAY:
		return !frame->stream && frame->length >= 8;
	case FRAME_WINDOW_UPDATE:
		return frame->length == 4;
	default:
		return true;
	}
}

/* Unknown types, promises and streams of even number are rare enough. */
bool frame_usual(const struct frame *frame, uint32_t most)
{
	static const uint8_t flags[] = {
		[FRAME_DATA] = FRAME_END_STREAM | FRAME_PADDED,
		[FRAME_HEADERS] = FRAME_END_STREAM | FRAME_END_HEADERS | FRAME_PADDED | FRAME_PRIORITISED,
		[FRAME_SETTINGS] = FRAME_ACK,
		[FRAME_PING] = FRAME_ACK,
		[FRAME_CONTINUATION] = FRAME_END_HEADERS,
	};

	if (frame->type > FRAME_CONTINUATION || frame->type == FRAME_PUSH_PROMISE || frame->reserved)
		return false;
	return !(frame->flags & ~flags[frame->type]) && (!frame->stream || frame->stream % 2) && frame_sound(frame, most);
}

/* Behind one head: does another follow, as far as the bytes go? 0 no, 1 they do not reach so far, 2 yes. */
static int goes_on(const uint8_t *p, size_t n, size_t at, uint32_t most)
{
	struct frame frame = frame_parse(p + at);
	size_t next = at + FRAME_HEAD + frame.length;

	if (next == n)
		return 2;
	if (next > n)
		return 1;
	if (n - next < FRAME_HEAD)	/* its length alone */
		return n - next < 3 ? 1 : ((uint32_t)p[next] << 16 | (uint32_t)p[next + 1] << 8 | p[next + 2]) <= most;
	frame = frame_parse(p + next);
	return frame_usual(&frame, most) ? 2 : 0;
}

static bool begins_at(const uint8_t *p, size_t n, size_t at, bool call, uint32_t most)
{
	struct frame frame = frame_parse(p + at);

	return frame_usual(&frame, most) && goes_on(p, n, at, most) >= (call && !at ? 1 : 2);
}

size_t frame_search(const uint8_t *p, size_t n, size_t from, bool begins, uint32_t most)
{
	/* frames above 64 KiB are found where a call begins, or by the one before them */
	for (size_t at = from; at + FRAME_HEAD <= n; at++) {
		const uint8_t *zero;

		if (begins_at(p, n, at, begins, most))
			return at;
		zero = memchr(p + at + 1, 0, n - at - 1);
		if (!zero)
			return n;
		at = (size_t)(zero - p) - 1;
	}
	return n;
}

bool frame_certain(const uint8_t *p, size_t n, size_t at)
{
	return at + FRAME_HEAD <= n && begins_at(p, n, at, false, FRAME_SIZE);
}

bool frame_begins(const uint8_t *p, size_t n)
{
	return n >= FRAME_HEAD && begins_at(p, n, 0, true, FRAME_SIZE);
}
