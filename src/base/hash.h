/* SPDX-License-Identifier: MIT */
/*
 * A fast 64-bit hash for tables in memory; not for anything that is stored. Tables of what others
 * send begin with the secret, so that nobody can choose texts that fall into one place.
 */
#ifndef PT_BASE_HASH_H
#define PT_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define PT_HASH_ODD UINT64_C(0x9e3779b97f4a7c15)

/* The step of which hashes are made: a product of twice the width, its halves folded. */
static inline uint64_t
pt_hash_mix(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Chains: pass the hash so far as `seed` (0 at first), so that ("a","bc") and ("ab","c") differ. */
uint64_t pt_hash(const void *bytes, size_t length, uint64_t seed);
/* A random seed, the same for the life of the process. */
uint64_t pt_hash_secret(void);

#endif
