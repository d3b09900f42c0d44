/* SPDX-License-Identifier: MIT */
/*
 * The shortest decimal that reads back to the same double, and of those the nearest. Integers and
 * decimals of few digits, which most values are, are found by multiplying; all others by Raffaello
 * Giulietti's Schubfach: the interval of all decimals that read back is scaled by a power of ten so
 * that it holds one or a few integers, and the best of them is taken. Neither the rounding mode nor
 * the locale has a say: only integers are computed with. Nothing here can fail.
 *
 * Digits are made eight at a time, and copied in words: the bytes behind a text, up to
 * PT_NUMBER_TEXT, are written too.
 */
#include "base/number.h"

#include "base/power.h"
#include <endian.h>

#define FRACTION_BITS 52
#define HIDDEN_BIT (UINT64_C(1) << FRACTION_BITS)
#define FRACTION_MASK (HIDDEN_BIT - 1)

/* significand * 10^exponent */
struct decimal {
	uint64_t significand;
	int exponent;
};

/*
 * The integer part of power * factor / 2^128, and its lowest bit set if there was a fraction. The
 * power is at most one too large in its 128th bit, hence "above 1".
 */
static uint64_t
scale(pt_wide power, uint64_t factor)
{
	pt_wide low = (pt_wide)(uint64_t)power * factor;
	pt_wide high = (pt_wide)(uint64_t)(power >> 64) * factor + (low >> 64);
	return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

/* The same by a power of 64 bits, which is exact. */
static uint64_t
scale_exactly(uint64_t power, uint64_t factor)
{
	pt_wide product = (pt_wide)power * factor;
	return (uint64_t)(product >> 64) | ((uint64_t)product != 0);
}

/* All three scaled and in quarters: the value, and the ends of what reads back to it. */
struct interval {
	uint64_t value;
	uint64_t low, high; /* inclusive */
};

/* Whether exactly one of `below` and `below + step` reads back; if so, which goes to *up. */
static bool
is_only(const struct interval *in, uint64_t below, uint64_t step, bool *up)
{
	bool low_fits = in->low <= below, high_fits = below + step <= in->high;
	*up = high_fits;
	return low_fits != high_fits;
}

static struct decimal
search(const struct interval *in, int exponent)
{
	bool up;
	uint64_t whole = in->value / 4;
	/* One digit fewer is enough if a multiple of ten reads back; there is at most one. */
	if (whole >= 10 && is_only(in, whole / 10 * 40, 40, &up))
		return (struct decimal){whole / 10 + up, exponent + 1};
	if (!is_only(in, whole * 4, 4, &up)) {
		uint64_t middle = whole * 4 + 2;
		up = in->value > middle || (in->value == middle && whole % 2 == 1);
	}
	return (struct decimal){whole + up, exponent};
}

/* The value and what reads back to it, in quarters of 2^exponent. */
struct quarters {
	uint64_t value, low, high;
};

/* Times 10^power * 2^exponent. */
static struct interval
scale_interval(const struct quarters *q, int power, int exponent)
{
	if (power >= 0 && power < pt_power_fives) {
		uint64_t five = pt_power_of_five[power];
		int zeros = __builtin_clzll(five), shift = exponent + power - zeros + 64;
		return (struct interval){
			.value = scale_exactly(five << zeros, q->value << shift),
			.low = scale_exactly(five << zeros, q->low << shift),
			.high = scale_exactly(five << zeros, q->high << shift),
		};
	}
	struct pt_power ten = pt_power_of_ten(power);
	pt_wide scaled = ten.significand + !ten.exact;
	int shift = exponent + ten.exponent + 128;
	return (struct interval){
		.value = scale(scaled, q->value << shift),
		.low = scale(scaled, q->low << shift),
		.high = scale(scaled, q->high << shift),
	};
}

/* The value is significand * 2^exponent. */
static struct decimal
shortest(uint64_t significand, int exponent, bool lower_is_nearer)
{
	/* floor(log10()) of the interval: 2^exponent, or 3/4 of it around a power of two */
	int k = (exponent * 1262611 - (lower_is_nearer ? 524031 : 0)) >> 22;
	const struct quarters quarters = {
		.value = 4 * significand,
		.low = 4 * significand - 2 + lower_is_nearer,
		.high = 4 * significand + 2,
	};
	uint64_t odd = significand % 2; /* halfway reads back to the even neighbour */
	struct interval in = scale_interval(&quarters, -k, exponent);
	in.low += odd;
	in.high -= odd;
	return search(&in, k);
}

/*
 * Whether it is a decimal with up to six digits behind the point, and at most 15 in all: of those
 * only one reads back to the same double, so it is the shortest. The value is
 * significand / 2^shift, where the shift is from 22, below which there are too many digits, to 63.
 */
static bool
is_short(uint64_t significand, int shift, struct decimal *decimal)
{
	const uint64_t million = 1000000, most = UINT64_C(1000000000000000);
	pt_wide product = (pt_wide)significand * million;
	uint64_t one = UINT64_C(1) << shift, above = (uint64_t)product & (one - 1);
	bool up = above > one / 2;
	uint64_t distance = up ? one - above : above;
	/* It reads back if it is nearer than half of a unit in the significand's last place. */
	if (2 * distance >= million)
		return false;
	uint64_t whole = (uint64_t)(product >> shift) + up;
	*decimal = (struct decimal){whole, -6};
	/* Below a power of two doubles are denser. */
	return whole < most && (significand != HIDDEN_BIT || distance == 0);
}

/* Finite and not zero. */
static struct decimal
to_decimal(uint64_t bits)
{
	int biased = (int)(bits >> FRACTION_BITS);
	uint64_t fraction = bits & FRACTION_MASK;
	if (biased == 0)
		return shortest(fraction, -1074, false);
	uint64_t significand = fraction | HIDDEN_BIT;
	int exponent = biased - 1075;
	struct decimal decimal;
	if (exponent <= 0 && exponent >= -FRACTION_BITS) {
		uint64_t integer = significand >> -exponent;
		if (integer << -exponent == significand)
			return (struct decimal){integer, 0};
	}
	if (exponent <= -22 && exponent > -64 && is_short(significand, -exponent, &decimal))
		return decimal;
	return shortest(significand, exponent, fraction == 0 && biased > 1);
}

/* ---- digits ---- */

#define EIGHT UINT64_C(100000000) /* the first number of more than eight digits */
#define ZEROS UINT64_C(0x3030303030303030)

/*
 * The digits of a number below 10^8, a byte for each, the first in the lowest: halves are split
 * into quarters and those into digits, all at once.
 */
static uint64_t
eight_digits(uint64_t number)
{
	uint64_t fours = number / 10000 | (number % 10000) << 32;
	uint64_t hundreds = (fours * 5243 >> 19) & UINT64_C(0x0000007f0000007f);
	uint64_t twos = hundreds | (fours - hundreds * 100) << 16;
	uint64_t tens = (twos * 103 >> 10) & UINT64_C(0x000f000f000f000f);
	return tens | (twos - tens * 10) << 8;
}

static void
put_eight(char *to, uint64_t digits)
{
	uint64_t text = htole64(digits | ZEROS);
	memcpy(to, &text, sizeof text);
}

/* How many of them are zeros at the beginning; of eight zeros the last one counts as a digit. */
static int
zeros_before(uint64_t digits)
{
	return __builtin_ctzll(digits | UINT64_C(1) << 56) / 8;
}

/* Significant digits, without zeros at the end; value = 0.ddd * 10^point. */
struct digits {
	char text[48]; /* in words of eight; zeros behind them */
	int start, count;
	int point;
};

static void
to_digits(struct digits *digits, struct decimal decimal)
{
	uint64_t upper = decimal.significand / EIGHT;
	uint64_t last = eight_digits(decimal.significand % EIGHT), first = last;
	char *to = digits->text;
	if (upper >= EIGHT) {
		first = eight_digits(upper / EIGHT);
		put_eight(to, first);
		put_eight(to + 8, eight_digits(upper % EIGHT));
		to += 16;
	} else if (upper > 0) {
		first = eight_digits(upper);
		put_eight(to, first);
		to += 8;
	}
	put_eight(to, last);
	put_eight(to + 8, 0);
	int end = (int)(to - digits->text) + 8;
	digits->start = zeros_before(first);
	digits->point = decimal.exponent + end - digits->start;
	end -= last != 0 ? __builtin_clzll(last) / 8 : 8;
	while (digits->text[end - 1] == '0')
		end--;
	digits->count = end - digits->start;
}

/* Any number of digits, which is at most 17, behind the text and over it. */
static char *
put_digits(char *to, const char *digits, int count)
{
	memcpy(to, digits, 16);
	to[16] = digits[16];
	return to + count;
}

static char *
put_scientific(char *to, const struct digits *digits)
{
	const char *text = digits->text + digits->start;
	int exponent = digits->point - 1;
	to[0] = text[0];
	to[1] = '.';
	to = put_digits(to + 2, text + 1, digits->count - 1);
	to -= digits->count == 1; /* no point */
	*to++ = 'e';
	*to++ = exponent < 0 ? '-' : '+';
	int size = exponent < 0 ? -exponent : exponent;
	if (size >= 100)
		*to++ = (char)('0' + size / 100);
	*to++ = (char)('0' + size / 10 % 10);
	*to++ = (char)('0' + size % 10);
	return to;
}

static char *
put_fixed(char *to, const struct digits *digits, enum pt_number_style style)
{
	const char *text = digits->text + digits->start;
	int point = digits->point;
	if (point <= 0) {
		memcpy(to, "0.000", 5);
		return put_digits(to + 2 - point, text, digits->count);
	}
	memcpy(to, text, 8);
	to += point;
	if (digits->count > point) {
		*to++ = '.';
		return put_digits(to, text + point, digits->count - point);
	}
	memcpy(to, ".0", 2);
	return style == PT_NUMBER_OPEN ? to + 2 : to;
}

/* An integer below a million. */
static char *
put_integer(char *to, uint64_t integer, enum pt_number_style style)
{
	uint64_t digits = eight_digits(integer);
	int skipped = zeros_before(digits);
	uint64_t text = htole64((digits | ZEROS) >> 8 * skipped);
	memcpy(to, &text, sizeof text);
	to += 8 - skipped;
	memcpy(to, ".0", 2);
	return style == PT_NUMBER_OPEN ? to + 2 : to;
}

static char *
put_finite(char *to, uint64_t bits, enum pt_number_style style)
{
	int shift = 1075 - (int)(bits >> FRACTION_BITS);
	if (bits == 0)
		return put_integer(to, 0, style);
	/* From 1 to 2^20: mostly an integer below a million. */
	if (shift <= FRACTION_BITS && shift > FRACTION_BITS - 20) {
		uint64_t significand = (bits & FRACTION_MASK) | HIDDEN_BIT;
		uint64_t integer = significand >> shift;
		if (integer << shift == significand && integer < 1000000)
			return put_integer(to, integer, style);
	}
	struct digits digits;
	to_digits(&digits, to_decimal(bits));
	/* The leading digit's exponent is point - 1: fixed from -4 to 5. */
	bool fixed = digits.point >= -3 && digits.point <= 6;
	return fixed ? put_fixed(to, &digits, style) : put_scientific(to, &digits);
}

size_t
pt_number_format(char *out, double value, enum pt_number_style style)
{
	uint64_t bits = pt_number_bits(value), size = bits & ~(UINT64_C(1) << 63);
	const uint64_t infinity = UINT64_C(0x7ff) << FRACTION_BITS;
	if (size < infinity) {
		out[0] = '-';
		return (size_t)(put_finite(out + (bits != size), size, style) - out);
	}
	memcpy(out, size > infinity ? "NaN" : bits == size ? "+Inf" : "-Inf", 4);
	return size > infinity ? 3 : 4;
}
