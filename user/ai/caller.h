/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request's head says of who asks and why, in any dialect: the program
 * and its session, trace context, attempts, the account's organisation.
 */
#ifndef AITAP_AI_CALLER_H
#define AITAP_AI_CALLER_H

#include "ai/skim.h"
#include "noun/call.h"
#include "noun/head.h"

extern const struct want caller_headers[];	/* read of any request's head */
extern const struct want answer_headers[];	/* and of any response's */

void caller_read(const struct head *, const struct wants *, struct call *);
/* Values that the configuration wants; what does not fit the rule becomes _invalid. */
void caller_value(struct call *, uint8_t wanted, struct str value);

#endif
