/* SPDX-License-Identifier: MIT */
/*
 * Pure arithmetic on times. What it holds against is: a clock that steps, one that was never set,
 * one that differs from the receiver's.
 *
 * The rules. Times of samples rise by a gap at least, since a receiver refuses what is older than
 * its newest sample of a series. None is in the future: not more than 5 s ahead of the receiver's
 * time where answers tell it, nor 10 min ahead of our clock where not; some receivers refuse that,
 * others then refuse everybody's samples of the present.
 *
 * A clock that steps back a little breaks neither: times go on from the last one, at half the pace
 * of the monotonic clock, so that the wall clock catches up while rates are at most doubled. One
 * that steps back far cannot keep both, as where a first, wrong time has been corrected by an hour.
 * What is right then depends on whether a receiver has samples of the wrong hour:
 *  - none (they were refused, or still wait): time goes back to the clock's. What was stamped and
 *    still waits is the caller's to drop, as it would come out of order.
 *  - some: what is gathered until the clock passes them is dropped. It could be sent neither at its
 *    own time, which the receiver refuses and the protocol forbids, nor at a later one, which is
 *    the future. Not for longer than a day, though: a clock that was years ahead must not silence
 *    us for years.
 *
 * The receiver's time is learned from Date, whole seconds, set somewhere between the request and
 * the answer: a range, in which the offset that is known stays as long as it can, so that neither
 * seconds nor slow answers move it to and fro. It is doubted when our wall clock leaps forward
 * against the monotonic one, which stands still while the machine sleeps.
 */
#include "drive/clockguard.h"

#include "base/error.h"
#include "base/limits.h"
#include <inttypes.h>

void
pt_clockguard_init(struct pt_clockguard *guard, enum pitot_clock clock, int64_t gap_ms)
{
	*guard = (struct pt_clockguard){.clock = clock, .gap_ms = gap_ms};
}

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- the receiver's time ---- */

static bool
leapt(const struct pt_clockguard *guard, const struct pt_clockguard_now *now)
{
	int64_t local_ms = now->wall_ms - now->mono_ms;
	return guard->known && local_ms - guard->local_ms > PT_CLOCKGUARD_AHEAD_MS;
}

void
pt_clockguard_answer(struct pt_clockguard *guard, int64_t date_ms, int64_t sent_mono_ms,
	const struct pt_clockguard_now *now)
{
	if (date_ms < PT_CLOCKGUARD_2020_MS)
		return;
	int64_t local_ms = now->wall_ms - now->mono_ms;
	int64_t least = date_ms - now->mono_ms, most = date_ms + 999 - sent_mono_ms;
	if (guard->known && !leapt(guard, now))
		guard->server_ms = smaller(larger(guard->server_ms, least), most);
	else
		guard->server_ms = least + (most - least) / 2;
	guard->known = true;
	guard->local_ms = local_ms;
	guard->off_ms = larger(local_ms - most, 0) + smaller(local_ms - least, 0);
	if (guard->off_ms >= -PT_CLOCKGUARD_OFF_MS && guard->off_ms <= PT_CLOCKGUARD_OFF_MS)
		guard->told = false;
}

bool
pt_clockguard_news(struct pt_clockguard *guard, struct pitot_error *news)
{
	int64_t off_ms = guard->off_ms;
	bool ahead = off_ms > PT_CLOCKGUARD_OFF_MS;
	if (guard->told || (!ahead && off_ms >= -PT_CLOCKGUARD_OFF_MS))
		return false;
	guard->told = true;
	const char *what = "samples carry the receiver's time";
	if (guard->clock == PITOT_CLOCK_LOCAL)
		what = ahead ? "samples are held back until it gets there: set the clock, or have "
			       "them carry the receiver's time (clock: server)"
			     : "set the clock, or have samples carry the receiver's time "
			       "(clock: server)";
	(void)pt_error_set(news, PITOT_FAILED, "the clock is %" PRId64 " s %s the receiver's: %s",
		(ahead ? off_ms : -off_ms) / 1000, ahead ? "ahead of" : "behind", what);
	return true;
}

/* ---- the time of samples ---- */

static int64_t
limit_of(const struct pt_clockguard *guard, const struct pt_clockguard_now *now)
{
	if (guard->known && !leapt(guard, now))
		return guard->server_ms + now->mono_ms + PT_CLOCKGUARD_AHEAD_MS;
	return now->wall_ms + PT_LIMIT_AHEAD_MS;
}

void
pt_clockguard_stored(struct pt_clockguard *guard, int64_t stamp_ms)
{
	guard->stored_ms = larger(guard->stored_ms, stamp_ms);
	guard->last_ms = larger(guard->last_ms, stamp_ms);
}

/* The times that rise from the last one, in place of one that does not. */
static enum pt_clockguard_verdict
raise(const struct pt_clockguard *guard, int64_t gathered_mono_ms, int64_t limit_ms,
	int64_t *stamp_ms)
{
	int64_t passed_ms = guard->walking ? gathered_mono_ms - guard->last_mono_ms : 0;
	int64_t pace_ms = larger(passed_ms / 2, guard->gap_ms);
	int64_t least = guard->last_ms + guard->gap_ms;
	if (least <= limit_ms) {
		*stamp_ms = smaller(guard->last_ms + pace_ms, limit_ms);
		return PT_CLOCKGUARD_SEND;
	}
	int64_t behind_ms = guard->stored_ms + guard->gap_ms - *stamp_ms;
	return behind_ms <= 0 || behind_ms > PT_CLOCKGUARD_HOPELESS_MS ? PT_CLOCKGUARD_REWOUND
								       : PT_CLOCKGUARD_DROP;
}

/* Gives out `stamp`, which is not beyond the limit, or one that rises. */
static enum pt_clockguard_verdict
give_out(struct pt_clockguard *guard, int64_t gathered_mono_ms, int64_t stamp, int64_t limit_ms,
	int64_t *stamp_ms)
{
	enum pt_clockguard_verdict verdict = PT_CLOCKGUARD_SEND;
	bool behind = stamp < guard->last_ms + guard->gap_ms;
	if (behind)
		verdict = raise(guard, gathered_mono_ms, limit_ms, &stamp);
	if (verdict == PT_CLOCKGUARD_DROP)
		return verdict;
	if (verdict == PT_CLOCKGUARD_REWOUND)
		guard->stored_ms = smaller(guard->stored_ms, stamp);
	guard->walking = behind && verdict == PT_CLOCKGUARD_SEND;
	guard->last_ms = stamp;
	guard->last_mono_ms = gathered_mono_ms;
	*stamp_ms = stamp;
	return verdict;
}

static bool
is_by_server(const struct pt_clockguard *guard, const struct pt_clockguard_now *now)
{
	return guard->clock == PITOT_CLOCK_SERVER || now->wall_ms < PT_CLOCKGUARD_2020_MS;
}

static int64_t
time_of(const struct pt_clockguard *guard, const struct pt_clockguard_now *now,
	int64_t gathered_mono_ms)
{
	bool by_server = guard->known && is_by_server(guard, now);
	return (by_server ? guard->server_ms : now->wall_ms - now->mono_ms) + gathered_mono_ms;
}

int64_t
pt_clockguard_offset(const struct pt_clockguard *guard, const struct pt_clockguard_now *now)
{
	return larger(time_of(guard, now, now->mono_ms), guard->last_ms) - now->wall_ms;
}

enum pt_clockguard_verdict
pt_clockguard_stamp(struct pt_clockguard *guard, const struct pt_clockguard_now *now,
	int64_t gathered_mono_ms, int64_t *stamp_ms)
{
	if (leapt(guard, now) || (is_by_server(guard, now) && !guard->known))
		return PT_CLOCKGUARD_ASK;
	int64_t limit_ms = limit_of(guard, now), stamp = time_of(guard, now, gathered_mono_ms);
	if (stamp > limit_ms)
		return PT_CLOCKGUARD_HOLD;
	return give_out(guard, gathered_mono_ms, stamp, limit_ms, stamp_ms);
}

enum pt_clockguard_verdict
pt_clockguard_stamp_last(struct pt_clockguard *guard, const struct pt_clockguard_now *now,
	int64_t gathered_mono_ms, int64_t *stamp_ms)
{
	if (!guard->known && now->wall_ms < PT_CLOCKGUARD_2020_MS)
		return PT_CLOCKGUARD_DROP;
	/* Right behind what the receiver has is hardly more in the future than that. */
	int64_t limit_ms = larger(limit_of(guard, now), guard->stored_ms + guard->gap_ms);
	int64_t stamp = smaller(time_of(guard, now, gathered_mono_ms), limit_ms);
	return give_out(guard, gathered_mono_ms, stamp, limit_ms, stamp_ms);
}
