/* SPDX-License-Identifier: MIT */
/* Wraps the allocator by --wrap; all threads count together. */
#include "fault.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

/* How many allocations until one fails; 0 and below: none will. Relaxed: only the count matters. */
static atomic_long left;
static atomic_bool met;

static bool
fails(void)
{
	if (atomic_load_explicit(&left, memory_order_relaxed) <= 0 ||
		atomic_fetch_sub_explicit(&left, 1, memory_order_relaxed) != 1)
		return false;
	atomic_store_explicit(&met, true, memory_order_relaxed);
	errno = ENOMEM;
	return true;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *memory, size_t size)
{
	return fails() ? NULL : __real_realloc(memory, size);
}

bool
fault_met(void)
{
	return atomic_load_explicit(&met, memory_order_relaxed);
}

bool
fault_next(struct fault *fault)
{
	bool again = fault->run == 0 || fault_met();
	atomic_store_explicit(&met, false, memory_order_relaxed);
	fault->run++;
	atomic_store_explicit(&left, again ? (long)fault->run : 0, memory_order_relaxed);
	return again;
}
