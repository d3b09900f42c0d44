/* SPDX-License-Identifier: MIT */
/* A fast 64-bit hash for tables in memory; not for anything that is stored or attacked. */
#ifndef PT_BASE_HASH_H
#define PT_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Chains: pass the hash so far as `seed` (0 at first), so that ("a","bc") and ("ab","c") differ. */
uint64_t pt_hash(const void *bytes, size_t length, uint64_t seed);

#endif
