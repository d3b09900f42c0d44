/* SPDX-License-Identifier: MIT */
#include "base/power.h"

#include "support/check.h"

/*
 * A number of 2048 bits, low limb first: enough for 10^335 and for 2^1400 / 10^364, with which
 * every power is computed by its definition.
 */
enum { limbs = 64 };
struct big {
	uint32_t limb[limbs];
};

static void
multiply(struct big *big, uint32_t factor)
{
	uint64_t carry = 0;
	for (int i = 0; i < limbs; i++) {
		carry += (uint64_t)big->limb[i] * factor;
		big->limb[i] = (uint32_t)carry;
		carry >>= 32;
	}
	check_true(carry == 0);
}

/* floor(floor(x / a) / b) = floor(x / (a b)), so that cutting off at each step does no harm. */
static uint32_t
divide(struct big *big, uint32_t divisor)
{
	uint64_t rest = 0;
	for (int i = limbs; i-- > 0;) {
		rest = rest << 32 | big->limb[i];
		big->limb[i] = (uint32_t)(rest / divisor);
		rest %= divisor;
	}
	return (uint32_t)rest;
}

static int
bit(const struct big *big, int index)
{
	return index < 0 ? 0 : (int)(big->limb[index / 32] >> (index % 32) & 1);
}

static int
top_bit(const struct big *big)
{
	int index = limbs * 32 - 1;
	while (index > 0 && bit(big, index) == 0)
		index--;
	return index;
}

/* `big` is 10^k * 2^scale, cut off; `rest` tells whether something was. */
static void
check_power(int k, const struct big *big, int scale, bool rest)
{
	struct pt_power found = pt_power_of_ten(k);
	int top = top_bit(big);
	pt_wide expected = 0;
	for (int i = 0; i < 128; i++)
		expected = expected << 1 | (unsigned)bit(big, top - i);
	for (int i = top - 128; i >= 0; i--)
		rest |= bit(big, i) != 0;
	check_true(found.significand == expected);
	check_int(found.exponent, top - 127 - scale);
	check_int(found.exact, !rest);
}

static void
every_power_is_the_leading_128_bits(void)
{
	enum { scale = 1400 };
	struct big big = {{1}};
	for (int k = 0; k <= PT_POWER_MAX; k++) {
		check_power(k, &big, 0, false);
		multiply(&big, 10);
	}
	big = (struct big){{0}};
	big.limb[scale / 32] = 1u << (scale % 32);
	for (int k = -1; k >= PT_POWER_MIN; k--) {
		(void)divide(&big, 10);
		check_power(k, &big, scale, true);
	}
}

static void
every_power_plus_one_fits_into_128_bits(void)
{
	for (int k = PT_POWER_MIN; k <= PT_POWER_MAX; k++)
		check_true(pt_power_of_ten(k).significand + 1 != 0);
}

static void
the_tenths_are_the_first_64_bits(void)
{
	for (int k = 0; k < pt_power_tenths; k++) {
		struct pt_power power = pt_power_of_ten(-k);
		check_true(pt_power_of_tenth[k].significand == (uint64_t)(power.significand >> 64));
		check_int(pt_power_of_tenth[k].exponent, power.exponent + 64);
	}
}

CHECK_MAIN("base/power", TEST(every_power_is_the_leading_128_bits),
	TEST(every_power_plus_one_fits_into_128_bits), TEST(the_tenths_are_the_first_64_bits))
