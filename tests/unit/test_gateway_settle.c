/* SPDX-License-Identifier: Apache-2.0 */
/* Who is whose: scenarios of calls, and what each of them is told as ("c=client:u u=same:c"). */
#include "tests/lib/gateway_bench.h"

#define MADE 12

struct scenario {
	const char *title;
	struct made made[MADE];
	const char *told;		/* in the order of the calls' names */
	unsigned int until;		/* told by then; 0: only at the end */
	bool any_order;			/* they may come in any order */
};

static const struct scenario scenarios[] = {
	{ "a call straight to a provider is not waited for", {
		{ 'c', CALL, 1, 1, 0, 900, 1, 5, "A", 10 },
	}, "c=alone", 900 },
	{ "a call to a model on this host has nothing above it", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 's', SERVED, 9, 2, 1, 900, 1, 5, "A", 10 },
		{ 'c', CALL, 1, 1, 0, 901, 1, 5, "A", 10 },
	}, "c=alone", 1250 },
	{ "a gateway's own call is the client's", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 'u', CALL, 9, 3, 20, 880, 2, 5, "A", 10 },
		{ 's', SERVED, 9, 2, 1, 900, 1, 5, "A" },
		{ 'c', CALL, 1, 1, 0, 901, 1, 5, "A", 10 },
	}, "c=client:u u=same:c", 1250, .any_order = true },
	{ "one that translates, so that nothing but time and process bear it out", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 'u', CALL, 9, 3, 20, 880, 2, 6, "msg", 10 },
		{ 's', SERVED, 9, 2, 1, 900, 1, 5, "own" },
		{ 'c', CALL, 1, 1, 0, 901, 1, 5, "own" },
	}, "c=client:u u=same:c", 1250, .any_order = true },
	{ "an event of another connection does not matter", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 'd', CALL, 1, 4, 10, 700, 3, 8, "D", 10 },
		{ 'u', CALL, 9, 3, 20, 880, 2, 5, "A", 10 },
		{ 's', SERVED, 9, 2, 1, 900, 1, 5, "A" },
		{ 'c', CALL, 1, 1, 0, 901, 1, 5, "A", 10 },
	}, "c=client:u d=alone u=same:c", 1250 },
	{ "a call of the gateway's before and after it serves is its own", {
		{ 'a', CALL, 9, 5, 0, 5, 3, 7, "X", 10 },
		{ 's', BEGUN, 9, 2, 10, 0, 1 },
		{ 'u', CALL, 9, 3, 20, 880, 2, 5, "A", 10 },
		{ 's', SERVED, 9, 2, 10, 900, 1, 5, "A" },
		{ 'c', CALL, 1, 1, 8, 901, 1, 5, "A", 10 },
		{ 'z', CALL, 9, 6, 950, 960, 3, 7, "Y", 10 },
	}, "a=alone c=client:u u=same:c z=alone", 1250 },
	{ "two clients with the same prompt: the answers tell them apart", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 't', BEGUN, 9, 4, 2, 0, 1 },
		{ 'u', CALL, 9, 5, 20, 870, 2, 5, "B", 10 },
		{ 'v', CALL, 9, 6, 21, 880, 2, 5, "A", 10 },
		{ 't', SERVED, 9, 4, 2, 890, 1, 5, "B" },
		{ 's', SERVED, 9, 2, 1, 900, 1, 5, "A" },
		{ 'c', CALL, 1, 1, 0, 901, 1, 5, "A", 10 },
		{ 'd', CALL, 2, 3, 0, 891, 1, 5, "B", 10 },
	}, "c=client:v d=client:u u=same:d v=same:c", 1400, .any_order = true },
	{ "two at once that nothing tells apart: each client has one", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 't', BEGUN, 9, 4, 2, 0, 1 },
		{ 'u', CALL, 9, 5, 20, 870, 2, 0, NULL, 10 },
		{ 'v', CALL, 9, 6, 21, 880, 2, 0, NULL, 10 },
		{ 's', SERVED, 9, 2, 1, 872, 1, 0, NULL },
		{ 't', SERVED, 9, 4, 2, 890, 1, 0, NULL },
		{ 'c', CALL, 1, 1, 0, 873, 1, 0, NULL, 10 },
		{ 'd', CALL, 2, 3, 1, 891, 1, 0, NULL, 10 },
	}, "c=client:u d=client:v u=same:c v=same:d", 1400, .any_order = true },
	{ "one that ends while another of its kind goes on takes what ended with it", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 't', BEGUN, 9, 4, 2, 0, 2 },
		{ 'u', CALL, 9, 5, 20, 870, 3, 0, NULL, 10 },
		{ 's', SERVED, 9, 2, 1, 875, 1, 0, NULL },
		{ 'c', CALL, 1, 1, 0, 876, 1, 0, NULL, 10 },
		{ 'v', CALL, 9, 6, 21, 2880, 3, 0, NULL, 10 },
		{ 't', SERVED, 9, 4, 2, 2890, 2, 0, NULL },
		{ 'd', CALL, 2, 3, 1, 2891, 2, 0, NULL, 10 },
	}, "c=client:u d=client:v u=same:c v=same:d", 3200 },
	{ "an attempt of the gateway's that failed is the client's too", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 'u', CALL, 9, 3, 20, 100, 2, 5, NULL, 0, true },
		{ 'v', CALL, 9, 4, 200, 880, 2, 5, "A", 10 },
		{ 's', SERVED, 9, 2, 1, 900, 1, 5, "A" },
		{ 'c', CALL, 1, 1, 0, 901, 1, 5, "A", 10 },
	}, "c=client:v u=same:c v=same:c", 1250, .any_order = true },
	{ "one that broke off nearest to the end did not bring the answer, though it was paid for", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 'u', CALL, 9, 3, 20, 500, 2, 6, "X", 30 },
		{ 'v', CALL, 9, 4, 510, 895, 2, 6, "Y", 10, true },
		{ 's', SERVED, 9, 2, 1, 900, 1, 5, "own" },
		{ 'c', CALL, 1, 1, 0, 901, 1, 5, "own", 10 },
	}, "c=client:u u=same:c v=extra:c", 1250, .any_order = true },
	{ "nor did one that brought no usage", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 'u', CALL, 9, 3, 20, 500, 2, 6, "X", 30 },
		{ 'v', CALL, 9, 4, 510, 895, 2, 6, "Y" },
		{ 's', SERVED, 9, 2, 1, 900, 1, 5, "own" },
		{ 'c', CALL, 1, 1, 0, 901, 1, 5, "own", 10 },
	}, "c=client:u u=same:c v=same:c", 1250, .any_order = true },
	{ "a second answer that was paid for stays paid for", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 'u', CALL, 9, 3, 20, 500, 2, 6, "X", 30 },
		{ 'v', CALL, 9, 4, 510, 880, 2, 5, "A", 10 },
		{ 's', SERVED, 9, 2, 1, 900, 1, 5, "A" },
		{ 'c', CALL, 1, 1, 0, 901, 1, 5, "A", 10 },
	}, "c=client:v u=extra:c v=same:c", 1250, .any_order = true },
	{ "a client on another host is not seen", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 'u', CALL, 9, 3, 20, 100, 2, 5, NULL, 0, true },
		{ 'v', CALL, 9, 4, 120, 880, 2, 5, "A", 10 },
		{ 's', SERVED, 9, 2, 1, 900, 1, 5, "A" },
	}, "u=same:v v=remote:s", 1450, .any_order = true },
	{ "a client that is a little slow to read is waited for", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 'u', CALL, 9, 3, 20, 880, 2, 5, "A", 10 },
		{ 's', SERVED, 9, 2, 1, 900, 1, 5, "A" },
		{ 'c', CALL, 1, 1, 0, 1300, 1, 5, "A", 10 },
	}, "c=client:u u=same:c", 1450 },
	{ "a client that is slow to read has its call taken back from the gateway", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 'u', CALL, 9, 3, 20, 880, 2, 5, "A", 10 },
		{ 's', SERVED, 9, 2, 1, 900, 1, 5, "A" },
		{ 'c', CALL, 1, 1, 0, 9000, 1, 5, "A", 10 },
	}, "c=client:u u=remote:s,same:c", 9000 },
	{ "what a call is for goes on for more than five seconds", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 'u', CALL, 9, 3, 20, 880, 2, 6, "X", 10 },
		{ 'v', CALL, 9, 3, 1000, 8880, 2, 5, "A", 10, .exchange = 1 },
		{ 's', SERVED, 9, 2, 1, 8900, 1, 5, "A" },
		{ 'c', CALL, 1, 1, 0, 8901, 1, 5, "A", 10 },
	}, "c=client:v u=alone,extra:c v=same:c", 9200 },
	{ "the end of the serving side was lost", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 'u', CALL, 9, 3, 20, 880, 2, 5, "A", 10 },
		{ 'c', CALL, 1, 1, 0, 901, 1, 5, "A", 10 },
	}, "c=client:u u=same:c,late", 5950 },
	{ "its beginning was lost, of a gateway that is known", {
		{ 'r', BEGUN, 9, 7, 0, 0, 4 },
		{ 'r', SERVED, 9, 7, 0, 1, 4 },
		{ 'u', CALL, 9, 3, 1020, 1880, 2, 5, "A", 10 },
		{ 's', SERVED, 9, 2, 1001, 1900, 1, 5, "A" },
		{ 'c', CALL, 1, 1, 1000, 1901, 1, 5, "A", 10 },
	}, "c=client:u u=same:c", 2250 },
	{ "what is announced after it has been called, of a gateway that is known", {
		{ 'r', BEGUN, 9, 7, 0, 0, 5 },
		{ 'r', SERVED, 9, 7, 0, 1, 5 },
		{ 'u', CALL, 9, 3, 1002, 1003, 2, 5, "A", 10 },
		{ 'c', CALL, 1, 1, 1000, 1006, 1, 5, "A", 10 },
		{ 's', BEGUN, 9, 2, 1001, 0, 1 },
		{ 's', SERVED, 9, 2, 1001, 1005, 1, 5, "A" },
	}, "c=client:u u=same:c", 1350 },
	{ "what is announced after it has been called, at a host that is likely to be here", {
		{ 'c', CALL, 1, 1, 1000, 1006, 1, 5, "A", 10, .likely = true },
		{ 's', BEGUN, 9, 2, 1001, 0, 1 },
		{ 'u', CALL, 9, 3, 1002, 1003, 2, 5, "A", 10 },
		{ 's', SERVED, 9, 2, 1001, 1005, 1, 5, "A" },
	}, "c=client:u u=same:c", 1350 },
	{ "what is likely to be served here, and is not, waits for a moment only", {
		{ 'c', CALL, 1, 1, 1000, 1006, 1, 5, "A", 10, .likely = true },
	}, "c=alone", 1300 },
	{ "the gateway's own call ends after its answer was passed on", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 's', SERVED, 9, 2, 1, 900, 1, 5, "A" },
		{ 'c', CALL, 1, 1, 0, 901, 1, 5, "A", 10 },
		{ 'u', CALL, 9, 3, 20, 3000, 2, 5, "A", 10 },
	}, "c=alone,client:u u=same:c", 3000 },
	{ "what it began while it served, and what has nothing in common with that, is paid for apart", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 's', SERVED, 9, 2, 1, 900, 1, 5, "A" },
		{ 'c', CALL, 1, 1, 0, 901, 1, 5, "A", 10 },
		{ 'u', CALL, 9, 3, 20, 3000, 2, 6, "X", 77 },
	}, "c=alone u=extra:c", 3000 },
	{ "a relay that changes nothing: the bodies tell its calls apart", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 't', BEGUN, 9, 4, 2, 0, 1 },
		{ 'u', CALL, 9, 5, 20, 870, 1, 6, NULL, 10 },
		{ 'v', CALL, 9, 6, 21, 880, 1, 5, NULL, 10 },
		{ 't', SERVED, 9, 4, 2, 900, 1, 6, NULL },
		{ 's', SERVED, 9, 2, 1, 900, 1, 5, NULL },
	}, "u=remote:t v=remote:s", 1450, .any_order = true },
	{ "what a relay asks by itself meanwhile, with another body, was not asked of it", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 'u', CALL, 9, 5, 20, 870, 1, 6, NULL, 10 },
		{ 's', SERVED, 9, 2, 1, 900, 1, 5, NULL },
	}, "u=alone", 1450, .any_order = true },
	{ "a client with another body is not the one that was served", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 'u', CALL, 9, 3, 20, 880, 2, 5, "A", 10 },
		{ 's', SERVED, 9, 2, 1, 900, 1, 5, "A" },
		{ 'c', CALL, 1, 1, 0, 901, 1, 6, NULL, 10 },
	}, "c=alone u=remote:s", 1450 },
	{ "the same relay, its clients on this host", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 't', BEGUN, 9, 4, 2, 0, 1 },
		{ 'u', CALL, 9, 5, 20, 870, 1, 6, NULL, 10 },
		{ 'v', CALL, 9, 6, 21, 880, 1, 5, NULL, 10 },
		{ 't', SERVED, 9, 4, 2, 900, 1, 6, NULL },
		{ 's', SERVED, 9, 2, 1, 900, 1, 5, NULL },
		{ 'c', CALL, 1, 1, 0, 901, 1, 5, NULL, 10 },
		{ 'd', CALL, 2, 3, 0, 902, 1, 6, NULL, 10 },
	}, "c=client:v d=client:u u=same:d v=same:c", 1450, .any_order = true },
	{ "clients on other hosts that nothing tells apart: no guess is made", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 't', BEGUN, 9, 4, 2, 0, 2 },
		{ 'u', CALL, 9, 5, 20, 870, 3, 0, NULL, 10 },
		{ 'v', CALL, 9, 6, 21, 880, 3, 0, NULL, 10 },
		{ 's', SERVED, 9, 2, 1, 875, 1, 0, NULL },
		{ 't', SERVED, 9, 4, 2, 890, 2, 0, NULL },
	}, "u=alone v=alone", 1450, .any_order = true },
	{ "a process that holds both ends of one call", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 's', SERVED, 9, 2, 1, 900, 1, 5, "A", 10 },
		{ 'c', CALL, 9, 1, 0, 901, 1, 5, "A", 10 },
	}, "c=alone", 1250, .any_order = true },
	{ "hung up by the client, and the provider is on this host too", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 't', BEGUN, 7, 4, 21, 0, 2 },
		{ 'c', CALL, 1, 1, 0, 300, 1, 5, "A", 0, true },
		{ 's', SERVED, 9, 2, 1, 310, 1, 5, "A", 0, true },
		{ 'u', CALL, 9, 3, 20, 900, 2, 6, "A", 0, true },
		{ 't', SERVED, 7, 4, 21, 905, 2, 6, "A", 0, true },
	}, "c=alone u=same:c", 1250 },
	{ "hung up by the client, while the gateway goes on to the end", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 't', BEGUN, 7, 4, 21, 0, 2 },
		{ 'c', CALL, 1, 1, 0, 300, 1, 5, "A", 0, true },
		{ 's', SERVED, 9, 2, 1, 310, 1, 5, "A", 0, true },
		{ 'u', CALL, 9, 3, 20, 6900, 2, 6, "A", 10 },
		{ 't', SERVED, 7, 4, 21, 6905, 2, 6, "A", 10 },
	}, "c=alone,client:u u=same:c", 7250 },
	{ "a gateway behind a gateway", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 't', BEGUN, 8, 4, 11, 0, 2 },
		{ 'v', CALL, 8, 5, 20, 860, 3, 5, "A", 10 },
		{ 't', SERVED, 8, 4, 11, 870, 2, 5, "A" },
		{ 'u', CALL, 9, 3, 10, 880, 2, 5, "A", 10 },
		{ 's', SERVED, 9, 2, 1, 900, 1, 5, "A" },
		{ 'c', CALL, 1, 1, 0, 901, 1, 5, "A", 10 },
	}, "c=client:v u=same:c v=same:u", 1250, .any_order = true },
	{ "turns of one socket are served one by one", {
		{ 's', BEGUN, 9, 2, 1, 0, 1 },
		{ 's', SERVED, 9, 2, 1, 900, 1, 0, "A" },
		{ 'u', CALL, 9, 3, 20, 880, 2, 0, "A", 10 },
		{ 'c', CALL, 1, 1, 0, 901, 1, 0, "A", 10 },
		{ 't', SERVED, 9, 2, 1001, 1900, 1, 0, "B", .part = 1 },
		{ 'v', CALL, 9, 3, 1020, 1880, 2, 0, "B", 10, .part = 1 },
		{ 'd', CALL, 1, 1, 1000, 1901, 1, 0, "B", 10, .part = 1 },
	}, "c=client:u d=client:v u=same:c v=same:d", 2250 },
};

/* Against "c=client:u u=same:c"; ",late" at the end says that a call was told for its time was over. */
static void check(struct bench *bench, const struct scenario *scenario, const char *how)
{
	struct buf all = BUF(KIB(4));

	for (int name = 'a'; name <= 'z'; name++)
		if (bench->told[name].n)
			buf_printf(&all, "%s%c=%s", all.n ? " " : "", name, buf_cstr(&bench->told[name]));
	if (strstr(scenario->told, ",late") && gateway_counts(bench->gateways)->late)
		buf_puts(&all, ",late");
	if (strcmp(buf_cstr(&all), scenario->told))
		fail_msg("%s (%s): told %s, not %s", scenario->title, how, buf_cstr(&all), scenario->told);
	buf_done(&all);
}

static size_t n_made(const struct scenario *scenario)
{
	size_t n = 0;

	while (n < MADE && scenario->made[n].name)
		n++;
	return n;
}

/* As they come, by the clock of their own times. */
static void test_scenarios(void **state)
{
	struct bench bench;

	(void)state;
	EACH(scenario, scenarios) {
		open_bench(&bench);
		for (size_t i = 0; i < n_made(scenario); i++)
			send_made(&bench, &scenario->made[i], true);
		gateways_tick(bench.gateways, NSEC_PER_SEC + scenario->until * NSEC_PER_MSEC);
		check(&bench, scenario, "in time");
		gateways_tick(bench.gateways, UINT64_MAX);
		check(&bench, scenario, "at the end");
		close_bench(&bench);
	}
}

/* The next order of n numbers; false after the last. */
static bool permute(size_t *order, size_t n)
{
	size_t i = n - 1, j = n - 1, swap;

	while (i && order[i - 1] >= order[i])
		i--;
	if (!i)
		return false;
	while (order[j] <= order[i - 1])
		j--;
	swap = order[i - 1], order[i - 1] = order[j], order[j] = swap;
	for (size_t a = i, b = n - 1; a < b; a++, b--)
		swap = order[a], order[a] = order[b], order[b] = swap;
	return true;
}

/* Announcements first, for they are seconds ahead; the rest in any order, of eight calls 720 orders at most. */
static void test_any_order(void **state)
{
	struct bench bench;

	(void)state;
	EACH(scenario, scenarios) {
		size_t order[MADE], n = 0, n_all = n_made(scenario), left = 720;

		for (size_t i = 0; i < n_all; i++)
			if (scenario->made[i].what != BEGUN)
				order[n++] = i;
		while (scenario->any_order) {
			open_bench(&bench);
			for (size_t i = 0; i < n_all; i++)
				if (scenario->made[i].what == BEGUN)
					send_made(&bench, &scenario->made[i], false);
			for (size_t i = 0; i < n; i++)
				send_made(&bench, &scenario->made[order[i]], false);
			gateways_tick(bench.gateways, NSEC_PER_SEC + scenario->until * NSEC_PER_MSEC);
			check(&bench, scenario, "in another order");
			close_bench(&bench);
			if (!--left || !permute(order, n))
				break;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_scenarios), cmocka_unit_test(test_any_order) };

	return RUN(tests);
}
