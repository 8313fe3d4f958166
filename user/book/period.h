/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moments and months as people write them, in a time zone of their choice. The
 * zone is the process's own (TZ), since the C library knows no other: set it
 * once, before there are threads.
 */
#ifndef AITAP_BOOK_PERIOD_H
#define AITAP_BOOK_PERIOD_H

#include <stddef.h>
#include <stdint.h>

#define PERIOD_MAX 40

enum period { PERIOD_HOUR, PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH, PERIODS };

/* UTC, an offset (+05:30), or a name of the zone database (Europe/Berlin); -EINVAL: there is no such zone here. */
int period_zone(const char *zone);
/* 2026-11-22, 2026-11-22T06:00[:00], RFC 3339 with its own zone, or so long ago: 30m, 24h, 7d, 2w. -EINVAL. */
int period_moment(const char *text, int64_t now_ns, int64_t *ret_ns);
/* 2026-11: from its first moment to the first of the next; -EINVAL. */
int period_month(const char *text, int64_t *ret_since_ns, int64_t *ret_until_ns);
/* The period that a moment falls into: 2026-11-22T06+01:00, 2026-11-22, 2026-W47, 2026-11. */
size_t period_text(int64_t wall_ns, enum period, char ret[static PERIOD_MAX]);
/* A moment to the second with its offset: 2026-11-22T06:00:00+01:00, Z in UTC. */
size_t period_moment_text(int64_t wall_ns, char ret[static PERIOD_MAX]);

#endif
