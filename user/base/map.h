/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uint64_t to pointer: open addressing, linear probing, deletion by shifting
 * back, so a table that lives for months holds no tombstones. Owns no values.
 * A ceiling on the number of entries is set at its making.
 */
#ifndef AITAP_BASE_MAP_H
#define AITAP_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot {
	uint64_t key;
	void *value;	/* NULL: free */
};

struct map {
	struct map_slot *slots;
	size_t size;	/* a power of two, or 0 */
	size_t n;
	size_t ceiling;
};

#define MAP(max) ((struct map){ .ceiling = (max) })

void *map_get(const struct map *, uint64_t key);		/* NULL: not there */
int map_put(struct map *, uint64_t key, void *value);	/* replaces; -ENOSPC at the ceiling, -ENOMEM */
void *map_remove(struct map *, uint64_t key);		/* the value that was there, or NULL */
/* walks: for (size_t i = 0; map_next(map, &i, &key, &value);); the map must not change meanwhile */
bool map_next(const struct map *, size_t *at, uint64_t *ret_key, void **ret_value);
void map_done(struct map *);

uint64_t hash_u64(uint64_t);
uint64_t hash_bytes(const void *p, size_t n, uint64_t seed);	/* xxh3; not for secrets */

#endif
