/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A body: the first byte names its coding and its type, the second the size of
 * the pieces it comes in. What is told must not depend on that size, but for
 * codings, which do not say all that they had before a corrupt byte.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/body.h"
#include "wire/exchange_inside.h"

static uint64_t told, n_told;

/* A hash over items, blind to where pieces end. */
static int on_piece(void *ctx, struct exchange *exchange, const struct piece *piece)
{
	(void)ctx, (void)exchange;
	if (piece->first)
		told = told * 31 + piece->kind + (piece->name.n ? (unsigned char)piece->name.p[0] : 0) + 1000;
	for (size_t i = 0; i < piece->text.n; i++)
		told = told * 31 + (unsigned char)piece->text.p[i];
	if (piece->last)
		told = told * 31 + 2000;
	n_told += piece->text.n;
	return 0;
}

static void on_end(void *ctx, struct exchange *exchange, enum ending ending)
{
	(void)ctx, (void)exchange, (void)ending;
}

static const struct wire_ops ops = { .piece = on_piece, .end = on_end };

static void run(const uint8_t *p, size_t n, uint8_t kind, size_t most)
{
	static const struct str codings[] = { STR("gzip"), STR("deflate"), STR("br"), STR("zstd") };
	static const struct str types[] = { STR(""), STR("text/event-stream"), STR("application/x-ndjson"),
					    STR("multipart/form-data; boundary=XX"), STR("application/octet-stream") };
	struct exchange *exchange;
	struct body *body;
	struct wire wire;

	told = n_told = 0;
	if (wire_init(&wire, &ops, NULL, 8) < 0 || exchange_new(&wire, &exchange) < 0)
		abort();
	if (body_new(&wire, exchange, SIDE_RESPONSE, &codings[kind & 3], kind >> 2 & 1, types[(kind >> 3) % 5], &body) != 0)
		abort();
	for (size_t at = 0; at < n; at += most) {
		body_write(body, p + at, n - at < most ? n - at : most, at);
		if (kind & 0x80 && at == most)
			body_hole(body);
	}
	body_end(body);
	body_free(body);
	exchange_end(exchange, ENDING_COMPLETE);
	wire_done(&wire);
	if (wire.budget.used)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint64_t whole;
	bool exact;

	if (n < 2)
		return 0;
	exact = !(p[0] & 0x80) && !(p[0] & 4);
	run(p + 2, n - 2, p[0], SIZE_MAX - n);
	whole = told;
	run(p + 2, n - 2, p[0], 1 + p[1]);
	if (exact && told != whole)
		abort();
	return 0;
}
