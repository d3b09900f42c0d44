/* SPDX-License-Identifier: MIT */
/*
 * A snapshot: two parallel arrays, the immutable table of the series of one generation and the bits
 * of their values. Series of one family stand together, those of one metric (one label set) within
 * it too, buckets rising.
 *
 * A value of PT_NUMBER_ABSENT means that there is no sample: every reader skips it.
 */
#ifndef PT_MODEL_SNAPSHOT_H
#define PT_MODEL_SNAPSHOT_H

#include "model/native.h"
#include "model/series.h"

struct pt_table {
	atomic_uint references;
	bool history; /* a series may be there several times, its samples at different times */
	atomic_bool retired; /* there will be no next snapshot */
	/*
	 * NULL, or the memory of a snapshot that was freed, for the next one, so that gathering the
	 * same series again allocates nothing. It refers to nothing.
	 */
	_Atomic(struct pitot_snapshot *) spare;
	size_t bytes; /* of it all */
	size_t count;
	struct pt_series *series[]; /* each referenced; behind them, see pt_table_kept() */
};

/* What somebody made from a table's series and keeps with it. */
struct pt_kept {
	void (*free)(struct pt_kept *kept); /* called when the table is freed */
};
/* Smaller tables, of which many may wait in a queue, keep nothing: they have no room for it. */
enum { pt_table_keeps = 2, pt_table_keeps_from = 8 };

/* Where it is kept, NULL there for nothing; `which` is below pt_table_keeps. NULL: no room. */
static inline _Atomic(struct pt_kept *) *
pt_table_kept(struct pt_table *table, size_t which)
{
	if (table->count < pt_table_keeps_from)
		return NULL;
	return (_Atomic(struct pt_kept *) *)(void *)(table->series + table->count) + which;
}

/* Takes over the caller's reference to each series of the array. NULL if memory is out. */
struct pt_table *pt_table_new(struct pt_series *const *series, size_t count);
/*
 * For making one in place: an empty one with room for so many series, which are put into it, each
 * with a reference, and counted. NULL if memory is out.
 */
struct pt_table *pt_table_begin(size_t room);
struct pt_table *pt_table_ref(struct pt_table *table);
void pt_table_unref(struct pt_table *table);
/* No more snapshots of it will be taken: those that are there may wait long, and keep nothing. */
void pt_table_retire(struct pt_table *table);

struct pt_exemplar {
	size_t index; /* of the series in the table */
	struct pt_labels *labels;
	uint64_t bits;
	bool has_timestamp;
	int64_t timestamp_ms;
};

/* The value of a series of PT_PART_NATIVE, whose bits only tell whether it is absent or stale. */
struct pt_native_at {
	size_t index; /* of the series in the table */
	struct pt_native *value;
};

struct pitot_snapshot {
	atomic_uint references; /* after it is complete, any number of readers may share it */
	struct pt_table *table; /* referenced */
	int64_t time_ms;        /* when it was taken, since the epoch */
	uint64_t *bits;         /* one for each series: pt_number_bits() of its value */
	int64_t *timestamps;    /* NULL, or one for each series: PT_NO_TIME where it has none */
	struct pt_exemplar *exemplars; /* rising by index; labels referenced */
	size_t exemplar_count;
	size_t exemplar_capacity;
	struct pt_native_at *natives; /* rising by index; values owned */
	size_t native_count;
	size_t native_capacity;
};

#define PT_NO_TIME INT64_MIN

/* Takes a reference to `table`; all values are PT_NUMBER_ABSENT. NULL if memory is out. */
struct pitot_snapshot *pt_snapshot_new(struct pt_table *table, int64_t time_ms);
/* pitot_snapshot_free() drops a reference. */
struct pitot_snapshot *pt_snapshot_ref(struct pitot_snapshot *snapshot);
/*
 * The same values under another table, for reading only: it holds no references, and must not be
 * freed or outlive the two. (A copy of the structure would read the count that others change.)
 */
struct pitot_snapshot pt_snapshot_view(
	const struct pitot_snapshot *snapshot, struct pt_table *table);
/* How much memory it takes, without the table. */
size_t pt_snapshot_bytes(const struct pitot_snapshot *snapshot);
/* No series has a time of its own any more. */
void pt_snapshot_drop_times(struct pitot_snapshot *snapshot);
/* Gives the series at `index` a time of its own; false if memory is out. */
bool pt_snapshot_set_time(struct pitot_snapshot *snapshot, size_t index, int64_t timestamp_ms);
/* Appends (indexes rising); takes a reference to the labels; false if memory is out. */
bool pt_snapshot_add_exemplar(struct pitot_snapshot *snapshot, const struct pt_exemplar *exemplar);
/* Brings exemplars into order that were added in another one. */
void pt_snapshot_sort_exemplars(struct pitot_snapshot *snapshot);
/* The exemplar of the series at `index`, or NULL. */
const struct pt_exemplar *pt_snapshot_exemplar(const struct pitot_snapshot *snapshot, size_t index);
/*
 * Appends (indexes rising) the value of a native histogram, which is taken over, also on failure,
 * and sets the bits of its series to the count. False if memory is out.
 */
bool pt_snapshot_add_native(struct pitot_snapshot *snapshot, size_t index, struct pt_native *value);
/* Likewise, in the place of the one that stands there. */
void pt_snapshot_set_native(struct pitot_snapshot *snapshot, size_t index, struct pt_native *value);
/* The native histogram of the series at `index`, or NULL. */
const struct pt_native *pt_snapshot_native(const struct pitot_snapshot *snapshot, size_t index);
/* The sample's own time, or `otherwise`. */
static inline int64_t
pt_snapshot_time_of(const struct pitot_snapshot *snapshot, size_t index, int64_t otherwise)
{
	if (snapshot->timestamps == NULL || snapshot->timestamps[index] == PT_NO_TIME)
		return otherwise;
	return snapshot->timestamps[index];
}

#endif
