/* SPDX-License-Identifier: MIT */
/*
 * Reading a decimal to the nearest double, half to even. Up to 19 digits and a power of ten to 128
 * bits give a lower and an upper bound of the value; if both round to the same double, that is it.
 * If not (a value very near the middle of two doubles) the digits are compared with that middle in
 * whole. Only integer arithmetic is used, so that neither the rounding mode nor the locale has a
 * say. It fails on text that is no number and on numbers too large for a double.
 *
 * Before all that, pt_number_scan() tries what nearly all numbers are: few digits, read eight at a
 * time, and a power of ten of which 64 bits are enough.
 */
#include "base/number.h"

#include "base/power.h"
#include <endian.h>

#define INFINITE (UINT64_C(0x7ff) << 52)
#define HIDDEN_BIT (UINT64_C(1) << 52)

enum { kept_digits = 19 }; /* 10^19 < 2^64 */

/* (digits + rest) * 10^exponent, where 0 <= rest < 1, and rest is 0 unless cut. */
struct decimal {
	uint64_t digits;
	int count; /* of the digits, without leading zeros; at most kept_digits */
	int64_t exponent;
	bool cut;
	const char *text; /* the mantissa, with a '.' perhaps */
	const char *end;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Whether there is at least one digit; *at is behind the mantissa then. */
static bool
read_mantissa(struct decimal *decimal, const char **at, const char *end)
{
	bool any = false, point = false;
	const char *p = *at;
	for (; p < end; p++) {
		if (*p == '.' && !point) {
			point = true;
			continue;
		}
		if (!is_digit(*p))
			break;
		any = true;
		unsigned digit = (unsigned)(*p - '0');
		if (decimal->count < kept_digits) {
			decimal->digits = decimal->digits * 10 + digit;
			decimal->count += decimal->digits != 0;
			decimal->exponent -= point;
		} else {
			decimal->cut |= digit != 0;
			decimal->exponent += !point;
		}
	}
	decimal->text = *at;
	decimal->end = p;
	*at = p;
	return any;
}

static bool
read_exponent(struct decimal *decimal, const char **at, const char *end)
{
	const char *p = *at;
	if (p == end || (*p != 'e' && *p != 'E'))
		return true;
	p++;
	bool negative = p < end && *p == '-';
	if (p < end && (*p == '-' || *p == '+'))
		p++;
	if (p == end)
		return false;
	int64_t exponent = 0;
	for (; p < end && is_digit(*p); p++)
		if (exponent < INT64_C(1) << 40) /* more than any text is long */
			exponent = exponent * 10 + (*p - '0');
	decimal->exponent += negative ? -exponent : exponent;
	*at = p;
	return true;
}

/* The bits of the double nearest to top * 2^exponent, or a little more if `more`. */
static uint64_t
nearest(uint64_t top, bool more, int exponent)
{
	int zeros = __builtin_clzll(top);
	top <<= zeros;
	int leading = exponent - zeros + 63;
	if (leading > 1023)
		return INFINITE;
	bool normal = leading >= -1022;
	int drop = normal ? 11 : 11 - 1022 - leading;
	if (drop > 64)
		return 0;
	uint64_t kept = drop == 64 ? 0 : top >> drop;
	uint64_t half = UINT64_C(1) << (drop - 1);
	uint64_t rest = top & ((half << 1) - 1);
	bool up = rest > half || (rest == half && (more || kept % 2 == 1));
	/* The hidden bit of `kept`, or a carry into it, adds one to the exponent. */
	return kept + up + (normal ? (uint64_t)(leading + 1022) << 52 : 0);
}

/* The bits of the double nearest to digits * significand * 2^exponent. */
static uint64_t
nearest_product(uint64_t digits, pt_wide significand, int exponent)
{
	int zeros = __builtin_clzll(digits);
	digits <<= zeros;
	pt_wide low = (pt_wide)digits * (uint64_t)significand;
	pt_wide high = (pt_wide)digits * (uint64_t)(significand >> 64) + (low >> 64);
	uint64_t top = (uint64_t)(high >> 64), next = (uint64_t)high;
	bool more = (uint64_t)low != 0;
	exponent += 128 - zeros;
	if (top >> 63 == 0) {
		top = top << 1 | next >> 63;
		next <<= 1;
		exponent--;
	}
	return nearest(top, more || next != 0, exponent);
}

/* ---- the exact comparison ---- */

/*
 * No double's middle has more than 767 significant digits, so digits beyond these only tell whether
 * the value lies above one. The largest number here is about 5^(324 + exact_digits) * 2^54, which
 * has fewer than 2700 bits.
 */
enum { exact_digits = 780, limbs = 48 };

struct big {
	uint64_t limb[limbs];
	int count;
};

static void
big_multiply_add(struct big *big, uint64_t factor, uint64_t summand)
{
	pt_wide carry = summand;
	for (int i = 0; i < big->count; i++) {
		carry += (pt_wide)big->limb[i] * factor;
		big->limb[i] = (uint64_t)carry;
		carry >>= 64;
	}
	if (carry != 0)
		big->limb[big->count++] = (uint64_t)carry;
}

static void
big_multiply_five(struct big *big, int power)
{
	for (; power >= pt_power_fives; power -= pt_power_fives - 1)
		big_multiply_add(big, pt_power_of_five[pt_power_fives - 1], 0);
	big_multiply_add(big, pt_power_of_five[power], 0);
}

static void
big_shift(struct big *big, int bits)
{
	int whole = bits / 64;
	memmove(big->limb + whole, big->limb, (size_t)big->count * sizeof big->limb[0]);
	memset(big->limb, 0, (size_t)whole * sizeof big->limb[0]);
	big->count += whole;
	big_multiply_add(big, UINT64_C(1) << bits % 64, 0);
}

static int
big_compare(const struct big *a, const struct big *b)
{
	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	for (int i = a->count; i-- > 0;)
		if (a->limb[i] != b->limb[i])
			return a->limb[i] < b->limb[i] ? -1 : 1;
	return 0;
}

/* All digits that matter; returns the power of ten of the last one. */
static int
read_big(struct big *big, const struct decimal *decimal)
{
	int count = 0;
	bool rest = false;
	big->count = 0;
	for (const char *p = decimal->text; p < decimal->end; p++) {
		if (*p == '.' || (*p == '0' && count == 0))
			continue;
		if (count < exact_digits) {
			big_multiply_add(big, 10, (uint64_t)(*p - '0'));
			count++;
		} else {
			rest |= *p != '0';
		}
	}
	int exponent = (int)decimal->exponent + decimal->count - count;
	if (!rest)
		return exponent;
	big_multiply_add(big, 10, 1); /* a digit that stands for all the rest */
	return exponent - 1;
}

/* Which of the neighbours `bits` and `bits + 1` is nearest to the decimal between them. */
static uint64_t
nearest_exactly(const struct decimal *decimal, uint64_t bits)
{
	uint64_t fraction = bits & (HIDDEN_BIT - 1);
	int biased = (int)(bits >> 52);
	uint64_t significand = biased == 0 ? fraction : fraction | HIDDEN_BIT;
	struct big middle = {{2 * significand + 1}, 1};
	int binary = (biased == 0 ? 1 : biased) - 1076;
	struct big value;
	int power = read_big(&value, decimal);
	/* value * 5^power * 2^power against middle * 2^binary */
	big_multiply_five(power < 0 ? &middle : &value, power < 0 ? -power : power);
	int shift = power - binary;
	big_shift(shift < 0 ? &middle : &value, shift < 0 ? -shift : shift);
	int order = big_compare(&value, &middle);
	return order > 0 || (order == 0 && bits % 2 == 1) ? bits + 1 : bits;
}

/* The bits of the nearest double. */
static uint64_t
to_bits(const struct decimal *decimal)
{
	int64_t point = decimal->exponent + decimal->count;
	if (decimal->digits == 0 || point < -323)
		return 0; /* below half of the smallest double, which is 4.9e-324 */
	if (point > 309)
		return INFINITE;
	int exponent = (int)decimal->exponent;
	if (exponent == 0 && !decimal->cut)
		return nearest(decimal->digits, false, 0);
	struct pt_power power = pt_power_of_ten(exponent);
	uint64_t low = nearest_product(decimal->digits, power.significand, power.exponent);
	if (power.exact && !decimal->cut)
		return low;
	uint64_t high = nearest_product(
		decimal->digits + decimal->cut, power.significand + !power.exact, power.exponent);
	return low == high ? low : nearest_exactly(decimal, low);
}

/* ---- plain numbers ---- */

/* Fewer than eight bytes, by two reads that overlap. */
static uint64_t
last_bytes(const char *at, size_t count)
{
	uint32_t first, last;
	if (count >= 4) {
		memcpy(&first, at, 4);
		memcpy(&last, at + count - 4, 4);
		return le32toh(first) | (uint64_t)le32toh(last) << 8 * (count - 4);
	}
	if (count == 0)
		return 0;
	first = (unsigned char)at[0] | (uint32_t)(unsigned char)at[count / 2] << count / 2 * 8;
	return first | (uint32_t)(unsigned char)at[count - 1] << (count - 1) * 8;
}

/* The next eight bytes, the first one lowest; zeros behind the end. */
static uint64_t
next_eight(const char *at, const char *end)
{
	uint64_t bytes;
	if (end - at < 8)
		return last_bytes(at, (size_t)(end - at));
	memcpy(&bytes, at, 8);
	return le64toh(bytes);
}

/*
 * How many of the bytes, from the first on, are digits, and what they say: pairs of digits become
 * one number each, then pairs of those, all at once.
 */
static int
read_eight(uint64_t bytes, uint64_t *number)
{
	uint64_t values = bytes ^ UINT64_C(0x3030303030303030);
	/* Above 9 the highest bit gets set; a carry goes to bytes behind the first of these. */
	uint64_t others =
		((values + UINT64_C(0x7676767676767676)) | values) & UINT64_C(0x8080808080808080);
	int count = others == 0 ? 8 : __builtin_ctzll(others) / 8;
	if (count == 0)
		return 0;
	values <<= 64 - 8 * count;
	values = (values * 10 + (values >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
	values = (values * 100 + (values >> 16)) & UINT64_C(0x0000ffff0000ffff);
	*number = (values * 10000 + (values >> 32)) & UINT64_C(0xffffffff);
	return count;
}

struct plain {
	uint64_t digits;
	int count;
};

static const char *
read_digits(const char *at, const char *end, struct plain *plain)
{
	static const uint64_t powers[] = {
		1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
	int count;
	do {
		uint64_t number = 0;
		count = read_eight(next_eight(at, end), &number);
		plain->digits = plain->digits * powers[count] + number;
		plain->count += count;
		at += count;
	} while (count == 8 && plain->count <= kept_digits);
	return at;
}

/*
 * The bits of digits / 10^places, or 0 if it is too near to the middle of two doubles. The first 64
 * bits of the product are up to two too small, or three where they are shifted; only of the 11 that
 * are rounded away it must be known on which side of the middle they are.
 */
static uint64_t
divide(uint64_t digits, int places)
{
	const struct pt_tenth *tenth = &pt_power_of_tenth[places];
	int zeros = __builtin_clzll(digits);
	pt_wide product = (pt_wide)(digits << zeros) * tenth->significand;
	int shifted = (int)(product >> 127) ^ 1;
	uint64_t top = (uint64_t)(product >> (64 - shifted));
	uint64_t rest = top & 0x7ff;
	if (rest >= 0x3fe && rest <= 0x400)
		return 0;
	/* The hidden bit, or a carry into it, adds one to the exponent. */
	int leading = tenth->exponent + 64 - zeros - shifted + 63;
	return ((uint64_t)(leading + 1022) << 52) + (top >> 11) + (rest > 0x400);
}

/* The exponent at `at`, up to two digits, perhaps none at all; NULL for more. */
static const char *
read_small_exponent(const char *at, const char *end, int *exponent)
{
	*exponent = 0;
	if (at == end || (*at | 0x20) != 'e')
		return at;
	at++;
	bool negative = at < end && *at == '-';
	at += at < end && (*at == '-' || *at == '+');
	const char *from = at;
	while (at < end && is_digit(*at) && at - from < 3)
		*exponent = *exponent * 10 + (*at++ - '0');
	if (negative)
		*exponent = -*exponent;
	return at > from && at - from < 3 ? at : NULL;
}

/* The bits of digits * 10^exponent, or 0 where that is not simple. */
static uint64_t
plain_bits(uint64_t digits, int exponent)
{
	for (; exponent > 0 && digits < HIDDEN_BIT; exponent--)
		digits *= 10;
	if (exponent > 0 || -exponent >= pt_power_tenths)
		return 0;
	if (exponent < 0)
		return divide(digits, -exponent);
	/* Exact, whatever the rounding mode is. */
	return digits <= 2 * HIDDEN_BIT ? pt_number_bits((double)digits) : 0;
}

size_t
pt_number_scan(const char *text, const char *end, double *value)
{
	struct plain plain = {0, 0};
	bool negative = text < end && *text == '-';
	const char *at = read_digits(text + negative, end, &plain);
	int places = 0, exponent;
	if (at < end && *at == '.') {
		places = plain.count;
		at = read_digits(at + 1, end, &plain);
		places -= plain.count; /* of the point: negative */
	}
	if (plain.count == 0 || plain.count > kept_digits)
		return 0;
	at = read_small_exponent(at, end, &exponent);
	if (at == NULL)
		return 0;
	uint64_t bits = plain.digits == 0 ? 0 : plain_bits(plain.digits, exponent + places);
	if (bits == 0 && plain.digits != 0)
		return 0;
	*value = pt_number_from_bits(bits | (uint64_t)negative << 63);
	return (size_t)(at - text);
}

/* ---- all numbers ---- */

static bool
is_word(const char *text, const char *end, const char *word)
{
	for (; text < end && *word != '\0'; text++, word++)
		if ((*text | 0x20) != *word)
			return false;
	return text == end && *word == '\0';
}

static bool
read_word(const char *at, const char *end, uint64_t *bits)
{
	if (is_word(at, end, "nan"))
		*bits = PT_NUMBER_NAN;
	else if (is_word(at, end, "inf") || is_word(at, end, "infinity"))
		*bits = INFINITE;
	else
		return false;
	return true;
}

bool
pt_number_parse(const char *text, size_t length, double *value)
{
	const char *at = text, *end = text + length;
	double scanned;
	if (length > 0 && pt_number_scan(text, end, &scanned) == length) {
		*value = scanned;
		return true;
	}
	bool negative = length > 0 && *text == '-';
	if (length > 0 && (*text == '-' || *text == '+'))
		at++;
	uint64_t bits;
	if (!read_word(at, end, &bits)) {
		struct decimal decimal = {0};
		if (!read_mantissa(&decimal, &at, end) || !read_exponent(&decimal, &at, end) ||
			at != end)
			return false;
		bits = to_bits(&decimal);
		if (bits == INFINITE)
			return false;
	}
	if (negative && bits != PT_NUMBER_NAN)
		bits |= UINT64_C(1) << 63;
	*value = pt_number_from_bits(bits);
	return true;
}
