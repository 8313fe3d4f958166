/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A flat struct of mostly empty strings, made small for its way through a
 * queue: one bit for each 8-byte word that is not zero, then those words. A
 * call of 15 KB becomes one of about 1 KB.
 */
#ifndef AITAP_PIPELINE_PACK_H
#define AITAP_PIPELINE_PACK_H

#include <stddef.h>
#include <stdint.h>

#define PACK_MAX(size) (((size) / 8 + 63) / 64 * 8 + (size))

/* size: a multiple of 8, as is every struct with a 64-bit field; gives the bytes written, at most PACK_MAX(size). */
size_t pack(void *to, const void *from, size_t size);
/* -EBADMSG where the bytes are not a packed struct of that size. */
int unpack(void *ret_to, size_t size, const void *from, size_t n);

#endif
