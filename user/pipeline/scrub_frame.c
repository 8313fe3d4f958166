/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exchanges over HTTP/2 and WebSockets, written again as such. HTTP/2 (RFC 9113)
 * in its simplest form: a stream's number is that of its exchange, a header block
 * is literals that no table keeps (RFC 7541 section 6.2.2), each piece of a body
 * a frame, and how many bytes a request has is told when its exchange ends. A
 * WebSocket's messages (RFC 6455) are frames with a mask of zeros, not compressed.
 *
 * Bytes that were missing are missing in the payload of a frame made for them, so
 * that nothing but their stream, or their message, is hit.
 */
#include <stdio.h>

#include "ai/keep.h"
#include "pipeline/scrub_inside.h"

#define FRAME_MOST 16384	/* RFC 9113 section 4.2: what every endpoint takes */
#define GAP_MAX MIB(1)		/* bytes missing that are told of in frames */

enum { DATA = 0, HEADERS = 1, RST_STREAM = 3, SETTINGS = 4, CONTINUATION = 9 };
enum { END_STREAM = 1, END_HEADERS = 4 };

static uint32_t stream_of(const struct scrub *scrub, const struct exchange *exchange)
{
	return 1 + 2 * (exchange_facts(exchange)->number - scrub->copy->first);
}

static void put_number(struct buf *to, uint64_t value, unsigned int bytes)
{
	while (bytes--)
		buf_char(to, (char)(value >> 8 * bytes));
}

/* ---- HTTP/2: frames */

static void put_frame(struct scrub *scrub, unsigned int type, unsigned int flags, uint32_t stream, struct str payload)
{
	struct buf *to = &scrub->text;

	put_number(to, payload.n, 3);
	put_number(to, type, 1);
	put_number(to, flags, 1);
	put_number(to, stream, 4);
	buf_str(to, payload);
}

void frame_begin(struct scrub *scrub, const struct exchange *exchange)
{
	struct copy *copy = scrub->copy;

	if (copy->http2)
		return;
	copy->http2 = true;
	copy->first = exchange_facts(exchange)->number;
	buf_puts(&scrub->text, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	put_frame(scrub, SETTINGS, 0, 0, STR(""));
	scrub_flush(scrub, scrub_dir(exchange, SIDE_REQUEST));
	put_frame(scrub, SETTINGS, 0, 0, STR(""));
	scrub_flush(scrub, scrub_dir(exchange, SIDE_RESPONSE));
}

/* The payload of a frame of this type, n bytes in all, was never seen. */
static void put_gap(struct scrub *scrub, unsigned int type, unsigned int flags, uint32_t stream, enum dir dir, uint64_t n)
{
	put_number(&scrub->text, n, 3);
	put_number(&scrub->text, type, 1);
	put_number(&scrub->text, flags, 1);
	put_number(&scrub->text, stream, 4);
	scrub_flush(scrub, dir);
	scrub->copy->out[dir] += n;
}

/*
 * What is missing by now, and was not yet. More than some frames can hold is a
 * hole between frames, which any stream may have been hit by: a stream cannot be
 * told of it in a bounded number of frames.
 */
static void write_missing(struct scrub *scrub, struct exchange *exchange, enum side side)
{
	struct part *part = exchange_user(exchange);
	uint64_t n = exchange_facts(exchange)->missing_bytes - part->missing;
	enum dir dir = scrub_dir(exchange, side);
	unsigned int type = part->begun[side] ? DATA : HEADERS;

	part->missing += n;
	if (n > GAP_MAX) {
		scrub->copy->out[dir] += n;
		return;
	}
	/* of a head that never came as much as a frame holds: the rest could be nobody's */
	if (type == HEADERS && n > FRAME_MOST)
		n = FRAME_MOST;
	for (uint64_t gap; n; n -= gap) {
		gap = n < FRAME_MOST ? n : FRAME_MOST;
		put_gap(scrub, type, type == HEADERS ? END_HEADERS : 0, stream_of(scrub, exchange), dir, gap);
		part->begun[side] = true;
	}
}

/* ---- HTTP/2: heads */

/* RFC 7541 sections 5.1 and 5.2: a length with a prefix of seven bits, no Huffman code. */
static void put_string(struct buf *to, struct str s)
{
	size_t n = s.n;

	if (n < 127) {
		buf_char(to, (char)n);
	} else {
		buf_char(to, 127);
		for (n -= 127; n >= 128; n >>= 7)
			buf_char(to, (char)(n | 128));
		buf_char(to, (char)n);
	}
	buf_str(to, s);
}

static void put_field(struct buf *to, struct str name, struct str value)
{
	buf_char(to, 0);	/* a literal without indexing, its name too */
	put_string(to, name);
	put_string(to, value);
}

static void put_authority(struct buf *to, const struct head *head)
{
	struct buf authority = BUF(1024);

	buf_str(&authority, head->host);
	if (head->port)
		buf_printf(&authority, ":%u", head->port);
	if (head->host.n)
		put_field(to, STR(":authority"), buf_view(&authority));
	buf_done(&authority);
}

static void put_path(struct scrub *scrub, struct buf *to, const struct head *head)
{
	struct buf path = BUF(LIMIT_HEAD);

	buf_str(&path, head->path);
	if (head->query.n) {
		buf_char(&path, '?');
		keep_query(&scrub->wants, head->query, &path);
	}
	if (path.n)
		put_field(to, STR(":path"), buf_view(&path));
	buf_done(&path);
}

/* What was lost of a head is left out of its copy. */
static void put_pseudo(struct scrub *scrub, struct buf *to, const struct head *head)
{
	char status[16];

	if (head->side == SIDE_RESPONSE) {
		snprintf(status, sizeof(status), "%03d", head->status);
		put_field(to, STR(":status"), str_of(status));
		return;
	}
	if (head->method.n)
		put_field(to, STR(":method"), head->method);
	if (head->scheme.n)
		put_field(to, STR(":scheme"), head->scheme);
	put_authority(to, head);
	put_path(scrub, to, head);
}

static void write_block(struct scrub *scrub, enum dir dir, uint32_t stream, unsigned int flags, struct buf *block)
{
	unsigned int type = HEADERS;

	if (block->error && !scrub->error)
		scrub->error = block->error;
	for (struct str rest = buf_view(block); type == HEADERS || rest.n; rest = str_sub(rest, FRAME_MOST, rest.n)) {
		put_frame(scrub, type, (type == HEADERS ? flags : 0) | (rest.n <= FRAME_MOST ? END_HEADERS : 0), stream,
			  str_sub(rest, 0, FRAME_MOST));
		type = CONTINUATION;
	}
	scrub_flush(scrub, dir);
	buf_done(block);
}

void frame_head(struct scrub *scrub, struct exchange *exchange, const struct head *head)
{
	struct part *part = exchange_user(exchange);
	struct buf block = BUF(2 * LIMIT_HEAD), value = BUF(LIMIT_HEAD);

	if (part->over[head->side])
		return;
	frame_begin(scrub, exchange);
	if (!head->trailer)
		put_pseudo(scrub, &block, head);
	for (size_t i = 0; i < head->n_headers; i++) {
		buf_reset(&value);
		if (scrub_field(scrub, head->side, &head->headers[i], &value))
			put_field(&block, head->headers[i].name, buf_view(&value));
	}
	buf_done(&value);
	part->begun[head->side] = true;
	part->over[head->side] = head->trailer;
	part->form[head->side] = str_istarts(head_get(head, STR("content-type")), STR("multipart/form-data"));
	write_block(scrub, scrub_dir(exchange, head->side), stream_of(scrub, exchange), head->trailer ? END_STREAM : 0, &block);
}

/* A request that is of no interest, or its answer: a number that is taken. */
void frame_stranger(struct scrub *scrub, struct exchange *exchange, enum side side)
{
	struct part *part = exchange_user(exchange);
	struct head head = { .side = side, .method = STR("GET"), .scheme = STR("https"), .host = STR("-"), .path = STR("/"), .status = 204 };
	struct buf block = BUF(1024);

	frame_begin(scrub, exchange);
	if (part->over[side])
		return;
	part->over[side] = true;
	put_pseudo(scrub, &block, &head);
	write_block(scrub, scrub_dir(exchange, side), stream_of(scrub, exchange), END_STREAM, &block);
}

/* ---- HTTP/2: bodies */

void frame_piece(struct scrub *scrub, struct exchange *exchange, enum side side)
{
	struct part *part = exchange_user(exchange);

	write_missing(scrub, exchange, side);
	if (part->over[side])
		return;
	for (struct str rest = buf_view(&scrub->body); rest.n; rest = str_sub(rest, FRAME_MOST, rest.n))
		put_frame(scrub, DATA, 0, stream_of(scrub, exchange), str_sub(rest, 0, FRAME_MOST));
	scrub_flush(scrub, scrub_dir(exchange, side));
	buf_reset(&scrub->body);
}

static void end_side(struct scrub *scrub, struct exchange *exchange, enum side side)
{
	struct part *part = exchange_user(exchange);

	if (part->over[side])
		return;
	scrub_item_end(scrub, part, side);
	frame_piece(scrub, exchange, side);
	put_frame(scrub, DATA, END_STREAM, stream_of(scrub, exchange), STR(""));
	scrub_flush(scrub, scrub_dir(exchange, side));
	part->over[side] = true;
}

void frame_end(struct scrub *scrub, struct exchange *exchange, enum ending ending)
{
	struct part *part = exchange_user(exchange);

	if (!part->wanted)
		return;
	frame_begin(scrub, exchange);
	if (exchange_facts(exchange)->missing_bytes > part->missing)
		write_missing(scrub, exchange, part->over[SIDE_RESPONSE] ? SIDE_REQUEST : SIDE_RESPONSE);
	if (ending == ENDING_ABORTED) {
		put_frame(scrub, RST_STREAM, 0, stream_of(scrub, exchange), STR("\0\0\0\10"));	/* CANCEL */
		scrub_flush(scrub, scrub_dir(exchange, SIDE_RESPONSE));
		return;
	}
	end_side(scrub, exchange, SIDE_REQUEST);
	end_side(scrub, exchange, SIDE_RESPONSE);
}

/* ---- WebSockets */

enum { WS_CONTINUATION = 0, WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_FIN = 0x80, WS_MASKED = 0x80 };

static void put_ws_head(struct scrub *scrub, enum side side, unsigned int first, uint64_t n)
{
	struct buf *to = &scrub->text;
	unsigned int masked = side == SIDE_REQUEST ? WS_MASKED : 0;

	put_number(to, first, 1);
	if (n < 126) {
		put_number(to, masked | n, 1);
	} else {
		put_number(to, masked | (n < 65536 ? 126 : 127), 1);
		put_number(to, n, n < 65536 ? 2 : 8);
	}
	if (masked)
		put_number(to, 0, 4);
}

/* In the message that is under way, or in one that was missing as a whole. */
static void write_ws_missing(struct scrub *scrub, struct exchange *exchange, enum side side)
{
	struct part *part = exchange_user(exchange);
	uint64_t n = exchange_facts(exchange)->missing_bytes - part->missing;
	enum dir dir = scrub_dir(exchange, side);

	if (!n)
		return;
	part->missing += n;
	put_ws_head(scrub, side, WS_FIN | (part->item[side] ? WS_CONTINUATION : WS_TEXT), n);
	scrub_flush(scrub, dir);
	scrub->copy->out[dir] += n;
	part->item[side] = false;
}

void socket_piece(struct scrub *scrub, struct exchange *exchange, const struct piece *piece)
{
	struct part *part = exchange_user(exchange);
	unsigned int opcode = !piece->first ? WS_CONTINUATION : piece->binary ? WS_BINARY : WS_TEXT;

	write_ws_missing(scrub, exchange, piece->side);
	scrub_item(scrub, part, piece);
	put_ws_head(scrub, piece->side, opcode | (piece->last ? WS_FIN : 0), scrub->body.n);
	buf_str(&scrub->text, buf_view(&scrub->body));
	scrub_flush(scrub, scrub_dir(exchange, piece->side));
}

void socket_end(struct scrub *scrub, struct exchange *exchange, enum ending ending)
{
	write_ws_missing(scrub, exchange, SIDE_RESPONSE);
	if (ending != ENDING_COMPLETE)
		return;
	for (enum side side = SIDE_REQUEST; side <= SIDE_RESPONSE; side++) {
		put_ws_head(scrub, side, WS_FIN | WS_CLOSE, 0);
		scrub_flush(scrub, scrub_dir(exchange, side));
	}
}
