/* SPDX-License-Identifier: MIT */
/* Memory that is out ends the test program. */
#include "build_native.h"

#include "base/number.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "support/build.h"

const struct build_native build_native_exponential = {
	.zero_threshold = 0x1p-128,
	.sum = 42.5,
	.count = 16,
	.zero_count = 2,
	.positive = {3, {{-2, 2}, {2, 1}, {1, 2}}, {3, 5, 1, 3, 2}, 5},
};

const struct build_native build_native_custom = {
	.schema = PT_NATIVE_CUSTOM,
	.sum = 5,
	.count = 3,
	.positive = {2, {{0, 2}, {1, 1}}, {1, 1, 1}, 3},
	.bound_count = 3,
	.bounds = {0.5, 1, 2},
};

static pt_native_count
count_of(const struct build_native *literal, double count)
{
	return literal->is_float ? pt_number_bits(count) : (pt_native_count)count;
}

static void
fill_side(const struct build_native *literal, struct pt_native_side *side,
	const struct build_side *from)
{
	for (size_t i = 0; i < from->span_count; i++)
		side->spans[i] = from->spans[i];
	for (size_t i = 0; i < from->bucket_count; i++)
		side->buckets[i] = count_of(literal, from->buckets[i]);
}

struct pt_native *
build_native(const struct build_native *literal)
{
	struct pt_native *native =
		pt_native_new(&(struct pt_native_side){.span_count = literal->positive.span_count,
				      .bucket_count = literal->positive.bucket_count},
			&(struct pt_native_side){.span_count = literal->negative.span_count,
				.bucket_count = literal->negative.bucket_count},
			literal->bound_count);
	if (native == NULL)
		abort();
	native->schema = literal->schema;
	native->is_float = literal->is_float;
	native->is_gauge = literal->is_gauge;
	native->zero_threshold = literal->zero_threshold;
	native->sum_bits = pt_number_bits(literal->sum);
	native->count = count_of(literal, literal->count);
	native->zero_count = count_of(literal, literal->zero_count);
	fill_side(literal, &native->positive, &literal->positive);
	fill_side(literal, &native->negative, &literal->negative);
	for (size_t i = 0; i < literal->bound_count; i++)
		native->bounds[i] = literal->bounds[i];
	return native;
}

/* ---- at random ---- */

static double
random_side(uint64_t *seed, bool is_custom, struct build_side *side)
{
	double sum = 0;
	side->span_count = build_random(seed, 4);
	for (size_t i = 0; i < side->span_count; i++) {
		side->spans[i].length = (uint32_t)build_random(seed, 3);
		side->spans[i].offset = (int32_t)build_random(seed, 3);
		if (i == 0 && !is_custom)
			side->spans[i].offset -= (int32_t)build_random(seed, 100000);
		for (uint32_t k = 0; k < side->spans[i].length; k++) {
			double count = (double)(build_random(seed, 4) * build_random(seed, 1000));
			side->buckets[side->bucket_count++] = count;
			sum += count;
		}
	}
	return sum;
}

static void
break_a_rule(uint64_t *seed, struct build_native *literal)
{
	switch (build_random(seed, 10)) {
	case 0:
		literal->schema = (int8_t)(9 + build_random(seed, 44));
		break;
	case 1:
		literal->schema = -5;
		break;
	case 2:
		literal->count += 1;
		break;
	case 3:
		literal->zero_threshold = build_random(seed, 2) == 0 ? -1 : (double)NAN;
		break;
	case 4:
		literal->positive.spans[1].offset = -1; /* if there are two */
		break;
	case 5:
		literal->positive.spans[0].length++; /* if there is one */
		break;
	case 6:
		literal->bound_count = 2; /* equal ones, if they are not custom before */
		break;
	case 7:
		literal->bounds[0] = (double)INFINITY;
		break;
	case 8:
		literal->negative.buckets[0] = literal->is_float ? -1 : 7;
		break;
	default:
		literal->negative.span_count = 1;
		break;
	}
}

struct pt_native *
build_random_native(uint64_t *seed)
{
	static const double bounds[] = {-1, 0, 0.25, 7, 8, 1e300};
	bool is_custom = build_random(seed, 4) == 0;
	struct build_native literal = {
		.schema = (int8_t)(is_custom ? PT_NATIVE_CUSTOM : (int)build_random(seed, 13) - 4),
		.is_float = build_random(seed, 2) == 0,
		.is_gauge = build_random(seed, 4) == 0,
		.sum = build_random(seed, 8) == 0 ? (double)NAN : (double)build_random(seed, 1000),
	};
	literal.count = random_side(seed, is_custom, &literal.positive);
	if (is_custom) {
		literal.bound_count = build_random(seed, 7);
		for (size_t i = 0; i < literal.bound_count; i++)
			literal.bounds[i] = bounds[i];
	} else {
		literal.count += random_side(seed, false, &literal.negative);
		literal.zero_threshold = (double)build_random(seed, 2) * 0x1p-128;
		literal.zero_count = (double)build_random(seed, 3);
		literal.count += literal.zero_count;
	}
	if (build_random(seed, 3) == 0)
		break_a_rule(seed, &literal);
	return build_native(&literal);
}

struct pitot_snapshot *
build_random_natives(uint64_t *seed, size_t count)
{
	struct build_row *rows = calloc(count + 1, sizeof rows[0]);
	char(*names)[24] = calloc(count + 1, sizeof names[0]);
	if (rows == NULL || names == NULL)
		abort();
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(names[i], sizeof names[i], "h%zu", i);
		rows[i] = (struct build_row){
			.family = names[i],
			.type = PITOT_HISTOGRAM,
			.part = PT_PART_NATIVE,
			.labels = {{"k", "v"}},
			.start_ms = (int64_t)build_random(seed, 3) * 850000000000,
			.time_ms = (int64_t)build_random(seed, 2) * 1700000000123,
			.exemplar = {build_random(seed, 2) == 0 ? "trace_id" : NULL, "abc"},
			.exemplar_ms = (int64_t)build_random(seed, 2) * 1700000000000,
		};
	}
	struct pitot_snapshot *snapshot = build_snapshot(rows, count, 1700000000000);
	for (size_t i = 0; i < count; i++) {
		uint64_t kind = build_random(seed, 8);
		if (kind > 1 && !pt_snapshot_add_native(snapshot, i, build_random_native(seed)))
			abort();
		if (kind <= 1)
			snapshot->bits[i] = kind == 0 ? PT_NUMBER_ABSENT : PT_NUMBER_STALE;
	}
	free(names);
	free(rows);
	return snapshot;
}
