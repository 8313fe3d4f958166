/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include <errno.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/mem.h"

uint64_t hash_u64(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93u;
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93u;
	return x ^ x >> 32;
}

uint64_t hash_bytes(const void *p, size_t n, uint64_t seed)
{
	return XXH3_64bits_withSeed(p, n, seed);
}

/* The slot that holds key, or the free one where it would go. The table is never full. */
static size_t find(const struct map *map, uint64_t key)
{
	size_t i = hash_u64(key) & (map->size - 1);

	while (map->slots[i].value && map->slots[i].key != key)
		i = (i + 1) & (map->size - 1);
	return i;
}

void *map_get(const struct map *map, uint64_t key)
{
	return map->size ? map->slots[find(map, key)].value : NULL;
}

static int grow(struct map *map)
{
	struct map bigger = { .size = map->size ? map->size * 2 : 64, .ceiling = map->ceiling };

	bigger.slots = mem_array(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < map->size; i++)
		if (map->slots[i].value) {
			bigger.slots[find(&bigger, map->slots[i].key)] = map->slots[i];
			bigger.n++;
		}
	mem_free(map->slots);
	*map = bigger;
	return 0;
}

int map_put(struct map *map, uint64_t key, void *value)
{
	size_t i;

	if (map->size) {
		i = find(map, key);
		if (map->slots[i].value) {
			map->slots[i].value = value;
			return 0;
		}
	}
	if (map->n >= map->ceiling)
		return -ENOSPC;
	if (map->n + 1 > map->size / 4 * 3 && grow(map) < 0)
		return -ENOMEM;
	map->slots[find(map, key)] = (struct map_slot){ key, value };
	map->n++;
	return 0;
}

void *map_remove(struct map *map, uint64_t key)
{
	size_t mask = map->size - 1, i, hole;
	void *value;

	if (!map->size)
		return NULL;
	hole = find(map, key);
	value = map->slots[hole].value;
	if (!value)
		return NULL;
	/* whoever stands behind the hole and may not stay there moves into it */
	for (i = (hole + 1) & mask; map->slots[i].value; i = (i + 1) & mask) {
		size_t home = hash_u64(map->slots[i].key) & mask;

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			map->slots[hole] = map->slots[i];
			hole = i;
		}
	}
	map->slots[hole] = (struct map_slot){ 0, NULL };
	map->n--;
	return value;
}

bool map_next(const struct map *map, size_t *at, uint64_t *ret_key, void **ret_value)
{
	for (; *at < map->size; (*at)++)
		if (map->slots[*at].value) {
			*ret_key = map->slots[*at].key;
			*ret_value = map->slots[(*at)++].value;
			return true;
		}
	return false;
}

void map_done(struct map *map)
{
	mem_free(map->slots);
	*map = MAP(map->ceiling);
}
