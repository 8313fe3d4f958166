/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /metrics, /healthz and /readyz, and nothing else: read-only, no TLS, no
 * authentication, meant for loopback or a pod's own address. Starts no thread:
 * its owner waits for http_fd() with epoll or poll for at most
 * http_timeout_ms(), then calls http_run(). /healthz answers as long as the
 * owner does so; it asks nobody.
 */
#ifndef AITAP_OUT_HTTP_H
#define AITAP_OUT_HTTP_H

#include "base/buf.h"
#include "base/cleanup.h"

struct http;

struct http_ops {
	int (*metrics)(void *ctx, struct buf *to);	/* the text of /metrics */
	int (*ready)(void *ctx, struct buf *why);	/* 0: ready; negative errno: not, and why */
	unsigned int life_ms;				/* a connection is ended after it; 0: 10 s */
};

/* listen: "127.0.0.1:9914", "[::1]:9914"; port 0: any. -EINVAL: not an address and a port. */
int http_open(const char *listen, const struct http_ops *, void *ctx, struct http **ret);
int http_fd(const struct http *);		/* readable when there is something to run */
int http_timeout_ms(const struct http *);	/* -1: until the fd is readable */
int http_port(const struct http *);
void http_run(struct http *);
struct http *http_close(struct http *);		/* NULL-safe; returns NULL */
DEFINE_FREEP(struct http, http_close)

#endif
