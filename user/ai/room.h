/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the readers of one worker share. An item needs a room to be skimmed in
 * only while it is under way, and most are over in the piece that they began in:
 * so a worker has as many rooms as items are open at one time, not two a call.
 */
#ifndef AITAP_AI_ROOM_H
#define AITAP_AI_ROOM_H

#include "ai/mould.h"
#include "ai/proto.h"
#include "ai/provider.h"
#include "ai/skim.h"
#include "base/limits.h"
#include "noun/wants.h"

#define ROOM_HELD 768		/* a body's beginning, in which its shape shows */

struct room {
	struct room *spare;
	struct skim skim;
	struct proto proto;	/* fills the skim's item */
	uint16_t n_held;
	char held[ROOM_HELD];
};

#define WANTED_NODES 160
#define WANTED_SLOTS 256

/* For what the configuration wants of a request's body. */
struct wanted_room {
	struct wanted_room *spare;
	struct skim skim;
	struct skim_table table;
	struct want want[LIMIT_WANTED + 1];
	struct skim_node nodes[WANTED_NODES];
	uint16_t slots[WANTED_SLOTS];
};

/* Of a reader that shares with nobody. */
struct own_rooms {
	struct room room[2];
	struct wanted_room wanted;
};

struct readers {
	struct moulds *moulds;
	struct choices choices;
	struct room *rooms;		/* that nobody is in */
	struct wanted_room *wanted_rooms;
};

/* -ENOMEM */
int readers_new(struct readers **ret);
struct readers *readers_free(struct readers *);

struct room *room_take(struct readers *);	/* NULL: no memory */
struct room *room_put(struct readers *, struct room *);		/* NULL in is fine, NULL out */
struct wanted_room *wanted_room_take(struct readers *);
struct wanted_room *wanted_room_put(struct readers *, struct wanted_room *);
bool wanted_of_bodies(const struct wants *);			/* anything? */
bool wanted_room_compile(struct wanted_room *, const struct wants *);

#endif
