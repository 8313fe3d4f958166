/* SPDX-License-Identifier: Apache-2.0 */
#include "book/period.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/str.h"

#define NS ((int64_t)NSEC_PER_SEC)

/* +05:30 is <+0530>-05:30 to POSIX, which counts from here to Greenwich. */
static int offset_zone(const char *zone, char *ret, size_t size)
{
	struct str text = str_of(zone);
	uint64_t hours, minutes;

	if (text.n != 6 || zone[3] != ':' || !str_u64(str_sub(text, 1, 2), &hours) || !str_u64(str_sub(text, 4, 2), &minutes) ||
	    hours > 23 || minutes > 59)
		return -EINVAL;
	snprintf(ret, size, "<%.3s%.2s>%c%.5s", zone, zone + 4, zone[0] == '+' ? '-' : '+', zone + 1);
	return 0;
}

/* RFC 8536: a file of the zone database begins so. */
static bool is_zone_file(const char *path)
{
	char magic[4] = "";
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, magic, sizeof(magic)) == sizeof(magic) && !memcmp(magic, "TZif", sizeof(magic));
}

/* The C library takes any unknown name for UTC without a word: so the file is looked at. */
static int named_zone(const char *zone, char *ret, size_t size)
{
	static const char *const folders[] = { "/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/etc/zoneinfo" };
	char path[256];

	if (zone[0] == '/' || strstr(zone, "..") || strlen(zone) > 100)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folders[i], zone);
		if (is_zone_file(path)) {
			snprintf(ret, size, ":%s", path);
			return 0;
		}
	}
	return -EINVAL;
}

int period_zone(const char *zone)
{
	char tz[300];
	int err = 0;

	if (!strcmp(zone, "UTC") || !strcmp(zone, "Z"))
		snprintf(tz, sizeof(tz), "UTC0");
	else if (zone[0] == '+' || zone[0] == '-')
		err = offset_zone(zone, tz, sizeof(tz));
	else
		err = named_zone(zone, tz, sizeof(tz));
	if (err < 0 || setenv("TZ", tz, 1) < 0)
		return -EINVAL;
	tzset();
	return 0;
}

static bool local_ns(struct tm tm, int64_t *ret_ns)
{
	struct tm asked = tm;
	time_t t;

	tm.tm_isdst = -1;
	t = mktime(&tm);
	/* a day that there is not, such as February 30, comes back as another one */
	if (t == (time_t)-1 || tm.tm_mday != asked.tm_mday || tm.tm_mon != asked.tm_mon)
		return false;
	*ret_ns = (int64_t)t * NS;
	return true;
}

static bool ago(const char *text, int64_t now_ns, int64_t *ret_ns)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 } };
	size_t n = strlen(text);
	uint64_t count;

	if (n < 2 || !str_u64((struct str){ text, n - 1 }, &count) || count > 100000)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (text[n - 1] == units[i].unit) {
			*ret_ns = now_ns - (int64_t)count * units[i].seconds * NS;
			return true;
		}
	return false;
}

int period_moment(const char *text, int64_t now_ns, int64_t *ret_ns)
{
	static const char *const forms[] = { "%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S" };
	size_t n = strlen(text);

	if (ago(text, now_ns, ret_ns))
		return 0;
	if (n > 10 && clock_parse(text, n, ret_ns) == 0)
		return 0;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]) && n >= 10 && text[4] == '-'; i++) {
		struct tm tm = { 0 };
		const char *end = strptime(text, forms[i], &tm);

		if (end && !*end)
			return tm.tm_year >= 70 && tm.tm_year <= 300 && local_ns(tm, ret_ns) ? 0 : -EINVAL;
	}
	return -EINVAL;
}

int period_month(const char *text, int64_t *ret_since_ns, int64_t *ret_until_ns)
{
	struct tm tm = { .tm_mday = 1 };
	const char *end = strlen(text) == 7 && text[4] == '-' ? strptime(text, "%Y-%m", &tm) : NULL;
	struct tm next = tm;

	if (!end || *end || tm.tm_year < 70 || tm.tm_year > 300)
		return -EINVAL;
	tm.tm_mday = next.tm_mday = 1;
	next.tm_year += tm.tm_mon == 11;
	next.tm_mon = (tm.tm_mon + 1) % 12;
	return local_ns(tm, ret_since_ns) && local_ns(next, ret_until_ns) ? 0 : -EINVAL;
}

/* The moment's offset as RFC 3339 has it. */
static size_t offset_text(const struct tm *tm, char *ret, size_t size)
{
	long minutes = labs(tm->tm_gmtoff) / 60;
	int n = tm->tm_gmtoff ? snprintf(ret, size, "%c%02ld:%02ld", tm->tm_gmtoff < 0 ? '-' : '+', minutes / 60 % 100, minutes % 60) :
				snprintf(ret, size, "Z");

	return (size_t)n;
}

static struct tm local(int64_t wall_ns)
{
	time_t t = (time_t)(wall_ns / NS - (wall_ns % NS < 0));
	struct tm tm = { 0 };

	localtime_r(&t, &tm);
	return tm;
}

size_t period_text(int64_t wall_ns, enum period period, char ret[static PERIOD_MAX])
{
	static const char *const forms[] = {
		[PERIOD_HOUR] = "%Y-%m-%dT%H", [PERIOD_DAY] = "%Y-%m-%d", [PERIOD_WEEK] = "%G-W%V", [PERIOD_MONTH] = "%Y-%m",
	};
	struct tm tm = local(wall_ns);
	size_t n = strftime(ret, PERIOD_MAX, forms[period], &tm);

	/* an hour of the night when clocks are put back comes twice */
	if (period == PERIOD_HOUR)
		n += offset_text(&tm, ret + n, PERIOD_MAX - n);
	return n;
}

size_t period_moment_text(int64_t wall_ns, char ret[static PERIOD_MAX])
{
	struct tm tm = local(wall_ns);
	size_t n = strftime(ret, PERIOD_MAX, "%Y-%m-%dT%H:%M:%S", &tm);

	return n + offset_text(&tm, ret + n, PERIOD_MAX - n);
}
