/* SPDX-License-Identifier: MIT */
/*
 * Fields become sets of bits; the next time is looked for day by day, and within a day minute by
 * minute, which is at most some thousand steps. A wrong line is told by what is wrong in it.
 *
 * Where the clocks change it is as Debian's cron does it: a line whose minute and hour are both
 * told (no "*" in front) runs once, also on such days: right after an hour that is left out, and
 * the first time in one that comes twice. Others follow the clock as it goes.
 */
#include "cli/schedule.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { most_days = 8 * 366 };

struct field {
	const char *name;
	unsigned least, most;
	const char *const *words; /* of the numbers from `least` on, or NULL */
};

static const char *const months[] = {
	"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const weekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

static const struct field fields[] = {
	{"the minute must be 0 to 59", 0, 59, NULL},
	{"the hour must be 0 to 23", 0, 23, NULL},
	{"the day of the month must be 1 to 31", 1, 31, NULL},
	{"the month must be 1 to 12, or jan to dec", 1, 12, months},
	{"the day of the week must be 0 to 7, or sun to sat", 0, 7, weekdays},
};
enum { field_count = sizeof fields / sizeof fields[0] };

/* ---- reading ---- */

static bool
read_number(const char **at, const struct field *field, unsigned *number)
{
	for (unsigned i = 0; field->words != NULL && field->words[i] != NULL; i++)
		if (strncasecmp(*at, field->words[i], 3) == 0) {
			*at += 3;
			*number = field->least + i;
			return true;
		}
	char *end = NULL;
	if (**at < '0' || **at > '9')
		return false;
	unsigned long value = strtoul(*at, &end, 10);
	*at = end;
	*number = (unsigned)value;
	return value >= field->least && value <= field->most;
}

/* One of a list: "*", "5", "1-5", each perhaps with "/2". */
static bool
read_part(const char **at, const struct field *field, uint64_t *set)
{
	unsigned from = field->least, to = field->most, step = 1;
	bool single = false;
	if (**at == '*') {
		++*at;
	} else {
		if (!read_number(at, field, &from))
			return false;
		to = from;
		single = true;
		if (**at == '-') {
			++*at;
			single = false;
			if (!read_number(at, field, &to) || to < from)
				return false;
		}
	}
	if (**at == '/') {
		char *end = NULL;
		unsigned long value = strtoul(*at + 1, &end, 10);
		if (end == *at + 1 || value == 0 || value > field->most)
			return false;
		*at = end;
		step = (unsigned)value;
		if (single)
			to = field->most;
	}
	for (unsigned i = from; i <= to; i += step)
		*set |= UINT64_C(1) << i;
	return true;
}

static bool
read_field(const char **at, const struct field *field, uint64_t *set)
{
	*set = 0;
	do {
		if (!read_part(at, field, set))
			return false;
	} while (**at == ',' && *++*at != '\0');
	return **at == '\0' || **at == ' ' || **at == '\t';
}

static const char *
long_form(const char *text)
{
	static const struct {
		const char *word, *line;
	} words[] = {{"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"},
		{"@monthly", "0 0 1 * *"}, {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},
		{"@midnight", "0 0 * * *"}, {"@hourly", "0 * * * *"}};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcasecmp(text, words[i].word) == 0)
			return words[i].line;
	return text;
}

bool
cli_schedule_read(struct cli_schedule *schedule, const char *text, const char **why)
{
	uint64_t sets[field_count];
	bool any[field_count]; /* as cron has it: what begins with "*" */
	const char *at = long_form(text);
	for (size_t i = 0; i < field_count; i++) {
		at += strspn(at, " \t");
		any[i] = *at == '*';
		*why = *at == '\0' || *at == '@' ? "expected five fields, or @daily and the like"
						 : fields[i].name;
		if (!read_field(&at, &fields[i], &sets[i]))
			return false;
	}
	at += strspn(at, " \t");
	*why = "expected five fields, and nothing behind them";
	if (*at != '\0')
		return false;
	*schedule = (struct cli_schedule){
		.minutes = sets[0],
		.hours = sets[1],
		.days = sets[2],
		.months = sets[3],
		.weekdays = sets[4] | sets[4] >> 7, /* 7 is Sunday, too */
		.fixed = !any[0] && !any[1],
		.any_day = any[2],
		.any_weekday = any[4],
	};
	return true;
}

/* ---- the next time ---- */

static bool
has(uint64_t set, int number)
{
	return (set >> number & 1) != 0;
}

static bool
is_its_day(const struct cli_schedule *schedule, const struct tm *day)
{
	bool by_day = has(schedule->days, day->tm_mday);
	bool by_weekday = has(schedule->weekdays, day->tm_wday);
	if (!has(schedule->months, day->tm_mon + 1))
		return false;
	return schedule->any_day || schedule->any_weekday ? by_day && by_weekday
							  : by_day || by_weekday;
}

/* When the clocks show this minute of a day: twice in an hour that is repeated. False: never. */
static bool
times_of(const struct tm *day, int minute, int64_t times[2])
{
	bool exists = false;
	for (int i = 0; i < 2; i++) {
		struct tm parts = {.tm_year = day->tm_year,
			.tm_mon = day->tm_mon,
			.tm_mday = day->tm_mday,
			.tm_hour = minute / 60,
			.tm_min = minute % 60,
			.tm_isdst = 1 - i}; /* summer's comes first */
		int64_t time = (int64_t)mktime(&parts);
		if (parts.tm_hour != minute / 60 || parts.tm_min != minute % 60)
			continue;
		times[1] = time;
		if (!exists)
			times[0] = time;
		exists = true;
	}
	return exists;
}

/* The first time of this day after `seconds`, or 0. */
static int64_t
next_in_day(const struct cli_schedule *schedule, const struct tm *day, int64_t seconds)
{
	int64_t first = 0, times[2];
	bool left_out = false; /* it is due as soon as the clocks go on */
	for (int minute = 0; minute < 24 * 60; minute++) {
		bool due = has(schedule->hours, minute / 60) && has(schedule->minutes, minute % 60);
		if (!due && !left_out)
			continue;
		bool exists = times_of(day, minute, times);
		left_out = !exists && schedule->fixed;
		for (int i = 0; exists && i < (schedule->fixed ? 1 : 2); i++)
			if (times[i] > seconds && (first == 0 || times[i] < first))
				first = times[i];
	}
	return first;
}

int64_t
cli_schedule_next(const struct cli_schedule *schedule, int64_t seconds)
{
	time_t now = (time_t)seconds;
	struct tm day;
	if (localtime_r(&now, &day) == NULL)
		return 0;
	for (int i = 0; i < most_days; i++) {
		/* Noon is there every day, whatever the clocks do. */
		struct tm noon = {.tm_year = day.tm_year,
			.tm_mon = day.tm_mon,
			.tm_mday = day.tm_mday + i,
			.tm_hour = 12,
			.tm_isdst = -1};
		if (mktime(&noon) == (time_t)-1)
			return 0;
		if (!is_its_day(schedule, &noon))
			continue;
		int64_t next = next_in_day(schedule, &noon, seconds);
		if (next != 0)
			return next;
	}
	return 0;
}
