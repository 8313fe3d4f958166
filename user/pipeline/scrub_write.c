/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the wire tells of an exchange, written again: the head with the headers
 * that a record is made of, then each piece of the decoded body as a chunk, at
 * the time at which it passed.
 */
#include <string.h>

#include "ai/keep.h"
#include "ai/reader.h"
#include "pipeline/scrub_inside.h"

#define BOUNDARY "aitap"

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

/* What stands in scrub->text. */
static void write_text(struct scrub *scrub, enum dir dir)
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
	write_text(scrub, dir);
}

static enum dir dir_of(const struct exchange *exchange, enum side side)
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
	side = dir_of(exchange, SIDE_REQUEST) == dir ? SIDE_REQUEST : SIDE_RESPONSE;
	if (part->form[side])
		buf_puts(&scrub->body, "--" BOUNDARY "--\r\n");
	write_chunk(scrub, dir);
	buf_puts(&scrub->text, "0\r\n\r\n");
	write_text(scrub, dir);
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

static void write_header(struct scrub *scrub, enum side side, const struct header *header)
{
	struct buf *to = &scrub->text;
	enum keep keep = keep_header(&scrub->wants, side, header->name);

	if (frames(header->name, header->value) || keep == KEEP_NOTHING)
		return;
	buf_str(to, header->name);
	buf_puts(to, ": ");
	if (keep == KEEP_SECRET)
		keep_secret(&scrub->wants, header->name, header->value, to);
	else if (keep == KEEP_PERSON)
		keep_person(&scrub->wants, header->value, to);
	else if (str_ieq(header->name, STR("content-type")) && str_istarts(header->value, STR("multipart/form-data")))
		buf_puts(to, "multipart/form-data; boundary=" BOUNDARY);
	else
		buf_str(to, header->value);
	buf_puts(to, "\r\n");
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

static void write_head(struct scrub *scrub, struct exchange *exchange, const struct head *head)
{
	struct part *part = exchange_user(exchange);
	enum dir dir = dir_of(exchange, head->side);

	write_start_line(scrub, head);
	for (size_t i = 0; i < head->n_headers; i++)
		write_header(scrub, head->side, &head->headers[i]);
	if (has_body(head)) {
		part->form[head->side] = str_istarts(head_get(head, STR("content-type")), STR("multipart/form-data"));
		buf_puts(&scrub->text, "transfer-encoding: chunked\r\n");
		scrub->copy->open[dir] = exchange;
	}
	buf_puts(&scrub->text, "\r\n");
	write_text(scrub, dir);
}

static void write_stranger(struct scrub *scrub, struct exchange *exchange, enum side side)
{
	struct part *part = exchange_user(exchange);

	if (side == SIDE_RESPONSE && part->answered)
		return;
	part->answered = side == SIDE_RESPONSE;
	buf_puts(&scrub->text, side == SIDE_REQUEST ? "GET / HTTP/1.1\r\nhost: -\r\n\r\n" : "HTTP/1.1 204 -\r\n\r\n");
	write_text(scrub, dir_of(exchange, side));
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

static int on_head(void *ctx, struct exchange *exchange, const struct head *head)
{
	struct part *part = exchange_user(exchange);
	struct scrub *scrub = ctx;

	scrub->boot_ns = head->boot_ns;
	end_body(scrub, dir_of(exchange, head->side));
	if (head->side == SIDE_REQUEST)
		part->wanted = is_ai(scrub, head);
	if (part->wanted)
		write_head(scrub, exchange, head);
	else
		write_stranger(scrub, exchange, head->side);
	return part->wanted;
}

static void begin_item(struct scrub *scrub, const struct piece *piece)
{
	struct buf *to = &scrub->body;

	if (piece->kind == ITEM_EVENT) {
		if (piece->name.n) {
			buf_puts(to, "event: ");
			buf_str(to, piece->name);
			buf_char(to, '\n');
		}
		buf_puts(to, "data: ");
	}
	if (piece->kind == ITEM_FIELD) {
		buf_puts(to, "--" BOUNDARY "\r\ncontent-disposition: form-data; name=\"");
		buf_str(to, piece->name);
		buf_puts(to, piece->file ? "\"; filename=\"x\"\r\n\r\n" : "\"\r\n\r\n");
	}
}

static void end_item(struct scrub *scrub, const struct piece *piece)
{
	if (piece->kind == ITEM_EVENT)
		buf_puts(&scrub->body, "\n\n");
	if (piece->kind == ITEM_LINE)
		buf_char(&scrub->body, '\n');
	if (piece->kind == ITEM_FIELD)
		buf_puts(&scrub->body, "\r\n");
}

/* An event's data with its line ends, each of which begins another line of data. */
static void write_data(struct scrub *scrub, struct redact *redact, const struct piece *piece)
{
	struct str line, rest = piece->text;
	bool more = false;

	if (piece->kind != ITEM_EVENT) {
		redact_write(redact, rest, &scrub->body);
		return;
	}
	while (str_split(&rest, '\n', &line)) {
		if (more) {
			buf_puts(&scrub->body, "\ndata: ");
			redact_write(redact, STR(""), &scrub->body);
		}
		redact_write(redact, line, &scrub->body);
		more = true;
	}
}

static int on_piece(void *ctx, struct exchange *exchange, const struct piece *piece)
{
	struct part *part = exchange_user(exchange);
	struct redact *redact = &part->redact[piece->side];
	struct scrub *scrub = ctx;

	if (!part->wanted)
		return 0;
	scrub->boot_ns = piece->boot_ns;
	if (piece->first) {
		begin_item(scrub, piece);
		redact_begin(redact, &scrub->wants, piece);
	}
	write_data(scrub, redact, piece);
	if (piece->last) {
		redact_end(redact, &scrub->body);
		end_item(scrub, piece);
	}
	if (scrub->body.error && !scrub->error)
		scrub->error = scrub->body.error;
	write_chunk(scrub, dir_of(exchange, piece->side));
	return 0;
}

/* What is missing is missing where the exchange ends: in the body that is under way, else before an answer's head. */
static void on_end(void *ctx, struct exchange *exchange, enum ending ending)
{
	const struct exchange_facts *facts = exchange_facts(exchange);
	struct part *part = exchange_user(exchange);
	struct scrub *scrub = ctx;
	struct copy *copy = scrub->copy;
	bool missing = facts->missing_bytes;

	if (facts->end_ns)
		scrub->boot_ns = facts->end_ns;
	for (enum dir dir = DIR_SENT; dir <= DIR_RECEIVED; dir++) {
		bool request = dir_of(exchange, SIDE_REQUEST) == dir;

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
		copy->out[dir_of(exchange, SIDE_RESPONSE)] += facts->missing_bytes;
	if (!part->wanted && ending == ENDING_COMPLETE)
		write_stranger(scrub, exchange, SIDE_RESPONSE);
}

const struct wire_ops scrub_wire_ops = { .head = on_head, .piece = on_piece, .end = on_end };
