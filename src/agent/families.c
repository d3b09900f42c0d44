/* SPDX-License-Identifier: MIT */
/* A hash table by name, which holds a reference to each family. */
#include "agent/families.h"

#include "base/hash.h"
#include <stdlib.h>
#include <string.h>

struct pt_families_entry {
	struct pt_family *family; /* referenced; NULL: free */
	bool before;              /* only a series that ended may have it */
	uint32_t rank;            /* of its first series, from 1; 0: none was met */
};

/* Whether both say the same. */
static bool
is_same(const struct pt_family *a, const struct pt_family *b)
{
	return a == b ||
		(a->type == b->type && a->has_help == b->has_help &&
			strcmp(a->help, b->help) == 0 && strcmp(a->unit, b->unit) == 0);
}

static struct pt_families_entry *
find(const struct pt_families *families, const struct pt_family *family)
{
	size_t at = (size_t)pt_hash(family->name, family->name_length, pt_hash_secret()) &
		(families->size - 1);
	while (families->entries[at].family != NULL &&
		strcmp(families->entries[at].family->name, family->name) != 0)
		at = (at + 1) & (families->size - 1);
	return &families->entries[at];
}

static bool
grow(struct pt_families *families)
{
	struct pt_families grown = {.size = families->size == 0 ? 64 : families->size * 2};
	grown.entries = calloc(grown.size, sizeof grown.entries[0]);
	if (grown.entries == NULL)
		return false;
	for (size_t i = 0; i < families->size; i++)
		if (families->entries[i].family != NULL)
			*find(&grown, families->entries[i].family) = families->entries[i];
	grown.count = families->count;
	free(families->entries);
	*families = grown;
	return true;
}

/* The entry of the name, which may be a free one. NULL if memory is out. */
static struct pt_families_entry *
place(struct pt_families *families, struct pt_family *family)
{
	if ((families->count + 1) * 2 > families->size && !grow(families))
		return NULL;
	struct pt_families_entry *entry = find(families, family);
	families->count += entry->family == NULL;
	return entry;
}

static void
set(struct pt_families_entry *entry, struct pt_family *family)
{
	struct pt_family *old = entry->family;
	entry->family = pt_family_ref(family);
	pt_family_unref(old);
}

bool
pt_families_init(struct pt_families *families, const struct pt_table *before)
{
	const struct pt_family *last = NULL;
	*families = (struct pt_families){.size = 0};
	for (size_t i = 0; before != NULL && i < before->count; i++) {
		struct pt_family *family = before->series[i]->role->family;
		if (family == last)
			continue;
		struct pt_families_entry *entry = place(families, family);
		if (entry == NULL)
			return false;
		set(entry, family);
		entry->before = true;
		last = family;
	}
	return true;
}

void
pt_families_clear(struct pt_families *families)
{
	for (size_t i = 0; i < families->size; i++)
		pt_family_unref(families->entries[i].family);
	free(families->entries);
	*families = (struct pt_families){.size = 0};
}

/* The series of another family, in place if nobody else has it. */
static struct pt_series *
move(struct pt_series *series, struct pt_family *family)
{
	/* acquire: whoever had it has let it go. */
	if (atomic_load_explicit(&series->references, memory_order_acquire) == 1) {
		if (pt_series_move(series, family))
			return series;
		pt_series_unref(series);
		return NULL;
	}
	struct pt_series *made =
		pt_series_like(series, pt_series_ids(series), family, series->labels);
	pt_series_unref(series);
	return made;
}

struct pt_series *
pt_families_adopt(struct pt_families *families, struct pt_series *series)
{
	struct pt_families_entry *entry = place(families, series->role->family);
	if (entry == NULL) {
		pt_series_unref(series);
		return NULL;
	}
	bool free_entry = entry->family == NULL;
	if (free_entry || (entry->before && !is_same(entry->family, series->role->family)))
		set(entry, series->role->family);
	entry->before = false;
	return entry->family == series->role->family ? series : move(series, entry->family);
}

bool
pt_families_group(
	struct pt_families *families, struct pt_series **series, size_t count, uint32_t *places)
{
	uint32_t *starts = calloc(families->count + 2, sizeof starts[0]), ranks = 0;
	struct pt_series **old = malloc((count + 1) * sizeof old[0]);
	if (starts == NULL || old == NULL) {
		free(starts);
		free(old);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		struct pt_families_entry *entry = find(families, series[i]->role->family);
		if (entry->rank == 0)
			entry->rank = ++ranks;
		places[i] = entry->rank;
		starts[entry->rank + 1]++;
		old[i] = series[i];
	}
	/* starts[r + 1] counted those of rank r; now it is where they begin. */
	for (uint32_t rank = 1; rank <= ranks; rank++)
		starts[rank + 1] += starts[rank];
	for (size_t i = 0; i < count; i++) {
		places[i] = starts[places[i]]++;
		series[places[i]] = old[i];
	}
	free(starts);
	free(old);
	return true;
}
