/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of four places, found by a hash of provider and response id, of which
 * the oldest is given up: no list, no allocation, and a fixed 1 MiB. An answer
 * is known by 128 bits of hash, so that two of them are never mixed up.
 */
#include "pipeline/seen.h"

#include <errno.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"

#define SETS 4096
#define WAYS 4

struct place {
	uint64_t hash[2];	/* both 0: free */
	uint64_t turn;
	struct seen_answer answer;
};

struct seen {
	uint64_t turn;
	struct place places[SETS][WAYS];
};

int seen_new(struct seen **ret)
{
	struct seen *seen = mem_new(sizeof(*seen));

	if (!seen)
		return -ENOMEM;
	*ret = seen;
	return 0;
}

struct seen *seen_free(struct seen *seen)
{
	return mem_free(seen);
}

static void hash_of(const char *provider, const char *response_id, uint64_t ret[2])
{
	size_t n = strlen(provider), m = strlen(response_id);

	for (uint64_t i = 0; i < 2; i++)
		ret[i] = hash_bytes(response_id, m, hash_bytes(provider, n, i + 1));
}

static struct place *find(const struct seen *seen, const uint64_t hash[2])
{
	const struct place *set = seen->places[hash[0] % SETS];

	for (size_t i = 0; i < WAYS; i++)
		if (!memcmp(set[i].hash, hash, sizeof(set[i].hash)))
			return (struct place *)&set[i];
	return NULL;
}

const struct seen_answer *seen_get(const struct seen *seen, const char *provider, const char *response_id)
{
	uint64_t hash[2];
	struct place *place;

	hash_of(provider, response_id, hash);
	place = find(seen, hash);
	return place ? &place->answer : NULL;
}

void seen_put(struct seen *seen, const char *provider, const char *response_id, const char *record, bool used)
{
	struct place *place, *set;
	uint64_t hash[2];

	hash_of(provider, response_id, hash);
	place = find(seen, hash);
	if (!place) {
		set = seen->places[hash[0] % SETS];
		place = set;
		for (size_t i = 1; i < WAYS; i++)
			if (set[i].turn < place->turn)
				place = &set[i];
	}
	memcpy(place->hash, hash, sizeof(place->hash));
	place->turn = ++seen->turn;
	STR_COPY(place->answer.record, str_of(record));
	place->answer.used = used;
}
