/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is whose. A scenario is a row of calls as the hot half tells them, and what
 * each of them is told as: "c=client:u u=same:c". Times are milliseconds; process
 * 1 and 2 are clients, 9 is the gateway, 8 one behind it.
 */
#include "tests/lib/unit.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "link/gateway.h"

enum what { BEGUN = 1, SERVED, CALL };

struct made {
	char name;
	enum what what;
	unsigned int task, conn, begin, end;
	unsigned int head;		/* which request it is the head of */
	unsigned int body;
	const char *id;			/* of the answer */
	unsigned int output;		/* tokens; 0: it brought no usage */
	bool failed;
	unsigned int exchange, part;
	bool likely;
};

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
	{ "what is announced at the last moment waits for that", {
		{ 'c', CALL, 1, 1, 1000, 1006, 1, 5, "A", 10, .likely = true },
		{ 's', BEGUN, 9, 2, 1001, 0, 1 },
		{ 'u', CALL, 9, 3, 1002, 2990, 2, 5, "A", 10 },
		{ 's', SERVED, 9, 2, 1001, 3000, 1, 5, "A" },
	}, "c=client:u u=same:c", 3350 },
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

struct bench {
	struct gateways *gateways;
	struct buf told[128];		/* by name */
	unsigned int dropped;
};

static const char *const names[] = { "alone", "client", "same", "extra", "remote" };

static char name_of(const struct party *party)
{
	return *(const char *)party_kept(party);
}

static void tell(void *ctx, const struct verdict *verdict)
{
	struct bench *bench = ctx;
	struct buf *told = &bench->told[(int)name_of(verdict->party)];

	buf_printf(told, "%s%s", told->n ? "," : "", names[verdict->as]);
	if (verdict->other)
		buf_printf(told, ":%c", name_of(verdict->other));
	if (verdict->serving)
		buf_printf(told, ":%c", *(const char *)serving_kept(verdict->serving));
}

static void drop(void *ctx, void *kept)
{
	struct bench *bench = ctx;

	(void)kept;
	bench->dropped++;
}

static void make_call(const struct made *made, struct call *ret)
{
	*ret = (struct call){ .version = CALL_VERSION, .kind = made->what == BEGUN ? CALL_BEGUN : CALL_ENDED,
			      .role = made->what == CALL ? ROLE_CLIENT : ROLE_SERVER, .conn_id = made->conn,
			      .exchange = made->exchange, .part = (uint16_t)made->part,
			      .task = { made->task, 1000 + made->task }, .begin_ns = NSEC_PER_SEC + made->begin * NSEC_PER_MSEC,
			      .end_ns = NSEC_PER_SEC + made->end * NSEC_PER_MSEC, .body_hash = made->body, .status = 200 };
	snprintf(ret->path, sizeof(ret->path), "/v1/chat/completions/%u", made->head);
	snprintf(ret->host, sizeof(ret->host), "%s", made->head % 2 ? "gateway" : "provider");
	if (made->id)
		STR_COPY(ret->response_id, str_of(made->id));
	if (made->failed)
		ret->flags |= CALL_ERROR;
	if (made->output) {
		ret->usage_source = USAGE_REPORTED;
		ret->n_usages = 1;
		usage_set(&ret->usages[0], COUNT_OUTPUT, made->output);
	}
}

static void send_made(struct bench *bench, const struct made *made, bool tick)
{
	struct call call;

	make_call(made, &call);
	if (tick)
		gateways_tick(bench->gateways, made->what == BEGUN ? call.begin_ns : call.end_ns);
	if (made->what != CALL)
		assert_int_equal(gateway_serving(bench->gateways, &call, (void *)&made->name, 1), 0);
	else
		assert_int_equal(gateway_call(bench->gateways, &call, made->likely, (void *)&made->name, 1), 0);
}

static void open_bench(struct bench *bench)
{
	struct gateways_ops ops = { .tell = tell, .drop = drop, .ctx = bench };

	memset(bench, 0, sizeof(*bench));
	for (size_t i = 0; i < 128; i++)
		bench->told[i] = BUF(KIB(4));
	assert_int_equal(gateways_new(&ops, &bench->gateways), 0);
}

static void close_bench(struct bench *bench)
{
	gateways_free(bench->gateways);
	for (size_t i = 0; i < 128; i++)
		buf_done(&bench->told[i]);
}

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
		cmocka_unit_test(test_scenarios), cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_never_longer_than_five_seconds), cmocka_unit_test(test_wants), cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_bounded_in_bytes), cmocka_unit_test(test_refused_memory),
	};

	return RUN(tests);
}
