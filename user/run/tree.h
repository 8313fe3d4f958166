/* SPDX-License-Identifier: Apache-2.0 */
/* The processes that descend from one, as /proc shows them now. */
#ifndef AITAP_RUN_TREE_H
#define AITAP_RUN_TREE_H

#include <sys/types.h>

#define TREE_MAX 4096	/* processes looked at in one tree */

/* Calls visit for pid and each of its descendants, parents first; the first negative result ends it. -ESRCH: there is no pid. */
int tree_walk(pid_t pid, int (*visit)(void *ctx, pid_t pid), void *ctx);

#endif
