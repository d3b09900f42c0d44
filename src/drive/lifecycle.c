/* SPDX-License-Identifier: MIT */
/*
 * Series are the same object as long as they live, so a table that is the same has neither births
 * nor deaths, and two tables are compared by ids, which name at most one series of a table. Fails
 * only when memory is out.
 */
#include "drive/lifecycle.h"

#include "base/error.h"
#include "base/number.h"
#include <stdlib.h>

/* How far before the first sample a zero may stand: receivers refuse what is much older. */
#define ANCHOR_MS INT64_C(600000)

void
pt_lifecycle_clear(struct pt_lifecycle *life)
{
	pt_table_unref(life->table);
	life->table = NULL;
}

/* Where each id stands in a table: index + 1, or 0. */
struct places {
	size_t *at;
	size_t count;
};

static bool
find_places(struct places *places, const struct pt_table *table)
{
	places->count = 0;
	for (size_t i = 0; table != NULL && i < table->count; i++)
		if (pt_series_id(table->series[i]) >= places->count)
			places->count = pt_series_id(table->series[i]) + 1;
	places->at = calloc(places->count + 1, sizeof places->at[0]);
	for (size_t i = 0; places->at != NULL && table != NULL && i < table->count; i++)
		places->at[pt_series_id(table->series[i])] = i + 1;
	return places->at != NULL;
}

static bool
has(const struct places *places, const struct pt_table *table, const struct pt_series *series)
{
	size_t at = pt_series_id(series) < places->count ? places->at[pt_series_id(series)] : 0;
	return at != 0 && table->series[at - 1] == series;
}

/* ---- choosing ---- */

static bool
counts_up(const struct pt_series *series)
{
	switch (series->role->part) {
	case PT_PART_TOTAL:
	case PT_PART_BUCKET:
	case PT_PART_SUM:
	case PT_PART_COUNT:
	case PT_PART_NATIVE:
		return series->role->family->type == PITOT_COUNTER ||
			series->role->family->type == PITOT_HISTOGRAM ||
			series->role->family->type == PITOT_SUMMARY;
	default:
		return false;
	}
}

/* Whether a zero before its first sample says something that is known and not said by it. */
static bool
needs_anchor(const struct pitot_snapshot *snapshot, size_t index)
{
	const struct pt_series *series = snapshot->table->series[index];
	uint64_t bits = snapshot->bits[index];
	return series->start_ms > 0 && !series->continues && counts_up(series) &&
		bits != PT_NUMBER_ABSENT && bits != PT_NUMBER_STALE &&
		pt_number_from_bits(bits) != 0;
}

/* A table of the series of `table` for which `chosen` is set. */
static struct pt_table *
choose(const struct pt_table *table, const bool *chosen)
{
	size_t count = 0;
	for (size_t i = 0; i < table->count; i++)
		count += chosen[i];
	struct pt_table *part = pt_table_begin(count);
	if (part == NULL)
		return NULL;
	for (size_t i = 0; i < table->count; i++)
		if (chosen[i])
			part->series[part->count++] = pt_series_ref(table->series[i]);
	return part;
}

/* A snapshot of the chosen series without values. */
static struct pitot_snapshot *
snapshot_of(const struct pt_table *table, const bool *chosen, int64_t time_ms)
{
	struct pt_table *part = choose(table, chosen);
	struct pitot_snapshot *snapshot = part == NULL ? NULL : pt_snapshot_new(part, time_ms);
	pt_table_unref(part);
	return snapshot;
}

/* ---- ends ---- */

static int
make_ends(
	const struct pt_lifecycle *life, const struct pt_table *table, struct pitot_snapshot **ends)
{
	struct places places;
	size_t count = life->table == NULL ? 0 : life->table->count, gone = 0;
	bool *chosen = calloc(count + 1, sizeof *chosen);
	if (!find_places(&places, table) || chosen == NULL) {
		free(places.at);
		free(chosen);
		return PITOT_NO_MEMORY;
	}
	for (size_t i = 0; i < count; i++) {
		chosen[i] = !has(&places, table, life->table->series[i]);
		gone += chosen[i];
	}
	if (gone > 0)
		*ends = snapshot_of(life->table, chosen, life->last_ms + 1);
	for (size_t i = 0; *ends != NULL && i < gone; i++)
		(*ends)->bits[i] = PT_NUMBER_STALE;
	free(places.at);
	free(chosen);
	return gone > 0 && *ends == NULL ? PITOT_NO_MEMORY : 0;
}

/* ---- births ---- */

/* The zero of the series, whose first sample stands at `from` in the snapshot. */
static bool
put_anchor(const struct pt_lifecycle *life, const struct pitot_snapshot *snapshot, size_t from,
	struct pitot_snapshot *births, size_t to)
{
	const struct pt_series *series = snapshot->table->series[from];
	int64_t latest_ms = births->time_ms, at_ms = series->start_ms;
	int64_t reach_ms = life->reach_ms > 0 ? life->reach_ms : ANCHOR_MS;
	if (at_ms < latest_ms - reach_ms)
		at_ms = latest_ms - reach_ms;
	if (at_ms < life->last_ms + 2)
		at_ms = life->last_ms + 2;
	if (at_ms > latest_ms)
		at_ms = latest_ms;
	births->bits[to] = pt_number_bits(0);
	if (!pt_snapshot_set_time(births, to, at_ms))
		return false;
	if (series->role->part != PT_PART_NATIVE)
		return true;
	const struct pt_native_side empty = {.span_count = 0};
	const struct pt_native *first = pt_snapshot_native(snapshot, from);
	struct pt_native *zero = pt_native_new(&empty, &empty, 0);
	if (zero == NULL || first == NULL) {
		free(zero);
		return first == NULL;
	}
	zero->schema = first->schema == PT_NATIVE_CUSTOM ? 0 : first->schema;
	zero->zero_threshold = first->zero_threshold;
	return pt_snapshot_add_native(births, to, zero);
}

static int
make_births(const struct pt_lifecycle *life, const struct pitot_snapshot *snapshot, int64_t time_ms,
	struct pitot_snapshot **births)
{
	const struct pt_table *table = snapshot->table;
	struct places places;
	size_t born = 0, at = 0;
	bool *chosen = calloc(table->count + 1, sizeof *chosen);
	if (!find_places(&places, life->table) || chosen == NULL) {
		free(places.at);
		free(chosen);
		return PITOT_NO_MEMORY;
	}
	for (size_t i = 0; i < table->count; i++) {
		chosen[i] =
			!has(&places, life->table, table->series[i]) && needs_anchor(snapshot, i);
		born += chosen[i];
	}
	if (born > 0)
		*births = snapshot_of(table, chosen, time_ms - 1);
	bool ok = born == 0 || *births != NULL;
	for (size_t i = 0; ok && born > 0 && i < table->count; i++)
		if (chosen[i])
			ok = put_anchor(life, snapshot, i, *births, at++);
	free(places.at);
	free(chosen);
	return ok ? 0 : PITOT_NO_MEMORY;
}

/* ---- all of it ---- */

int
pt_lifecycle_follow(struct pt_lifecycle *life, const struct pitot_snapshot *snapshot,
	int64_t time_ms, struct pitot_snapshot **ends, struct pitot_snapshot **births)
{
	int code = 0;
	*ends = *births = NULL;
	if (life->table != snapshot->table) {
		code = make_ends(life, snapshot->table, ends);
		if (code == 0 && life->anchors)
			code = make_births(life, snapshot, time_ms, births);
	}
	if (code != 0) {
		pitot_snapshot_free(*ends);
		pitot_snapshot_free(*births);
		*ends = *births = NULL;
		return code;
	}
	if (life->table != snapshot->table) {
		pt_table_unref(life->table);
		life->table = pt_table_ref(snapshot->table);
	}
	life->last_ms = time_ms;
	return 0;
}

struct pitot_snapshot *
pt_lifecycle_end(const struct pitot_snapshot *snapshot, int64_t time_ms)
{
	struct pitot_snapshot *end = pt_snapshot_new(snapshot->table, time_ms + 1);
	for (size_t i = 0; end != NULL && i < snapshot->table->count; i++)
		if (snapshot->bits[i] != PT_NUMBER_ABSENT)
			end->bits[i] = PT_NUMBER_STALE;
	return end;
}
