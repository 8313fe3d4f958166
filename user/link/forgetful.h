/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A memory without a ledger: some thousand rows in this process, of which the
 * oldest are given up, and none survives it. Cold thread only.
 */
#ifndef AITAP_LINK_FORGETFUL_H
#define AITAP_LINK_FORGETFUL_H

#include "noun/memory.h"

int forgetful_new(struct memory **ret);
struct memory *forgetful_free(struct memory *);

#endif
