/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file under a ledger: is it one, of which version, what do SQLite's errors
 * mean. Both the writer and the reports open it here.
 *
 * Two tables matter: `calls`, one row a record, and `lines`, what each is billed for.
 * Money is integer pico-USD, time nanoseconds since 1970 UTC, NULL unknown.
 */
#ifndef AITAP_BOOK_STORE_H
#define AITAP_BOOK_STORE_H

#include <sqlite3.h>

#define STORE_VERSION 2			/* PRAGMA user_version; 2 has memory */
#define STORE_APPLICATION 0x61697470	/* PRAGMA application_id: aitp */
#define STORE_WHY 512

enum store_mode { STORE_READ, STORE_WRITE };

/* STORE_WRITE makes what is not there; schema and settings are checked by store_ready(). */
int store_open(const char *path, enum store_mode, sqlite3 **ret, char ret_why[static STORE_WHY]);
/* Is it a ledger that this version can use? An empty file becomes one, and an older one is brought up (STORE_WRITE). */
int store_ready(sqlite3 *, const char *path, enum store_mode, char ret_why[static STORE_WHY]);
void store_close(sqlite3 *);

/* What the newest error of this connection is, as a negative errno. */
int store_errno(sqlite3 *);
/* That error in words, "'PATH': cannot be VERBED: reason"; returns its errno. */
int store_why(sqlite3 *, const char *path, const char *verbed, char ret_why[static STORE_WHY]);
int store_exec(sqlite3 *, const char *sql);
/* The one integer of a statement without parameters. */
int store_number(sqlite3 *, const char *sql, sqlite3_int64 *ret);
int store_prepare(sqlite3 *, const char *sql, sqlite3_stmt **ret);

#endif
