/* SPDX-License-Identifier: MIT */
/* When a crontab's line runs next. */
#ifndef CLI_SCHEDULE_H
#define CLI_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct cli_schedule {
	uint64_t minutes; /* a bit for each, 0 to 59 */
	uint64_t hours;   /* 0 to 23 */
	uint64_t days;    /* of the month, 1 to 31 */
	uint64_t months;  /* 1 to 12 */
	uint64_t weekdays;
	bool fixed;                /* minute and hour are told: once on each of its days */
	bool any_day, any_weekday; /* "*": with both restricted, either will do */
};

/*
 * Reads "15 3 * * *" or "@daily" and so on: lists, ranges, steps, and names of months and days, as
 * crontab(5) has them. False, with *why a constant text, if it is none.
 */
bool cli_schedule_read(struct cli_schedule *schedule, const char *text, const char **why);
/*
 * The first time after `seconds` (since the epoch), in the local time zone, as Debian's cron does
 * it: a line that is `fixed` runs right after an hour that the clocks leave out, and once in one
 * that they repeat; others follow the clock. 0 if there is none within eight years.
 */
int64_t cli_schedule_next(const struct cli_schedule *schedule, int64_t seconds);

#endif
