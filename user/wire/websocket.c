/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebSocket frames (RFC 6455 section 5), from the streams of a connection to the
 * messages of an exchange. A frame's payload is handed on as it comes, unmasked
 * and inflated through a small room each, so that no length of a message is
 * memory; frames of control may stand between those of a message and are skipped.
 *
 * Bytes that are missing inside a payload cost the message that they are of: it
 * has no end then. Missing anywhere else they cost the place of the next frame,
 * which is looked for where a call of the application begins, for a call is made
 * for a frame, and text that begins like one is rare. With a compression that
 * refers to earlier messages they cost every later one that is compressed.
 */
#include "wire/websocket.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "wire/websocket_inside.h"

#define HEAD_MAX 14	/* two bytes, eight of length, four of the mask */
#define CONTROL_MAX 125

enum { OPCODE_CONTINUATION, OPCODE_TEXT, OPCODE_BINARY, OPCODE_CLOSE = 8, OPCODE_PING, OPCODE_PONG };
enum { FIN = 0x80, RSV1 = 0x40, RSV23 = 0x30, OPCODE = 0x0f, MASKED = 0x80, LENGTH = 0x7f };
enum ws_place { FRAME_HEAD, FRAME_PAYLOAD, FRAME_LOST };

/* One direction. */
struct side_state {
	uint8_t place;			/* enum ws_place */
	uint8_t n_head;
	uint8_t head[HEAD_MAX];
	uint8_t mask_at;		/* of the payload's next byte */
	bool data;			/* the frame in hand is of a message */
	/* the message in hand */
	bool open;			/* its first frame has come, its last has not ended */
	bool told;			/* a piece of it was told */
	bool unread;			/* nothing more of it is told, not even its end */
	bool binary;
	bool compressed;
	bool stopped;			/* no more of this side is wanted */
	uint64_t left;			/* of the frame's payload */
	struct ws_deflate deflate;
};

struct websocket {
	struct exchange *exchange;	/* NULL: it has ended */
	bool closed;			/* a side has said so */
	struct side_state side[2];	/* by enum side */
};

/* Of one direction, while a chunk of it is read. */
struct reading {
	struct conn *conn;
	struct websocket *socket;
	struct side_state *s;
	enum side side;
	uint64_t boot_ns;
};

/* ---- messages */

static void undecodable(struct reading *r)
{
	r->conn->wire->counts.undecodable++;
	r->socket->exchange->facts.undecoded = true;
}

/* Nothing of the message in hand is told any more. */
static void give_up(struct reading *r)
{
	if (r->s->compressed)
		ws_deflate_lost(r->conn->wire, &r->s->deflate);
	r->s->unread = true;
}

static int tell(struct reading *r, const uint8_t *p, size_t n, bool last)
{
	struct piece piece = {
		.side = r->side, .kind = ITEM_MESSAGE, .first = !r->s->told, .last = last, .binary = r->s->binary,
		.boot_ns = r->boot_ns, .name = { "", 0 }, .text = { (const char *)p, n },
	};
	struct exchange_facts *facts = &r->socket->exchange->facts;

	*(r->side == SIDE_REQUEST ? &facts->request_bytes : &facts->response_bytes) += n;
	r->s->told = true;
	return r->conn->wire->ops->piece(r->conn->wire->ctx, r->socket->exchange, &piece) < 0 ? -ECANCELED : 0;
}

static int on_inflated(void *ctx, const uint8_t *p, size_t n)
{
	return tell(ctx, p, n, false);
}

/* A part of the message, unmasked. last: of all its frames. */
static int message_bytes(struct reading *r, const uint8_t *p, size_t n, bool last)
{
	int err;

	if (!r->s->compressed)
		return n || last ? tell(r, p, n, last) : 0;
	err = ws_inflate(r->conn->wire, &r->s->deflate, p, n, last, on_inflated, r);
	return err || !last ? err : tell(r, NULL, 0, true);
}

static void message_part(struct reading *r, const uint8_t *p, size_t n, bool last)
{
	int err = r->s->unread ? 0 : message_bytes(r, p, n, last);

	if (err == -ECANCELED)
		r->s->stopped = true;
	else if (err == -ENOMEM)
		r->conn->wire->counts.no_memory++;
	if (err && err != -ECANCELED) {
		undecodable(r);
		give_up(r);
	}
	if (last)
		r->s->open = false;
}

/* ---- frames */

static size_t head_length(const struct side_state *s)
{
	size_t length = s->head[1] & LENGTH;

	return 2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + (s->head[1] & MASKED ? 4 : 0);
}

/* RFC 6455 section 5.2: in as few bytes as it fits. UINT64_MAX: it is none. */
static uint64_t payload_length(const uint8_t *head)
{
	unsigned int n = (head[1] & LENGTH) == 126 ? 2 : (head[1] & LENGTH) == 127 ? 8 : 0;
	uint64_t length = n ? 0 : head[1] & LENGTH;

	for (unsigned int i = 0; i < n; i++)
		length = length << 8 | head[2 + i];
	if ((n == 2 && length < 126) || (n == 8 && (length < 65536 || length > INT64_MAX)))
		return UINT64_MAX;
	return length;
}

/* The second byte alone may be there. A length in more bytes is judged when they are. */
static bool head_is_sound(enum side side, const uint8_t *head)
{
	unsigned int opcode = head[0] & OPCODE;
	bool masked = head[1] & MASKED;

	if (masked != (side == SIDE_REQUEST))
		return false;
	if (opcode >= OPCODE_CLOSE)
		return opcode <= OPCODE_PONG && head[0] & FIN && (head[1] & LENGTH) <= CONTROL_MAX;
	return opcode <= OPCODE_BINARY;
}

static void begin_message(struct reading *r, unsigned int first)
{
	struct side_state *s = r->s;

	s->open = true;
	s->told = false;
	s->binary = (first & OPCODE) == OPCODE_BINARY;
	s->compressed = first & RSV1 && s->deflate.agreed;
	s->unread = s->compressed && s->deflate.dead;
	if (s->unread || first & RSV23 || (first & RSV1 && !s->deflate.agreed)) {
		s->unread = true;
		undecodable(r);
	}
}

static void begin_payload(struct reading *r)
{
	struct side_state *s = r->s;
	unsigned int opcode = s->head[0] & OPCODE;

	s->place = FRAME_PAYLOAD;
	s->left = payload_length(s->head);
	s->mask_at = 0;
	s->data = opcode < OPCODE_CLOSE;
	r->socket->closed |= opcode == OPCODE_CLOSE;
	if (opcode == OPCODE_TEXT || opcode == OPCODE_BINARY) {
		if (s->open)	/* one that has no end: a hole, or not what the RFC wants */
			give_up(r);
		begin_message(r, s->head[0]);
	}
	s->data &= s->open;
}

static void lose(struct reading *r)
{
	r->conn->wire->counts.lost++;
	if (r->s->open)
		give_up(r);
	/* what is missing may have been compressed */
	ws_deflate_lost(r->conn->wire, &r->s->deflate);
	r->s->open = false;
	r->s->place = FRAME_LOST;
	r->s->n_head = 0;
}

static size_t in_head(struct reading *r, const uint8_t *p, size_t n)
{
	struct side_state *s = r->s;
	size_t at = 0;

	while (at < n && (s->n_head < 2 || s->n_head < head_length(s)))
		s->head[s->n_head++] = p[at++];
	if (s->n_head < 2)
		return at;
	if (!head_is_sound(r->side, s->head) || (s->n_head == head_length(s) && payload_length(s->head) == UINT64_MAX)) {
		undecodable(r);
		lose(r);
	} else if (s->n_head == head_length(s)) {
		begin_payload(r);
	}
	return at;
}

/* Eight bytes at a time. */
static void unmask(struct side_state *s, const uint8_t *p, size_t n, uint8_t *to)
{
	const uint8_t *mask = s->head + s->n_head - 4;
	uint8_t turned[8];
	uint64_t eight, key;
	size_t i = 0;

	for (unsigned int j = 0; j < 8; j++)
		turned[j] = mask[(s->mask_at + j) & 3];
	memcpy(&key, turned, 8);
	for (; n - i >= 8; i += 8) {
		memcpy(&eight, p + i, 8);
		eight ^= key;
		memcpy(to + i, &eight, 8);
	}
	for (; i < n; i++)
		to[i] = p[i] ^ turned[i & 7];
	s->mask_at = (uint8_t)((s->mask_at + n) & 3);
}

static void end_frame(struct reading *r)
{
	r->s->place = FRAME_HEAD;
	r->s->n_head = 0;
}

/* At most as much as the room holds, where it was masked. */
static size_t in_payload(struct reading *r, const uint8_t *p, size_t n)
{
	struct side_state *s = r->s;
	bool masked = s->head[1] & MASKED;

	if (n > s->left)
		n = (size_t)s->left;
	if (masked && s->data && n > FILTER_ROOM)
		n = FILTER_ROOM;
	s->left -= n;
	if (s->data && !s->stopped) {
		if (masked) {
			unmask(s, p, n, r->conn->wire->room);
			p = r->conn->wire->room;
		}
		message_part(r, p, n, !s->left && s->head[0] & FIN);
	}
	if (!s->left)
		end_frame(r);
	return n;
}

/*
 * Could a message, or a frame of control, begin here? Where nothing is known of
 * what is before, the mask must be right, no bit set that nobody agreed on, and
 * what can be read must be JSON.
 */
static bool begins(enum side side, bool deflate, const uint8_t *p, size_t n)
{
	struct side_state probe = { .n_head = 0 };
	bool data = (p[0] & OPCODE) < OPCODE_CLOSE;
	size_t length;
	char first;

	if (n < 2 || !(p[0] & OPCODE) || !head_is_sound(side, p) || p[0] & RSV23 || (p[0] & RSV1 && !deflate))
		return false;
	memcpy(probe.head, p, n < HEAD_MAX ? n : HEAD_MAX);
	length = head_length(&probe);
	if (n < length || payload_length(probe.head) == UINT64_MAX)
		return false;
	if (!data || p[0] & RSV1 || n == length)
		return true;
	first = (char)(p[length] ^ (p[1] & MASKED ? p[length - 4] : 0));
	return first == '{' || first == '[' || first == ' ' || first == '\n';
}

bool websocket_begins(const uint8_t *p, size_t n)
{
	return (p[0] & OPCODE) < OPCODE_CLOSE && begins(SIDE_RESPONSE, false, p, n);
}

static size_t websocket_read(struct conn *conn, enum dir dir, const struct chunk *chunk)
{
	struct reading r = { .conn = conn, .socket = conn->state, .side = side_of(conn, dir), .boot_ns = chunk->boot_ns };
	size_t at = 0;

	if (!r.socket || !r.socket->exchange)
		return chunk->n;
	r.s = &r.socket->side[r.side];
	*(r.side == SIDE_REQUEST ? &r.socket->exchange->facts.sent_ns : &r.socket->exchange->facts.end_ns) = chunk->boot_ns;
	if (r.s->place == FRAME_LOST && chunk->begins && begins(r.side, r.s->deflate.agreed, chunk->p, chunk->n))
		r.s->place = FRAME_HEAD;
	while (at < chunk->n) {
		if (r.s->place == FRAME_HEAD)
			at += in_head(&r, chunk->p + at, chunk->n - at);
		else if (r.s->place == FRAME_PAYLOAD)
			at += in_payload(&r, chunk->p + at, chunk->n - at);
		else
			return chunk->n;
		/* a payload of none has no byte that would end it */
		if (r.s->place == FRAME_PAYLOAD && !r.s->left)
			in_payload(&r, chunk->p + at, 0);
	}
	return at;
}

/* ---- holes and ends */

static void websocket_hole(struct conn *conn, enum dir dir, uint64_t n)
{
	struct reading r = { .conn = conn, .socket = conn->state, .side = side_of(conn, dir) };

	if (!r.socket || !r.socket->exchange)
		return;
	r.s = &r.socket->side[r.side];
	r.socket->exchange->facts.missing_bytes += n;
	if (r.s->place == FRAME_LOST)
		return;
	if (r.s->place != FRAME_PAYLOAD || n > r.s->left) {
		lose(&r);
		return;
	}
	if (r.s->data)
		give_up(&r);
	r.s->left -= n;
	r.s->mask_at = (uint8_t)((r.s->mask_at + n) & 3);
	if (r.s->left)
		return;
	r.s->open &= !(r.s->data && r.s->head[0] & FIN);
	end_frame(&r);
}

static void end(struct conn *conn, enum ending ending)
{
	struct websocket *socket = conn->state;
	struct exchange *exchange = socket ? socket->exchange : NULL;

	if (!exchange)
		return;
	socket->exchange = NULL;
	for (int side = SIDE_REQUEST; side <= SIDE_RESPONSE; side++)
		ws_deflate_done(conn->wire, &socket->side[side].deflate);
	http1_end_exchange(conn, exchange, ending);
}

static void websocket_end(struct conn *conn, bool known)
{
	struct websocket *socket = conn->state;

	(void)known;
	if (socket && socket->exchange)
		end(conn, socket->exchange->facts.missing_bytes ? ENDING_HOLE : socket->closed ? ENDING_COMPLETE : ENDING_ABORTED);
}

static void websocket_done(struct conn *conn)
{
	end(conn, ENDING_HOLE);
	conn->state = mem_free(conn->state);
}

int websocket_begin(struct conn *conn, struct exchange *exchange, const struct head *answer)
{
	struct websocket *socket = mem_new(sizeof(*socket));
	struct ws_deflate deflate[2] = { 0 };

	if (!socket) {
		conn->wire->counts.no_memory++;
		return -ENOMEM;
	}
	ws_deflate_agreed(answer, deflate);
	socket->exchange = exchange;
	for (int side = SIDE_REQUEST; side <= SIDE_RESPONSE; side++)
		socket->side[side].deflate = deflate[side];
	/* the client may have been read beyond its request, as what it is not */
	if (message_of(conn, conn->request_dir)->after_hole) {
		socket->side[SIDE_REQUEST].place = FRAME_LOST;
		socket->side[SIDE_REQUEST].deflate.dead = deflate[SIDE_REQUEST].takeover;
	}
	conn->state = socket;
	return 0;
}

const struct protocol_ops protocol_websocket = {
	.read = websocket_read, .hole = websocket_hole, .end = websocket_end, .done = websocket_done,
};
