/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static _Thread_local uint64_t count;
static _Thread_local uint64_t fail_at;

static int refused(void)
{
	count++;
	return fail_at && --fail_at == 0;
}

void *mem_new(size_t size)
{
	return refused() ? NULL : calloc(1, size ? size : 1);
}

void *mem_array(size_t n, size_t size)
{
	size_t all;

	return __builtin_mul_overflow(n, size, &all) ? NULL : mem_new(all);
}

void *mem_resize(void *p, size_t old_size, size_t size)
{
	uint8_t *grown;

	if (refused())
		return NULL;
	grown = realloc(p, size ? size : 1);
	if (grown && size > old_size)
		memset(grown + old_size, 0, size - old_size);
	return grown;
}

void *mem_dup(const void *p, size_t size)
{
	void *copy = mem_new(size);

	if (copy && size)
		memcpy(copy, p, size);
	return copy;
}

char *mem_strndup(const char *s, size_t n)
{
	char *copy = mem_new(n + 1);

	if (copy && n)
		memcpy(copy, s, n);
	return copy;
}

void *mem_free(void *p)
{
	free(p);
	return NULL;
}

uint64_t mem_count(void)
{
	return count;
}

void mem_fail_at(uint64_t nth)
{
	fail_at = nth;
}

/* The size stands before each block, so that freeing can give it back. */
struct block {
	_Alignas(16) size_t size;
};

void *mem_budget_new(struct mem_budget *budget, size_t size)
{
	struct block *block;

	if (size > budget->limit || budget->used > budget->limit - size) {
		budget->refused++;
		return NULL;
	}
	block = mem_new(sizeof(*block) + size);
	if (!block) {
		budget->refused++;
		return NULL;
	}
	block->size = size;
	budget->used += size;
	return block + 1;
}

void mem_budget_free(struct mem_budget *budget, void *p)
{
	struct block *block = p;

	if (!p)
		return;
	block--;
	budget->used -= block->size;
	mem_free(block);
}
