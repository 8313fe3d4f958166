/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.0 and 1.1 (RFC 9112), from the streams of a connection to exchanges.
 *
 * Each direction reads one message after another; a response belongs to the
 * oldest request that has none. Bytes that are missing end the unit they hit:
 * within a body whose length is known the framing goes on behind them, else the
 * direction is lost until a message is seen to begin where a call of the
 * application began. Which request such a response answers is told by how much
 * of the response's stream there was when the request began; where that is not
 * enough, nothing is told.
 */
#include <errno.h>
#include <string.h>

#include "wire/conn_inside.h"
#include "wire/message.h"

/* A connection that was not seen from its birth, and in which no request begins for so long, is something else. */
#define SEARCH_MAX KIB(256)

static enum side side_of(const struct conn *conn, enum dir dir)
{
	return conn->request_dir == dir ? SIDE_REQUEST : SIDE_RESPONSE;
}

static struct message *message_at(struct conn *conn, enum dir dir)
{
	return &conn->stream[dir].message;
}

static struct exchange *first_waiting(struct conn *conn)
{
	LIST_EACH(node, &conn->exchanges) {
		struct exchange *exchange = LIST_ENTRY(node, struct exchange, list);

		if (!exchange->response_done)
			return exchange;
	}
	return NULL;
}

/* ---- the end of exchanges and messages */

static void end_exchange(struct conn *conn, struct exchange *exchange, enum ending ending)
{
	for (unsigned int dir = 0; dir < 2; dir++) {
		struct message *message = message_at(conn, dir);

		if (message->exchange == exchange) {
			message->exchange = NULL;
			message->body = body_free(message->body);
		}
	}
	conn->n_exchanges--;
	exchange_end(exchange, ending);
}

static void end_all(struct conn *conn, enum ending ending)
{
	LIST_EACH(node, &conn->exchanges)
		end_exchange(conn, LIST_ENTRY(node, struct exchange, list), ending);
}

static void end_if_done(struct conn *conn, struct exchange *exchange)
{
	if (exchange->request_done && exchange->response_done)
		end_exchange(conn, exchange, exchange->response_hit ? ENDING_HOLE : ENDING_COMPLETE);
}

static void message_reset(struct message *message, enum place place)
{
	message->body = body_free(message->body);
	message->exchange = NULL;
	message->place = (uint8_t)place;
	buf_done(&message->head);
}

/* What is known of a body's end: the framing's, or that bytes are missing. */
static void message_done(struct conn *conn, enum dir dir, enum place next)
{
	struct message *message = message_at(conn, dir);
	struct exchange *exchange = message->exchange;

	if (exchange && message->body && next == AT_START && body_end(message->body) == -EBADMSG) {
		exchange->facts.undecoded = true;
		conn->wire->counts.undecodable++;
	}
	message_reset(message, next);
	if (!exchange)
		return;
	if (side_of(conn, dir) == SIDE_REQUEST)
		exchange->request_done = true;
	else
		exchange->response_done = true;
	end_if_done(conn, exchange);
}

/* The framing is gone. */
static void message_lost(struct conn *conn, enum dir dir)
{
	struct message *message = message_at(conn, dir);

	message->after_hole = true;
	if (message->exchange && side_of(conn, dir) == SIDE_RESPONSE)
		message->exchange->response_hit = true;
	message_done(conn, dir, LOST);
}

/* These bytes are not what they seemed to be. */
static void message_refuse(struct conn *conn, enum dir dir)
{
	bool fresh = conn->born && !conn->requests && conn->protocol == CONN_UNKNOWN;

	if (fresh)
		conn->protocol = CONN_OTHER;
	else if (message_at(conn, dir)->place == IN_HEAD)
		conn->wire->counts.bad_heads++;
	message_lost(conn, dir);
}

static void leave_http1(struct conn *conn, enum conn_protocol protocol)
{
	conn->protocol = (uint8_t)protocol;
	for (unsigned int dir = 0; dir < 2; dir++)
		message_reset(message_at(conn, dir), AT_START);
}

/* ---- bodies */

static void body_begin(struct conn *conn, enum dir dir, const struct framing *framing)
{
	struct message *message = message_at(conn, dir);
	struct exchange *exchange = message->exchange;
	int err;

	if (!exchange || !exchange->wanted)
		return;
	err = body_new(conn->wire, exchange, side_of(conn, dir), framing->codings, framing->n_codings, framing->content_type,
		       &message->body);
	if (err == 1) {
		exchange->facts.undecoded = true;
		conn->wire->counts.undecodable++;
	} else if (err < 0) {
		exchange->facts.truncated = true;
		conn->wire->counts.no_memory++;
	}
}

static void body_failed(struct conn *conn, enum dir dir, int err, size_t n)
{
	struct exchange *exchange = message_at(conn, dir)->exchange;

	if (err == -EBADMSG) {
		exchange->facts.undecoded = true;
		conn->wire->counts.undecodable++;
	} else if (err == -ENOMEM) {	/* over the budget: as good as a hole */
		exchange->facts.missing_bytes += n;
		exchange->response_hit |= side_of(conn, dir) == SIDE_RESPONSE;
		conn->wire->counts.no_memory++;
	}
}

static void body_bytes(struct conn *conn, enum dir dir, const uint8_t *p, size_t n, uint64_t boot_ns)
{
	struct message *message = message_at(conn, dir);
	struct exchange *exchange = message->exchange;
	int err;

	if (!exchange)
		return;
	if (side_of(conn, dir) == SIDE_REQUEST)
		exchange->facts.sent_ns = boot_ns;
	else
		exchange->facts.end_ns = boot_ns;
	if (!message->body) {
		*(side_of(conn, dir) == SIDE_REQUEST ? &exchange->facts.request_bytes : &exchange->facts.response_bytes) += n;
		return;
	}
	err = body_write(message->body, p, n, boot_ns);
	if (err)
		body_failed(conn, dir, err, n);
}

/* RFC 9112 section 6.3, as far as it is the same for both sides. */
static enum place place_of_body(const struct framing *framing, enum side side)
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

static void enter_body(struct conn *conn, enum dir dir, enum place place, const struct framing *framing)
{
	struct message *message = message_at(conn, dir);

	buf_done(&message->head);
	message->place = (uint8_t)place;
	message->left = framing->length;
	message->chunked = (struct chunked){ .left = 0 };
	if (place == AT_START) {
		message_done(conn, dir, AT_START);
	} else if (place == LOST) {
		if (message->exchange)
			message->exchange->facts.undecoded = true;
		message_lost(conn, dir);
	} else {
		body_begin(conn, dir, framing);
	}
}

/* ---- heads */

static void request_head(struct conn *conn, enum dir dir, struct head *head, const struct framing *framing, bool cut,
			 const struct chunk *chunk)
{
	struct message *message = message_at(conn, dir);
	struct exchange *exchange;

	if (conn->n_exchanges >= LIMIT_PIPELINE) {
		conn->wire->counts.pipeline_full++;
		end_all(conn, ENDING_HOLE);
		message_lost(conn, !dir);
	}
	if (exchange_new(conn->wire, &exchange) < 0) {
		conn->wire->counts.no_memory++;
		conn->requests++;
		message_lost(conn, dir);
		return;
	}
	list_insert(&exchange->list, &conn->exchanges);
	conn->n_exchanges++;
	STR_COPY(exchange->method, head->method);
	exchange->peer_offset = chunk->peer_offset;
	exchange->after_hole = message->after_hole;
	message->after_hole = false;
	message->exchange = exchange;
	exchange->facts = (struct exchange_facts){
		.number = conn->requests++, .role = dir == DIR_SENT ? ROLE_CLIENT : ROLE_SERVER,
		.begin_ns = message->head_ns, .sent_ns = chunk->boot_ns, .mid_connection = !conn->born, .truncated = cut,
	};
	if (!head->host.n)
		head->host = str_of(conn->server_name);
	exchange->wanted = conn->wire->ops->head(conn->wire->ctx, exchange, head) > 0;
	enter_body(conn, dir, place_of_body(framing, SIDE_REQUEST), framing);
}

/* RFC 9110 section 7.8: what follows is another protocol. */
static void upgrade(struct conn *conn, const struct framing *framing, struct exchange *exchange)
{
	if (exchange) {
		exchange->request_done = exchange->response_done = true;
		end_if_done(conn, exchange);
	}
	end_all(conn, ENDING_ABORTED);
	if (str_ieq(framing->upgrade, STR("websocket")))
		leave_http1(conn, CONN_WEBSOCKET);
	else
		leave_http1(conn, str_ieq(framing->upgrade, STR("h2c")) ? CONN_HTTP2 : CONN_OTHER);
}

static bool has_no_body(int status, struct str method)
{
	return str_eq(method, STR("HEAD")) || status == 204 || status == 304;
}

static void response_head(struct conn *conn, enum dir dir, struct head *head, const struct framing *framing, bool cut,
			  const struct chunk *chunk)
{
	struct message *message = message_at(conn, dir);
	struct exchange *exchange = message->exchange;

	if (exchange)
		head->method = str_of(exchange->method);
	if (head->status / 100 == 1 && head->status != 101) {	/* interim: another head follows */
		message_reset(message, AT_START);
		return;
	}
	if (exchange) {
		exchange->response_begun = true;
		exchange->facts.first_byte_ns = message->head_ns;
		exchange->facts.end_ns = chunk->boot_ns;
		exchange->facts.truncated |= cut;
		if (exchange->wanted && conn->wire->ops->head(conn->wire->ctx, exchange, head) < 0)
			exchange->wanted = false;
	} else {
		conn->wire->counts.orphans++;
	}
	if (head->status == 101 || (str_eq(head->method, STR("CONNECT")) && head->status / 100 == 2))
		upgrade(conn, framing, exchange);
	else
		enter_body(conn, dir, has_no_body(head->status, head->method) ? AT_START :
			   place_of_body(framing, SIDE_RESPONSE), framing);
}

static void read_head(struct conn *conn, enum dir dir, struct str text, const struct chunk *chunk)
{
	struct message *message = message_at(conn, dir);
	enum side side = side_of(conn, dir);
	struct framing framing;
	struct head head;
	bool cut;

	if (message_folded(text.p, text.n)) {
		if (!message->head.n && buf_str(&message->head, text) < 0) {
			conn->wire->counts.no_memory++;
			message_lost(conn, dir);
			return;
		}
		message_unfold(message->head.p, message->head.n);
		text = buf_view(&message->head);
	}
	if (message_parse(text, side, conn->wire->headers, &head, &framing, &cut) < 0) {
		message_refuse(conn, dir);
		return;
	}
	conn->protocol = CONN_HTTP1;
	conn->searched = 0;
	conn->wire->counts.heads++;
	head.boot_ns = message->head_ns;
	head.mid_connection = !conn->born;
	if (side == SIDE_REQUEST)
		request_head(conn, dir, &head, &framing, cut, chunk);
	else
		response_head(conn, dir, &head, &framing, cut, chunk);
}

/* ---- where messages begin */

/*
 * A response is seen to begin behind a hole. It answers the last request that
 * was there before it; the requests before that one got theirs in the hole.
 * Requests sent in a row leave open which one it is: then it is nobody's.
 */
static struct exchange *resume_response(struct conn *conn, uint64_t offset)
{
	struct exchange *found = NULL;
	bool open = false;

	LIST_EACH(node, &conn->exchanges) {
		struct exchange *exchange = LIST_ENTRY(node, struct exchange, list);

		if (exchange->response_done || exchange->peer_offset > offset)
			continue;
		open = found && found->peer_offset == exchange->peer_offset;
		if (found)
			end_exchange(conn, found, ENDING_HOLE);
		found = exchange;
	}
	if (found && open) {
		end_exchange(conn, found, ENDING_HOLE);
		found = NULL;
	}
	return found;
}

/* The request that the response at this offset answers. false: it is not there yet. */
static bool match(struct conn *conn, enum dir dir, const struct chunk *chunk, uint64_t offset)
{
	struct message *message = message_at(conn, dir);
	struct exchange *exchange = first_waiting(conn);

	if (!exchange && !chunk->forced)
		return false;
	if (exchange && message->after_hole)
		exchange = resume_response(conn, offset);
	else if (exchange && exchange->after_hole && exchange->peer_offset > offset)
		exchange = NULL;	/* its request went down in the hole */
	message->after_hole = false;
	message->exchange = exchange;
	return true;
}

static void set_request_dir(struct conn *conn, enum dir dir)
{
	conn->request_dir = (uint8_t)dir;
}

static void search_in_vain(struct conn *conn, enum dir dir, size_t n)
{
	message_at(conn, dir)->place = LOST;
	message_at(conn, dir)->after_hole = true;
	conn->searched += n;
	if (conn->protocol == CONN_UNKNOWN && conn->searched > SEARCH_MAX)
		conn->protocol = CONN_OTHER;
}

/* At the start of a message. 0: it began, or there is nothing to begin; 1: it must wait. */
static int begin_message(struct conn *conn, enum dir dir, const struct chunk *chunk, size_t at)
{
	struct message *message = message_at(conn, dir);
	const uint8_t *p = chunk->p + at;
	size_t n = chunk->n - at;
	bool strict = message->place == LOST || !conn->born || conn->requests;
	enum looks looks = message_looks(p, n, strict);

	if (looks == LOOKS_HTTP2 && conn->protocol == CONN_UNKNOWN) {
		leave_http1(conn, CONN_HTTP2);
		return 0;
	}
	if (!conn->requests && looks == LOOKS_REQUEST)
		set_request_dir(conn, dir);
	if (!conn->requests && looks == LOOKS_RESPONSE)
		set_request_dir(conn, !dir);
	if (looks == LOOKS_OTHER || looks == LOOKS_HTTP2) {
		if (conn->born && !conn->requests && conn->protocol == CONN_UNKNOWN)
			conn->protocol = CONN_OTHER;
		search_in_vain(conn, dir, n);
		return 0;
	}
	if (conn->request_dir != DIR_UNKNOWN && side_of(conn, dir) == SIDE_RESPONSE &&
	    !match(conn, dir, chunk, conn->stream[dir].next + at))
		return 1;
	message->place = IN_HEAD;
	message->strict = strict;
	message->head_ns = chunk->boot_ns;
	message->head = BUF(LIMIT_HEAD);
	return 0;
}

/* A head that came in parts has begun before it could be told what it is. */
static bool decide_side(struct conn *conn, enum dir dir, const struct chunk *chunk)
{
	struct message *message = message_at(conn, dir);
	enum looks looks = message_looks((const uint8_t *)message->head.p, message->head.n, message->strict);

	if (looks == LOOKS_HTTP2 && conn->protocol == CONN_UNKNOWN) {
		leave_http1(conn, CONN_HTTP2);
		return false;
	}
	if (looks == LOOKS_SHORT)
		return true;
	if (!conn->requests && looks == LOOKS_REQUEST)
		set_request_dir(conn, dir);
	if (!conn->requests && looks == LOOKS_RESPONSE && conn->request_dir != !dir) {
		set_request_dir(conn, !dir);
		match(conn, dir, &(struct chunk){ .forced = true, .peer_offset = chunk->peer_offset }, conn->stream[dir].next);
	}
	if (looks != (side_of(conn, dir) == SIDE_REQUEST ? LOOKS_REQUEST : LOOKS_RESPONSE) ||
	    !message_start_line((const uint8_t *)message->head.p, message->head.n, side_of(conn, dir))) {
		message_refuse(conn, dir);
		return false;
	}
	return true;
}

static void head_too_long(struct conn *conn, enum dir dir)
{
	struct exchange *exchange = message_at(conn, dir)->exchange;

	conn->wire->counts.long_heads++;
	if (exchange)
		exchange->facts.truncated = true;
	message_lost(conn, dir);
}

/* Gives the bytes consumed. */
static size_t in_head(struct conn *conn, enum dir dir, const struct chunk *chunk, size_t at)
{
	struct message *message = message_at(conn, dir);
	const uint8_t *p = chunk->p + at;
	size_t n = chunk->n - at, had = message->head.n, length;

	if (!had) {
		length = message_head_length(p, n, 0);
		if (length && length <= LIMIT_HEAD) {
			read_head(conn, dir, (struct str){ (const char *)p, length }, chunk);
			return length;
		}
	}
	if (had + n > LIMIT_HEAD)
		n = LIMIT_HEAD - had;
	if (!n || buf_add(&message->head, p, n) < 0) {
		head_too_long(conn, dir);
		return chunk->n - at;
	}
	if (!decide_side(conn, dir, chunk))
		return chunk->n - at;
	length = message_head_length((const uint8_t *)message->head.p, message->head.n, had);
	if (!length)
		return n;
	read_head(conn, dir, (struct str){ message->head.p, length }, chunk);
	return length - had;
}

static size_t in_chunked(struct conn *conn, enum dir dir, const struct chunk *chunk, size_t at)
{
	const uint8_t *text;
	size_t n;
	bool end;
	ptrdiff_t used = chunked_next(&message_at(conn, dir)->chunked, chunk->p + at, chunk->n - at, &text, &n, &end);

	if (used < 0) {
		struct exchange *exchange = message_at(conn, dir)->exchange;

		if (exchange)
			exchange->facts.undecoded = true;
		conn->wire->counts.undecodable++;
		message_lost(conn, dir);
		return chunk->n - at;
	}
	if (n || end)
		body_bytes(conn, dir, text, n, chunk->boot_ns);
	if (end)
		message_done(conn, dir, AT_START);
	return (size_t)used;
}

static size_t in_body(struct conn *conn, enum dir dir, const struct chunk *chunk, size_t at)
{
	struct message *message = message_at(conn, dir);
	size_t n = chunk->n - at;

	if (message->place == IN_LENGTH && n > message->left)
		n = (size_t)message->left;
	message->left -= n;
	body_bytes(conn, dir, chunk->p + at, n, chunk->boot_ns);
	if (message->place == IN_LENGTH && !message->left)
		message_done(conn, dir, AT_START);
	return n;
}

/* Empty lines in front of a request are skipped (RFC 9112 section 2.2). */
static size_t skip_empty(const struct chunk *chunk, size_t at)
{
	while (at < chunk->n && (chunk->p[at] == '\r' || chunk->p[at] == '\n'))
		at++;
	return at;
}

size_t http1_read(struct conn *conn, enum dir dir, const struct chunk *chunk)
{
	struct message *message = message_at(conn, dir);
	size_t at = 0;

	while (at < chunk->n) {
		if (conn->protocol != CONN_UNKNOWN && conn->protocol != CONN_HTTP1)
			return chunk->n;
		switch (message->place) {
		case AT_START:
			at = skip_empty(chunk, at);
			if (at < chunk->n && begin_message(conn, dir, chunk, at))
				return at;
			break;
		case LOST:
			if (at || !chunk->begins) {
				search_in_vain(conn, dir, chunk->n - at);
				return chunk->n;
			}
			if (begin_message(conn, dir, chunk, at))
				return at;
			if (message->place == LOST)
				return chunk->n;
			break;
		case IN_HEAD:
			at += in_head(conn, dir, chunk, at);
			break;
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

void http1_hole(struct conn *conn, enum dir dir, uint64_t n)
{
	struct message *message = message_at(conn, dir);
	struct exchange *exchange = message->exchange;

	if (conn->protocol != CONN_UNKNOWN && conn->protocol != CONN_HTTP1)
		return;
	if (!exchange && side_of(conn, dir) == SIDE_RESPONSE)
		exchange = first_waiting(conn);
	if (exchange)
		exchange->facts.missing_bytes += n;
	if (!framing_survives(message, n)) {
		message_lost(conn, dir);
		return;
	}
	if (message->body)
		body_hole(message->body);
	if (exchange)
		exchange->response_hit |= side_of(conn, dir) == SIDE_RESPONSE;
	if (message->place != IN_LENGTH)
		return;
	message->left -= n;
	if (!message->left)
		message_done(conn, dir, AT_START);
}

static enum ending ending_of(const struct exchange *exchange)
{
	if (exchange->response_hit || (exchange->facts.missing_bytes && !exchange->response_done))
		return ENDING_HOLE;
	return exchange->response_done ? ENDING_COMPLETE : ENDING_ABORTED;
}

void http1_end(struct conn *conn, bool whole)
{
	for (unsigned int dir = 0; dir < 2; dir++)
		if (whole && message_at(conn, dir)->place == UNTIL_CLOSE)
			message_done(conn, dir, AT_START);
	LIST_EACH(node, &conn->exchanges) {
		struct exchange *exchange = LIST_ENTRY(node, struct exchange, list);

		end_exchange(conn, exchange, ending_of(exchange));
	}
	http1_restart(conn);
}

void http1_restart(struct conn *conn)
{
	end_all(conn, ENDING_HOLE);
	for (unsigned int dir = 0; dir < 2; dir++) {
		message_reset(message_at(conn, dir), AT_START);
		message_at(conn, dir)->after_hole = false;
	}
}
