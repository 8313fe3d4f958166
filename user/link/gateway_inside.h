/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of link/gateway, shared by gateway.c (who waits for whom, and how
 * long) and gateway_match.c (who belongs to whom), and by nobody else.
 */
#ifndef AITAP_LINK_GATEWAY_INSIDE_H
#define AITAP_LINK_GATEWAY_INSIDE_H

#include "base/limits.h"
#include "base/list.h"
#include "link/gateway.h"

/* What two views of one call, or a call and what it was made for, can have in common; hashes, 0 is unknown. */
struct facts {
	uint64_t conn_id;
	uint32_t exchange;
	uint16_t part;
	struct task task;
	uint64_t begin_ns, end_ns;	/* end 0: under way */
	uint64_t host;			/* name and port that were asked for */
	uint64_t head;			/* of all that its request's head told */
	uint64_t body;			/* of its request's body, if that is whole */
	uint64_t response_id, request_id, trace_id, idempotency;
	uint64_t model_asked, model;
	uint64_t request_bytes, content_bytes;
	uint64_t output;		/* tokens */
	bool used;			/* it brought usage */
	bool failed;
};

struct serving {
	struct list of_task, of_head, of_key;	/* chains of the table */
	struct list by_age;
	struct facts facts;
	uint64_t due_ns;		/* UINT64_MAX: it has not ended */
	bool settled;
	struct party *client;
	struct list made;		/* calls that were made for it */
	void *kept;
	size_t bytes;
};

struct party {
	struct list of_task, of_head;	/* chains of the table, until it belongs to a request, or that to it */
	struct list by_age;
	struct facts facts;
	uint64_t due_ns;		/* held: to be told then at the latest; told: to be forgotten then */
	bool told;
	bool awaited;			/* held for a request that is known, not just in case */
	enum party_as as;
	struct serving *above;		/* it was made for this one */
	struct list of_above;
	struct serving *below;		/* which served it */
	struct party *star;		/* the call made for it that brought its answer */
	void *kept;
	size_t bytes;
};

#define CHAINS 1024

#define PLACES 256	/* hosts and processes that serve, as far as they are remembered */

struct gateways {
	struct gateways_ops ops;
	struct gateway_counts counts;
	size_t n_servings, n_parties, bytes;
	uint64_t next_ns;			/* nothing is due before */
	struct list servings, settled;		/* requests that wait to be settled, and those that were, by age */
	struct list held, told;			/* parties likewise */
	struct list servings_by_key[CHAINS], servings_by_task[CHAINS], servings_by_head[CHAINS];
	struct list parties_by_task[CHAINS], parties_by_head[CHAINS];
	uint64_t hosts[PLACES], servers[PLACES];	/* hashes, each in its place */
};

static inline struct list *gateway_chain(struct list chains[CHAINS], uint64_t hash)
{
	return &chains[(hash ^ hash >> 32) % CHAINS];
}

void gateway_due(struct gateways *, uint64_t *ret_due_ns, uint64_t then_ns);

/* gateway_settle.c */
void gateway_settle(struct gateways *, struct serving *);
/* False: nothing that is settled has to do with it. */
bool gateway_join_late(struct gateways *, struct party *);
/* Held too long: a client's call is told with what its gateway took so far, a gateway's own call as what it is by itself. */
void gateway_hurry(struct gateways *, struct party *);
void gateway_tell_alone(struct gateways *, struct party *);
struct party *gateway_find_client(struct gateways *, const struct serving *);
/* By a request that is not settled yet. */
bool gateway_may_be_claimed(struct gateways *, const struct facts *upstream);
bool gateway_may_be_served(struct gateways *, const struct facts *client);

/* gateway_match.c: how much speaks for it; 0: it cannot be. */
#define MATCH_STRONG 32			/* from here on it is no accident */
void facts_of(const struct call *, struct facts *ret);
unsigned int match_client(const struct facts *client, const struct facts *serving);
unsigned int match_upstream(const struct facts *upstream, const struct facts *serving);

#endif
