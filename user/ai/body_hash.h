/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A keyed hash of a body that streams by: SipHash-1-3 (Aumasson and Bernstein,
 * 2012), whatever the pieces. Without the key nobody can tell what was hashed.
 */
#ifndef AITAP_AI_BODY_HASH_H
#define AITAP_AI_BODY_HASH_H

#include <stddef.h>
#include <stdint.h>

struct body_hash {
	uint64_t v[4];
	uint64_t tail;		/* bytes that do not fill a word yet */
	uint64_t length;
};

void body_hash_begin(struct body_hash *, const uint8_t key[static 16]);
void body_hash_add(struct body_hash *, const void *p, size_t n);
uint64_t body_hash_end(const struct body_hash *);	/* of what was added so far */

#endif
