/* SPDX-License-Identifier: Apache-2.0 */
#include "ai/batch.h"

void batch_requests(struct dialect *d, const struct item *item)
{
	struct call *call = d->call;
	uint64_t n = item_number(item, BATCH_REQUESTS);
	bool first = !call->batch_requests, bounded = first || call->batch_output_max;

	if (!n)
		return;
	call->batch_requests = dialect_sum(call->batch_requests, n);
	/* one that names no limit may make anything */
	if (!bounded || item_number(item, BATCH_MAXES) < n)
		call->batch_output_max = 0;
	else
		call->batch_output_max = dialect_sum(call->batch_output_max, item_number(item, BATCH_MAX));
}

void batch_none(struct dialect *d)
{
	struct call *call = d->call;

	call->batch_file[0] = 0;
	call->batch_requests = call->batch_input_max = call->batch_output_max = 0;
}

void batch_add(struct dialect *d, struct item *item)
{
	for (unsigned int pick = PICK_INPUT; pick <= PICK_IMAGE_CACHE_READ; pick++) {
		if (item_has(item, pick))
			dialect_count(d, pick, dialect_sum(d->count[pick], item_number(item, pick)));
		item_drop(item, pick);
	}
	item_drop(item, PICK_ID);
}

void batch_results(struct dialect *d)
{
	d->call->flags &= ~(uint32_t)CALL_FREE;
	d->call->billing = BILLING_BATCH;
}
