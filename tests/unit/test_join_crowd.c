/* SPDX-License-Identifier: Apache-2.0 */
/* Where no more calls can be held, and memory is refused besides: each call is told once all the same. */
#include "tests/lib/cold_bench.h"

#define REFUSED 8
#define CALLS (LIMIT_PARTIES + 64)

static void count_told(struct bench *bench, uint8_t *times)
{
	for (size_t i = 0; i < bench->n_told; i++) {
		assert_true(bench->told[i].conn_id && bench->told[i].conn_id <= CALLS);
		times[bench->told[i].conn_id]++;
	}
	bench->n_told = 0;
}

static void test_each_once_where_it_is_crowded(void **state)
{
	static uint8_t times[CALLS + 1];
	struct bench *bench = *state;

	/* a host that may be served here, so that its calls wait a moment */
	strcpy(bench->call.provider, "openai-compatible");
	strcpy(bench->call.host, "gateway.internal");
	bench->stamp = bench->call.end_ns;
	for (unsigned int i = 1; i <= CALLS; i++) {
		bench->call.conn_id = i;
		mem_fail_at(i > LIMIT_PARTIES ? i % REFUSED + 1 : 0);
		send_call(bench);
		mem_fail_at(0);
		count_told(bench, times);
	}
	for (unsigned int i = 1; i <= CALLS; i++)
		assert_true(times[i] <= 1);
	commit(bench);
	assert_true(cold_counts(bench->cold)->gateway.crowded >= 32);
	assert_int_equal(bench->ledger.puts, CALLS);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(test_each_once_where_it_is_crowded, setup, teardown) };

	return RUN(tests);
}
