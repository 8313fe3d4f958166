/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "book/period.h"

#define S ((int64_t)NSEC_PER_SEC)
#define NONE INT64_MIN

/* what it is in UTC; NULL: refused */
static const struct {
	const char *zone, *moment, *utc;
} moments[] = {
	{ "UTC", "2026-11-22", "2026-11-22T00:00:00.000000Z" },
	{ "UTC", "2026-11-22T06:30", "2026-11-22T06:30:00.000000Z" },
	{ "UTC", "2026-11-22T06:30:15", "2026-11-22T06:30:15.000000Z" },
	{ "UTC", "2026-11-22 06:30", "2026-11-22T06:30:00.000000Z" },
	{ "+05:30", "2026-11-22", "2026-11-21T18:30:00.000000Z" },
	{ "-08:00", "2026-11-22", "2026-11-22T08:00:00.000000Z" },
	{ "-08:00", "2026-11-22T00:00:00Z", "2026-11-22T00:00:00.000000Z" },
	{ "-08:00", "2026-11-22T00:00:00.25+01:00", "2026-11-21T23:00:00.250000Z" },
	{ "Europe/Berlin", "2026-11-22", "2026-11-21T23:00:00.000000Z" },
	{ "Europe/Berlin", "2026-07-01", "2026-06-30T22:00:00.000000Z" },
	{ "UTC", "24h", "2026-11-21T12:00:00.000000Z" },
	{ "UTC", "30m", "2026-11-22T11:30:00.000000Z" },
	{ "Europe/Berlin", "7d", "2026-11-15T12:00:00.000000Z" },
	{ "UTC", "2w", "2026-11-08T12:00:00.000000Z" },
	{ "UTC", "2026-02-30", NULL }, { "UTC", "2026-13-01", NULL }, { "UTC", "2026-11-22T25:00", NULL },
	{ "UTC", "2026-11-22x", NULL }, { "UTC", "22.11.2026", NULL }, { "UTC", "", NULL }, { "UTC", "d", NULL },
	{ "UTC", "-1d", NULL }, { "UTC", "99999999d", NULL }, { "UTC", "1969-01-01", NULL }, { "UTC", "2026-11", NULL },
	{ "UTC", "yesterday", NULL }, { "UTC", "99999-01-01", NULL },
};

static void moments_are_read_in_their_zone(void **state)
{
	const int64_t now_ns = clock_civil_ns(2026, 11, 22) + 12 * 3600 * S;

	(void)state;
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		char text[CLOCK_TEXT_MAX];
		int64_t ns = NONE;
		int err;

		assert_int_equal(period_zone(moments[i].zone), 0);
		err = period_moment(moments[i].moment, now_ns, &ns);
		if ((err == 0) != (moments[i].utc != NULL))
			fail_msg("'%s' gives %d", moments[i].moment, err);
		if (err < 0)
			continue;
		clock_text(ns, text);
		assert_string_equal(text, moments[i].utc);
	}
}

static void months_end_where_the_next_begins(void **state)
{
	static const struct {
		const char *zone, *month, *since, *until;
	} cases[] = {
		{ "UTC", "2026-11", "2026-11-01T00:00:00.000000Z", "2026-12-01T00:00:00.000000Z" },
		{ "UTC", "2026-12", "2026-12-01T00:00:00.000000Z", "2027-01-01T00:00:00.000000Z" },
		{ "UTC", "2028-02", "2028-02-01T00:00:00.000000Z", "2028-03-01T00:00:00.000000Z" },
		/* a month in which clocks are put back */
		{ "Europe/Berlin", "2026-10", "2026-09-30T22:00:00.000000Z", "2026-10-31T23:00:00.000000Z" },
		{ "+05:30", "2026-11", "2026-10-31T18:30:00.000000Z", "2026-11-30T18:30:00.000000Z" },
	};
	static const char *const refused[] = { "2026-13", "2026-00", "2026", "2026-1", "2026-11-01", "26-11", "1969-01", "", "2026/11" };
	char text[CLOCK_TEXT_MAX];
	int64_t since, until;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(period_zone(cases[i].zone), 0);
		assert_int_equal(period_month(cases[i].month, &since, &until), 0);
		clock_text(since, text);
		assert_string_equal(text, cases[i].since);
		clock_text(until, text);
		assert_string_equal(text, cases[i].until);
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_int_equal(period_month(refused[i], &since, &until), -EINVAL);
}

static void zones(void **state)
{
	static const char *const refused[] = {
		"", "Mars", "Europe", "Europe/", "zone.tab", "UTC\n", "../../etc/passwd", "/etc/localtime", "+5", "+05:3", "+25:00", "+05:60", "+05:30x", "+ab:cd",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (period_zone(refused[i]) == 0)
			fail_msg("'%s' is taken for a zone", refused[i]);
}

static void periods_are_named(void **state)
{
	static const struct {
		const char *zone;
		const char *text[PERIODS], *moment;
	} cases[] = {
		{ "UTC", { "2026-10-25T00Z", "2026-10-25", "2026-W43", "2026-10" }, "2026-10-25T00:30:00Z" },
		{ "-08:00", { "2026-10-24T16-08:00", "2026-10-24", "2026-W43", "2026-10" }, "2026-10-24T16:30:00-08:00" },
		/* the same hour of that night, the first time */
		{ "Europe/Berlin", { "2026-10-25T02+02:00", "2026-10-25", "2026-W43", "2026-10" }, "2026-10-25T02:30:00+02:00" },
	};
	const int64_t at = clock_civil_ns(2026, 10, 25) + 1800 * S;
	char text[PERIOD_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(period_zone(cases[i].zone), 0);
		for (int p = 0; p < PERIODS; p++) {
			assert_int_equal(period_text(at, (enum period)p, text), strlen(cases[i].text[p]));
			assert_string_equal(text, cases[i].text[p]);
		}
		period_moment_text(at, text);
		assert_string_equal(text, cases[i].moment);
	}
	/* and the second time it is another hour */
	period_text(at + 3600 * S, PERIOD_HOUR, text);
	assert_string_equal(text, "2026-10-25T02+01:00");
	/* the year of a week is not always that of its days; before 1970 the day before is meant */
	assert_int_equal(period_zone("UTC"), 0);
	period_text(clock_civil_ns(2027, 1, 1), PERIOD_WEEK, text);
	assert_string_equal(text, "2026-W53");
	period_text(-1, PERIOD_DAY, text);
	assert_string_equal(text, "1969-12-31");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments_are_read_in_their_zone), cmocka_unit_test(months_end_where_the_next_begins),
		cmocka_unit_test(zones), cmocka_unit_test(periods_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
