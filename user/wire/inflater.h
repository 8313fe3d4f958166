/* SPDX-License-Identifier: Apache-2.0 */
/* zlib's states of a worker: to make one costs more than most bodies take to inflate, so some are kept. */
#ifndef AITAP_WIRE_INFLATER_H
#define AITAP_WIRE_INFLATER_H

#include <zlib.h>

#include "wire/conn.h"

struct inflater {
	z_stream z;		/* its state knows its address: it cannot be moved */
	struct inflater *spare;
};

/* window_bits: as inflateInit2() has it. From the worker's budget: -ENOMEM. Check values are not computed. */
int inflater_take(struct wire *, int window_bits, struct inflater **ret);
struct inflater *inflater_put(struct wire *, struct inflater *);	/* NULL in is fine, NULL out */

#endif
