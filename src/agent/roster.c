/* SPDX-License-Identifier: MIT */
/*
 * Following a feed's series. A page that changed is dressed anew, and each series looked up among
 * those there were: an equal one stays the object it was. A series whose type, help or start
 * changed is a new object, but not an end and a birth: its labels are the same. Fails only when
 * memory is out.
 */
#include "agent/roster.h"

#include "agent/families.h"
#include "agent/series_index.h"
#include "base/limits.h"
#include "base/number.h"
#include <stdlib.h>
#include <string.h>

/* What a series was in the last snapshot. */
enum { HAD_VALUE = 1, HAD_TIME = 2, IS_NEW = 4, IS_EXTRA = 8 };

static void
unref_all(struct pt_series **series, size_t count)
{
	for (size_t i = 0; i < count; i++)
		pt_series_unref(series[i]);
}

void
pt_roster_clear(struct pt_roster *roster)
{
	pt_dress_clear(&roster->dress);
	pt_table_unref(roster->table);
	unref_all(roster->extras, roster->extra_count);
	free(roster->slots);
	free(roster->states);
	roster->table = NULL;
	roster->slots = NULL;
	roster->states = NULL;
	roster->extra_count = roster->slot_count = 0;
}

/* The feed's labels (or none), and one more. */
static struct pt_labels *
extra_labels(const struct pt_labels *own, const struct pitot_label *label)
{
	struct pt_label pairs[PT_LIMIT_LABELS + 1];
	size_t count = 0;
	for (; own != NULL && count < pt_labels_count(own); count++)
		pairs[count] = pt_labels_at(own, count);
	if (label != NULL)
		pairs[count++] = pt_label_of(label->name, label->value);
	return pt_labels_new(pairs, count);
}

int
pt_roster_add(struct pt_roster *roster, const char *name, const char *help,
	const struct pitot_label *label)
{
	if (roster->extra_count == pt_roster_extras)
		return -1;
	struct pt_family *family =
		pt_family_new(name, strlen(name), PITOT_GAUGE, help, strlen(help), NULL, 0);
	struct pt_labels *labels = extra_labels(roster->dress.labels, label);
	struct pt_series *series = family == NULL || labels == NULL
		? NULL
		: pt_series_new(roster->dress.ids, family, labels, PT_PART_VALUE, 0, NULL, 0);
	pt_family_unref(family);
	pt_labels_unref(labels);
	if (series == NULL)
		return -1;
	roster->extras[roster->extra_count] = series;
	return (int)roster->extra_count++;
}

/* ---- following ---- */

/* The table that is being made. */
struct making {
	struct pt_roster *roster;
	struct pt_series **series; /* each referenced */
	unsigned char *states;
	uint32_t *slots;
	size_t count, doubles;
	struct pt_series_index old, made;
	struct pt_families families;
	uint32_t extra_slots[pt_roster_extras];
	bool failed;
};

static void
add(struct making *making, struct pt_series *series, unsigned char state)
{
	making->series[making->count] = series;
	making->states[making->count++] = state;
}

/* What is said beside the page wins over what the page says of the same name. */
static bool
is_extra(const struct pt_roster *roster, const struct pt_series *series)
{
	size_t i = 0;
	while (i < roster->extra_count && !pt_series_same(roster->extras[i], series))
		i++;
	return i < roster->extra_count;
}

/* Takes over `series`; returns its place. */
static uint32_t
take(struct making *making, struct pt_series *series)
{
	const struct pt_roster *roster = making->roster;
	uint32_t place = (uint32_t)making->count;
	series = pt_families_adopt(&making->families, series);
	making->failed |= series == NULL;
	if (series == NULL)
		return PT_NO_SLOT;
	if (is_extra(roster, series) ||
		pt_series_index_find(&making->made, making->series, series, place) != PT_NO_SLOT) {
		making->doubles++;
		pt_series_unref(series);
		return PT_NO_SLOT;
	}
	uint32_t before = roster->table == NULL
		? PT_NO_SLOT
		: pt_series_index_find(&making->old, roster->table->series, series, PT_NO_SLOT);
	if (before == PT_NO_SLOT) {
		add(making, series, IS_NEW);
		return place;
	}
	struct pt_series *known = roster->table->series[before];
	unsigned char state = roster->states[before];
	roster->states[before] = 0; /* it did not end */
	/* What is told with it is the same, too. */
	if (known->role->family == series->role->family && known->start_ms == series->start_ms) {
		pt_series_unref(series);
		series = pt_series_ref(known);
	}
	add(making, series, state);
	return place;
}

static void
take_page(struct making *making, const struct pitot_snapshot *page)
{
	struct pt_dress *dress = &making->roster->dress;
	for (size_t i = 0; page != NULL && !making->failed && i < page->table->count; i++) {
		struct pt_series *series =
			pt_dress_series(dress, page->table->series[i], &making->failed);
		making->slots[i] = series == NULL ? PT_NO_SLOT : take(making, series);
	}
}

/* Those with a value until now, which need a marker. */
static void
take_ended(struct making *making)
{
	const struct pt_roster *roster = making->roster;
	size_t old = roster->table == NULL ? 0 : roster->table->count;
	for (size_t i = 0; i < old && !making->failed; i++) {
		if ((roster->states[i] & HAD_VALUE) == 0)
			continue;
		struct pt_series *series = pt_families_adopt(
			&making->families, pt_series_ref(roster->table->series[i]));
		making->failed = series == NULL;
		if (series != NULL)
			add(making, series, roster->states[i]);
	}
}

/* The extras, which keep their places in the list of extras. */
static void
take_extras(struct making *making)
{
	const struct pt_roster *roster = making->roster;
	for (size_t i = 0; i < roster->extra_count && !making->failed; i++) {
		struct pt_series *series =
			pt_families_adopt(&making->families, pt_series_ref(roster->extras[i]));
		making->failed = series == NULL;
		making->extra_slots[i] = (uint32_t)making->count;
		if (series != NULL)
			add(making, series, IS_EXTRA);
	}
}

/* Series of one family stand together, whatever came between them. */
static void
group(struct making *making, size_t page)
{
	uint32_t *places = malloc((making->count + 1) * sizeof places[0]);
	unsigned char *states = malloc(making->count + 1);
	if (places == NULL || states == NULL ||
		!pt_families_group(&making->families, making->series, making->count, places)) {
		making->failed = true;
		free(places);
		free(states);
		return;
	}
	for (size_t i = 0; i < making->count; i++)
		states[places[i]] = making->states[i];
	for (size_t i = 0; i < page; i++)
		if (making->slots[i] != PT_NO_SLOT)
			making->slots[i] = places[making->slots[i]];
	for (size_t i = 0; i < making->roster->extra_count; i++)
		making->extra_slots[i] = places[making->extra_slots[i]];
	free(making->states);
	making->states = states;
	free(places);
}

static void
making_free(struct making *making)
{
	free(making->series);
	free(making->states);
	free(making->slots);
	pt_series_index_clear(&making->old);
	pt_series_index_clear(&making->made);
	pt_families_clear(&making->families);
}

static bool
begin(struct making *making, size_t page)
{
	const struct pt_roster *roster = making->roster;
	size_t old = roster->table == NULL ? 0 : roster->table->count;
	size_t most = page + old + roster->extra_count + 1;
	making->series = malloc(most * sizeof making->series[0]);
	making->states = malloc(most);
	making->slots = malloc((page + 1) * sizeof making->slots[0]);
	if (making->series == NULL || making->states == NULL || making->slots == NULL ||
		!pt_series_index_init(&making->old, old) ||
		!pt_series_index_init(&making->made, page) ||
		!pt_families_init(&making->families, roster->table))
		return false;
	for (size_t i = 0; i < old; i++)
		(void)pt_series_index_find(
			&making->old, roster->table->series, roster->table->series[i], (uint32_t)i);
	return true;
}

/* States were changed meanwhile; they are as before for all that the old table keeps. */
static void
restore(struct making *making)
{
	struct pt_roster *roster = making->roster;
	for (size_t i = 0; i < making->count; i++) {
		uint32_t before = roster->table == NULL
			? PT_NO_SLOT
			: pt_series_index_find(&making->old, roster->table->series,
				  making->series[i], PT_NO_SLOT);
		if (before != PT_NO_SLOT)
			roster->states[before] = making->states[i];
	}
	unref_all(making->series, making->count);
}

int
pt_roster_follow(struct pt_roster *roster, const struct pitot_snapshot *page)
{
	struct making making = {.roster = roster};
	size_t size = page == NULL ? 0 : page->table->count;
	if (!begin(&making, size)) {
		making_free(&making);
		return PITOT_NO_MEMORY;
	}
	take_page(&making, page);
	pt_dress_clear(&roster->dress);
	size_t kept = making.count;
	if (!making.failed)
		take_ended(&making);
	take_extras(&making);
	/* An old state is looked for by the place in the list, so it is grouped at last. */
	if (!making.failed)
		group(&making, size);
	struct pt_table *table = making.failed ? NULL : pt_table_new(making.series, making.count);
	if (table == NULL) {
		restore(&making);
		making_free(&making);
		return PITOT_NO_MEMORY;
	}
	if (roster->table != NULL)
		pt_table_retire(roster->table);
	pt_table_unref(roster->table);
	free(roster->slots);
	free(roster->states);
	roster->table = table;
	roster->slots = making.slots;
	roster->slot_count = size;
	roster->states = making.states;
	roster->kept = kept;
	memcpy(roster->extra_slots, making.extra_slots, sizeof roster->extra_slots);
	roster->doubles = making.doubles;
	making.slots = NULL;
	making.states = NULL;
	making_free(&making);
	return 0;
}

size_t
pt_roster_added(const struct pt_roster *roster)
{
	size_t added = 0;
	for (size_t i = 0; roster->table != NULL && i < roster->table->count; i++)
		added += (roster->states[i] & IS_NEW) != 0;
	return added;
}

/* ---- snapshots ---- */

static bool
copy_page(
	const struct pt_roster *roster, const struct pt_page *page, struct pitot_snapshot *snapshot)
{
	for (size_t i = 0; i < roster->slot_count; i++) {
		uint32_t slot = roster->slots[i];
		if (slot == PT_NO_SLOT)
			continue;
		snapshot->bits[slot] = page->bits[i];
		if (page->times != NULL && page->times[i] != PT_NO_TIME &&
			!pt_snapshot_set_time(snapshot, slot, page->times[i]))
			return false;
	}
	for (size_t i = 0; i < page->exemplar_count; i++) {
		struct pt_exemplar exemplar = page->exemplars[i];
		if (roster->slots[exemplar.index] == PT_NO_SLOT)
			continue;
		exemplar.index = roster->slots[exemplar.index];
		if (!pt_snapshot_add_exemplar(snapshot, &exemplar))
			return false;
	}
	pt_snapshot_sort_exemplars(snapshot); /* families may stand in another order */
	return true;
}

/* Samples with times of their own end without a marker, as nobody knows when they did. */
static void
mark_ends(struct pt_roster *roster, struct pitot_snapshot *snapshot)
{
	for (size_t i = 0; i < roster->table->count; i++) {
		unsigned char before = roster->states[i];
		if (before == IS_EXTRA)
			continue;
		bool has = snapshot->bits[i] != PT_NUMBER_ABSENT;
		bool timed = has && snapshot->timestamps != NULL &&
			snapshot->timestamps[i] != PT_NO_TIME;
		if (!has && before == HAD_VALUE)
			snapshot->bits[i] = PT_NUMBER_STALE;
		roster->states[i] = (unsigned char)((has ? HAD_VALUE : 0) | (timed ? HAD_TIME : 0));
	}
}

struct pitot_snapshot *
pt_roster_snapshot(struct pt_roster *roster, const struct pt_page *page, int64_t time_ms)
{
	struct pitot_snapshot *snapshot = pt_snapshot_new(roster->table, time_ms);
	if (snapshot == NULL)
		return NULL;
	if (page != NULL && !copy_page(roster, page, snapshot)) {
		pitot_snapshot_free(snapshot);
		return NULL;
	}
	mark_ends(roster, snapshot);
	return snapshot;
}

void
pt_roster_set(
	const struct pt_roster *roster, struct pitot_snapshot *snapshot, int extra, double value)
{
	if (extra >= 0)
		snapshot->bits[roster->extra_slots[extra]] = pt_number_bits(value);
}
