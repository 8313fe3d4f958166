/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source that names a uid through the host's user database. That may be a
 * directory server, so answers are remembered for some minutes, and only the
 * helper thread ever asks.
 */
#ifndef AITAP_WHO_USERS_H
#define AITAP_WHO_USERS_H

#include "who/origin.h"

struct users_source;
extern const struct origin_source users_ops;
int users_new(struct users_source **ret);
struct users_source *users_free(struct users_source *);

#endif
