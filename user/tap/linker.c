/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache (ldconfig(8)) is tables and, behind them, NUL-terminated strings.
 * Strings that are absolute paths of a libssl are all that we want, so the
 * tables, of which there are two formats, need not be understood.
 */
#include "tap/linker.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/mem.h"

static bool is_libssl(struct str path)
{
	ptrdiff_t slash;

	if (!path.n || path.p[0] != '/' || path.n >= PATH_MAX)
		return false;
	while ((slash = str_chr(path, '/')) >= 0)
		path = str_sub(path, (size_t)slash + 1, path.n);
	return str_starts(path, STR("libssl.so")) || str_starts(path, STR("libssl-"));
}

void linker_cache(struct str bytes, linker_fn fn, void *ctx)
{
	struct str text;

	while (str_split(&bytes, '\0', &text)) {
		char path[PATH_MAX];

		if (is_libssl(text) && STR_COPY(path, text))
			fn(ctx, path);
	}
}

static void each_in_cache(linker_fn fn, void *ctx)
{
	_cleanup_close_ int fd = open("/etc/ld.so.cache", O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *bytes = mem_new(LIMIT_LINKER_CACHE);
	size_t n = 0;
	ssize_t got;

	if (fd < 0 || !bytes)
		return;
	while (n < LIMIT_LINKER_CACHE && (got = read(fd, bytes + n, LIMIT_LINKER_CACHE - n)) > 0)
		n += (size_t)got;
	linker_cache((struct str){ bytes, n }, fn, ctx);
}

void linker_each(linker_fn fn, void *ctx)
{
	/* musl has no cache and looks here; node carries the library itself */
	static const char *const usual[] = {
		"/lib/libssl.so.3", "/lib/libssl.so.1.1", "/usr/lib/libssl.so.3", "/usr/lib/libssl.so.1.1",
		"/usr/bin/node", "/usr/local/bin/node",
	};

	each_in_cache(fn, ctx);
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		fn(ctx, usual[i]);
}
