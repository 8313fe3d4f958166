/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who reads a connection's bytes. It begins with HTTP/1, which knows what other
 * protocols begin with; from the byte on where it meets one, that one's reader
 * goes on, within one chunk and in both directions.
 */
#include "wire/conn_inside.h"
#include "wire/http2.h"

static size_t other_read(struct conn *conn, enum dir dir, const struct chunk *chunk)
{
	(void)conn;
	(void)dir;
	return chunk->n;
}

static void other_hole(struct conn *conn, enum dir dir, uint64_t n)
{
	(void)conn;
	(void)dir;
	(void)n;
}

static void other_end(struct conn *conn, bool known)
{
	(void)known;
	http1_end_all(conn, ENDING_ABORTED);
}

/* A head waited for a request when the connection turned out to be something else. */
static bool other_resume(struct conn *conn, enum dir dir, bool forced)
{
	(void)forced;
	http1_message_reset(conn, dir, AT_START);
	return true;
}

const struct protocol_ops protocol_other = {
	.read = other_read, .resume = other_resume, .hole = other_hole, .end = other_end,
};

const struct protocol_ops *protocol_of(const struct conn *conn)
{
	static const struct protocol_ops *const ops[] = {
		[CONN_UNKNOWN] = &protocol_http1,
		[CONN_HTTP1] = &protocol_http1,
		[CONN_HTTP2] = &protocol_http2,
		[CONN_WEBSOCKET] = &protocol_websocket,
		[CONN_OTHER] = &protocol_other,
	};

	return ops[conn->protocol];
}

void protocol_leave(struct conn *conn)
{
	if (protocol_of(conn)->done)
		protocol_of(conn)->done(conn);
	conn->state = NULL;
}

void conn_turn(struct conn *conn, enum conn_protocol protocol)
{
	protocol_leave(conn);
	conn->protocol = (uint8_t)protocol;
	for (unsigned int dir = 0; dir < 2; dir++) {
		struct message *message = message_of(conn, dir);
		struct buf kept = message->head;

		message->head = head_buf(conn->wire);
		if (message->place != IN_HEAD)
			buf_done(&kept);
		http1_message_reset(conn, dir, AT_START);
		message->head = kept;
	}
}

/* What HTTP/1 had kept when it turned out to be something else. */
static void read_kept(struct conn *conn, enum dir dir)
{
	struct message *message = message_of(conn, dir);
	struct buf kept = message->head;
	struct chunk chunk = { (const uint8_t *)kept.p, kept.n, message->offset, message->peer_offset, message->head_ns, false };

	message->head = head_buf(conn->wire);
	if (chunk.n)
		protocol_of(conn)->read(conn, dir, &chunk);
	buf_done(&kept);
}

static bool turned(struct conn *conn, enum dir dir, const struct protocol_ops *from)
{
	if (protocol_of(conn) == from)
		return false;
	read_kept(conn, dir);
	read_kept(conn, !dir);
	return true;
}

size_t protocol_read(struct conn *conn, enum dir dir, const struct chunk *chunk)
{
	const struct protocol_ops *ops;
	struct chunk rest = *chunk;

	do {
		ops = protocol_of(conn);
		if (!chunk_drop(&rest, ops->read(conn, dir, &rest)))
			rest.n = 0;
	} while (turned(conn, dir, ops) && rest.n);
	return chunk->n - rest.n;
}

bool protocol_resume(struct conn *conn, enum dir dir, bool forced)
{
	const struct protocol_ops *ops = protocol_of(conn);

	if (!ops->resume(conn, dir, forced))
		return false;
	turned(conn, dir, ops);
	return true;
}
