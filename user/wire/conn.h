/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection: two byte streams, as the probed process sent and received them,
 * put in order and read as HTTP. Chunks come with their stream offsets; what
 * comes early waits, within bounds, for what is missing, and what stays missing
 * is a hole that ends the unit it hits and nothing more.
 *
 * struct wire is what the connections of one worker share: budgets, counts and
 * pools. All of it belongs to that worker's thread.
 */
#ifndef AITAP_WIRE_CONN_H
#define AITAP_WIRE_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/str.h"
#include "noun/call.h"
#include "wire/exchange.h"

enum dir { DIR_SENT, DIR_RECEIVED };	/* as seen from the probed process */

enum conn_protocol { CONN_UNKNOWN, CONN_HTTP1, CONN_HTTP2, CONN_WEBSOCKET, CONN_OTHER };

struct wire_counts {
	uint64_t heads;
	uint64_t bad_heads;		/* looked like HTTP and was not */
	uint64_t long_heads;		/* above LIMIT_HEAD */
	uint64_t lost;			/* a direction lost its framing, and searches for the next message */
	uint64_t orphans;		/* responses to requests that were not seen */
	uint64_t holes;
	uint64_t hole_bytes;
	uint64_t reordered;		/* chunks that had to wait */
	uint64_t reorder_full;		/* and found no place */
	uint64_t pipeline_full;
	uint64_t streams_full;		/* of HTTP/2, not read: too many at one time */
	uint64_t tables_full;		/* of HTTP/2 heads, given up: others needed the room */
	uint64_t lost_fields;		/* of HTTP/2 heads: their table entries came before what was seen */
	uint64_t undecodable;		/* corrupt or unknown content codings */
	uint64_t no_memory;
};

struct wire {
	const struct wire_ops *ops;
	void *ctx;
	size_t user_size;
	struct mem_budget budget;	/* of the decoders */
	struct mem_budget tables;	/* of HPACK */
	struct mem_budget heads;	/* that come in parts, or wait */
	struct wire_counts counts;
	size_t reorder_bytes;		/* held in all connections */
	struct exchange *spare_exchanges;
	struct body *spare_bodies;
	struct inflater *spare_inflaters;	/* at most LIMIT_INFLATERS */
	unsigned int n_inflaters;
	struct igzip *spare_igzips;		/* at most LIMIT_INFLATERS as well */
	unsigned int n_spare_igzips;
	unsigned int n_igzips;			/* those at work included: at most LIMIT_IGZIPS */
	struct buf spare_heads[LIMIT_SPARE_HEADS];	/* of heads that came in parts */
	unsigned int n_spare_heads;
	struct header *headers;		/* of the head in hand */
	struct hpack_pool *hpack_pool;	/* NULL: no HTTP/2 yet */
	struct http2_stream *spare_streams;
	uint32_t n_streams;		/* of all connections, now */
	uint8_t *room;			/* of the decoders' output */
};

/* user_size: see exchange_user(). -ENOMEM. */
int wire_init(struct wire *, const struct wire_ops *, void *ctx, size_t user_size);
void wire_done(struct wire *);	/* its connections are freed before */

struct conn;

struct conn_facts {
	enum conn_protocol protocol;
	enum call_role role;
	struct str server_name;		/* "" : unknown */
	uint32_t requests;
	uint64_t bytes[2];		/* by enum dir, as they came */
	uint64_t missing;
};

int conn_new(struct wire *, uint64_t id, bool born, struct conn **ret);
void conn_server_name(struct conn *, struct str);
/* What the library says. The bytes count more: who writes a request is the client. */
void conn_role(struct conn *, enum call_role);
/*
 * Bytes of one stream. offset: of the first of them; peer_offset: how long the
 * other stream was at that moment. They are read where they are; what has to
 * wait is copied. Where that cannot be, what is missing before is a hole at once.
 */
void conn_feed(struct conn *, enum dir, uint64_t offset, uint64_t peer_offset, uint64_t boot_ns, const uint8_t *p,
	       size_t n);
/* What is missing right before this offset is lost for good. Before conn_feed() of the bytes there. */
void conn_gap(struct conn *, enum dir, uint64_t offset, uint64_t boot_ns);
/* What lies before was not looked at on purpose: a request begins at offset, and nothing is missing. */
void conn_skip(struct conn *, enum dir, uint64_t offset, uint64_t peer_offset);
bool conn_waits(const struct conn *);			/* holds bytes that wait for others: conn_tick() is wanted */
void conn_tick(struct conn *, uint64_t boot_ns);	/* what waited for LIMIT_REORDER_NS waits no more */
/*
 * The connection is over; offset: the length of both streams, or NULL: unknown
 * but for what each stream's bytes said of the other. Ends every exchange.
 */
void conn_end(struct conn *, const uint64_t offset[2]);
/* Nobody listens any more: ends what is under way, keeps nothing, and reads nothing of what still comes. */
void conn_forget(struct conn *);
struct conn *conn_free(struct conn *);			/* exchanges that conn_end() did not end are aborted */
struct conn_facts conn_facts(const struct conn *);

#endif
