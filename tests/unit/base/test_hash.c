/* SPDX-License-Identifier: MIT */
#include "base/hash.h"

#include <stdlib.h>
#include "support/check.h"

static void
equal_bytes_hash_alike_wherever_they_stand(void)
{
	char text[64] = "";
	const char *bytes = "abcdefghijklmnopqrstuvwxyz";
	for (size_t length = 0; length <= 26; length++)
		for (size_t offset = 0; offset < 9; offset++) {
			memcpy(text + offset, bytes, length);
			check_true(pt_hash(text + offset, length, 7) == pt_hash(bytes, length, 7));
		}
}

static void
chaining_tells_where_one_text_ends(void)
{
	uint64_t one = pt_hash("bc", 2, pt_hash("a", 1, 0));
	uint64_t other = pt_hash("c", 1, pt_hash("ab", 2, 0));
	check_true(one != other);
	check_true(pt_hash("", 0, one) != one);
	check_true(pt_hash("a", 1, 1) != pt_hash("a", 1, 2));
}

static void
zero_bytes_count(void)
{
	static const char zeros[32];
	for (size_t length = 0; length < sizeof zeros; length++)
		for (size_t other = 0; other < length; other++)
			check_true(pt_hash(zeros, length, 0) != pt_hash(zeros, other, 0));
}

static int
by_value(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
	return a < b ? -1 : a > b;
}

static void
similar_names_spread_over_small_tables(void)
{
	enum { count = 20000, places = 1 << 12 };
	static uint64_t hashes[count];
	static unsigned used[places];
	for (int i = 0; i < count; i++) {
		char name[32];
		int length = snprintf(name, sizeof name, "requests_%d", i);
		hashes[i] = pt_hash(name, (size_t)length, 0);
		used[hashes[i] % places]++;
	}
	/* 4.9 on average; by chance alone 30 would not be seen in the age of the universe */
	for (int i = 0; i < places; i++)
		check_true(used[i] < 30);
	qsort(hashes, count, sizeof hashes[0], by_value);
	for (int i = 1; i < count; i++)
		check_true(hashes[i] != hashes[i - 1]);
}

CHECK_MAIN("base/hash", TEST(equal_bytes_hash_alike_wherever_they_stand),
	TEST(chaining_tells_where_one_text_ends), TEST(zero_bytes_count),
	TEST(similar_names_spread_over_small_tables))
