/* SPDX-License-Identifier: MIT */
/*
 * Native histograms as values: one piece of memory each. Making one fails only when memory is out;
 * checking one tells the first rule that it breaks.
 */
#include "model/native.h"

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
