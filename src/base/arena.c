/* SPDX-License-Identifier: MIT */
/*
 * A chain of blocks that grow from 4 KiB to 1 MiB. The only failure is that memory is out; what was
 * allocated before stays valid.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct pt_arena_block {
	struct pt_arena_block *before;
	size_t used;
	size_t size;
	alignas(max_align_t) char bytes[];
};

enum { first_block = 4096, largest_block = 1 << 20 };

void
pt_arena_clear(struct pt_arena *arena)
{
	while (arena->last != NULL) {
		struct pt_arena_block *block = arena->last;
		arena->last = block->before;
		free(block);
	}
}

static struct pt_arena_block *
new_block(struct pt_arena *arena, size_t needed)
{
	size_t size = arena->last == NULL ? first_block : arena->last->size * 2;
	if (size > largest_block)
		size = largest_block;
	if (size < needed)
		size = needed;
	if (size > SIZE_MAX - sizeof(struct pt_arena_block))
		return NULL;
	struct pt_arena_block *block = malloc(sizeof *block + size);
	if (block == NULL)
		return NULL;
	*block = (struct pt_arena_block){.before = arena->last, .size = size};
	arena->last = block;
	return block;
}

void *
pt_arena_alloc(struct pt_arena *arena, size_t size)
{
	const size_t unit = alignof(max_align_t);
	if (size > SIZE_MAX - unit)
		return NULL;
	size = (size + unit - 1) / unit * unit;
	struct pt_arena_block *block = arena->last;
	if (block == NULL || size > block->size - block->used)
		block = new_block(arena, size);
	if (block == NULL)
		return NULL;
	void *memory = block->bytes + block->used;
	block->used += size;
	return memory;
}

char *
pt_arena_copy(struct pt_arena *arena, const char *bytes, size_t length)
{
	char *copy = pt_arena_alloc(arena, length + 1);
	if (copy == NULL)
		return NULL;
	if (length > 0)
		memcpy(copy, bytes, length);
	copy[length] = '\0';
	return copy;
}
