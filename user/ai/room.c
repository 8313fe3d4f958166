/* SPDX-License-Identifier: Apache-2.0 */
#include "ai/room.h"

#include <errno.h>

#include "base/mem.h"

int readers_new(struct readers **ret)
{
	struct readers *readers = mem_new(sizeof(*readers));
	int err = readers ? moulds_new(&readers->moulds) : -ENOMEM;

	if (err < 0)
		mem_free(readers);
	else
		*ret = readers;
	return err;
}

struct readers *readers_free(struct readers *readers)
{
	struct wanted_room *wanted;
	struct room *room;

	if (!readers)
		return NULL;
	while ((room = readers->rooms)) {
		readers->rooms = room->spare;
		mem_free(room);
	}
	while ((wanted = readers->wanted_rooms)) {
		readers->wanted_rooms = wanted->spare;
		mem_free(wanted);
	}
	moulds_free(readers->moulds);
	return mem_free(readers);
}

struct room *room_take(struct readers *readers)
{
	struct room *room = readers->rooms;

	if (!room)
		return mem_new(sizeof(*room));
	readers->rooms = room->spare;
	return room;
}

struct room *room_put(struct readers *readers, struct room *room)
{
	if (!room)
		return NULL;
	room->spare = readers->rooms;
	readers->rooms = room;
	return NULL;
}

struct wanted_room *wanted_room_take(struct readers *readers)
{
	struct wanted_room *room = readers->wanted_rooms;

	if (!room)
		return mem_new(sizeof(*room));
	readers->wanted_rooms = room->spare;
	return room;
}

struct wanted_room *wanted_room_put(struct readers *readers, struct wanted_room *room)
{
	if (!room)
		return NULL;
	room->spare = readers->wanted_rooms;
	readers->wanted_rooms = room;
	return NULL;
}

bool wanted_of_bodies(const struct wants *wants)
{
	for (uint32_t i = 0; i < wants->n_wanted && i < LIMIT_WANTED; i++)
		if (wants->wanted[i].kind == WANTED_BODY)
			return true;
	return false;
}

/* One path of the configuration that is none must not cost the others. */
bool wanted_room_compile(struct wanted_room *room, const struct wants *wants)
{
	struct want one[2] = { { .path = NULL } };
	size_t n = 0;

	room->table = (struct skim_table){ room->nodes, room->slots, WANTED_NODES, WANTED_SLOTS, 0 };
	for (uint32_t i = 0; i < wants->n_wanted && i < LIMIT_WANTED; i++) {
		if (wants->wanted[i].kind != WANTED_BODY)
			continue;
		one[0] = (struct want){ wants->wanted[i].name, (uint8_t)i, WANT_LAST, 0, 66 };
		if (skim_compile(one, &room->table) == 0)
			room->want[n++] = one[0];
	}
	room->want[n].path = NULL;
	if (n)
		(void)skim_compile(room->want, &room->table);
	return n > 0;
}
