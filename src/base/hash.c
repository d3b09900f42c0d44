/* SPDX-License-Identifier: MIT */
/*
 * Eight bytes at a time, mixed by a 64 x 64 -> 128 bit multiplication whose halves are folded.
 * Nothing here can fail: without the kernel's random bytes, which is no longer seen, the secret is
 * what differs from process to process anyway.
 */
#include "base/hash.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Less than eight bytes as a word, by two reads that overlap instead of a loop. */
static uint64_t
tail(const unsigned char *at, size_t length)
{
	uint32_t first, last;
	if (length < 4)
		return at[0] | (uint64_t)at[length / 2] << 8 | (uint64_t)at[length - 1] << 16;
	memcpy(&first, at, 4);
	memcpy(&last, at + length - 4, 4);
	return first | (uint64_t)last << 32;
}

uint64_t
pt_hash(const void *bytes, size_t length, uint64_t seed)
{
	const uint64_t odd1 = PT_HASH_ODD, odd2 = 0xd6e8feb86659fd93u;
	const unsigned char *at = bytes;
	uint64_t hash = pt_hash_mix(seed ^ odd1, (uint64_t)length ^ odd2);
	for (; length >= 8; at += 8, length -= 8) {
		uint64_t word;
		memcpy(&word, at, 8);
		hash = pt_hash_mix(hash ^ word, odd1);
	}
	if (length > 0)
		hash = pt_hash_mix(hash ^ tail(at, length), odd2);
	return pt_hash_mix(hash ^ odd2, odd1);
}

static uint64_t
make_secret(void)
{
	uint64_t secret;
	if (getentropy(&secret, sizeof secret) == 0)
		return secret | 1; /* never 0 */
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	const uint64_t parts[] = {
		(uint64_t)now.tv_sec, (uint64_t)now.tv_nsec, (uint64_t)getpid(), (uintptr_t)&now};
	return pt_hash(parts, sizeof parts, 0) | 1;
}

uint64_t
pt_hash_secret(void)
{
	static _Atomic uint64_t kept;
	/* relaxed: the number stands for itself. Whoever is first decides. */
	uint64_t secret = atomic_load_explicit(&kept, memory_order_relaxed);
	if (secret != 0)
		return secret;
	uint64_t made = make_secret();
	return atomic_compare_exchange_strong_explicit(
		       &kept, &secret, made, memory_order_relaxed, memory_order_relaxed)
		? made
		: secret;
}
