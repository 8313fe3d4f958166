/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events of a stream are one text again and again: only a word of it, an id
 * or a number differs. A mould is such a text with holes where its strings and
 * numbers stood. What fits one needs no reading: its picks are in the holes.
 *
 * Moulds are learnt from what passes and belong to one worker; a reader takes
 * any item to them first. They hold keys and brackets, and no string's text.
 */
#ifndef AITAP_AI_MOULD_H
#define AITAP_AI_MOULD_H

#include "ai/skim.h"

struct moulds;

/* -ENOMEM */
int moulds_new(struct moulds **ret);
struct moulds *moulds_free(struct moulds *);

/* The whole text of an item that has just begun: skim_write(), and quicker where a mould fits. */
int moulds_write(struct moulds *, struct skim *, struct str text);
uint64_t moulds_fitted(const struct moulds *);	/* texts that did */

#endif
