/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header blocks of one direction of an HTTP/2 connection (RFC 7541), undone
 * by libnghttp2's inflater. Its memory comes from a budget of the worker's through
 * a pool in struct wire, so that a connection that has come to rest costs what is
 * in its table, and a block costs no allocation. Where all tables together are too
 * many, that one is given up which was not used for longest: its connection goes
 * on as one that is met late.
 */
#ifndef AITAP_WIRE_HPACK_H
#define AITAP_WIRE_HPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/str.h"
#include "noun/head.h"

struct nghttp2_hd_inflater;
struct wire;

struct hpack {
	struct nghttp2_hd_inflater *inflater;	/* NULL: there was no block yet */
	struct list used;			/* while there is one: in the pool's list, the latest last */
	bool blind;				/* what the table holds from before is unknown */
};

/* What a block holds. Views into the pool, valid until the next block of any connection. */
struct fields {
	struct str method, scheme, authority, path;	/* empty where not there, or lost */
	int status;			/* 0: none */
	struct header *headers;		/* all others, in order */
	size_t n_headers;
	unsigned int n_lost;		/* fields whose table entries came before what was seen */
	size_t missing;			/* bytes of a block that could not be read: nothing is known of it */
	bool cut;			/* a ceiling left some out */
};

/* A whole block. 0; -EBADMSG: it is none; -ENOMEM. After a failure the table is unknown. */
int hpack_read(struct wire *, struct hpack *, const uint8_t *p, size_t n, struct fields *ret);
/* Blocks passed unseen, or may have: nothing is known of the table any more. */
void hpack_lose(struct hpack *);
void hpack_done(struct hpack *);
void hpack_drop_pool(struct wire *);	/* its inflaters are done before */

#endif
