/* SPDX-License-Identifier: MIT */
/* A thread that drives one lane, so that one destination's trouble never delays another's. */
#ifndef PT_DRIVE_COURIER_H
#define PT_DRIVE_COURIER_H

#include <pthread.h>
#include "export/lane.h"

struct pt_courier;

struct pt_courier_options {
	struct pt_lane *lane; /* outlives the courier */
	const struct pt_clock *clock;
	/* Called from the thread, without a lock; `done` after each step, to look at the lane. */
	void (*report)(void *context, const struct pitot_report *report);
	void (*done)(void *context);
	void *context;
};

/* Starts the thread, with all signals blocked. NULL: no memory or no thread. */
struct pt_courier *pt_courier_start(
	const struct pt_courier_options *options, struct pitot_error *why);
/* There is something new in the lane. */
void pt_courier_wake(struct pt_courier *courier);
/* As wake, and without the wait before the next attempt. */
void pt_courier_hurry(struct pt_courier *courier);
/* The request under way ends at `mono_ms`, and no further one begins before finish. */
void pt_courier_hold(struct pt_courier *courier, int64_t mono_ms);
/* Delivers what waits until `mono_ms`, gives up the rest, makes the final report, and ends. */
void pt_courier_finish(struct pt_courier *courier, int64_t mono_ms);
/* Waits for the end, after finish; frees the courier. */
void pt_courier_join(struct pt_courier *courier);
bool pt_courier_is_self(const struct pt_courier *courier);

#endif
