/* SPDX-License-Identifier: MIT */
/*
 * Which numbers are given: small ones first, and in rising order, so that instruments made together
 * stand side by side in each thread's memory. The caller locks.
 */
#ifndef PT_METRICS_NUMBERS_H
#define PT_METRICS_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed to begin with. */
struct pt_numbers {
	uint64_t *free; /* a bit for each number below `next`: it was given back */
	size_t words;
	size_t lowest; /* no word before this one has a bit */
	size_t free_count;
	uint32_t next; /* never given */
};

/* Fills `taken` in rising order; how many there were, of numbers below `end` and without memory. */
size_t pt_numbers_take(struct pt_numbers *numbers, uint32_t end, uint32_t *taken, size_t count);
void pt_numbers_put(struct pt_numbers *numbers, uint32_t number);

#endif
