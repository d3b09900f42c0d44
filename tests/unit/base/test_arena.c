/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <stdalign.h>
#include "support/check.h"

static void
memory_is_aligned_and_does_not_overlap(void)
{
	enum { count = 3000 };
	static unsigned char *pieces[count];
	struct pt_arena arena = {0};
	for (size_t i = 0; i < count; i++) {
		pieces[i] = pt_arena_alloc(&arena, i % 97);
		check_fatal(pieces[i] != NULL);
		check_true((uintptr_t)pieces[i] % alignof(max_align_t) == 0);
		memset(pieces[i], (int)(i % 251), i % 97);
	}
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i % 97; j++)
			check_true(pieces[i][j] == i % 251);
	pt_arena_clear(&arena);
	check_true(arena.last == NULL);
}

static void
pieces_around_the_block_size_fit(void)
{
	for (size_t size = 4000; size < 4200; size++) {
		struct pt_arena arena = {0};
		char *small = pt_arena_alloc(&arena, 1);
		char *large = pt_arena_alloc(&arena, size);
		check_fatal(small != NULL && large != NULL);
		memset(large, 'x', size);
		pt_arena_clear(&arena);
	}
}

static void
pieces_larger_than_every_block_fit(void)
{
	struct pt_arena arena = {0};
	size_t size = (size_t)5 << 20;
	char *large = pt_arena_alloc(&arena, size);
	check_fatal(large != NULL);
	memset(large, 'x', size);
	char *after = pt_arena_alloc(&arena, 10);
	check_fatal(after != NULL);
	memset(after, 'y', 10);
	check_true(large[size - 1] == 'x');
	pt_arena_clear(&arena);
}

static void
what_cannot_be_allocated_is_null_and_harmless(void)
{
	struct pt_arena arena = {0};
	char *before = pt_arena_copy(&arena, "before", 6);
	check_true(pt_arena_alloc(&arena, SIZE_MAX) == NULL);
	check_true(pt_arena_alloc(&arena, SIZE_MAX - 31) == NULL);
	check_text(before, "before");
	pt_arena_clear(&arena);
}

static void
copies_end_in_nul(void)
{
	struct pt_arena arena = {0};
	check_text(pt_arena_copy(&arena, "abcdef", 3), "abc");
	check_text(pt_arena_copy(&arena, NULL, 0), "");
	check_bytes(pt_arena_copy(&arena, "a\0b", 3), 4, "a\0b", 4);
	pt_arena_clear(&arena);
}

CHECK_MAIN("base/arena", TEST(memory_is_aligned_and_does_not_overlap),
	TEST(pieces_around_the_block_size_fit), TEST(pieces_larger_than_every_block_fit),
	TEST(what_cannot_be_allocated_is_null_and_harmless), TEST(copies_end_in_nul))
