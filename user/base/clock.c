/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

static uint64_t now_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_nsec;
}

uint64_t clock_boot_ns(void)
{
	return now_ns(CLOCK_BOOTTIME);
}

struct anchor clock_anchor(void)
{
	return (struct anchor){ .boot_ns = now_ns(CLOCK_BOOTTIME), .wall_ns = (int64_t)now_ns(CLOCK_REALTIME) };
}

int64_t clock_wall_ns(struct anchor anchor, uint64_t boot_ns)
{
	return (int64_t)((uint64_t)anchor.wall_ns + boot_ns - anchor.boot_ns);
}

/* Days from 1970-01-01 in the proleptic Gregorian calendar, with years that begin in March. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
	int64_t era, of_era, of_year;

	year += (month - 1) / 12;
	month = (month - 1) % 12 + 1;
	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	of_era = (year - era * 400) * 365 + (year - era * 400) / 4 - (year - era * 400) / 100 + of_year;
	return era * 146097 + of_era - 719468;
}

int64_t clock_civil_ns(int year, int month, int day)
{
	return days_from_civil(year, month, day) * 86400 * (int64_t)NSEC_PER_SEC;
}

void clock_text(int64_t wall_ns, char ret[static CLOCK_TEXT_MAX])
{
	int64_t sec = wall_ns / (int64_t)NSEC_PER_SEC, ns = wall_ns % (int64_t)NSEC_PER_SEC;
	struct tm tm;
	time_t t;
	size_t n;

	if (ns < 0) {
		ns += (int64_t)NSEC_PER_SEC;
		sec--;
	}
	t = (time_t)sec;
	gmtime_r(&t, &tm);
	n = strftime(ret, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(ret + n, CLOCK_TEXT_MAX - n, ".%06uZ", (unsigned int)(ns / 1000) % 1000000u);
}

static bool digits(const char *s, size_t n, size_t at, int count, int *ret)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		if (at + (size_t)i >= n || s[at + (size_t)i] < '0' || s[at + (size_t)i] > '9')
			return false;
		value = value * 10 + s[at + (size_t)i] - '0';
	}
	*ret = value;
	return true;
}

static int parse_zone(const char *s, size_t n, size_t at, int64_t *ret_seconds)
{
	int hours, minutes;

	if (at < n && (s[at] == 'Z' || s[at] == 'z') && at + 1 == n) {
		*ret_seconds = 0;
		return 0;
	}
	if (at >= n || (s[at] != '+' && s[at] != '-') || !digits(s, n, at + 1, 2, &hours) || at + 6 != n ||
	    s[at + 3] != ':' || !digits(s, n, at + 4, 2, &minutes) || hours > 23 || minutes > 59)
		return -EINVAL;
	*ret_seconds = (int64_t)(hours * 3600 + minutes * 60) * (s[at] == '-' ? -1 : 1);
	return 0;
}

static int days_of_month(int year, int month)
{
	return (int)(days_from_civil(year, month + 1, 1) - days_from_civil(year, month, 1));
}

int clock_parse(const char *s, size_t n, int64_t *ret_wall_ns)
{
	int year, month, day, hour, minute, second;
	int64_t zone, fraction = 0, unit = (int64_t)NSEC_PER_SEC;
	size_t at = 19;

	if (!digits(s, n, 0, 4, &year) || n < 10 || s[4] != '-' || !digits(s, n, 5, 2, &month) || s[7] != '-' ||
	    !digits(s, n, 8, 2, &day) || month < 1 || month > 12 || year < 1970 || year > 2200 ||
	    day < 1 || day > days_of_month(year, month))
		return -EINVAL;
	if (n == 10) {
		*ret_wall_ns = clock_civil_ns(year, month, day);
		return 0;
	}
	if ((s[10] != 'T' && s[10] != 't' && s[10] != ' ') || !digits(s, n, 11, 2, &hour) || n < 20 || s[13] != ':' ||
	    !digits(s, n, 14, 2, &minute) || s[16] != ':' || !digits(s, n, 17, 2, &second) || hour > 23 ||
	    minute > 59 || second > 60)
		return -EINVAL;
	if (s[at] == '.' && at + 1 < n && s[at + 1] >= '0' && s[at + 1] <= '9')
		for (at++; at < n && s[at] >= '0' && s[at] <= '9'; at++) {
			unit /= 10;
			fraction += (s[at] - '0') * unit;
		}
	if (parse_zone(s, n, at, &zone) < 0)
		return -EINVAL;
	*ret_wall_ns = clock_civil_ns(year, month, day) +
		       (hour * 3600 + minute * 60 + second - zone) * (int64_t)NSEC_PER_SEC + fraction;
	return 0;
}
