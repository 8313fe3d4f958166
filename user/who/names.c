/* SPDX-License-Identifier: Apache-2.0 */
#include "who/names.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

struct name {
	struct name *next;	/* of the same hash */
	uint32_t value;
	size_t n;
	char text[];
};

static uint64_t key_of(struct str s)
{
	return hash_bytes(s.p, s.n, 0);
}

bool names_get(const struct names *names, struct str s, uint32_t *ret)
{
	for (const struct name *name = map_get(&names->map, key_of(s)); name; name = name->next)
		if (str_eq((struct str){ name->text, name->n }, s)) {
			*ret = name->value;
			return true;
		}
	return false;
}

int names_put(struct names *names, struct str s, uint32_t value)
{
	struct name *name;
	uint32_t there;
	int r;

	if (names_get(names, s, &there))
		return -EEXIST;
	if (names->n >= names->ceiling)
		return -ENOSPC;
	name = mem_new(sizeof(*name) + s.n + 1);
	if (!name)
		return -ENOMEM;
	name->value = value;
	name->n = s.n;
	memcpy(name->text, s.p, s.n);
	name->next = map_get(&names->map, key_of(s));
	r = map_put(&names->map, key_of(s), name);
	if (r < 0) {
		mem_free(name);
		return r;
	}
	names->n++;
	return 0;
}

void names_done(struct names *names)
{
	uint64_t key;
	void *at;

	for (size_t i = 0; map_next(&names->map, &i, &key, &at);)
		for (struct name *name = at, *next; name; name = next) {
			next = name->next;
			mem_free(name);
		}
	map_done(&names->map);
	names->n = 0;
}
