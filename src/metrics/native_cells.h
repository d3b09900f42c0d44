/* SPDX-License-Identifier: MIT */
/* The numbers of one native histogram, and reading them as a value within a budget of buckets. */
#ifndef PT_METRICS_NATIVE_CELLS_H
#define PT_METRICS_NATIVE_CELLS_H

#include "metrics/cell.h"
#include "metrics/registry.h"

enum {
	pt_native_heads = 32,
	pt_native_levels = PT_NATIVE_SCHEMA_MAX - PT_NATIVE_SCHEMA_MIN + 1,
};

struct pt_native_chunk;

/* All zero is a valid start. */
struct pt_native_cells {
	pt_whole zero;
	_Atomic uint32_t chunks[pt_native_levels]; /* made since the last reset, by schema */
	_Atomic(struct pt_native_chunk *) heads[pt_native_heads];
};

/* Counts one value, not NaN. False, and it is not counted, if memory is out. */
bool pt_native_cells_add(
	struct pt_native_cells *cells, const struct pt_native_shape *shape, double value);
/* Counts begin at zero; values that are added meanwhile may be among them or not. */
void pt_native_cells_reset(struct pt_native_cells *cells);
/*
 * The counts as a value, whose sum is given; `take` as in cell.h. NULL if memory is out, and then
 * nothing is taken; freed by free().
 */
struct pt_native *pt_native_cells_read(struct pt_native_cells *cells,
	const struct pt_native_shape *shape, uint64_t sum_bits, bool take);
/* Frees what the cells hold; nobody may use them meanwhile. */
void pt_native_cells_clear(struct pt_native_cells *cells);

#endif
