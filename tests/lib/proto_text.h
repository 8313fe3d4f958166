/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A protobuf message, written as text: NUMBER:VARINT, NUMBER:"TEXT",
 * NUMBER{MESSAGE}, NUMBER=BYTES for as many bytes of a fixed width (4 or 8),
 * with spaces between fields.
 *
 *	1:"models/gemini-2.5-flash" 3{1:12 2:5}
 */
#ifndef AITAP_TESTS_PROTO_TEXT_H
#define AITAP_TESTS_PROTO_TEXT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static void proto_varint(struct buf *to, uint64_t n)
{
	for (; n > 0x7f; n >>= 7)
		buf_char(to, (char)(0x80 | (n & 0x7f)));
	buf_char(to, (char)n);
}

/* Up to the end, or the brace that closes; returns where it stopped. */
static const char *proto_fields(struct buf *to, const char *text)
{
	char *after;

	while (*text && *text != '}') {
		uint64_t number;

		if (*text == ' ') {
			text++;
			continue;
		}
		number = strtoull(text, &after, 10);
		text = after + 1;
		if (*after == '{') {
			struct buf inner = BUF(65536);

			text = proto_fields(&inner, text);
			if (!*text++)
				abort();	/* a brace that nobody closes */
			proto_varint(to, number << 3 | 2);
			proto_varint(to, inner.n);
			buf_add(to, inner.p, inner.n);
			buf_done(&inner);
		} else if (*after == '=') {
			uint64_t width = strtoull(text, &after, 10);

			proto_varint(to, number << 3 | (width == 8 ? 1 : 5));
			for (uint64_t i = 0; i < width; i++)
				buf_char(to, (char)0xff);
			text = after;
		} else if (*text == '"') {
			size_t n = strcspn(text + 1, "\"");

			proto_varint(to, number << 3 | 2);
			proto_varint(to, n);
			buf_add(to, text + 1, n);
			text += n + 2;
		} else {
			proto_varint(to, number << 3);
			proto_varint(to, strtoull(text, &after, 10));
			text = after;
		}
	}
	return text;
}

#endif
