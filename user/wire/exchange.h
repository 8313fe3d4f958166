/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An exchange: one HTTP request with its response, as a connection tells of it
 * through struct wire_ops. It belongs to its connection and lives from the
 * request's head to the one end(): that of a WebSocket, as long as the socket.
 */
#ifndef AITAP_WIRE_EXCHANGE_H
#define AITAP_WIRE_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "noun/call.h"
#include "noun/head.h"

struct exchange;

struct exchange_facts {
	uint32_t number;		/* within its connection, from 0 */
	enum call_role role;		/* client: this process sent the request */
	uint64_t begin_ns;		/* first request byte */
	uint64_t sent_ns;		/* last request byte */
	uint64_t first_byte_ns;		/* of the response */
	uint64_t end_ns;		/* last response byte */
	uint64_t request_bytes;		/* bodies, as decoded where they were, else as sent */
	uint64_t response_bytes;
	uint64_t missing_bytes;
	bool mid_connection;		/* the connection's birth was not seen */
	bool truncated;			/* a ceiling cut something */
	bool refused;			/* the server said that it did nothing of it (RFC 9113 section 8.7) */
	bool undecoded;			/* a body in a coding or framing that is not read */
};

struct wire_ops {
	/*
	 * The request's head, then the response's; interim responses (1xx) are not
	 * told. A request that answers 0 is of no interest: its bodies are framed,
	 * but not decoded, and no piece of it is told. Negative: likewise.
	 */
	int (*head)(void *ctx, struct exchange *, const struct head *);
	/*
	 * Decoded body, cut into items. An item whose last piece never comes was hit
	 * by a hole, or by the end. Negative: no more of this body, please.
	 */
	int (*piece)(void *ctx, struct exchange *, const struct piece *);
	/* Exactly once for every exchange whose request's head was told. */
	void (*end)(void *ctx, struct exchange *, enum ending);
};

void *exchange_user(struct exchange *);		/* user_size bytes, zeroed at the exchange's start */
const struct exchange_facts *exchange_facts(const struct exchange *);

#endif
