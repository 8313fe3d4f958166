/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static _Atomic int level = LOG_INFO;

int log_level_parse(struct str s, enum log_level *ret)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };

	for (int i = 0; i < 4; i++)
		if (str_eq(s, str_of(names[i]))) {
			*ret = (enum log_level)i;
			return 0;
		}
	return -EINVAL;
}

void log_level_set(enum log_level to)
{
	level = to;
}

void log_line(enum log_level at, int error, const char *format, ...)
{
	static const char *const prefix[] = { "error: ", "warning: ", "", "debug: " };
	char line[2048];
	va_list args;
	int n;

	if ((int)at > level)
		return;
	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n < 0)
		return;
	if (error)
		fprintf(stderr, "aitap: %s%s: %s\n", prefix[at], line, strerror(-error));
	else
		fprintf(stderr, "aitap: %s%s\n", prefix[at], line);
}
