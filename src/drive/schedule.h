/* SPDX-License-Identifier: MIT */
/* When the pusher pushes: on a grid of the monotonic clock, each time up to a jitter late. */
#ifndef PT_DRIVE_SCHEDULE_H
#define PT_DRIVE_SCHEDULE_H

#include <stdint.h>

struct pt_schedule {
	int64_t start_ms; /* the grid's first point, in monotonic time */
	int64_t interval_ms;
	double jitter; /* share of the interval, 0 to 1 */
	uint64_t seed;
};

/* The first time after `now_ms`: no drift, and what was missed is skipped. */
int64_t pt_schedule_next(const struct pt_schedule *schedule, int64_t now_ms);

#endif
