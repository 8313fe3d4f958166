/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <string.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool str_ieq_bytes(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (lower(a[i]) != lower(b[i])) /* NOLINT: NULL has no length */
			return false;
	return true;
}

bool str_istarts(struct str s, struct str prefix)
{
	return str_ieq(str_sub(s, 0, prefix.n), prefix);
}

bool str_iends(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_ieq(str_sub(s, s.n - suffix.n, suffix.n), suffix);
}

/* Needles are short, and most places where one could begin are none: what memmem() prepares costs more than it saves. */
ptrdiff_t str_find(struct str s, struct str needle)
{
	const char *at = s.p, *last;

	if (!needle.n)
		return 0;
	if (s.n < needle.n)
		return -1;
	last = s.p + s.n - needle.n;
	while (at <= last && (at = memchr(at, needle.p[0], (size_t)(last - at) + 1))) {
		if (!memcmp(at, needle.p, needle.n))
			return at - s.p;
		at++;
	}
	return -1;
}

/* Never ends within a UTF-8 sequence (RFC 3629: continuation bytes are 10xxxxxx). */
static size_t utf8_cut(struct str s, size_t n)
{
	if (n < s.n)
		while (n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
			n--;
	return n;
}

typedef uint8_t v16 __attribute__((vector_size(16)));

/* Copies while whole sixteens hold no control bytes; how many bytes that were. */
static size_t copy_plain(char *to, const char *from, size_t n)
{
	size_t i = 0;

	for (; i + 16 <= n; i += 16) {
		uint64_t half[2];
		v16 v, control;

		memcpy(&v, from + i, 16);
		control = (v16)(v < 0x20) | (v16)(v == 0x7f);
		memcpy(half, &control, 16);
		if (half[0] | half[1])
			break;
		memcpy(to + i, &v, 16);
	}
	return i;
}

bool str_copy(char *ret_to, size_t size, struct str s)
{
	size_t n = s.n < size ? s.n : utf8_cut(s, size - 1), i = copy_plain(ret_to, s.p, n);
	bool whole = n == s.n;

	for (; i < n; i++) {
		bool control = (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f;

		ret_to[i] = control ? '?' : s.p[i];
		whole &= !control;
	}
	ret_to[n] = 0;
	return whole;
}

/* RFC 3629 section 4 */
size_t str_utf8(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t len;

	if (!s.n)
		return 0;
	len = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 :
	      p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : 0;
	if (!len || len > s.n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

bool str_u64(struct str s, uint64_t *ret)
{
	uint64_t value = 0;

	if (!s.n)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(s.p[i] - '0'), &value))
			return false;
	}
	*ret = value;
	return true;
}

/* Backtracks only to the last star, so it is linear in the product and never exponential. */
bool str_glob(struct str pattern, struct str s)
{
	size_t p = 0, i = 0, star = SIZE_MAX, mark = 0;

	while (i < s.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			mark = i;
		} else if (p < pattern.n && (pattern.p[p] == '?' || pattern.p[p] == s.p[i])) {
			p++;
			i++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			i = ++mark;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}
