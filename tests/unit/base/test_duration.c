/* SPDX-License-Identifier: MIT */
#include <pitot/config.h>
#include "support/check.h"

static void
durations_are_sums_of_units(void)
{
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
		{"0s", 0},
		{"1ms", 1},
		{"500ms", 500},
		{"15s", 15000},
		{"015s", 15000},
		{"90m", 5400000},
		{"1h30m", 5400000},
		{"1d", 86400000},
		{"2w", 1209600000},
		{"1y", INT64_C(31536000000)},
		{"1y2w3d4h5m6s7ms", INT64_C(33019506007)},
		{"1h0m5ms", 3600005},
		{"100y", INT64_C(3153600000000)},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t ms = -1;
		check_int(pitot_duration_parse(rows[i].text, &ms, NULL), 0);
		check_int(ms, rows[i].ms);
	}
}

static void
other_texts_say_what_is_expected(void)
{
	static const struct {
		const char *text, *what;
	} rows[] = {
		{"", "\"\": not a duration"},
		{"15", "\"15\": a unit is missing"},
		{"0", "a unit is missing"},
		{"1h30", "a unit is missing"},
		{"s", "not a duration"},
		{"-15s", "not a duration"},
		{"+15s", "not a duration"},
		{"1.5s", "not a duration"},
		{"15 s", "not a duration"},
		{" 15s", "not a duration"},
		{"15s ", "not a duration"},
		{"15S", "not a duration"},
		{"15sec", "not a duration"},
		{"1e3s", "not a duration"},
		{"30m1h", "units must go from large to small"},
		{"1s2s", "units must go from large to small"},
		{"101y", "longer than 100 years"},
		{"100y1ms", "longer than 100 years"},
		{"9223372036854775808ms", "longer than 100 years"},
		{"99999999999999999999999999y", "longer than 100 years"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t ms = 42;
		struct pitot_error why;
		check_int(pitot_duration_parse(rows[i].text, &ms, &why), PITOT_USAGE);
		check_int(ms, 42);
		check_contains(why.text, rows[i].what);
		check_contains(why.text, "15s, 1h30m or 500ms");
	}
}

CHECK_MAIN(
	"base/duration", TEST(durations_are_sums_of_units), TEST(other_texts_say_what_is_expected))
