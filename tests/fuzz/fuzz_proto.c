/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as messages of every dialect that speaks protobuf, whole and in pieces: the same picks, and the same calls. */
#include <stdlib.h>
#include <string.h>

#include "ai/compiled.h"
#include "ai/keep.h"
#include "ai/proto.h"
#include "ai/reader.h"
#include "base/mem.h"

static uint64_t sum_of(const struct item *item)
{
	uint64_t sum = item->seen;

	for (unsigned int pick = 0; pick < SKIM_PICKS; pick++) {
		struct str text = item_text(item, pick);
		if (!item_has(item, pick))
			continue;
		sum = sum * 31 + item->values[pick].number + item->values[pick].kind;
		for (size_t i = 0; i < text.n; i++)
			sum = sum * 31 + (uint8_t)text.p[i];
	}
	return sum;
}

static int on_each(void *ctx, struct item *item)
{
	*(uint64_t *)ctx = *(uint64_t *)ctx * 31 + sum_of(item);
	return 0;
}

static uint64_t read_in(const struct skim_table *table, const char *p, size_t n, size_t step)
{
	static struct skim skim;
	struct proto proto;
	uint64_t sum = 0;

	skim_begin(&skim, table, NULL, NULL);
	proto_begin(&proto, table, &skim.item, on_each, &sum);
	for (size_t at = 0; at < n; at += step) {
		/* apart, so that a read beyond the piece is seen */
		size_t left = n - at < step ? n - at : step;
		char *own = mem_dup(p + at, left);

		proto_write(&proto, own, left);
		mem_free(own);
	}
	return sum * 31 + sum_of(&skim.item) + proto_whole(&proto);
}

/* What a recording keeps of a message that is whole reads as the message did. */
static void keep_of(const struct skim_table *table, const uint8_t *data, size_t n)
{
	static struct skim skim;
	struct proto proto;
	char *own = mem_dup(data, n);
	bool whole;

	skim_begin(&skim, table, NULL, NULL);
	proto_begin(&proto, table, &skim.item, NULL, NULL);
	proto_write(&proto, own, n);
	whole = proto_whole(&proto);
	keep_message(table, own, n);
	if (whole && read_in(table, own, n, n) != read_in(table, (const char *)data, n, n))
		abort();
	mem_free(own);
}

static void on_call(void *ctx, const struct call *call)
{
	if (call->n_usages > CALL_USAGES || call->n_units > CALL_UNITS || !memchr(call->model, 0, sizeof(call->model)) ||
	    !memchr(call->model_requested, 0, sizeof(call->model_requested)))
		abort();
	++*(unsigned int *)ctx;
}

static void tell(struct reader *reader, enum side side, const uint8_t *p, size_t n)
{
	const struct piece piece = { .side = side, .kind = ITEM_MESSAGE, .binary = true, .first = true, .last = true,
				     .name = { "", 0 }, .text = { (const char *)p, n } };

	reader_piece(reader, &piece);
}

/* One call of a service, or of one whose path was not seen: a request, and two messages of the answer. */
static void call_of(const uint8_t *data, size_t size)
{
	static const char *const paths[] = {
		"/google.ai.generativelanguage.v1beta.GenerativeService/StreamGenerateContent",
		"/google.cloud.aiplatform.v1.PredictionService/GenerateContent",
		"/google.cloud.aiplatform.v1.PredictionService/EmbedContent", "",
	};
	static struct reader *reader;
	static struct wants wants;
	static struct call call;
	struct head head = { .host = data[0] & 4 ? STR("aiplatform.googleapis.com") : STR("generativelanguage.googleapis.com") };
	unsigned int calls = 0;

	if (!reader)
		reader = mem_new(reader_size());
	memset(&call, 0, sizeof(call));
	head.path = str_of(paths[data[0] % 4]);
	head.method = STR("POST");
	reader_begin(reader, &wants, &call, on_call, &calls);
	if (reader_head(reader, &head) != INTEREST_AI)
		abort();
	tell(reader, SIDE_REQUEST, data, size / 3);
	head.side = SIDE_RESPONSE;
	head.status = 200;
	reader_head(reader, &head);
	tell(reader, SIDE_RESPONSE, data + size / 3, size / 3);
	tell(reader, SIDE_RESPONSE, data + 1, size - 1);
	reader_end(reader, ENDING_COMPLETE);
	if (calls != 1)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct compiled *dialect;

	if (size < 2)
		return 0;
	for (size_t i = 0; (dialect = compiled_dialect(i)); i++)
		for (int side = SIDE_REQUEST; side <= SIDE_RESPONSE; side++) {
			const struct skim_table *table = &dialect->messages[side];
			uint64_t whole;

			if (!table->n_nodes)
				continue;
			whole = read_in(table, (const char *)data + 1, size - 1, size);
			if (read_in(table, (const char *)data + 1, size - 1, 1u + data[0] % 32) != whole)
				abort();
			keep_of(table, data + 1, size - 1);
		}
	call_of(data, size);
	return 0;
}
