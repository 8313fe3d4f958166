/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who waits for whom, and how long. A request whose serving side has ended is
 * settled a moment later (gateway_settle.c), so that what was seen on other
 * processors has come. A call that was told before that (its serving side was
 * not known yet, or took too long) is found in the same way and told once more,
 * as what it is.
 *
 * Times of the calls decide, rounded up to a grid, so that a look at everything
 * that waits is rare.
 */
#include "link/gateway.h"

#include <errno.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "link/gateway_inside.h"

#define GRID_NS (50 * NSEC_PER_MSEC)
#define SETTLE_NS (250 * NSEC_PER_MSEC)		/* after the end of a serving side, where its client is there */
#define CLIENT_NS (500 * NSEC_PER_MSEC)		/* and where it is not: it may be on another host */
#define OPEN_NS (3600 * NSEC_PER_SEC)		/* a serving side whose end was lost */

#define SERVING(node, member) LIST_ENTRY(node, struct serving, member)
#define PARTY(node, member) LIST_ENTRY(node, struct party, member)

static struct list *by_task(struct list chains[CHAINS], const struct facts *facts)
{
	return gateway_chain(chains, task_hash(facts->task));
}

static struct list *by_key(struct gateways *g, const struct facts *facts)
{
	return gateway_chain(g->servings_by_key, hash_u64(facts->conn_id + facts->exchange));
}

void gateway_due(struct gateways *g, uint64_t *ret_due_ns, uint64_t then_ns)
{
	*ret_due_ns = (then_ns + GRID_NS - 1) / GRID_NS * GRID_NS;
	if (*ret_due_ns < g->next_ns)
		g->next_ns = *ret_due_ns;
}

/* ---- making and forgetting */

int gateways_new(const struct gateways_ops *ops, struct gateways **ret)
{
	struct gateways *g = mem_new(sizeof(*g));

	if (!g)
		return -ENOMEM;
	g->ops = *ops;
	g->next_ns = UINT64_MAX;
	list_init(&g->servings);
	list_init(&g->settled);
	list_init(&g->held);
	list_init(&g->told);
	for (size_t i = 0; i < CHAINS; i++) {
		list_init(&g->servings_by_key[i]);
		list_init(&g->servings_by_task[i]);
		list_init(&g->servings_by_head[i]);
		list_init(&g->parties_by_task[i]);
		list_init(&g->parties_by_head[i]);
	}
	*ret = g;
	return 0;
}

static void keep(struct gateways *g, void **kept, size_t *bytes, void *new, size_t n)
{
	if (*kept)
		g->ops.drop(g->ops.ctx, *kept);
	g->bytes = g->bytes - *bytes + n;
	*kept = new;
	*bytes = n;
}

static void forget_serving(struct gateways *g, struct serving *serving)
{
	LIST_EACH(node, &serving->made) {
		PARTY(node, of_above)->above = NULL;
		list_remove(node);
	}
	if (serving->client) {
		serving->client->below = NULL;
		serving->client->star = NULL;
	}
	keep(g, &serving->kept, &serving->bytes, NULL, 0);
	list_remove(&serving->by_age);
	list_remove(&serving->of_key);
	list_remove(&serving->of_task);
	list_remove(&serving->of_head);
	g->n_servings--;
	mem_free(serving);
}

static void forget_party(struct gateways *g, struct party *party)
{
	struct party *client = party->above ? party->above->client : NULL;

	if (client && client->star == party)
		client->star = NULL;
	if (party->below)
		party->below->client = NULL;
	keep(g, &party->kept, &party->bytes, NULL, 0);
	list_remove(&party->of_above);
	list_remove(&party->by_age);
	list_remove(&party->of_task);
	list_remove(&party->of_head);
	g->n_parties--;
	mem_free(party);
}

/* What was told, or settled, is the first that can be done without. */
static struct party *oldest_party(const struct gateways *g)
{
	return PARTY(list_empty(&g->told) ? g->held.next : g->told.next, by_age);
}

static struct serving *oldest_serving(const struct gateways *g)
{
	return SERVING(list_empty(&g->settled) ? g->servings.next : g->settled.next, by_age);
}

struct gateways *gateways_free(struct gateways *g)
{
	if (!g)
		return NULL;
	while (g->n_parties)
		forget_party(g, oldest_party(g));
	while (g->n_servings)
		forget_serving(g, oldest_serving(g));
	return mem_free(g);
}

/* ---- time */

static bool comes_before(const struct facts *a, const struct facts *b)
{
	if (a->end_ns != b->end_ns)
		return a->end_ns < b->end_ns;
	return a->conn_id != b->conn_id ? a->conn_id < b->conn_id : a->exchange < b->exchange;
}

/* What waits and is due, the first to have ended first: behind a gateway there may be another. */
static struct serving *due_serving(struct gateways *g, uint64_t now_ns)
{
	struct serving *first = NULL;

	LIST_EACH(node, &g->servings) {
		struct serving *serving = SERVING(node, by_age);

		if (serving->due_ns <= now_ns && (!first || comes_before(&serving->facts, &first->facts)))
			first = serving;
	}
	return first;
}

static struct party *due_party(struct gateways *g, uint64_t now_ns)
{
	struct party *first = NULL;

	LIST_EACH(node, &g->held) {
		struct party *party = PARTY(node, by_age);

		if (party->due_ns <= now_ns && (!first || comes_before(&party->facts, &first->facts)))
			first = party;
	}
	return first;
}

/* Each but for those behind one that is kept longer. */
static void forget_due(struct gateways *g, uint64_t now_ns)
{
	while (!list_empty(&g->told) && PARTY(g->told.next, by_age)->due_ns <= now_ns)
		forget_party(g, PARTY(g->told.next, by_age));
	while (!list_empty(&g->settled) && SERVING(g->settled.next, by_age)->due_ns <= now_ns)
		forget_serving(g, SERVING(g->settled.next, by_age));
}

static void serving_due(struct gateways *g, struct serving *serving, uint64_t now_ns)
{
	uint64_t end_ns = serving->facts.end_ns;

	if (end_ns && now_ns < end_ns + CLIENT_NS && !gateway_find_client(g, serving))
		gateway_due(g, &serving->due_ns, end_ns + CLIENT_NS);
	else
		gateway_settle(g, serving);
}

/* Is there a request to wait for? */
static bool is_awaited(struct gateways *g, const struct party *party)
{
	return gateway_may_be_claimed(g, &party->facts) || gateway_may_be_served(g, &party->facts);
}

static void party_due(struct gateways *g, struct party *party, uint64_t now_ns)
{
	if (!party->awaited && now_ns != UINT64_MAX && is_awaited(g, party)) {
		party->awaited = true;
		g->counts.held++;
		gateway_due(g, &party->due_ns, party->facts.end_ns + LIMIT_HELD_NS);
		return;
	}
	g->counts.late += party->awaited && now_ns != UINT64_MAX;
	gateway_hurry(g, party);
}

static void find_next(struct gateways *g)
{
	uint64_t next_ns = UINT64_MAX;

	LIST_EACH(node, &g->servings)
		if (SERVING(node, by_age)->due_ns < next_ns)
			next_ns = SERVING(node, by_age)->due_ns;
	LIST_EACH(node, &g->held)
		if (PARTY(node, by_age)->due_ns < next_ns)
			next_ns = PARTY(node, by_age)->due_ns;
	if (!list_empty(&g->told) && PARTY(g->told.next, by_age)->due_ns < next_ns)
		next_ns = PARTY(g->told.next, by_age)->due_ns;
	if (!list_empty(&g->settled) && SERVING(g->settled.next, by_age)->due_ns < next_ns)
		next_ns = SERVING(g->settled.next, by_age)->due_ns;
	g->next_ns = next_ns;
}

uint64_t gateways_tick(struct gateways *g, uint64_t now_ns)
{
	struct serving *serving;
	struct party *party;

	if (now_ns < g->next_ns)
		return g->next_ns;
	if (now_ns != UINT64_MAX)
		forget_due(g, now_ns);
	while ((serving = due_serving(g, now_ns)))
		serving_due(g, serving, now_ns);
	while ((party = due_party(g, now_ns)))
		party_due(g, party, now_ns);
	find_next(g);
	return now_ns == UINT64_MAX ? UINT64_MAX : g->next_ns;
}

/* ---- what comes in */

/* Room for one more: the oldest goes; one that is held is told now. */
static void make_room(struct gateways *g, size_t parties, size_t servings, size_t bytes)
{
	while (g->n_parties && (g->n_parties + parties > LIMIT_PARTIES || g->bytes + bytes > LIMIT_PARTY_BYTES)) {
		struct party *oldest = oldest_party(g);

		if (!oldest->told) {
			g->counts.crowded++;
			gateway_hurry(g, oldest);
		}
		forget_party(g, oldest);
	}
	while (g->n_servings && (g->n_servings + servings > LIMIT_SERVING || g->bytes + bytes > LIMIT_PARTY_BYTES))
		forget_serving(g, oldest_serving(g));
}

/* A socket's turns are each served by themselves; only the first was announced. */
static struct serving *find_serving(struct gateways *g, const struct facts *facts)
{
	LIST_EACH(node, by_key(g, facts)) {
		struct serving *serving = SERVING(node, of_key);

		if (serving->facts.conn_id == facts->conn_id && serving->facts.exchange == facts->exchange &&
		    (!serving->facts.end_ns || serving->facts.part == facts->part))
			return serving;
	}
	return NULL;
}

static struct serving *new_serving(struct gateways *g, const struct facts *facts)
{
	struct serving *serving = mem_new(sizeof(*serving));

	if (!serving)
		return NULL;
	serving->facts = *facts;
	list_init(&serving->made);
	g->n_servings++;
	list_insert(&serving->by_age, &g->servings);
	/* the newest first: what is looked for is mostly among them */
	list_insert(&serving->of_key, by_key(g, facts)->next);
	list_insert(&serving->of_task, by_task(g->servings_by_task, facts)->next);
	list_insert(&serving->of_head, gateway_chain(g->servings_by_head, facts->head)->next);
	gateway_due(g, &serving->due_ns, facts->begin_ns + OPEN_NS);
	g->hosts[facts->host % PLACES] = facts->host;
	g->servers[task_hash(facts->task) % PLACES] = task_hash(facts->task);
	return serving;
}

int gateway_serving(struct gateways *g, const struct call *call, void *kept, size_t bytes)
{
	struct serving *serving;
	struct facts facts;

	facts_of(call, &facts);
	make_room(g, 0, 1, bytes);
	serving = find_serving(g, &facts);
	if (!serving && !(serving = new_serving(g, &facts))) {
		g->ops.drop(g->ops.ctx, kept);
		return -ENOMEM;
	}
	keep(g, &serving->kept, &serving->bytes, kept, bytes);
	if (!facts.end_ns || serving->settled)
		return 0;
	facts.head = serving->facts.head;	/* the chain that it is in */
	serving->facts = facts;
	gateway_due(g, &serving->due_ns, facts.end_ns + SETTLE_NS);
	return 0;
}

/* By one that was taken for a request from another host. */
static bool may_have_been_served(struct gateways *g, const struct facts *client)
{
	LIST_EACH(node, gateway_chain(g->servings_by_head, client->head)) {
		struct serving *serving = SERVING(node, of_head);

		if (serving->settled && !serving->client && match_client(client, &serving->facts))
			return true;
	}
	return false;
}

/*
 * A call may be told before the request that it belongs to is announced, for they
 * are seen on other processors. Where that is likely it waits a moment: a process
 * that has served before, a host that is served here.
 */
static bool may_be_announced(const struct gateways *g, const struct facts *facts, bool likely)
{
	uint64_t server = task_hash(facts->task);

	return likely || g->hosts[facts->host % PLACES] == facts->host || g->servers[server % PLACES] == server;
}

bool gateway_wants(struct gateways *g, const struct call *call, bool likely)
{
	struct facts facts;

	facts_of(call, &facts);
	return may_be_announced(g, &facts, likely) ||
	       (g->n_servings && (gateway_may_be_served(g, &facts) || may_have_been_served(g, &facts)));
}

static struct party *new_party(struct gateways *g, const struct facts *facts)
{
	struct party *party = mem_new(sizeof(*party));

	if (!party)
		return NULL;
	party->facts = *facts;
	list_init(&party->of_above);
	g->n_parties++;
	list_insert(&party->by_age, &g->held);
	list_insert(&party->of_task, by_task(g->parties_by_task, facts)->next);
	list_insert(&party->of_head, gateway_chain(g->parties_by_head, facts->head)->next);
	return party;
}

int gateway_call(struct gateways *g, const struct call *call, bool likely, void *kept, size_t bytes)
{
	struct party *party;
	struct facts facts;

	facts_of(call, &facts);
	make_room(g, 1, 0, bytes);
	party = new_party(g, &facts);
	if (!party)
		return -ENOMEM;
	keep(g, &party->kept, &party->bytes, kept, bytes);
	if (is_awaited(g, party)) {
		party->awaited = true;
		g->counts.held++;
		gateway_due(g, &party->due_ns, facts.end_ns + LIMIT_HELD_NS);
	} else if (gateway_join_late(g, party)) {
		return 0;
	} else if (may_be_announced(g, &facts, likely)) {
		gateway_due(g, &party->due_ns, facts.end_ns + SETTLE_NS);
	} else {
		gateway_tell_alone(g, party);
	}
	return 0;
}

const struct gateway_counts *gateway_counts(const struct gateways *g)
{
	return &g->counts;
}

void *party_kept(const struct party *party)
{
	return party->kept;
}

void party_keep(struct gateways *g, struct party *party, void *kept, size_t bytes)
{
	keep(g, &party->kept, &party->bytes, kept, bytes);
}

const void *serving_kept(const struct serving *serving)
{
	return serving->kept;
}
