/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where messages begin, their heads, and which request a response answers.
 *
 * A response belongs to the oldest request that has none. Behind a hole, how
 * much of the response's stream there was when each request began tells which
 * one it can answer; where that is not enough, nothing is told. A response
 * whose request is not there yet waits as a whole head: that request may still
 * be on its way.
 *
 * Where requests are missing, the next one is trusted if an answer passed
 * between it and the last one known, as it does wherever requests are not sent
 * in a row. If none did, an unknown number of answers comes before its own: it
 * is doubtful, and gets none.
 */
#include <errno.h>
#include <string.h>

#include "wire/conn_inside.h"
#include "wire/http2.h"
#include "wire/websocket.h"

/* ---- which request does a response answer? */

/*
 * Behind a hole a response answers the last request that was there before it;
 * the requests before that one got theirs in the hole. Requests sent in a row
 * leave open which one it is: then it is nobody's.
 */
static struct exchange *last_before(struct conn *conn, uint64_t offset)
{
	struct exchange *found = NULL;
	bool open = false;

	LIST_EACH(node, &conn->exchanges) {
		struct exchange *exchange = LIST_ENTRY(node, struct exchange, list);

		if (exchange->response_done || exchange->peer_offset > offset)
			continue;
		open = found && found->peer_offset == exchange->peer_offset;
		if (found)
			http1_end_exchange(conn, found, ENDING_HOLE);
		found = exchange;
	}
	if (found && open) {
		http1_end_exchange(conn, found, ENDING_HOLE);
		found = NULL;
	}
	return found;
}

/*
 * Gives the response in hand its exchange, or none. false: its request is not
 * there yet, or not all of it, and what follows it may be another protocol.
 */
static bool pair(struct conn *conn, enum dir dir, bool forced)
{
	struct message *message = message_of(conn, dir);
	struct exchange *exchange = exchange_first_waiting(&conn->exchanges);

	if (!forced && (!exchange || (exchange->upgrades && !exchange->request_done)))
		return false;
	if (exchange && message->after_hole) {
		exchange = last_before(conn, message->offset);
		message->after_hole = !exchange || exchange->facts.number < conn->doubtful;
	} else if (exchange && exchange->after_hole && exchange->peer_offset > message->offset) {
		/* the request before this one went down in the hole, or this one was seen late: the next response must tell */
		exchange = NULL;
		message->after_hole = true;
	}
	message->exchange = exchange;
	return true;
}

/* A response that is nobody's, while nothing of the requests is missing: its request is late, and must not take the next one's. */
static void orphan(struct conn *conn, enum dir dir)
{
	const struct stream *requests = &conn->stream[!dir];

	conn->wire->counts.orphans++;
	if (!requests->message.after_hole && requests->message.place != LOST && list_empty(&requests->pending) &&
	    list_empty(&conn->exchanges))
		conn->ahead++;
}

/* Behind a hole, or sent in a row with one that is doubtful, and no answer has passed since the request before. */
static bool is_doubtful(const struct conn *conn, const struct exchange *exchange)
{
	bool in_a_row = conn->doubtful && conn->doubtful == exchange->facts.number;

	return (exchange->after_hole || in_a_row) && exchange->peer_offset == conn->request_peer_offset;
}

/*
 * Is it open whether what follows is HTTP? A client sends nothing before the
 * answer is there, but its next bytes may be seen before it.
 */
static bool upgrade_waits(const struct conn *conn)
{
	LIST_EACH(node, &conn->exchanges)
		if (LIST_ENTRY(node, struct exchange, list)->upgrades)
			return true;
	return false;
}

void http1_wait_for_upgrade(struct conn *conn, enum dir dir)
{
	struct message *message = message_of(conn, dir);

	if (side_of(conn, dir) != SIDE_REQUEST || message->place != AT_START || !upgrade_waits(conn))
		return;
	message->place = HEAD_WAITS;
	message->head_ns = 0;
}

/* ---- whole heads */

static void request_head(struct conn *conn, enum dir dir, struct head *head, const struct framing *framing, bool cut)
{
	struct message *message = message_of(conn, dir);
	struct exchange *exchange;

	if (conn->n_exchanges >= LIMIT_PIPELINE) {
		conn->wire->counts.pipeline_full++;
		http1_end_all(conn, ENDING_HOLE);
		http1_lost(conn, !dir);
	}
	if (exchange_new(conn->wire, &exchange) < 0) {
		conn->wire->counts.no_memory++;
		conn->requests++;
		http1_lost(conn, dir);
		return;
	}
	list_insert(&exchange->list, &conn->exchanges);
	conn->n_exchanges++;
	STR_COPY(exchange->method, head->method);
	exchange->peer_offset = message->peer_offset;
	exchange->after_hole = message->after_hole;
	message->after_hole = false;
	message->exchange = exchange;
	exchange->facts = (struct exchange_facts){
		.number = conn->requests++, .role = dir == DIR_SENT ? ROLE_CLIENT : ROLE_SERVER, .begin_ns = message->head_ns,
		.sent_ns = message->head_end_ns, .mid_connection = !conn->born, .truncated = cut,
	};
	if (is_doubtful(conn, exchange)) {
		conn->doubtful = conn->requests;
		message_of(conn, !dir)->after_hole = true;
	}
	if (conn->ahead || conn->doubtful == conn->requests)
		exchange->response_done = exchange->response_hit = true;
	conn->ahead -= conn->ahead > 0;
	conn->request_peer_offset = exchange->peer_offset;
	if (!head->host.n)
		head->host = str_of(conn->server_name);
	exchange->wanted = conn->wire->ops->head(conn->wire->ctx, exchange, head) > 0;
	exchange->upgrades = str_ieq(framing->upgrade, STR("websocket")) || str_ieq(framing->upgrade, STR("h2c"));
	http1_body(conn, dir, http1_place_of_body(framing, SIDE_REQUEST), framing);
}

/* RFC 9110 section 7.8: what follows is another protocol. */
static void hand_over(struct conn *conn, enum conn_protocol protocol, struct exchange *exchange, const struct head *answer)
{
	list_remove(&exchange->list);
	http1_end_all(conn, ENDING_ABORTED);
	conn_turn(conn, protocol);
	list_insert(&exchange->list, &conn->exchanges);
	if ((protocol == CONN_HTTP2 ? http2_upgrade(conn, exchange) : websocket_begin(conn, exchange, answer)) < 0)
		http1_end_exchange(conn, exchange, ENDING_HOLE);
}

static void switch_protocols(struct conn *conn, const struct framing *framing, struct exchange *exchange, const struct head *head)
{
	enum conn_protocol protocol = str_ieq(framing->upgrade, STR("websocket")) ? CONN_WEBSOCKET :
				      str_ieq(framing->upgrade, STR("h2c")) ? CONN_HTTP2 : CONN_OTHER;

	if (exchange && (protocol == CONN_HTTP2 || (protocol == CONN_WEBSOCKET && exchange->wanted))) {
		hand_over(conn, protocol, exchange, head);
		return;
	}
	if (exchange) {
		exchange->request_done = exchange->response_done = true;
		http1_end_if_done(conn, exchange);
	}
	http1_end_all(conn, ENDING_ABORTED);
	conn_turn(conn, protocol);
}

/* Where a WebSocket was asked for, and the answer went down in a hole, its first message is answer enough: it was granted. */
static bool was_upgraded(struct conn *conn, enum dir dir, const struct chunk *chunk)
{
	static const struct header upgrade = { STR("upgrade"), STR("websocket") };
	struct head unseen = { .side = SIDE_RESPONSE, .status = 101, .headers = &upgrade, .n_headers = 1, .boot_ns = chunk->boot_ns };
	struct exchange *exchange = exchange_first_waiting(&conn->exchanges);

	if (!exchange || !exchange->upgrades || !exchange->wanted || side_of(conn, dir) != SIDE_RESPONSE ||
	    !websocket_begins(chunk->p, chunk->n))
		return false;
	unseen.method = str_of(exchange->method);
	if (conn->wire->ops->head(conn->wire->ctx, exchange, &unseen) < 0)
		exchange->wanted = false;
	hand_over(conn, CONN_WEBSOCKET, exchange, &unseen);
	return true;
}

static bool has_no_body(int status, struct str method)
{
	return str_eq(method, STR("HEAD")) || status == 204 || status == 304;
}

static void response_head(struct conn *conn, enum dir dir, struct head *head, const struct framing *framing, bool cut)
{
	struct message *message = message_of(conn, dir);
	struct exchange *exchange = message->exchange;

	if (head->status / 100 == 1 && head->status != 101) {	/* interim: another head follows */
		http1_message_reset(conn, dir, AT_START);
		return;
	}
	if (exchange && head->status == 101 && str_ieq(framing->upgrade, STR("h2c"))) {
		exchange->upgrades = false;	/* its answer comes as HTTP/2 */
	} else if (exchange) {
		exchange->upgrades = false;
		head->method = str_of(exchange->method);
		exchange->facts.first_byte_ns = message->head_ns;
		exchange->facts.end_ns = message->head_end_ns;
		exchange->facts.truncated |= cut;
		if (exchange->wanted && conn->wire->ops->head(conn->wire->ctx, exchange, head) < 0)
			exchange->wanted = false;
	} else {
		orphan(conn, dir);
	}
	if (head->status == 101 || (str_eq(head->method, STR("CONNECT")) && head->status / 100 == 2))
		switch_protocols(conn, framing, exchange, head);
	else
		http1_body(conn, dir, has_no_body(head->status, head->method) ? AT_START :
			   http1_place_of_body(framing, SIDE_RESPONSE), framing);
}

/* These bytes are not what they seemed to be. */
static void refuse(struct conn *conn, enum dir dir)
{
	struct message *message = message_of(conn, dir);

	if (conn->born && !conn->requests && conn->protocol == CONN_UNKNOWN && !message->after_hole)
		conn->protocol = CONN_OTHER;
	else if (message->decided)
		conn->wire->counts.bad_heads++;
	http1_lost(conn, dir);
}

/* text: a whole head, in message->head where that is in use. */
static void read_head(struct conn *conn, enum dir dir, struct str text)
{
	struct message *message = message_of(conn, dir);
	struct buf held = message->head;	/* what is told, points into it */
	enum side side = side_of(conn, dir);
	struct framing framing;
	struct head head;
	bool cut;
	int err;

	message->head = head_buf(conn->wire);
	err = message_parse(text, side, conn->wire->headers, &head, &framing, &cut);
	if (err == 1) {
		if (!held.p)
			held = http1_head_take(conn->wire);
		if (!held.n && buf_str(&held, text) < 0) {
			conn->wire->counts.no_memory++;
			http1_lost(conn, dir);
			return;
		}
		message_unfold(held.p, held.n);
		err = message_parse(buf_view(&held), side, conn->wire->headers, &head, &framing, &cut);
	}
	if (err) {
		refuse(conn, dir);
	} else {
		conn->protocol = CONN_HTTP1;
		conn->searched = 0;
		conn->wire->counts.heads++;
		head.boot_ns = message->head_ns;
		head.mid_connection = !conn->born;
		if (side == SIDE_REQUEST)
			request_head(conn, dir, &head, &framing, cut);
		else
			response_head(conn, dir, &head, &framing, cut);
	}
	http1_head_put(conn->wire, &held);
}

static void head_is_whole(struct conn *conn, enum dir dir, struct str text)
{
	struct message *message = message_of(conn, dir);

	if (side_of(conn, dir) == SIDE_RESPONSE && !pair(conn, dir, false)) {
		if (!message->head.p)
			message->head = http1_head_take(conn->wire);
		if (message->head.n || buf_str(&message->head, text) == 0) {
			message->place = HEAD_WAITS;
			return;
		}
		conn->wire->counts.no_memory++;
		pair(conn, dir, true);
	}
	read_head(conn, dir, text);
}

bool http1_resume(struct conn *conn, enum dir dir, bool forced)
{
	struct message *message = message_of(conn, dir);

	if (side_of(conn, dir) == SIDE_REQUEST) {
		if (!forced && upgrade_waits(conn))
			return false;
		message->place = AT_START;
		message->after_hole |= forced;
		return true;
	}
	if (!pair(conn, dir, forced))
		return false;
	read_head(conn, dir, buf_view(&message->head));
	return true;
}

/* ---- heads in parts */

/* What is this? The first head decides which way requests go, a request's even against a response's. false: no HTTP/1. */
static bool decide(struct conn *conn, enum dir dir, enum looks looks)
{
	struct message *message = message_of(conn, dir);

	if (looks == LOOKS_HTTP2 && conn->protocol == CONN_UNKNOWN) {
		conn_turn(conn, CONN_HTTP2);
		return false;
	}
	if (!conn->requests && looks == LOOKS_REQUEST)
		conn->request_dir = (uint8_t)dir;
	if (conn->request_dir == DIR_UNKNOWN && looks == LOOKS_RESPONSE)
		conn->request_dir = (uint8_t)!dir;
	if (looks != (side_of(conn, dir) == SIDE_REQUEST ? LOOKS_REQUEST : LOOKS_RESPONSE))
		return false;
	message->decided = true;
	return true;
}

void http1_begin(struct conn *conn, enum dir dir, const struct chunk *chunk, size_t at)
{
	struct message *message = message_of(conn, dir);
	bool strict = message->place == LOST || message->after_hole;
	enum looks looks = message_looks(chunk->p + at, chunk->n - at, strict);

	message->decided = message->start_line = false;
	if (looks == LOOKS_OTHER && strict && conn->protocol == CONN_UNKNOWN && chunk->begins && !at &&
	    frame_begins(chunk->p, chunk->n)) {
		conn_turn(conn, CONN_HTTP2);
		return;
	}
	if (looks == LOOKS_OTHER && strict && chunk->begins && !at && was_upgraded(conn, dir, chunk))
		return;
	if (looks != LOOKS_SHORT && !decide(conn, dir, looks)) {
		if (conn->protocol == CONN_HTTP2)
			return;
		if (conn->protocol == CONN_UNKNOWN && conn->born && !conn->requests && !message->after_hole)
			conn->protocol = CONN_OTHER;
		http1_search(conn, dir, chunk->n - at);
		return;
	}
	message->place = IN_HEAD;
	message->strict = strict;
	message->head_ns = chunk->boot_ns;
	message->offset = chunk->offset + at;
	message->peer_offset = chunk->peer_offset;
	message->head = head_buf(conn->wire);
}

/* Can it still be a head? had: bytes of it looked at before. */
static bool holds(struct conn *conn, enum dir dir, size_t had)
{
	struct message *message = message_of(conn, dir);
	const uint8_t *p = (const uint8_t *)message->head.p;
	size_t n = message->head.n;
	enum looks looks;

	if (!message->decided) {
		looks = message_looks(p, n, message->strict);
		if (looks == LOOKS_SHORT)
			return true;
		if (!decide(conn, dir, looks))
			return false;
	}
	if (message->start_line || !memchr(p + had, '\n', n - had))
		return true;
	message->start_line = true;
	return message_start_line(p, n, side_of(conn, dir));
}

/* Whose it was is known, where nothing else is lost. */
static void too_long(struct conn *conn, enum dir dir)
{
	struct message *message = message_of(conn, dir);

	conn->wire->counts.long_heads++;
	if (side_of(conn, dir) == SIDE_RESPONSE && !message->after_hole && pair(conn, dir, false) && message->exchange)
		message->exchange->facts.truncated = true;
	http1_lost(conn, dir);
}

size_t http1_head(struct conn *conn, enum dir dir, const struct chunk *chunk, size_t at)
{
	struct message *message = message_of(conn, dir);
	const uint8_t *p = chunk->p + at;
	size_t n = chunk->n - at, had = message->head.n, length;

	message->head_end_ns = chunk->boot_ns;
	if (!had) {
		length = message_head_length(p, n, 0);
		if (length && length <= LIMIT_HEAD) {
			head_is_whole(conn, dir, (struct str){ (const char *)p, length });
			return length;
		}
	}
	if (n > LIMIT_HEAD - had)
		n = LIMIT_HEAD - had;
	if (!message->head.p)
		message->head = http1_head_take(conn->wire);
	if (!n || buf_add(&message->head, p, n) < 0) {
		too_long(conn, dir);
		return chunk->n - at;
	}
	if (!holds(conn, dir, had)) {
		if (conn->protocol == CONN_HTTP2) {
			message->head.n = had;
			return 0;
		}
		refuse(conn, dir);
		/* what came before was none, but a message may begin with this call */
		return had && !at && chunk->begins ? 0 : chunk->n - at;
	}
	length = message_head_length((const uint8_t *)message->head.p, message->head.n, had);
	if (!length)
		return n;
	message->head.n = length;
	head_is_whole(conn, dir, buf_view(&message->head));
	return length - had;
}
