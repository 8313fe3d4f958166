/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte array with a ceiling: a buffer without one cannot be made.
 * Over the ceiling nothing is added and -ENOSPC comes back; the failure sticks
 * (buf_failed) so that a writer may check once at its end.
 */
#ifndef AITAP_BASE_BUF_H
#define AITAP_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct mem_budget;

struct buf {
	char *p;
	size_t n;
	size_t size;
	size_t ceiling;
	int error;	/* first failure, negative errno */
	struct mem_budget *budget;	/* that its memory is of, or NULL */
};

#define BUF(max) ((struct buf){ .ceiling = (max) })
#define BUF_OF(from, max) ((struct buf){ .ceiling = (max), .budget = (from) })

int buf_add(struct buf *, const void *p, size_t n);
int buf_str(struct buf *, struct str);
int buf_puts(struct buf *, const char *);
int buf_char(struct buf *, char);
int buf_printf(struct buf *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_take(struct buf *, size_t n);		/* drops the first n bytes */
void buf_reset(struct buf *);			/* empty, memory and ceiling kept, error cleared */
void buf_done(struct buf *);			/* frees; usable again */
struct str buf_view(const struct buf *);
const char *buf_cstr(struct buf *);		/* NUL-terminated view; "" where that failed */

#endif
