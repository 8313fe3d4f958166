/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/strand.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

#define N_ENDED (sizeof(((struct strands *)0)->ended) / sizeof(uint64_t))

void strands_init(struct strands *strands)
{
	strands->by_id = MAP(LIMIT_CONNS);
	list_init(&strands->ending);
	list_init(&strands->waiting);
	strands->spare = NULL;
	memset(strands->ended, 0, sizeof(strands->ended));
}

void strands_done(struct strands *strands)
{
	struct strand *strand;
	uint64_t id;

	for (size_t i = 0; map_next(&strands->by_id, &i, &id, (void **)&strand);)
		mem_free(strand);
	map_done(&strands->by_id);
	while ((strand = strands->spare)) {
		strands->spare = strand->next;
		mem_free(strand);
	}
}

struct strand *strand_find(const struct strands *strands, uint64_t id)
{
	return map_get(&strands->by_id, id);
}

bool strand_ended(const struct strands *strands, uint64_t id)
{
	return strands->ended[id % N_ENDED] == id;
}

int strand_new(struct strands *strands, uint64_t id, struct strand **ret)
{
	struct strand *strand = strands->spare;
	int err;

	if (strand)
		strands->spare = strand->next;
	else if (!(strand = mem_new(sizeof(*strand))))
		return -ENOMEM;
	*strand = (struct strand){ .id = id, .first = { UINT64_MAX, UINT64_MAX } };
	list_init(&strand->of_process);
	list_init(&strand->ending);
	list_init(&strand->waiting);
	err = map_put(&strands->by_id, id, strand);
	if (err < 0) {
		strand->next = strands->spare;
		strands->spare = strand;
		return err;
	}
	*ret = strand;
	return 0;
}

void strand_got(struct strand *strand, enum event_dir dir, uint64_t offset, uint32_t len)
{
	if (offset < strand->first[dir])
		strand->first[dir] = offset;
	strand->got[dir] += len;
}

bool strand_whole(const struct strand *strand)
{
	for (int dir = 0; dir < 2; dir++) {
		uint64_t first = strand->first[dir];

		if (!strand->end_known)
			return false;
		/* what was sent meanwhile never comes */
		if (strand_hushed(strand))
			continue;
		if (first == UINT64_MAX ? strand->end[dir] != 0 : strand->end[dir] - first != strand->got[dir])
			return false;
	}
	return true;
}

void strand_end(struct strands *strands, struct strand *strand, uint64_t deadline_ns)
{
	strand->deadline_ns = deadline_ns;
	list_remove(&strand->ending);
	list_insert(&strand->ending, &strands->ending);
}

void strand_wait(struct strands *strands, struct strand *strand, bool waits)
{
	if (waits != list_empty(&strand->waiting))
		return;
	list_remove(&strand->waiting);
	if (waits)
		list_insert(&strand->waiting, &strands->waiting);
}

struct strand *strand_free(struct strands *strands, struct strand *strand)
{
	if (!strand)
		return NULL;
	map_remove(&strands->by_id, strand->id);
	strands->ended[strand->id % N_ENDED] = strand->id;
	list_remove(&strand->of_process);
	list_remove(&strand->ending);
	list_remove(&strand->waiting);
	strand->next = strands->spare;
	strands->spare = strand;
	return NULL;
}
