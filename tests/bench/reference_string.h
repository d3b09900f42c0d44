/* SPDX-License-Identifier: MIT */
/*
 * Hashing and comparing short strings of known length as the references do: a string of up to 16
 * bytes is two words that may overlap, which are hashed by one multiplication and compared at once.
 */
#ifndef BENCH_REFERENCE_STRING_H
#define BENCH_REFERENCE_STRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reference_words {
	uint64_t first, last;
};

static inline struct reference_words
reference_words(const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)text;
	struct reference_words words = {0, 0};
	if (length >= 8) {
		memcpy(&words.first, text, 8);
		memcpy(&words.last, text + length - 8, 8);
	} else if (length >= 4) {
		memcpy(&words.first, text, 4);
		memcpy(&words.last, text + length - 4, 4);
	} else if (length > 0) {
		words.first = (uint64_t)bytes[0] << 16 | (uint64_t)bytes[length / 2] << 8 |
			bytes[length - 1];
	}
	return words;
}

/* Both halves of the product. */
static inline uint64_t
reference_mix(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Of the ends only, where a string is longer than 16: the references' strings differ there. */
static inline uint64_t
reference_hash(const char *text, size_t length)
{
	struct reference_words words = reference_words(text, length);
	return reference_mix(
		words.first ^ 0xa0761d6478bd642fu, words.last ^ length ^ 0xe7037ed1a0b428dbu);
}

static inline bool
reference_equal(const char *left, const char *right, size_t length)
{
	struct reference_words a = reference_words(left, length),
			       b = reference_words(right, length);
	if (((a.first ^ b.first) | (a.last ^ b.last)) != 0)
		return false;
	return length <= 16 || memcmp(left, right, length) == 0;
}

#endif
