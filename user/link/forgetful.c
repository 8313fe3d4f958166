/* SPDX-License-Identifier: Apache-2.0 */
#include "link/forgetful.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"

struct row {
	struct list by_age;		/* since it was put last */
	uint64_t hash;
	size_t size;
	int64_t time_ns, until_ns;
	struct memory_key key;
	char text[];
};

struct forgetful {
	struct memory memory;
	struct map rows;		/* by hash of the key */
	struct list by_age;
	size_t bytes;
};

static uint64_t hash_of(const struct memory_key *key)
{
	uint64_t seed = hash_bytes(key->provider, strnlen(key->provider, sizeof(key->provider)), key->kind);

	return hash_bytes(key->name, strnlen(key->name, sizeof(key->name)), seed);
}

static bool same(const struct memory_key *a, const struct memory_key *b)
{
	return a->kind == b->kind && !strncmp(a->provider, b->provider, sizeof(a->provider)) &&
	       !strncmp(a->name, b->name, sizeof(a->name));
}

static void forget(struct forgetful *forgetful, struct row *row)
{
	map_remove(&forgetful->rows, row->hash);
	list_remove(&row->by_age);
	forgetful->bytes -= row->size;
	mem_free(row);
}

static int get(struct memory *memory, const struct memory_key *key, struct memory_value *ret)
{
	struct forgetful *forgetful = (struct forgetful *)memory;
	const struct row *row = map_get(&forgetful->rows, hash_of(key));

	if (!row || !same(&row->key, key))
		return -ENOENT;
	ret->time_ns = row->time_ns;
	ret->until_ns = row->until_ns;
	memcpy(ret->text, row->text, strlen(row->text) + 1);
	return 0;
}

static int put(struct memory *memory, const struct memory_key *key, const struct memory_value *value)
{
	struct forgetful *forgetful = (struct forgetful *)memory;
	size_t n = strnlen(value->text, sizeof(value->text) - 1), size = sizeof(struct row) + n + 1;
	struct row *row = mem_new(size), *before;
	int err;

	if (!row)
		return -ENOMEM;
	row->hash = hash_of(key);
	row->size = size;
	row->time_ns = value->time_ns;
	row->until_ns = value->until_ns;
	row->key = *key;
	memcpy(row->text, value->text, n);
	list_init(&row->by_age);
	before = map_get(&forgetful->rows, row->hash);
	if (before)
		forget(forgetful, before);
	while (!list_empty(&forgetful->by_age) &&
	       (forgetful->rows.n >= LIMIT_FORGETFUL || forgetful->bytes + size > LIMIT_FORGETFUL_BYTES))
		forget(forgetful, LIST_ENTRY(forgetful->by_age.next, struct row, by_age));
	err = map_put(&forgetful->rows, row->hash, row);
	if (err < 0) {
		mem_free(row);
		return err;
	}
	list_insert(&row->by_age, &forgetful->by_age);
	forgetful->bytes += size;
	return 0;
}

static const struct memory_ops ops = { .name = "forgetful", .get = get, .put = put };

int forgetful_new(struct memory **ret)
{
	struct forgetful *forgetful = mem_new(sizeof(*forgetful));

	if (!forgetful)
		return -ENOMEM;
	forgetful->memory.ops = &ops;
	forgetful->rows = MAP(LIMIT_FORGETFUL);
	list_init(&forgetful->by_age);
	*ret = &forgetful->memory;
	return 0;
}

struct memory *forgetful_free(struct memory *memory)
{
	struct forgetful *forgetful = (struct forgetful *)memory;

	if (!memory)
		return NULL;
	while (!list_empty(&forgetful->by_age))
		forget(forgetful, LIST_ENTRY(forgetful->by_age.next, struct row, by_age));
	map_done(&forgetful->rows);
	return mem_free(forgetful);
}
