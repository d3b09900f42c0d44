/* SPDX-License-Identifier: MIT */
/*
 * The value of one native histogram at one time (specs/remote-write 2.5): sparse buckets in spans.
 * Counts stand as they are, not as differences, which is what formats make of them.
 */
#ifndef PT_MODEL_NATIVE_H
#define PT_MODEL_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PT_NATIVE_CUSTOM (-53) /* the schema of histograms with bounds of their own */
#define PT_NATIVE_SCHEMA_MIN (-4)
#define PT_NATIVE_SCHEMA_MAX 8

struct pt_span {
	int32_t offset; /* the first: its bucket's index; others: buckets left out before it */
	uint32_t length;
};

/* An integer, or the bits of a double in a float histogram. */
typedef uint64_t pt_native_count;

struct pt_native_side {
	size_t span_count;
	size_t bucket_count; /* the sum of the spans' lengths */
	struct pt_span *spans;
	pt_native_count *buckets;
};

struct pt_native {
	int8_t schema; /* PT_NATIVE_SCHEMA_MIN to _MAX, or PT_NATIVE_CUSTOM */
	bool is_float; /* counts are bits of doubles */
	bool is_gauge; /* buckets may fall */
	double zero_threshold;
	uint64_t sum_bits; /* of a double */
	pt_native_count count;
	pt_native_count zero_count;
	struct pt_native_side positive, negative;
	size_t bound_count; /* PT_NATIVE_CUSTOM only: rising, without +Inf */
	double *bounds;
};

/*
 * Room for so many spans, buckets and bounds, in one piece of memory with zeroed content; NULL if
 * memory is out. Freed by free().
 */
struct pt_native *pt_native_new(const struct pt_native_side *positive,
	const struct pt_native_side *negative, size_t bound_count);
/* A copy of its own; NULL if memory is out. Freed by free(). */
struct pt_native *pt_native_copy(const struct pt_native *native);

/* Which rule of specs/remote-write 2.5 it breaks, as a constant text; NULL if none. */
const char *pt_native_wrong(const struct pt_native *native);
/* How much memory it takes. */
size_t pt_native_bytes(const struct pt_native *native);

#endif
