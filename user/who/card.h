/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An origin without its empty room: 17 KiB become some hundred bytes, so that
 * tens of thousands can be remembered. Immutable; freed with mem_free().
 */
#ifndef AITAP_WHO_CARD_H
#define AITAP_WHO_CARD_H

#include <stddef.h>

#include "base/str.h"
#include "noun/origin.h"

struct card;

int card_of(const struct origin *, struct card **ret);
size_t card_size(const struct card *);			/* NULL: 0 */
/* Fills what is still empty in the origin; NULL fills nothing. */
void card_fill(const struct card *, struct origin *);

/* Both also used by the sources; a key or row that is there already stays as it is. */
void origin_add_label(struct origin *, char scope, struct str key, struct str value);
void origin_add_value(struct origin *, uint8_t wanted, struct str text);

#endif
