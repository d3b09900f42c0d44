/* SPDX-License-Identifier: MIT */
#include "drive/adaptive.h"

#include "support/build.h"
#include "support/check.h"
#include <math.h>
#include <stdlib.h>

/* Interval 15 s, so 5 s to 30 s; a full share is 1000 samples/s, 500 bytes, 2 s. */
static struct pt_adaptive
begin(void)
{
	struct pt_adaptive adaptive;
	const struct pitot_adaptive_options options = {.enabled = true};
	check_int(pt_adaptive_init(&adaptive, &options, 15000, NULL), 0);
	return adaptive;
}

/* Shares from 0 to 1 of each input; the push is delivered. */
static void
observe(struct pt_adaptive *adaptive, double rate, double pending, double duration)
{
	pt_adaptive_observe(adaptive,
		&(struct pt_adaptive_observed){.changed_samples = (size_t)(rate * 10000),
			.elapsed_ms = 10000,
			.pending_bytes = (size_t)(pending * 500),
			.capacity_bytes = 1000,
			.push_ms = (int64_t)(duration * 2000),
			.push_ok = true});
}

static void
push(struct pt_adaptive *adaptive, int64_t push_ms, bool ok)
{
	pt_adaptive_observe(adaptive,
		&(struct pt_adaptive_observed){
			.elapsed_ms = 1000, .push_ms = push_ms, .push_ok = ok});
}

static bool
near(double found, double expected)
{
	return fabs(found - expected) < 1e-9;
}

static void
each_input_counts_by_its_weight_up_to_a_full_share(void)
{
	static const struct {
		double rate, pending, duration, load;
	} cases[] = {
		{0, 0, 0, 0},
		{1, 0, 0, 0.5},
		{0, 1, 0, 0.3},
		{0, 0, 1, 0.2},
		{1, 1, 1, 1},
		{0.5, 0, 0, 0.25},
		{0, 0.5, 0, 0.15},
		{0, 0, 0.5, 0.1},
		{2, 0, 0, 0.5},
		{1000, 2, 1, 1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pt_adaptive adaptive = begin();
		observe(&adaptive, cases[i].rate, cases[i].pending, cases[i].duration);
		check_true(near(adaptive.load, 0.3 * cases[i].load));
		check_true(near(adaptive.event_rate, 0.3 * 1000 * cases[i].rate));
	}
}

static void
weights_that_are_set_stand_alone_and_are_relative(void)
{
	struct pt_adaptive adaptive;
	const struct pitot_adaptive_options options = {
		.enabled = true, .pending_weight = 20, .duration_weight = 60, .smoothing = 1};
	check_int(pt_adaptive_init(&adaptive, &options, 15000, NULL), 0);
	observe(&adaptive, 1, 0, 0);
	check_true(near(adaptive.load, 0));
	observe(&adaptive, 0, 1, 0);
	check_true(near(adaptive.load, 0.25));
	observe(&adaptive, 1, 1, 1);
	check_true(near(adaptive.load, 1));
}

static void
the_load_is_smoothed_exponentially(void)
{
	struct pt_adaptive adaptive = begin();
	double expected = 0;
	for (int i = 0; i < 100; i++) {
		double load = i % 7 / 7.0;
		observe(&adaptive, load, load, load);
		/* Times and sizes are whole numbers. */
		expected += 0.3 * (load - expected);
		check_true(fabs(adaptive.load - expected) < 0.001);
	}
}

static void
the_mode_and_the_interval_follow_the_load(void)
{
	static const char *const names[] = {"disabled", "aggressive", "balanced", "conservative"};
	struct pt_adaptive adaptive = begin();
	check_int(pt_adaptive_mode(&adaptive), PITOT_RHYTHM_AGGRESSIVE);
	int64_t before_ms = 0;
	for (int i = 0; i <= 1000; i++) {
		adaptive.load = i / 1000.0;
		enum pitot_rhythm expected = i < 300 ? PITOT_RHYTHM_AGGRESSIVE
			: i <= 700                   ? PITOT_RHYTHM_BALANCED
						     : PITOT_RHYTHM_CONSERVATIVE;
		int64_t interval_ms = pt_adaptive_interval_ms(&adaptive);
		check_int(pt_adaptive_mode(&adaptive), expected);
		check_text(pitot_rhythm_text(pt_adaptive_mode(&adaptive)), names[expected]);
		check_true(interval_ms >= before_ms);
		double linear = i < 300 ? 5000 : i > 700 ? 30000 : 5000 + (i - 300) / 0.4 * 25;
		check_true(fabs((double)interval_ms - linear) <= 1);
		before_ms = interval_ms;
	}
	check_int(before_ms, 30000);
	check_text(pitot_rhythm_text(PITOT_RHYTHM_DISABLED), "disabled");
	check_text(pitot_rhythm_text((enum pitot_rhythm)99), "disabled");
}

static void
steady_load_ends_at_a_steady_interval(void)
{
	/* Longer intervals lower the rate of a fixed number of series that always change. */
	for (size_t series = 0; series <= 100000; series += 500) {
		struct pt_adaptive adaptive = begin();
		int64_t interval_ms = 0, before_ms = 0;
		for (int i = 0; i < 200; i++) {
			before_ms = interval_ms;
			interval_ms = pt_adaptive_interval_ms(&adaptive);
			pt_adaptive_observe(&adaptive,
				&(struct pt_adaptive_observed){.changed_samples = series,
					.elapsed_ms = interval_ms,
					.push_ms = 1000,
					.push_ok = true});
		}
		check_true(llabs(interval_ms - before_ms) <= 1);
	}
}

static void
slow_or_failed_pushes_in_a_row_open_the_breaker_until_a_fast_one(void)
{
	for (unsigned limit = 0; limit <= 7; limit++) {
		struct pt_adaptive adaptive;
		const struct pitot_adaptive_options options = {
			.enabled = true, .slow_pushes = limit, .fixed_interval_ms = 12345};
		check_int(pt_adaptive_init(&adaptive, &options, 15000, NULL), 0);
		unsigned needed = limit == 0 ? 5 : limit;
		for (unsigned round = 1; round <= 3; round++) {
			/* One too few does nothing, and a fast one starts anew. */
			for (unsigned i = 0; i + 1 < needed; i++)
				push(&adaptive, 2001, true);
			check_true(pt_adaptive_healthy(&adaptive));
			push(&adaptive, 2000, true);
			for (unsigned i = 0; i < needed + 3; i++) {
				check_int(pt_adaptive_healthy(&adaptive), i < needed);
				push(&adaptive, i % 2 == 0 ? 2001 : 0, i % 2 == 0);
			}
			check_true(!pt_adaptive_healthy(&adaptive));
			check_int(pt_adaptive_mode(&adaptive), PITOT_RHYTHM_DISABLED);
			check_int(pt_adaptive_interval_ms(&adaptive), 12345);
			check_int(adaptive.trips, round);
			push(&adaptive, 2000, true);
			check_true(pt_adaptive_healthy(&adaptive));
			check_true(pt_adaptive_mode(&adaptive) != PITOT_RHYTHM_DISABLED);
		}
	}
}

static void
an_interval_in_which_no_push_ended_says_nothing_about_pushes(void)
{
	struct pt_adaptive adaptive = begin();
	for (int i = 0; i < 4; i++)
		push(&adaptive, 2001, true);
	for (int i = 0; i < 10; i++)
		push(&adaptive, -1, false);
	check_true(pt_adaptive_healthy(&adaptive));
	check_true(near(adaptive.duration_share, 1));
	push(&adaptive, 2001, true);
	check_true(!pt_adaptive_healthy(&adaptive));
	for (int i = 0; i < 10; i++)
		push(&adaptive, -1, true);
	check_true(!pt_adaptive_healthy(&adaptive));
}

static void
a_push_that_fails_at_once_is_not_a_sign_of_leisure(void)
{
	struct pt_adaptive adaptive = begin();
	push(&adaptive, 0, false);
	check_true(near(adaptive.load, 0.3 * 0.2));
}

static void
a_queue_forces_a_flush_once_each_time_it_gets_full(void)
{
	struct pt_adaptive adaptive = begin();
	static const struct {
		size_t pending, capacity;
		bool forced;
	} steps[] = {{0, 100, false}, {99, 100, false}, {100, 100, true}, {100, 100, false},
		{101, 100, false}, {99, 100, false}, {101, 100, true}, {0, 0, false}, {5, 0, false},
		{1, 1, true}};
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
		check_int(pt_adaptive_forced(&adaptive, steps[i].pending, steps[i].capacity),
			steps[i].forced);
	/* Also with the breaker open. */
	for (int i = 0; i < 5; i++)
		push(&adaptive, 0, false);
	check_true(!pt_adaptive_forced(&adaptive, 0, 1));
	check_true(pt_adaptive_forced(&adaptive, 1, 1));
}

static void
without_being_enabled_nothing_adapts(void)
{
	struct pt_adaptive adaptive;
	const struct pitot_adaptive_options options = {.fixed_interval_ms = 1};
	check_int(pt_adaptive_init(&adaptive, &options, 15000, NULL), 0);
	for (int i = 0; i < 10; i++) {
		observe(&adaptive, 1, 1, 1);
		push(&adaptive, 0, false);
		check_int(pt_adaptive_interval_ms(&adaptive), 15000);
		check_int(pt_adaptive_mode(&adaptive), PITOT_RHYTHM_DISABLED);
		check_true(pt_adaptive_healthy(&adaptive));
		check_true(!pt_adaptive_forced(&adaptive, 9, 1));
	}
}

static void
whatever_happens_load_and_interval_stay_in_their_bounds(void)
{
	uint64_t seed = build_seed();
	struct pt_adaptive adaptive = begin();
	for (int i = 0; i < 100000; i++) {
		const struct pt_adaptive_observed observed = {
			.changed_samples =
				build_random(&seed, 9) == 0 ? SIZE_MAX : build_random(&seed, 50000),
			.elapsed_ms = (int64_t)build_random(&seed, 30000) - 10,
			.pending_bytes = build_random(&seed, 3000),
			.capacity_bytes = build_random(&seed, 2000),
			.push_ms = (int64_t)build_random(&seed, 6000) - 100,
			.push_ok = build_random(&seed, 5) > 0,
		};
		pt_adaptive_observe(&adaptive, &observed);
		int64_t interval_ms = pt_adaptive_interval_ms(&adaptive);
		check_fatal(adaptive.load >= 0 && adaptive.load <= 1);
		check_fatal(interval_ms >= 5000 && interval_ms <= 30000);
		check_fatal(adaptive.event_rate >= 0);
	}
	check_true(adaptive.trips > 0);
}

static void
options_are_checked_by_name(void)
{
	static const struct {
		struct pitot_adaptive_options options;
		const char *text; /* NULL: right */
	} cases[] = {
		{{.min_interval_ms = -1},
			"adaptive.min_interval_ms: -1 is not allowed: 1 to 3153600000000, or 0 for "
			"the default of 5000"},
		{{.min_interval_ms = INT64_MAX}, "adaptive.min_interval_ms: "},
		{{.min_interval_ms = 1, .max_interval_ms = 1}, NULL},
		{{.min_interval_ms = INT64_C(3153600000000)}, NULL},
		{{.min_interval_ms = 7, .max_interval_ms = 6},
			"adaptive.max_interval_ms: 6 is not allowed: at least min_interval_ms, "
			"which is 7"},
		{{.max_interval_ms = 4999}, "at least min_interval_ms, which is 5000"},
		{{.max_interval_ms = -5},
			"adaptive.max_interval_ms: -5 is not allowed: 1 to 3153600000000, or 0 for "
			"the default of 30000"},
		{{.fixed_interval_ms = -1}, "adaptive.fixed_interval_ms: -1 "},
		{{.slow_push_ms = -1}, "or 0 for the default of 2000"},
		{{.full_duration_ms = -1, .slow_push_ms = 300}, "or 0 for the default of 300"},
		{{.rate_weight = -0.1}, "adaptive.rate_weight: -0.1 is not allowed: 0 to 1e6"},
		{{.pending_weight = 1e7}, "adaptive.pending_weight: 1e+07 "},
		{{.duration_weight = NAN}, "adaptive.duration_weight: NaN "},
		{{.full_rate = -1},
			"adaptive.full_rate: -1 is not allowed: above 0 up to 1e15, or 0 for the "
			"default of 1000"},
		{{.full_rate = INFINITY}, "adaptive.full_rate: +Inf "},
		{{.full_pending = 1.01}, "adaptive.full_pending: 1.01 "},
		{{.smoothing = NAN}, "adaptive.smoothing: NaN "},
		{{.smoothing = 1, .full_pending = 1, .high_load = 1}, NULL},
		{{.low_load = -0.5}, "adaptive.low_load: -0.5 "},
		{{.high_load = 1.5}, "adaptive.high_load: 1.5 "},
		{{.low_load = 0.7}, "adaptive.low_load: 0.7 is not allowed: it must be below"},
		{{.high_load = 0.3}, "adaptive.low_load: 0.3 is not allowed: it must be below"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pt_adaptive adaptive = {.trips = 77};
		struct pitot_error why = {0};
		int code = pt_adaptive_init(&adaptive, &cases[i].options, 15000, &why);
		check_int(code, cases[i].text == NULL ? 0 : PITOT_USAGE);
		check_int(why.code, code);
		if (cases[i].text != NULL)
			check_contains(why.text, cases[i].text);
		check_int(adaptive.trips, code == 0 ? 0 : 77);
	}
}

static void
defaults_fit_every_interval(void)
{
	for (int64_t interval_ms = 1; interval_ms <= INT64_C(3153600000000); interval_ms *= 7) {
		struct pt_adaptive adaptive;
		struct pt_adaptive again;
		const struct pitot_adaptive_options options = {.enabled = true};
		check_int(pt_adaptive_init(&adaptive, &options, interval_ms, NULL), 0);
		const struct pitot_adaptive_options *made = &adaptive.options;
		check_true(made->min_interval_ms >= 1 && made->min_interval_ms <= interval_ms);
		check_true(made->max_interval_ms >= interval_ms);
		check_int(made->fixed_interval_ms, interval_ms);
		check_int(pt_adaptive_init(&again, made, interval_ms, NULL), 0);
		check_int(again.options.min_interval_ms, made->min_interval_ms);
		check_int(again.options.max_interval_ms, made->max_interval_ms);
		check_int(again.options.full_duration_ms, made->full_duration_ms);
		check_double(again.options.high_load, made->high_load);
	}
}

CHECK_MAIN("drive/adaptive", TEST(each_input_counts_by_its_weight_up_to_a_full_share),
	TEST(weights_that_are_set_stand_alone_and_are_relative),
	TEST(the_load_is_smoothed_exponentially), TEST(the_mode_and_the_interval_follow_the_load),
	TEST(steady_load_ends_at_a_steady_interval),
	TEST(slow_or_failed_pushes_in_a_row_open_the_breaker_until_a_fast_one),
	TEST(an_interval_in_which_no_push_ended_says_nothing_about_pushes),
	TEST(a_push_that_fails_at_once_is_not_a_sign_of_leisure),
	TEST(a_queue_forces_a_flush_once_each_time_it_gets_full),
	TEST(without_being_enabled_nothing_adapts),
	TEST(whatever_happens_load_and_interval_stay_in_their_bounds),
	TEST(options_are_checked_by_name), TEST(defaults_fit_every_interval))
