/* SPDX-License-Identifier: MIT */
/*
 * Which bucket of a native histogram a value falls into: bucket i of a schema covers the values
 * above bound(i - 1) up to bound(i) = 2^(i * 2^-schema) (specs/remote-write 2.5).
 */
#ifndef PT_METRICS_NATIVE_INDEX_H
#define PT_METRICS_NATIVE_INDEX_H

#include "model/native.h"

/*
 * The index of the bucket of a value above 0. Infinity has a bucket of its own behind that of the
 * largest number.
 */
int32_t pt_native_index(double value, int schema);
/* The index, in a schema that is lower by `steps`, of the bucket that holds the one at `index`. */
int32_t pt_native_index_coarser(int32_t index, int steps);
/* The lowest schema whose buckets grow by at most this factor, or the highest there is. */
int pt_native_schema(double growth);

#endif
