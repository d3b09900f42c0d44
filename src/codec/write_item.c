/* SPDX-License-Identifier: MIT */
/*
 * Which series go into a request, and with what. A native histogram that breaks a rule of
 * specs/remote-write 2.5 is dropped and counted: some receivers answer 500 to it for ever. Nothing
 * else can fail but memory, which sticks in the buffer.
 */
#include "codec/write_item.h"

#include "base/utf8.h"
#include "codec/native_message.h"
#include "codec/wire.h"
#include <stdlib.h>

/* ---- choosing ---- */

static bool
belongs(const struct pitot_snapshot *snapshot, size_t index, const struct pt_write_options *options)
{
	const struct pt_series *series = snapshot->table->series[index];
	if (snapshot->bits[index] == PT_NUMBER_ABSENT)
		return false;
	if (options->shards > 1 && pt_series_hash(series) % options->shards != options->shard)
		return false;
	if (options->part == PT_WRITE_NATIVES)
		return series->role->part == PT_PART_NATIVE;
	return series->role->part != PT_PART_NATIVE &&
		!(options->natives && series->role->family->is_native);
}

static bool
counts_up(const struct pt_series *series)
{
	enum pitot_type type = series->role->family->type;
	if (type != PITOT_COUNTER && type != PITOT_HISTOGRAM && type != PITOT_SUMMARY)
		return false;
	return series->role->part == PT_PART_TOTAL || series->role->part == PT_PART_BUCKET ||
		series->role->part == PT_PART_SUM || series->role->part == PT_PART_COUNT ||
		series->role->part == PT_PART_NATIVE;
}

bool
pt_write_exemplar_fits(const struct pt_exemplar *exemplar)
{
	size_t points = 0;
	for (uint32_t i = 0; i < pt_labels_count(exemplar->labels); i++) {
		const struct pt_label pair = pt_labels_at(exemplar->labels, i);
		points += pt_utf8_count(pair.name, pair.name_length) +
			pt_utf8_count(pair.value, pair.value_length);
	}
	return points <= PT_LIMIT_EXEMPLAR;
}

static void
take_exemplar(const struct pitot_snapshot *snapshot, size_t index, struct pt_write_item *item,
	struct pt_write_count *count)
{
	const struct pt_exemplar *exemplar = pt_snapshot_exemplar(snapshot, index);
	if (exemplar == NULL)
		return;
	if (!pt_write_exemplar_fits(exemplar) || item->stale || item->bits == PT_NUMBER_STALE) {
		count->exemplars_dropped++;
		return;
	}
	item->exemplar = exemplar;
	item->exemplar_ms = exemplar->has_timestamp ? exemplar->timestamp_ms : item->time_ms;
}

bool
pt_write_item_next(const struct pitot_snapshot *snapshot, size_t *index,
	const struct pt_write_options *options, struct pt_label_list *list,
	struct pt_write_item *item, struct pt_write_count *count)
{
	for (; *index < options->end; ++*index) {
		if (!belongs(snapshot, *index, options))
			continue;
		const struct pt_series *series = snapshot->table->series[*index];
		uint64_t bits = snapshot->bits[*index];
		*item = (struct pt_write_item){
			.series = series,
			.list = list,
			.time_ms = pt_snapshot_time_of(snapshot, *index, options->time_ms),
			.bits = pt_write_bits(bits),
		};
		if (series->role->part == PT_PART_NATIVE) {
			item->stale = bits == PT_NUMBER_STALE;
			item->native = item->stale ? NULL : pt_snapshot_native(snapshot, *index);
			if (!item->stale &&
				(item->native == NULL || pt_native_wrong(item->native) != NULL)) {
				count->dropped++;
				continue;
			}
		}
		if (counts_up(series) && !(item->native != NULL && item->native->is_gauge))
			item->begins_ms = series->start_ms;
		if (item->begins_ms > 0 && item->begins_ms < item->time_ms)
			item->start_ms = item->begins_ms;
		take_exemplar(snapshot, *index, item, count);
		pt_label_list_fill(list, series, options->labels, false);
		pt_label_list_add_name(list, series);
		return true;
	}
	return false;
}

void
pt_write_item_count(const struct pt_write_item *item, struct pt_write_count *count)
{
	if (item->native != NULL || item->stale)
		count->histograms++;
	else
		count->samples++;
	count->exemplars += item->exemplar != NULL;
	if (item->time_ms < count->oldest_ms)
		count->oldest_ms = item->time_ms;
}

/* ---- marks ---- */

/* Room for one more; false if memory is out. */
static bool
has_room(struct pt_write_marks *marks)
{
	if (marks->count < marks->capacity)
		return true;
	size_t capacity = marks->capacity == 0 ? 256 : marks->capacity * 2;
	struct pt_write_mark *list = realloc(marks->list, capacity * sizeof *list);
	if (list == NULL)
		return false;
	marks->list = list;
	marks->capacity = capacity;
	return true;
}

void
pt_write_item_mark(const struct pt_write_item *item, size_t index, size_t at,
	const struct pt_write_options *options)
{
	struct pt_write_marks *marks = options->marks;
	if (marks == NULL)
		return;
	if (item->series->role->part == PT_PART_NATIVE || item->exemplar != NULL ||
		item->time_ms != options->time_ms || !has_room(marks)) {
		marks->odd = true;
		return;
	}
	marks->list[marks->count++] = (struct pt_write_mark){
		.at = (uint32_t)at, .index = (uint32_t)index, .rises = counts_up(item->series)};
	if (item->start_ms != 0 && item->start_ms >= marks->not_before)
		marks->not_before = item->start_ms + 1;
	else if (item->start_ms == 0 && item->begins_ms > 0 && item->begins_ms < marks->not_after)
		marks->not_after = item->begins_ms;
}

unsigned
pt_write_type(enum pitot_type type)
{
	static const unsigned char numbers[] = {
		[PITOT_UNKNOWN] = 0,
		[PITOT_COUNTER] = 1,
		[PITOT_GAUGE] = 2,
		[PITOT_HISTOGRAM] = 3,
		[PITOT_GAUGE_HISTOGRAM] = 4,
		[PITOT_SUMMARY] = 5,
		[PITOT_INFO] = 6,
		[PITOT_STATESET] = 7,
	};
	return numbers[type];
}

/* ---- the histogram message (specs/remote-write 2.3) ---- */

enum { field_count_int = 1, field_sum = 3, field_timestamp = 15, field_start = 17 };

void
pt_write_item_histogram(struct pt_buf *out, const struct pt_write_item *item, bool with_start)
{
	if (item->native != NULL) {
		pt_native_put_write(out, item->native);
	} else {
		pt_wire_int64(out, field_count_int, 0);
		pt_wire_fixed64(out, field_sum, PT_NUMBER_STALE);
	}
	pt_wire_int64(out, field_timestamp, item->time_ms);
	if (item->native != NULL)
		pt_native_put_bounds(out, item->native);
	if (with_start && item->start_ms != 0)
		pt_wire_int64(out, field_start, item->start_ms);
}
