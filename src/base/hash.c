/* SPDX-License-Identifier: MIT */
/* Eight bytes at a time, mixed by a 64 x 64 -> 128 bit multiplication whose halves are folded. */
#include "base/hash.h"

#include <string.h>

static uint64_t
mix(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t
pt_hash(const void *bytes, size_t length, uint64_t seed)
{
	const uint64_t odd1 = 0x9e3779b97f4a7c15u, odd2 = 0xd6e8feb86659fd93u;
	const unsigned char *at = bytes;
	uint64_t hash = mix(seed ^ odd1, (uint64_t)length ^ odd2);
	for (; length >= 8; at += 8, length -= 8) {
		uint64_t word;
		memcpy(&word, at, 8);
		hash = mix(hash ^ word, odd1);
	}
	if (length > 0) {
		uint64_t word = 0;
		memcpy(&word, at, length);
		hash = mix(hash ^ word, odd2);
	}
	return mix(hash ^ odd2, odd1);
}
