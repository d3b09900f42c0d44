/* SPDX-License-Identifier: MIT */
/*
 * A family's children by their label values: a hash table of pointers, open addressing. Finding may
 * go on without a lock while one holder of the family's lock adds; removing and freeing may not.
 * Only making a table can fail (memory). What a lookup needs is inline here: it is most of what an
 * update by labels costs.
 */
#ifndef PT_METRICS_INDEX_H
#define PT_METRICS_INDEX_H

#include "base/hash.h"
#include "metrics/registry.h"
#include <string.h>

struct pt_index {
	struct pt_index *before; /* a smaller one that somebody may still read, or NULL */
	size_t capacity;         /* a power of two */
	size_t used;
	/* 0, or a child's address, and above it half of its hash. */
	_Atomic uint64_t slots[];
};

/* ---- values ---- */

/*
 * Takes the value, and returns the hash with it: by one multiplication for most. The hash begins
 * with the family's address, which differs from run to run, and is in both factors, so that values
 * which clash cannot be made up in advance.
 */
static inline uint64_t
pt_index_take(struct pt_text *value, const char *text, uint64_t hash)
{
	*value = pt_text_of(text, strlen(text));
	if (__builtin_expect(value->length >= pt_intern_short, false))
		return pt_hash(text, value->length, hash);
	return pt_hash_mix(hash ^ value->low, value->high ^ (hash << 32 | hash >> 32));
}

static inline uint64_t
pt_index_seed(const struct pt_set *set)
{
	return (uint64_t)(uintptr_t)set ^ PT_HASH_ODD;
}

/* Whether some labels have these values; where some are empty, they are no labels. */
bool pt_index_has_some(
	const struct pt_set *set, const struct pt_labels *labels, const struct pt_values *values);
static inline bool
pt_index_has(
	const struct pt_set *set, const struct pt_labels *labels, const struct pt_values *values)
{
	if (__builtin_expect(labels->names != set->pattern->names, false))
		return pt_index_has_some(set, labels, values);
	for (size_t i = 0; i < values->count; i++) {
		const struct pt_interned *own = pt_intern_at(labels->values[set->places[i]]);
		if (!pt_intern_is(own, &values->at[i]))
			return false;
	}
	return true;
}

/* ---- slots ---- */

/* Addresses of user space have no more bits, on all systems that we know; see add_chunk(). */
enum { pt_index_address_bits = 48 };

/* Children that are not looked for are told by it, without a look at their memory. */
static inline uint64_t
pt_index_tag(uint32_t hash)
{
	return hash >> (pt_index_address_bits - 32);
}

static inline struct pt_child *
pt_index_child(uint64_t slot)
{
	return (struct pt_child *)(uintptr_t)(slot & ((UINT64_C(1) << pt_index_address_bits) - 1));
}

/* The child of these values, or NULL; `index` may be NULL. */
static inline struct pt_child *
pt_index_find(const struct pt_index *index, const struct pt_values *values)
{
	if (index == NULL)
		return NULL;
	uint32_t hash = (uint32_t)values->hash;
	size_t mask = index->capacity - 1;
	for (size_t at = hash & mask;; at = (at + 1) & mask) {
		/* acquire: pairs with the release in pt_index_add(), so its fields are seen. */
		uint64_t slot = atomic_load_explicit(&index->slots[at], memory_order_acquire);
		if (slot == 0)
			return NULL;
		if (slot >> pt_index_address_bits != pt_index_tag(hash))
			continue;
		struct pt_child *child = pt_index_child(slot);
		if (child->hash == hash && pt_index_has(child->set, child->labels, values))
			return child;
	}
}

/* The child of these values, made if need be; see registry.h. Without a lock, if it is there. */
static inline struct pt_child *
pt_family_get(struct pt_set *set, const struct pt_values *values)
{
	/*
	 * acquire: pairs with the release in make_room(), and is done before asking whether the
	 * family expires: if it does, that was settled before it had an index.
	 */
	struct pt_index *index = atomic_load_explicit(&set->index, memory_order_acquire);
	if (!pt_family_expires(set) && values->count == set->label_count) {
		struct pt_child *child = pt_index_find(index, values);
		/* acquire: pairs with the release that made it live. */
		if (child != NULL && atomic_load_explicit(&child->live, memory_order_acquire))
			return child;
	}
	return pt_family_make(set, values);
}

/* ---- the table ---- */

/* An empty one of this capacity (a power of two). NULL if memory is out. */
struct pt_index *pt_index_new(size_t capacity);
bool pt_index_has_room(const struct pt_index *index);
/* There is room, and the child is not in it. */
void pt_index_add(struct pt_index *index, struct pt_child *child);
/* The child is in it; nobody reads without the lock. */
void pt_index_remove(struct pt_index *index, const struct pt_child *child);
/* A larger one takes its place: those who still read it find nothing in it, and look again. */
void pt_index_replace(struct pt_index *index, struct pt_index *larger);
/* With all those before it. */
void pt_index_free(struct pt_index *index);

#endif
