/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An answer that is fetched again, or polled for, is not spent again. What a call
 * began whose usage was still to come (an answer made in the background), the
 * first retrieval that brings the usage completes.
 */
#ifndef AITAP_LINK_RETRIEVAL_H
#define AITAP_LINK_RETRIEVAL_H

#include "link/owner.h"
#include "noun/memory.h"

enum retrieval {
	RETRIEVAL_NONE,		/* the call retrieves nothing: it is itself the spending */
	RETRIEVAL_UNKNOWN,	/* of what nobody saw being made */
	RETRIEVAL_REPEATS,	/* what ret->record has, or still waits for */
	RETRIEVAL_COMPLETES,	/* what ret->record waits for: its owner gets the usage */
};

enum retrieval retrieval_find(struct memory *, const struct call *, struct owner *ret);
/* After a record that spends, or that completed the one named: what a later retrieval of this answer repeats. */
int retrieval_keep(struct memory *, const struct record *);
int retrieval_completed(struct memory *, const struct record *retrieval, const struct owner *);

#endif
