/* SPDX-License-Identifier: MIT */
/*
 * Snapshots and their public face. Making one fails only when memory is out; reading one never
 * fails. One owner frees it; the table may be shared by many.
 */
#include "model/snapshot.h"

#include "base/number.h"
#include "base/pages.h"
#include <stdlib.h>
#include <string.h>

struct pt_table *
pt_table_begin(size_t room)
{
	size_t kept = room < pt_table_keeps_from ? 0 : pt_table_keeps;
	size_t bytes = sizeof(struct pt_table) + room * sizeof(struct pt_series *) +
		kept * sizeof(_Atomic(struct pt_kept *));
	struct pt_table *table = pt_pages_new(bytes);
	if (table == NULL)
		return NULL;
	table->bytes = bytes;
	/* All else is zero: it is empty, and keeps nothing. */
	atomic_init(&table->references, 1);
	return table;
}

struct pt_table *
pt_table_new(struct pt_series *const *series, size_t count)
{
	struct pt_table *table = pt_table_begin(count);
	if (table == NULL)
		return NULL;
	if (count > 0)
		memcpy(table->series, series, count * sizeof table->series[0]);
	table->count = count;
	return table;
}

struct pt_table *
pt_table_ref(struct pt_table *table)
{
	atomic_fetch_add_explicit(&table->references, 1, memory_order_relaxed);
	return table;
}

/* Of a snapshot, and the values behind it. */
static size_t
size_of(const struct pt_table *table)
{
	return sizeof(struct pitot_snapshot) + table->count * sizeof(uint64_t);
}

/* The memory of a snapshot of this table, or NULL. */
static void
free_memory(const struct pt_table *table, struct pitot_snapshot *snapshot)
{
	pt_pages_free(snapshot, size_of(table));
}

void
pt_table_unref(struct pt_table *table)
{
	/* acq_rel: the last one sees all earlier use before freeing. */
	if (table == NULL ||
		atomic_fetch_sub_explicit(&table->references, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < pt_table_keeps && pt_table_kept(table, i) != NULL; i++) {
		/* relaxed: whoever set it dropped its reference before. */
		struct pt_kept *kept =
			atomic_load_explicit(pt_table_kept(table, i), memory_order_relaxed);
		if (kept != NULL)
			kept->free(kept);
	}
	for (size_t i = 0; i < table->count; i++)
		pt_series_unref(table->series[i]);
	/* relaxed: nobody else is left. */
	free_memory(table, atomic_load_explicit(&table->spare, memory_order_relaxed));
	pt_pages_free(table, table->bytes);
}

void
pt_table_retire(struct pt_table *table)
{
	/* relaxed: a snapshot that is freed at this moment may be kept, until the table goes. */
	atomic_store_explicit(&table->retired, true, memory_order_relaxed);
	/* acquire: pairs with the release in give_back(). */
	free_memory(table, atomic_exchange_explicit(&table->spare, NULL, memory_order_acquire));
}

static void
set_absent(uint64_t *bits, size_t count)
{
	static const uint64_t some[8] = {PT_NUMBER_ABSENT, PT_NUMBER_ABSENT, PT_NUMBER_ABSENT,
		PT_NUMBER_ABSENT, PT_NUMBER_ABSENT, PT_NUMBER_ABSENT, PT_NUMBER_ABSENT,
		PT_NUMBER_ABSENT};
	size_t done = 0;
	for (; done + 8 <= count; done += 8)
		memcpy(bits + done, some, sizeof some);
	for (; done < count; done++)
		bits[done] = PT_NUMBER_ABSENT;
}

struct pitot_snapshot *
pt_snapshot_new(struct pt_table *table, int64_t time_ms)
{
	/* acquire: pairs with the release in give_back(). */
	struct pitot_snapshot *snapshot =
		atomic_exchange_explicit(&table->spare, NULL, memory_order_acquire);
	if (snapshot == NULL)
		snapshot = pt_pages_new(size_of(table));
	if (snapshot == NULL)
		return NULL;
	*snapshot = (struct pitot_snapshot){
		.table = pt_table_ref(table),
		.time_ms = time_ms,
		.bits = (uint64_t *)(snapshot + 1),
	};
	atomic_init(&snapshot->references, 1);
	set_absent(snapshot->bits, table->count);
	return snapshot;
}

struct pitot_snapshot *
pt_snapshot_ref(struct pitot_snapshot *snapshot)
{
	/* relaxed: whoever copies a reference holds one. */
	atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
	return snapshot;
}

struct pitot_snapshot
pt_snapshot_view(const struct pitot_snapshot *snapshot, struct pt_table *table)
{
	return (struct pitot_snapshot){
		.table = table,
		.time_ms = snapshot->time_ms,
		.bits = snapshot->bits,
		.timestamps = snapshot->timestamps,
		.exemplars = snapshot->exemplars,
		.exemplar_count = snapshot->exemplar_count,
		.natives = snapshot->natives,
		.native_count = snapshot->native_count,
	};
}

size_t
pt_snapshot_bytes(const struct pitot_snapshot *snapshot)
{
	size_t count = snapshot->table->count, bytes = sizeof *snapshot;
	bytes += count * sizeof snapshot->bits[0];
	if (snapshot->timestamps != NULL)
		bytes += count * sizeof snapshot->timestamps[0];
	bytes += snapshot->exemplar_capacity * sizeof snapshot->exemplars[0];
	bytes += snapshot->native_capacity * sizeof snapshot->natives[0];
	for (size_t i = 0; i < snapshot->native_count; i++)
		bytes += pt_native_bytes(snapshot->natives[i].value);
	return bytes;
}

/* To the table, in place of what it has. */
static void
give_back(struct pitot_snapshot *snapshot)
{
	struct pt_table *table = snapshot->table;
	/* relaxed: see pt_table_retire(). */
	if (atomic_load_explicit(&table->retired, memory_order_relaxed))
		free_memory(table, snapshot);
	else
		/* release: all use is seen by whoever takes it, acquire: or frees another's. */
		free_memory(table,
			atomic_exchange_explicit(&table->spare, snapshot, memory_order_acq_rel));
	pt_table_unref(table);
}

void
pt_snapshot_drop_times(struct pitot_snapshot *snapshot)
{
	pt_pages_free(
		snapshot->timestamps, snapshot->table->count * sizeof snapshot->timestamps[0]);
	snapshot->timestamps = NULL;
}

void
pitot_snapshot_free(struct pitot_snapshot *snapshot)
{
	/* acq_rel: the last one sees all earlier use before freeing. */
	if (snapshot == NULL ||
		atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < snapshot->exemplar_count; i++)
		pt_labels_unref(snapshot->exemplars[i].labels);
	for (size_t i = 0; i < snapshot->native_count; i++)
		free(snapshot->natives[i].value);
	free(snapshot->exemplars);
	free(snapshot->natives);
	pt_snapshot_drop_times(snapshot);
	give_back(snapshot);
}

bool
pt_snapshot_set_time(struct pitot_snapshot *snapshot, size_t index, int64_t timestamp_ms)
{
	if (snapshot->timestamps == NULL) {
		size_t count = snapshot->table->count;
		snapshot->timestamps = pt_pages_new(count * sizeof snapshot->timestamps[0]);
		if (snapshot->timestamps == NULL)
			return false;
		for (size_t i = 0; i < count; i++)
			snapshot->timestamps[i] = PT_NO_TIME;
	}
	snapshot->timestamps[index] = timestamp_ms;
	return true;
}

bool
pt_snapshot_add_exemplar(struct pitot_snapshot *snapshot, const struct pt_exemplar *exemplar)
{
	if (snapshot->exemplar_count == snapshot->exemplar_capacity) {
		size_t capacity =
			snapshot->exemplar_capacity == 0 ? 16 : snapshot->exemplar_capacity * 2;
		struct pt_exemplar *grown = realloc(snapshot->exemplars, capacity * sizeof *grown);
		if (grown == NULL)
			return false;
		snapshot->exemplars = grown;
		snapshot->exemplar_capacity = capacity;
	}
	struct pt_exemplar *to = &snapshot->exemplars[snapshot->exemplar_count++];
	*to = *exemplar;
	to->labels = pt_labels_ref(exemplar->labels);
	return true;
}

static int
by_index(const void *left, const void *right)
{
	const struct pt_exemplar *a = left, *b = right;
	return a->index < b->index ? -1 : a->index > b->index;
}

void
pt_snapshot_sort_exemplars(struct pitot_snapshot *snapshot)
{
	if (snapshot->exemplar_count > 1)
		qsort(snapshot->exemplars, snapshot->exemplar_count, sizeof snapshot->exemplars[0],
			by_index);
}

const struct pt_exemplar *
pt_snapshot_exemplar(const struct pitot_snapshot *snapshot, size_t index)
{
	size_t low = 0, high = snapshot->exemplar_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (snapshot->exemplars[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < snapshot->exemplar_count && snapshot->exemplars[low].index == index)
		return &snapshot->exemplars[low];
	return NULL;
}

static void
set_count(struct pitot_snapshot *snapshot, size_t index, const struct pt_native *value)
{
	snapshot->bits[index] =
		value->is_float ? value->count : pt_number_bits((double)value->count);
}

bool
pt_snapshot_add_native(struct pitot_snapshot *snapshot, size_t index, struct pt_native *value)
{
	if (snapshot->native_count == snapshot->native_capacity) {
		size_t capacity =
			snapshot->native_capacity == 0 ? 16 : snapshot->native_capacity * 2;
		struct pt_native_at *grown = realloc(snapshot->natives, capacity * sizeof *grown);
		if (grown == NULL) {
			free(value);
			return false;
		}
		snapshot->natives = grown;
		snapshot->native_capacity = capacity;
	}
	snapshot->natives[snapshot->native_count++] = (struct pt_native_at){index, value};
	set_count(snapshot, index, value);
	return true;
}

static struct pt_native_at *
find_native(const struct pitot_snapshot *snapshot, size_t index)
{
	size_t low = 0, high = snapshot->native_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (snapshot->natives[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < snapshot->native_count && snapshot->natives[low].index == index)
		return &snapshot->natives[low];
	return NULL;
}

void
pt_snapshot_set_native(struct pitot_snapshot *snapshot, size_t index, struct pt_native *value)
{
	struct pt_native_at *at = find_native(snapshot, index);
	free(at->value);
	at->value = value;
	set_count(snapshot, index, value);
}

const struct pt_native *
pt_snapshot_native(const struct pitot_snapshot *snapshot, size_t index)
{
	const struct pt_native_at *at = find_native(snapshot, index);
	return at == NULL ? NULL : at->value;
}

size_t
pitot_snapshot_size(const struct pitot_snapshot *snapshot)
{
	return snapshot->table->count;
}

int64_t
pitot_snapshot_time(const struct pitot_snapshot *snapshot)
{
	return snapshot->time_ms;
}

struct pitot_sample
pitot_snapshot_sample(const struct pitot_snapshot *snapshot, size_t index)
{
	const struct pt_series *series = snapshot->table->series[index];
	int64_t time_ms = pt_snapshot_time_of(snapshot, index, PT_NO_TIME);
	return (struct pitot_sample){
		.family = series->role->family->name,
		.suffix = pt_name_suffix(series->role->part),
		.type = series->role->family->type,
		.help = series->role->family->help,
		.unit = series->role->family->unit,
		.label_count = pt_series_label_count(series),
		.value = pt_number_from_bits(snapshot->bits[index]),
		.absent = snapshot->bits[index] == PT_NUMBER_ABSENT,
		.has_timestamp = time_ms != PT_NO_TIME,
		.timestamp_ms = time_ms != PT_NO_TIME ? time_ms : snapshot->time_ms,
		.start_ms = series->start_ms,
		.has_exemplar = pt_snapshot_exemplar(snapshot, index) != NULL,
		.native = series->role->part == PT_PART_NATIVE,
		.series = series,
	};
}

struct pitot_label
pitot_sample_label(const struct pitot_sample *sample, size_t index)
{
	struct pt_label label = pt_series_label(sample->series, index);
	return (struct pitot_label){label.name, label.value};
}
