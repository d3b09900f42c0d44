/* SPDX-License-Identifier: MIT */
/* Pure arithmetic on times; nothing here can fail. */
#include "drive/schedule.h"

#include "base/hash.h"

/* Uniform in [0, 1), another one for each tick. */
static double
share_of(uint64_t seed, int64_t tick)
{
	uint64_t bits = pt_hash(&tick, sizeof tick, seed);
	return (double)(bits >> 11) * 0x1p-53;
}

int64_t
pt_schedule_next(const struct pt_schedule *schedule, int64_t now_ms)
{
	int64_t interval = schedule->interval_ms;
	int64_t tick = (now_ms - schedule->start_ms) / interval + 1;
	double late = share_of(schedule->seed, tick) * schedule->jitter * (double)interval;
	return schedule->start_ms + tick * interval + (int64_t)late;
}
