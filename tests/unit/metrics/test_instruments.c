/* SPDX-License-Identifier: MIT */
/* What each instrument does with what it is given, in one thread. */
#include <math.h>
#include <pitot/exposition.h>
#include <pitot/metrics.h>
#include <stdlib.h>
#include "base/number.h"
#include "model/snapshot.h"
#include "support/check.h"
#include "support/find.h"

static double
value_of(struct pitot_registry *m, const char *text)
{
	struct pitot_snapshot *s = pitot_snapshot_take(m, NULL);
	double value = find_value(s, text);
	pitot_snapshot_free(s);
	return value;
}

static void
expect_told(struct pitot_registry *m, const char *part)
{
	struct pitot_error why = {0};
	check_int(pitot_registry_error(m, &why), PITOT_USAGE);
	check_contains(why.text, part);
}

static void
a_counter_adds_what_is_valid_and_ignores_the_rest(void)
{
	/* text-formats 20 */
	static const double bad[] = {-1, -0.5, NAN, INFINITY, -INFINITY};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct pitot_registry *m = pitot_registry_new(NULL);
		struct pitot_counter *c = pitot_counter(m, "c", "x");
		pitot_counter_add(c, 2.5);
		pitot_counter_inc(c);
		pitot_counter_add(c, 0);
		check_int(pitot_registry_error(m, NULL), 0);
		pitot_counter_add(c, bad[i]);
		check_double(value_of(m, "c_total"), 3.5);
		expect_told(m, "c: a counter takes");
		pitot_registry_free(m);
	}
}

static void
whole_amounts_stay_exact_beyond_two_to_the_53(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_counter *c = pitot_counter(m, "c", "x");
	pitot_counter_add(c, 0x1p53);
	for (int i = 0; i < 4; i++)
		pitot_counter_inc(c);
	check_double(value_of(m, "c_total"), 0x1p53 + 4);
	pitot_registry_free(m);
}

static void
a_gauge_goes_up_and_down_and_holds_any_value(void)
{
	/* remote-write 19 */
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_gauge *g = pitot_gauge(m, "g", "x");
	check_double(value_of(m, "g"), 0);
	pitot_gauge_inc(g);
	pitot_gauge_add(g, 5.5);
	pitot_gauge_dec(g);
	check_double(value_of(m, "g"), 5.5);
	static const double values[] = {0.0, -0.0, INFINITY, -INFINITY, 5e-324, 1.7e308};
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		pitot_gauge_set(g, values[i]);
		check_double(value_of(m, "g"), values[i]);
	}
	/* The bits of a stale marker, given by a user, are an ordinary NaN. */
	static const uint64_t nans[] = {PT_NUMBER_STALE, PT_NUMBER_ABSENT, 0xfff8000000000000u};
	for (size_t i = 0; i < sizeof nans / sizeof nans[0]; i++) {
		pitot_gauge_set(g, pt_number_from_bits(nans[i]));
		check_double(value_of(m, "g"), pt_number_from_bits(PT_NUMBER_NAN));
	}
	pitot_gauge_set_to_current_time(g);
	check_true(value_of(m, "g") > 1.6e9);
	pitot_registry_free(m);
}

static double
read_context(void *context)
{
	return *(double *)context;
}

static void
callbacks_are_read_at_each_gather(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	double level = 3, done = 7;
	pitot_gauge_callback(m, "level", "x", read_context, &level);
	pitot_counter_callback(m, "done", "x", read_context, &done);
	check_double(value_of(m, "level"), 3);
	level = -2;
	check_double(value_of(m, "level"), -2);
	check_double(value_of(m, "done_total"), 7);
	done = NAN;
	check_double(value_of(m, "done_total"), -1234.5);
	done = -1;
	check_double(value_of(m, "done_total"), -1234.5);
	check_int(pitot_registry_error(m, NULL), 0);
	pitot_registry_free(m);
}

static void
a_histogram_counts_every_value_in_its_bucket_and_all_above(void)
{
	static const double bounds[] = {-1, 0, 0.1, 2.5};
	static const struct {
		double value;
		double counts[5];
	} cases[] = {
		{-2, {1, 1, 1, 1, 1}},
		{-1, {1, 1, 1, 1, 1}},
		{-0.5, {0, 1, 1, 1, 1}},
		{0, {0, 1, 1, 1, 1}},
		{0.1, {0, 0, 1, 1, 1}},
		{0.11, {0, 0, 0, 1, 1}},
		{2.5, {0, 0, 0, 1, 1}},
		{2.6, {0, 0, 0, 0, 1}},
		{INFINITY, {0, 0, 0, 0, 1}},
	};
	static const char *const names[] = {"h_bucket{le=\"-1.0\"}", "h_bucket{le=\"0.0\"}",
		"h_bucket{le=\"0.1\"}", "h_bucket{le=\"2.5\"}", "h_bucket{le=\"+Inf\"}"};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pitot_registry *m = pitot_registry_new(NULL);
		struct pitot_histogram *h =
			pitot_histogram(m, "h", "x", &(struct pitot_buckets){bounds, 4});
		pitot_histogram_observe(h, cases[i].value);
		for (size_t j = 0; j < 5; j++)
			check_double(value_of(m, names[j]), cases[i].counts[j]);
		check_double(value_of(m, "h_count"), 1);
		check_double(value_of(m, "h_sum"), cases[i].value);
		pitot_histogram_observe(h, NAN);
		check_double(value_of(m, "h_count"), 1);
		expect_told(m, "observing NaN");
		pitot_registry_free(m);
	}
}

/* Bounds are searched in another way from 17 on, and again differently at each power of two. */
static void
however_many_bounds_there_are_each_value_falls_below_its_own(void)
{
	static double bounds[200];
	pitot_buckets_linear(bounds, 200, 1, 1);
	for (size_t count = 1; count <= 200; count++) {
		struct pitot_registry *m = pitot_registry_new(NULL);
		struct pitot_histogram *h =
			pitot_histogram(m, "h", "x", &(struct pitot_buckets){bounds, count});
		for (size_t i = 0; i <= count; i++)
			pitot_histogram_observe(h, (double)(i + 1));
		struct pitot_snapshot *s = pitot_snapshot_take(m, NULL);
		for (size_t i = 0; i <= count; i++)
			check_double(pt_number_from_bits(s->bits[i]), (double)(i + 1));
		pitot_snapshot_free(s);
		pitot_registry_free(m);
	}
}

static void
bad_bounds_are_a_mistake_and_plus_inf_may_be_named(void)
{
	/* text-formats 15 */
	static const struct {
		double bounds[3];
		size_t count;
		bool ok;
	} cases[] = {
		{{1, 2, INFINITY}, 3, true},
		{{1, 2, 3}, 3, true},
		{{1, 1, 3}, 3, false},
		{{2, 1, 3}, 3, false},
		{{1, NAN, 3}, 3, false},
		{{NAN, 2, 3}, 3, false},
		{{-INFINITY, 2, 3}, 3, false},
		{{INFINITY}, 1, false},
		{{1}, 0, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pitot_registry *m = pitot_registry_new(NULL);
		struct pitot_buckets buckets = {cases[i].bounds, cases[i].count};
		pitot_histogram_observe(pitot_histogram(m, "h", "x", &buckets), 2);
		check_int(pitot_registry_error(m, NULL), cases[i].ok ? 0 : PITOT_USAGE);
		check_double(value_of(m, "h_count"), cases[i].ok ? 1 : -1234.5);
		pitot_registry_free(m);
	}
}

static void
bounds_can_be_made_and_defaults_exist(void)
{
	double bounds[4];
	pitot_buckets_linear(bounds, 4, 1, 2);
	check_double(bounds[3], 7);
	pitot_buckets_exponential(bounds, 4, 1, 10);
	check_double(bounds[3], 1000);
	struct pitot_registry *m = pitot_registry_new(NULL);
	(void)pitot_histogram(m, "r", "x", NULL);
	(void)pitot_histogram(m, "j", "x", &pitot_buckets_jobs);
	check_double(value_of(m, "r_bucket{le=\"0.005\"}"), 0);
	check_double(value_of(m, "r_bucket{le=\"10.0\"}"), 0);
	check_double(value_of(m, "j_bucket{le=\"86400.0\"}"), 0);
	pitot_registry_free(m);
}

static void
a_gauge_histogram_takes_things_away_again(void)
{
	/* text-formats 25 */
	static const double bounds[] = {10, 100};
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_gauge_histogram *h =
		pitot_gauge_histogram(m, "q", "x", &(struct pitot_buckets){bounds, 2});
	pitot_gauge_histogram_add(h, 5);
	pitot_gauge_histogram_add(h, 50);
	pitot_gauge_histogram_remove(h, 5);
	check_double(value_of(m, "q_bucket{le=\"10.0\"}"), 0);
	check_double(value_of(m, "q_bucket{le=\"100.0\"}"), 1);
	check_double(value_of(m, "q_gcount"), 1);
	check_double(value_of(m, "q_gsum"), 50);
	pitot_gauge_histogram_remove(h, 5); /* one too many */
	check_double(value_of(m, "q_gcount"), 1);
	pitot_registry_free(m);
}

static void
a_summary_has_sum_count_and_close_quantiles(void)
{
	static const double quantiles[] = {0, 0.5, 0.9, 0.99, 1};
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_summary *s = pitot_summary(m, "s", "x",
		&(struct pitot_summary_options){.quantiles = quantiles, .quantile_count = 5});
	struct pitot_summary *plain = pitot_summary(m, "p", "x", NULL);
	/* text-formats 27 */
	check_true(isnan(value_of(m, "s{quantile=\"0.5\"}")));
	check_double(value_of(m, "s_count"), 0);
	for (int i = 1; i <= 1000; i++) {
		pitot_summary_observe(s, i / 1000.0);
		pitot_summary_observe(plain, i);
	}
	static const struct {
		const char *name;
		double value;
	} expected[] = {{"s{quantile=\"0.0\"}", 0.001}, {"s{quantile=\"0.5\"}", 0.5},
		{"s{quantile=\"0.9\"}", 0.9}, {"s{quantile=\"0.99\"}", 0.99},
		{"s{quantile=\"1.0\"}", 1}};
	for (size_t i = 0; i < 5; i++) {
		double found = value_of(m, expected[i].name);
		check_true(fabs(found - expected[i].value) <= expected[i].value * 0.0161);
	}
	check_double(value_of(m, "s_count"), 1000);
	check_double(value_of(m, "p_sum"), 500500);
	check_double(value_of(m, "p_count"), 1000);
	pitot_summary_observe(s, -1);
	check_double(value_of(m, "s_count"), 1000);
	expect_told(m, "s: a summary takes values from 0 up");
	pitot_registry_free(m);
}

static void
a_summarys_extremes_fall_into_the_first_and_last_bucket(void)
{
	static const double quantiles[] = {0.5};
	static const struct {
		double value, least, most;
	} cases[] = {{0, 0, 0}, {5e-324, 0, 0}, {1e-9, 0.9e-9, 1.1e-9}, {1e300, 1.6e10, 1.8e10},
		{INFINITY, 1.6e10, 1.8e10}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pitot_registry *m = pitot_registry_new(NULL);
		pitot_summary_observe(pitot_summary(m, "s", "x",
					      &(struct pitot_summary_options){
						      .quantiles = quantiles, .quantile_count = 1}),
			cases[i].value);
		double found = value_of(m, "s{quantile=\"0.5\"}");
		check_true(found >= cases[i].least && found <= cases[i].most);
		pitot_registry_free(m);
	}
}

static void
bad_quantiles_are_a_mistake(void)
{
	static const double bad[][2] = {{-0.1, 0.5}, {0.5, 1.1}, {0.5, 0.5}, {0.9, 0.5}, {NAN, 1}};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct pitot_registry *m = pitot_registry_new(NULL);
		pitot_summary_observe(pitot_summary(m, "s", "x",
					      &(struct pitot_summary_options){
						      .quantiles = bad[i], .quantile_count = 2}),
			1);
		expect_told(m, "quantiles must be");
		pitot_registry_free(m);
	}
}

static void
info_and_state_set_have_their_series(void)
{
	/* text-formats 26 */
	const struct pitot_label labels[] = {{"version", "1.2"}, {"arch", "x86"}};
	const char *const states[] = {"starting", "ready", "stopping"};
	struct pitot_registry *m = pitot_registry_new(NULL);
	pitot_info(m, "build", "x", labels, 2);
	struct pitot_stateset *s = pitot_stateset(m, "mode", "x", states, 3);
	check_double(value_of(m, "build_info{arch=\"x86\",version=\"1.2\"}"), 1);
	check_double(value_of(m, "mode{mode=\"ready\"}"), 0);
	pitot_stateset_only(s, 0);
	pitot_stateset_only(s, 1);
	check_double(value_of(m, "mode{mode=\"starting\"}"), 0);
	check_double(value_of(m, "mode{mode=\"ready\"}"), 1);
	pitot_stateset_set(s, 2, true);
	pitot_stateset_set(s, 1, false);
	check_double(value_of(m, "mode{mode=\"ready\"}"), 0);
	check_double(value_of(m, "mode{mode=\"stopping\"}"), 1);
	pitot_stateset_only(s, 3);
	expect_told(m, "no state number 3");
	pitot_registry_free(m);
	static const char *const bad[][2] = {{"a", "a"}, {"", "b"}, {"\xff", "b"}};
	for (size_t i = 0; i < 3; i++) {
		m = pitot_registry_new(NULL);
		pitot_stateset_only(pitot_stateset(m, "mode", "x", bad[i], 2), 0);
		expect_told(m, "states must be");
		pitot_registry_free(m);
	}
}

static void
exemplars_reach_the_snapshot_and_bad_ones_are_told(void)
{
	/* text-formats 22 */
	const struct pitot_label trace = {"trace_id", "abc"};
	char text[200];
	memset(text, 'x', sizeof text);
	text[127] = '\0';
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_histogram *h = pitot_histogram(m, "h", "x", NULL);
	struct pitot_counter *c = pitot_counter(m, "c", "x");
	pitot_histogram_observe_exemplar(h, 0.02, &trace, 1);
	pitot_counter_add_exemplar(c, 3, &trace, 1);
	struct pitot_snapshot *s = pitot_snapshot_take(m, NULL);
	struct pitot_sample sample;
	check_true(find_sample(s, "h_bucket{le=\"0.025\"}", &sample) && sample.has_exemplar);
	check_true(find_sample(s, "h_bucket{le=\"0.05\"}", &sample) && !sample.has_exemplar);
	check_true(find_sample(s, "c_total", &sample) && sample.has_exemplar);
	check_size(s->exemplar_count, 2);
	check_text(pt_labels_find(s->exemplars[0].labels, "trace_id"), "abc");
	pitot_snapshot_free(s);
	check_int(pitot_registry_error(m, NULL), 0);
	const struct pitot_label full = {"a", text};
	pitot_counter_add_exemplar(c, 1, &full, 1);
	check_int(pitot_registry_error(m, NULL), 0);
	const struct pitot_label over = {"ab", text};
	pitot_counter_add_exemplar(c, 1, &over, 1);
	expect_told(m, "128 code points");
	check_double(value_of(m, "c_total"), 5);
	pitot_registry_free(m);
}

static void
timers_measure_seconds(void)
{
	struct pitot_registry *m = pitot_registry_new(NULL);
	struct pitot_histogram *h = pitot_histogram(m, "h", "x", NULL);
	struct pitot_summary *s = pitot_summary(m, "s", "x", NULL);
	double start = pitot_timer_start() - 100;
	pitot_histogram_observe_since(h, start);
	pitot_summary_observe_since(s, start);
	check_true(value_of(m, "h_sum") >= 100);
	check_true(value_of(m, "s_sum") >= 100);
	pitot_registry_free(m);
}

CHECK_MAIN("metrics/instruments", TEST(a_counter_adds_what_is_valid_and_ignores_the_rest),
	TEST(whole_amounts_stay_exact_beyond_two_to_the_53),
	TEST(a_gauge_goes_up_and_down_and_holds_any_value), TEST(callbacks_are_read_at_each_gather),
	TEST(a_histogram_counts_every_value_in_its_bucket_and_all_above),
	TEST(however_many_bounds_there_are_each_value_falls_below_its_own),
	TEST(bad_bounds_are_a_mistake_and_plus_inf_may_be_named),
	TEST(bounds_can_be_made_and_defaults_exist),
	TEST(a_gauge_histogram_takes_things_away_again),
	TEST(a_summary_has_sum_count_and_close_quantiles),
	TEST(a_summarys_extremes_fall_into_the_first_and_last_bucket),
	TEST(bad_quantiles_are_a_mistake), TEST(info_and_state_set_have_their_series),
	TEST(exemplars_reach_the_snapshot_and_bad_ones_are_told), TEST(timers_measure_seconds))
