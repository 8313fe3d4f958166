/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static char *resize(struct buf *buf, size_t size)
{
	char *p;

	if (!buf->budget)
		return mem_resize(buf->p, buf->size, size);
	p = mem_budget_new(buf->budget, size);
	if (p && buf->n)
		memcpy(p, buf->p, buf->n);
	if (p)
		mem_budget_free(buf->budget, buf->p);
	return p;
}

/* Room for more, and for a NUL behind it, which is not counted. */
static int grow(struct buf *buf, size_t more)
{
	size_t size = buf->size ? buf->size : 256;
	char *p;

	if (buf->error)
		return buf->error;
	if (more > buf->ceiling || buf->n > buf->ceiling - more)
		return buf->error = -ENOSPC;
	while (size < buf->n + more + 1)
		size *= 2;
	if (size == buf->size)
		return 0;
	p = resize(buf, size);
	if (!p)
		return buf->error = -ENOMEM;
	buf->p = p;
	buf->size = size;
	return 0;
}

int buf_add(struct buf *buf, const void *p, size_t n)
{
	int r = grow(buf, n);

	if (r < 0)
		return r;
	if (n)
		memcpy(buf->p + buf->n, p, n);
	buf->n += n;
	return 0;
}

int buf_str(struct buf *buf, struct str s)
{
	return buf_add(buf, s.p, s.n);
}

int buf_puts(struct buf *buf, const char *s)
{
	return buf_add(buf, s, strlen(s));
}

int buf_char(struct buf *buf, char c)
{
	return buf_add(buf, &c, 1);
}

int buf_printf(struct buf *buf, const char *format, ...)
{
	char small[512];
	va_list args;
	int n, r;

	va_start(args, format);
	n = vsnprintf(small, sizeof(small), format, args);
	va_end(args);
	if (n < 0)
		return buf->error = -EINVAL;
	if ((size_t)n < sizeof(small))
		return buf_add(buf, small, (size_t)n);
	r = grow(buf, (size_t)n);
	if (r < 0)
		return r;
	va_start(args, format);
	vsnprintf(buf->p + buf->n, (size_t)n + 1, format, args);
	va_end(args);
	buf->n += (size_t)n;
	return 0;
}

void buf_take(struct buf *buf, size_t n)
{
	if (n >= buf->n) {
		buf->n = 0;
		return;
	}
	memmove(buf->p, buf->p + n, buf->n - n);
	buf->n -= n;
}

void buf_reset(struct buf *buf)
{
	buf->n = 0;
	buf->error = 0;
}

void buf_done(struct buf *buf)
{
	if (buf->budget)
		mem_budget_free(buf->budget, buf->p);
	else
		mem_free(buf->p);
	*buf = BUF_OF(buf->budget, buf->ceiling);
}

struct str buf_view(const struct buf *buf)
{
	return (struct str){ buf->p ? buf->p : "", buf->n };
}

const char *buf_cstr(struct buf *buf)
{
	if (grow(buf, 0) < 0)
		return "";
	buf->p[buf->n] = 0;
	return buf->p;
}
