/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of a ledger, made, and brought up from an earlier version: every
 * version so far only adds tables and columns, so there is one way from each.
 */
#ifndef AITAP_BOOK_SCHEMA_H
#define AITAP_BOOK_SCHEMA_H

#include <sqlite3.h>

/* Makes what is missing, in one transaction. What older calls have in a new column is unknown. */
int schema_make(sqlite3 *);
/* For one who only reads an older ledger: as if it had what is missing. */
int schema_feign(sqlite3 *);

#endif
