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

struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })

struct str str_of(const char *s);	/* of a C string; NULL gives the empty view */
bool str_eq(struct str a, struct str b);
bool str_ieq(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_istarts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_iends(struct str s, struct str suffix);
struct str str_trim(struct str s);			/* of spaces, tabs, CR and LF */
struct str str_sub(struct str s, size_t from, size_t n);	/* clamped to s */
ptrdiff_t str_find(struct str s, struct str needle);	/* index or -1 */
ptrdiff_t str_chr(struct str s, char c);
bool str_split(struct str *rest, char c, struct str *ret);	/* next piece up to c; false when rest is used up (p == NULL) */

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
