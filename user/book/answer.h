/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which record brought the usage of an answer, by provider and response id.
 *
 * Response ids come in no order, so in an index of them each new one dirties a
 * page of its own, and the index would cost more than all else. New ones are
 * therefore only noted (answers_new, at its end), and put into the index
 * (answers) some thousands at a time, in its order.
 */
#ifndef AITAP_BOOK_ANSWER_H
#define AITAP_BOOK_ANSWER_H

#include <sqlite3.h>
#include <stdint.h>

#include "noun/record.h"

#define ANSWERS_WAITING 16384

struct answers {
	sqlite3 *db;
	sqlite3_stmt *note, *find;
	uint64_t waiting;		/* noted, and not in the index; what was rolled back counts too */
};

int answers_open(struct answers *, sqlite3 *);
void answers_close(struct answers *);
/* Within the transaction that puts its call. */
int answers_note(struct answers *, const struct record *);
/* 0 and the record's id, or -ENOENT. */
int answers_find(struct answers *, const char *provider, const char *response_id, char ret_id[RECORD_ID_MAX]);
/* Puts what waits into the index, once it is enough; outside a transaction. What fails now is done later. */
int answers_tend(struct answers *);

#endif
