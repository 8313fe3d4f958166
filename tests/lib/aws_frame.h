/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of an AWS event stream, as a service writes them. */
#ifndef AITAP_TESTS_AWS_FRAME_H
#define AITAP_TESTS_AWS_FRAME_H

#include <string.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/str.h"

static inline void aws_u32(struct buf *to, uint32_t n)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_char(to, (char)(n >> shift));
}

/* A header whose value is text. */
static inline void aws_header(struct buf *to, const char *name, const char *value)
{
	size_t n = strlen(value);

	buf_char(to, (char)strlen(name));
	buf_puts(to, name);
	buf_char(to, 7);
	buf_char(to, (char)(n >> 8));
	buf_char(to, (char)n);
	buf_puts(to, value);
}

/* Headers as they stand; both check sums are made. */
static inline void aws_message(struct buf *to, struct str headers, struct str payload)
{
	size_t at = to->n;

	aws_u32(to, (uint32_t)(headers.n + payload.n + 16));
	aws_u32(to, (uint32_t)headers.n);
	aws_u32(to, (uint32_t)crc32(0, (const Bytef *)to->p + at, 8));
	buf_str(to, headers);
	buf_str(to, payload);
	aws_u32(to, (uint32_t)crc32(0, (const Bytef *)to->p + at, (uInt)(to->n - at)));
}

/* kind: event, exception, error */
static inline void aws_event(struct buf *to, const char *kind, const char *type, struct str payload)
{
	struct buf headers = BUF(4096);

	aws_header(&headers, str_eq(str_of(kind), STR("error")) ? ":error-code" :
			     str_eq(str_of(kind), STR("exception")) ? ":exception-type" : ":event-type", type);
	aws_header(&headers, ":content-type", "application/json");
	aws_header(&headers, ":message-type", kind);
	aws_message(to, buf_view(&headers), payload);
	buf_done(&headers);
}

#endif
