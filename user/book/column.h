/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger's columns, from which its schema, its inserts and what reports may
 * ask for are all made: they cannot differ. A new column is a new
 * STORE_VERSION, and has no NOT NULL without a DEFAULT, since older ledgers get it too.
 */
#ifndef AITAP_BOOK_COLUMN_H
#define AITAP_BOOK_COLUMN_H

#include <sqlite3.h>
#include <stddef.h>

#include "base/buf.h"
#include "noun/record.h"

/* In the order of the table; NULL past its end. */
const char *column_name(size_t i);
const char *column_type(size_t i);

void columns_schema(struct buf *sql);		/* the CREATE statements of what is not there yet */
void columns_insert(struct buf *sql);		/* INSERT into calls, one parameter a column */
void columns_insert_line(struct buf *sql);	/* INSERT into lines */

/* Binds a whole row. scratch is emptied first; the record must stay until the statement has been stepped. */
int columns_bind(sqlite3_stmt *, const struct record *, struct buf *scratch);
int columns_bind_line(sqlite3_stmt *, const struct record *, uint32_t n);

#endif
