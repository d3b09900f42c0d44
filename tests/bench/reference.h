/* SPDX-License-Identifier: MIT */
/*
 * The plainest code that does the same as an update, to compare with in the same binary: not
 * inlined, as the library's functions are not. None of it has a registry, names, limits or errors.
 */
#ifndef BENCH_REFERENCE_H
#define BENCH_REFERENCE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define PLACED __attribute__((aligned(64)))

/* An empty call: the floor of all. */
PLACED void reference_nothing(void *cell);
/* One locked add to memory that all threads share. */
PLACED void reference_locked_add(_Atomic uint64_t *cell);
/* A load and a store to the thread's own cell: the limit of a counter. */
PLACED void reference_thread_add(void);
/* One store without order: the limit of a gauge. */
PLACED void reference_store(_Atomic uint64_t *cell, double value);

struct reference_histogram {
	_Atomic uint64_t buckets[16];
	_Atomic uint64_t sum; /* bits of a double */
};

/* The bucket without a branch, a locked add to it, and a loop of compare and swap for the sum. */
PLACED void reference_observe_shared(struct reference_histogram *histogram, double value);
/* The same bucket, and loads and stores to the thread's own cells: the limit of a histogram. */
PLACED void reference_observe_thread(double value);
/* The same, comparing two bounds at a time. */
PLACED void reference_observe_packed(double value);

/* An open-addressed table of three strings each, never resized, read without a lock. */
struct reference_table;
struct reference_table *reference_table_new(size_t slots); /* a power of two */
void reference_table_free(struct reference_table *table);
/* The cell of these strings, which must stay; adds it if it is missing (one thread only). */
PLACED _Atomic uint64_t *reference_find(
	struct reference_table *table, const char *a, const char *b, const char *c);

#endif
