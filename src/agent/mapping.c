/* SPDX-License-Identifier: MIT */
/*
 * Mapping. Dressing is done when the feed's table changed, and for the series that are new in it;
 * the others stay the objects that they were. Fails only when memory is out.
 */
#include "agent/mapping.h"

#include "agent/families.h"
#include "agent/series_index.h"
#include "base/number.h"
#include <stdlib.h>
#include <string.h>

void
pt_mapping_clear(struct pt_mapping *mapping)
{
	pt_dress_clear(&mapping->dress);
	pt_table_unref(mapping->from);
	pt_table_unref(mapping->to);
	free(mapping->slots);
	mapping->from = mapping->to = NULL;
	mapping->slots = NULL;
}

/* Where the series of the old table stood, by id, plus 1; *count is how many ids there are. */
static uint32_t *
places_of(const struct pt_table *table, size_t *count)
{
	*count = 0;
	for (size_t i = 0; table != NULL && i < table->count; i++)
		if (pt_series_id(table->series[i]) >= *count)
			*count = pt_series_id(table->series[i]) + 1;
	uint32_t *places = calloc(*count + 1, sizeof places[0]);
	for (size_t i = 0; places != NULL && table != NULL && i < table->count; i++)
		places[pt_series_id(table->series[i])] = (uint32_t)i + 1;
	return places;
}

/* What became of the series before: *known tells whether that is known; NULL if it was dropped. */
static struct pt_series *
as_before(const struct pt_mapping *mapping, const uint32_t *places, size_t count,
	const struct pt_series *series, bool *known)
{
	uint32_t place = pt_series_id(series) < count ? places[pt_series_id(series)] : 0;
	*known = place != 0 && mapping->from->series[place - 1] == series;
	if (!*known || mapping->slots[place - 1] == PT_NO_SLOT)
		return NULL;
	return pt_series_ref(mapping->to->series[mapping->slots[place - 1]]);
}

static int
map_table(struct pt_mapping *mapping, struct pt_table *from)
{
	size_t ids = 0, made = 0;
	uint32_t *places = places_of(mapping->from, &ids);
	uint32_t *slots = malloc((from->count + 1) * sizeof slots[0]);
	struct pt_series **series = malloc((from->count + 1) * sizeof series[0]);
	struct pt_families families;
	bool failed = places == NULL || slots == NULL || series == NULL, known;
	struct pt_series_index index;
	uint32_t *grouped = malloc((from->count + 1) * sizeof grouped[0]);
	failed |= !pt_families_init(&families, mapping->to);
	failed |= !pt_series_index_init(&index, from->count) || grouped == NULL;
	for (size_t i = 0; !failed && i < from->count; i++) {
		struct pt_series *one = as_before(mapping, places, ids, from->series[i], &known);
		if (!known)
			one = pt_dress_series(&mapping->dress, from->series[i], &failed);
		if (one != NULL) {
			one = pt_families_adopt(&families, one);
			failed |= one == NULL;
		}
		/* Rules may make two series one: the first stands. */
		if (one != NULL &&
			pt_series_index_find(&index, series, one, (uint32_t)made) != PT_NO_SLOT) {
			pt_series_unref(one);
			one = NULL;
		}
		slots[i] = one == NULL ? PT_NO_SLOT : (uint32_t)made;
		if (one != NULL)
			series[made++] = one;
	}
	pt_dress_clear(&mapping->dress);
	failed = failed || !pt_families_group(&families, series, made, grouped);
	for (size_t i = 0; !failed && i < from->count; i++)
		if (slots[i] != PT_NO_SLOT)
			slots[i] = grouped[slots[i]];
	free(grouped);
	pt_series_index_clear(&index);
	pt_families_clear(&families);
	struct pt_table *to = failed ? NULL : pt_table_new(series, made);
	for (size_t i = 0; to == NULL && i < made; i++)
		pt_series_unref(series[i]);
	free(series);
	free(places);
	if (to == NULL) {
		free(slots);
		return PITOT_NO_MEMORY;
	}
	pt_mapping_clear(mapping);
	mapping->from = pt_table_ref(from);
	mapping->to = to;
	mapping->slots = slots;
	return 0;
}

static bool
copy_values(const struct pt_mapping *mapping, const struct pitot_snapshot *from,
	struct pitot_snapshot *to)
{
	bool ok = true;
	for (size_t i = 0; ok && i < mapping->from->count; i++) {
		uint32_t slot = mapping->slots[i];
		if (slot == PT_NO_SLOT)
			continue;
		to->bits[slot] = from->bits[i];
		int64_t time_ms = pt_snapshot_time_of(from, i, PT_NO_TIME);
		if (time_ms != PT_NO_TIME)
			ok = pt_snapshot_set_time(to, slot, time_ms);
	}
	for (size_t i = 0; ok && i < from->exemplar_count; i++) {
		struct pt_exemplar exemplar = from->exemplars[i];
		if (mapping->slots[exemplar.index] == PT_NO_SLOT)
			continue;
		exemplar.index = mapping->slots[exemplar.index];
		ok = pt_snapshot_add_exemplar(to, &exemplar);
	}
	pt_snapshot_sort_exemplars(to);
	return ok;
}

struct pitot_snapshot *
pt_mapping_apply(struct pt_mapping *mapping, const struct pitot_snapshot *snapshot)
{
	if (mapping->from != snapshot->table && map_table(mapping, snapshot->table) != 0)
		return NULL;
	struct pitot_snapshot *to = pt_snapshot_new(mapping->to, snapshot->time_ms);
	if (to == NULL || copy_values(mapping, snapshot, to))
		return to;
	pitot_snapshot_free(to);
	return NULL;
}
