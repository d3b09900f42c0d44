/* SPDX-License-Identifier: MIT */
/* When the pusher pushes: on a grid of the monotonic clock, each time up to a jitter late. */
#ifndef PT_DRIVE_SCHEDULE_H
#define PT_DRIVE_SCHEDULE_H

#include <stdint.h>

#define PT_SCHEDULE_GAP_MS 3 /* between two gathers: room for ends and births of series */

struct pt_schedule {
	int64_t start_ms; /* the grid's first point, in monotonic time */
	int64_t interval_ms;
	double jitter; /* share of the interval, 0 to 1 */
	uint64_t seed;
	int64_t last_ms; /* the last sample time given out */
};

/* The first time after `now_ms`: no drift, and what was missed is skipped. */
int64_t pt_schedule_next(const struct pt_schedule *schedule, int64_t now_ms);
/*
 * The time for samples at `wall_ms`: that, or just behind the last one when the clock stepped back,
 * so that times always rise; unless receivers would take it for the future.
 */
int64_t pt_schedule_stamp(struct pt_schedule *schedule, int64_t wall_ms);

#endif
