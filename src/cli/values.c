/* SPDX-License-Identifier: MIT */
/* Times and sizes as people type them. Anything else than the forms that help shows is refused. */
#include "cli/cli.h"

#include <string.h>
#include <time.h>

#define LATEST_SECONDS INT64_C(253402300799) /* the year 9999 */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Up to `most` digits, at least one, moving behind them. */
static bool
read_digits(const char **at, size_t most, int64_t *number)
{
	size_t count = 0;
	*number = 0;
	for (; count < most && is_digit(**at); count++, ++*at)
		*number = *number * 10 + (**at - '0');
	return count > 0;
}

/* Exactly two digits with `before` in front, if it is not 0. */
static bool
read_two(const char **at, char before, int *number)
{
	const char *digits = *at;
	int64_t value;
	if (before != '\0' && *digits++ != before)
		return false;
	const char *start = digits;
	if (!read_digits(&digits, 2, &value) || digits != start + 2)
		return false;
	*number = (int)value;
	*at = digits;
	return true;
}

/* A point and digits, of which three count; nothing is 0. */
static bool
read_fraction(const char **at, int64_t *ms)
{
	*ms = 0;
	if (**at != '.')
		return true;
	++*at;
	int64_t weight = 100;
	const char *start = *at;
	for (; is_digit(**at); ++*at, weight /= 10)
		*ms += (**at - '0') * weight;
	return *at > start;
}

/* Z, or hours and minutes to the east, in seconds. */
static bool
read_zone(const char **at, int64_t *seconds)
{
	int hours, minutes;
	char sign = **at;
	*seconds = 0;
	if (sign == 'Z' || sign == 'z') {
		++*at;
		return true;
	}
	if ((sign != '+' && sign != '-') || !read_two(at, sign, &hours) ||
		!read_two(at, ':', &minutes) || hours > 23 || minutes > 59)
		return false;
	*seconds = (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
	return true;
}

static bool
read_rfc3339(const char *text, int64_t *ms)
{
	int64_t year, fraction, zone;
	struct tm time = {.tm_isdst = 0};
	if (!read_digits(&text, 4, &year) || !read_two(&text, '-', &time.tm_mon) ||
		!read_two(&text, '-', &time.tm_mday) || strchr("Tt ", *text) == NULL ||
		*text++ == '\0' || !read_two(&text, 0, &time.tm_hour) ||
		!read_two(&text, ':', &time.tm_min) || !read_two(&text, ':', &time.tm_sec) ||
		!read_fraction(&text, &fraction) || !read_zone(&text, &zone) || *text != '\0')
		return false;
	time.tm_year = (int)year - 1900;
	time.tm_mon--;
	struct tm given = time;
	int64_t seconds = timegm(&time);
	/* What is out of range was moved: February 30 became March. A leap second is let be. */
	bool leap = given.tm_sec == 60;
	if (!leap &&
		(time.tm_mday != given.tm_mday || time.tm_mon != given.tm_mon ||
			time.tm_hour != given.tm_hour || time.tm_min != given.tm_min))
		return false;
	*ms = (seconds - zone) * 1000 + fraction;
	return given.tm_sec <= 60 && *ms > 0;
}

bool
cli_time_parse(const char *text, int64_t *ms)
{
	int64_t seconds, fraction;
	const char *at = text;
	if (strcmp(text, "now") == 0) {
		struct timespec now;
		(void)clock_gettime(CLOCK_REALTIME, &now);
		*ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
		return true;
	}
	if (read_digits(&at, 12, &seconds) && read_fraction(&at, &fraction) && *at == '\0') {
		*ms = seconds * 1000 + fraction;
		return *ms > 0 && seconds <= LATEST_SECONDS;
	}
	return read_rfc3339(text, ms);
}

bool
cli_size_parse(const char *text, size_t *bytes)
{
	int64_t number;
	unsigned shift = 0;
	if (!read_digits(&text, 12, &number))
		return false;
	if (strcmp(text, "KiB") == 0)
		shift = 10;
	else if (strcmp(text, "MiB") == 0)
		shift = 20;
	else if (*text != '\0' && strcmp(text, "B") != 0)
		return false;
	*bytes = (size_t)number << shift;
	return number > 0;
}
