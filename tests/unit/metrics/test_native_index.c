/* SPDX-License-Identifier: MIT */
/* Bucket indexes against bounds computed another way: in long double, from exp2l(). */
#include "metrics/native_index.h"

#include <float.h>
#include <math.h>
#include "base/number.h"
#include "support/build.h"
#include "support/check.h"

/* Wider than any double, also for the bounds between and below the smallest numbers. */
static long double
bound(int64_t index, int schema)
{
	if (schema <= 0)
		return ldexpl(1, (int)(index * (1 << -schema)));
	int64_t per_power = 1 << schema, power = index / per_power, rest = index % per_power;
	if (rest < 0) {
		rest += per_power;
		power--;
	}
	return ldexpl((double)exp2l((long double)rest / (long double)per_power), (int)power);
}

static int64_t
reference(double value, int schema)
{
	int64_t index = (int64_t)ceil(ldexp(log2(value), schema)) - 2;
	while (bound(index, schema) >= value)
		index--;
	while (bound(index, schema) < value)
		index++;
	return index;
}

/* Counts, because millions of checks would only be slow. */
static void
every_bound_belongs_to_the_bucket_below_it(void)
{
	for (int schema = PT_NATIVE_SCHEMA_MIN; schema <= PT_NATIVE_SCHEMA_MAX; schema++) {
		size_t wrong = 0, tried = 0;
		int first = (int)ldexp(-1022, schema), last = (int)ldexp(1024, schema) - 1;
		for (int i = first; i <= last; i++, tried++) {
			double at = (double)bound(i, schema);
			wrong += pt_native_index(at, schema) != i;
			wrong += pt_native_index(nextafter(at, INFINITY), schema) != i + 1;
			wrong += pt_native_index(nextafter(at, 0), schema) != i;
		}
		check_size(wrong, 0);
		check_true(tried >= 127);
	}
}

static void
any_value_is_where_the_bounds_say(void)
{
	uint64_t seed = build_seed();
	size_t wrong = 0;
	for (int i = 0; i < 20000; i++) {
		/* Random bits: every exponent alike, the smallest numbers included. */
		uint64_t bits = build_random(&seed, UINT64_C(0x7ff0000000000000));
		double value = pt_number_from_bits(bits >> (i % 3 == 0 ? i % 64 : 0));
		for (int schema = PT_NATIVE_SCHEMA_MIN; schema <= PT_NATIVE_SCHEMA_MAX; schema++)
			wrong += value > 0 &&
				pt_native_index(value, schema) != reference(value, schema);
	}
	check_size(wrong, 0);
}

static void
a_coarser_bucket_holds_the_finer_ones(void)
{
	uint64_t seed = build_seed();
	for (int i = 0; i < 2000; i++) {
		double value = i == 0 ? INFINITY
				      : pt_number_from_bits(1 +
						build_random(&seed, UINT64_C(0x7fefffffffffffff)));
		for (int from = PT_NATIVE_SCHEMA_MIN; from <= PT_NATIVE_SCHEMA_MAX; from++)
			for (int to = PT_NATIVE_SCHEMA_MIN; to <= from; to++)
				if (pt_native_index_coarser(pt_native_index(value, from),
					    from - to) != pt_native_index(value, to))
					check_double(value, from);
	}
}

static void
known_values_have_known_indexes(void)
{
	static const struct {
		double value;
		int schema;
		int32_t index;
	} cases[] = {
		{DBL_MAX, 8, 262144},
		{INFINITY, 8, 262145},
		{DBL_MAX, 0, 1024},
		{INFINITY, 0, 1025},
		{DBL_MAX, -4, 64},
		{INFINITY, -4, 65},
		{0x1p-1074, 8, -274944},
		{0x1p-1074, 0, -1074},
		{0x1p-1074, -4, -67},
		{0x1p-1073, 8, -274688},
		{0x3p-1074, 0, -1072},
		{DBL_MIN, 0, -1022},
		{1, -4, 0},
		{1, 8, 0},
		{0x1.0000000000001p0, 8, 1},
		{0x1.0000000000001p0, -4, 1},
		{0x1.fffffffffffffp-1, 8, 0},
		{2, -4, 1},
		{0x1p16, -4, 1},
		{0x1.0000000000001p16, -4, 2},
		{0x1p-16, -4, -1},
		{0x1.0000000000001p-16, -4, 0},
		{0x1p-17, -4, -1},
		{4, 3, 16},
		{0.25, 3, -16},
		{3, 1, 4},
		{2.8, 1, 3},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		check_int(pt_native_index(cases[i].value, cases[i].schema), cases[i].index);
}

static void
growth_chooses_the_schema(void)
{
	static const struct {
		double growth;
		int schema;
	} cases[] = {
		{1.1, 3},
		{0x1.172b83c7d517bp0, 3},
		{0x1.172b83c7d517ap0, 4},
		{1.5, 1},
		{2, 0},
		{1.9999, 1},
		{4, -1},
		{16, -2},
		{256, -3},
		{65535, -3},
		{65536, -4},
		{1e300, -4},
		{1.0028, 8},
		{1.00001, 8},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		check_int(pt_native_schema(cases[i].growth), cases[i].schema);
}

CHECK_MAIN("metrics/native_index", TEST(every_bound_belongs_to_the_bucket_below_it),
	TEST(any_value_is_where_the_bounds_say), TEST(a_coarser_bucket_holds_the_finer_ones),
	TEST(known_values_have_known_indexes), TEST(growth_chooses_the_schema))
