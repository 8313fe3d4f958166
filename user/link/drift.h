/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a model's name resolves to, and when that changed. Only names that stand
 * for another are kept: a name that always answers as itself cannot drift.
 */
#ifndef AITAP_LINK_DRIFT_H
#define AITAP_LINK_DRIFT_H

#include "noun/memory.h"
#include "noun/record.h"

/* In the order in which calls end; adds FLAG_ALIAS_DRIFT where another model answers than before. */
void drift_look(struct memory *, struct record *);

#endif
