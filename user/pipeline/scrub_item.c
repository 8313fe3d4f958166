/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The items of a body, redacted and with what their framing puts around them: an
 * event, a line, a form's field as they stream by, a message of an AWS event
 * stream or of gRPC when it is whole, for its length and its check sums stand
 * before or behind it.
 */
#include <string.h>

#include <nettle/base64.h>
#include <zlib.h>

#include "base/mem.h"
#include "pipeline/scrub_inside.h"

static void begin(struct scrub *scrub, const struct piece *piece)
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
		buf_puts(to, "--" SCRUB_BOUNDARY "\r\ncontent-disposition: form-data; name=\"");
		buf_str(to, piece->name);
		buf_puts(to, piece->file ? "\"; filename=\"x\"\r\n\r\n" : "\"\r\n\r\n");
	}
}

static void end(struct scrub *scrub, const struct piece *piece)
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

/* ---- items that are written when they are whole */

static void put_u32(struct buf *to, uint32_t value)
{
	const char bytes[4] = { (char)(value >> 24), (char)(value >> 16), (char)(value >> 8), (char)value };

	buf_add(to, bytes, sizeof(bytes));
}

static void put_string_header(struct buf *to, struct str name, struct str value)
{
	buf_char(to, (char)name.n);
	buf_str(to, name);
	buf_char(to, 7);	/* a string */
	buf_char(to, (char)(value.n >> 8));
	buf_char(to, (char)value.n);
	buf_str(to, value);
}

static uint32_t check_of(const struct buf *bytes, size_t from)
{
	return (uint32_t)crc32(0, (const Bytef *)bytes->p + from, (uInt)(bytes->n - from));
}

/* As the Amazon Lex developer guide has it: prelude, headers, payload, each of the two sums over all before it. */
static void write_aws_message(struct scrub *scrub, const struct piece *piece, struct str payload)
{
	struct buf headers = BUF(KIB(2));
	struct buf *to = &scrub->body;
	size_t from = to->n;

	put_string_header(&headers, STR(":message-type"), piece->exception ? STR("exception") : STR("event"));
	put_string_header(&headers, piece->exception ? STR(":exception-type") : STR(":event-type"), piece->name);
	put_u32(to, (uint32_t)(16 + headers.n + payload.n));
	put_u32(to, (uint32_t)headers.n);
	put_u32(to, check_of(to, from));
	buf_str(to, buf_view(&headers));
	buf_str(to, payload);
	put_u32(to, check_of(to, from));
	buf_done(&headers);
}

static void write_whole(struct scrub *scrub, const struct piece *piece, struct buf *whole)
{
	if (piece->kind == ITEM_FRAME) {
		write_aws_message(scrub, piece, buf_view(whole));
		return;
	}
	buf_char(&scrub->body, 0);	/* gRPC: not compressed */
	put_u32(&scrub->body, (uint32_t)whole->n);
	buf_str(&scrub->body, buf_view(whole));
}

/* The base64 text in raw, as Bedrock's InvokeModelWithResponseStream wraps a model's answer: {"bytes":"..."} */
static struct str wrapped_in(struct str raw)
{
	static const struct str key = STR("\"bytes\":\"");
	ptrdiff_t at = str_find(raw, key), end;

	if (at < 0)
		return (struct str){ raw.p, 0 };
	raw = str_sub(raw, (size_t)at + key.n, raw.n);
	end = str_chr(raw, '"');
	return str_sub(raw, 0, end < 0 ? 0 : (size_t)end);
}

/* Redacted as what it is, and wrapped again where it stands in to: at equal length, or x as it is. */
static void redact_wrapped(struct scrub *scrub, struct str text, char *to)
{
	struct piece piece = { .side = SIDE_RESPONSE, .kind = ITEM_DOCUMENT };
	size_t n = BASE64_DECODE_LENGTH(text.n);
	struct buf redacted = BUF(LIMIT_EVENT_MESSAGE);
	struct base64_decode_ctx base64;
	uint8_t *plain = mem_new(n);

	base64_decode_init(&base64);
	redact_begin(&scrub->inner, &scrub->wants, &piece);
	if (plain && base64_decode_update(&base64, &n, plain, text.n, text.p) && base64_decode_final(&base64)) {
		redact_write(&scrub->inner, (struct str){ (const char *)plain, n }, &redacted);
		redact_end(&scrub->inner, &redacted);
		if (!redacted.error && BASE64_ENCODE_RAW_LENGTH(redacted.n) == text.n)
			base64_encode_raw(to, redacted.n, (const uint8_t *)redacted.p);
	}
	buf_done(&redacted);
	mem_free(plain);
}

/* The item is whole in raw. */
static void redact_item(struct scrub *scrub, struct redact *redact, const struct piece *piece, struct str raw, struct buf *ret)
{
	struct str wrapped = piece->kind == ITEM_FRAME ? wrapped_in(raw) : (struct str){ raw.p, 0 };

	redact_write(redact, raw, ret);
	redact_end(redact, ret);
	if (wrapped.n && !ret->error && ret->n == raw.n)
		redact_wrapped(scrub, wrapped, ret->p + (wrapped.p - raw.p));
}

static void collect(struct scrub *scrub, struct part *part, const struct piece *piece)
{
	struct buf *raw = &part->whole[piece->side], whole = BUF(LIMIT_EVENT_MESSAGE);

	if (piece->first)
		buf_done(raw);
	raw->ceiling = LIMIT_EVENT_MESSAGE;
	buf_str(raw, piece->text);
	if (!piece->last)
		return;
	if (!raw->error) {	/* above its ceiling: what is not there is missing */
		if (piece->binary && part->messages[piece->side])
			keep_message(part->messages[piece->side], raw->p, raw->n);
		else
			redact_item(scrub, &part->redact[piece->side], piece, buf_view(raw), &whole);
		write_whole(scrub, piece, whole.n ? &whole : raw);
	}
	buf_done(&whole);
	buf_done(raw);
}

void scrub_item(struct scrub *scrub, struct part *part, const struct piece *piece)
{
	struct redact *redact = &part->redact[piece->side];

	if (piece->first)
		redact_begin(redact, &scrub->wants, piece);
	part->item[piece->side] = !piece->last;
	if (piece->kind == ITEM_FRAME || (piece->kind == ITEM_MESSAGE && !part->socket)) {
		collect(scrub, part, piece);
		return;
	}
	if (piece->first)
		begin(scrub, piece);
	write_data(scrub, redact, piece);
	if (piece->last) {
		redact_end(redact, &scrub->body);
		end(scrub, piece);
	}
}

void scrub_item_end(struct scrub *scrub, struct part *part, enum side side)
{
	if (part->form[side])
		buf_puts(&scrub->body, "--" SCRUB_BOUNDARY "--\r\n");
	buf_done(&part->whole[side]);
}
