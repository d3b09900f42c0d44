/* SPDX-License-Identifier: MIT */
/*
 * The memory of a family's children. They stand side by side, in order of creation, in chunks that
 * grow with their number, since a gather reads them in that order; all of it stays until the family
 * is freed, for users have pointers to it. It fails when memory is out.
 */
#include <stddef.h>
#include <stdlib.h>
#include "metrics/index.h"

enum { largest_chunk = 256 };

struct pt_chunk {
	struct pt_chunk *next;
	size_t room, used; /* in children */
	max_align_t children[];
};

size_t
pt_child_size(const struct pt_kind *kind, const struct pt_shape *shape)
{
	size_t unit = _Alignof(max_align_t), size = kind->size(shape);
	return (size + unit - 1) / unit * unit;
}

static struct pt_child *
first_of(struct pt_chunk *chunk)
{
	return (struct pt_child *)(void *)chunk->children;
}

static bool
add_chunk(struct pt_set *set)
{
	size_t room = set->made / 4 + 1;
	if (room > largest_chunk)
		room = largest_chunk;
	size_t size = sizeof(struct pt_chunk) + room * set->child_size;
	struct pt_chunk *chunk = calloc(1, size);
	if (chunk == NULL)
		return false;
	if (((uintptr_t)chunk + size) >> 32 >> (pt_index_address_bits - 32) != 0) {
		free(chunk); /* the index could not remember where it is */
		return false;
	}
	chunk->room = room;
	if (set->kind->read_plain != NULL)
		pt_owned_reserve(&first_of(chunk)->owned, set->child_size, room);
	*(set->last_chunk == NULL ? &set->first_chunk : &set->last_chunk->next) = chunk;
	set->last_chunk = chunk;
	return true;
}

static struct pt_child *
child_at(const struct pt_set *set, struct pt_chunk *chunk, size_t index)
{
	return pt_child_after(set, first_of(chunk), index);
}

static struct pt_child *
new_child(struct pt_set *set)
{
	struct pt_chunk *chunk = set->last_chunk;
	if ((chunk == NULL || chunk->used == chunk->room) && !add_chunk(set))
		return NULL;
	chunk = set->last_chunk;
	struct pt_child *child = child_at(set, chunk, chunk->used++);
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
	set->free = child->series.next;
	child->series.next = NULL;
	return child;
}

void
pt_child_put(struct pt_child *child)
{
	pt_labels_unref(child->labels);
	child->labels = NULL;
	child->series.next = child->set->free;
	child->set->free = child;
}

struct pt_child *
pt_child_next(const struct pt_set *set, struct pt_child_place *place)
{
	if (place->chunk == NULL)
		place->chunk = set->first_chunk;
	while (place->chunk != NULL) {
		while (place->index < place->chunk->used) {
			struct pt_child *child = child_at(set, place->chunk, place->index++);
			if (child->labels != NULL)
				return child;
		}
		if (place->chunk->next == NULL)
			return NULL;
		*place = (struct pt_child_place){.chunk = place->chunk->next};
	}
	return NULL;
}

void
pt_child_free_chunks(struct pt_set *set)
{
	while (set->first_chunk != NULL) {
		struct pt_chunk *chunk = set->first_chunk;
		set->first_chunk = chunk->next;
		/* Who never became a child may have a number. */
		for (size_t i = chunk->used; i < chunk->room; i++)
			pt_owned_clear(&child_at(set, chunk, i)->owned);
		free(chunk);
	}
}
