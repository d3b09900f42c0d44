/* SPDX-License-Identifier: MIT */
/* See reference.h. Only making a table can fail, which ends the process. */
#include "reference.h"

#include "measure.h"
#include "workload.h"
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
	static _Thread_local _Atomic uint64_t cell;
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

void
reference_observe(struct reference_histogram *histogram, double value)
{
	size_t at = 0;
	for (size_t i = 0; i < 12; i++)
		at += value > workload_buckets.bounds[i];
	atomic_fetch_add_explicit(&histogram->buckets[at], 1, memory_order_relaxed);
	uint64_t old = atomic_load_explicit(&histogram->sum, memory_order_relaxed), sum;
	do {
		double number;
		memcpy(&number, &old, sizeof number);
		sum = bits_of(number + value);
	} while (!atomic_compare_exchange_weak_explicit(
		&histogram->sum, &old, sum, memory_order_relaxed, memory_order_relaxed));
}

/* ---- looking up ---- */

struct slot {
	const char *text[3];
	size_t length[3];
	uint64_t hash;
	_Atomic uint64_t cell;
};

struct reference_table {
	size_t mask;
	struct slot slots[];
};

struct reference_table *
reference_table_new(size_t slots)
{
	struct reference_table *table = calloc(1, sizeof *table + slots * sizeof table->slots[0]);
	bench_must(table != NULL, "out of memory");
	table->mask = slots - 1;
	return table;
}

void
reference_table_free(struct reference_table *table)
{
	free(table);
}

static uint64_t
add_hash(uint64_t hash, const char *text, size_t length)
{
	uint64_t word;
	for (; length >= 8; text += 8, length -= 8) {
		memcpy(&word, text, 8);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 32;
	}
	word = length;
	for (; length > 0; length--)
		word = word << 8 | (unsigned char)*text++;
	hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 32;
}

static int
is_same(const struct slot *slot, const char *const *text, const size_t *length, uint64_t hash)
{
	if (slot->hash != hash)
		return 0;
	for (int i = 0; i < 3; i++)
		if (slot->length[i] != length[i] || memcmp(slot->text[i], text[i], length[i]) != 0)
			return 0;
	return 1;
}

_Atomic uint64_t *
reference_find(struct reference_table *table, const char *a, const char *b, const char *c)
{
	const char *const text[3] = {a, b, c};
	const size_t length[3] = {strlen(a), strlen(b), strlen(c)};
	uint64_t hash = 1;
	for (int i = 0; i < 3; i++)
		hash = add_hash(hash, text[i], length[i]);
	size_t at = hash & table->mask;
	for (; table->slots[at].text[0] != NULL; at = (at + 1) & table->mask)
		if (is_same(&table->slots[at], text, length, hash))
			return &table->slots[at].cell;
	struct slot *slot = &table->slots[at];
	memcpy(slot->text, text, sizeof text);
	memcpy(slot->length, length, sizeof length);
	slot->hash = hash;
	return &slot->cell;
}
