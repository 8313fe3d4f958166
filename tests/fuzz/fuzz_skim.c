/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes, whole, in pieces of the first byte's length, and by the mould that was learnt from them: the same picks. */
#include <stdlib.h>
#include <string.h>

#include "ai/mould.h"
#include "ai/provider.h"
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

static uint64_t skim_in(struct skim *skim, const struct skim_table *table, const char *p, size_t n, size_t step)
{
	uint64_t sum = 0;

	skim_begin(skim, table, on_each, &sum);
	for (size_t at = 0; at < n; at += step) {
		/* apart, so that a read beyond the piece is seen */
		size_t left = n - at < step ? n - at : step;
		char *own = mem_dup(p + at, left);

		skim_write(skim, own, left);
		mem_free(own);
	}
	skim_end(skim);
	return sum + sum_of(&skim->item);
}

static uint64_t skim_by_mould(struct moulds *moulds, struct skim *skim, const struct skim_table *table, const char *p, size_t n)
{
	uint64_t sum = 0;
	char *own = mem_dup(p, n);

	skim_begin(skim, table, on_each, &sum);
	moulds_write(moulds, skim, (struct str){ own, n });
	mem_free(own);
	skim_end(skim);
	return sum + sum_of(&skim->item);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct skim skim;
	static struct moulds *moulds;
	const struct provider *provider;

	if (!moulds && moulds_new(&moulds) < 0)
		abort();
	if (size < 2)
		return 0;
	for (size_t at = 0; (provider = provider_next(&at));)
		for (int side = SIDE_REQUEST; side <= SIDE_RESPONSE; side++) {
			const struct skim_table *table = provider_table(provider, (enum side)side);
			uint64_t whole = skim_in(&skim, table, (const char *)data + 1, size - 1, size);
			if (skim_in(&skim, table, (const char *)data + 1, size - 1, 1u + data[0] % 32) != whole)
				abort();
			/* it is learnt the first time */
			for (int i = 0; i < 2; i++)
				if (skim_by_mould(moulds, &skim, table, (const char *)data + 1, size - 1) != whole)
					abort();
		}
	return 0;
}
