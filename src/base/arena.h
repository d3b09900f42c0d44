/* SPDX-License-Identifier: MIT */
/* Memory that is allocated piece by piece and released all at once. Single-threaded. */
#ifndef PT_BASE_ARENA_H
#define PT_BASE_ARENA_H

#include <stddef.h>

struct pt_arena_block;
struct pt_arena {
	struct pt_arena_block *last;
};

/* A zeroed arena is empty and ready. */
void pt_arena_clear(struct pt_arena *arena);
/* Memory for any type, not initialised; NULL if out. */
void *pt_arena_alloc(struct pt_arena *arena, size_t size);
/* A copy of `length` bytes with a NUL behind it; NULL if out. */
char *pt_arena_copy(struct pt_arena *arena, const char *bytes, size_t length);

#endif
