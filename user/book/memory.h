/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What earlier calls left (noun/memory.h), in two tables of the ledger, like its
 * records part of the transaction that is open.
 *
 * Names such as response ids come in no order, so in a table that is sorted by
 * them each new one dirties a page of its own. New ones are therefore added to the
 * end of memory_new, and merged into memory some thousands at a time, in its order.
 * Most questions are for what is not there (is this answer known already?), and
 * these cost no look at either: a Bloom filter of all names answers them.
 */
#ifndef AITAP_BOOK_MEMORY_H
#define AITAP_BOOK_MEMORY_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/map.h"
#include "noun/memory.h"

#define MEMORIES_WAITING 32768
#define MEMORY_KINDS 8

struct memories {
	sqlite3 *db;
	sqlite3_stmt *note, *note_again, *straight, *find_new, *find;
	uint64_t seed;			/* of hashes; another in each process, so that none can be chosen to collide */
	struct map waiting;		/* hash of a name -> its row in memory_new */
	bool known;			/* waiting is what is in the table */
	uint64_t *filter;
	struct asked_lately *lately;
	uint64_t looked;		/* questions that went to SQLite */
	uint64_t rows[MEMORY_KINDS];	/* about */
	uint64_t turns, came;		/* flushes and new names, since the last look for what has ended */
	sqlite3_stmt *window, *forget_ended, *forget_some;
	struct memory_key at;		/* how far that look has got */
};

/* The CREATE statements of what is not there yet, in the file (main) or beside it (temp). */
void memories_schema(struct buf *sql, const char *where);
int memories_open(struct memories *, sqlite3 *);
void memories_close(struct memories *);

/* As memory_ops has them; put is within a transaction. */
int memories_get(struct memories *, const struct memory_key *, struct memory_value *ret);
int memories_put(struct memories *, const struct memory_key *, const struct memory_value *);
/* The transaction that held the newest of them came to nothing. */
void memories_rolled_back(struct memories *);
/*
 * Merges what waits, once it is enough, and now and then forgets what has ended
 * by now, some rows at a time; outside a transaction. What fails now is done later.
 */
int memories_tend(struct memories *, int64_t now_ns);

#endif
