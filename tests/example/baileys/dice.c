/* SPDX-License-Identifier: MIT */
#include "dice.h"

#include <math.h>

/* SplitMix64: every state gives a number, and neighbouring seeds give unlike ones. */
static uint64_t
next(struct dice *dice)
{
	uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

double
dice_between(struct dice *dice, double low, double high)
{
	return low + (high - low) * ((double)(next(dice) >> 11) * 0x1p-53);
}

bool
dice_chance(struct dice *dice, double part)
{
	return dice_between(dice, 0, 1) < part;
}

size_t
dice_pick(struct dice *dice, const double *weights, size_t count)
{
	double sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += weights[i];
	double at = dice_between(dice, 0, sum);
	size_t i = 0;
	while (i < count - 1 && at >= weights[i])
		at -= weights[i++];
	return i;
}

/* A Poisson number, by Knuth's way of multiplying until it is too small: fine for small means. */
unsigned
dice_arrivals(struct dice *dice, double mean)
{
	unsigned count = 0;
	double limit = exp(-mean);
	for (double left = dice_between(dice, 0, 1); left > limit; left *= dice_between(dice, 0, 1))
		count++;
	return count;
}
