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

/* An empty call: the floor of all. */
void reference_nothing(void *cell);
/* One locked add to memory that all threads share. */
void reference_locked_add(_Atomic uint64_t *cell);
/* A load and a store to the thread's own cell: what cannot be beaten. */
void reference_thread_add(void);
/* One store without order. */
void reference_store(_Atomic uint64_t *cell, double value);

struct reference_histogram {
	_Atomic uint64_t buckets[16];
	_Atomic uint64_t sum; /* bits of a double */
};

/* The bucket without a branch, a locked add to it, and a loop of compare and swap for the sum. */
void reference_observe(struct reference_histogram *histogram, double value);

/* An open-addressed table of three strings each, never resized, read without a lock. */
struct reference_table;
struct reference_table *reference_table_new(size_t slots); /* a power of two */
void reference_table_free(struct reference_table *table);
/* The cell of these strings, which must stay; adds it if it is missing (one thread only). */
_Atomic uint64_t *reference_find(
	struct reference_table *table, const char *a, const char *b, const char *c);

#endif
