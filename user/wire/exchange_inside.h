/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of an exchange, for conn.c and the readers of messages. */
#ifndef AITAP_WIRE_EXCHANGE_INSIDE_H
#define AITAP_WIRE_EXCHANGE_INSIDE_H

#include "base/list.h"
#include "wire/body.h"
#include "wire/conn.h"
#include "wire/exchange.h"
#include "wire/message.h"

struct exchange {
	struct list list;		/* of its connection, in the order of the requests */
	struct exchange *spare;
	struct wire *wire;
	uint64_t peer_offset;		/* how much of the other stream had passed when its request began */
	bool wanted;			/* somebody reads its bodies */
	bool upgrades;			/* it asks for a WebSocket, and is not answered yet */
	bool after_hole;		/* requests before it may have been lost */
	bool request_done;
	bool response_done;
	bool response_hit;		/* by a hole */
	char method[16];		/* as much as fits */
	struct exchange_facts facts;
	_Alignas(16) uint8_t user[];
};

int exchange_new(struct wire *, struct exchange **ret);
void exchange_end(struct exchange *, enum ending);	/* tells it, takes it out of its list, back to the pool */
enum ending exchange_ending(const struct exchange *);	/* if nothing more comes */
void exchange_undecoded(struct wire *, struct exchange *);	/* a body, or a framing; of NULL it is counted */
struct body *exchange_body(struct exchange *, enum side, const struct framing *);	/* NULL: it is not to be read, or cannot be */
void exchange_bytes(struct exchange *, enum side, struct body *, const uint8_t *, size_t, uint64_t boot_ns);
void exchange_drop(struct exchange *);			/* one of which nothing was told, back to the pool */
void exchange_drop_spares(struct wire *);
struct exchange *exchange_first_waiting(struct list *exchanges);	/* the oldest without a response, or NULL */

#endif
