/* SPDX-License-Identifier: MIT */
#include "base/number.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include "support/check.h"

static const char *
format(double value, enum pt_number_style style)
{
	static char text[PT_NUMBER_TEXT + 1];
	size_t length = pt_number_format(text, value, style);
	text[length <= PT_NUMBER_TEXT ? length : 0] = '\0';
	return text;
}

/* A value that no test expects if the text is no number. */
static double
parse(const char *text)
{
	double value;
	return pt_number_parse(text, strlen(text), &value) ? value : -12345.678;
}

static void
check_bits(const char *text, double expected)
{
	double found = parse(text);
	if (pt_number_bits(found) != pt_number_bits(expected))
		check_text(text, format(expected, PT_NUMBER_PLAIN));
}

/* text-formats 6 */
static void
numbers_are_written_as_the_specification_lists_them(void)
{
	static const struct {
		double value;
		const char *plain, *open;
	} rows[] = {
		{0, "0", "0.0"},
		{-0.0, "-0", "-0.0"},
		{1, "1", "1.0"},
		{-1, "-1", "-1.0"},
		{99999, "99999", "99999.0"},
		{100000, "100000", "100000.0"},
		{999999, "999999", "999999.0"},
		{999999.5, "999999.5", "999999.5"},
		{1e6, "1e+06", "1e+06"},
		{1234567, "1.234567e+06", "1.234567e+06"},
		{-2000000, "-2e+06", "-2e+06"},
		{12345678.5, "1.23456785e+07", "1.23456785e+07"},
		{99999999, "9.9999999e+07", "9.9999999e+07"},
		{100000000, "1e+08", "1e+08"},
		{100000001, "1.00000001e+08", "1.00000001e+08"},
		{1200000000, "1.2e+09", "1.2e+09"},
		{9999999999, "9.999999999e+09", "9.999999999e+09"},
		{10000000000, "1e+10", "1e+10"},
		{2251799813685248.5, "2.2517998136852485e+15", "2.2517998136852485e+15"},
		{0.0001, "0.0001", "0.0001"},
		{0.000101, "0.000101", "0.000101"},
		{0.015625, "0.015625", "0.015625"},
		{0.1234567, "0.1234567", "0.1234567"},
		{-999999.999999, "-999999.999999", "-999999.999999"},
		{1000000.000001, "1.000000000001e+06", "1.000000000001e+06"},
		{0.00001, "1e-05", "1e-05"},
		{1e20, "1e+20", "1e+20"},
		{5e-324, "5e-324", "5e-324"},
		{DBL_MIN, "2.2250738585072014e-308", "2.2250738585072014e-308"},
		{DBL_MAX, "1.7976931348623157e+308", "1.7976931348623157e+308"},
		{-DBL_MAX, "-1.7976931348623157e+308", "-1.7976931348623157e+308"},
		{1700000000.123, "1.700000000123e+09", "1.700000000123e+09"},
		{INFINITY, "+Inf", "+Inf"},
		{-INFINITY, "-Inf", "-Inf"},
		{NAN, "NaN", "NaN"},
		{-NAN, "NaN", "NaN"},
		{9007199254740991, "9.007199254740991e+15", "9.007199254740991e+15"},
		{9007199254740992, "9.007199254740992e+15", "9.007199254740992e+15"},
		{0x1p64, "1.8446744073709552e+19", "1.8446744073709552e+19"},
		/* below a power of two doubles are denser: the nearest decimals are others */
		{0x1p-44, "5.684341886080802e-14", "5.684341886080802e-14"},
		{0x1p-1022, "2.2250738585072014e-308", "2.2250738585072014e-308"},
		{9.5367431640625e-07, "9.5367431640625e-07", "9.5367431640625e-07"},
		{2e-323, "2e-323", "2e-323"},
		/* two shortest decimals, equally near: the even one */
		{1125899906842624.25, "1.1258999068426242e+15", "1.1258999068426242e+15"},
		{1125899906842624.75, "1.1258999068426248e+15", "1.1258999068426248e+15"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		check_text(format(rows[i].value, PT_NUMBER_PLAIN), rows[i].plain);
		check_text(format(rows[i].value, PT_NUMBER_OPEN), rows[i].open);
	}
}

/* text-formats 6 */
static void
bounds_are_written_as_openmetrics_requires(void)
{
	static const char *const texts[] = {"0.0", "0.001", "0.01", "0.1", "0.9", "0.95", "0.99",
		"0.999", "1.0", "1.7", "10.0", "1e-10", "1e-09", "1e-05", "0.0001", "100000.0",
		"1e+06", "1e+10", "+Inf"};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		check_text(format(parse(texts[i]), PT_NUMBER_OPEN), texts[i]);
}

static void
every_power_of_ten_is_written_with_one_digit(void)
{
	for (int power = -323; power <= 308; power++) {
		char text[16];
		(void)snprintf(text, sizeof text, "1e%+03d", power);
		const char *written = format(parse(text), PT_NUMBER_PLAIN);
		if (power < -4 || power >= 6)
			check_text(written, text);
		else
			check_size(strcspn(written, "23456789e"), strlen(written));
	}
}

/* A fixed sequence, so that a failure comes again. */
static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

/* How many digits printf needs so that strtod reads the same double. */
static int
digits_needed(double value)
{
	for (int digits = 17; digits > 1; digits--) {
		char text[40];
		(void)snprintf(text, sizeof text, "%.*e", digits - 2, value);
		if (strtod(text, NULL) != value)
			return digits;
	}
	return 1;
}

static int
digits_of(const char *text)
{
	int count = 0, zeros = 0;
	for (; *text != '\0' && *text != 'e'; text++) {
		if (*text < '0' || *text > '9' || (count == 0 && *text == '0'))
			continue;
		count++;
		zeros = *text == '0' ? zeros + 1 : 0;
	}
	return count - zeros;
}

static void
check_round_trip(double value)
{
	const char *text = format(value, PT_NUMBER_PLAIN);
	uint64_t bits = pt_number_bits(value);
	check_true_at(__FILE__, __LINE__, text, pt_number_bits(parse(text)) == bits);
	check_true_at(__FILE__, __LINE__, text, pt_number_bits(strtod(text, NULL)) == bits);
}

static void
check_against_the_c_library(double value)
{
	char nearest[40], long_form[40];
	const char *text = format(value, PT_NUMBER_PLAIN);
	int digits = digits_needed(value);
	if (digits_of(text) != digits)
		check_text(text, "as few digits as are needed");
	/* Of the texts with that many digits it is the nearest, which is what printf writes. */
	(void)snprintf(nearest, sizeof nearest, "%.*e", digits - 1, value);
	if (parse(nearest) != parse(text) || digits_of(nearest) != digits)
		check_text(text, nearest);
	(void)snprintf(long_form, sizeof long_form, "%.17e", value);
	check_bits(long_form, value);
}

/* text-formats 6 */
static void
random_bit_patterns_go_there_and_back(void)
{
	uint64_t state = 88172645463325252u;
	for (int i = 0; i < 250000; i++) {
		double value = pt_number_from_bits(next_random(&state));
		if (!isfinite(value))
			continue;
		check_round_trip(value);
		if (i % 8 == 0)
			check_against_the_c_library(value);
	}
}

static void
everyday_numbers_go_there_and_back(void)
{
	uint64_t state = 1234567;
	static const double scales[] = {1, 10, 100, 1e3, 1e6, 1e9, 1e15};
	for (int i = 0; i < 20000; i++) {
		double whole = (double)(next_random(&state) >> (i % 50 + 11));
		double value = whole / scales[i % 7];
		check_round_trip(value);
		if (value != 0 && (pt_number_bits(value) << 12) != 0)
			check_against_the_c_library(value);
	}
}

/* A number and its text with as many places as it needs. */
static void
decimals_of_few_digits_are_written_as_they_were_read(void)
{
	uint64_t state = 20261128;
	for (int i = 0; i < 200000; i++) {
		int places = i % 8;
		uint64_t unit = 1, digits = next_random(&state) >> (i % 50 + 14);
		char text[40];
		for (int k = 0; k < places; k++)
			unit *= 10;
		digits %= 1000000 * unit;
		int length = places == 0
			? snprintf(text, sizeof text, "%llu", (unsigned long long)digits)
			: snprintf(text, sizeof text, "%llu.%0*llu",
				  (unsigned long long)(digits / unit), places,
				  (unsigned long long)(digits % unit));
		while (places > 0 && text[length - 1] == '0')
			length--;
		text[length - (text[length - 1] == '.')] = '\0';
		if (parse(text) >= 0.0001 || digits == 0)
			check_text(format(parse(text), PT_NUMBER_PLAIN), text);
	}
}

static void
neighbours_of_powers_of_two_go_there_and_back(void)
{
	for (uint64_t exponent = 0; exponent < 0x7ff; exponent++)
		for (int64_t step = -3; step <= 3; step++) {
			uint64_t bits = (exponent << 52) + (uint64_t)step;
			if (isfinite(pt_number_from_bits(bits)))
				check_round_trip(pt_number_from_bits(bits));
		}
	for (int shift = 0; shift < 52; shift++)
		check_round_trip(pt_number_from_bits(UINT64_C(1) << shift));
}

static void
whole_texts_are_read(void)
{
	static const struct {
		const char *text;
		double value;
	} rows[] = {
		{"0", 0},
		{"-0", -0.0},
		{"+0", 0},
		{"1", 1},
		{"+1", 1},
		{"-1.5", -1.5},
		{".5", 0.5},
		{"5.", 5},
		{"00012", 12},
		{"0.00012", 0.00012},
		{"1e3", 1000},
		{"1E+3", 1000},
		{"1e-3", 0.001},
		{"1e0000000000000000003", 1000},
		{"0e999999999999999999999", 0},
		{"0.0000000000000000000000000000000000000001e41", 10},
		{"100000000000000000000000000000000000000000e-40", 10},
		{"inf", INFINITY},
		{"+Inf", INFINITY},
		{"-INFINITY", -INFINITY},
		{"Infinity", INFINITY},
		{"1e-400", 0},
		{"-1e-400", -0.0},
		{"1e-99999999999999999999", 0},
		{"9223372036854775807", 9223372036854775807.0},
		{"18446744073709551616", 18446744073709551616.0},
		{"123456789012345678901234567890", 123456789012345678901234567890.0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_bits(rows[i].text, rows[i].value);
}

static void
nan_reads_as_the_canonical_one(void)
{
	static const char *const texts[] = {"nan", "NaN", "NAN", "+nan", "-NaN"};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		double value = 0;
		check_true(pt_number_parse(texts[i], strlen(texts[i]), &value));
		check_true(pt_number_bits(value) == PT_NUMBER_NAN);
	}
}

static void
other_texts_are_refused(void)
{
	static const char *const texts[] = {"", "+", "-", ".", "-.", "e5", ".e5", "1e", "1e+",
		"1e-", "1e+x", "1ex", "1e5.", "1e5e5", "1.2.3", " 1", "1 ", "1\n", "0x1", "0x1p3",
		"1_0", "1,5", "--1", "+-1", "in", "infi", "infinit", "infinityy", "na", "nan(1)",
		"nand", "1e400", "-1e400", "1e309", "1e99999999999999999999",
		"1.7976931348623159e308", "1f", "1d", "N/A", "\xd9\xa1"};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		double value = 42;
		check_true_at(__FILE__, __LINE__, texts[i],
			!pt_number_parse(texts[i], strlen(texts[i]), &value));
		check_true(value == 42);
	}
	double value = 42;
	check_true(!pt_number_parse("1\0", 2, &value));
	check_true(pt_number_parse("12", 1, &value) && value == 1);
}

/* Reads the text by the way that all numbers can go: it has too many digits for the short one. */
static double
parse_slowly(const char *text)
{
	char longer[128];
	bool sign = text[0] == '-';
	(void)snprintf(
		longer, sizeof longer, "%s00000000000000000000%s", sign ? "-" : "", text + sign);
	return parse(longer);
}

static void
a_plain_number_reads_as_the_long_way_round(void)
{
	static const char *const forms[] = {
		"%.0f", "%.1f", "%.3f", "%.9f", "%.17g", "%.15g", "%.6e", "%.2e", "%g"};
	uint64_t state = 4711;
	for (int i = 0; i < 200000; i++) {
		char text[64];
		double value =
			(double)(int64_t)next_random(&state) / (double)(UINT64_C(1) << i % 64);
		(void)snprintf(text, sizeof text, forms[i % 9], value);
		check_true_at(__FILE__, __LINE__, text,
			pt_number_bits(parse(text)) == pt_number_bits(parse_slowly(text)));
		check_bits(text, strtod(text, NULL));
	}
}

static void
a_scan_ends_behind_the_number(void)
{
	static const struct {
		const char *text;
		size_t length;
		double value;
	} rows[] = {
		{"1\n", 1, 1},
		{"12 ", 2, 12},
		{"-0.5}", 4, -0.5},
		{"1234567x", 7, 1234567},
		{"12345678", 8, 12345678},
		{"123456789012345\t1", 15, 123456789012345},
		{"1.25e+06\n", 8, 1250000},
		{"1e-3,", 4, 0.001},
		{".5", 2, 0.5},
		{"5. ", 2, 5},
		{"1.2.3", 3, 1.2},
		{"0", 1, 0},
		{"-0", 2, -0.0},
		/* for pt_number_parse(), or nobody */
		{"", 0, 7},
		{"-", 0, 7},
		{".", 0, 7},
		{"e5", 0, 7},
		{"1e", 0, 7},
		{"1e+", 0, 7},
		{"1e100", 0, 7},
		{"NaN", 0, 7},
		{"+1", 0, 7},
		{" 1", 0, 7},
		{"\xb1", 0, 7},
		{"12345678901234567890", 0, 7},
		{"9007199254740993", 0, 7},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *text = rows[i].text;
		double value = 7;
		check_size(pt_number_scan(text, text + strlen(text), &value), rows[i].length);
		check_true(pt_number_bits(value) == pt_number_bits(rows[i].value));
		/* Nothing behind the end is looked at. */
		char *copy = malloc(rows[i].length + 1);
		for (size_t cut = 0; copy != NULL && cut <= rows[i].length; cut++) {
			memcpy(copy, text, cut);
			check_true(pt_number_scan(copy, copy + cut, &value) <= cut);
		}
		free(copy);
	}
}

/* Each text lies exactly between two doubles, or as near to it as its digits tell. */
static void
the_middle_of_two_doubles_reads_as_the_even_one(void)
{
	static const struct {
		const char *text;
		double value;
	} rows[] = {
		{"9007199254740993", 9007199254740992},
		{"9007199254740993.00000000000000000000000000000001", 9007199254740994},
		{"9007199254740992.99999999999999999999999999999999", 9007199254740992},
		{"9007199254740995", 9007199254740996},
		{"9007199254740995e0", 9007199254740996},
		{"90071992547409930e-1", 9007199254740992},
		{"4503599627370496.5", 4503599627370496},
		{"4503599627370497.5", 4503599627370498},
		{"1.00000000000000011102230246251565404236316680908203125", 1},
		{"1.00000000000000011102230246251565404236316680908203124", 1},
		{"1.00000000000000011102230246251565404236316680908203126", 0x1.0000000000001p0},
		{"2.4703282292062327e-324", 0},
		{"2.4703282292062328e-324", 5e-324},
		{"1.7976931348623158e308", DBL_MAX},
		{"2.2250738585072011e-308", 0x0.fffffffffffffp-1022},
		{"2.2250738585072012e-308", DBL_MIN},
		{"6929495644600919.5", 6929495644600920},
		{"7.8459735791271921e65", 7.8459735791271921e65},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_bits(rows[i].text, rows[i].value);
}

/* The middle between `value` and the next double, followed by `count` zeros and `last`. */
static size_t
write_middle(char *out, size_t size, double value, int count, char last)
{
	long double middle = (long double)value +
		((long double)nextafter(value, INFINITY) - (long double)value) / 2;
	int length = snprintf(out, size, "%.1100Lf", middle);
	size_t used = (size_t)length;
	for (int i = 0; i < count; i++)
		out[used++] = '0';
	if (last != '\0')
		out[used++] = last;
	out[used] = '\0';
	return used;
}

static void
a_digit_far_behind_the_middle_still_decides(void)
{
	static char text[8192];
	volatile long double one = 1;
	if (one + LDBL_EPSILON == one || LDBL_MANT_DIG < 54)
		return; /* valgrind computes with double, and not every machine has more */
	uint64_t state = 99;
	for (int i = 0; i < 3000; i++) {
		uint64_t bits = next_random(&state) >> 1;
		bits = i % 4 == 0 ? bits >> (12 + i % 50) : bits; /* small and denormal ones too */
		double low = pt_number_from_bits(bits);
		if (!isfinite(low) || !isfinite(nextafter(low, INFINITY)) || low > 1e200)
			continue;
		double high = nextafter(low, INFINITY);
		(void)write_middle(text, sizeof text, low, 0, '\0');
		check_bits(text, bits % 2 == 0 ? low : high);
		(void)write_middle(text, sizeof text, low, i % 900, '1');
		check_bits(text, high);
	}
}

/* text-formats 7 */
static void
the_locale_does_not_matter(void)
{
	static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (setlocale(LC_ALL, names[i]) == NULL)
			continue;
		check_text(format(1234.5, PT_NUMBER_OPEN), "1234.5");
		check_bits("1234.5", 1234.5);
		double value;
		check_true(!pt_number_parse("1234,5", 6, &value));
	}
	(void)setlocale(LC_ALL, "C");
}

static void
values_of_users_have_one_nan(void)
{
	check_true(pt_number_user_bits(pt_number_from_bits(PT_NUMBER_STALE)) == PT_NUMBER_NAN);
	check_true(pt_number_user_bits(-NAN) == PT_NUMBER_NAN);
	check_true(pt_number_user_bits(-0.0) == UINT64_C(1) << 63);
	check_true(pt_number_user_bits(1.5) == pt_number_bits(1.5));
}

CHECK_MAIN("base/number", TEST(numbers_are_written_as_the_specification_lists_them),
	TEST(bounds_are_written_as_openmetrics_requires),
	TEST(every_power_of_ten_is_written_with_one_digit),
	TEST(random_bit_patterns_go_there_and_back), TEST(everyday_numbers_go_there_and_back),
	TEST(decimals_of_few_digits_are_written_as_they_were_read),
	TEST(neighbours_of_powers_of_two_go_there_and_back), TEST(whole_texts_are_read),
	TEST(a_plain_number_reads_as_the_long_way_round), TEST(a_scan_ends_behind_the_number),
	TEST(nan_reads_as_the_canonical_one), TEST(other_texts_are_refused),
	TEST(the_middle_of_two_doubles_reads_as_the_even_one),
	TEST(a_digit_far_behind_the_middle_still_decides), TEST(the_locale_does_not_matter),
	TEST(values_of_users_have_one_nan))
