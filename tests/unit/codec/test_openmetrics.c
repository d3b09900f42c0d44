/* SPDX-License-Identifier: MIT */
#include "codec/openmetrics.h"

#include "base/limits.h"
#include "base/number.h"
#include <math.h>
#include "support/golden.h"
#include "unit/codec/text_case.h"

static void
check_open(struct pitot_snapshot *snapshot, const char *expected)
{
	check_encoded(snapshot, PITOT_OPENMETRICS_1_0, NULL, expected);
}

/* text-formats 18 */
/* text-formats 21 */
/* text-formats 25 */
/* text-formats 26 */
/* text-formats 29 */
static void
compare_golden(const char *path)
{
	const struct pitot_encode_options options = {.created_series = true};
	struct pitot_snapshot *snapshot = build_every_type();
	struct pt_buf out;
	pt_buf_init(&out, PT_LIMIT_TEXT);
	pt_openmetrics_encode(&out, snapshot, &options);
	golden_compare(path, "openmetrics", out.bytes, out.length);
	pt_buf_clear(&out);
	pitot_snapshot_free(snapshot);
}

static void
every_type_is_written_as_the_golden_text(void)
{
	check_size(golden_each("encode", compare_golden), 1);
}

/* text-formats 17 */
static void
an_empty_snapshot_is_just_its_end(void)
{
	check_open(build_snapshot(NULL, 0, 0), "# EOF\n");
	check_open(BUILD(0, {.family = "g", .type = PITOT_GAUGE, .bits = PT_NUMBER_ABSENT}),
		"# EOF\n");
}

/* text-formats 28 */
static void
creation_times_are_off_by_default_and_stand_with_their_metric(void)
{
	const struct pitot_encode_options options = {.created_series = true};
	const struct build_row rows[] = {{.family = "c",
						 .type = PITOT_COUNTER,
						 .part = PT_PART_TOTAL,
						 .labels = {{"a", "1"}},
						 .start_ms = 1700000000007},
		{.part = PT_PART_TOTAL, .labels = {{"a", "2"}}, .start_ms = 1700000000000},
		{.part = PT_PART_TOTAL, .labels = {{"a", "3"}}},
		{.family = "g", .type = PITOT_GAUGE, .start_ms = 1700000000000}};
	check_encoded(build_snapshot(rows, 4, 0), PITOT_OPENMETRICS_1_0, &options,
		"# TYPE c counter\n"
		"c_total{a=\"1\"} 0.0\nc_created{a=\"1\"} 1700000000.007\n"
		"c_total{a=\"2\"} 0.0\nc_created{a=\"2\"} 1700000000.0\n"
		"c_total{a=\"3\"} 0.0\n"
		"# TYPE g gauge\ng 0.0\n# EOF\n");
	check_open(build_snapshot(rows, 1, 0), "# TYPE c counter\nc_total{a=\"1\"} 0.0\n# EOF\n");
}

/* text-formats 23 */
static void
a_histogram_with_a_negative_bound_has_no_sum_and_no_count(void)
{
	check_open(BUILD(0,
			   {.family = "h",
				   .type = PITOT_HISTOGRAM,
				   .part = PT_PART_BUCKET,
				   .bound = -1,
				   .value = 1},
			   {.part = PT_PART_BUCKET, .bound = INFINITY, .value = 2},
			   {.part = PT_PART_SUM, .value = -3}, {.part = PT_PART_COUNT, .value = 2}),
		"# TYPE h histogram\nh_bucket{le=\"-1.0\"} 1\nh_bucket{le=\"+Inf\"} 2\n# EOF\n");
	check_open(
		BUILD(0,
			{.family = "q",
				.type = PITOT_GAUGE_HISTOGRAM,
				.part = PT_PART_BUCKET,
				.bound = -1,
				.value = 1},
			{.part = PT_PART_BUCKET, .bound = INFINITY, .value = 2},
			{.part = PT_PART_GSUM, .value = -3}, {.part = PT_PART_GCOUNT, .value = 2}),
		"# TYPE q gaugehistogram\nq_bucket{le=\"-1.0\"} 1\nq_bucket{le=\"+Inf\"} 2\n"
		"q_gcount 2\nq_gsum -3.0\n# EOF\n");
	/* Zero is not below zero. */
	check_open(BUILD(0,
			   {.family = "h",
				   .type = PITOT_HISTOGRAM,
				   .part = PT_PART_BUCKET,
				   .bound = 0},
			   {.part = PT_PART_BUCKET, .bound = INFINITY}, {.part = PT_PART_SUM},
			   {.part = PT_PART_COUNT}),
		"# TYPE h histogram\nh_bucket{le=\"0.0\"} 0\nh_bucket{le=\"+Inf\"} 0\n"
		"h_count 0\nh_sum 0.0\n# EOF\n");
}

static void
a_histogram_has_sum_and_count_or_none(void)
{
	check_open(BUILD(0,
			   {.family = "h",
				   .type = PITOT_HISTOGRAM,
				   .part = PT_PART_BUCKET,
				   .bound = INFINITY,
				   .value = 2},
			   {.part = PT_PART_COUNT, .value = 2}),
		"# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\n# EOF\n");
	check_open(BUILD(0,
			   {.family = "h",
				   .type = PITOT_HISTOGRAM,
				   .part = PT_PART_BUCKET,
				   .labels = {{"a", "b"}},
				   .bound = INFINITY,
				   .value = 2},
			   {.part = PT_PART_SUM, .labels = {{"a", "b"}}, .value = 3}),
		"# TYPE h histogram\nh_bucket{a=\"b\",le=\"+Inf\"} 2\nh_count{a=\"b\"} 2\n"
		"h_sum{a=\"b\"} 3.0\n# EOF\n");
}

/* text-formats 20 */
static void
counters_without_total_are_unknown(void)
{
	check_open(BUILD(0,
			   {.family = "c",
				   .type = PITOT_COUNTER,
				   .part = PT_PART_VALUE,
				   .help = "C.",
				   .value = 1,
				   .exemplar = {"a", "b"}},
			   {.part = PT_PART_TOTAL, .value = 2, .exemplar = {"a", "b"}}),
		"# TYPE c unknown\n# HELP c C.\nc 1.0\n# TYPE c_total unknown\nc_total 2.0\n# "
		"EOF\n");
}

/* text-formats 19 */
static void
a_unit_must_end_the_name(void)
{
	check_open(BUILD(0, {.family = "a_b", .type = PITOT_GAUGE, .unit = "b"}),
		"# TYPE a_b gauge\n# UNIT a_b b\na_b 0.0\n# EOF\n");
	static const char *const wrong[] = {"a_b", "_b", "", "c", "longer_than_the_name"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		check_open(BUILD(0, {.family = "a_b", .type = PITOT_GAUGE, .unit = wrong[i]}),
			"# TYPE a_b gauge\na_b 0.0\n# EOF\n");
	check_open(BUILD(0,
			   {.family = "a_b",
				   .type = PITOT_INFO,
				   .unit = "b",
				   .part = PT_PART_INFO,
				   .value = 1}),
		"# TYPE a_b info\na_b_info 1\n# EOF\n");
}

/* text-formats 22 */
static void
exemplars_stand_on_totals_and_buckets_only(void)
{
	check_open(BUILD(0,
			   {.family = "c",
				   .type = PITOT_COUNTER,
				   .part = PT_PART_TOTAL,
				   .exemplar = {"a", "\\\"\n"},
				   .exemplar_value = 1e6,
				   .exemplar_ms = -1500},
			   {.family = "g", .type = PITOT_GAUGE, .exemplar = {"a", "b"}},
			   {.family = "h",
				   .type = PITOT_HISTOGRAM,
				   .part = PT_PART_BUCKET,
				   .bound = INFINITY,
				   .exemplar = {"a", ""}},
			   {.part = PT_PART_SUM, .exemplar = {"a", "b"}},
			   {.part = PT_PART_COUNT, .exemplar = {"a", "b"}}),
		"# TYPE c counter\nc_total 0.0 # {a=\"\\\\\\\"\\n\"} 1e+06 -1.5\n"
		"# TYPE g gauge\ng 0.0\n"
		"# TYPE h histogram\nh_bucket{le=\"+Inf\"} 0 # {} 0.0\nh_count 0\nh_sum 0.0\n# "
		"EOF\n");
}

/* text-formats 24 */
static void
bounds_and_quantiles_are_canonical(void)
{
	static const struct {
		double bound;
		const char *text;
	} cases[] = {{0, "0.0"}, {0.001, "0.001"}, {0.9, "0.9"}, {1, "1.0"}, {1.7, "1.7"},
		{10, "10.0"}, {1e-10, "1e-10"}, {1e-5, "1e-05"}, {100000, "100000.0"},
		{1e6, "1e+06"}, {1e10, "1e+10"}, {INFINITY, "+Inf"}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char expected[100];
		(void)snprintf(expected, sizeof expected,
			"# TYPE h histogram\nh_bucket{le=\"%s\"} 0\n# EOF\n", cases[i].text);
		check_open(BUILD(0,
				   {.family = "h",
					   .type = PITOT_HISTOGRAM,
					   .part = PT_PART_BUCKET,
					   .bound = cases[i].bound}),
			expected);
	}
}

/* text-formats 27 */
static void
a_summary_without_observations_has_nan_and_zeros(void)
{
	check_open(BUILD(0,
			   {.family = "s",
				   .type = PITOT_SUMMARY,
				   .part = PT_PART_QUANTILE,
				   .bound = 1,
				   .value = NAN},
			   {.part = PT_PART_SUM}, {.part = PT_PART_COUNT}),
		"# TYPE s summary\ns{quantile=\"1.0\"} NaN\ns_count 0\ns_sum 0.0\n# EOF\n");
}

static void
timestamps_are_seconds_in_fixed_point(void)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {{1, "0.001"}, {-1, "-0.001"}, {-1500, "-1.5"}, {10, "0.01"}, {100, "0.1"},
		{1000, "1.0"}, {1700000000123, "1700000000.123"}, {1700000000120, "1700000000.12"},
		{INT64_MAX, "9223372036854775.807"}};
	const struct pitot_encode_options options = {.timestamps = true};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char expected[100];
		(void)snprintf(expected, sizeof expected, "# TYPE g gauge\ng 0.0 %s\n# EOF\n",
			cases[i].text);
		check_encoded(
			BUILD(0, {.family = "g", .type = PITOT_GAUGE, .time_ms = cases[i].ms}),
			PITOT_OPENMETRICS_1_0, &options, expected);
	}
}

static void
a_native_histogram_is_written_by_its_classic_series(void)
{
	check_open(BUILD(0,
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
		"# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_count 2\nh_sum 3.0\n# EOF\n");
}

CHECK_MAIN("codec/openmetrics", TEST(every_type_is_written_as_the_golden_text),
	TEST(a_native_histogram_is_written_by_its_classic_series),
	TEST(an_empty_snapshot_is_just_its_end),
	TEST(creation_times_are_off_by_default_and_stand_with_their_metric),
	TEST(a_histogram_with_a_negative_bound_has_no_sum_and_no_count),
	TEST(a_histogram_has_sum_and_count_or_none), TEST(counters_without_total_are_unknown),
	TEST(a_unit_must_end_the_name), TEST(exemplars_stand_on_totals_and_buckets_only),
	TEST(bounds_and_quantiles_are_canonical),
	TEST(a_summary_without_observations_has_nan_and_zeros),
	TEST(timestamps_are_seconds_in_fixed_point))
