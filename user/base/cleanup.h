/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locals that clean up after themselves: the five macros of the house.
 *
 *	_cleanup_(conn_freep) struct conn *conn = NULL;
 *	_cleanup_close_ int fd = -1;
 *	_cleanup_free_ char *text = NULL;
 *	return TAKE_PTR(conn);
 */
#ifndef AITAP_BASE_CLEANUP_H
#define AITAP_BASE_CLEANUP_H

#include <unistd.h>

#include "base/mem.h"

#define _cleanup_(function) __attribute__((cleanup(function)))

static inline void close_fdp(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void mem_freep(void *p)
{
	mem_free(*(void **)p);
}

#define _cleanup_close_ _cleanup_(close_fdp)
#define _cleanup_free_ _cleanup_(mem_freep)
#define TAKE_PTR(p) ({ __typeof__(p) taken_ = (p); (p) = NULL; taken_; })
/* defines conn_freep() for a destructor struct conn *conn_free(struct conn *) */
#define DEFINE_FREEP(type, function) \
	static inline void function##p(type **p) { *p = function(*p); }

#endif
