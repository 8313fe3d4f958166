/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request that was served is settled: whose it was, and what was called for it.
 *
 * Which of several requests a gateway's call was for may not be known before all
 * of them have ended. Each that is settled takes what strongly speaks for it, and
 * otherwise the one call whose end lies nearest to its own; what is left over
 * when no other can claim it goes to the last.
 */
#include <string.h>

#include "base/clock.h"
#include "link/gateway_inside.h"

/*
 * What is settled is remembered for what comes later, as far as there is room: a
 * connection that its process has abandoned may be let go of after minutes.
 */
#define KEEP_NS (1800 * NSEC_PER_SEC)
#define KEEP_ALONE_NS (10 * NSEC_PER_SEC)	/* and what nothing was joined to */

#define WEAK 16		/* calls with nothing but their time for them that may be this request's alone; where there are more, others serve too */
#define TRIES 8		/* at what may be this one's, and is likelier another's */

#define SERVING(node, member) LIST_ENTRY(node, struct serving, member)
#define PARTY(node, member) LIST_ENTRY(node, struct party, member)

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* What belongs together begins and ends together; a request whose end was lost only begins so. */
static uint64_t apart(const struct facts *call, const struct facts *serving)
{
	uint64_t begins = distance(call->begin_ns, serving->begin_ns);

	return serving->end_ns ? begins + distance(call->end_ns, serving->end_ns) : begins;
}

static struct list *servings_of(struct gateways *g, const struct facts *facts)
{
	return gateway_chain(g->servings_by_task, task_hash(facts->task));
}

static struct list *parties_of(struct gateways *g, const struct serving *serving)
{
	return gateway_chain(g->parties_by_task, task_hash(serving->facts.task));
}

/* ---- telling */

static void tell(struct gateways *g, struct party *party, enum party_as as, struct party *other, const struct serving *serving)
{
	struct verdict verdict = { .as = as, .party = party, .other = other, .serving = serving };
	bool joined = as == PARTY_SAME || as == PARTY_EXTRA || as == PARTY_REMOTE;

	/* what a client's call took can change; all else is said once */
	if (party->told && party->as == as && as != PARTY_CLIENT)
		return;
	g->counts.joined += joined && (!party->told || party->as == PARTY_ALONE);
	party->as = as;
	g->ops.tell(g->ops.ctx, &verdict);
	party->told = true;
	list_remove(&party->by_age);
	list_insert(&party->by_age, &g->told);
	gateway_due(g, &party->due_ns, party->facts.end_ns + (as == PARTY_ALONE && !party->below ? KEEP_ALONE_NS : KEEP_NS));
}

bool gateway_may_be_served(struct gateways *g, const struct facts *client)
{
	LIST_EACH(node, gateway_chain(g->servings_by_head, client->head)) {
		struct serving *serving = SERVING(node, of_head);

		if (!serving->settled && match_client(client, &serving->facts))
			return true;
	}
	return false;
}

bool gateway_may_be_claimed(struct gateways *g, const struct facts *upstream)
{
	LIST_EACH(node, servings_of(g, upstream)) {
		struct serving *serving = SERVING(node, of_task);

		if (!serving->settled && match_upstream(upstream, &serving->facts))
			return true;
	}
	return false;
}

/* Behind a gateway there may be another. */
static struct party *source_of(struct party *client)
{
	struct party *source = client->star;

	while (source && source->star)
		source = source->star;
	return source;
}

static bool join_upstream(struct gateways *, struct party *upstream);

/* While it was held as somebody's client, what it was made for may have been settled. */
static void tell_by_itself(struct gateways *g, struct party *party)
{
	if (party->told || !join_upstream(g, party))
		tell(g, party, party->star ? PARTY_CLIENT : PARTY_ALONE, source_of(party), NULL);
}

/* A client's call with what its gateway took; one that is itself a gateway's waits for what that serves. */
static void tell_client(struct gateways *g, struct party *client)
{
	struct party *before = client->above ? client->above->client : NULL;

	if (client->above && before && before->star == client && before->told)
		tell_client(g, before);
	if (client->above || (!client->told && gateway_may_be_claimed(g, &client->facts)))
		return;
	tell_by_itself(g, client);
}

/* Of the calls for one request: the one that brought the answer is the client's, and so is one that brought nothing. */
static void tell_upstream(struct gateways *g, struct party *upstream, struct party *star)
{
	struct party *client = upstream->above->client;

	if (client && (upstream == star || !upstream->facts.used))
		tell(g, upstream, PARTY_SAME, client, NULL);
	else if (client)
		tell(g, upstream, PARTY_EXTRA, client, NULL);
	else if (upstream != star && star && !upstream->facts.used)
		tell(g, upstream, PARTY_SAME, star, NULL);
	else
		tell(g, upstream, PARTY_REMOTE, NULL, upstream->above);
}

static void tell_upstreams(struct gateways *g, struct serving *serving, struct party *star)
{
	LIST_EACH(node, &serving->made)
		tell_upstream(g, PARTY(node, of_above), star);
}

/* ---- finding */

/* What is likelier: more speaks for it, it lies nearer in time; and of equals always the same one. */
struct rank {
	unsigned int score;		/* 0: not at all */
	uint64_t far;
	uint64_t conn_id;
	uint32_t exchange, part;
};

static struct rank rank_of(unsigned int score, uint64_t far, const struct facts *facts)
{
	return (struct rank){ score, far, facts->conn_id, facts->exchange, facts->part };
}

static bool likelier(const struct rank *a, const struct rank *b)
{
	if (a->score != b->score)
		return a->score > b->score;
	if (!a->score)
		return false;
	if (a->far != b->far)
		return a->far < b->far;
	if (a->conn_id != b->conn_id)
		return a->conn_id < b->conn_id;
	return a->exchange != b->exchange ? a->exchange < b->exchange : a->part < b->part;
}

/* The other end of a request that was served. */
struct party *gateway_find_client(struct gateways *g, const struct serving *serving)
{
	struct party *best = NULL;
	struct rank highest = { 0 };

	LIST_EACH(node, gateway_chain(g->parties_by_head, serving->facts.head)) {
		struct party *party = PARTY(node, of_head);
		struct rank rank = rank_of(match_client(&party->facts, &serving->facts),
					   apart(&party->facts, &serving->facts), &party->facts);

		if (likelier(&rank, &highest)) {
			best = party;
			highest = rank;
		}
	}
	return best;
}

/* From now on nobody else looks at it. */
static void belongs(struct party *party, struct serving *serving)
{
	party->above = serving;
	list_remove(&party->of_task);
	list_insert(&party->of_above, &serving->made);
}

/* What speaks for other requests that were being served then. */
struct claims {
	unsigned int best;		/* 0: there was none */
	bool open;			/* one of them has not ended: more may speak for it */
};

/* No further than to what is enough to know. */
static struct claims claims_of_others(struct gateways *g, const struct party *upstream, const struct serving *serving,
				      unsigned int enough)
{
	struct claims claims = { 0 };

	LIST_EACH(node, servings_of(g, &upstream->facts)) {
		struct serving *other = SERVING(node, of_task);
		unsigned int score = other == serving ? 0 : match_upstream(&upstream->facts, &other->facts);

		if (score > claims.best)
			claims.best = score;
		claims.open |= score && !other->facts.end_ns;
		if (claims.best >= enough)
			break;
	}
	return claims;
}

static bool is_sure(struct gateways *g, const struct party *upstream, const struct serving *serving, unsigned int score)
{
	bool strong = score >= MATCH_STRONG;
	unsigned int others = claims_of_others(g, upstream, serving, strong ? score : 1).best;

	return !others || (strong && others < score);
}

/* Of several, none of them sure. */
static bool is_likely(struct gateways *g, const struct party *upstream, const struct serving *serving, unsigned int score,
		      bool has_client)
{
	struct claims others = claims_of_others(g, upstream, serving, score + 1);

	return has_client ? score >= others.best : score > others.best && !others.open;
}

static struct rank rank_upstream(const struct party *upstream, const struct serving *serving)
{
	return rank_of(match_upstream(&upstream->facts, &serving->facts), apart(&upstream->facts, &serving->facts), &upstream->facts);
}

/* What strongly speaks for it, or (weak) what it alone can have made. */
static bool claim_sure(struct gateways *g, struct serving *serving, bool weak)
{
	unsigned int looked = 0;
	bool any = false;

	LIST_EACH(node, parties_of(g, serving)) {
		struct party *party = PARTY(node, of_task);
		unsigned int score = match_upstream(&party->facts, &serving->facts);

		if (!score || (score < MATCH_STRONG) != weak || (weak && ++looked > WEAK) || !is_sure(g, party, serving, score))
			continue;
		belongs(party, serving);
		any = true;
	}
	return any;
}

static struct party *find_likeliest(struct gateways *g, const struct serving *serving, const struct rank *below)
{
	struct party *likeliest = NULL;
	struct rank highest = { 0 };

	LIST_EACH(node, parties_of(g, serving)) {
		struct party *party = PARTY(node, of_task);
		struct rank rank = rank_upstream(party, serving);

		if (likelier(&rank, &highest) && (!below || likelier(below, &rank))) {
			likeliest = party;
			highest = rank;
		}
	}
	return likeliest;
}

/*
 * Where nothing is sure, only the likeliest is taken, and where no client is
 * known, only what is likelier for this request than for all others: to guess
 * would give one client's label to another's call. But a client's call without
 * its gateway's would be paid for twice.
 */
static void claim_upstreams(struct gateways *g, struct serving *serving, bool has_client)
{
	bool strong = claim_sure(g, serving, false), any = claim_sure(g, serving, true) || strong;
	struct party *party = NULL;
	struct rank rank;

	for (int i = 0; !any && i < TRIES; i++) {
		party = find_likeliest(g, serving, party ? &rank : NULL);
		if (!party)
			return;
		rank = rank_upstream(party, serving);
		any = is_likely(g, party, serving, rank.score, has_client);
		if (any)
			belongs(party, serving);
	}
}

/* A before B: it did not fail, it brought usage, it is likelier. */
static bool shines(const struct party *a, const struct party *b, const struct serving *serving)
{
	struct rank of_a = rank_of(match_upstream(&a->facts, &serving->facts), distance(a->facts.end_ns, serving->facts.end_ns), &a->facts);
	struct rank of_b = rank_of(match_upstream(&b->facts, &serving->facts), distance(b->facts.end_ns, serving->facts.end_ns), &b->facts);

	if (a->facts.failed != b->facts.failed)
		return b->facts.failed;
	if (a->facts.used != b->facts.used)
		return a->facts.used;
	return likelier(&of_a, &of_b);
}

/* The call that brought the answer. */
static struct party *find_star(struct serving *serving)
{
	struct party *best = NULL;

	LIST_EACH(node, &serving->made)
		if (!best || shines(PARTY(node, of_above), best, serving))
			best = PARTY(node, of_above);
	return best;
}

/* ---- settling */

static void join(struct gateways *g, struct serving *serving, struct party *client)
{
	struct party *star = find_star(serving);

	if (client) {
		serving->client = client;
		client->below = serving;
		list_remove(&client->of_head);
		client->star = star;
		tell_client(g, client);
	}
	tell_upstreams(g, serving, star);
}

/* Held for this one, and for no other any more. Where many are held, others are being served. */
static void release(struct gateways *g, struct party *party)
{
	if (party->awaited && !party->above && !gateway_may_be_claimed(g, &party->facts) && !gateway_may_be_served(g, &party->facts))
		tell_by_itself(g, party);
}

static void release_all(struct gateways *g, const struct serving *serving)
{
	unsigned int looked = 0;

	LIST_EACH(node, parties_of(g, serving))
		if (!PARTY(node, of_task)->told && ++looked <= WEAK)
			release(g, PARTY(node, of_task));
	looked = 0;
	LIST_EACH(node, gateway_chain(g->parties_by_head, serving->facts.head))
		if (!PARTY(node, of_head)->told && ++looked <= WEAK)
			release(g, PARTY(node, of_head));
}

void gateway_settle(struct gateways *g, struct serving *serving)
{
	struct party *client = gateway_find_client(g, serving);

	serving->settled = true;
	list_remove(&serving->by_age);
	list_insert(&serving->by_age, &g->settled);
	gateway_due(g, &serving->due_ns, (serving->facts.end_ns ? serving->facts.end_ns : serving->facts.begin_ns) + KEEP_NS);
	claim_upstreams(g, serving, client);
	join(g, serving, client);
	release_all(g, serving);
}

/* The client of a request that was taken for one from another host. */
static bool join_client(struct gateways *g, struct party *client)
{
	struct serving *best = NULL;
	struct rank highest = { 0 };

	LIST_EACH(node, gateway_chain(g->servings_by_head, client->facts.head)) {
		struct serving *serving = SERVING(node, of_head);
		bool is_free = serving->settled && !serving->client;
		struct rank rank = rank_of(is_free ? match_client(&client->facts, &serving->facts) : 0,
					   apart(&client->facts, &serving->facts), &serving->facts);

		if (likelier(&rank, &highest)) {
			best = serving;
			highest = rank;
		}
	}
	if (best)
		join(g, best, client);
	return best;
}

/* Only what has not had its usage told, or is borne out, takes a late call's for its own: the call may be another matter. */
static bool may_star(const struct party *client, const struct party *upstream, unsigned int score)
{
	return !client->star && upstream->facts.used && !upstream->facts.failed &&
	       (!client->facts.used || score >= MATCH_STRONG || client->facts.output == upstream->facts.output);
}

/* Where nothing tells several requests apart, only one whose client misses its answer can be meant. */
static bool join_upstream(struct gateways *g, struct party *upstream)
{
	struct serving *best = NULL;
	struct rank highest = { 0 };
	struct party *client;

	LIST_EACH(node, servings_of(g, &upstream->facts)) {
		struct serving *serving = SERVING(node, of_task);
		unsigned int score = serving->settled ? match_upstream(&upstream->facts, &serving->facts) : 0;
		struct rank rank = rank_of(score, distance(serving->facts.end_ns, upstream->facts.end_ns), &serving->facts);
		bool misses = serving->client && may_star(serving->client, upstream, score);

		if (likelier(&rank, &highest) && (misses || claims_of_others(g, upstream, serving, score).best < score)) {
			best = serving;
			highest = rank;
		}
	}
	if (!best)
		return false;
	belongs(upstream, best);
	client = best->client;
	if (client && may_star(client, upstream, highest.score)) {
		client->star = upstream;
		tell_client(g, client);
	}
	tell_upstream(g, upstream, client ? client->star : find_star(best));
	return true;
}

bool gateway_join_late(struct gateways *g, struct party *party)
{
	return join_client(g, party) || join_upstream(g, party);
}

/* Requests whose client has its answer have ended, whatever was lost of that. */
static bool settle_for(struct gateways *g, struct party *party)
{
	LIST_EACH(node, gateway_chain(g->servings_by_head, party->facts.head)) {
		struct serving *serving = SERVING(node, of_head);

		if (serving->settled || gateway_find_client(g, serving) != party)
			continue;
		gateway_settle(g, serving);
		return true;
	}
	LIST_EACH(node, servings_of(g, &party->facts)) {
		struct serving *serving = SERVING(node, of_task);

		if (serving->settled || !match_upstream(&party->facts, &serving->facts) || !gateway_find_client(g, serving))
			continue;
		gateway_settle(g, serving);
		return true;
	}
	return false;
}

void gateway_hurry(struct gateways *g, struct party *party)
{
	while (!party->told && settle_for(g, party))
		;
	if (!party->told)
		tell_by_itself(g, party);
}

void gateway_tell_alone(struct gateways *g, struct party *party)
{
	tell(g, party, PARTY_ALONE, NULL, NULL);
}
