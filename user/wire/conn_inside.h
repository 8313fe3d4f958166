/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a connection, shared by conn.c, which puts its bytes in order,
 * and the readers of protocols.
 */
#ifndef AITAP_WIRE_CONN_INSIDE_H
#define AITAP_WIRE_CONN_INSIDE_H

#include "base/buf.h"
#include "base/list.h"
#include "wire/body.h"
#include "wire/chunked.h"
#include "wire/conn.h"
#include "wire/exchange_inside.h"
#include "wire/message.h"

enum place {
	AT_START,	/* of a message */
	IN_HEAD,
	HEAD_WAITS,	/* a whole response head whose request is not there yet; or a request's stream for the answer to its upgrade */
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
	bool decided;			/* which side it is of */
	bool start_line;		/* was looked at, and is one */
	uint64_t left;			/* IN_LENGTH */
	struct chunked chunked;
	struct exchange *exchange;	/* NULL: of nobody's interest */
	struct body *body;		/* NULL: framed only */
	struct buf head;		/* of a head that came in parts, or waits */
	uint64_t head_ns;		/* of its first byte */
	uint64_t head_end_ns;		/* of its last */
	uint64_t offset;		/* of its first byte */
	uint64_t peer_offset;		/* as it was then */
};

struct stream {
	uint64_t next;			/* offset of the next byte to be read */
	uint64_t bytes;			/* that came */
	uint64_t told;			/* how long it is at least, as the other stream's bytes say */
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
	uint32_t ahead;			/* responses that waited in vain for a request that must come */
	uint32_t doubtful;		/* requests up to the last one that gets no answer, for it could be another's */
	uint64_t request_peer_offset;	/* of the last request; UINT64_MAX: there was none */
	struct list exchanges;		/* in the order of their requests */
	uint64_t missing;
	uint64_t searched;		/* bytes in which nothing was found */
	void *state;			/* of a protocol that needs more than messages; NULL before it has read anything */
	struct stream stream[2];
};

/* Bytes that are next in their stream. */
struct chunk {
	const uint8_t *p;
	size_t n;
	uint64_t offset;	/* of p */
	uint64_t peer_offset;
	uint64_t boot_ns;
	bool begins;		/* as the application's own call did: a message can be looked for here */
};

/*
 * Who reads the bytes, as conn->protocol says. A reader that meets another
 * protocol sets it by conn_turn() and returns; the next one goes on from there.
 * Any reader may make its stream wait as HTTP/1 does: place HEAD_WAITS, head_ns
 * (0: nothing is late as long as no bytes come).
 */
struct protocol_ops {
	size_t (*read)(struct conn *, enum dir, const struct chunk *);	/* bytes read: all, unless the stream waits, or turned */
	bool (*resume)(struct conn *, enum dir, bool forced);		/* does it wait no more? forced: long enough; NULL: never waits */
	void (*hole)(struct conn *, enum dir, uint64_t n);		/* not while a stream waits */
	void (*end)(struct conn *, bool known);				/* ends every exchange; known: the streams were whole */
	void (*done)(struct conn *);					/* ends what is left, frees conn->state; may be NULL */
};

extern const struct protocol_ops protocol_http1, protocol_websocket, protocol_other;

/*
 * From the next byte on it is another protocol. Bytes that HTTP/1 has kept in
 * order to tell, in message.head, are read again by the next reader.
 */
void conn_turn(struct conn *, enum conn_protocol);

/* ---- protocol.c, for conn.c */
const struct protocol_ops *protocol_of(const struct conn *);
size_t protocol_read(struct conn *, enum dir, const struct chunk *);	/* by one reader, and the next one where that turns */
bool protocol_resume(struct conn *, enum dir, bool forced);
void protocol_leave(struct conn *);					/* frees what the protocol keeps */

/* The first n bytes are read; false: no more are left. */
static inline bool chunk_drop(struct chunk *chunk, uint64_t n)
{
	if (n >= chunk->n)
		return false;
	chunk->p += n;
	chunk->n -= (size_t)n;
	chunk->offset += n;
	chunk->begins &= !n;
	return true;
}

static inline struct buf head_buf(struct wire *wire)
{
	return BUF_OF(&wire->heads, LIMIT_HEAD);
}

static inline struct message *message_of(struct conn *conn, enum dir dir)
{
	return &conn->stream[dir].message;
}

static inline enum side side_of(const struct conn *conn, enum dir dir)
{
	return conn->request_dir == dir ? SIDE_REQUEST : SIDE_RESPONSE;
}

/* ---- http1.c, for conn.c */
void http1_restart(struct conn *);			/* Forgets what is under way: a message begins in both directions. */

/* ---- http1.c, for http1_head.c */
void http1_end_exchange(struct conn *, struct exchange *, enum ending);
void http1_end_all(struct conn *, enum ending);
void http1_end_if_done(struct conn *, struct exchange *);
void http1_lost(struct conn *, enum dir);		/* the framing is gone */
void http1_body(struct conn *, enum dir, enum place, const struct framing *);	/* a head has ended; place: of what follows */
enum place http1_place_of_body(const struct framing *, enum side);
void http1_search(struct conn *, enum dir, size_t n);	/* n bytes are no message's begin */
void http1_message_reset(struct conn *, enum dir, enum place);
struct buf http1_head_take(struct wire *);		/* a buffer for a head that comes in parts; back to those that are kept */
void http1_head_put(struct wire *, struct buf *);
void http1_head_drop_spares(struct wire *);

/* ---- http1_head.c, for http1.c */
bool http1_resume(struct conn *, enum dir, bool forced);
void http1_wait_for_upgrade(struct conn *, enum dir);	/* a request is over, and what follows may be another protocol */
/* Does a message begin at p? What follows tells: its place is IN_HEAD, or LOST, or the protocol is another. */
void http1_begin(struct conn *, enum dir, const struct chunk *, size_t at);
size_t http1_head(struct conn *, enum dir, const struct chunk *, size_t at);	/* bytes consumed */

#endif
