/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/assess.h"

#include "noun/head.h"

static int64_t at_bound(const struct prices *prices, struct call *call, int64_t time_ns, const uint64_t bound[2])
{
	struct usage middle = call->usages[0];
	struct cost cost;

	usage_set(&call->usages[0], COUNT_INPUT, bound[SIDE_REQUEST]);
	usage_set(&call->usages[0], COUNT_OUTPUT, bound[SIDE_RESPONSE]);
	price_call(prices, call, time_ns, &cost);
	call->usages[0] = middle;
	return cost.pico;
}

void assess(struct estimator *estimator, const struct prices *prices, struct call *call, struct record *record)
{
	struct estimate *estimate = &record->estimate;

	estimator_call(estimator, call, record->time_ns, estimate);
	price_call(prices, call, record->time_ns, &record->cost);
	if (!estimate->name[0] || record->cost.status == COST_UNPRICED)
		return;
	estimate->low_pico = at_bound(prices, call, record->time_ns, estimate->low);
	estimate->high_pico = at_bound(prices, call, record->time_ns, estimate->high);
	estimate->priced = true;
}
