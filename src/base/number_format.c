/* SPDX-License-Identifier: MIT */
/*
 * The shortest decimal that reads back to the same double, and of those the nearest. Integers and
 * decimals of few digits, which most values are, are found by multiplying; all others by Raffaello
 * Giulietti's Schubfach: the interval of all decimals that read back is scaled by a power of ten so
 * that it holds one or a few integers, and the best of them is taken. Neither the rounding mode nor
 * the locale has a say: nothing is computed with doubles but small integers, which are exact.
 * Nothing here can fail.
 *
 * Digits are made eight at a time and written in words, each from a register: what was written is
 * never read again, and the bytes behind a text, up to PT_NUMBER_TEXT, are written too. Time goes
 * into chains of multiplications, so no number is brought to a length before it is divided if its
 * digits can be cut afterwards.
 */
#include "base/number.h"

#include "base/power.h"
#include <endian.h>

#define FRACTION_BITS 52
#define HIDDEN_BIT (UINT64_C(1) << FRACTION_BITS)
#define FRACTION_MASK (HIDDEN_BIT - 1)
#define SIGN (UINT64_C(1) << 63)

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

/* Times 10^power * 2^exponent. Not inlined: few need it. */
__attribute__((noinline)) static struct interval
scale_any(const struct quarters *q, int power, int exponent)
{
	struct pt_power ten = pt_power_of_ten(power);
	pt_wide scaled = ten.significand + !ten.exact;
	int shift = exponent + ten.exponent + 128;
	return (struct interval){
		.value = scale(scaled, q->value << shift),
		.low = scale(scaled, q->low << shift),
		.high = scale(scaled, q->high << shift),
	};
}

/* Likewise, by powers of ten whose five fit into 64 bits. */
static inline struct interval
scale_some(const struct quarters *q, int power, int exponent)
{
	int zeros = 63 - (power * 1217359 >> 19); /* above the five: log2(5) = 1217359 / 2^19 */
	int shift = exponent + power - zeros + 64;
	uint64_t five = pt_power_of_five[power] << zeros;
	return (struct interval){
		.value = scale_exactly(five, q->value << shift),
		.low = scale_exactly(five, q->low << shift),
		.high = scale_exactly(five, q->high << shift),
	};
}

/* The value is significand * 2^exponent. */
static inline struct decimal
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
	struct interval in = k <= 0 && k > -pt_power_fives ? scale_some(&quarters, -k, exponent)
							   : scale_any(&quarters, -k, exponent);
	in.low += odd;
	in.high -= odd;
	return search(&in, k);
}

/*
 * Whether it is a decimal with up to six digits behind the point, and at most 15 in all: of those
 * only one reads back to the same double, so it is the shortest; *millionths gets it. The value is
 * significand / 2^shift, where the shift is from 22, below which there are too many digits, to 63.
 */
static inline bool
is_short(uint64_t significand, int shift, uint64_t *millionths)
{
	const uint64_t million = 1000000, most = UINT64_C(1000000000000000);
	pt_wide product = (pt_wide)significand * million;
	uint64_t one = UINT64_C(1) << shift, above = (uint64_t)product & (one - 1);
	bool up = above > one / 2;
	uint64_t distance = up ? one - above : above;
	/* It reads back if it is nearer than half of a unit in the significand's last place. */
	if (2 * distance >= million)
		return false;
	*millionths = (uint64_t)(product >> shift) + up;
	/* Below a power of two doubles are denser. */
	return *millionths < most && (significand != HIDDEN_BIT || distance == 0);
}

/* ---- digits ---- */

#define EIGHT UINT64_C(100000000) /* the first number of more than eight digits */
#define ZEROS UINT64_C(0x3030303030303030)

/*
 * The digits of a number below 10^8, a byte for each, the last in the lowest: halves are split into
 * quarters and those into digits, all at once. With a quotient above its rest, one multiplication
 * both puts it there and takes its multiple from the rest.
 */
static inline uint64_t
eight_digits(uint64_t number)
{
	uint64_t halves = number + (number * 109951163 >> 40) * ((UINT64_C(1) << 32) - 10000);
	uint64_t hundreds = (halves * 5243 >> 19) & UINT64_C(0x0000007f0000007f);
	uint64_t quarters = halves + hundreds * ((1 << 16) - 100);
	uint64_t tens = (quarters * 103 >> 10) & UINT64_C(0x000f000f000f000f);
	return quarters + tens * ((1 << 8) - 10);
}

/* How many of them are zeros at the end; not all are. */
static inline int
zeros_behind(uint64_t digits)
{
	return __builtin_ctzll(digits) / 8;
}

/* As text, the first in the lowest byte. */
static inline uint64_t
text_of(uint64_t digits)
{
	return __builtin_bswap64(digits) | ZEROS;
}

static inline void
put_word(char *to, uint64_t text)
{
	text = htole64(text);
	memcpy(to, &text, sizeof text);
}

static const uint64_t powers_of_ten[] = {
	UINT64_C(1),
	UINT64_C(10),
	UINT64_C(100),
	UINT64_C(1000),
	UINT64_C(10000),
	UINT64_C(100000),
	UINT64_C(1000000),
	UINT64_C(10000000),
	UINT64_C(100000000),
	UINT64_C(1000000000),
	UINT64_C(10000000000),
	UINT64_C(100000000000),
	UINT64_C(1000000000000),
	UINT64_C(10000000000000),
	UINT64_C(100000000000000),
	UINT64_C(1000000000000000),
	UINT64_C(10000000000000000),
	UINT64_C(100000000000000000),
};

/* Seventeen digits as text, of which `count` are left without the zeros at the end. */
struct digits {
	uint64_t first;       /* the first eight, the first one in the lowest byte */
	uint64_t after, last; /* eight behind the first one, and eight behind those */
	int count;
	int point; /* value = 0.ddd * 10^point */
};

/* How many digits it has; from 1 to 10^17 - 1. Mostly it comes from shortest(): 15 to 17. */
static inline int
digits_of(uint64_t number)
{
	if (number >= powers_of_ten[14])
		return 15 + (number >= powers_of_ten[15]) + (number >= powers_of_ten[16]);
	int least = (64 - __builtin_clzll(number)) * 1233 >> 12; /* log10(2) = 1233 / 4096 */
	return least + (number >= powers_of_ten[least]);
}

static inline struct digits
to_digits(struct decimal decimal)
{
	int count = digits_of(decimal.significand);
	uint64_t all = decimal.significand * powers_of_ten[17 - count], upper = all / EIGHT;
	uint64_t one = upper / EIGHT, after = eight_digits(upper - one * EIGHT),
		 last = eight_digits(all - upper * EIGHT);
	int kept = last != 0 ? 17 - zeros_behind(last) : after != 0 ? 9 - zeros_behind(after) : 1;
	uint64_t text = text_of(after);
	return (struct digits){
		.first = (one | '0') | text << 8,
		.after = text,
		.last = text_of(last),
		.count = kept,
		.point = decimal.exponent + count,
	};
}

/* All digits, of which `point`, from 1 to 6, stand before the point. Returns where they end. */
static inline char *
put_around_point(char *to, const struct digits *digits, int point)
{
	uint64_t whole = (UINT64_C(1) << 8 * point) - 1;
	put_word(to + 2, digits->after);
	put_word(to + 10, digits->last);
	put_word(to,
		(digits->first & whole) | (uint64_t)'.' << 8 * point |
			(digits->first & ~whole) << 8);
	return to + digits->count + 1;
}

static char *
put_scientific(char *to, const struct digits *digits)
{
	int exponent = digits->point - 1;
	to = put_around_point(to, digits, 1);
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
put_below_one(char *to, const struct digits *digits)
{
	put_word(to, UINT64_C(0x3030302e30)); /* 0.000 */
	to += 2 - digits->point;
	to[0] = (char)digits->first;
	put_word(to + 1, digits->after);
	put_word(to + 9, digits->last);
	return to + digits->count;
}

/* Finite, above 0, and no integer below 10^8. */
static inline size_t
format_decimal(char *out, struct decimal decimal)
{
	const struct digits digits = to_digits(decimal);
	char *end;
	/* The leading digit's exponent is point - 1: none is written from -4 to 5. */
	if (digits.point < -3 || digits.point > 6)
		end = put_scientific(out, &digits);
	else if (digits.point <= 0)
		end = put_below_one(out, &digits);
	else
		end = put_around_point(out, &digits, digits.point);
	return (size_t)(end - out);
}

/* ---- numbers of few digits, which most are ---- */

/*
 * Puts a number below a million, and returns how many digits it has. They are counted by comparing,
 * without a branch, and not by looking at the text: where the next text goes then does not wait for
 * this one's digits, nor does whatever is read behind it, as processors that let no read pass a
 * write to an address that is not known have it.
 */
static inline size_t
put_whole(char *to, uint64_t number)
{
	size_t count = 1 + (size_t)(number > 9) + (size_t)(number > 99) + (size_t)(number > 999) +
		(size_t)(number > 9999) + (size_t)(number > 99999);
	put_word(to, text_of(eight_digits(number)) >> (64 - 8 * count));
	return count;
}

/*
 * An integer from 10^6 up, of which `exponent` digits, fewer than nine, stand behind the first
 * eight.
 */
static inline size_t
format_large(char *out, uint64_t first, uint64_t last, unsigned exponent)
{
	uint64_t text = text_of(first);
	int zeros = __builtin_ctzll(text ^ ZEROS) / 8;
	size_t count = 8 - (size_t)zeros;
	text >>= 8 * zeros;
	size_t kept = last == 0 ? count - (size_t)zeros_behind(first)
				: count + 8 - (size_t)zeros_behind(last);
	char *end = out + kept + (kept > 1);
	out[0] = (char)text;
	out[1] = '.';
	put_word(out + 2, text >> 8);
	put_word(out + 1 + count, text_of(last));
	exponent += (unsigned)count - 1;
	bool two = exponent >= 10;
	memcpy(end, "e+", 2);
	end[2] = (char)('0' + two);
	end[3] = (char)('0' + exponent - (two ? 10 : 0));
	return (size_t)(end - out) + 4;
}

/* An integer below 10^8. */
static inline size_t
format_integer(char *out, uint64_t integer, enum pt_number_style style)
{
	if (__builtin_expect(integer >= 1000000, false))
		return format_large(out, eight_digits(integer), 0, 0);
	size_t count = put_whole(out, integer);
	memcpy(out + count, ".0", 2);
	return style == PT_NUMBER_OPEN ? count + 2 : count;
}

/* No integer; from 10^-4 to 10^6. */
static inline size_t
format_millionths(char *out, uint64_t millionths)
{
	const uint64_t million = 1000000;
	uint64_t whole = millionths / million,
		 digits = eight_digits((millionths - whole * million) * 100);
	size_t count = put_whole(out, whole);
	out[count] = '.';
	put_word(out + count + 1, text_of(digits));
	return count + 9 - (size_t)zeros_behind(digits);
}

/* ---- all numbers ---- */

/* Finite, above 0, and no integer below 10^8. */
static inline size_t
format_positive(char *out, uint64_t bits)
{
	int biased = (int)(bits >> FRACTION_BITS), shift = 1075 - biased;
	uint64_t fraction = bits & FRACTION_MASK, significand = fraction | HIDDEN_BIT, millionths;
	if (biased == 0)
		return format_decimal(out, shortest(fraction, -1074, false));
	if (shift >= 0 && shift <= FRACTION_BITS && significand >> shift << shift == significand) {
		uint64_t integer = significand >> shift;
		return format_large(
			out, eight_digits(integer / EIGHT), eight_digits(integer % EIGHT), 8);
	}
	if (shift < 22 || shift >= 64 || !is_short(significand, shift, &millionths))
		return format_decimal(
			out, shortest(significand, -shift, fraction == 0 && biased > 1));
	if (millionths >= 100 && millionths < UINT64_C(1000000000000))
		return format_millionths(out, millionths);
	return format_decimal(out, (struct decimal){millionths, -6});
}

/* Not inlined, so that integers need no frame. */
__attribute__((noinline)) static size_t
format_other(char *out, uint64_t bits, enum pt_number_style style)
{
	const uint64_t infinity = UINT64_C(0x7ff) << FRACTION_BITS;
	uint64_t size = bits & ~SIGN;
	if (size >= infinity) {
		memcpy(out, size > infinity ? "NaN" : bits == size ? "+Inf" : "-Inf", 4);
		return size > infinity ? 3 : 4;
	}
	if (bits == size)
		return format_positive(out, bits);
	out[0] = '-';
	return 1 + pt_number_format(out + 1, pt_number_from_bits(size), style);
}

size_t
pt_number_format(char *out, double value, enum pt_number_style style)
{
	uint64_t bits = pt_number_bits(value);
	/* A negative one has larger bits. What the conversion changes is no integer. */
	if (bits < pt_number_bits(1e8)) {
		int32_t integer = (int32_t)value;
		if (pt_number_bits(integer) == bits)
			return format_integer(out, (uint64_t)integer, style);
	}
	return format_other(out, bits, style);
}
