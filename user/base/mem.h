/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only door to the heap. Everything comes zeroed; a refusal is NULL, and
 * callers turn it into -ENOMEM. mem_count() and mem_fail_at() let tests assert
 * that a path allocates nothing, and that the nth refusal is survived.
 *
 * A struct mem_budget bounds what one worker's decoders may hold: zlib, brotli,
 * zstd and HPACK allocate through it. It belongs to one thread.
 */
#ifndef AITAP_BASE_MEM_H
#define AITAP_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

void *mem_new(size_t size);
void *mem_array(size_t n, size_t size);			/* NULL on overflow too */
void *mem_resize(void *p, size_t old_size, size_t size);	/* new bytes zeroed; p stays valid on NULL */
void *mem_dup(const void *p, size_t size);
char *mem_strndup(const char *s, size_t n);		/* NUL-terminated */
void *mem_free(void *p);				/* NULL is fine; returns NULL */

uint64_t mem_count(void);		/* allocations by this thread so far */
void mem_fail_at(uint64_t nth);		/* this thread's nth allocation from now is refused, once; 0: none */

struct mem_budget {
	size_t limit;
	size_t used;
	uint64_t refused;
};

void *mem_budget_new(struct mem_budget *, size_t size);	/* zeroed; NULL over the limit, counted */
void mem_budget_free(struct mem_budget *, void *p);

#endif
