/* SPDX-License-Identifier: MIT */
/*
 * The memory of a family's children. They stand side by side, in order of creation, in chunks that
 * grow with their number, since a gather reads them in that order; all of it stays until the family
 * is freed, for users have pointers to it. It fails when memory is out.
 */
#include <stddef.h>
#include <stdlib.h>
#include "metrics/registry.h"

enum { largest_chunk = 256 };

struct pt_chunk {
	struct pt_chunk *next;
	max_align_t children[];
};

static struct pt_child *
new_child(struct pt_set *set)
{
	size_t size = set->kind->size(&set->shape);
	if (set->chunk_room == 0) {
		size_t count = set->made / 4 + 1;
		if (count > largest_chunk)
			count = largest_chunk;
		struct pt_chunk *chunk = calloc(1, sizeof *chunk + count * size);
		if (chunk == NULL)
			return NULL;
		chunk->next = set->chunks;
		set->chunks = chunk;
		set->chunk_next = (char *)chunk->children;
		set->chunk_room = count;
	}
	struct pt_child *child = (struct pt_child *)set->chunk_next;
	set->chunk_next += size;
	set->chunk_room--;
	set->made++;
	child->set = set;
	return child;
}

struct pt_child *
pt_child_raw(struct pt_set *set)
{
	struct pt_child *child = set->free;
	if (child == NULL)
		return new_child(set);
	set->free = child->next;
	return child;
}

void
pt_child_put(struct pt_child *child)
{
	pt_labels_unref(child->labels);
	child->labels = NULL;
	child->next = child->set->free;
	child->set->free = child;
}

void
pt_child_free_chunks(struct pt_set *set)
{
	while (set->chunks != NULL) {
		struct pt_chunk *chunk = set->chunks;
		set->chunks = chunk->next;
		free(chunk);
	}
}
