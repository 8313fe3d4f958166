/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls as the hot half tells them, made of a row each, and what they are told
 * as: "client:u", "same:c", one behind the other. Times are milliseconds; process
 * 1 and 2 are clients, 9 is the gateway, 8 one behind it. Odd heads ask the
 * gateway, even ones a provider.
 */
#ifndef AITAP_TESTS_GATEWAY_BENCH_H
#define AITAP_TESTS_GATEWAY_BENCH_H

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

struct bench {
	struct gateways *gateways;
	struct buf told[128];		/* by name */
	unsigned int dropped;
};

static const char *const names[] = { "alone", "client", "same", "extra", "remote" };

static inline char name_of(const struct party *party)
{
	return *(const char *)party_kept(party);
}

static inline void tell(void *ctx, const struct verdict *verdict)
{
	struct bench *bench = ctx;
	struct buf *told = &bench->told[(int)name_of(verdict->party)];

	buf_printf(told, "%s%s", told->n ? "," : "", names[verdict->as]);
	if (verdict->other)
		buf_printf(told, ":%c", name_of(verdict->other));
	if (verdict->serving)
		buf_printf(told, ":%c", *(const char *)serving_kept(verdict->serving));
}

static inline void drop(void *ctx, void *kept)
{
	struct bench *bench = ctx;

	(void)kept;
	bench->dropped++;
}

static inline void make_call(const struct made *made, struct call *ret)
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

static inline void send_made(struct bench *bench, const struct made *made, bool tick)
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

static inline void open_bench(struct bench *bench)
{
	struct gateways_ops ops = { .tell = tell, .drop = drop, .ctx = bench };

	memset(bench, 0, sizeof(*bench));
	for (size_t i = 0; i < 128; i++)
		bench->told[i] = BUF(KIB(4));
	assert_int_equal(gateways_new(&ops, &bench->gateways), 0);
}

static inline void close_bench(struct bench *bench)
{
	gateways_free(bench->gateways);
	for (size_t i = 0; i < 128; i++)
		buf_done(&bench->told[i]);
}

#endif
