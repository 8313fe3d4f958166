/* SPDX-License-Identifier: Apache-2.0 */
/* What websocket.c, which reads frames, and websocket_deflate.c, which undoes their compression, share. */
#ifndef AITAP_WIRE_WEBSOCKET_INSIDE_H
#define AITAP_WIRE_WEBSOCKET_INSIDE_H

#include "wire/inflater.h"
#include "wire/websocket.h"

/* permessage-deflate (RFC 7692) in one direction. */
struct ws_deflate {
	bool agreed;
	bool takeover;			/* a message may refer to those before it */
	bool dead;			/* of which one was lost: no more can be read */
	int8_t window_bits;
	struct inflater *state;		/* NULL between messages where there is no takeover */
};

/* Says of both directions, by enum side of the sender, what was agreed. */
void ws_deflate_agreed(const struct head *answer, struct ws_deflate ret[2]);

typedef int (*ws_out_fn)(void *ctx, const uint8_t *, size_t);

/*
 * A part of a compressed message; last: its last. What was inflated is handed on
 * in rooms of FILTER_ROOM bytes. -EBADMSG, -ENOMEM, or what the function returned.
 */
int ws_inflate(struct wire *, struct ws_deflate *, const uint8_t *p, size_t n, bool last, ws_out_fn, void *ctx);
/* A compressed message, or more than one, is not read to its end. */
void ws_deflate_lost(struct wire *, struct ws_deflate *);
void ws_deflate_done(struct wire *, struct ws_deflate *);

#endif
