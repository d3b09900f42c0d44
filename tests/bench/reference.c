/* SPDX-License-Identifier: MIT */
/* See reference.h. Only making a table can fail, which ends the process. */
#include "reference.h"

#include "measure.h"
#include "reference_string.h"
#include <stdlib.h>
#include <string.h>

/* ---- counters and gauges ---- */

void
reference_nothing(void *cell)
{
	/* Keeps the call where it is. */
	__asm__ volatile("" : : "r"(cell) : "memory");
}

/* relaxed, here and below: a number whose order with other memory does not matter. */
void
reference_locked_add(_Atomic uint64_t *cell)
{
	atomic_fetch_add_explicit(cell, 1, memory_order_relaxed);
}

void
reference_thread_add(void)
{
	static _Thread_local _Atomic uint64_t cell __attribute__((tls_model("initial-exec")));
	atomic_store_explicit(
		&cell, atomic_load_explicit(&cell, memory_order_relaxed) + 1, memory_order_relaxed);
}

static uint64_t
bits_of(double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}

void
reference_store(_Atomic uint64_t *cell, double value)
{
	atomic_store_explicit(cell, bits_of(value), memory_order_relaxed);
}

/* ---- histograms ---- */

/* Those of workload.h; here, so that the compiler knows them. */
static const double bounds[12] = {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30};

/* How many bounds are below the value, without a branch. */
static inline size_t
bucket_of(double value)
{
	size_t at = 0;
	for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++)
		at += value > bounds[i];
	return at;
}

/* The same two at a time: a comparison that holds is -1. */
static inline size_t
packed_bucket_of(double value)
{
	typedef double pair __attribute__((vector_size(16)));
	typedef int64_t places __attribute__((vector_size(16)));
	const pair values = {value, value};
	places below = {0, 0};
	for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i += 2)
		below -= (pair){bounds[i], bounds[i + 1]} < values;
	return (size_t)(below[0] + below[1]);
}

static double
number_of(uint64_t bits)
{
	double value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

void
reference_observe_shared(struct reference_histogram *histogram, double value)
{
	atomic_fetch_add_explicit(&histogram->buckets[bucket_of(value)], 1, memory_order_relaxed);
	uint64_t old = atomic_load_explicit(&histogram->sum, memory_order_relaxed), sum;
	do
		sum = bits_of(number_of(old) + value);
	while (!atomic_compare_exchange_weak_explicit(
		&histogram->sum, &old, sum, memory_order_relaxed, memory_order_relaxed));
}

/* To the thread's own cells. */
static inline void
add_own(size_t at, double value)
{
	static _Thread_local struct reference_histogram own
		__attribute__((tls_model("initial-exec")));
	atomic_store_explicit(&own.buckets[at],
		atomic_load_explicit(&own.buckets[at], memory_order_relaxed) + 1,
		memory_order_relaxed);
	double sum = number_of(atomic_load_explicit(&own.sum, memory_order_relaxed));
	atomic_store_explicit(&own.sum, bits_of(sum + value), memory_order_relaxed);
}

void
reference_observe_thread(double value)
{
	add_own(bucket_of(value), value);
}

void
reference_observe_packed(double value)
{
	add_own(packed_bucket_of(value), value);
}

/* ---- looking up ---- */

struct slot {
	_Alignas(64) const char *text[3];
	uint32_t length[3];
	uint64_t hash;
	_Atomic uint64_t cell;
};

struct reference_table {
	size_t mask;
	struct slot *slots; /* one line of the cache each */
};

struct reference_table *
reference_table_new(size_t slots)
{
	struct reference_table *table = malloc(sizeof *table);
	bench_must(table != NULL, "out of memory");
	*table =
		(struct reference_table){slots - 1, aligned_alloc(64, slots * sizeof(struct slot))};
	bench_must(table->slots != NULL, "out of memory");
	memset(table->slots, 0, slots * sizeof(struct slot));
	return table;
}

void
reference_table_free(struct reference_table *table)
{
	free(table->slots);
	free(table);
}

static inline bool
is_same(const struct slot *slot, const char *const *text, const size_t *length, uint64_t hash)
{
	if (slot->hash != hash)
		return false;
	for (int i = 0; i < 3; i++)
		if (slot->length[i] != length[i] ||
			!reference_equal(slot->text[i], text[i], length[i]))
			return false;
	return true;
}

_Atomic uint64_t *
reference_find(struct reference_table *table, const char *a, const char *b, const char *c)
{
	const char *const text[3] = {a, b, c};
	const size_t length[3] = {strlen(a), strlen(b), strlen(c)};
	uint64_t hash = reference_hash(a, length[0]);
	hash = reference_mix(hash ^ reference_hash(b, length[1]), 0x9e3779b97f4a7c15u);
	hash = reference_mix(hash ^ reference_hash(c, length[2]), 0x9e3779b97f4a7c15u);
	size_t at = hash & table->mask;
	for (; table->slots[at].text[0] != NULL; at = (at + 1) & table->mask)
		if (is_same(&table->slots[at], text, length, hash))
			return &table->slots[at].cell;
	struct slot *slot = &table->slots[at];
	memcpy(slot->text, text, sizeof text);
	for (int i = 0; i < 3; i++)
		slot->length[i] = (uint32_t)length[i];
	slot->hash = hash;
	return &slot->cell;
}
