/* SPDX-License-Identifier: MIT */
/*
 * Cells: the numbers that updates touch, here those that all threads share. Every operation is one
 * atomic, relaxed: a number on its own orders nothing else, and a gather may see any one of two
 * concurrent updates without the other.
 */
#ifndef PT_METRICS_CELL_H
#define PT_METRICS_CELL_H

#include <stdatomic.h>
#include <stdbool.h>
#include "base/number.h"

typedef _Atomic uint64_t pt_whole;  /* an integer */
typedef _Atomic uint64_t pt_double; /* the bits of a double */

static inline void
pt_whole_add(pt_whole *cell, uint64_t amount)
{
	atomic_fetch_add_explicit(cell, amount, memory_order_relaxed);
}

static inline uint64_t
pt_whole_get(pt_whole *cell)
{
	return atomic_load_explicit(cell, memory_order_relaxed);
}

static inline void
pt_whole_set(pt_whole *cell, uint64_t value)
{
	atomic_store_explicit(cell, value, memory_order_relaxed);
}

/* With `take`, `left` stays behind, and an update that comes meanwhile is in one of the two. */
static inline uint64_t
pt_whole_swap(pt_whole *cell, uint64_t left, bool take)
{
	return take ? atomic_exchange_explicit(cell, left, memory_order_relaxed)
		    : pt_whole_get(cell);
}

static inline uint64_t
pt_whole_read(pt_whole *cell, bool take)
{
	return pt_whole_swap(cell, 0, take);
}

static inline void
pt_double_add(pt_double *cell, double amount)
{
	uint64_t old = atomic_load_explicit(cell, memory_order_relaxed);
	uint64_t new;
	do
		new = pt_number_user_bits(pt_number_from_bits(old) + amount);
	while (!atomic_compare_exchange_weak_explicit(
		cell, &old, new, memory_order_relaxed, memory_order_relaxed));
}

#endif
