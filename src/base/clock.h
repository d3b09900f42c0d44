/* SPDX-License-Identifier: MIT */
/*
 * The seam to time. Production uses pt_clock_real(); tests replace it by virtual time. A deadline
 * is a point in monotonic time that another thread may move, which wakes whoever waits.
 */
#ifndef PT_BASE_CLOCK_H
#define PT_BASE_CLOCK_H

#include <stdint.h>

struct pt_clock {
	int64_t (*wall_ms)(const struct pt_clock *clock); /* since the epoch; may step */
	int64_t (*mono_ms)(const struct pt_clock *clock); /* only rises */
	/*
	 * Lets time pass until then: virtual clocks only, and NULL for those whose mono_ms moves by
	 * itself when asked.
	 */
	void (*pass)(const struct pt_clock *clock, int64_t mono_ms);
};

/* The system's clocks; static storage. */
const struct pt_clock *pt_clock_real(void);

/* Opaque: a mutex, a condition and the point in time. */
struct pt_deadline;

struct pt_deadline *pt_deadline_new(const struct pt_clock *clock);
void pt_deadline_free(struct pt_deadline *deadline);
/* Sets the point in time, in the clock's mono_ms. */
void pt_deadline_set(struct pt_deadline *deadline, int64_t mono_ms);
/* Moves it to `mono_ms` if that is earlier than what it is, and wakes waiters; from any thread. */
void pt_deadline_hasten(struct pt_deadline *deadline, int64_t mono_ms);
/* Milliseconds left; 0 when it has passed. */
int64_t pt_deadline_left(struct pt_deadline *deadline);
/* Sleeps until `mono_ms`, or until the deadline passes, even if it is hastened meanwhile. */
void pt_deadline_sleep(struct pt_deadline *deadline, int64_t mono_ms);
const struct pt_clock *pt_deadline_clock(const struct pt_deadline *deadline);
/* Called (with the deadline's lock held) when it is hastened; NULL for none. Must not block. */
void pt_deadline_on_hasten(
	struct pt_deadline *deadline, void (*wake)(void *context), void *context);

#endif
