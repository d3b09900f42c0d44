/* SPDX-License-Identifier: MIT */
/* Powers of ten to 128 bits: what turns a binary number into a decimal one and back. */
#ifndef PT_BASE_POWER_H
#define PT_BASE_POWER_H

#include <stdbool.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 pt_wide;

#define PT_POWER_MIN (-364)
#define PT_POWER_MAX 335

/*
 * 10^k = (significand + rest) * 2^exponent, where 0 <= rest < 1, and rest is 0 if exact. The
 * significand's highest bit is set.
 */
struct pt_power {
	pt_wide significand;
	int exponent;
	bool exact;
};

/* `k` from PT_POWER_MIN to PT_POWER_MAX. */
struct pt_power pt_power_of_ten(int k);

/* 5^0 to 5^27, all that fit into 64 bits. */
enum { pt_power_fives = 28 };
extern const uint64_t pt_power_of_five[pt_power_fives];

/*
 * 10^0 to 10^-19: (significand + rest) * 2^exponent, where 0 <= rest < 1, and the significand's
 * highest bit is set. What most numbers with a point need.
 */
struct pt_tenth {
	uint64_t significand;
	int exponent;
};
enum { pt_power_tenths = 20 };
extern const struct pt_tenth pt_power_of_tenth[pt_power_tenths];

#endif
