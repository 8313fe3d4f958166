/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames whose payload is read in one piece: header blocks and their parts,
 * resets, settings, and a server that goes away.
 *
 * A header block is a unit over all its frames (RFC 9113 section 4.3). One of
 * which anything is missing leaves the table unknown, but not whose it was: its
 * stream goes on with what its body tells.
 */
#include <errno.h>

#include "wire/http2.h"

#define REFUSED_STREAM 7	/* RFC 9113 section 7 */
#define BAD_BLOCKS 8	/* header blocks that cannot be read, and it is something else, or hostile */

static uint32_t u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void http2_drop_block(struct http2_side *side)
{
	buf_done(&side->block);
	side->in_block = side->block_lost = false;
}

/* ---- header blocks */

static void block_read(struct conn *conn, enum dir dir, const uint8_t *p, size_t n, const struct chunk *chunk)
{
	struct http2 *http2 = conn->state;
	struct http2_side *side = &http2->side[dir];
	struct fields fields;
	int err = hpack_read(conn->wire, &side->hpack, p, n, &fields);

	if (err) {
		*(err == -ENOMEM ? &conn->wire->counts.no_memory : &conn->wire->counts.bad_heads) += 1;
		fields = (struct fields){ .headers = conn->wire->headers, .missing = n + 1 };
		http2->bad_blocks++;
	} else if (fields.method.n || fields.status) {
		http2->sure = true;
		conn->searched = 0;
	}
	if (side->begun.type == FRAME_HEADERS)
		http2_fields(conn, dir, &side->begun, &fields, side->block_ns, chunk);
	if (http2->bad_blocks > BAD_BLOCKS)
		conn_turn(conn, CONN_OTHER);
}

/* A block of which bytes are missing, or too long. Whose it was is known, and what it said is not. */
static void block_unread(struct conn *conn, enum dir dir, const struct chunk *chunk)
{
	struct http2_side *side = &((struct http2 *)conn->state)->side[dir];
	struct fields fields = { .headers = conn->wire->headers, .missing = side->begun.length + 1 };

	http2_drop_block(side);
	hpack_lose(&side->hpack);
	if (side->begun.type == FRAME_HEADERS)
		http2_fields(conn, dir, &side->begun, &fields, side->block_ns, chunk);
}

/* A fragment of a block (RFC 9113 section 4.3). p NULL: it was not kept. */
static void fragment(struct conn *conn, enum dir dir, const uint8_t *p, size_t n, const struct chunk *chunk)
{
	struct http2_side *side = &((struct http2 *)conn->state)->side[dir];
	bool ends = side->frame.flags & FRAME_END_HEADERS, whole = !side->in_block && ends;

	side->in_block = !ends;
	if (!p)
		side->block_lost = true;
	if (whole && p) {
		block_read(conn, dir, p, n, chunk);
		return;
	}
	if (!side->block_lost && buf_add(&side->block, p, n) < 0) {
		conn->wire->counts.long_heads += side->block.error == -ENOSPC;
		conn->wire->counts.no_memory += side->block.error == -ENOMEM;
		side->block_lost = true;
		buf_done(&side->block);
	}
	if (!ends)
		return;
	if (side->block_lost) {
		block_unread(conn, dir, chunk);
	} else {
		struct buf block = side->block;

		side->block = head_buf(conn->wire);
		block_read(conn, dir, (const uint8_t *)block.p, block.n, chunk);
		buf_done(&block);
	}
}

/* ---- payloads that are read in one piece */

static void headers(struct conn *conn, enum dir dir, const uint8_t *p, size_t n, const struct chunk *chunk)
{
	const struct frame *frame = &((struct http2 *)conn->state)->side[dir].frame;
	size_t before = 0, after = 0;

	if (frame->flags & FRAME_PADDED && n) {
		after = p[0];
		before = 1;
	}
	if (frame->type == FRAME_PUSH_PROMISE)
		before += 4;
	else if (frame->flags & FRAME_PRIORITISED)
		before += 5;
	if (before + after > n)
		fragment(conn, dir, NULL, 0, chunk);
	else
		fragment(conn, dir, p + before, n - before - after, chunk);
}

static void settings(struct conn *conn, enum dir dir, const uint8_t *p, size_t n)
{
	static const unsigned int max_frame_size = 5;
	struct http2_side *other = &((struct http2 *)conn->state)->side[!dir];

	for (; n >= 6; p += 6, n -= 6) {
		uint32_t most = u32(p + 2);

		if ((p[0] << 8 | p[1]) == max_frame_size && most > FRAME_SIZE)
			other->most = most < FRAME_SIZE_MAX ? most : FRAME_SIZE_MAX;
	}
}

/* Streams above the last one that the server took up are nobody's work (RFC 9113 section 6.8). */
static void goaway(struct conn *conn, enum dir dir, uint32_t last)
{
	struct http2 *http2 = conn->state;

	if (side_of(conn, dir) == SIDE_REQUEST)
		return;
	LIST_EACH(node, &http2->streams) {
		struct http2_stream *stream = LIST_ENTRY(node, struct http2_stream, list);

		if (stream->id <= last)
			continue;
		stream->exchange->facts.refused = true;
		http2_reset(conn, stream);
	}
}

void http2_payload(struct conn *conn, enum dir dir, const uint8_t *p, size_t n, const struct chunk *chunk)
{
	struct http2 *http2 = conn->state;
	const struct frame *frame = &http2->side[dir].frame;
	struct http2_stream *stream;

	switch (frame->type) {
	case FRAME_HEADERS:
	case FRAME_PUSH_PROMISE:
		if (p)
			headers(conn, dir, p, n, chunk);
		else
			fragment(conn, dir, NULL, 0, chunk);
		break;
	case FRAME_CONTINUATION:
		fragment(conn, dir, p, n, chunk);
		break;
	case FRAME_RST_STREAM:
		stream = http2_stream_of(http2, frame->stream);
		if (!stream)
			break;
		stream->exchange->facts.refused = p && u32(p) == REFUSED_STREAM && side_of(conn, dir) == SIDE_RESPONSE;
		http2_reset(conn, stream);
		break;
	case FRAME_SETTINGS:
		if (p)
			settings(conn, dir, p, n);
		break;
	default:
		if (p)
			goaway(conn, dir, u32(p) & 0x7fffffff);
	}
}
