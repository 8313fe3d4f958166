/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The streams of an HTTP/2 connection (RFC 9113 sections 5 and 8): each is one
 * exchange, told as those of HTTP/1 are. Which request a response answers is no
 * question here, so what is lost of one stream is lost of that stream alone,
 * unless the hole leaves open whose bytes it held: then all that were under way
 * in that direction are hit, and go on behind it.
 *
 * The end of a stream that was hit may have been in the hole. Such a stream is
 * in doubt: it is over with its response, or when nothing has come of it for
 * long.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "wire/http2.h"

/* ---- */

struct http2_stream *http2_stream_of(struct http2 *http2, uint32_t id)
{
	return map_get(&http2->by_id, id);
}

int http2_stream_new(struct conn *conn, uint32_t id, struct exchange *exchange, struct http2_stream **ret)
{
	struct http2 *http2 = conn->state;
	struct wire *wire = conn->wire;
	struct http2_stream *stream = wire->spare_streams;

	if (stream) {
		wire->spare_streams = stream->spare;
		memset(stream, 0, sizeof(*stream));
	} else if (!(stream = mem_new(sizeof(*stream)))) {
		return -ENOMEM;
	}
	stream->id = id;
	stream->exchange = exchange;
	if (map_put(&http2->by_id, id, stream) < 0) {
		stream->spare = wire->spare_streams;
		wire->spare_streams = stream;
		return -ENOMEM;
	}
	list_insert(&stream->list, &http2->streams);
	wire->n_streams++;
	*ret = stream;
	return 0;
}

void http2_stream_end(struct conn *conn, struct http2_stream *stream, enum ending ending)
{
	struct http2 *http2 = conn->state;
	struct wire *wire = conn->wire;

	for (unsigned int i = 0; i < 2; i++) {
		body_free(stream->body[i]);
		if (http2->side[i].last == stream)
			http2->side[i].last = NULL;
	}
	http2->n_doubtful -= stream->doubt[SIDE_REQUEST] || stream->doubt[SIDE_RESPONSE];
	map_remove(&http2->by_id, stream->id);
	list_remove(&stream->list);
	conn->n_exchanges--;
	exchange_end(stream->exchange, ending);
	stream->spare = wire->spare_streams;
	wire->spare_streams = stream;
	wire->n_streams--;
}

void http2_drop_spares(struct wire *wire)
{
	while (wire->spare_streams) {
		struct http2_stream *stream = wire->spare_streams;

		wire->spare_streams = stream->spare;
		mem_free(stream);
	}
}

/* ---- bodies */

/* RFC 1952 section 2.3.1, RFC 8878 section 3.1.1; brotli has no mark, but no text of ours looks like it. */
static struct str guess_coding(const uint8_t *p, size_t n)
{
	static const uint8_t gzip[] = { 0x1f, 0x8b }, zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };

	if (n >= 2 && !memcmp(p, gzip, 2))
		return STR("gzip");
	if (n >= 4 && !memcmp(p, zstd, 4))
		return STR("zstd");
	return *p >= 0x80 || (*p > 1 && *p < ' ' && !strchr("\t\r\n", *p)) ? STR("br") : STR("");
}

static void guess_body(struct http2_stream *stream, const uint8_t *p, size_t n)
{
	struct framing framing = { .content_type = str_of(stream->type), .codings = { guess_coding(p, n) } };

	framing.n_codings = framing.codings[0].n > 0;
	stream->guess = false;
	stream->body[SIDE_RESPONSE] = exchange_body(stream->exchange, SIDE_RESPONSE, &framing);
}

void http2_data(struct conn *conn, enum dir dir, struct http2_stream *stream, const uint8_t *p, size_t n, uint64_t boot_ns)
{
	enum side side = side_of(conn, dir);

	stream->last_ns = boot_ns;
	if (stream->guess && side == SIDE_RESPONSE)
		guess_body(stream, p, n);
	exchange_bytes(stream->exchange, side, stream->body[side], p, n, boot_ns);
}

bool http2_is_over(const struct http2_stream *stream, enum side side)
{
	return side == SIDE_REQUEST ? stream->exchange->request_done : stream->exchange->response_done;
}

void http2_data_hole(struct conn *conn, enum dir dir, struct http2_stream *stream, uint64_t n)
{
	enum side side = side_of(conn, dir);

	if (http2_is_over(stream, side))
		return;
	stream->exchange->facts.missing_bytes += n;
	stream->exchange->response_hit |= side == SIDE_RESPONSE;
	if (stream->body[side])
		body_hole(stream->body[side]);
}

void http2_all_hit(struct conn *conn, enum dir dir, uint64_t n)
{
	struct http2 *http2 = conn->state;
	enum side side = side_of(conn, dir);

	LIST_EACH(node, &http2->streams) {
		struct http2_stream *stream = LIST_ENTRY(node, struct http2_stream, list);

		if (http2_is_over(stream, side))
			continue;
		http2_data_hole(conn, dir, stream, n);
		http2->n_doubtful += !stream->doubt[SIDE_REQUEST] && !stream->doubt[SIDE_RESPONSE];
		stream->doubt[side] = true;
	}
}

/* ---- ends */

static void end_body(struct http2_stream *stream, enum side side)
{
	struct body *body = stream->body[side];

	if (body && body_end(body) == -EBADMSG)
		exchange_undecoded(stream->exchange->wire, stream->exchange);
	stream->body[side] = body_free(body);
}

void http2_side_over(struct conn *conn, enum dir dir, struct http2_stream *stream, uint64_t boot_ns)
{
	struct exchange *exchange = stream->exchange;
	enum side side = side_of(conn, dir);

	end_body(stream, side);
	if (side == SIDE_REQUEST) {
		exchange->request_done = true;
		exchange->facts.sent_ns = boot_ns;
	} else {
		exchange->response_done = true;
		exchange->facts.end_ns = boot_ns;
		exchange->response_hit |= !stream->answered;	/* its head was lost */
	}
	if (exchange->response_done && (exchange->request_done || stream->doubt[SIDE_REQUEST]))
		http2_stream_end(conn, stream, exchange_ending(exchange));
}

/* A server may end a stream whose answer is whole (RFC 9113 section 8.1): that takes nothing back. */
void http2_reset(struct conn *conn, struct http2_stream *stream)
{
	http2_stream_end(conn, stream, exchange_ending(stream->exchange));
}

/* Streams in doubt of which nothing has come for long. */
static void give_up(struct conn *conn, uint64_t boot_ns)
{
	struct http2 *http2 = conn->state;

	LIST_EACH(node, &http2->streams) {
		struct http2_stream *stream = LIST_ENTRY(node, struct http2_stream, list);
		bool doubt = stream->doubt[SIDE_REQUEST] || stream->doubt[SIDE_RESPONSE];

		if (doubt && boot_ns > stream->last_ns && boot_ns - stream->last_ns > LIMIT_STREAM_DOUBT_NS)
			http2_stream_end(conn, stream, ENDING_HOLE);
	}
}

/* ---- heads */

/* What a head lost: where the connection was seen from its birth, bytes of ours, else what came before it was met. */
static uint64_t missing_of(const struct conn *conn, const struct fields *fields)
{
	return fields->missing + (conn->born ? fields->n_lost : 0);
}

static void gather(struct head *head, const struct fields *fields, struct framing *framing)
{
	head->headers = fields->headers;
	head->n_headers = fields->n_headers;
	for (size_t i = 0; i < fields->n_headers; i++)
		message_field(&fields->headers[i], head, framing);
}

static void tell(struct conn *conn, struct exchange *exchange, const struct head *head)
{
	if (exchange->wanted && conn->wire->ops->head(conn->wire->ctx, exchange, head) < 0)
		exchange->wanted = false;
}

/* Fields behind a body (RFC 9113 section 8.1). */
static void trailers(struct conn *conn, struct http2_stream *stream, const struct fields *fields, struct head *head)
{
	struct framing framing = { .length = 0 };

	gather(head, fields, &framing);
	head->trailer = true;
	stream->exchange->facts.missing_bytes += missing_of(conn, fields);
	end_body(stream, head->side);
	tell(conn, stream->exchange, head);
}

static struct http2_stream *begin(struct conn *conn, uint32_t id)
{
	struct http2 *http2 = conn->state;
	struct http2_stream *stream;
	struct exchange *exchange;

	if (http2->by_id.n >= LIMIT_STREAMS || conn->wire->n_streams >= LIMIT_STREAMS_TOTAL) {
		conn->wire->counts.streams_full++;
		return NULL;
	}
	if (exchange_new(conn->wire, &exchange) < 0) {
		conn->wire->counts.no_memory++;
		return NULL;
	}
	if (http2_stream_new(conn, id, exchange, &stream) < 0) {
		conn->wire->counts.no_memory++;
		exchange_drop(exchange);
		return NULL;
	}
	list_insert(&exchange->list, &conn->exchanges);
	conn->n_exchanges++;
	return stream;
}

static struct http2_stream *request(struct conn *conn, enum dir dir, uint32_t id, const struct fields *fields, struct head *head,
				    const struct chunk *chunk)
{
	struct http2 *http2 = conn->state;
	struct framing framing = { .length = 0 };
	struct http2_stream *stream;
	struct exchange *exchange;

	if (http2->n_doubtful)
		give_up(conn, chunk->boot_ns);
	stream = begin(conn, id);
	conn->requests++;
	if (!stream)
		return NULL;
	exchange = stream->exchange;
	head->method = fields->method;
	head->scheme = fields->scheme;
	message_authority(fields->authority, &head->host, &head->port);
	message_path(fields->path, head);
	gather(head, fields, &framing);
	if (!head->host.n)
		head->host = str_of(conn->server_name);
	STR_COPY(exchange->method, head->method);
	exchange->facts = (struct exchange_facts){
		.number = conn->requests - 1, .role = dir == DIR_SENT ? ROLE_CLIENT : ROLE_SERVER, .begin_ns = head->boot_ns,
		.sent_ns = chunk->boot_ns, .mid_connection = head->mid_connection, .truncated = fields->cut,
		.missing_bytes = missing_of(conn, fields),
	};
	stream->last_ns = chunk->boot_ns;
	exchange->wanted = conn->wire->ops->head(conn->wire->ctx, exchange, head) > 0;
	if (!str_eq(head->method, STR("CONNECT")))
		stream->body[SIDE_REQUEST] = exchange_body(exchange, SIDE_REQUEST, &framing);
	return stream;
}

static void response(struct conn *conn, struct http2_stream *stream, const struct fields *fields, struct head *head,
		     const struct chunk *chunk)
{
	struct exchange *exchange = stream->exchange;
	struct framing framing = { .length = 0 };

	stream->answered = true;
	gather(head, fields, &framing);
	exchange->facts.first_byte_ns = head->boot_ns;
	exchange->facts.end_ns = chunk->boot_ns;
	exchange->facts.truncated |= fields->cut;
	exchange->facts.missing_bytes += missing_of(conn, fields);
	exchange->facts.mid_connection |= head->mid_connection;
	tell(conn, exchange, head);
	stream->guess = (fields->n_lost || fields->missing) && !framing.n_codings && exchange->wanted;
	if (stream->guess)
		STR_COPY(stream->type, framing.content_type);
	else if (!str_eq(str_of(exchange->method), STR("CONNECT")))
		stream->body[SIDE_RESPONSE] = exchange_body(exchange, SIDE_RESPONSE, &framing);
}

/* Which way do requests go, where no preface said so? */
static void decide(struct conn *conn, enum dir dir, const struct fields *fields)
{
	if (fields->method.n)
		conn->request_dir = (uint8_t)dir;
	else if (fields->status)
		conn->request_dir = (uint8_t)!dir;
	else if (conn->role)
		conn->request_dir = conn->role == ROLE_CLIENT ? DIR_SENT : DIR_RECEIVED;
}

/* RFC 9113 section 8.3: what begins a message has pseudo-header fields. Where they may be lost, it may be one. */
static bool may_begin(const struct fields *fields)
{
	return fields->method.n || fields->status || fields->n_lost || fields->missing;
}

static struct http2_stream *request_fields(struct conn *conn, enum dir dir, uint32_t id, const struct fields *fields,
					   struct head *head, const struct chunk *chunk)
{
	struct http2 *http2 = conn->state;
	struct http2_stream *stream = http2_stream_of(http2, id);

	http2->side[dir].doubt = false;
	if (stream) {
		trailers(conn, stream, fields, head);
	} else if (id > http2->highest && may_begin(fields)) {
		stream = request(conn, dir, id, fields, head, chunk);
	}
	if (id > http2->highest)
		http2->highest = id;
	return stream;
}

/* NULL: it is nobody's, or another head follows. */
static struct http2_stream *response_fields(struct conn *conn, uint32_t id, const struct fields *fields, struct head *head,
					    const struct chunk *chunk)
{
	struct http2_stream *stream = http2_stream_of(conn->state, id);

	conn->wire->counts.orphans += !stream;
	if (!stream || fields->status / 100 == 1)
		return NULL;
	head->method = str_of(stream->exchange->method);
	if (stream->answered || !may_begin(fields)) {
		trailers(conn, stream, fields, head);
	} else {
		head->status = fields->status;
		response(conn, stream, fields, head, chunk);
	}
	return stream;
}

void http2_fields(struct conn *conn, enum dir dir, const struct frame *frame, const struct fields *fields, uint64_t begin_ns,
		  const struct chunk *chunk)
{
	struct http2_stream *stream = http2_stream_of(conn->state, frame->stream);
	struct head head = { .boot_ns = begin_ns, .mid_connection = !conn->born || fields->n_lost };

	conn->wire->counts.heads++;
	conn->wire->counts.lost_fields += fields->n_lost;
	if (conn->request_dir == DIR_UNKNOWN)
		decide(conn, dir, fields);
	head.side = side_of(conn, dir);
	/* what a server pushes was not asked for */
	if (conn->request_dir == DIR_UNKNOWN || frame->stream % 2 == 0 || (stream && http2_is_over(stream, head.side)))
		return;
	if (head.side == SIDE_REQUEST)
		stream = request_fields(conn, dir, frame->stream, fields, &head, chunk);
	else
		stream = response_fields(conn, frame->stream, fields, &head, chunk);
	if (stream && frame->flags & FRAME_END_STREAM)
		http2_side_over(conn, dir, stream, chunk->boot_ns);
}
