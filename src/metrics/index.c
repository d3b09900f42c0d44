/* SPDX-License-Identifier: MIT */
/*
 * The table behind a family's children. Without removal, slots are only ever filled, so a reader
 * without a lock either meets the child or an empty slot, never a wrong one. Removal moves later
 * entries into the gap instead of leaving a mark, so that endless coming and going never fills the
 * table; it is for families whose readers hold the lock. Only pt_index_new() fails (memory).
 */
#include "metrics/index.h"

#include "base/hash.h"
#include <stdlib.h>
#include <string.h>

uint64_t
pt_index_hash(const char *const *values, size_t count)
{
	uint64_t hash = 0;
	for (size_t i = 0; i < count; i++)
		hash = pt_hash(values[i], strlen(values[i]), hash);
	return hash;
}

static bool
has_values(const struct pt_child *child, const char *const *values, size_t count)
{
	const char *at = child->values;
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(values[i]) + 1;
		if (length > (size_t)(child->values + child->values_length - at) ||
			memcmp(at, values[i], length) != 0)
			return false;
		at += length;
	}
	return true;
}

struct pt_child *
pt_index_find(const struct pt_index *index, uint64_t hash, const char *const *values, size_t count)
{
	if (index == NULL)
		return NULL;
	size_t mask = index->capacity - 1;
	for (size_t at = (size_t)hash & mask;; at = (at + 1) & mask) {
		/* acquire: pairs with the release in pt_index_add(), so its fields are seen. */
		struct pt_child *child =
			atomic_load_explicit(&index->slots[at], memory_order_acquire);
		if (child == NULL)
			return NULL;
		if (child->hash == hash && has_values(child, values, count))
			return child;
	}
}

struct pt_index *
pt_index_new(size_t capacity)
{
	struct pt_index *index = calloc(1, sizeof *index + capacity * sizeof index->slots[0]);
	if (index != NULL)
		index->capacity = capacity;
	return index;
}

bool
pt_index_has_room(const struct pt_index *index)
{
	return index != NULL && (index->used + 1) * 4 <= index->capacity * 3;
}

void
pt_index_add(struct pt_index *index, struct pt_child *child)
{
	size_t mask = index->capacity - 1, at = (size_t)child->hash & mask;
	/* relaxed: only holders of the lock write slots. */
	while (atomic_load_explicit(&index->slots[at], memory_order_relaxed) != NULL)
		at = (at + 1) & mask;
	/* release: a reader that finds the child sees it complete. */
	atomic_store_explicit(&index->slots[at], child, memory_order_release);
	index->used++;
}

/* relaxed throughout: readers hold the lock, too. */
void
pt_index_remove(struct pt_index *index, const struct pt_child *child)
{
	size_t mask = index->capacity - 1, gap = (size_t)child->hash & mask;
	while (atomic_load_explicit(&index->slots[gap], memory_order_relaxed) != child)
		gap = (gap + 1) & mask;
	for (size_t at = (gap + 1) & mask;; at = (at + 1) & mask) {
		struct pt_child *later =
			atomic_load_explicit(&index->slots[at], memory_order_relaxed);
		if (later == NULL)
			break;
		/* It may move only towards its own place, not before it. */
		if (((at - (size_t)later->hash) & mask) < ((at - gap) & mask))
			continue;
		atomic_store_explicit(&index->slots[gap], later, memory_order_relaxed);
		gap = at;
	}
	atomic_store_explicit(&index->slots[gap], NULL, memory_order_relaxed);
	index->used--;
}

void
pt_index_free(struct pt_index *index)
{
	while (index != NULL) {
		struct pt_index *before = index->before;
		free(index);
		index = before;
	}
}
