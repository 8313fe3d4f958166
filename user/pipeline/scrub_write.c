/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the wire tells of an exchange, written again: the head with the headers
 * that a record is made of, then each piece of the decoded body, at the time at
 * which it passed: as a chunk of HTTP/1.1, or a frame (scrub_frame.c).
 */
#include <string.h>

#include "ai/keep.h"
#include "ai/reader.h"
#include "pipeline/scrub_inside.h"

/* ---- the streams as they are written */

static void write_bytes(struct scrub *scrub, enum dir dir, const char *p, size_t n)
{
	struct event_data *event = (void *)scrub->event;
	struct copy *copy = scrub->copy;

	for (size_t len; n; p += len, n -= len) {
		len = n < EVENT_CHUNK_MAX ? n : EVENT_CHUNK_MAX;
		*event = (struct event_data){
			.header = { .type = EVENT_DATA, .abi = EVENT_ABI, .size = (event_u32)(sizeof(*event) + len),
				    .boot_ns = scrub->boot_ns, .conn_id = copy->id, .tgid = copy->tgid },
			.offset = copy->out[dir], .peer_offset = copy->out[!dir], .len = (event_u32)len, .dir = (event_u8)dir,
		};
		memcpy(event + 1, p, len);
		scrub_put(scrub, &event->header);
		copy->out[dir] += len;
	}
}

void scrub_flush(struct scrub *scrub, enum dir dir)
{
	if (scrub->text.error && !scrub->error)
		scrub->error = scrub->text.error;
	write_bytes(scrub, dir, scrub->text.p, scrub->text.n);
	buf_reset(&scrub->text);
}

static void write_chunk(struct scrub *scrub, enum dir dir)
{
	if (!scrub->body.n)
		return;
	buf_printf(&scrub->text, "%zx\r\n", scrub->body.n);
	buf_str(&scrub->text, buf_view(&scrub->body));
	buf_puts(&scrub->text, "\r\n");
	buf_reset(&scrub->body);
	scrub_flush(scrub, dir);
}

enum dir scrub_dir(const struct exchange *exchange, enum side side)
{
	bool serving = exchange_facts(exchange)->role == ROLE_SERVER;

	return (side == SIDE_REQUEST) == serving ? DIR_RECEIVED : DIR_SENT;
}

/* The body that is under way in this direction is over. */
static void end_body(struct scrub *scrub, enum dir dir)
{
	struct exchange *exchange = scrub->copy->open[dir];
	struct part *part;
	enum side side;

	if (!exchange)
		return;
	part = exchange_user(exchange);
	side = scrub_dir(exchange, SIDE_REQUEST) == dir ? SIDE_REQUEST : SIDE_RESPONSE;
	scrub_item_end(scrub, part, side);
	write_chunk(scrub, dir);
	buf_puts(&scrub->text, "0\r\n\r\n");
	scrub_flush(scrub, dir);
	scrub->copy->open[dir] = NULL;
}

/* ---- heads */

static bool known_coding(struct str value)
{
	static const char *const known[] = { "gzip", "x-gzip", "deflate", "br", "zstd", "identity" };
	struct str coding;

	while (str_split(&value, ',', &coding)) {
		bool found = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			found = found || str_ieq(str_trim(coding), str_of(known[i]));
		if (!found)
			return false;
	}
	return true;
}

/* Fields that say how a body is framed: written anew, or left out because its coding is undone. */
static bool frames(struct str name, struct str value)
{
	static const char *const names[] = { "content-length", "transfer-encoding", "trailer", "te", "connection", "expect" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_ieq(name, str_of(names[i])))
			return true;
	return str_ieq(name, STR("content-encoding")) && known_coding(value);
}

bool scrub_field(struct scrub *scrub, enum side side, const struct header *header, struct buf *ret)
{
	enum keep keep = keep_header(&scrub->wants, side, header->name);

	if (frames(header->name, header->value) || keep == KEEP_NOTHING)
		return false;
	if (keep == KEEP_SECRET)
		keep_secret(&scrub->wants, header->name, header->value, ret);
	else if (keep == KEEP_PERSON)
		keep_person(&scrub->wants, header->value, ret);
	else if (str_ieq(header->name, STR("content-type")) && str_istarts(header->value, STR("multipart/form-data")))
		buf_puts(ret, "multipart/form-data; boundary=" SCRUB_BOUNDARY);
	else
		buf_str(ret, header->value);
	return true;
}

static void write_header(struct scrub *scrub, enum side side, const struct header *header)
{
	struct buf *to = &scrub->text, value = BUF(LIMIT_HEAD);

	if (scrub_field(scrub, side, header, &value)) {
		buf_str(to, header->name);
		buf_puts(to, ": ");
		buf_str(to, buf_view(&value));
		buf_puts(to, "\r\n");
	}
	buf_done(&value);
}

static bool has_body(const struct head *head)
{
	if (head->side == SIDE_REQUEST)
		return head_get(head, STR("content-length")).p || head_get(head, STR("transfer-encoding")).p;
	return head->status >= 200 && head->status != 204 && head->status != 304 && !str_eq(head->method, STR("HEAD")) &&
	       !(str_eq(head->method, STR("CONNECT")) && head->status < 300);
}

static void write_start_line(struct scrub *scrub, const struct head *head)
{
	struct buf *to = &scrub->text;

	if (head->side == SIDE_RESPONSE) {
		buf_printf(to, "HTTP/1.1 %03d -\r\n", head->status);
		return;
	}
	buf_str(to, head->method);
	buf_char(to, ' ');
	buf_str(to, head->path.n ? head->path : STR("/"));
	if (head->query.n) {
		buf_char(to, '?');
		keep_query(&scrub->wants, head->query, to);
	}
	buf_puts(to, " HTTP/1.1\r\n");
}

/* A request that asks for another protocol, or the answer that grants it. */
static void write_upgrade(struct scrub *scrub, struct part *part, const struct head *head)
{
	struct str protocol = head_get(head, STR("upgrade"));

	if (str_ieq(protocol, STR("websocket")))
		buf_puts(&scrub->text, "connection: upgrade\r\nupgrade: websocket\r\n");
	else if (str_ieq(protocol, STR("h2c")) && head->side == SIDE_REQUEST)
		buf_puts(&scrub->text, "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: \r\n");
	part->socket = head->status == 101 && str_ieq(protocol, STR("websocket"));
}

static void write_head(struct scrub *scrub, struct exchange *exchange, const struct head *head)
{
	struct part *part = exchange_user(exchange);
	enum dir dir = scrub_dir(exchange, head->side);

	write_start_line(scrub, head);
	for (size_t i = 0; i < head->n_headers; i++)
		if (!str_ieq(head->headers[i].name, STR("upgrade")))
			write_header(scrub, head->side, &head->headers[i]);
	write_upgrade(scrub, part, head);
	if (has_body(head)) {
		part->form[head->side] = str_istarts(head_get(head, STR("content-type")), STR("multipart/form-data"));
		buf_puts(&scrub->text, "transfer-encoding: chunked\r\n");
		scrub->copy->open[dir] = exchange;
	}
	buf_puts(&scrub->text, "\r\n");
	scrub_flush(scrub, dir);
}

static void write_stranger(struct scrub *scrub, struct exchange *exchange, enum side side)
{
	struct part *part = exchange_user(exchange);

	if (side == SIDE_RESPONSE && part->answered)
		return;
	part->answered = side == SIDE_RESPONSE;
	buf_puts(&scrub->text, side == SIDE_REQUEST ? "GET / HTTP/1.1\r\nhost: -\r\n\r\n" : "HTTP/1.1 204 -\r\n\r\n");
	scrub_flush(scrub, scrub_dir(exchange, side));
}

/* ---- what the wire tells */

static void emit_nothing(void *ctx, const struct call *call)
{
	(void)ctx, (void)call;
}

static bool is_ai(struct scrub *scrub, const struct head *head)
{
	struct reader *reader = (struct reader *)scrub->reader;

	memset(&scrub->call, 0, sizeof(scrub->call));
	reader_begin(reader, &scrub->wants, &scrub->call, emit_nothing, NULL);
	return reader_head(reader, head) > INTEREST_NONE;
}

/* What follows is HTTP/2, the answer to the request that asked for it included: its first stream. */
static void switch_to_http2(struct scrub *scrub)
{
	struct exchange *exchange = scrub->copy->asks;
	struct part *part;

	if (!exchange)
		return;
	part = exchange_user(exchange);
	end_body(scrub, scrub_dir(exchange, SIDE_REQUEST));
	part->begun[SIDE_REQUEST] = part->over[SIDE_REQUEST] = true;
	buf_puts(&scrub->text, "HTTP/1.1 101 -\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n");
	scrub_flush(scrub, scrub_dir(exchange, SIDE_RESPONSE));
	frame_begin(scrub, exchange);
}

static bool is_http2(const struct scrub *scrub)
{
	return conn_facts(scrub->copy->conn).protocol == CONN_HTTP2;
}

static int on_head(void *ctx, struct exchange *exchange, const struct head *head)
{
	struct part *part = exchange_user(exchange);
	struct scrub *scrub = ctx;
	bool http2 = is_http2(scrub);

	/* a trailer ends what it is of: when its last byte came counts */
	scrub->boot_ns = head->trailer ? scrub->now_ns : head->boot_ns;
	if (head->side == SIDE_REQUEST && !head->trailer)
		part->wanted = is_ai(scrub, head);
	for (int side = 0; head->side == SIDE_REQUEST && !head->trailer && side < 2; side++)
		part->messages[side] = part->wanted ? keep_messages(&scrub->wants, head, (enum side)side) : NULL;
	if (http2 && !scrub->copy->http2)
		switch_to_http2(scrub);
	if (!http2)
		end_body(scrub, scrub_dir(exchange, head->side));
	if (!http2 && head->side == SIDE_REQUEST && str_ieq(head_get(head, STR("upgrade")), STR("h2c")))
		scrub->copy->asks = exchange;
	if (part->wanted)
		(http2 ? frame_head : write_head)(scrub, exchange, head);
	else if (!head->trailer)
		(http2 ? frame_stranger : write_stranger)(scrub, exchange, head->side);
	return part->wanted;
}

static int on_piece(void *ctx, struct exchange *exchange, const struct piece *piece)
{
	struct part *part = exchange_user(exchange);
	struct scrub *scrub = ctx;

	if (!part->wanted)
		return 0;
	scrub->boot_ns = piece->boot_ns;
	if (part->socket) {
		socket_piece(scrub, exchange, piece);
	} else {
		scrub_item(scrub, part, piece);
		if (scrub->copy->http2)
			frame_piece(scrub, exchange, piece->side);
		else
			write_chunk(scrub, scrub_dir(exchange, piece->side));
	}
	if (scrub->body.error && !scrub->error)
		scrub->error = scrub->body.error;
	buf_reset(&scrub->body);
	return 0;
}

/* What is missing is missing where the exchange ends: in the body that is under way, else before an answer's head. */
static void end_http1(struct scrub *scrub, struct exchange *exchange, enum ending ending)
{
	const struct exchange_facts *facts = exchange_facts(exchange);
	struct copy *copy = scrub->copy;
	bool missing = facts->missing_bytes;

	for (enum dir dir = DIR_SENT; dir <= DIR_RECEIVED; dir++) {
		bool request = scrub_dir(exchange, SIDE_REQUEST) == dir;

		if (copy->open[dir] != exchange)
			continue;
		if (missing && (!request || copy->open[!dir] != exchange)) {
			copy->out[dir] += facts->missing_bytes;
			missing = false;
		} else if (ending == ENDING_COMPLETE || request) {
			end_body(scrub, dir);
		}
		copy->open[dir] = NULL;
	}
	if (missing)
		copy->out[scrub_dir(exchange, SIDE_RESPONSE)] += facts->missing_bytes;
}

static void on_end(void *ctx, struct exchange *exchange, enum ending ending)
{
	const struct exchange_facts *facts = exchange_facts(exchange);
	struct part *part = exchange_user(exchange);
	struct scrub *scrub = ctx;

	if (facts->end_ns)
		scrub->boot_ns = facts->end_ns;
	if (scrub->copy->asks == exchange)
		scrub->copy->asks = NULL;
	if (part->socket)
		socket_end(scrub, exchange, ending);
	else if (scrub->copy->http2)
		frame_end(scrub, exchange, ending);
	else
		end_http1(scrub, exchange, ending);
	if (!part->wanted && ending == ENDING_COMPLETE)
		(scrub->copy->http2 ? frame_stranger : write_stranger)(scrub, exchange, SIDE_RESPONSE);
	buf_done(&part->whole[SIDE_REQUEST]);
	buf_done(&part->whole[SIDE_RESPONSE]);
}

const struct wire_ops scrub_wire_ops = { .head = on_head, .piece = on_piece, .end = on_end };
