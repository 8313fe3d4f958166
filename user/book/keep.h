/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a ledger keeps its calls: at most so many days, at most so many
 * bytes. The oldest go first, a few at a time, so that nothing ever waits long.
 */
#ifndef AITAP_BOOK_KEEP_H
#define AITAP_BOOK_KEEP_H

#include <sqlite3.h>
#include <stdint.h>

struct keep {
	uint32_t days;		/* 0: for ever */
	uint64_t bytes;		/* 0: no ceiling */
	uint64_t turns;
	sqlite3 *db;
	sqlite3_stmt *oldest, *forget_lines, *forget_answer, *forget_call, *pages;
};

int keep_open(struct keep *, sqlite3 *);	/* days and bytes are set before */
void keep_close(struct keep *);
/* Forgets what is due, at most twice what came since the last time and a few; outside a transaction. */
int keep_tend(struct keep *, uint64_t came);

#endif
