/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.0 and 1.1 (RFC 9112), from the streams of a connection to exchanges.
 *
 * Each direction reads one message after another. Bytes that are missing end
 * the unit they hit: within a body whose length is known the framing goes on
 * behind them, else the direction is lost until a message is seen to begin
 * where a call of the application began.
 */
#include <errno.h>

#include "wire/conn_inside.h"

/* A connection that was not seen from its birth, and in which no request begins for so long, is something else. */
#define SEARCH_MAX KIB(256)

static bool is_http1(const struct conn *conn)
{
	return conn->protocol == CONN_UNKNOWN || conn->protocol == CONN_HTTP1;
}

/* ---- the end of exchanges and messages */

void http1_end_exchange(struct conn *conn, struct exchange *exchange, enum ending ending)
{
	for (unsigned int dir = 0; dir < 2; dir++) {
		struct message *message = message_of(conn, dir);

		if (message->exchange == exchange) {
			message->exchange = NULL;
			message->body = body_free(message->body);
		}
	}
	conn->n_exchanges--;
	exchange_end(exchange, ending);
}

void http1_end_all(struct conn *conn, enum ending ending)
{
	LIST_EACH(node, &conn->exchanges)
		http1_end_exchange(conn, LIST_ENTRY(node, struct exchange, list), ending);
}

void http1_end_if_done(struct conn *conn, struct exchange *exchange)
{
	if (exchange->request_done && exchange->response_done)
		http1_end_exchange(conn, exchange, exchange_ending(exchange));
}

/* ---- buffers of heads that came in parts */

struct buf http1_head_take(struct wire *wire)
{
	return wire->n_spare_heads ? wire->spare_heads[--wire->n_spare_heads] : head_buf(wire);
}

void http1_head_put(struct wire *wire, struct buf *head)
{
	if (head->p && head->size <= LIMIT_SPARE_HEAD && wire->n_spare_heads < LIMIT_SPARE_HEADS) {
		buf_reset(head);
		wire->spare_heads[wire->n_spare_heads++] = *head;
		*head = head_buf(wire);
	} else {
		buf_done(head);
	}
}

void http1_head_drop_spares(struct wire *wire)
{
	while (wire->n_spare_heads)
		buf_done(&wire->spare_heads[--wire->n_spare_heads]);
}

void http1_message_reset(struct conn *conn, enum dir dir, enum place place)
{
	struct message *message = message_of(conn, dir);

	message->body = body_free(message->body);
	message->exchange = NULL;
	message->place = (uint8_t)place;
	http1_head_put(conn->wire, &message->head);
}

static void message_done(struct conn *conn, enum dir dir, enum place next)
{
	struct message *message = message_of(conn, dir);
	struct exchange *exchange = message->exchange;

	if (message->body && next == AT_START && body_end(message->body) == -EBADMSG)
		exchange_undecoded(conn->wire, exchange);
	http1_message_reset(conn, dir, next);
	if (!exchange)
		return;
	if (side_of(conn, dir) == SIDE_REQUEST)
		exchange->request_done = true;
	else
		exchange->response_done = true;
	http1_end_if_done(conn, exchange);
	http1_wait_for_upgrade(conn, dir);
}

void http1_lost(struct conn *conn, enum dir dir)
{
	struct message *message = message_of(conn, dir);

	conn->wire->counts.lost++;
	message->after_hole = true;
	if (side_of(conn, dir) == SIDE_REQUEST)
		conn->ahead = 0;
	else if (message->exchange)
		message->exchange->response_hit = true;
	message_done(conn, dir, LOST);
}

void http1_search(struct conn *conn, enum dir dir, size_t n)
{
	struct message *message = message_of(conn, dir);
	struct exchange *exchange = exchange_first_waiting(&conn->exchanges);

	conn->wire->counts.lost += message->place != LOST;
	if (exchange && !message->after_hole && side_of(conn, dir) == SIDE_RESPONSE)
		exchange->facts.undecoded = true;	/* it is its answer that is not read */
	message->place = LOST;
	message->after_hole = true;
	conn->searched += n;
	if (conn->protocol == CONN_UNKNOWN && conn->searched > SEARCH_MAX)
		conn->protocol = CONN_OTHER;
}

/* ---- bodies */

/* RFC 9112 section 6.3, as far as it depends on the framing's fields alone. */
enum place http1_place_of_body(const struct framing *framing, enum side side)
{
	if (framing->chunked)
		return IN_CHUNKED;
	if (framing->transfer_coded)
		return side == SIDE_REQUEST ? LOST : UNTIL_CLOSE;
	if (framing->contradiction)
		return LOST;
	if (framing->has_length)
		return framing->length ? IN_LENGTH : AT_START;
	return side == SIDE_REQUEST ? AT_START : UNTIL_CLOSE;
}

void http1_body(struct conn *conn, enum dir dir, enum place place, const struct framing *framing)
{
	struct message *message = message_of(conn, dir);

	message->place = (uint8_t)place;
	message->left = framing->length;
	message->chunked = (struct chunked){ .left = 0 };
	if (place == AT_START) {
		message_done(conn, dir, AT_START);
	} else if (place == LOST) {
		exchange_undecoded(conn->wire, message->exchange);
		http1_lost(conn, dir);
	} else {
		message->body = exchange_body(message->exchange, side_of(conn, dir), framing);
	}
}

static void body_bytes(struct conn *conn, enum dir dir, const uint8_t *p, size_t n, uint64_t boot_ns)
{
	struct message *message = message_of(conn, dir);

	if (message->exchange)
		exchange_bytes(message->exchange, side_of(conn, dir), message->body, p, n, boot_ns);
}

static size_t in_chunked(struct conn *conn, enum dir dir, const struct chunk *chunk, size_t at)
{
	struct message *message = message_of(conn, dir);
	const uint8_t *payload;
	size_t n;
	bool end;
	ptrdiff_t used = chunked_next(&message->chunked, chunk->p + at, chunk->n - at, &payload, &n, &end);

	if (used < 0) {
		exchange_undecoded(conn->wire, message->exchange);
		http1_lost(conn, dir);
		return chunk->n - at;
	}
	if (n || end)
		body_bytes(conn, dir, payload, n, chunk->boot_ns);
	if (end)
		message_done(conn, dir, AT_START);
	return (size_t)used;
}

static size_t in_body(struct conn *conn, enum dir dir, const struct chunk *chunk, size_t at)
{
	struct message *message = message_of(conn, dir);
	size_t n = chunk->n - at;

	if (message->place == IN_LENGTH && n > message->left)
		n = (size_t)message->left;
	message->left -= n;
	body_bytes(conn, dir, chunk->p + at, n, chunk->boot_ns);
	if (message->place == IN_LENGTH && !message->left)
		message_done(conn, dir, AT_START);
	return n;
}

/* ---- one chunk */

/* Empty lines in front of a request are skipped (RFC 9112 section 2.2). */
static size_t skip_empty(const struct chunk *chunk, size_t at)
{
	while (at < chunk->n && (chunk->p[at] == '\r' || chunk->p[at] == '\n'))
		at++;
	return at;
}

static size_t http1_read(struct conn *conn, enum dir dir, const struct chunk *chunk)
{
	struct message *message = message_of(conn, dir);
	size_t at = 0;

	while (at < chunk->n) {
		if (!is_http1(conn))
			return at;
		switch (message->place) {
		case AT_START:
			at = skip_empty(chunk, at);
			if (at < chunk->n)
				http1_begin(conn, dir, chunk, at);
			break;
		case LOST:
			if (!at && chunk->begins)
				http1_begin(conn, dir, chunk, at);
			else
				http1_search(conn, dir, chunk->n - at);
			if (message->place == LOST)
				return chunk->n;
			break;
		case IN_HEAD:
			at += http1_head(conn, dir, chunk, at);
			break;
		case HEAD_WAITS:
			return at;
		case IN_CHUNKED:
			at += in_chunked(conn, dir, chunk, at);
			break;
		default:
			at += in_body(conn, dir, chunk, at);
		}
	}
	return at;
}

/* ---- holes and ends */

static bool framing_survives(struct message *message, uint64_t n)
{
	switch (message->place) {
	case IN_LENGTH:
		return n <= message->left;
	case IN_CHUNKED:
		return chunked_hole(&message->chunked, n);
	default:
		return message->place == UNTIL_CLOSE;
	}
}

static void http1_hole(struct conn *conn, enum dir dir, uint64_t n)
{
	struct message *message = message_of(conn, dir);
	struct exchange *exchange = message->exchange;
	bool response = side_of(conn, dir) == SIDE_RESPONSE;

	if (!exchange && response)
		exchange = exchange_first_waiting(&conn->exchanges);
	if (exchange)
		exchange->facts.missing_bytes += n;
	if (!framing_survives(message, n)) {
		http1_lost(conn, dir);
		return;
	}
	if (message->body)
		body_hole(message->body);
	if (exchange)
		exchange->response_hit |= response;
	if (message->place != IN_LENGTH)
		return;
	message->left -= n;
	if (!message->left)
		message_done(conn, dir, AT_START);
}

static void http1_end(struct conn *conn, bool known)
{
	for (unsigned int dir = 0; dir < 2; dir++)
		if (known && message_of(conn, dir)->place == UNTIL_CLOSE)
			message_done(conn, dir, AT_START);
	LIST_EACH(node, &conn->exchanges) {
		struct exchange *exchange = LIST_ENTRY(node, struct exchange, list);

		http1_end_exchange(conn, exchange, exchange_ending(exchange));
	}
	http1_restart(conn);
}

void http1_restart(struct conn *conn)
{
	http1_end_all(conn, ENDING_HOLE);
	conn->ahead = 0;
	for (unsigned int dir = 0; dir < 2; dir++) {
		http1_message_reset(conn, dir, AT_START);
		message_of(conn, dir)->after_hole = false;
	}
}

const struct protocol_ops protocol_http1 = {
	.read = http1_read, .resume = http1_resume, .hole = http1_hole, .end = http1_end,
};
