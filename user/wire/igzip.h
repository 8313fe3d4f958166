/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ISA-L's inflater: nearly twice as fast as zlib's, and twice as large. A worker
 * has a few, for as many bodies at a time; what comes beyond is zlib's.
 */
#ifndef AITAP_WIRE_IGZIP_H
#define AITAP_WIRE_IGZIP_H

#include "wire/body.h"
#include "wire/conn.h"

struct igzip;

enum igzip_format { FORMAT_GZIP, FORMAT_ZLIB, FORMAT_RAW };

/* From the worker's budget. -ENOSPC: all are at work; -ENOMEM. */
int igzip_take(struct wire *, enum igzip_format, struct igzip **ret);
struct igzip *igzip_put(struct wire *, struct igzip *);	/* NULL in is fine, NULL out */
void igzip_again(struct igzip *);			/* another stream of the format follows */
/*
 * What of p is decoded goes on from filter. 1: the stream has ended, and *ret_left
 * bytes of p are behind it; 0: all is consumed; -EBADMSG, or what the next said.
 */
int igzip_write(struct igzip *, struct filter *, const uint8_t *p, size_t n, size_t *ret_left);
bool igzip_data_over(const struct igzip *);		/* but for the check value it has ended */

#endif
