/* SPDX-License-Identifier: MIT */
/*
 * A family's children by their label values: a hash table of pointers, open addressing. Finding may
 * go on without a lock while one holder of the family's lock adds; removing and freeing may not.
 * Only making a table can fail (memory).
 */
#ifndef PT_METRICS_INDEX_H
#define PT_METRICS_INDEX_H

#include "metrics/registry.h"

struct pt_index {
	struct pt_index *before; /* a smaller one that somebody may still read, or NULL */
	size_t capacity;         /* a power of two */
	size_t used;
	/* 0, or a child's address, in whose lowest bits some of its hash stand. */
	_Atomic uintptr_t slots[];
};

/* The child of these values, or NULL; `index` may be NULL. */
struct pt_child *pt_index_find(const struct pt_index *index, const struct pt_values *values);

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
