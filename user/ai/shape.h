/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which dialect a body is in, by its shape alone: for a connection that was
 * joined in its middle, so that the path is unknown and only the host says who
 * is asked. Most providers' hosts speak two or three of them.
 */
#ifndef AITAP_AI_SHAPE_H
#define AITAP_AI_SHAPE_H

#include "ai/provider.h"

struct shape {
	const struct provider *dialect;
	const char *operation;
};

/* What to pick of a body's beginning, to be shown to shape_of(). */
extern const struct want shape_wants[];

/* NULL: it does not say. */
const struct shape *shape_of(const struct item *);
/* Names the provider, where not even the host is known, by the names of the answer and of its model. */
void shape_name(struct call *);

#endif
