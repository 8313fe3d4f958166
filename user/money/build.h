/* SPDX-License-Identifier: Apache-2.0 */
/* How money/parse fills a table that money/table owns. Nobody else includes this. */
#ifndef AITAP_MONEY_BUILD_H
#define AITAP_MONEY_BUILD_H

#include "money/table.h"

int table_new(struct prices **ret);
/* Zeroed memory that lives as long as the table; NULL: there is none. */
void *table_alloc(struct prices *, size_t n, size_t size);
const char *table_text(struct prices *, struct str);
/* Finds or makes; NULL: no memory. */
struct price_provider *table_provider(struct prices *, struct str name);
/* Makes a price known by a name. -EEXIST: another one holds for the name at the same time (*ret_other). */
int table_name(struct prices *, struct price_provider *, enum name_kind, struct str text, const struct price *,
	       const struct price **ret_other);
int table_seal(struct prices *);	/* after the last name */

#endif
