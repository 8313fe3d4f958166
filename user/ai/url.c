/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and queries, of which dialects read models and ids. */
#include <string.h>

#include "ai/dialect.h"

struct str path_after(struct str path, const char *marker)
{
	ptrdiff_t at = str_find(path, str_of(marker));
	struct str rest = at < 0 ? (struct str){ "", 0 } : str_sub(path, (size_t)at + strlen(marker), path.n);
	ptrdiff_t slash = str_chr(rest, '/');

	return slash < 0 ? rest : str_sub(rest, 0, (size_t)slash);
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

struct str url_decode(struct str s, char *ret, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n + 1 < size; i++) {
		bool escape = s.p[i] == '%' && i + 2 < s.n;
		int high = escape ? hex(s.p[i + 1]) : -1, low = escape ? hex(s.p[i + 2]) : -1;
		char c = s.p[i];

		if (high >= 0 && low >= 0) {
			c = (char)(high * 16 + low);
			i += 2;
		}
		ret[n++] = c;
	}
	if (size)
		ret[n] = 0;
	return (struct str){ ret, n };
}

bool query_get(struct str query, const char *name, char *ret, size_t size)
{
	struct str one;

	while (query.n && str_split(&query, '&', &one)) {
		ptrdiff_t equals = str_chr(one, '=');
		if (equals < 0 || !str_eq(str_sub(one, 0, (size_t)equals), str_of(name)))
			continue;
		url_decode(str_sub(one, (size_t)equals + 1, one.n), ret, size);
		return true;
	}
	return false;
}
