/* SPDX-License-Identifier: MIT */
#include "codec/text.h"

#include "base/limits.h"
#include "base/number.h"
#include <locale.h>
#include <math.h>
#include "support/golden.h"
#include "unit/codec/text_case.h"

static void
check_plain(struct pitot_snapshot *snapshot, const char *expected)
{
	check_encoded(snapshot, PITOT_TEXT_0_0_4, NULL, expected);
}

/* text-formats 11 */
/* text-formats 12 */
/* text-formats 14 */
static void
compare_golden(const char *path)
{
	const struct pitot_encode_options options = {0};
	struct pitot_snapshot *snapshot = build_every_type();
	struct pt_buf out;
	pt_buf_init(&out, PT_LIMIT_TEXT);
	pt_text_encode(&out, snapshot, &options);
	golden_compare(path, "text", out.bytes, out.length);
	pt_buf_clear(&out);
	pitot_snapshot_free(snapshot);
}

static void
every_type_is_written_as_the_golden_text(void)
{
	check_size(golden_each("encode", compare_golden), 1);
}

/* text-formats 7 */
static void
the_locale_has_no_say(void)
{
	static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
	for (size_t i = 0; i < 3 && setlocale(LC_ALL, names[i]) == NULL; i++)
		continue;
	check_plain(BUILD(0, {.family = "g", .type = PITOT_GAUGE, .value = 0.5}),
		"# TYPE g gauge\ng 0.5\n");
	(void)setlocale(LC_ALL, "C");
}

/* text-formats 6 */
static void
values_are_the_shortest_decimals(void)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {{0, "0"}, {-0.0, "-0"}, {1, "1"}, {99999, "99999"}, {100000, "100000"},
		{999999, "999999"}, {1e6, "1e+06"}, {1234567, "1.234567e+06"},
		{12345678.5, "1.23456785e+07"}, {0.0001, "0.0001"}, {0.00001, "1e-05"},
		{1e20, "1e+20"}, {5e-324, "5e-324"},
		{1.7976931348623157e308, "1.7976931348623157e+308"},
		{1700000000.123, "1.700000000123e+09"},
		{9007199254740993.0, "9.007199254740992e+15"}, {INFINITY, "+Inf"},
		{-INFINITY, "-Inf"}, {NAN, "NaN"}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char expected[100];
		(void)snprintf(expected, sizeof expected, "# TYPE g gauge\ng %s\n", cases[i].text);
		check_plain(BUILD(0, {.family = "g", .type = PITOT_GAUGE, .value = cases[i].value}),
			expected);
	}
}

/* text-formats 5 */
static void
label_values_are_escaped_where_they_must_be_and_nowhere_else(void)
{
	check_plain(BUILD(0,
			    {.family = "g",
				    .type = PITOT_GAUGE,
				    .labels = {{"a", "\\\"\n"}, {"b", "\t\r\x01'{}=,#"},
					    {"c", "\xc3\xa4\xf0\x9f\x8d\x95"}, {"d", ""},
					    {"e", "\\n"}}}),
		"# TYPE g gauge\n"
		"g{a=\"\\\\\\\"\\n\",b=\"\t\r\x01'{}=,#\",c=\"\xc3\xa4\xf0\x9f\x8d\x95\",e="
		"\"\\\\n\"} 0\n");
}

/* text-formats 13 */
static void
help_escapes_backslash_and_line_feed_and_no_quote(void)
{
	check_plain(BUILD(0, {.family = "g", .type = PITOT_GAUGE, .help = "a\\b\nc\"d\""}),
		"# HELP g a\\\\b\\nc\"d\"\n# TYPE g gauge\ng 0\n");
	check_plain(BUILD(0, {.family = "g", .type = PITOT_GAUGE, .help = ""}),
		"# HELP g \n# TYPE g gauge\ng 0\n");
}

/* text-formats 15 */
static void
a_histogram_always_has_sum_and_count(void)
{
	check_plain(BUILD(0,
			    {.family = "h",
				    .type = PITOT_HISTOGRAM,
				    .part = PT_PART_BUCKET,
				    .labels = {{"a", "b"}},
				    .bound = -1,
				    .value = 2},
			    {.part = PT_PART_BUCKET,
				    .labels = {{"a", "b"}},
				    .bound = INFINITY,
				    .value = 3}),
		"# TYPE h histogram\n"
		"h_bucket{a=\"b\",le=\"-1.0\"} 2\nh_bucket{a=\"b\",le=\"+Inf\"} 3\n"
		"h_sum{a=\"b\"} NaN\nh_count{a=\"b\"} 3\n");
	check_plain(BUILD(0,
			    {.family = "h",
				    .type = PITOT_HISTOGRAM,
				    .part = PT_PART_BUCKET,
				    .bound = INFINITY,
				    .value = 3},
			    {.part = PT_PART_SUM, .bits = PT_NUMBER_ABSENT},
			    {.part = PT_PART_COUNT, .value = 3}),
		"# TYPE h histogram\nh_bucket{le=\"+Inf\"} 3\nh_sum NaN\nh_count 3\n");
}

/* text-formats 9 */
static void
a_gauge_histogram_is_three_families_that_do_not_mix(void)
{
	check_plain(BUILD(0,
			    {.family = "q",
				    .type = PITOT_GAUGE_HISTOGRAM,
				    .help = "Q.",
				    .part = PT_PART_BUCKET,
				    .labels = {{"a", "1"}},
				    .bound = INFINITY,
				    .value = 1},
			    {.part = PT_PART_GSUM, .labels = {{"a", "1"}}, .value = 10},
			    {.part = PT_PART_GCOUNT, .labels = {{"a", "1"}}, .value = 1},
			    {.part = PT_PART_BUCKET,
				    .labels = {{"a", "2"}},
				    .bound = INFINITY,
				    .value = 2},
			    {.part = PT_PART_GSUM, .labels = {{"a", "2"}}, .value = 20},
			    {.part = PT_PART_GCOUNT, .labels = {{"a", "2"}}, .value = 2}),
		"# HELP q_bucket Q.\n# TYPE q_bucket untyped\n"
		"q_bucket{a=\"1\",le=\"+Inf\"} 1\nq_bucket{a=\"2\",le=\"+Inf\"} 2\n"
		"# TYPE q_gcount untyped\nq_gcount{a=\"1\"} 1\nq_gcount{a=\"2\"} 2\n"
		"# TYPE q_gsum untyped\nq_gsum{a=\"1\"} 10\nq_gsum{a=\"2\"} 20\n");
}

static void
counters_with_and_without_total_are_two_families(void)
{
	check_plain(BUILD(0,
			    {.family = "c",
				    .type = PITOT_COUNTER,
				    .part = PT_PART_TOTAL,
				    .labels = {{"a", "1"}},
				    .value = 1},
			    {.part = PT_PART_VALUE, .value = 2},
			    {.part = PT_PART_TOTAL, .labels = {{"a", "2"}}, .value = 3}),
		"# TYPE c counter\nc 2\n"
		"# TYPE c_total counter\nc_total{a=\"1\"} 1\nc_total{a=\"2\"} 3\n");
}

static void
what_is_no_sample_is_left_out_and_so_is_a_family_without_any(void)
{
	check_plain(BUILD(0, {.family = "a", .type = PITOT_GAUGE, .bits = PT_NUMBER_ABSENT},
			    {.family = "b",
				    .type = PITOT_COUNTER,
				    .part = PT_PART_TOTAL,
				    .labels = {{"x", "1"}},
				    .bits = PT_NUMBER_STALE},
			    {.part = PT_PART_TOTAL, .labels = {{"x", "2"}}, .value = 1},
			    {.family = "h",
				    .type = PITOT_HISTOGRAM,
				    .part = PT_PART_BUCKET,
				    .bound = INFINITY,
				    .bits = PT_NUMBER_ABSENT}),
		"# TYPE b_total counter\nb_total{x=\"2\"} 1\n");
	check_plain(build_snapshot(NULL, 0, 0), "");
}

static void
timestamps_are_milliseconds_and_only_on_demand(void)
{
	const struct pitot_encode_options timed = {.timestamps = true};
	const struct build_row rows[] = {{.family = "g",
						 .type = PITOT_GAUGE,
						 .labels = {{"a", "1"}},
						 .time_ms = 1700000000123},
		{.labels = {{"a", "2"}}, .time_ms = -1}, {.labels = {{"a", "3"}}}};
	check_encoded(build_snapshot(rows, 3, 5), PITOT_TEXT_0_0_4, &timed,
		"# TYPE g gauge\ng{a=\"1\"} 0 1700000000123\ng{a=\"2\"} 0 -1\ng{a=\"3\"} 0\n");
	check_plain(build_snapshot(rows, 3, 5),
		"# TYPE g gauge\ng{a=\"1\"} 0\ng{a=\"2\"} 0\ng{a=\"3\"} 0\n");
}

/* text-formats 8 */
static void
added_labels_are_sorted_in_and_yield_to_those_of_the_series(void)
{
	const struct pitot_label labels[] = {
		{"z", "1"}, {"job", "added"}, {"b.c", "2"}, {"none", ""}};
	const struct pitot_encode_options options = {.labels = labels, .label_count = 4};
	check_encoded(BUILD(0,
			      {.family = "g",
				      .type = PITOT_GAUGE,
				      .labels = {{"job", "own"}, {"m", "3"}}},
			      {.labels = {{"b_c", "own"}}}),
		PITOT_TEXT_0_0_4, &options,
		"# TYPE g gauge\ng{b_c=\"2\",job=\"own\",m=\"3\",z=\"1\"} 0\n"
		"g{b_c=\"own\",job=\"added\",z=\"1\"} 0\n");
}

/* text-formats 2 */
static void
text_is_lines_without_carriage_return_or_byte_order_mark(void)
{
	struct pitot_snapshot *snapshot = build_every_type();
	char *text = NULL;
	size_t length = 0;
	check_int(pitot_encode(snapshot, PITOT_TEXT_0_0_4, NULL, &text, &length, NULL), 0);
	check_true(memchr(text, '\r', length) == NULL);
	check_true(text[0] == '#' && text[length - 1] == '\n');
	free(text);
	pitot_snapshot_free(snapshot);
}

static void
a_full_buffer_fails_and_sticks(void)
{
	const struct pitot_encode_options options = {0};
	struct pitot_snapshot *snapshot = build_every_type();
	for (size_t limit = 0; limit < 500; limit += 13) {
		struct pt_buf out;
		pt_buf_init(&out, limit);
		pt_text_encode(&out, snapshot, &options);
		check_int(pt_buf_error(&out), PITOT_NO_MEMORY);
		check_true(out.length <= limit);
		pt_buf_clear(&out);
	}
	pitot_snapshot_free(snapshot);
}

static void
a_native_histogram_is_written_by_its_classic_series(void)
{
	check_plain(BUILD(0,
			    {.family = "h",
				    .type = PITOT_HISTOGRAM,
				    .part = PT_PART_BUCKET,
				    .bound = INFINITY,
				    .value = 2,
				    .start_ms = 1000},
			    {.type = PITOT_HISTOGRAM, .part = PT_PART_SUM, .value = 3},
			    {.type = PITOT_HISTOGRAM, .part = PT_PART_COUNT, .value = 2},
			    {.type = PITOT_HISTOGRAM,
				    .part = PT_PART_NATIVE,
				    .value = 2,
				    .exemplar = {"t", "1"}},
			    {.family = "only",
				    .type = PITOT_HISTOGRAM,
				    .part = PT_PART_NATIVE,
				    .value = 2}),
		"# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n");
}

CHECK_MAIN("codec/text", TEST(every_type_is_written_as_the_golden_text),
	TEST(a_native_histogram_is_written_by_its_classic_series), TEST(the_locale_has_no_say),
	TEST(values_are_the_shortest_decimals),
	TEST(label_values_are_escaped_where_they_must_be_and_nowhere_else),
	TEST(help_escapes_backslash_and_line_feed_and_no_quote),
	TEST(a_histogram_always_has_sum_and_count),
	TEST(a_gauge_histogram_is_three_families_that_do_not_mix),
	TEST(counters_with_and_without_total_are_two_families),
	TEST(what_is_no_sample_is_left_out_and_so_is_a_family_without_any),
	TEST(timestamps_are_milliseconds_and_only_on_demand),
	TEST(added_labels_are_sorted_in_and_yield_to_those_of_the_series),
	TEST(text_is_lines_without_carriage_return_or_byte_order_mark),
	TEST(a_full_buffer_fails_and_sticks))
