/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boot time everywhere inside, wall time only in records. An anchor ties the
 * two together at one moment; it is taken anew as the wall clock is stepped.
 */
#ifndef AITAP_BASE_CLOCK_H
#define AITAP_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define NSEC_PER_SEC 1000000000ull
#define NSEC_PER_MSEC 1000000ull

struct anchor {
	uint64_t boot_ns;
	int64_t wall_ns;	/* since 1970 UTC */
};

uint64_t clock_boot_ns(void);
struct anchor clock_anchor(void);
int64_t clock_wall_ns(struct anchor, uint64_t boot_ns);

#define CLOCK_TEXT_MAX 28	/* 2026-11-22T06:00:00.123456Z and NUL */
void clock_text(int64_t wall_ns, char ret[static CLOCK_TEXT_MAX]);	/* RFC 3339, UTC, microseconds */
/* RFC 3339 date or date-time (Z or offset); -EINVAL for anything else */
int clock_parse(const char *s, size_t n, int64_t *ret_wall_ns);
int64_t clock_civil_ns(int year, int month, int day);	/* midnight UTC; month may be 13 */

#endif
