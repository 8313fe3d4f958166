/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's own sources of an origin: /proc, the cgroup file systems, the
 * environment and the user database, in the order in which they are asked. The
 * user database comes last, for it may be a directory server that hangs.
 *
 * Made and freed by the main thread, used by the helper thread of who/ only.
 */
#ifndef AITAP_WHO_HOST_H
#define AITAP_WHO_HOST_H

#include "base/cleanup.h"
#include "who/who.h"

struct host;

int host_new(struct host **ret);
struct host *host_free(struct host *);
DEFINE_FREEP(struct host, host_free)

/* The table for struct who_config, and how many rows of it are filled. */
size_t host_sources(struct host *, struct who_source ret[static WHO_SOURCES]);

#endif
