/* SPDX-License-Identifier: MIT */
/* Numbers as text: integers as in C(N), 17 digits as in G(N), and three decimals. */
#include "inside.h"
#include "measure.h"
#include "reference_text.h"
#include "workload.h"
#include "base/number.h"

enum { values = 100000 };

static double integers[values], ratios[values], thousandths[values];
static char out[64];

static void
format(void *context, size_t times)
{
	const double *list = context;
	for (size_t i = 0; i < times; i++) {
		(void)pt_number_format(out, list[i], PT_NUMBER_PLAIN);
		__asm__ volatile("" : : "r"(out) : "memory");
	}
}

static void
format_plain(void *context, size_t times)
{
	const double *list = context;
	for (size_t i = 0; i < times; i++) {
		(void)reference_to_chars(out, list[i]);
		__asm__ volatile("" : : "r"(out) : "memory");
	}
}

void
bench_numbers(void)
{
	static const uint64_t powers[] = {10, 100, 1000, 10000, 100000, 1000000, 10000000};
	for (uint64_t i = 0; i < values; i++) {
		uint64_t x = mix(i + 1);
		integers[i] = (double)((x >> 8) % powers[x % 7]);
		ratios[i] = (double)(x >> 11) * 0x1p-53 * 100;
		thousandths[i] = (double)(x % 1000000) / 1000;
	}
	const struct bench_case cases[] = {
		{"pitot", "number/integers", "ns/value", NULL, format, integers, values, 1},
		{"to_chars", "number/integers", "ns/value", NULL, format_plain, integers, values,
			1},
		{"pitot", "number/17_digits", "ns/value", NULL, format, ratios, values, 1},
		{"to_chars", "number/17_digits", "ns/value", NULL, format_plain, ratios, values, 1},
		{"pitot", "number/3_decimals", "ns/value", NULL, format, thousandths, values, 1},
		{"to_chars", "number/3_decimals", "ns/value", NULL, format_plain, thousandths,
			values, 1},
	};
	bench_run(cases, sizeof cases / sizeof cases[0], 15);
}
