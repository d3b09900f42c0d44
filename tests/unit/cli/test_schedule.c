/* SPDX-License-Identifier: MIT */
#include "cli/schedule.h"

#include <stdlib.h>
#include <time.h>
#include "support/check.h"

/* "2026-11-24 10:00" in the zone, or "" for none. */
static const char *
next_after(const char *line, const char *zone, const char *now)
{
	static char text[32];
	struct cli_schedule schedule;
	const char *why;
	struct tm parts = {.tm_isdst = -1};
	(void)setenv("TZ", zone, 1);
	tzset();
	if (strptime(now, "%Y-%m-%d %H:%M:%S", &parts) == NULL)
		return "the test's time is wrong";
	parts.tm_isdst = -1;
	if (!cli_schedule_read(&schedule, line, &why))
		return why;
	time_t next = (time_t)cli_schedule_next(&schedule, (int64_t)mktime(&parts));
	if (next == 0)
		return "";
	(void)localtime_r(&next, &parts);
	(void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
	return text;
}

/* 2026-11-24 is a Tuesday. */
static void
the_next_time_is_the_crontabs(void)
{
	static const struct {
		const char *line, *now, *next;
	} cases[] = {
		{"15 3 * * *", "2026-11-24 03:15:00", "2026-11-25 03:15:00"},
		{"15 3 * * *", "2026-11-24 03:14:59", "2026-11-24 03:15:00"},
		{"* * * * *", "2026-11-24 10:00:30", "2026-11-24 10:01:00"},
		{"*/15 * * * *", "2026-11-24 10:46:00", "2026-11-24 11:00:00"},
		{"5/20 * * * *", "2026-11-24 10:46:00", "2026-11-24 11:05:00"},
		{"0,30 8-10/2 * * *", "2026-11-24 08:30:00", "2026-11-24 10:00:00"},
		{"0 0 * * mon-fri", "2026-11-27 10:00:00", "2026-11-30 00:00:00"},
		{"0 0 * * 7", "2026-11-24 10:00:00", "2026-11-29 00:00:00"},
		{"0 0 * * 0", "2026-11-24 10:00:00", "2026-11-29 00:00:00"},
		{"0 0 * * 5-7", "2026-11-28 10:00:00", "2026-11-29 00:00:00"},
		{"0 0 31 * *", "2026-11-24 10:00:00", "2026-12-31 00:00:00"},
		{"0 0 29 feb *", "2026-11-24 10:00:00", "2028-02-29 00:00:00"},
		/* Both restricted: either will do. */
		{"0 0 1 * wed", "2026-11-24 10:00:00", "2026-11-25 00:00:00"},
		{"0 0 26 * wed", "2026-11-25 10:00:00", "2026-11-26 00:00:00"},
		{"0 0 */2 * wed", "2026-11-24 10:00:00", "2026-11-25 00:00:00"},
		{"0 0 31 2 *", "2026-11-24 10:00:00", ""},
		{"@hourly", "2026-11-24 10:00:00", "2026-11-24 11:00:00"},
		{"@daily", "2026-12-31 10:00:00", "2027-01-01 00:00:00"},
		{"@weekly", "2026-11-24 10:00:00", "2026-11-29 00:00:00"},
		{"@monthly", "2026-11-24 10:00:00", "2026-12-01 00:00:00"},
		{"@yearly", "2026-11-24 10:00:00", "2027-01-01 00:00:00"},
		{"  15\t3 *  * * ", "2026-11-24 10:00:00", "2026-11-25 03:15:00"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		check_text(next_after(cases[i].line, "UTC", cases[i].now), cases[i].next);
}

/* Central Europe, written out so that no time zone files are needed. */
static const char zone[] = "CET-1CEST,M3.5.0,M10.5.0/3";

static void
a_fixed_time_that_is_left_out_comes_right_after(void)
{
	check_text(next_after("30 2 * * *", zone, "2026-03-28 10:00:00"), "2026-03-29 03:00:00");
	check_text(next_after("0,30 2 * * *", zone, "2026-03-28 10:00:00"), "2026-03-29 03:00:00");
	check_text(next_after("30 2 * * *", zone, "2026-03-29 03:00:00"), "2026-03-30 02:30:00");
	check_text(next_after("0 3 * * *", zone, "2026-03-28 10:00:00"), "2026-03-29 03:00:00");
	check_text(next_after("5 3 * * *", zone, "2026-03-29 01:59:00"), "2026-03-29 03:05:00");
	/* Those that follow the clock: nothing is made up for. */
	check_text(next_after("*/30 2 * * *", zone, "2026-03-28 10:00:00"), "2026-03-30 02:00:00");
	check_text(next_after("30 * * * *", zone, "2026-03-29 01:30:00"), "2026-03-29 03:30:00");
}

static int64_t
next_of(const char *line, int64_t seconds)
{
	struct cli_schedule schedule;
	const char *why;
	(void)setenv("TZ", zone, 1);
	tzset();
	return cli_schedule_read(&schedule, line, &why) ? cli_schedule_next(&schedule, seconds) : 0;
}

static void
a_fixed_time_comes_once_in_an_hour_that_is_repeated(void)
{
	/* 2026-10-25 03:00 in summer time, when the clocks go back to 02:00. */
	const int64_t change = 1792890000;
	check_int(next_of("30 2 * * *", change - 3600), change - 1800);
	check_int(next_of("30 2 * * *", change - 1800), change + 24 * 3600 + 1800);
	check_int(next_of("30 * * * *", change - 1800), change + 1800);
	check_int(next_of("*/30 2 * * *", change - 1800), change);
	check_int(next_of("*/30 2 * * *", change + 1800), change + 24 * 3600);
	check_text(next_after("0 12 * * *", zone, "2026-10-24 13:00:00"), "2026-10-25 12:00:00");
}

static void
a_wrong_line_is_told(void)
{
	static const struct {
		const char *line, *why;
	} cases[] = {
		{"", "five fields"},
		{"* * * *", "five fields"},
		{"* * * * * *", "nothing behind"},
		{"@reboot", "five fields"},
		{"60 * * * *", "minute"},
		{"* 24 * * *", "hour"},
		{"* * 0 * *", "day of the month"},
		{"* * 32 * *", "day of the month"},
		{"* * * 13 *", "month"},
		{"* * * foo *", "month"},
		{"* * * * 8", "day of the week"},
		{"5-1 * * * *", "minute"},
		{"*/0 * * * *", "minute"},
		{"*/ * * * *", "minute"},
		{"1,, * * * *", "minute"},
		{"1, * * * *", "minute"},
		{"1x * * * *", "minute"},
		{"-1 * * * *", "minute"},
		{"99999999999999999999 * * * *", "minute"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		check_contains(
			next_after(cases[i].line, "UTC", "2026-11-24 10:00:00"), cases[i].why);
}

CHECK_MAIN("cli/schedule", TEST(the_next_time_is_the_crontabs),
	TEST(a_fixed_time_that_is_left_out_comes_right_after),
	TEST(a_fixed_time_comes_once_in_an_hour_that_is_repeated), TEST(a_wrong_line_is_told))
