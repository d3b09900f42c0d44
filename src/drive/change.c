/* SPDX-License-Identifier: MIT */
/*
 * As long as no series comes or goes, snapshots share their table, and counting is one pass over
 * two arrays. Otherwise the values of the gather before are brought into the order of the new table
 * first, by the numbers of the series: those are unique while both tables hold their references.
 *
 * It never fails: what cannot be remembered for want of memory counts as new.
 */
#include "drive/change.h"

#include "base/number.h"
#include <stdlib.h>
#include <string.h>

void
pt_change_clear(struct pt_change *change)
{
	pt_table_unref(change->table);
	free(change->bits);
	*change = (struct pt_change){0};
}

/* All samples as if there had been none before. */
static bool
forget(struct pt_change *change, struct pt_table *table)
{
	if (table->count > change->capacity) {
		uint64_t *grown = realloc(change->bits, table->count * sizeof *grown);
		if (grown == NULL)
			return false;
		change->bits = grown;
		change->capacity = table->count;
	}
	for (size_t i = 0; i < table->count; i++)
		change->bits[i] = PT_NUMBER_ABSENT;
	pt_table_unref(change->table);
	change->table = pt_table_ref(table);
	return true;
}

/* The value of each series at its number; NULL if memory is out. */
static uint64_t *
by_number(const struct pt_change *change, size_t *count)
{
	size_t numbers = 0;
	for (size_t i = 0; i < change->table->count; i++)
		if (pt_series_id(change->table->series[i]) >= numbers)
			numbers = (size_t)pt_series_id(change->table->series[i]) + 1;
	uint64_t *values = malloc((numbers + 1) * sizeof *values);
	if (values == NULL)
		return NULL;
	for (size_t i = 0; i < numbers; i++)
		values[i] = PT_NUMBER_ABSENT;
	for (size_t i = 0; i < change->table->count; i++)
		values[pt_series_id(change->table->series[i])] = change->bits[i];
	*count = numbers;
	return values;
}

/* Brings the values into the order of `table`; false if nothing can be remembered. */
static bool
follow(struct pt_change *change, struct pt_table *table)
{
	if (change->table == NULL)
		return forget(change, table);
	size_t count = 0;
	uint64_t *values = by_number(change, &count);
	/* The old table is let go only after the numbers were used. */
	bool ok = values != NULL && forget(change, table);
	for (size_t i = 0; ok && i < table->count; i++) {
		uint32_t number = pt_series_id(table->series[i]);
		if (number < count)
			change->bits[i] = values[number];
	}
	free(values);
	return ok;
}

static size_t
count_samples(const struct pitot_snapshot *snapshot)
{
	size_t samples = 0;
	for (size_t i = 0; i < snapshot->table->count; i++)
		samples += snapshot->bits[i] != PT_NUMBER_ABSENT;
	return samples;
}

size_t
pt_change_count(struct pt_change *change, const struct pitot_snapshot *snapshot)
{
	if (change->table != snapshot->table && !follow(change, snapshot->table)) {
		pt_change_clear(change);
		return count_samples(snapshot);
	}
	size_t count = snapshot->table->count, changed = 0;
	const uint64_t *now = snapshot->bits, *then = change->bits;
	for (size_t i = 0; i < count; i++)
		changed += (now[i] != then[i]) & (now[i] != PT_NUMBER_ABSENT);
	if (count > 0)
		memcpy(change->bits, now, count * sizeof now[0]);
	return changed;
}
