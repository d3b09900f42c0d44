/* SPDX-License-Identifier: MIT */
/*
 * Which time samples carry. One thread's; all times are passed in, in milliseconds. It serves
 * destinations whose samples carry times; the others need none of it.
 *
 * A gather is kept with the monotonic time at which it was made until pt_clockguard_stamp() gives
 * it its time since the epoch: at once as a rule, so that holding one back costs no more than
 * asking again later, oldest first.
 */
#ifndef PT_DRIVE_CLOCKGUARD_H
#define PT_DRIVE_CLOCKGUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <pitot/push.h>

#define PT_CLOCKGUARD_2020_MS INT64_C(1577836800000) /* before: a clock that was never set */
#define PT_CLOCKGUARD_AHEAD_MS 5000 /* of the receiver's time, where that is known */
#define PT_CLOCKGUARD_OFF_MS 30000  /* between both clocks, worth telling */
#define PT_CLOCKGUARD_HOPELESS_MS INT64_C(86400000) /* too long to wait for a clock to catch up */

/* Both clocks at one moment. */
struct pt_clockguard_now {
	int64_t wall_ms; /* since the epoch; may step */
	int64_t mono_ms; /* only rises */
};

enum pt_clockguard_verdict {
	PT_CLOCKGUARD_SEND,
	/*
	 * Send, but first drop and count what waits with this time or a later one: the clock was
	 * ahead when that was stamped, and a receiver has none of it.
	 */
	PT_CLOCKGUARD_REWOUND,
	PT_CLOCKGUARD_HOLD, /* it would be in the receiver's future: ask again later */
	/*
	 * Hold until an answer tells the receiver's time. Any answer does, so a request without
	 * samples should be sent, as nothing else will be.
	 */
	PT_CLOCKGUARD_ASK,
	/* Drop and count: a receiver has stored later times, and waiting makes that no better. */
	PT_CLOCKGUARD_DROP
};

struct pt_clockguard {
	enum pitot_clock clock;
	int64_t gap_ms;
	int64_t last_ms;      /* the newest time given out; 0: none */
	int64_t last_mono_ms; /* when that was gathered */
	bool walking;         /* it was not the clock's, which is behind */
	int64_t stored_ms;    /* the newest that a receiver may have stored; 0: none */
	bool known;           /* an answer told the receiver's time, see the next two */
	int64_t server_ms;    /* the receiver's time is the monotonic one and this */
	int64_t local_ms;     /* so was ours when it was learned */
	int64_t off_ms;       /* how much ours is ahead of the receiver's, beyond doubt */
	bool told;            /* that they differ */
};

/* `gap_ms` > 0: times rise by that at least. */
void pt_clockguard_init(struct pt_clockguard *guard, enum pitot_clock clock, int64_t gap_ms);
/*
 * An answer of the receiver that follows: its Date (0 or less: it had none), and the monotonic
 * times at which the request was sent and the answer was there. `now` is the latter moment. With
 * several receivers, tell the answers of one of them.
 */
void pt_clockguard_answer(struct pt_clockguard *guard, int64_t date_ms, int64_t sent_mono_ms,
	const struct pt_clockguard_now *now);
/*
 * Samples up to `stamp_ms` may have been stored: a receiver took them, or did not answer. Also for
 * what an earlier run left in a spool.
 */
void pt_clockguard_stored(struct pt_clockguard *guard, int64_t stamp_ms);
/* *stamp_ms is set if it is to be sent. Gathers in their order. */
enum pt_clockguard_verdict pt_clockguard_stamp(struct pt_clockguard *guard,
	const struct pt_clockguard_now *now, int64_t gathered_mono_ms, int64_t *stamp_ms);
/*
 * For the last gather, which cannot be held: where the other would hold it, it gets the latest time
 * that is not in the receiver's future, or right behind what that has; or it is dropped.
 */
enum pt_clockguard_verdict pt_clockguard_stamp_last(struct pt_clockguard *guard,
	const struct pt_clockguard_now *now, int64_t gathered_mono_ms, int64_t *stamp_ms);
/* How far the clock that samples follow, or the newest of them, is ahead of ours. */
int64_t pt_clockguard_offset(
	const struct pt_clockguard *guard, const struct pt_clockguard_now *now);
/*
 * True once when both clocks differ by more than PT_CLOCKGUARD_OFF_MS, and again after they did
 * not; `news` then says by how much and what to do.
 */
bool pt_clockguard_news(struct pt_clockguard *guard, struct pitot_error *news);

#endif
