/* SPDX-License-Identifier: MIT */
#include "drive/clockguard.h"

#include "base/limits.h"
#include "support/build.h"
#include "support/check.h"

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)
#define T INT64_C(1700000000000) /* the true time at `mono_ms` 0 */
enum { GAP = 3 };

/* A machine, whose wall clock is off by so much. */
struct machine {
	struct pt_clockguard guard;
	int64_t mono_ms, off_ms;
};

static struct machine
start(enum pitot_clock clock, int64_t off_ms)
{
	struct machine machine = {.off_ms = off_ms};
	pt_clockguard_init(&machine.guard, clock, GAP);
	return machine;
}

static struct pt_clockguard_now
now(const struct machine *machine)
{
	return (struct pt_clockguard_now){T + machine->mono_ms + machine->off_ms, machine->mono_ms};
}

/* A request that takes no time; the receiver's clock is right. */
static void
answer(struct machine *machine)
{
	const struct pt_clockguard_now at = now(machine);
	pt_clockguard_answer(
		&machine->guard, (T + machine->mono_ms) / 1000 * 1000, machine->mono_ms, &at);
}

/* Gathers now; *stamp_ms becomes relative to the true time. */
static enum pt_clockguard_verdict
gather(struct machine *machine, int64_t *stamp_ms)
{
	const struct pt_clockguard_now at = now(machine);
	int64_t stamp = T;
	enum pt_clockguard_verdict verdict =
		pt_clockguard_stamp(&machine->guard, &at, machine->mono_ms, &stamp);
	*stamp_ms = stamp - T - machine->mono_ms;
	return verdict;
}

static void
a_clock_that_is_right_stamps_samples_with_its_time(void)
{
	struct machine machine = start(PITOT_CLOCK_LOCAL, 0);
	for (int i = 0; i < 1000; i++) {
		int64_t stamp_ms = -1;
		check_int(gather(&machine, &stamp_ms), PT_CLOCKGUARD_SEND);
		check_int(stamp_ms, 0);
		if (i % 2 == 1)
			answer(&machine);
		machine.mono_ms += GAP + i * 7;
	}
	struct pitot_error news;
	check_true(!pt_clockguard_news(&machine.guard, &news));
}

static void
times_rise_by_the_gap_however_fast_gathers_follow(void)
{
	/* remote-write 15 */
	for (int64_t step = 0; step < 2 * GAP; step++) {
		struct machine machine = start(PITOT_CLOCK_LOCAL, 0);
		int64_t before_ms = 0;
		for (int i = 0; i < 100; i++, machine.mono_ms += step) {
			int64_t stamp_ms = 0;
			check_int(gather(&machine, &stamp_ms), PT_CLOCKGUARD_SEND);
			stamp_ms += machine.mono_ms;
			check_true(i == 0 || stamp_ms >= before_ms + GAP);
			before_ms = stamp_ms;
		}
	}
}

static void
a_small_step_back_is_walked_off_at_half_the_pace(void)
{
	/* remote-write 15 */
	/* remote-write 16 */
	static const int64_t steps[] = {1, GAP, 1000, 60000, 300000, PT_LIMIT_AHEAD_MS - GAP - 1000,
		PT_LIMIT_AHEAD_MS - GAP};
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		struct machine machine = start(PITOT_CLOCK_LOCAL, steps[i]);
		int64_t stamp_ms = 0, before_ms = 0;
		(void)gather(&machine, &stamp_ms);
		machine.off_ms = 0;
		before_ms = stamp_ms;
		int rounds = 0;
		while (stamp_ms != 0 && rounds++ < 10000) {
			machine.mono_ms += 1000;
			check_int(gather(&machine, &stamp_ms), PT_CLOCKGUARD_SEND);
			check_true(stamp_ms >= 0 && stamp_ms <= PT_LIMIT_AHEAD_MS);
			/* Having been noticed, it gets nearer by half a second in a second. */
			check_true(stamp_ms == 0 ||
				stamp_ms == before_ms - (rounds == 1 ? 1000 - GAP : 500));
			before_ms = stamp_ms;
		}
		check_true(rounds >= steps[i] / 500 - 1 && rounds <= steps[i] / 500 + 2);
	}
}

static void
a_far_step_back_of_what_nobody_stored_goes_back_with_the_clock(void)
{
	/* remote-write 16 */
	for (int64_t step = PT_LIMIT_AHEAD_MS - GAP - 2; step < PT_LIMIT_AHEAD_MS - GAP + 3;
		step++) {
		struct machine machine = start(PITOT_CLOCK_LOCAL, step);
		int64_t stamp_ms = 0;
		pt_clockguard_stored(&machine.guard, T - 1000);
		check_int(gather(&machine, &stamp_ms), PT_CLOCKGUARD_SEND);
		machine.off_ms = 0;
		enum pt_clockguard_verdict verdict = gather(&machine, &stamp_ms);
		bool small = step <= PT_LIMIT_AHEAD_MS - GAP;
		check_int(verdict, small ? PT_CLOCKGUARD_SEND : PT_CLOCKGUARD_REWOUND);
		check_int(stamp_ms, small ? step + GAP : 0);
		machine.mono_ms += 15000;
		check_int(gather(&machine, &stamp_ms), PT_CLOCKGUARD_SEND);
		check_int(stamp_ms, small ? step + GAP - 7500 : 0);
	}
}

static void
a_far_step_back_behind_what_is_stored_drops_until_the_clock_gets_there(void)
{
	/* remote-write 15 */
	struct machine machine = start(PITOT_CLOCK_LOCAL, HOUR);
	int64_t stamp_ms = 0, dropped = 0;
	(void)gather(&machine, &stamp_ms);
	pt_clockguard_stored(&machine.guard, T + stamp_ms);
	machine.off_ms = 0;
	for (; machine.mono_ms < 2 * HOUR; machine.mono_ms += 15000) {
		enum pt_clockguard_verdict verdict = gather(&machine, &stamp_ms);
		if (verdict == PT_CLOCKGUARD_DROP) {
			check_true(machine.mono_ms < HOUR);
			dropped++;
			continue;
		}
		/* Ten minutes before it is there, times may be that far ahead. */
		check_int(verdict, PT_CLOCKGUARD_SEND);
		check_true(machine.mono_ms >= HOUR - PT_LIMIT_AHEAD_MS);
		check_true(stamp_ms >= 0 && stamp_ms <= PT_LIMIT_AHEAD_MS);
		check_true(machine.mono_ms + stamp_ms >= HOUR);
	}
	check_int(dropped, (HOUR - PT_LIMIT_AHEAD_MS + GAP + 14999) / 15000);
	check_int(stamp_ms, 0);
}

static void
a_walk_does_not_lead_into_the_future(void)
{
	/* remote-write 16 */
	const int64_t minute = 60000;
	struct machine machine = start(PITOT_CLOCK_LOCAL, 9 * minute);
	int64_t stamp_ms = 0;
	(void)gather(&machine, &stamp_ms);
	machine.off_ms = 0;
	check_int(gather(&machine, &stamp_ms), PT_CLOCKGUARD_SEND);
	check_int(stamp_ms, 9 * minute + GAP);
	/* An hour in which nothing was gathered, and a second step. */
	machine.mono_ms += 60 * minute;
	machine.off_ms = -55 * minute;
	check_int(gather(&machine, &stamp_ms), PT_CLOCKGUARD_SEND);
	check_int(stamp_ms, machine.off_ms + PT_LIMIT_AHEAD_MS);
}

static void
what_is_stored_counts_to_the_millisecond_also_from_an_earlier_run(void)
{
	for (int64_t stored_ms = -2 * GAP; stored_ms <= 0; stored_ms++) {
		struct machine machine = start(PITOT_CLOCK_LOCAL, HOUR);
		int64_t stamp_ms = 0;
		(void)gather(&machine, &stamp_ms);
		pt_clockguard_stored(&machine.guard, T + stored_ms);
		machine.off_ms = 0;
		check_int(gather(&machine, &stamp_ms),
			stored_ms <= -GAP ? PT_CLOCKGUARD_REWOUND : PT_CLOCKGUARD_DROP);
		/* Nothing was given out by this run, and the machine has been up for long. */
		machine = start(PITOT_CLOCK_LOCAL, 0);
		machine.mono_ms = DAY;
		pt_clockguard_stored(&machine.guard, T + machine.mono_ms + stored_ms);
		check_int(gather(&machine, &stamp_ms), PT_CLOCKGUARD_SEND);
		check_int(stamp_ms, stored_ms <= -GAP ? 0 : stored_ms + GAP);
	}
}

static void
a_clock_that_was_days_ahead_silences_nobody(void)
{
	for (int64_t step = DAY - GAP - 2; step < DAY - GAP + 3; step++) {
		struct machine machine = start(PITOT_CLOCK_LOCAL, step);
		int64_t stamp_ms = 0;
		(void)gather(&machine, &stamp_ms);
		pt_clockguard_stored(&machine.guard, T + stamp_ms);
		machine.off_ms = 0;
		bool hopeless = step + GAP > DAY;
		check_int(gather(&machine, &stamp_ms),
			hopeless ? PT_CLOCKGUARD_REWOUND : PT_CLOCKGUARD_DROP);
		machine.mono_ms += 1000;
		check_int(gather(&machine, &stamp_ms),
			hopeless ? PT_CLOCKGUARD_SEND : PT_CLOCKGUARD_DROP);
		/* Given up is given up: a later step has nothing to do with it. */
		machine.mono_ms += HOUR;
		check_int(gather(&machine, &stamp_ms),
			hopeless ? PT_CLOCKGUARD_SEND : PT_CLOCKGUARD_DROP);
		machine.off_ms = -HOUR / 2;
		check_int(gather(&machine, &stamp_ms),
			hopeless ? PT_CLOCKGUARD_REWOUND : PT_CLOCKGUARD_DROP);
	}
}

static void
samples_ahead_of_the_receiver_are_held_until_it_gets_there(void)
{
	/* remote-write 16 */
	for (int64_t off_ms = -20000; off_ms <= 20000; off_ms += 100) {
		struct machine machine = start(PITOT_CLOCK_LOCAL, off_ms);
		for (int i = 0; i < 10; i++, machine.mono_ms += 777)
			answer(&machine); /* after several the time is known well */
		int64_t gathered_ms = machine.mono_ms, stamp_ms = 0;
		for (;; machine.mono_ms += 10) {
			const struct pt_clockguard_now at = now(&machine);
			enum pt_clockguard_verdict verdict =
				pt_clockguard_stamp(&machine.guard, &at, gathered_ms, &stamp_ms);
			if (verdict == PT_CLOCKGUARD_SEND)
				break;
			check_fatal(verdict == PT_CLOCKGUARD_HOLD);
		}
		/* Held or not, it has the time at which it was gathered, by our clock. */
		check_int(stamp_ms, T + off_ms + gathered_ms);
		int64_t held_ms = machine.mono_ms - gathered_ms;
		check_true(held_ms == 0 || (stamp_ms - T - machine.mono_ms >= 4400));
		check_true(stamp_ms - T - machine.mono_ms <= 5600);
		check_true(held_ms > 0 || off_ms < 5600);
	}
}

static void
the_receivers_time_corrects_ours_by_option(void)
{
	static const int64_t offs[] = {0, 1000, -1000, 31000, HOUR, -HOUR, 400 * DAY, -400 * DAY};
	for (size_t i = 0; i < sizeof offs / sizeof offs[0]; i++) {
		struct machine machine = start(PITOT_CLOCK_SERVER, offs[i]);
		int64_t stamp_ms = 0, before_ms = INT64_MIN;
		check_int(gather(&machine, &stamp_ms), PT_CLOCKGUARD_ASK);
		answer(&machine);
		/* What was gathered before the answer is sent with its own time. */
		for (int round = 0; round < 100; round++, machine.mono_ms += 1777) {
			check_int(gather(&machine, &stamp_ms), PT_CLOCKGUARD_SEND);
			check_true(stamp_ms >= -999 && stamp_ms <= 999);
			check_true(machine.mono_ms + stamp_ms > before_ms);
			before_ms = machine.mono_ms + stamp_ms;
			answer(&machine);
		}
	}
}

static void
a_clock_that_was_never_set_waits_for_an_answer_and_shifts_what_was_gathered(void)
{
	static const enum pitot_clock clocks[] = {PITOT_CLOCK_LOCAL, PITOT_CLOCK_SERVER};
	for (size_t i = 0; i < 2; i++) {
		struct machine machine = start(clocks[i], -T + 5000);
		int64_t held[10], stamp_ms = 0, before_ms = 0;
		for (size_t k = 0; k < 10; k++, machine.mono_ms += 15000) {
			held[k] = machine.mono_ms;
			check_int(gather(&machine, &stamp_ms), PT_CLOCKGUARD_ASK);
		}
		answer(&machine);
		const struct pt_clockguard_now at = now(&machine);
		for (size_t k = 0; k < 10; k++) {
			check_int(pt_clockguard_stamp(&machine.guard, &at, held[k], &stamp_ms),
				PT_CLOCKGUARD_SEND);
			check_true(stamp_ms >= T + held[k] - 999 && stamp_ms <= T + held[k] + 999);
			check_true(stamp_ms > before_ms);
			before_ms = stamp_ms;
		}
		/* Then the machine learns the time, and an answer confirms it. */
		machine.off_ms = 0;
		check_int(gather(&machine, &stamp_ms), PT_CLOCKGUARD_ASK);
		answer(&machine);
		machine.mono_ms += 15000;
		check_int(gather(&machine, &stamp_ms), PT_CLOCKGUARD_SEND);
		check_true(stamp_ms >= -999 && stamp_ms <= 999);
	}
}

static void
the_first_moment_that_can_be_a_set_clock_is_2020(void)
{
	for (int64_t step = -2; step <= 2; step++) {
		int64_t stamp_ms = 0;
		struct pt_clockguard guard;
		pt_clockguard_init(&guard, PITOT_CLOCK_LOCAL, GAP);
		const struct pt_clockguard_now at = {PT_CLOCKGUARD_2020_MS + step, 7};
		check_int(pt_clockguard_stamp(&guard, &at, 7, &stamp_ms),
			step < 0 ? PT_CLOCKGUARD_ASK : PT_CLOCKGUARD_SEND);
		/* Nor is an earlier Date one. */
		pt_clockguard_answer(&guard, PT_CLOCKGUARD_2020_MS + step, 7, &at);
		check_int(guard.known, step >= 0);
	}
	static const int64_t nothing[] = {-1, 0, 1, INT64_MIN};
	for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
		struct machine machine = start(PITOT_CLOCK_SERVER, 0);
		const struct pt_clockguard_now at = now(&machine);
		pt_clockguard_answer(&machine.guard, nothing[i], 0, &at);
		check_true(!machine.guard.known);
	}
}

static void
a_refused_first_push_of_a_wrong_clock_does_not_block_the_right_time(void)
{
	/* Eight hours ahead, as where a clock keeps local time. */
	struct machine machine = start(PITOT_CLOCK_LOCAL, 8 * HOUR);
	int64_t stamp_ms = 0;
	check_int(gather(&machine, &stamp_ms), PT_CLOCKGUARD_SEND);
	answer(&machine); /* 400: too far in the future */
	machine.mono_ms += 15000;
	int64_t held_ms = machine.mono_ms;
	check_int(gather(&machine, &stamp_ms), PT_CLOCKGUARD_HOLD);
	machine.mono_ms += 15000;
	check_int(gather(&machine, &stamp_ms), PT_CLOCKGUARD_HOLD);
	machine.off_ms = 0;
	const struct pt_clockguard_now at = now(&machine);
	check_int(pt_clockguard_stamp(&machine.guard, &at, held_ms, &stamp_ms),
		PT_CLOCKGUARD_REWOUND);
	check_int(stamp_ms, T + held_ms);
	check_int(gather(&machine, &stamp_ms), PT_CLOCKGUARD_SEND);
	check_int(stamp_ms, 0);
}

static void
slow_answers_do_not_move_a_time_that_is_known(void)
{
	struct machine machine = start(PITOT_CLOCK_SERVER, 0);
	for (int i = 0; i < 20; i++, machine.mono_ms += 777)
		answer(&machine);
	int64_t known_ms = machine.guard.server_ms;
	check_true(known_ms >= T - 300 && known_ms <= T + 300);
	for (int64_t took_ms = 0; took_ms <= 60000; took_ms += 500) {
		/* The receiver set its Date at the start, or at the end. */
		for (int late = 0; late <= 1; late++) {
			int64_t sent_ms = machine.mono_ms, date_ms = T + sent_ms + took_ms * late;
			machine.mono_ms += took_ms;
			const struct pt_clockguard_now at = now(&machine);
			pt_clockguard_answer(&machine.guard, date_ms / 1000 * 1000, sent_ms, &at);
			check_true(machine.guard.server_ms >= T - 999 &&
				machine.guard.server_ms <= T + 999);
			check_int(machine.guard.off_ms, 0);
		}
	}
}

static void
a_machine_that_slept_asks_again(void)
{
	static const enum pitot_clock clocks[] = {PITOT_CLOCK_LOCAL, PITOT_CLOCK_SERVER};
	for (size_t i = 0; i < 2; i++)
		for (int64_t slept_ms = 4999; slept_ms <= 5002; slept_ms++) {
			struct machine machine = start(clocks[i], 0);
			int64_t stamp_ms = 0;
			answer(&machine);
			check_int(gather(&machine, &stamp_ms), PT_CLOCKGUARD_SEND);
			/* The monotonic clock stood still. */
			machine.off_ms = slept_ms;
			machine.mono_ms += 1000;
			enum pt_clockguard_verdict expected =
				slept_ms > 5000 ? PT_CLOCKGUARD_ASK : PT_CLOCKGUARD_SEND;
			check_int(gather(&machine, &stamp_ms), expected);
			const struct pt_clockguard_now at = now(&machine);
			pt_clockguard_answer(
				&machine.guard, at.wall_ms / 1000 * 1000, at.mono_ms, &at);
			machine.mono_ms += 1000;
			check_int(gather(&machine, &stamp_ms), PT_CLOCKGUARD_SEND);
			check_true(stamp_ms >= slept_ms - 1000 && stamp_ms <= slept_ms + 1000);
		}
}

static void
a_difference_of_the_clocks_is_told_once(void)
{
	static const struct {
		enum pitot_clock clock;
		int64_t off_ms;
		const char *text; /* NULL: nothing to tell */
	} cases[] = {
		{PITOT_CLOCK_LOCAL, 0, NULL},
		{PITOT_CLOCK_LOCAL, 29000, NULL},
		{PITOT_CLOCK_LOCAL, -29000, NULL},
		{PITOT_CLOCK_LOCAL, 45000,
			"the clock is 44 s ahead of the receiver's: samples are held back until it "
			"gets there: set the clock, or have them carry the receiver's time (clock: "
			"server)"},
		{PITOT_CLOCK_LOCAL, -45000,
			"the clock is 45 s behind the receiver's: set the clock, or have samples "
			"carry the receiver's time (clock: server)"},
		{PITOT_CLOCK_SERVER, HOUR,
			"the clock is 3599 s ahead of the receiver's: samples carry the receiver's "
			"time"},
		{PITOT_CLOCK_SERVER, -T, "the clock is 1700000000 s behind the receiver's: "},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct machine machine = start(cases[i].clock, cases[i].off_ms);
		struct pitot_error news = {0};
		check_true(!pt_clockguard_news(&machine.guard, &news));
		for (int round = 0; round < 3; round++) {
			for (int k = 0; k < 5; k++, machine.mono_ms += 1000) {
				answer(&machine);
				bool told = pt_clockguard_news(&machine.guard, &news);
				check_int(told, k == 0 && cases[i].text != NULL);
			}
			check_contains(news.text, cases[i].text == NULL ? "" : cases[i].text);
			/* Right for a while, then wrong again. */
			machine.off_ms = 0;
			answer(&machine);
			check_true(!pt_clockguard_news(&machine.guard, &news));
			machine.off_ms = cases[i].off_ms;
		}
	}
}

static void
whatever_the_clock_does_times_rise_and_stay_out_of_the_future(void)
{
	/* remote-write 15 */
	/* remote-write 16 */
	uint64_t seed = build_seed();
	size_t verdicts[5] = {0};
	for (int run = 0; run < 2000; run++) {
		struct machine machine =
			start(run % 2 == 0 ? PITOT_CLOCK_LOCAL : PITOT_CLOCK_SERVER, 0);
		int64_t stored_ms = 0, last_ms = 0;
		for (int i = 0; i < 200; i++) {
			static const int64_t spans[] = {10, 1000, 30000, HOUR, DAY, 400 * DAY};
			int64_t span = spans[build_random(&seed, 6)];
			if (build_random(&seed, 10) == 0)
				machine.off_ms +=
					(int64_t)build_random(&seed, (uint64_t)span) - span / 2;
			machine.mono_ms += 1 + (int64_t)build_random(&seed, 30000);
			bool knew = machine.guard.known;
			const struct pt_clockguard_now at = now(&machine);
			int64_t stamp_ms = 0;
			enum pt_clockguard_verdict verdict = pt_clockguard_stamp(
				&machine.guard, &at, machine.mono_ms, &stamp_ms);
			verdicts[verdict]++;
			if (verdict == PT_CLOCKGUARD_REWOUND) {
				check_true(stamp_ms < last_ms);
				check_true(stamp_ms >= stored_ms + GAP ||
					stored_ms + GAP - stamp_ms > DAY);
				stored_ms = stored_ms < stamp_ms ? stored_ms : stamp_ms - GAP;
			}
			if (verdict == PT_CLOCKGUARD_SEND)
				check_true(stamp_ms >= last_ms + GAP);
			if (verdict == PT_CLOCKGUARD_SEND || verdict == PT_CLOCKGUARD_REWOUND) {
				check_true(stamp_ms >= stored_ms + GAP);
				check_true(stamp_ms <= (knew ? T + machine.mono_ms + 6000
							     : at.wall_ms + PT_LIMIT_AHEAD_MS));
				last_ms = stamp_ms;
				if (build_random(&seed, 3) > 0) {
					stored_ms = stamp_ms;
					pt_clockguard_stored(&machine.guard, stamp_ms);
				}
			}
			if (build_random(&seed, 4) == 0)
				answer(&machine);
		}
	}
	for (size_t i = 0; i < 5; i++)
		check_true(verdicts[i] > 0);
}

static void
the_last_gather_is_not_held(void)
{
	static const int64_t offs[] = {0, 6000, 60000, HOUR, -HOUR};
	for (size_t i = 0; i < sizeof offs / sizeof offs[0]; i++) {
		for (int stored = 0; stored < 2; stored++) {
			struct machine machine = start(PITOT_CLOCK_LOCAL, offs[i]);
			int64_t first_ms = 0, last_ms = 0;
			check_int(gather(&machine, &first_ms), PT_CLOCKGUARD_SEND);
			if (stored)
				pt_clockguard_stored(&machine.guard, T + first_ms);
			answer(&machine);
			machine.mono_ms += 1000;
			const struct pt_clockguard_now at = now(&machine);
			enum pt_clockguard_verdict verdict = pt_clockguard_stamp_last(
				&machine.guard, &at, machine.mono_ms, &last_ms);
			bool ahead = offs[i] > 6000;
			check_int(verdict,
				ahead && !stored ? PT_CLOCKGUARD_REWOUND : PT_CLOCKGUARD_SEND);
			int64_t after_ms = last_ms - T - first_ms;
			check_true(!stored || after_ms >= GAP);
			check_true(!ahead || !stored || after_ms == GAP);
			check_true(!ahead || stored || last_ms - T <= machine.mono_ms + 6000);
		}
	}
	/* A clock that was never set, and nobody to ask. */
	struct machine machine = start(PITOT_CLOCK_LOCAL, -T + 5000);
	const struct pt_clockguard_now at = now(&machine);
	int64_t stamp_ms = 0;
	check_int(pt_clockguard_stamp_last(&machine.guard, &at, 0, &stamp_ms), PT_CLOCKGUARD_DROP);
	/* Nobody told the receiver's time: ours is better than none. */
	machine = start(PITOT_CLOCK_SERVER, HOUR);
	const struct pt_clockguard_now later = now(&machine);
	check_int(
		pt_clockguard_stamp_last(&machine.guard, &later, 0, &stamp_ms), PT_CLOCKGUARD_SEND);
	check_int(stamp_ms, T + HOUR);
}

CHECK_MAIN("drive/clockguard", TEST(the_last_gather_is_not_held),
	TEST(a_clock_that_is_right_stamps_samples_with_its_time),
	TEST(times_rise_by_the_gap_however_fast_gathers_follow),
	TEST(a_small_step_back_is_walked_off_at_half_the_pace),
	TEST(a_far_step_back_of_what_nobody_stored_goes_back_with_the_clock),
	TEST(a_far_step_back_behind_what_is_stored_drops_until_the_clock_gets_there),
	TEST(a_walk_does_not_lead_into_the_future),
	TEST(what_is_stored_counts_to_the_millisecond_also_from_an_earlier_run),
	TEST(a_clock_that_was_days_ahead_silences_nobody),
	TEST(samples_ahead_of_the_receiver_are_held_until_it_gets_there),
	TEST(the_receivers_time_corrects_ours_by_option),
	TEST(a_clock_that_was_never_set_waits_for_an_answer_and_shifts_what_was_gathered),
	TEST(the_first_moment_that_can_be_a_set_clock_is_2020),
	TEST(a_refused_first_push_of_a_wrong_clock_does_not_block_the_right_time),
	TEST(slow_answers_do_not_move_a_time_that_is_known), TEST(a_machine_that_slept_asks_again),
	TEST(a_difference_of_the_clocks_is_told_once),
	TEST(whatever_the_clock_does_times_rise_and_stay_out_of_the_future))
