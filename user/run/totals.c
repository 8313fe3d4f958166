/* SPDX-License-Identifier: Apache-2.0 */
#include "run/totals.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"

static struct total *total_of(struct totals *totals, const char *model)
{
	for (uint32_t i = 0; i < totals->n; i++)
		if (!strcmp(totals->total[i].model, model))
			return &totals->total[i];
	if (totals->n < TOTALS_MODELS) {
		STR_COPY(totals->total[totals->n].model, str_of(model));
		return &totals->total[totals->n++];
	}
	STR_COPY(totals->total[TOTALS_MODELS].model, STR("others"));
	return &totals->total[TOTALS_MODELS];
}

/* Where an answer says any number, the sum ends at what can be told. */
static void add_tokens(int64_t *sum, __int128 tokens)
{
	__int128 all = *sum + tokens;

	*sum = all > INT64_MAX ? INT64_MAX : all < INT64_MIN ? INT64_MIN : (int64_t)all;
}

void totals_add(struct totals *totals, const struct record *record)
{
	const struct call *call = record->call;
	int64_t sign = record->negative ? -1 : 1;
	struct total *total;
	char model[160];

	if (!record->spend)
		return;
	snprintf(model, sizeof(model), "%s/%s", call->provider[0] ? call->provider : "unknown",
		 call->model[0] ? call->model : call->model_requested[0] ? call->model_requested : "-");
	total = total_of(totals, model);
	total->records++;
	total->pico += (__int128)sign * record->cost.pico;
	if (record->kind == RECORD_CALL) {
		total->calls++;
		total->unpriced += record->cost.status == COST_UNPRICED || record->cost.status == COST_PARTIAL;
	}
	for (uint8_t i = 0; i < call->n_usages; i++) {
		add_tokens(&total->input, (__int128)sign * call->usages[i].count[COUNT_INPUT]);
		add_tokens(&total->output, (__int128)sign * call->usages[i].count[COUNT_OUTPUT]);
	}
}

static void line(const struct total *total, struct buf *to)
{
	char usd[DECIMAL_MAX];

	decimal_text(total->pico, DECIMAL_PICO, usd);
	buf_printf(to, "%-44s %8" PRIu64 " %14" PRId64 " %14" PRId64 " %16s", total->model, total->calls, total->input, total->output, usd);
	if (total->unpriced)
		buf_printf(to, "  and %" PRIu64 " unpriced", total->unpriced);
	buf_char(to, '\n');
}

int totals_text(const struct totals *totals, struct buf *to)
{
	struct total all = { .model = "all" };

	buf_printf(to, "%-44s %8s %14s %14s %16s\n", "model", "calls", "input tokens", "output tokens", "USD");
	for (uint32_t i = 0; i <= TOTALS_MODELS; i++) {
		const struct total *total = &totals->total[i];

		if (!total->records)
			continue;
		line(total, to);
		all.calls += total->calls;
		all.unpriced += total->unpriced;
		add_tokens(&all.input, total->input);
		add_tokens(&all.output, total->output);
		all.pico += total->pico;
	}
	line(&all, to);
	return to->error;
}
