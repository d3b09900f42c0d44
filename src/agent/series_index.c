/* SPDX-License-Identifier: MIT */
/* A hash table with open addressing, at most half full. */
#include "agent/series_index.h"

#include "base/hash.h"
#include <stdlib.h>
#include <string.h>

bool
pt_series_index_init(struct pt_series_index *index, size_t count)
{
	index->size = 64;
	while (index->size < count * 2)
		index->size *= 2;
	index->places = calloc(index->size, sizeof index->places[0]);
	return index->places != NULL;
}

void
pt_series_index_clear(struct pt_series_index *index)
{
	free(index->places);
	index->places = NULL;
}

bool
pt_series_same(const struct pt_series *a, const struct pt_series *b)
{
	const struct pt_role *x = a->role, *y = b->role;
	return pt_labels_equal(a->labels, b->labels) &&
		(x == y ||
			(x->hash == y->hash && x->part == y->part &&
				strcmp(x->family->name, y->family->name) == 0 &&
				(x->extra_value == NULL ||
					strcmp(x->extra_value, y->extra_value) == 0)));
}

static size_t
place_of(const struct pt_series *series)
{
	const struct pt_labels *labels = series->labels;
	return (size_t)pt_hash(labels->values, pt_labels_count(labels) * sizeof labels->values[0],
		series->role->place ^ labels->names);
}

uint32_t
pt_series_index_find(struct pt_series_index *index, struct pt_series *const *list,
	const struct pt_series *series, uint32_t add)
{
	size_t mask = index->size - 1, at = place_of(series) & mask;
	for (; index->places[at] != 0; at = (at + 1) & mask)
		if (pt_series_same(list[index->places[at] - 1], series))
			return index->places[at] - 1;
	if (add != PT_NO_SLOT)
		index->places[at] = add + 1;
	return PT_NO_SLOT;
}
