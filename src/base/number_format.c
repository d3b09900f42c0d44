/* SPDX-License-Identifier: MIT */
/*
 * The shortest decimal that reads back to the same double, and of those the nearest, by Raffaello
 * Giulietti's Schubfach: the interval of all decimals that read back is scaled by a power of ten so
 * that it holds one or a few integers, and the best of them is taken. Integers below 2^53 need no
 * search. Only integer arithmetic is used, so that neither the rounding mode nor the locale has a
 * say. Nothing here can fail.
 */
#include "base/number.h"
#include "base/power.h"

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

/* The value is significand * 2^exponent. */
static struct decimal
shortest(uint64_t significand, int exponent, bool lower_is_nearer)
{
	/* floor(log10()) of the interval: 2^exponent, or 3/4 of it around a power of two */
	int k = (exponent * 1262611 - (lower_is_nearer ? 524031 : 0)) >> 22;
	struct pt_power power = pt_power_of_ten(-k);
	pt_wide scaled = power.significand + !power.exact;
	int shift = exponent + power.exponent + 128;
	uint64_t quarters = 4 * significand;
	uint64_t odd = significand % 2; /* halfway reads back to the even neighbour */
	struct interval in = {
		.value = scale(scaled, quarters << shift),
		.low = scale(scaled, (quarters - 2 + lower_is_nearer) << shift) + odd,
		.high = scale(scaled, (quarters + 2) << shift) - odd,
	};
	return search(&in, k);
}

/* Finite and not zero. */
static struct decimal
to_decimal(uint64_t bits)
{
	int biased = (int)(bits >> FRACTION_BITS) & 0x7ff;
	uint64_t fraction = bits & FRACTION_MASK;
	if (biased == 0)
		return shortest(fraction, -1074, false);
	uint64_t significand = fraction | HIDDEN_BIT;
	int exponent = biased - 1075;
	if (exponent <= 0 && exponent >= -FRACTION_BITS) {
		uint64_t integer = significand >> -exponent;
		if (integer << -exponent == significand)
			return (struct decimal){integer, 0};
	}
	return shortest(significand, exponent, fraction == 0 && biased > 1);
}

/* Significant digits, without zeros at the end; value = 0.ddd * 10^point. */
struct digits {
	char text[20];
	int start, count;
	int point;
};

static struct digits
to_digits(struct decimal decimal)
{
	struct digits digits;
	int start = (int)sizeof digits.text;
	uint64_t left = decimal.significand;
	for (; left >= 100; left /= 100) {
		unsigned two = (unsigned)(left % 100);
		digits.text[--start] = (char)('0' + two % 10);
		digits.text[--start] = (char)('0' + two / 10);
	}
	if (left >= 10) {
		digits.text[--start] = (char)('0' + left % 10);
		left /= 10;
	}
	digits.text[--start] = (char)('0' + left);
	int end = (int)sizeof digits.text;
	digits.point = decimal.exponent + end - start;
	while (end > start + 1 && digits.text[end - 1] == '0')
		end--;
	digits.start = start;
	digits.count = end - start;
	return digits;
}

static char *
put(char *to, const char *bytes, int count)
{
	memcpy(to, bytes, (size_t)count);
	return to + count;
}

static char *
put_zeros(char *to, int count)
{
	memset(to, '0', (size_t)count);
	return to + count;
}

static char *
put_scientific(char *to, const struct digits *digits)
{
	const char *text = digits->text + digits->start;
	*to++ = text[0];
	if (digits->count > 1) {
		*to++ = '.';
		to = put(to, text + 1, digits->count - 1);
	}
	int exponent = digits->point - 1;
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
	if (digits->point <= 0) {
		to = put(to, "0.", 2);
		to = put_zeros(to, -digits->point);
		return put(to, text, digits->count);
	}
	if (digits->count > digits->point) {
		to = put(to, text, digits->point);
		*to++ = '.';
		return put(to, text + digits->point, digits->count - digits->point);
	}
	to = put(to, text, digits->count);
	to = put_zeros(to, digits->point - digits->count);
	return style == PT_NUMBER_OPEN ? put(to, ".0", 2) : to;
}

size_t
pt_number_format(char *out, double value, enum pt_number_style style)
{
	uint64_t bits = pt_number_bits(value), size = bits & ~(UINT64_C(1) << 63);
	const uint64_t infinity = UINT64_C(0x7ff) << FRACTION_BITS;
	if (size > infinity)
		return (size_t)(put(out, "NaN", 3) - out);
	char *to = out;
	if (bits != size)
		*to++ = '-';
	else if (size == infinity)
		*to++ = '+';
	if (size == infinity)
		return (size_t)(put(to, "Inf", 3) - out);
	struct digits digits = to_digits(size == 0 ? (struct decimal){0, 0} : to_decimal(size));
	/* The leading digit's exponent is point - 1: fixed from -4 to 5. */
	bool fixed = digits.point >= -3 && digits.point <= 6;
	to = fixed ? put_fixed(to, &digits, style) : put_scientific(to, &digits);
	return (size_t)(to - out);
}
