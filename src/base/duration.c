/* SPDX-License-Identifier: MIT */
/*
 * Durations as Prometheus writes them: 1h30m, 15s, 500ms. Units go from large to small, each at
 * most once, and there must be one: whether 15 means seconds or milliseconds is what people get
 * wrong. It fails with PITOT_USAGE, saying what is allowed.
 */
#include "base/error.h"
#include "base/limits.h"
#include <pitot/config.h>
#include <string.h>

struct unit {
	const char *name;
	int64_t ms;
};

static const struct unit units[] = {
	{"y", INT64_C(31536000000)},
	{"w", 604800000},
	{"d", 86400000},
	{"h", 3600000},
	{"m", 60000},
	{"s", 1000},
	{"ms", 1},
};
enum { unit_count = sizeof units / sizeof units[0] };

/* The unit that is all letters at `text`, or unit_count. */
static size_t
find_unit(const char *text, size_t length)
{
	size_t i = 0;
	while (i < unit_count &&
		(strlen(units[i].name) != length || memcmp(units[i].name, text, length) != 0))
		i++;
	return i;
}

static int
bad(struct pitot_error *why, const char *text, const char *what)
{
	return pt_error_set(why, PITOT_USAGE,
		"\"%.64s\": %s; expected a duration such as 15s, 1h30m or 500ms (y, w, d, h, m, s, "
		"ms)",
		text, what);
}

int
pitot_duration_parse(const char *text, int64_t *ms, struct pitot_error *why)
{
	int64_t sum = 0;
	size_t next = 0; /* the largest unit that may follow */
	const char *at = text;
	do {
		size_t digits = strspn(at, "0123456789");
		if (digits == 0)
			return bad(why, text, "not a duration");
		int64_t number = 0;
		for (size_t i = 0; i < digits; i++)
			if (number <= PT_LIMIT_DURATION_MS)
				number = number * 10 + (at[i] - '0');
		at += digits;
		size_t letters = strcspn(at, "0123456789");
		if (letters == 0)
			return bad(why, text, "a unit is missing");
		size_t unit = find_unit(at, letters);
		if (unit == unit_count)
			return bad(why, text, "not a duration");
		if (unit < next)
			return bad(why, text, "units must go from large to small");
		if (number > (PT_LIMIT_DURATION_MS - sum) / units[unit].ms)
			return bad(why, text, "longer than 100 years");
		sum += number * units[unit].ms;
		next = unit + 1;
		at += letters;
	} while (*at != '\0');
	*ms = sum;
	return 0;
}
