/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a connection, shared by conn.c, which puts its bytes in order,
 * and http1.c, which reads them.
 */
#ifndef AITAP_WIRE_CONN_INSIDE_H
#define AITAP_WIRE_CONN_INSIDE_H

#include "base/buf.h"
#include "base/list.h"
#include "wire/body.h"
#include "wire/chunked.h"
#include "wire/conn.h"
#include "wire/exchange_inside.h"

enum place {
	AT_START,	/* of a message */
	IN_HEAD,
	IN_LENGTH,	/* a body of known length */
	IN_CHUNKED,
	UNTIL_CLOSE,
	LOST,		/* somewhere: until a message is seen to begin */
};

/* The message that is being read in one direction. */
struct message {
	uint8_t place;			/* enum place */
	bool after_hole;		/* a message may have been lost since the last one */
	bool strict;			/* began where anything might stand */
	uint64_t left;			/* IN_LENGTH */
	struct chunked chunked;
	struct exchange *exchange;	/* NULL: of nobody's interest */
	struct body *body;		/* NULL: framed only */
	struct buf head;		/* of a head that came in parts */
	uint64_t head_ns;
};

struct stream {
	uint64_t next;			/* offset of the next byte to be read */
	uint64_t bytes;			/* that came */
	struct list pending;		/* segments that wait, by offset */
	size_t pending_bytes;
	struct message message;
};

#define DIR_UNKNOWN 2

struct conn {
	struct wire *wire;
	uint64_t id;
	char *server_name;
	bool born;
	uint8_t protocol;		/* enum conn_protocol */
	uint8_t role;			/* enum call_role, as the library has it */
	uint8_t request_dir;		/* enum dir, or DIR_UNKNOWN */
	uint32_t requests;
	uint32_t n_exchanges;
	struct list exchanges;		/* in the order of their requests */
	uint64_t missing;
	uint64_t searched;		/* bytes in which nothing was found */
	struct stream stream[2];
};

/* Bytes that are next in their stream. */
struct chunk {
	const uint8_t *p;
	size_t n;
	uint64_t peer_offset;
	uint64_t boot_ns;
	bool begins;	/* as the application's own call did: a message can be looked for here */
	bool forced;	/* has waited long enough: a response without a request is nobody's */
};

/* Bytes read, all of them but where a response must wait for its request. */
size_t http1_read(struct conn *, enum dir, const struct chunk *);
void http1_hole(struct conn *, enum dir, uint64_t n);
/* The streams are over. whole: nothing is missing at their ends. */
void http1_end(struct conn *, bool whole);
/* Forgets what is under way: a message begins in both directions. */
void http1_restart(struct conn *);

#endif
