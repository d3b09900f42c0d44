/* SPDX-License-Identifier: MIT */
/*
 * Tallies. Reading one is tried until no observation comes between its first and its last cell.
 * Should a thread observe without a pause, the reader asks it for one; should it stand still within
 * an observation (it may be less urgent than the reader), the reader sleeps until it goes on. After
 * about a second of that it is given up, and the sum may have one value more or less than the
 * buckets.
 */
#include "metrics/tally.h"

#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include "base/limits.h"

enum {
	quick_tries = 16,
	yielding_tries = 64, /* then sleeping ones */
	sleeping_tries = 10000,
	sleep_ns = 50000, /* as long as the kernel's slack, so about twice that */
	give_way_yields = 16,
};

/* Guarded by pt_owned_lock(). */
static struct pt_tally *first;

/* relaxed: a hint. Another reader may take it back too early, and asks again. */
static void
ask(struct pt_tally *tally, bool awaits)
{
	pt_whole_set(&tally->end, awaits ? 0 : pt_number_bits(PT_OWNED_END));
}

struct pt_tally *
pt_tally_make(struct pt_owned *owned, size_t bucket_count)
{
	pt_whole *own = pt_owned_make(owned);
	if (own == NULL)
		return NULL;
	struct pt_tally *tally = (struct pt_tally *)(uintptr_t)pt_whole_get(own);
	if (tally != NULL)
		return tally;
	tally = calloc(1, sizeof *tally + bucket_count * sizeof tally->buckets[0]);
	if (tally == NULL)
		return NULL;
	tally->bucket_count = bucket_count;
	ask(tally, false);
	tally->thread = pt_owned_here.thread;
	pt_owned_lock();
	tally->after = first;
	if (first != NULL)
		first->before = tally;
	first = tally;
	pt_owned_unlock();
	/* release: a reader that finds it sees it zeroed. */
	atomic_store_explicit(own, (uintptr_t)tally, memory_order_release);
	return tally;
}

void
pt_tally_give_way(struct pt_tally *tally)
{
	for (int i = 0; i < give_way_yields && pt_tally_is_awaited(tally); i++)
		(void)sched_yield();
}

/* False: an observation came between. */
static bool
read_once(struct pt_tally *tally, uint64_t *buckets, uint64_t *sum_bits)
{
	/* acquire: see pt_tally_add(). */
	uint64_t count = atomic_load_explicit(&tally->count, memory_order_acquire);
	*sum_bits = atomic_load_explicit(&tally->sum, memory_order_acquire);
	uint64_t total = 0;
	for (size_t i = 0; i < tally->bucket_count; i++) {
		buckets[i] = pt_whole_get(&tally->buckets[i]);
		total += buckets[i];
	}
	return total == count;
}

static void
read_patiently(struct pt_tally *tally, uint64_t *buckets, uint64_t *sum_bits)
{
	for (int i = 0; i < quick_tries; i++)
		if (read_once(tally, buckets, sum_bits))
			return;
	for (int i = 0; i < yielding_tries + sleeping_tries; i++) {
		ask(tally, true);
		if (i < yielding_tries)
			(void)sched_yield();
		else
			(void)nanosleep(&(struct timespec){.tv_nsec = sleep_ns}, NULL);
		if (read_once(tally, buckets, sum_bits))
			break;
	}
	ask(tally, false);
}

double
pt_tally_read(struct pt_owned *owned, uint64_t *buckets, size_t bucket_count)
{
	uint32_t number = pt_owned_number(owned);
	uint64_t seen[PT_LIMIT_BUCKETS + 1], sum_bits;
	double sum = 0;
	for (struct pt_owned_page *page = pt_owned_pages(number); page != NULL; page = page->next) {
		pt_whole *cell = &page->cells[number % pt_owned_page_cells];
		/* acquire: pairs with the release in pt_tally_make(). */
		struct pt_tally *tally = (struct pt_tally *)(uintptr_t)atomic_load_explicit(
			cell, memory_order_acquire);
		if (tally == NULL)
			continue;
		read_patiently(tally, seen, &sum_bits);
		for (size_t i = 0; i < bucket_count; i++)
			buckets[i] += seen[i];
		sum += pt_number_from_bits(sum_bits);
	}
	return sum;
}

static void
drop(struct pt_tally *tally)
{
	if (tally->before == NULL)
		first = tally->after;
	else
		tally->before->after = tally->after;
	if (tally->after != NULL)
		tally->after->before = tally->before;
	free(tally);
}

void
pt_tally_clear(struct pt_owned *owned)
{
	uint32_t number = pt_owned_number(owned);
	pt_owned_lock();
	for (struct pt_owned_page *page = pt_owned_pages(number); page != NULL; page = page->next) {
		uint64_t tally = pt_whole_get(&page->cells[number % pt_owned_page_cells]);
		if (tally != 0)
			drop((struct pt_tally *)(uintptr_t)tally);
	}
	pt_owned_unlock();
	pt_owned_clear(owned);
}

/* Its sum has the value that was being observed, or not; that is settled by counting it. */
void
pt_tally_mend(const struct pt_owned_thread *here)
{
	for (struct pt_tally *tally = first; tally != NULL; tally = tally->after) {
		/* Whoever asked for a moment without observations is no more either. */
		ask(tally, false);
		if (tally->thread == here)
			continue;
		uint64_t total = 0;
		for (size_t i = 0; i < tally->bucket_count; i++)
			total += pt_whole_get(&tally->buckets[i]);
		pt_whole_set(&tally->count, total);
	}
}
