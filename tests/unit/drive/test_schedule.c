/* SPDX-License-Identifier: MIT */
#include "drive/schedule.h"

#include "base/limits.h"
#include "support/check.h"

static void
ticks_stand_on_a_grid_and_missed_ones_are_skipped(void)
{
	const struct pt_schedule schedule = {.start_ms = 1000, .interval_ms = 100};
	for (int64_t now_ms = 1000; now_ms < 3000; now_ms++)
		check_int(pt_schedule_next(&schedule, now_ms), now_ms / 100 * 100 + 100);
}

static void
jitter_makes_a_tick_late_by_its_share_at_most(void)
{
	for (uint64_t seed = 0; seed < 100; seed++) {
		const struct pt_schedule schedule = {
			.start_ms = 7, .interval_ms = 1000, .jitter = 0.25, .seed = seed};
		int64_t least = 250, most = -1;
		for (int64_t tick = 1; tick < 100; tick++) {
			int64_t late =
				pt_schedule_next(&schedule, 7 + tick * 1000 - 1) - 7 - tick * 1000;
			least = late < least ? late : least;
			most = late > most ? late : most;
		}
		check_true(least >= 0 && least < 50);
		check_true(most < 250 && most >= 200);
	}
}

static void
processes_started_together_do_not_push_together(void)
{
	size_t same = 0;
	for (uint64_t seed = 1; seed < 100; seed++) {
		struct pt_schedule a = {.interval_ms = 15000, .jitter = 0.1, .seed = seed};
		struct pt_schedule b = a;
		b.seed = seed + 1;
		same += pt_schedule_next(&a, 0) == pt_schedule_next(&b, 0);
	}
	check_true(same < 10);
}

CHECK_MAIN("drive/schedule", TEST(ticks_stand_on_a_grid_and_missed_ones_are_skipped),
	TEST(jitter_makes_a_tick_late_by_its_share_at_most),
	TEST(processes_started_together_do_not_push_together))
