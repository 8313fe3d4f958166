/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a price table: taken, and then asked for prices, or refused with a reason. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "money/table.h"

static void price_some(const struct prices *prices)
{
	static struct cost cost;
	static struct call call;

	memset(&call, 0, sizeof(call));
	call.status = 200;
	call.usage_source = USAGE_REPORTED;
	call.n_usages = 1;
	usage_set(&call.usages[0], COUNT_INPUT, 1000000);
	usage_set(&call.usages[0], COUNT_CACHE_READ, 1000);
	usage_set(&call.usages[0], COUNT_OUTPUT, UINT64_MAX / 3);
	for (size_t i = 0; i < prices->n_prices && i < 64; i++) {
		STR_COPY(call.provider, str_of(prices->prices[i]->provider));
		STR_COPY(call.model, str_of(prices->prices[i]->model));
		price_call(prices, &call, 1767225600000000000, &cost);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct prices *prices = NULL;
	struct buf error = BUF(KIB(64));
	int r = prices_parse((struct str){ (const char *)bytes, n }, "f", &prices, &error);

	if ((r == 0) != (prices != NULL) || (r == 0) != (error.n == 0))
		abort();
	if (prices)
		price_some(prices);
	prices_free(prices);
	buf_done(&error);
	return 0;
}
