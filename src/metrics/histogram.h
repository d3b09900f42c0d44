/* SPDX-License-Identifier: MIT */
/*
 * What the kinds with classic buckets have in common: an array of cells, the sum first, then one
 * count for each bucket (not cumulative), that of +Inf last.
 */
#ifndef PT_METRICS_HISTOGRAM_H
#define PT_METRICS_HISTOGRAM_H

#include "metrics/owned.h"
#include "metrics/registry.h"

/* The series of one histogram: the buckets with +Inf, the sum and the count. */
size_t pt_histogram_series(const struct pt_shape *shape);
struct pt_part_of pt_histogram_part(const struct pt_shape *shape, size_t index);
/* Bytes of its cells. */
size_t pt_histogram_size(const struct pt_shape *shape);
/* One number for each series, with `tallies` or NULL; `take` as in owned.h. */
void pt_histogram_read(pt_whole *cells, struct pt_owned *tallies, const struct pt_shape *shape,
	uint64_t *bits, bool take);
/* Adds `sign` (1 or -1) things of this value, and returns the index of their bucket. */
size_t pt_histogram_count(pt_whole *cells, const struct pt_shape *shape, double value, int sign);
void pt_histogram_refuse(const struct pt_child *child);
/* Whether updates of the instrument with this value count, and marks it as used; NaN is misuse. */
static inline bool
pt_histogram_takes(struct pt_child *child, double value)
{
	if (!pt_child_touch(child))
		return false;
	if (__builtin_expect(value == value, true))
		return true;
	pt_histogram_refuse(child);
	return false;
}

#endif
