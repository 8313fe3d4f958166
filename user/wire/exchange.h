/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An exchange: one HTTP request with its response, as a connection tells of it
 * through struct wire_ops. It belongs to its connection and lives from the
 * request's head (or, in mid-connection, the response's) to the one end().
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
	bool mid_connection;
	bool truncated;			/* a ceiling cut something */
	bool undecoded;			/* a body in a coding or framing that is not read */
};

struct wire_ops {
	/* request head, then response head; 1xx are not told. 0 for a request: nobody wants the bodies. */
	int (*head)(void *ctx, struct exchange *, const struct head *);
	int (*piece)(void *ctx, struct exchange *, const struct piece *);
	void (*end)(void *ctx, struct exchange *, enum ending);
};

void *exchange_user(struct exchange *);		/* user_size bytes, zeroed at the exchange's start */
const struct exchange_facts *exchange_facts(const struct exchange *);

#endif
