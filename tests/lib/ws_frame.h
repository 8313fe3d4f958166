/* SPDX-License-Identifier: Apache-2.0 */
/* WebSocket frames, and messages as permessage-deflate sends them. */
#ifndef AITAP_TESTS_WS_FRAME_H
#define AITAP_TESTS_WS_FRAME_H

#include <string.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/str.h"

#define WS_UPGRADE "GET /rt HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
#define WS_ANSWER "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"

/* first: FIN, RSV and opcode. A client masks. */
static inline void ws_frame(struct buf *to, bool client, unsigned int first, struct str payload)
{
	static const uint8_t mask[4] = { 0x37, 0xfa, 0x21, 0x3d };	/* of RFC 6455 section 5.7 */
	unsigned int shift = payload.n < 126 ? 0 : payload.n < 65536 ? 16 : 64;

	buf_char(to, (char)first);
	buf_char(to, (char)((client ? 0x80 : 0) | (shift == 0 ? payload.n : shift == 16 ? 126 : 127)));
	while (shift)
		buf_char(to, (char)((uint64_t)payload.n >> (shift -= 8)));
	if (client)
		buf_add(to, mask, 4);
	for (size_t i = 0; i < payload.n; i++)
		buf_char(to, (char)((uint8_t)payload.p[i] ^ (client ? mask[i & 3] : 0)));
}

struct ws_squeezer {
	z_stream z;
	bool takeover;
};

static inline void ws_squeeze_begin(struct ws_squeezer *s, int bits, bool takeover)
{
	*s = (struct ws_squeezer){ .takeover = takeover };
	if (deflateInit2(&s->z, 6, Z_DEFLATED, -bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
}

/* RFC 7692 section 7.2.1 */
static inline void ws_squeeze(struct ws_squeezer *s, struct str text, struct buf *to)
{
	char out[4096];

	s->z.next_in = (Bytef *)text.p;
	s->z.avail_in = (uInt)text.n;
	do {
		s->z.next_out = (Bytef *)out;
		s->z.avail_out = sizeof(out);
		deflate(&s->z, Z_SYNC_FLUSH);
		buf_add(to, out, sizeof(out) - s->z.avail_out);
	} while (!s->z.avail_out);
	to->n -= 4;
	if (!s->takeover)
		deflateReset(&s->z);
}

#endif
