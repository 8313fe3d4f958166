/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A view of bytes that someone else owns: not NUL-terminated, may hold NULs.
 * ASCII rules only (HTTP names, hosts, identifiers); no locale.
 */
#ifndef AITAP_BASE_STR_H
#define AITAP_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })

/* of a C string; NULL gives the empty view */
static inline struct str str_of(const char *s)
{
	return (struct str){ s ? s : "", s ? strlen(s) : 0 };
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (!a.n || !memcmp(a.p, b.p, a.n)); /* NOLINT: NULL has no length */
}

/* clamped to s */
static inline struct str str_sub(struct str s, size_t from, size_t n)
{
	if (from > s.n)
		from = s.n;
	if (n > s.n - from)
		n = s.n - from;
	return (struct str){ from ? s.p + from : s.p, n };
}

bool str_ieq_bytes(const char *a, const char *b, size_t n);

static inline bool str_ieq(struct str a, struct str b)
{
	return a.n == b.n && (!a.n || (!((a.p[0] ^ b.p[0]) & ~0x20) && str_ieq_bytes(a.p, b.p, a.n)));
}

static inline bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq((struct str){ s.p, prefix.n }, prefix);
}

static inline bool str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_eq(str_sub(s, s.n - suffix.n, suffix.n), suffix);
}

bool str_istarts(struct str s, struct str prefix);
bool str_iends(struct str s, struct str suffix);
ptrdiff_t str_find(struct str s, struct str needle);	/* index or -1 */

/* index or -1 */
static inline ptrdiff_t str_chr(struct str s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

	return at ? at - s.p : -1;
}

static inline bool str_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* of spaces, tabs, CR and LF */
static inline struct str str_trim(struct str s)
{
	for (; s.n && str_is_space(s.p[0]); s.n--)
		s.p++;
	while (s.n && str_is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* The next piece up to c; false when rest is used up (p == NULL). */
static inline bool str_split(struct str *rest, char c, struct str *ret)
{
	ptrdiff_t at;

	*ret = (struct str){ NULL, 0 };
	if (!rest->p)
		return false;
	at = str_chr(*rest, c);
	*ret = (struct str){ rest->p, at < 0 ? rest->n : (size_t)at };
	*rest = at < 0 ? (struct str){ NULL, 0 } : (struct str){ rest->p + at + 1, rest->n - (size_t)at - 1 };
	return true;
}

/*
 * Copies into a fixed array, always NUL-terminated. Returns false where it had
 * to cut (at a UTF-8 boundary) or to replace NULs and other control bytes by '?'.
 */
bool str_copy(char *ret_to, size_t size, struct str s);
#define STR_COPY(array, s) str_copy((array), sizeof(array), (s))

size_t str_utf8(struct str s);	/* length of the well-formed UTF-8 sequence that s begins with; 0: there is none */
bool str_u64(struct str s, uint64_t *ret);	/* decimal digits only; false on overflow or anything else */
bool str_glob(struct str pattern, struct str s);	/* * and ?, linear time, no character classes */

#endif
