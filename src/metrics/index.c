/* SPDX-License-Identifier: MIT */
/*
 * The table behind a family's children, and the label values by which they are found. Without
 * removal, slots are only ever filled, so a reader without a lock either meets the child or an
 * empty slot, never a wrong one. Removal moves later entries into the gap instead of leaving a
 * mark, so that endless coming and going never fills the table; it is for families whose readers
 * hold the lock. Only pt_index_new() fails (memory).
 *
 * A table that was replaced must stay, since somebody may be reading it; but to find nothing is as
 * good as not to find it, so its memory is given back at once.
 */
#include "metrics/index.h"

#include "base/pages.h"

void
pt_values_begin(struct pt_values *values, const struct pt_set *set)
{
	values->count = 0;
	values->hash = pt_index_seed(set);
}

void
pt_values_add(struct pt_values *values, const char *text)
{
	struct pt_text *value = &values->at[values->count++];
	values->hash = pt_index_take(value, text, values->hash);
}

bool
pt_index_has_some(
	const struct pt_set *set, const struct pt_labels *labels, const struct pt_values *values)
{
	for (size_t i = 0; i < values->count; i++) {
		const char *value = pt_labels_find(labels, set->label_names[i]);
		if (strcmp(value == NULL ? "" : value, values->at[i].bytes) != 0)
			return false;
	}
	return true;
}

/* ---- the table ---- */

static size_t
size_of(size_t capacity)
{
	return sizeof(struct pt_index) + capacity * sizeof(uint64_t);
}

struct pt_index *
pt_index_new(size_t capacity)
{
	struct pt_index *index = pt_pages_new(size_of(capacity));
	if (index != NULL)
		index->capacity = capacity;
	return index;
}

bool
pt_index_has_room(const struct pt_index *index)
{
	return index != NULL && (index->used + 1) * 5 <= index->capacity * 4;
}

void
pt_index_add(struct pt_index *index, struct pt_child *child)
{
	size_t mask = index->capacity - 1, at = child->hash & mask;
	/* relaxed: only holders of the lock write slots. */
	while (atomic_load_explicit(&index->slots[at], memory_order_relaxed) != 0)
		at = (at + 1) & mask;
	/* release: a reader that finds the child sees it complete. */
	uint64_t tag = pt_index_tag(child->hash) << pt_index_address_bits;
	atomic_store_explicit(&index->slots[at], tag | (uintptr_t)child, memory_order_release);
	index->used++;
}

/* relaxed throughout: readers hold the lock, too. */
void
pt_index_remove(struct pt_index *index, const struct pt_child *child)
{
	size_t mask = index->capacity - 1, gap = child->hash & mask;
	while (pt_index_child(atomic_load_explicit(&index->slots[gap], memory_order_relaxed)) !=
		child)
		gap = (gap + 1) & mask;
	for (size_t at = (gap + 1) & mask;; at = (at + 1) & mask) {
		uint64_t later = atomic_load_explicit(&index->slots[at], memory_order_relaxed);
		if (later == 0)
			break;
		/* It may move only towards its own place, not before it. */
		if (((at - pt_index_child(later)->hash) & mask) < ((at - gap) & mask))
			continue;
		atomic_store_explicit(&index->slots[gap], later, memory_order_relaxed);
		gap = at;
	}
	atomic_store_explicit(&index->slots[gap], 0, memory_order_relaxed);
	index->used--;
}

void
pt_index_replace(struct pt_index *index, struct pt_index *larger)
{
	larger->before = index;
	if (index != NULL)
		pt_pages_empty(index, size_of(index->capacity), sizeof *index);
}

void
pt_index_free(struct pt_index *index)
{
	while (index != NULL) {
		struct pt_index *before = index->before;
		pt_pages_free(index, size_of(index->capacity));
		index = before;
	}
}
