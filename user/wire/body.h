/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A body passes through a chain of filters: chunked, gzip, br, zstd, then one
 * that cuts it into items. A filter never owns its input, and the size of its
 * output never becomes memory: it hands on what it has and goes on.
 */
#ifndef AITAP_WIRE_BODY_H
#define AITAP_WIRE_BODY_H

#include <stddef.h>
#include <stdint.h>

struct filter;

struct filter_ops {
	const char *name;
	size_t size;							/* of the implementing struct */
	int (*write)(struct filter *, const uint8_t *, size_t);	/* bytes consumed, or negative errno: failed for good */
	int (*end)(struct filter *);					/* no more input: flush what an end makes complete */
	void (*done)(struct filter *);					/* frees */
};

#endif
