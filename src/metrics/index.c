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

#include "base/hash.h"
#include "base/pages.h"
#include <stdlib.h>
#include <string.h>

/* ---- values: most are of up to 15 bytes; with their NUL they are two overlapping words ---- */

static inline uint64_t
eight(const char *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof word);
	return word;
}

static inline uint64_t
four(const char *at)
{
	uint32_t word;
	memcpy(&word, at, sizeof word);
	return word;
}

/* The words of a text of at most 16 bytes with its NUL; texts of one size differ in them. */
static inline void
words_of(const char *text, size_t size, uint64_t *first, uint64_t *last)
{
	if (size >= 8) {
		*first = eight(text);
		*last = eight(text + size - 8);
	} else if (size >= 4) {
		*first = four(text);
		*last = four(text + size - 4);
	} else {
		*first = (unsigned char)text[0];
		*last = (unsigned char)text[size / 2];
	}
}

/*
 * One multiplication for most values. The hash begins with the family's address, which differs from
 * run to run, and is in both factors, so that values which clash cannot be made up in advance.
 */
static inline uint64_t
take_value(struct pt_value *value, const char *text, uint64_t hash)
{
	size_t length = strlen(text);
	uint64_t first, last;
	value->text = text;
	value->length = length;
	if (__builtin_expect(length >= 16, false))
		return pt_hash(text, length, hash);
	words_of(text, length + 1, &first, &last);
	value->first = first;
	value->last = last;
	return pt_hash_mix(hash ^ first, last ^ ((hash << 32 | hash >> 32) + length));
}

void
pt_values_begin(struct pt_values *values, const struct pt_set *set)
{
	values->count = 0;
	values->hash = (uint64_t)(uintptr_t)set ^ PT_HASH_ODD;
}

void
pt_values_add(struct pt_values *values, const char *text)
{
	struct pt_value *value = &values->at[values->count++];
	values->hash = take_value(value, text, values->hash);
}

/* As above, with all that changes in registers. */
void
pt_values_list(struct pt_values *values, const struct pt_set *set, va_list *arguments)
{
	pt_values_begin(values, set);
	struct pt_value *value = values->at, *end = value + PT_LIMIT_LABEL_NAMES + 1;
	uint64_t hash = values->hash;
	const char *text;
	while (value < end && (text = va_arg(*arguments, const char *)) != NULL) {
		hash = take_value(value, text, hash);
		value++;
	}
	values->hash = hash;
	values->count = (size_t)(value - values->at);
}

static inline bool
is_value(const char *at, const struct pt_value *value)
{
	if (__builtin_expect(value->length >= 16, false))
		return memcmp(at, value->text, value->length + 1) == 0;
	uint64_t first, last;
	words_of(at, value->length + 1, &first, &last);
	return ((first ^ value->first) | (last ^ value->last)) == 0;
}

/* Empty values are no labels, so the places are others. */
__attribute__((noinline)) static bool
has_sparse_values(const struct pt_child *child, const struct pt_values *values)
{
	const struct pt_set *set = child->set;
	for (size_t i = 0; i < values->count; i++) {
		const char *value = pt_labels_find(child->labels, set->label_names[i]);
		if (strcmp(value == NULL ? "" : value, values->at[i].text) != 0)
			return false;
	}
	return true;
}

static inline bool
has_values(const struct pt_child *child, const struct pt_values *values)
{
	const struct pt_set *set = child->set;
	const struct pt_labels *labels = child->labels;
	if (__builtin_expect(labels->count != set->pattern->count, false))
		return has_sparse_values(child, values);
	for (size_t i = 0; i < values->count; i++) {
		const struct pt_interned *own = pt_intern_at(labels->pairs[set->places[i]].value);
		if (own->length != values->at[i].length || !is_value(own->text, &values->at[i]))
			return false;
	}
	return true;
}

/* Children are aligned to more than that. */
#define TAG ((uintptr_t)7)

static inline uintptr_t
tag_of(uint32_t hash)
{
	return hash >> 29;
}

static inline struct pt_child *
child_of(uintptr_t slot)
{
	return (struct pt_child *)(slot & ~TAG);
}

struct pt_child *
pt_index_find(const struct pt_index *index, const struct pt_values *values)
{
	if (index == NULL)
		return NULL;
	uint32_t hash = (uint32_t)values->hash;
	size_t mask = index->capacity - 1;
	for (size_t at = hash & mask;; at = (at + 1) & mask) {
		/* acquire: pairs with the release in pt_index_add(), so its fields are seen. */
		uintptr_t slot = atomic_load_explicit(&index->slots[at], memory_order_acquire);
		if (slot == 0)
			return NULL;
		if ((slot & TAG) != tag_of(hash))
			continue;
		struct pt_child *child = child_of(slot);
		if (child->hash == hash && has_values(child, values))
			return child;
	}
}

/* ---- the table ---- */

static size_t
size_of(size_t capacity)
{
	return sizeof(struct pt_index) + capacity * sizeof(uintptr_t);
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
	atomic_store_explicit(&index->slots[at], (uintptr_t)child | tag_of(child->hash),
		memory_order_release);
	index->used++;
}

/* relaxed throughout: readers hold the lock, too. */
void
pt_index_remove(struct pt_index *index, const struct pt_child *child)
{
	size_t mask = index->capacity - 1, gap = child->hash & mask;
	while (child_of(atomic_load_explicit(&index->slots[gap], memory_order_relaxed)) != child)
		gap = (gap + 1) & mask;
	for (size_t at = (gap + 1) & mask;; at = (at + 1) & mask) {
		uintptr_t later = atomic_load_explicit(&index->slots[at], memory_order_relaxed);
		if (later == 0)
			break;
		/* It may move only towards its own place, not before it. */
		if (((at - child_of(later)->hash) & mask) < ((at - gap) & mask))
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
