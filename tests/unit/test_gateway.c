/* SPDX-License-Identifier: Apache-2.0 */
/* What is held, for how long, and how much of it. */
#include "tests/lib/gateway_bench.h"

/* What was held is told within five seconds, whatever it waits for. */
static void test_never_longer_than_five_seconds(void **state)
{
	static const struct made made[] = {
		{ 's', BEGUN, 9, 2, 1, 0, 1 }, { 'u', CALL, 9, 3, 20, 880, 2, 5, "A", 10 }, { 'c', CALL, 1, 1, 0, 901, 1, 5, "A", 10 },
	};
	struct bench bench;

	(void)state;
	open_bench(&bench);
	EACH(row, made)
		send_made(&bench, row, true);
	assert_int_equal(gateway_counts(bench.gateways)->held, 2);
	gateways_tick(bench.gateways, NSEC_PER_SEC + 5850 * NSEC_PER_MSEC);
	assert_int_equal(bench.told['u'].n + bench.told['c'].n, 0);
	gateways_tick(bench.gateways, NSEC_PER_SEC + 5950 * NSEC_PER_MSEC);
	assert_int_not_equal(bench.told['u'].n, 0);
	assert_int_not_equal(bench.told['c'].n, 0);
	close_bench(&bench);
}

/* A client has hung up, and so has the gateway, but lets its connection go minutes later: only then is its call told. */
static void test_let_go_of_after_minutes(void **state)
{
	static const struct made made[] = {
		{ 's', BEGUN, 9, 2, 1, 0, 1 }, { 'c', CALL, 1, 1, 0, 300, 1, 5, "A", 0, true },
		{ 's', SERVED, 9, 2, 1, 310, 1, 5, "A", 0, true },
	}, own = { 'u', CALL, 9, 3, 20, 320, 2, 6, "A", 0, true };
	struct bench bench;

	(void)state;
	open_bench(&bench);
	EACH(row, made)
		send_made(&bench, row, true);
	for (unsigned int s = 1; s <= 1200; s++)
		gateways_tick(bench.gateways, s * NSEC_PER_SEC);
	assert_string_equal(buf_cstr(&bench.told['c']), "alone");
	send_made(&bench, &own, false);
	assert_string_equal(buf_cstr(&bench.told['u']), "same:c");
	close_bench(&bench);
}

/* Nothing is wanted of calls that have to do with nobody who serves. */
static void test_wants(void **state)
{
	static const struct made serving = { 's', BEGUN, 9, 2, 10, 0, 1 }, client = { 'c', CALL, 1, 1, 9, 901, 1 },
				 upstream = { 'u', CALL, 9, 3, 20, 880, 2 }, later = { 'c', CALL, 1, 1, 2000, 2500, 3 },
				 stranger = { 'x', CALL, 3, 4, 20, 880, 2 };
	static const struct {
		const struct made *made;
		bool wanted;
	} rows[] = { { &client, true }, { &upstream, true }, { &later, true }, { &stranger, false } };
	struct bench bench;
	struct call call;

	(void)state;
	open_bench(&bench);
	make_call(&client, &call);
	assert_false(gateway_wants(bench.gateways, &call, false));
	send_made(&bench, &serving, false);
	EACH(row, rows) {
		make_call(row->made, &call);
		assert_int_equal(gateway_wants(bench.gateways, &call, false), row->wanted);
		assert_true(gateway_wants(bench.gateways, &call, true));
	}
	close_bench(&bench);
}

/* More than there is room for: the oldest is told early, each once, and all that was kept is dropped. */
static void test_bounded(void **state)
{
	struct made serving = { 's', BEGUN, 9, 2, 1, 0, 1 }, upstream = { 'u', CALL, 9, 3, 20, 30, 2, .output = 1 };
	struct bench bench;

	(void)state;
	open_bench(&bench);
	bench.told['u'] = BUF(MIB(1));
	send_made(&bench, &serving, true);
	for (unsigned int i = 0; i < LIMIT_PARTIES + 100; i++) {
		upstream.exchange = i;
		send_made(&bench, &upstream, false);
	}
	assert_int_equal(gateway_counts(bench.gateways)->crowded, 100);
	assert_int_equal(bench.told['u'].n, 100 * 6 - 1);
	assert_int_equal(bench.dropped, 100);
	for (unsigned int i = 0; i < LIMIT_SERVING + 100; i++) {
		serving.conn = 100 + i;
		send_made(&bench, &serving, false);
	}
	assert_int_equal(bench.dropped, 201);
	close_bench(&bench);
}

/* Bytes count as well. */
static void test_bounded_in_bytes(void **state)
{
	struct made serving = { 's', BEGUN, 9, 2, 1, 0, 1 }, upstream = { 'u', CALL, 9, 3, 20, 30, 2 };
	struct bench bench;
	struct call call;

	(void)state;
	open_bench(&bench);
	send_made(&bench, &serving, true);
	for (unsigned int i = 0; i < 20; i++) {
		upstream.exchange = i;
		make_call(&upstream, &call);
		assert_int_equal(gateway_call(bench.gateways, &call, false, &upstream.name, MIB(1)), 0);
	}
	assert_int_equal(gateway_counts(bench.gateways)->crowded, 5);
	close_bench(&bench);
}

static void test_refused_memory(void **state)
{
	struct made serving = { 's', BEGUN, 9, 2, 1, 0, 1 }, upstream = { 'u', CALL, 9, 3, 20, 30, 2 };
	struct bench bench;
	struct call call;

	(void)state;
	mem_fail_at(1);
	assert_int_equal(gateways_new(&(struct gateways_ops){ 0 }, &bench.gateways), -ENOMEM);
	open_bench(&bench);
	make_call(&serving, &call);
	mem_fail_at(1);
	assert_int_equal(gateway_serving(bench.gateways, &call, &serving.name, 1), -ENOMEM);
	assert_int_equal(bench.dropped, 1);
	make_call(&upstream, &call);
	mem_fail_at(1);
	assert_int_equal(gateway_call(bench.gateways, &call, false, &upstream.name, 1), -ENOMEM);
	assert_int_equal(bench.dropped, 1);
	close_bench(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never_longer_than_five_seconds), cmocka_unit_test(test_let_go_of_after_minutes),
		cmocka_unit_test(test_wants), cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_bounded_in_bytes), cmocka_unit_test(test_refused_memory),
	};

	return RUN(tests);
}
