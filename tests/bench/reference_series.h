/* SPDX-License-Identifier: MIT */
/*
 * The least that makes the series of C(N): their strings; an open-addressed table of label values,
 * each of which is kept once; and for each series four numbers of label values, its value, a place
 * in an index that is asked whether the series is there, and a handle. All rooms have their last
 * size from the beginning, so nothing grows.
 */
#ifndef BENCH_REFERENCE_SERIES_H
#define BENCH_REFERENCE_SERIES_H

#include <stddef.h>

struct reference_series;

struct reference_series *reference_series_new(size_t count);
void reference_series_free(struct reference_series *series); /* NULL: nothing */

#endif
