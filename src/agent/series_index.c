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
	return a->hash == b->hash && a->part == b->part &&
		strcmp(a->family->name, b->family->name) == 0 &&
		(a->extra_value == NULL || strcmp(a->extra_value, b->extra_value) == 0) &&
		(a->labels == b->labels || pt_labels_equal(a->labels, b->labels));
}

/* What others send must not choose its place, as by the hash that a series has. */
static size_t
place_of(const struct pt_series *series)
{
	uint64_t hash = pt_hash(series->family->name, series->family->name_length,
		pt_hash_secret() ^ (uint64_t)series->part);
	for (uint32_t i = 0; i < series->labels->count; i++) {
		const struct pt_label *pair = &series->labels->pairs[i];
		hash = pt_hash(pair->value, pair->value_length, hash);
	}
	if (series->extra_value != NULL)
		hash = pt_hash(series->extra_value, series->extra_length, hash);
	return (size_t)hash;
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
