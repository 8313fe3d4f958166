/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event stream and what Bedrock says in it. The first byte says where it comes
 * from and whether bytes are lost; if it is odd, the rest is the stream. Else it
 * is made of the rest, with check sums that are right, since no input would hit
 * them: a byte of the header's length, two of the payload's, then both. Played
 * twice, as it is and in small pieces: where nothing is lost, the same comes out.
 */
#include <stdlib.h>
#include <string.h>

#include "ai/reader.h"
#include "base/mem.h"
#include "tests/lib/aws_frame.h"
#include "wire/body.h"
#include "wire/exchange_inside.h"

static const char *const paths[] = {
	"/model/m/invoke-with-response-stream", "/model/m/converse-stream", "/agents/a/agentAliases/b/sessions/c/text",
};

static struct reader *reader;
static struct call call;
static uint64_t told;

static void on_call(void *ctx, const struct call *c)
{
	(void)ctx;
	if (c->n_usages > CALL_USAGES || !memchr(c->error_type, 0, sizeof(c->error_type)) || !memchr(c->model, 0, sizeof(c->model)))
		abort();
	for (int i = 0; i < COUNT_MAX; i++)
		told = told * 31 + c->usages[0].count[i] + c->flags + c->content_bytes[1];
}

static int on_piece(void *ctx, struct exchange *exchange, const struct piece *piece)
{
	(void)ctx, (void)exchange;
	return reader_piece(reader, piece);
}

static void on_end(void *ctx, struct exchange *exchange, enum ending ending)
{
	(void)ctx, (void)exchange, (void)ending;
}

static const struct wire_ops ops = { .piece = on_piece, .end = on_end };

static void play(struct str bytes, uint8_t kind, size_t most)
{
	static const struct wants wants;
	struct head head = { .side = SIDE_REQUEST, .method = STR("POST"), .host = STR("bedrock-runtime.x.amazonaws.com") };
	struct exchange *exchange;
	struct body *body;
	struct wire wire;

	told = 0;
	head.path = str_of(paths[kind / 4 % 3]);
	memset(&call, 0, sizeof(call));
	reader_begin(reader, &wants, &call, on_call, NULL);
	reader_head(reader, &head);
	if (wire_init(&wire, &ops, NULL, 8) < 0 || exchange_new(&wire, &exchange) < 0 ||
	    body_new(&wire, exchange, SIDE_RESPONSE, NULL, 0, STR("application/vnd.amazon.eventstream"), &body) != 0)
		abort();
	for (size_t at = 0; at < bytes.n; at += most) {
		if (kind & 2 && at == most)
			body_hole(body);
		else
			body_write(body, (const uint8_t *)bytes.p + at, bytes.n - at < most ? bytes.n - at : most, 1);
	}
	body_end(body);
	reader_end(reader, ENDING_COMPLETE);
	body_free(body);
	exchange_end(exchange, ENDING_COMPLETE);
	wire_done(&wire);
}

static void make(struct str from, struct buf *to)
{
	while (from.n > 3) {
		size_t n_headers = (uint8_t)from.p[0], n_payload = (size_t)(uint8_t)from.p[1] << 8 | (uint8_t)from.p[2];
		struct str headers = str_sub(from, 3, n_headers), payload = str_sub(from, 3 + headers.n, n_payload);

		aws_message(to, headers, payload);
		from = str_sub(from, 3 + headers.n + payload.n, from.n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str bytes = { (const char *)p + 1, n - 1 };
	struct buf made = BUF(MIB(8));
	uint64_t whole;

	if (n < 2)
		return 0;
	if (!reader)
		reader = mem_new(reader_size());
	if (!(p[0] & 1)) {
		make(bytes, &made);
		bytes = buf_view(&made);
	}
	play(bytes, p[0], SIZE_MAX / 2);
	whole = told;
	play(bytes, p[0], 1 + p[0] % 7);
	if (!(p[0] & 2) && told != whole)
		abort();
	buf_done(&made);
	return 0;
}
