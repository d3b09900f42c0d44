/* SPDX-License-Identifier: MIT */
/*
 * Native histograms as values: one piece of memory each. Making one fails only when memory is out;
 * checking one tells the first rule that it breaks.
 */
#include "model/native.h"

#include "base/number.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t
side_size(const struct pt_native_side *side)
{
	/* Spans are as wide as a double, so what follows them is aligned. */
	return side->span_count * sizeof(struct pt_span) +
		side->bucket_count * sizeof(pt_native_count);
}

/* Lays the side's arrays out at `at` and returns what is behind them. */
static char *
place_side(struct pt_native_side *side, const struct pt_native_side *like, char *at)
{
	side->span_count = like->span_count;
	side->bucket_count = like->bucket_count;
	side->buckets = (pt_native_count *)(void *)at;
	at += like->bucket_count * sizeof(pt_native_count);
	side->spans = (struct pt_span *)(void *)at;
	return at + like->span_count * sizeof(struct pt_span);
}

static size_t
bytes_of(const struct pt_native_side *positive, const struct pt_native_side *negative,
	size_t bound_count)
{
	return sizeof(struct pt_native) + bound_count * sizeof(double) + side_size(positive) +
		side_size(negative);
}

size_t
pt_native_bytes(const struct pt_native *native)
{
	return bytes_of(&native->positive, &native->negative, native->bound_count);
}

struct pt_native *
pt_native_new(const struct pt_native_side *positive, const struct pt_native_side *negative,
	size_t bound_count)
{
	struct pt_native *native = calloc(1, bytes_of(positive, negative, bound_count));
	if (native == NULL)
		return NULL;
	native->bounds = (double *)(native + 1);
	native->bound_count = bound_count;
	char *at = (char *)(native->bounds + bound_count);
	at = place_side(&native->positive, positive, at);
	(void)place_side(&native->negative, negative, at);
	return native;
}

static void
copy_side(struct pt_native_side *to, const struct pt_native_side *from)
{
	if (from->span_count > 0)
		memcpy(to->spans, from->spans, from->span_count * sizeof from->spans[0]);
	if (from->bucket_count > 0)
		memcpy(to->buckets, from->buckets, from->bucket_count * sizeof from->buckets[0]);
}

struct pt_native *
pt_native_copy(const struct pt_native *native)
{
	struct pt_native *copy =
		pt_native_new(&native->positive, &native->negative, native->bound_count);
	if (copy == NULL)
		return NULL;
	struct pt_native places = *copy;
	*copy = *native;
	copy->bounds = places.bounds;
	copy->positive = places.positive;
	copy->negative = places.negative;
	if (native->bound_count > 0)
		memcpy(copy->bounds, native->bounds, native->bound_count * sizeof copy->bounds[0]);
	copy_side(&copy->positive, &native->positive);
	copy_side(&copy->negative, &native->negative);
	return copy;
}

/* ---- checking ---- */

static const char *
wrong_side(const struct pt_native *native, const struct pt_native_side *side)
{
	uint64_t buckets = 0;
	for (size_t i = 0; i < side->span_count; i++) {
		if (i > 0 && side->spans[i].offset < 0)
			return "a span begins before the end of the last one";
		buckets += side->spans[i].length;
	}
	if (buckets != side->bucket_count)
		return "the spans are not as long as there are buckets";
	for (size_t i = 0; native->is_float && i < side->bucket_count; i++)
		if (!(pt_number_from_bits(side->buckets[i]) >= 0))
			return "a bucket is negative or not a number";
	return NULL;
}

static const char *
wrong_bounds(const struct pt_native *native)
{
	for (size_t i = 0; i < native->bound_count; i++)
		if (isnan(native->bounds[i]) || native->bounds[i] == (double)INFINITY ||
			(i > 0 && native->bounds[i] <= native->bounds[i - 1]))
			return "custom bounds do not rise, or one is NaN or +Inf";
	if (native->negative.span_count > 0 || native->negative.bucket_count > 0)
		return "custom bounds beside negative buckets";
	bool has_zero = native->is_float ? pt_number_from_bits(native->zero_count) != 0
					 : native->zero_count != 0;
	if (has_zero || native->zero_threshold > 0)
		return "custom bounds beside a zero bucket";
	int64_t last = -1;
	for (size_t i = 0; i < native->positive.span_count; i++)
		last += native->positive.spans[i].offset +
			(int64_t)native->positive.spans[i].length;
	if (native->positive.span_count > 0 && native->positive.spans[0].offset < 0)
		return "a bucket before the first custom bound";
	return last > (int64_t)native->bound_count ? "a bucket behind the last custom bound" : NULL;
}

/* Floats may be off by what adding them up loses. */
static const char *
wrong_count(const struct pt_native *native)
{
	double sum = pt_number_from_bits(native->sum_bits);
	const struct pt_native_side *sides[] = {&native->positive, &native->negative};
	uint64_t whole = native->zero_count;
	double real = native->is_float ? pt_number_from_bits(native->zero_count) : 0;
	for (size_t s = 0; s < 2; s++)
		for (size_t i = 0; i < sides[s]->bucket_count; i++) {
			whole += sides[s]->buckets[i];
			if (native->is_float)
				real += pt_number_from_bits(sides[s]->buckets[i]);
		}
	if (native->is_float) {
		double count = pt_number_from_bits(native->count);
		if (!(count >= 0) || !(pt_number_from_bits(native->zero_count) >= 0))
			return "a count is negative or not a number";
		bool near = fabs(count - real) <= 1e-9 * fabs(count) || isnan(sum);
		return near ? NULL : "the count is not the sum of the buckets";
	}
	if (isnan(sum) ? native->count < whole : native->count != whole)
		return "the count is not the sum of the buckets";
	return NULL;
}

const char *
pt_native_wrong(const struct pt_native *native)
{
	bool custom = native->schema == PT_NATIVE_CUSTOM;
	const char *wrong = NULL;
	if (!custom &&
		(native->schema < PT_NATIVE_SCHEMA_MIN || native->schema > PT_NATIVE_SCHEMA_MAX))
		return "the schema is unknown";
	if (!custom && native->bound_count > 0)
		return "custom bounds beside an exponential schema";
	if (!(native->zero_threshold >= 0) || isinf(native->zero_threshold))
		return "the zero threshold is not a number from 0 on";
	if (custom)
		wrong = wrong_bounds(native);
	if (wrong == NULL)
		wrong = wrong_side(native, &native->positive);
	if (wrong == NULL)
		wrong = wrong_side(native, &native->negative);
	return wrong == NULL ? wrong_count(native) : wrong;
}
