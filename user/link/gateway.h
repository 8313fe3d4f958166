/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gateway on this host makes two calls of one: a client calls the gateway, and
 * while that serves it, the gateway calls a provider. Both are seen, and so is
 * the serving side between them. Here they are joined, so that one of them is
 * the spending: the client's.
 *
 *	client process          gateway process                provider
 *	  its call  ========>  serving side   its own call  ========>
 *
 * Decides, and does nothing: parties (calls of clients and of gateways) are held
 * until what serves them has ended, and then told, each once. What comes too
 * late for that is told all the same, with what was told before, so that the
 * caller can put it right. All decisions are by the times of the calls, not by
 * the order in which they came. Cold thread only.
 */
#ifndef AITAP_LINK_GATEWAY_H
#define AITAP_LINK_GATEWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "noun/call.h"

struct gateways;
struct party;
struct serving;

enum party_as {
	PARTY_ALONE,		/* nothing was joined to it: as if no gateway were there */
	PARTY_CLIENT,		/* pays for what its gateway took; other is the call that brought the answer */
	PARTY_SAME,		/* a gateway's own call for other, the client's */
	PARTY_EXTRA,		/* likewise, but one that is paid for beside the one that brought the answer */
	PARTY_REMOTE,		/* a gateway's own call, for a client on another host */
};

struct verdict {
	enum party_as as;
	struct party *party, *other;
	const struct serving *serving;	/* PARTY_REMOTE: what carries the claims of the client */
};

struct gateways_ops {
	void (*tell)(void *ctx, const struct verdict *);
	void (*drop)(void *ctx, void *kept);	/* a party or a serving side is forgotten, or what is kept of it replaced */
	void *ctx;
};

struct gateway_counts {
	uint64_t held;			/* calls that waited */
	uint64_t joined;		/* calls of gateways that were found to be a client's */
	uint64_t late;			/* told before what they belong to had ended */
	uint64_t crowded;		/* told early, for there was no room to hold more */
};

int gateways_new(const struct gateways_ops *, struct gateways **ret);
struct gateways *gateways_free(struct gateways *);	/* drops, tells nothing */

/* The serving side: CALL_BEGUN, then CALL_ENDED. kept belongs to it from then on, also where this fails. */
int gateway_serving(struct gateways *, const struct call *, void *kept, size_t bytes);
/*
 * Can something have to do with this call, so that it has to be given to
 * gateway_call()? Of most the answer is no. likely: by its host, it may be served
 * on this one.
 */
bool gateway_wants(struct gateways *, const struct call *, bool likely);
/* kept belongs to the party. Told at once where nothing is to be waited for. -ENOMEM: not taken. */
int gateway_call(struct gateways *, const struct call *, bool likely, void *kept, size_t bytes);
/* Tells all that time has decided; UINT64_MAX: all. Gives when to come again. */
uint64_t gateways_tick(struct gateways *, uint64_t now_ns);
const struct gateway_counts *gateway_counts(const struct gateways *);

void *party_kept(const struct party *);
void party_keep(struct gateways *, struct party *, void *kept, size_t bytes);	/* in place of what was kept */
const void *serving_kept(const struct serving *);

#endif
