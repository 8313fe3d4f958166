/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attempts at one and the same request. An SDK numbers them itself; without its
 * word the same body from the same process again counts as one, but only soon
 * after an attempt that failed: the same prompt twice with success is two calls.
 *
 * The last some thousand attempts in a fixed table; a call that finds no earlier
 * one there is the first that is known. Cold thread only.
 */
#ifndef AITAP_LINK_RETRY_H
#define AITAP_LINK_RETRY_H

#include "noun/record.h"

struct retries;

int retries_new(struct retries **ret);
struct retries *retries_free(struct retries *);
/* In the order in which calls end. Fills attempt, retry_of and FLAG_RETRY of a record that has its call and its id, and keeps it. */
void retry_link(struct retries *, struct record *);

#endif
