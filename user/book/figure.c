/* SPDX-License-Identifier: Apache-2.0 */
#include "book/figure.h"

#include "book/period.h"

const char *figure_name(enum figure figure)
{
	static const char *const names[FIGURES] = {
		[FIGURE_CALLS] = "calls", [FIGURE_INPUT] = "input_tokens", [FIGURE_CACHE_READ] = "cache_read_tokens",
		[FIGURE_CACHE_WRITE] = "cache_write_tokens", [FIGURE_OUTPUT] = "output_tokens",
		[FIGURE_REASONING] = "reasoning_tokens", [FIGURE_COST] = "cost_usd", [FIGURE_SHARE] = "share",
		[FIGURE_FLAT] = "flat_rate_list_cost_usd", [FIGURE_UNPRICED_CALLS] = "unpriced_calls",
		[FIGURE_UNPRICED_TOKENS] = "unpriced_tokens", [FIGURE_INCOMPLETE] = "incomplete_calls",
		[FIGURE_ESTIMATED] = "estimated_calls", [FIGURE_UNREADY] = "not_ready_calls", [FIGURE_FAILED] = "failed_calls",
		[FIGURE_ADJUSTMENTS] = "adjustments", [FIGURE_GUESSED] = "estimated_cost_usd",
		[FIGURE_LOW] = "estimated_cost_low_usd", [FIGURE_HIGH] = "estimated_cost_high_usd",
		[FIGURE_FIRST] = "first", [FIGURE_LAST] = "last",
	};

	return names[figure];
}

static __int128 value(const struct report *report, const struct sums *sums, enum figure figure, int *ret_scale)
{
	*ret_scale = 0;
	switch (figure) {
	case FIGURE_CALLS: return sums->calls;
	case FIGURE_INPUT: return sums->input;
	case FIGURE_CACHE_READ: return sums->cache_read;
	case FIGURE_CACHE_WRITE: return sums->cache_write;
	case FIGURE_OUTPUT: return sums->output;
	case FIGURE_REASONING: return sums->reasoning;
	case FIGURE_COST: *ret_scale = DECIMAL_PICO; return sums->cost;
	case FIGURE_SHARE: *ret_scale = 6; return report_share(report, sums);
	case FIGURE_FLAT: *ret_scale = DECIMAL_PICO; return sums->flat;
	case FIGURE_UNPRICED_CALLS: return sums->priceless;
	case FIGURE_UNPRICED_TOKENS: *ret_scale = DECIMAL_MILLI; return sums->unpriced_milli;
	case FIGURE_INCOMPLETE: return sums->incomplete;
	case FIGURE_ESTIMATED: return sums->estimated;
	case FIGURE_UNREADY: return sums->unready;
	case FIGURE_FAILED: return sums->failed;
	case FIGURE_ADJUSTMENTS: return sums->adjustments;
	case FIGURE_GUESSED: *ret_scale = DECIMAL_PICO; return sums->guessed;
	case FIGURE_LOW: *ret_scale = DECIMAL_PICO; return sums->low;
	case FIGURE_HIGH: *ret_scale = DECIMAL_PICO; return sums->high;
	case FIGURE_FIRST:
	case FIGURE_LAST:
	case FIGURES: break;
	}
	return 0;
}

bool figure_quoted(enum figure figure)
{
	return figure == FIGURE_COST || figure == FIGURE_FLAT || figure >= FIGURE_GUESSED;
}

static void moment_text(int64_t ns, char ret[static DECIMAL_MAX])
{
	_Static_assert(PERIOD_MAX <= DECIMAL_MAX, "a moment fits");
	ret[0] = 0;
	if (ns)
		period_moment_text(ns, ret);
}

void figure_text(const struct report *report, const struct sums *sums, enum figure figure, char ret[static DECIMAL_MAX])
{
	bool unknown = sums->priceless && !sums->cost && (figure == FIGURE_COST || figure == FIGURE_SHARE);
	int scale;
	__int128 n = value(report, sums, figure, &scale);

	if (figure == FIGURE_FIRST || figure == FIGURE_LAST)
		moment_text(figure == FIGURE_FIRST ? sums->first_ns : sums->last_ns, ret);
	else if (unknown || (figure == FIGURE_SHARE && report->total.cost <= 0))
		ret[0] = 0;
	else
		decimal_text(n, scale, ret);
}
