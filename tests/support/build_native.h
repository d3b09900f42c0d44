/* SPDX-License-Identifier: MIT */
/* Native histograms for tests: from a compact literal, and random ones. */
#ifndef SUPPORT_BUILD_NATIVE_H
#define SUPPORT_BUILD_NATIVE_H

#include "model/snapshot.h"

struct build_side {
	size_t span_count;
	struct pt_span spans[4];
	double buckets[8]; /* as many as the spans are long, or another number to be wrong */
	size_t bucket_count;
};

struct build_native {
	int8_t schema;
	bool is_float, is_gauge;
	double zero_threshold, sum, count, zero_count;
	struct build_side positive, negative;
	size_t bound_count;
	double bounds[6];
};

struct pt_native *build_native(const struct build_native *literal);
/* Valid if it has the luck: about one in three breaks a rule. */
struct pt_native *build_random_native(uint64_t *seed);
/*
 * Families h0, h1 and so on of `count` native histograms: random ones, markers and absent ones,
 * some with start times, times and exemplars.
 */
struct pitot_snapshot *build_random_natives(uint64_t *seed, size_t count);

/* The two histograms of specs/remote-write 2.4. */
extern const struct build_native build_native_exponential;
extern const struct build_native build_native_custom;

#endif
