/* SPDX-License-Identifier: MIT */
#include "model/native.h"

#include <math.h>
#include <stdlib.h>
#include "base/number.h"
#include "support/build.h"
#include "support/build_native.h"
#include "support/check.h"
#include "support/oracle_v2.h"

static void
each_rule_is_told(void)
{
	static const struct {
		struct build_native literal;
		const char *wrong; /* NULL: nothing */
	} cases[] = {
		{{.schema = 0}, NULL},
		{{.schema = -4}, NULL},
		{{.schema = 8}, NULL},
		{{.schema = 9}, "schema"},
		{{.schema = -5}, "schema"},
		{{.schema = -52}, "schema"},
		{{.bound_count = 1}, "beside an exponential"},
		{{.zero_threshold = -1e-9}, "zero threshold"},
		{{.zero_threshold = NAN}, "zero threshold"},
		{{.zero_threshold = INFINITY}, "zero threshold"},
		{{.count = 3, .positive = {1, {{0, 2}}, {1, 2}, 2}}, NULL},
		{{.count = 4, .positive = {1, {{0, 2}}, {1, 2}, 2}}, "count"},
		{{.count = 2, .positive = {1, {{0, 2}}, {1, 2}, 2}}, "count"},
		{{.count = 4, .zero_count = 1, .positive = {1, {{0, 2}}, {1, 2}, 2}}, NULL},
		{{.count = 6, .positive = {1, {{0, 1}}, {1}, 1}, .negative = {1, {{0, 1}}, {5}, 1}},
			NULL},
		{{.count = 4, .sum = NAN, .positive = {1, {{0, 2}}, {1, 2}, 2}}, NULL},
		{{.count = 2, .sum = NAN, .positive = {1, {{0, 2}}, {1, 2}, 2}}, "count"},
		{{.count = 3, .positive = {1, {{0, 3}}, {1, 2}, 2}}, "spans"},
		{{.count = 3, .positive = {1, {{0, 1}}, {1, 2}, 2}}, "spans"},
		{{.count = 3, .negative = {1, {{0, 1}}, {1, 2}, 2}}, "spans"},
		{{.count = 3, .positive = {2, {{5, 1}, {-1, 1}}, {1, 2}, 2}}, "span begins"},
		{{.count = 3, .positive = {2, {{-5, 1}, {0, 1}}, {1, 2}, 2}}, NULL},
		{{.is_float = true, .count = 0.5, .positive = {1, {{0, 1}}, {0.5}, 1}}, NULL},
		{{.is_float = true, .count = 0.5, .positive = {1, {{0, 1}}, {0.6}, 1}}, "count"},
		{{.is_float = true, .count = -1, .positive = {1, {{0, 1}}, {-1}, 1}}, "negative"},
		{{.is_float = true,
			 .is_gauge = true,
			 .count = -1,
			 .positive = {1, {{0, 1}}, {-1}, 1}},
			"negative"},
		{{.is_float = true,
			 .count = 0,
			 .zero_count = -1,
			 .positive = {1, {{0, 1}}, {1}, 1}},
			"negative"},
		{{.is_float = true, .sum = NAN, .count = -1}, "negative"},
		{{.is_float = true, .sum = NAN, .count = NAN}, "negative"},
		{{.schema = -53}, NULL},
		{{.schema = -53, .bound_count = 2, .bounds = {1, 1}}, "rise"},
		{{.schema = -53, .bound_count = 2, .bounds = {2, 1}}, "rise"},
		{{.schema = -53, .bound_count = 2, .bounds = {1, INFINITY}}, "rise"},
		{{.schema = -53, .bound_count = 1, .bounds = {NAN}}, "rise"},
		{{.schema = -53, .bound_count = 1, .bounds = {-INFINITY}}, NULL},
		{{.schema = -53, .zero_threshold = 1}, "zero bucket"},
		{{.schema = -53, .zero_count = 1, .count = 1}, "zero bucket"},
		{{.schema = -53, .count = 1, .negative = {1, {{0, 1}}, {1}, 1}}, "negative"},
		{{.schema = -53,
			 .bound_count = 1,
			 .bounds = {5},
			 .count = 2,
			 .positive = {1, {{0, 2}}, {1, 1}, 2}},
			NULL},
		{{.schema = -53,
			 .bound_count = 1,
			 .bounds = {5},
			 .count = 2,
			 .positive = {1, {{1, 2}}, {1, 1}, 2}},
			"behind the last"},
		{{.schema = -53,
			 .bound_count = 1,
			 .bounds = {5},
			 .count = 2,
			 .positive = {1, {{-1, 2}}, {1, 1}, 2}},
			"before the first"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pt_native *native = build_native(&cases[i].literal);
		const char *wrong = pt_native_wrong(native);
		check_int((wrong == NULL) == oracle_native_valid(native), 1);
		if (cases[i].wrong == NULL)
			check_text(wrong == NULL ? "" : wrong, "");
		else
			check_contains(wrong == NULL ? "nothing" : wrong, cases[i].wrong);
		free(native);
	}
}

static void
random_ones_are_judged_as_by_another_judge(void)
{
	uint64_t seed = build_seed();
	for (int i = 0; i < 20000; i++) {
		struct pt_native *native = build_random_native(&seed);
		check_int(pt_native_wrong(native) == NULL, oracle_native_valid(native));
		free(native);
	}
}

static void
a_copy_is_its_own(void)
{
	const struct build_native *literals[] = {&build_native_exponential, &build_native_custom};
	for (size_t i = 0; i < 2; i++) {
		struct pt_native *native = build_native(literals[i]);
		struct pt_native *copy = pt_native_copy(native);
		check_size(pt_native_bytes(copy), pt_native_bytes(native));
		memset(native->positive.buckets, 0xff,
			native->positive.bucket_count * sizeof native->positive.buckets[0]);
		memset(native->positive.spans, 0xff,
			native->positive.span_count * sizeof native->positive.spans[0]);
		free(native);
		check_true(pt_native_wrong(copy) == NULL);
		check_size(copy->positive.spans[0].length, 2);
		free(copy);
	}
}

CHECK_MAIN("model/native", TEST(each_rule_is_told),
	TEST(random_ones_are_judged_as_by_another_judge), TEST(a_copy_is_its_own))
