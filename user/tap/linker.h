/* SPDX-License-Identifier: Apache-2.0 */
/* Where this system keeps the TLS libraries that programs will map: so that they are armed before the first one does. */
#ifndef AITAP_TAP_LINKER_H
#define AITAP_TAP_LINKER_H

#include "base/str.h"

typedef void (*linker_fn)(void *ctx, const char *path);

/* Paths of libssl in the cache of the dynamic linker, and of node where it is commonly installed. */
void linker_each(linker_fn, void *ctx);
/* The paths of libssl among the strings of such a cache. */
void linker_cache(struct str bytes, linker_fn, void *ctx);

#endif
