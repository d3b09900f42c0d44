/* SPDX-License-Identifier: MIT */
/*
 * What one thread observed in one histogram: its cells of it, as owned.h has them for counters. A
 * reader gets buckets and sum of the same observations, each whole or not at all. Only making one
 * can fail (memory).
 */
#ifndef PT_METRICS_TALLY_H
#define PT_METRICS_TALLY_H

#include "metrics/owned.h"

struct pt_tally {
	struct pt_tally *before, *after; /* of all tallies; guarded by pt_owned_lock() */
	struct pt_owned_thread *thread;
	size_t bucket_count;
	pt_double end;  /* of the amounts it takes now; 0: see pt_tally_is_awaited() */
	pt_whole count; /* written last, see pt_tally_add() */
	pt_double sum;
	pt_whole buckets[]; /* not cumulative */
};

/* This thread's tally, or NULL: ask pt_tally_make(). */
static inline struct pt_tally *
pt_tally_find(struct pt_owned *owned)
{
	pt_whole *own = pt_owned_find(owned);
	/* relaxed: it is this thread that made it. */
	return own == NULL
		? NULL
		: (struct pt_tally *)(uintptr_t)atomic_load_explicit(own, memory_order_relaxed);
}
/* Likewise, made if there is none. NULL if memory is out. */
struct pt_tally *pt_tally_make(struct pt_owned *owned, size_t bucket_count);

/* Whether a reader asks for a moment without observations. relaxed: it may be seen late. */
static inline bool
pt_tally_is_awaited(struct pt_tally *tally)
{
	return atomic_load_explicit(&tally->end, memory_order_relaxed) == 0;
}
/* pt_owned_takes() and that it is not awaited, in one comparison. */
static inline bool
pt_tally_takes(struct pt_tally *tally, double value)
{
	/* relaxed: as above. */
	uint64_t end = atomic_load_explicit(&tally->end, memory_order_relaxed);
	return __builtin_fabs(value) < pt_number_from_bits(end);
}
/* If it is awaited, lets the reader come between two observations. */
void pt_tally_give_way(struct pt_tally *tally);

/*
 * Counts one value in its bucket, in the order bucket, sum, count. release: who sees a sum sees the
 * buckets of all its values, who sees a count sees the sums of so many. So a reader that asks for
 * the count first, then for the sum, then for the buckets, has at least the values of the former
 * in the latter, and if the buckets hold no more than the count, exactly those. That is three plain
 * stores on x86, and nothing that a reader can hold up.
 */
static inline void
pt_tally_add(struct pt_tally *tally, size_t bucket, double value)
{
	/* relaxed: only this thread writes them. */
	uint64_t count = atomic_load_explicit(&tally->count, memory_order_relaxed);
	double sum = pt_owned_double(&tally->sum);
	pt_owned_add(&tally->buckets[bucket], 1);
	atomic_store_explicit(&tally->sum, pt_number_bits(sum + value), memory_order_release);
	atomic_store_explicit(&tally->count, count + 1, memory_order_release);
}

/* Adds what all threads observed to `buckets` and returns the sum. */
double pt_tally_read(struct pt_owned *owned, uint64_t *buckets, size_t bucket_count);

/* Frees all threads' tallies, and gives the number back; nobody uses it any more. */
void pt_tally_clear(struct pt_owned *owned);

/*
 * In the child of a fork: completes the tallies of threads other than `here`, which are no more,
 * and forgets what readers asked for.
 */
void pt_tally_mend(const struct pt_owned_thread *here);

#endif
