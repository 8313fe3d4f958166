/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a report asks of a ledger, and its way into SQL: names come from a closed
 * table of fields and from the labels that the ledger has, values are always
 * bound, never pasted.
 */
#ifndef AITAP_BOOK_QUERY_H
#define AITAP_BOOK_QUERY_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define QUERY_BY 8
#define QUERY_WHERE 32
#define QUERY_WHY 2048
#define QUERY_UNATTRIBUTED "_unattributed"	/* who pays where no one is known to */

struct query_field {
	char name[80];		/* as it was asked for */
	char sql[64];		/* an expression of calls; with one parameter for a label */
	char path[80];		/* that parameter; "": none */
	bool time;		/* a period: shown in its order */
};

/* field=value, or field!=value; an empty value means unknown. Those of one field and sign are alternatives. */
struct query_term {
	struct query_field field;
	bool not;
	char value[256];
};

struct query {
	size_t n_by;
	struct query_field by[QUERY_BY];
	size_t alias;		/* by[alias - 1] and the two behind it are an alias: provider, model asked for, model that answered; 0: none */
	size_t n_where;
	struct query_term where[QUERY_WHERE];
	int64_t since_ns;	/* INT64_MIN: the beginning */
	int64_t until_ns;	/* not included; INT64_MAX: the end */
};

/* A,B,C as in --by, where "alias" stands for three fields; -EINVAL with the reason, which lists what is known. */
int query_by(struct query *, sqlite3 *, const char *list, char ret_why[static QUERY_WHY]);
int query_where(struct query *, sqlite3 *, const char *term, char ret_why[static QUERY_WHY]);

/* What stands for a parameter, in the order in which they stand in the text. */
struct query_value {
	const char *text;	/* NULL: number */
	int64_t number;
};

struct query_sql {
	struct buf text;
	size_t n;
	struct query_value values[2 * (QUERY_BY + 2 * QUERY_WHERE)];
};

void query_sql_by(struct query_sql *, const struct query *);	/* the expressions, each with a comma behind it */
void query_sql_where(struct query_sql *, const struct query *);	/* the condition on calls, period included */
int query_prepare(sqlite3 *, struct query_sql *, sqlite3_stmt **ret);
/* Gives a connection what queries need: exact_sum(), period_text(). */
int query_functions(sqlite3 *);
/* exact_sum()'s result. */
__int128 query_sum(sqlite3_stmt *, int column);

/* --store: a path, or sqlite:PATH. -ENOSYS for a kind that is not built yet, -EINVAL for none at all. */
int query_store(const char *url, const char **ret_path);

#endif
