/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection that was upgraded to a WebSocket (RFC 6455). Its exchange, which
 * began with the upgrade's request, lives as long as the socket: the messages of
 * both sides are its items, in pieces as they come.
 */
#ifndef AITAP_WIRE_WEBSOCKET_H
#define AITAP_WIRE_WEBSOCKET_H

#include "wire/conn_inside.h"

/* Could these bytes of a server be the first of a call that begins with a message, in no coding, of JSON? */
bool websocket_begins(const uint8_t *p, size_t n);
/*
 * Behind conn_turn() to CONN_WEBSOCKET. answer: the head with status 101. The
 * exchange, which is of interest, is the socket's from here on; -ENOMEM: it is not.
 */
int websocket_begin(struct conn *, struct exchange *, const struct head *answer);

#endif
