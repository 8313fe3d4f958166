/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/2 (RFC 9113), from the streams of a connection to frames, and from those
 * to what is in them (http2_stream.c).
 *
 * Payloads are read where they are. Data goes on as it comes; a payload that
 * must be seen as one is put together only where it came in parts. A hole within
 * data is that stream's; one that swallows a frame's head leaves the direction
 * lost until frames are seen to begin, and what the header blocks in it did to
 * the table unknown. A connection that is met late begins just like that.
 *
 * Of a server's own acts only those that end streams matter here: flow control,
 * priorities and pings pass by. Pushed responses are undone, for the table's
 * sake, and told to nobody.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "wire/http2.h"

#define SURE_FRAMES 3	/* sound frames in a row that make sure that it is HTTP/2 */
#define SEARCH_MAX KIB(256)

static const struct str preface = STR("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/* ---- beginning and end */

static int begin(struct conn *conn)
{
	struct http2 *http2 = mem_new(sizeof(*http2));

	if (!http2)
		return -ENOMEM;
	list_init(&http2->streams);
	http2->by_id = MAP(LIMIT_STREAMS);
	http2->sure = conn->born;	/* a preface, or what a server says first, at its very beginning */
	for (unsigned int dir = 0; dir < 2; dir++) {
		struct http2_side *side = &http2->side[dir];

		side->block = head_buf(conn->wire);
		side->most = conn->born ? FRAME_SIZE : FRAME_SIZE_MAX;
		side->hpack.blind = side->doubt = message_of(conn, dir)->after_hole;
	}
	conn->state = http2;
	return 0;
}

int http2_upgrade(struct conn *conn, struct exchange *exchange)
{
	struct http2_stream *stream;
	struct http2 *http2;
	int err = begin(conn);

	if (!err)
		err = http2_stream_new(conn, 1, exchange, &stream);
	if (err)
		return err;
	http2 = conn->state;
	exchange->request_done = true;
	stream->last_ns = exchange->facts.sent_ns;
	http2->sure = true;
	http2->highest = 1;
	/* what the client's HTTP2-Settings field allows, its preface says again, perhaps too late */
	http2->side[!conn->request_dir].most = FRAME_SIZE_MAX;
	return 0;
}

static void http2_done(struct conn *conn)
{
	struct http2 *http2 = conn->state;

	if (!http2)
		return;
	LIST_EACH(node, &http2->streams)
		http2_stream_end(conn, LIST_ENTRY(node, struct http2_stream, list), ENDING_HOLE);
	for (unsigned int dir = 0; dir < 2; dir++) {
		hpack_done(&http2->side[dir].hpack);
		buf_done(&http2->side[dir].block);
		buf_done(&message_of(conn, dir)->head);
	}
	map_done(&http2->by_id);
	conn->state = mem_free(http2);
}

static void http2_end(struct conn *conn, bool known)
{
	struct http2 *http2 = conn->state;

	(void)known;	/* a stream says itself where it ends */
	if (!http2)
		return;
	LIST_EACH(node, &http2->streams) {
		struct http2_stream *stream = LIST_ENTRY(node, struct http2_stream, list);

		http2_stream_end(conn, stream, exchange_ending(stream->exchange));
	}
}

/* ---- the framing is gone */

static void lost(struct conn *conn, enum dir dir, uint64_t n)
{
	struct http2 *http2 = conn->state;
	struct http2_side *side = &http2->side[dir];

	conn->wire->counts.lost += side->place != HTTP2_LOST;
	buf_done(&message_of(conn, dir)->head);
	http2_drop_block(side);
	hpack_lose(&side->hpack);
	side->place = HTTP2_LOST;
	side->n_head = 0;
	side->doubt = true;
	if (conn->request_dir != DIR_UNKNOWN)
		http2_all_hit(conn, dir, n);
}

/* It was taken for HTTP/2 and is not: the search goes on where HTTP/1 would have gone on. */
static void leave(struct conn *conn)
{
	conn_turn(conn, conn->searched > SEARCH_MAX ? CONN_OTHER : CONN_UNKNOWN);
	for (unsigned int dir = 0; dir < 2; dir++) {
		message_of(conn, dir)->place = LOST;
		message_of(conn, dir)->after_hole = true;
	}
}

/* Bytes read that are no frame. */
static size_t unsound(struct conn *conn, enum dir dir, size_t n)
{
	struct http2 *http2 = conn->state;

	conn->wire->counts.bad_heads++;
	conn->searched += n;
	if (http2->sure)
		lost(conn, dir, n);
	else
		leave(conn);
	return n;
}

static size_t search(struct conn *conn, enum dir dir, const struct chunk *chunk, size_t at)
{
	struct http2_side *side = &((struct http2 *)conn->state)->side[dir];
	size_t found = frame_search(chunk->p, chunk->n, at, chunk->begins, side->most < FRAME_SIZE_MAX ? side->most : FRAME_SIZE * 4);

	if (found < chunk->n)
		side->place = HTTP2_HEAD;
	side->weak = frame_certain(chunk->p, chunk->n, found) ? 0 : 2;
	if (found > at && conn->request_dir != DIR_UNKNOWN)
		http2_all_hit(conn, dir, found - at);	/* streams that began meanwhile too */
	conn->searched += found - at;
	if (!conn->requests && conn->searched > SEARCH_MAX)
		conn_turn(conn, CONN_OTHER);
	return found - at;
}

/* ---- frames */

static struct http2_stream *data_stream(struct conn *conn, struct http2_side *side, enum dir dir)
{
	struct http2_stream *stream = side->last && side->last->id == side->frame.stream ? side->last :
				      http2_stream_of(conn->state, side->frame.stream);

	side->last = stream;
	return stream && !http2_is_over(stream, side_of(conn, dir)) ? stream : NULL;
}

static void frame_over(struct conn *conn, enum dir dir, uint64_t boot_ns)
{
	struct http2_side *side = &((struct http2 *)conn->state)->side[dir];
	struct http2_stream *stream;

	side->place = HTTP2_HEAD;
	if (side->frame.type != FRAME_DATA || !(side->frame.flags & FRAME_END_STREAM))
		return;
	stream = data_stream(conn, side, dir);
	if (stream)
		http2_side_over(conn, dir, stream, boot_ns);
}

/* An answer to a request that is not there yet: events of several threads pass each other. */
static bool must_wait(const struct conn *conn, enum dir dir)
{
	const struct http2 *http2 = conn->state;
	const struct frame *frame = &http2->side[dir].frame;

	return frame->type == FRAME_HEADERS && frame->stream % 2 && conn->request_dir != dir && frame->stream > http2->highest &&
	       (conn->born || http2->highest) && !http2->side[!dir].doubt;
}

static bool in_order(const struct http2_side *side)
{
	const struct frame *frame = &side->frame;

	return side->in_block ? frame->type == FRAME_CONTINUATION && frame->stream == side->begun.stream :
				frame->type != FRAME_CONTINUATION;
}

/* What follows the frame's head? */
static void begin_frame(struct conn *conn, enum dir dir, const struct chunk *chunk)
{
	struct http2_side *side = &((struct http2 *)conn->state)->side[dir];
	const struct frame *frame = &side->frame;

	side->left = frame->length;
	side->padding = 0;
	switch (frame->type) {
	case FRAME_DATA:
		side->place = frame->flags & FRAME_PADDED && frame->length ? HTTP2_PAD_LENGTH : HTTP2_DATA;
		break;
	case FRAME_HEADERS:
	case FRAME_PUSH_PROMISE:
		side->begun = *frame;
		side->block_ns = chunk->boot_ns;
		/* fall through */
	case FRAME_CONTINUATION:
	case FRAME_RST_STREAM:
	case FRAME_SETTINGS:
	case FRAME_GOAWAY:
		side->place = HTTP2_WHOLE;
		message_of(conn, dir)->head = head_buf(conn->wire);
		break;
	default:
		side->place = HTTP2_SKIP;
	}
	if (must_wait(conn, dir)) {
		message_of(conn, dir)->place = HEAD_WAITS;
		message_of(conn, dir)->head_ns = chunk->boot_ns;
	} else if (!side->left) {
		bool whole = side->place == HTTP2_WHOLE;

		frame_over(conn, dir, chunk->boot_ns);
		if (whole)
			http2_payload(conn, dir, chunk->p, 0, chunk);
	}
}

static size_t frame_head(struct conn *conn, enum dir dir, const struct chunk *chunk, size_t at)
{
	struct http2 *http2 = conn->state;
	struct http2_side *side = &http2->side[dir];
	const uint8_t *p = chunk->p + at;
	size_t n = FRAME_HEAD - side->n_head;

	if (side->n_head || chunk->n - at < n) {
		n = chunk->n - at < n ? chunk->n - at : n;
		memcpy(side->head + side->n_head, p, n);
		side->n_head += (uint8_t)n;
		if (side->n_head < FRAME_HEAD)
			return n;
		p = side->head;
	}
	side->n_head = 0;
	side->frame = frame_parse(p);
	if (!in_order(side) || !(http2->sure ? frame_sound(&side->frame, side->most) : frame_usual(&side->frame, FRAME_SIZE)))
		return unsound(conn, dir, chunk->n - at);
	side->weak -= side->weak > 0;
	if (!http2->sure)
		http2->sure = ++http2->frames >= SURE_FRAMES;
	begin_frame(conn, dir, chunk);
	return n;
}

/* Its content is lost, its place is known. */
static void skip_payload(struct conn *conn, enum dir dir, const struct chunk *chunk)
{
	struct http2_side *side = &((struct http2 *)conn->state)->side[dir];

	buf_done(&message_of(conn, dir)->head);
	side->place = HTTP2_SKIP;
	http2_payload(conn, dir, NULL, 0, chunk);
}

static size_t whole(struct conn *conn, enum dir dir, const struct chunk *chunk, size_t at)
{
	struct http2_side *side = &((struct http2 *)conn->state)->side[dir];
	struct buf *head = &message_of(conn, dir)->head;
	size_t n = chunk->n - at < side->left ? chunk->n - at : side->left;
	const uint8_t *p = chunk->p + at;
	struct buf kept;

	if (head->n || n < side->left) {
		if (side->frame.length > LIMIT_HEAD || buf_add(head, p, n) < 0) {
			conn->wire->counts.long_heads++;
			skip_payload(conn, dir, chunk);
			return 0;
		}
	}
	side->left -= (uint32_t)n;
	if (side->left)
		return n;
	kept = *head;
	*head = head_buf(conn->wire);
	frame_over(conn, dir, chunk->boot_ns);
	if (kept.n)
		http2_payload(conn, dir, (const uint8_t *)kept.p, kept.n, chunk);
	else
		http2_payload(conn, dir, p, n, chunk);
	buf_done(&kept);
	return n;
}

static size_t data(struct conn *conn, enum dir dir, const struct chunk *chunk, size_t at)
{
	struct http2_side *side = &((struct http2 *)conn->state)->side[dir];
	size_t n = chunk->n - at < side->left ? chunk->n - at : side->left;
	size_t content = side->left - side->padding;
	struct http2_stream *stream;

	content = n < content ? n : content;
	stream = content ? data_stream(conn, side, dir) : NULL;
	if (stream)
		http2_data(conn, dir, stream, chunk->p + at, content, chunk->boot_ns);
	side->left -= (uint32_t)n;
	if (side->padding > side->left)
		side->padding = (uint8_t)side->left;
	if (!side->left)
		frame_over(conn, dir, chunk->boot_ns);
	return n;
}

static size_t pad_length(struct conn *conn, enum dir dir, const struct chunk *chunk, size_t at)
{
	struct http2_side *side = &((struct http2 *)conn->state)->side[dir];

	side->left--;
	side->padding = chunk->p[at] < side->left ? chunk->p[at] : (uint8_t)side->left;
	side->place = HTTP2_DATA;
	if (!side->left)
		frame_over(conn, dir, chunk->boot_ns);
	return 1;
}

static size_t skip(struct conn *conn, enum dir dir, size_t n)
{
	struct http2_side *side = &((struct http2 *)conn->state)->side[dir];

	if (n > side->left)
		n = side->left;
	side->left -= (uint32_t)n;
	if (!side->left)
		side->place = HTTP2_HEAD;
	return n;
}

/* ---- the preface (RFC 9113 section 3.4) */

static void start(struct conn *conn, enum dir dir, const struct chunk *chunk, size_t at)
{
	struct http2 *http2 = conn->state;
	struct http2_side *side = &http2->side[dir];

	side->place = side->doubt ? HTTP2_LOST : HTTP2_HEAD;
	if (chunk->p[at] != 'P')	/* no frame begins so */
		return;
	side->place = HTTP2_PREFACE;
	side->hpack.blind = side->doubt = false;
	conn->request_dir = (uint8_t)dir;
	if (http2->side[!dir].place == HTTP2_START)
		http2->side[!dir].hpack.blind = http2->side[!dir].doubt = false;
}

static size_t in_preface(struct conn *conn, enum dir dir, const struct chunk *chunk, size_t at)
{
	struct http2 *http2 = conn->state;
	struct http2_side *side = &http2->side[dir];
	size_t n = preface.n - side->n_head;

	if (chunk->n - at < n)
		n = chunk->n - at;
	if (memcmp(chunk->p + at, preface.p + side->n_head, n)) {
		side->n_head = 0;
		return unsound(conn, dir, chunk->n - at);
	}
	side->n_head += (uint8_t)n;
	if (side->n_head == preface.n) {
		side->n_head = 0;
		side->place = HTTP2_HEAD;
		http2->sure = true;
	}
	return n;
}

/* ---- bytes and holes */

/* A frame that was found by its head alone, in the middle of which others begin. */
static bool mistaken(const struct conn *conn, enum dir dir, const struct chunk *chunk)
{
	const struct http2_side *side = &((const struct http2 *)conn->state)->side[dir];

	return side->weak == 1 && side->place != HTTP2_HEAD && chunk->begins && frame_certain(chunk->p, chunk->n, 0);
}

static size_t http2_read(struct conn *conn, enum dir dir, const struct chunk *chunk)
{
	struct message *message = message_of(conn, dir);
	struct http2_side *side;
	size_t at = 0;

	if (!conn->state && begin(conn) < 0) {
		conn->wire->counts.no_memory++;
		conn_turn(conn, CONN_OTHER);
	}
	if (conn->protocol == CONN_HTTP2 && mistaken(conn, dir, chunk))
		lost(conn, dir, FRAME_HEAD);	/* at least */
	while (at < chunk->n && conn->protocol == CONN_HTTP2 && message->place != HEAD_WAITS) {
		side = &((struct http2 *)conn->state)->side[dir];
		switch (side->place) {
		case HTTP2_START:
			start(conn, dir, chunk, at);
			break;
		case HTTP2_PREFACE:
			at += in_preface(conn, dir, chunk, at);
			break;
		case HTTP2_HEAD:
			at += frame_head(conn, dir, chunk, at);
			break;
		case HTTP2_PAD_LENGTH:
			at += pad_length(conn, dir, chunk, at);
			break;
		case HTTP2_DATA:
			at += data(conn, dir, chunk, at);
			break;
		case HTTP2_WHOLE:
			at += whole(conn, dir, chunk, at);
			break;
		case HTTP2_SKIP:
			at += skip(conn, dir, chunk->n - at);
			break;
		default:
			at += search(conn, dir, chunk, at);
		}
	}
	return at;
}

static bool http2_resume(struct conn *conn, enum dir dir, bool forced)
{
	struct http2 *http2 = conn->state;
	uint32_t id = http2->side[dir].frame.stream;

	if (id > http2->highest && !forced && !http2->side[!dir].doubt)
		return false;
	if (id > http2->highest)
		http2->highest = id;	/* should it still come, there is no answer left for it */
	message_of(conn, dir)->place = AT_START;
	return true;
}

static void http2_hole(struct conn *conn, enum dir dir, uint64_t n)
{
	struct http2 *http2 = conn->state;
	struct http2_side *side = http2 ? &http2->side[dir] : NULL;
	struct http2_stream *stream = NULL;
	struct chunk nothing = { .p = NULL };

	if (!side) {
		message_of(conn, dir)->after_hole = true;
		return;
	}
	if (side->place < HTTP2_DATA || side->place == HTTP2_LOST || n > side->left) {
		lost(conn, dir, n);
		return;
	}
	nothing.boot_ns = side->block_ns;
	if (side->place == HTTP2_WHOLE)
		skip_payload(conn, dir, &nothing);
	else if (side->place == HTTP2_DATA)
		stream = data_stream(conn, side, dir);
	if (stream)
		nothing.boot_ns = stream->last_ns;
	if (stream && side->left > side->padding)
		http2_data_hole(conn, dir, stream, n < side->left - side->padding ? n : side->left - side->padding);
	side->left -= (uint32_t)n;
	if (side->padding > side->left)
		side->padding = (uint8_t)side->left;
	if (!side->left)
		frame_over(conn, dir, nothing.boot_ns);
}

const struct protocol_ops protocol_http2 = {
	.read = http2_read, .resume = http2_resume, .hole = http2_hole, .end = http2_end, .done = http2_done,
};
