/* SPDX-License-Identifier: Apache-2.0 */
/* Conversations in HTTP/2, frame by frame; header blocks are written out, so that what they do to the table is plain to see. */
#ifndef AITAP_TESTS_H2_SCRIPT_H
#define AITAP_TESTS_H2_SCRIPT_H

#include "tests/lib/wire_script.h"

#define FRAMES_MAX 24
#define SCRIPT_ROOM KIB(64)

enum { DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION, RAW = 0x100 };
enum { END_STREAM = 1, END_HEADERS = 4, PADDED = 8, PRIORITISED = 32, ALL = END_STREAM | END_HEADERS };

struct h2_frame {
	enum dir dir;
	unsigned int type, flags;
	uint32_t stream;
	struct str payload;
};

#define OUT(type, flags, stream, text) { DIR_SENT, type, flags, stream, STR(text) }
#define IN(type, flags, stream, text) { DIR_RECEIVED, type, flags, stream, STR(text) }
#define BEGUN OUT(RAW, 0, 0, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), OUT(SETTINGS, 0, 0, ""), IN(SETTINGS, 0, 0, "")

/* RFC 7541 appendix A: static entries, and literals with their names. _ADD: the table keeps it, as index 62. */
#define M_GET "\x82"
#define M_POST "\x83"
#define HTTPS "\x87"
#define HOST_ADD "\x41\x01h"
#define PATH(n, text) "\x04" n text
#define PATH_ADD(n, text) "\x44" n text
#define S_200 "\x88"
#define SSE "\x0f\x10\x11text/event-stream"	/* content-type, index 31, not kept */
#define GET(text) M_GET HTTPS HOST_ADD PATH("\2", text)
#define NEWEST "\xbe"		/* index 62 */
#define SECOND "\xbf"

struct h2_script {
	struct call_of calls[FRAMES_MAX];
	size_t n;
	char bytes[SCRIPT_ROOM];
};

/* Each frame becomes a call. */
static void script_of(const struct h2_frame *frames, struct h2_script *ret)
{
	char *p = ret->bytes;

	for (ret->n = 0; ret->n < FRAMES_MAX && frames[ret->n].payload.p; ret->n++) {
		const struct h2_frame *f = &frames[ret->n];
		size_t n = f->payload.n, had = f->type == RAW ? 0 : 9;
		const uint8_t head[9] = { (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, (uint8_t)f->type, (uint8_t)f->flags,
					  (uint8_t)(f->stream >> 24), (uint8_t)(f->stream >> 16), (uint8_t)(f->stream >> 8),
					  (uint8_t)f->stream };

		assert_true(p + had + n <= ret->bytes + SCRIPT_ROOM);
		memcpy(p, head, had);
		memcpy(p + had, f->payload.p, n);
		ret->calls[ret->n] = (struct call_of){ f->dir, { p, had + n } };
		p += had + n;
	}
}

static inline size_t script_length(const struct h2_script *script)
{
	size_t n = 0;

	for (size_t i = 0; i < script->n; i++)
		n += script->calls[i].bytes.n;
	return n;
}

#endif
