/* SPDX-License-Identifier: MIT */
/*
 * Which series go into a request, and the message of a native histogram. A native histogram that
 * breaks a rule of specs/remote-write 2.5 is dropped and counted: some receivers answer 500 to it
 * for ever. Nothing else can fail but memory, which sticks in the buffer.
 */
#include "codec/write_item.h"

#include "base/number.h"
#include "base/utf8.h"
#include "codec/wire.h"

/* ---- choosing ---- */

static bool
belongs(const struct pitot_snapshot *snapshot, size_t index, const struct pt_write_options *options)
{
	const struct pt_series *series = snapshot->table->series[index];
	if (snapshot->bits[index] == PT_NUMBER_ABSENT)
		return false;
	if (options->shards > 1 && series->hash % options->shards != options->shard)
		return false;
	if (options->part == PT_WRITE_NATIVES)
		return series->part == PT_PART_NATIVE;
	return series->part != PT_PART_NATIVE && !(options->natives && series->family->is_native);
}

/* A marker is sent as it is; no other NaN may be taken for one, whatever a receiver makes of it. */
static uint64_t
wire_bits(uint64_t bits)
{
	return bits == PT_NUMBER_STALE ? bits : pt_number_user_bits(pt_number_from_bits(bits));
}

static bool
counts_up(const struct pt_series *series)
{
	enum pitot_type type = series->family->type;
	if (type != PITOT_COUNTER && type != PITOT_HISTOGRAM && type != PITOT_SUMMARY)
		return false;
	return series->part == PT_PART_TOTAL || series->part == PT_PART_BUCKET ||
		series->part == PT_PART_SUM || series->part == PT_PART_COUNT ||
		series->part == PT_PART_NATIVE;
}

static bool
exemplar_fits(const struct pt_exemplar *exemplar)
{
	size_t points = 0;
	for (uint32_t i = 0; i < exemplar->labels->count; i++) {
		const struct pt_label *pair = &exemplar->labels->pairs[i];
		points += pt_utf8_count(pair->name, pair->name_length) +
			pt_utf8_count(pair->value, pair->value_length);
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
	if (!exemplar_fits(exemplar) || item->stale || item->bits == PT_NUMBER_STALE) {
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
			.bits = wire_bits(bits),
		};
		if (series->part == PT_PART_NATIVE) {
			item->stale = bits == PT_NUMBER_STALE;
			item->native = item->stale ? NULL : pt_snapshot_native(snapshot, *index);
			if (!item->stale &&
				(item->native == NULL || pt_native_wrong(item->native) != NULL)) {
				count->dropped++;
				continue;
			}
		}
		if (counts_up(series) && series->start_ms > 0 && series->start_ms < item->time_ms &&
			!(item->native != NULL && item->native->is_gauge))
			item->start_ms = series->start_ms;
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

enum {
	field_count_int = 1,
	field_count_float = 2,
	field_sum = 3,
	field_schema = 4,
	field_zero_threshold = 5,
	field_zero_int = 6,
	field_zero_float = 7,
	field_negative_spans = 8, /* then deltas and counts */
	field_positive_spans = 11,
	field_reset_hint = 14,
	field_timestamp = 15,
	field_custom_values = 16,
	field_start = 17,
	hint_gauge = 3,
};

static uint64_t
zigzag(int64_t value)
{
	return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

static void
put_spans(struct pt_buf *out, uint32_t field, const struct pt_native_side *side)
{
	for (size_t i = 0; i < side->span_count; i++) {
		uint64_t offset = zigzag(side->spans[i].offset);
		pt_wire_tag(out, field, PT_WIRE_BYTES);
		pt_wire_varint(out,
			2 + pt_wire_varint_size(offset) +
				pt_wire_varint_size(side->spans[i].length));
		pt_wire_tag(out, 1, PT_WIRE_VARINT);
		pt_wire_varint(out, offset);
		pt_wire_tag(out, 2, PT_WIRE_VARINT);
		pt_wire_varint(out, side->spans[i].length);
	}
}

static void
put_doubles(struct pt_buf *out, uint32_t field, const uint64_t *bits, size_t count)
{
	if (count == 0)
		return;
	pt_wire_tag(out, field, PT_WIRE_BYTES);
	pt_wire_varint(out, count * 8);
	for (size_t i = 0; i < count; i++)
		pt_wire_bare64(out, bits[i]);
}

static uint64_t
delta(const struct pt_native_side *side, size_t index)
{
	uint64_t before = index == 0 ? 0 : side->buckets[index - 1];
	return zigzag((int64_t)(side->buckets[index] - before));
}

static void
put_deltas(struct pt_buf *out, uint32_t field, const struct pt_native_side *side)
{
	size_t size = 0;
	if (side->bucket_count == 0)
		return;
	for (size_t i = 0; i < side->bucket_count; i++)
		size += pt_wire_varint_size(delta(side, i));
	pt_wire_tag(out, field, PT_WIRE_BYTES);
	pt_wire_varint(out, size);
	for (size_t i = 0; i < side->bucket_count; i++)
		pt_wire_varint(out, delta(side, i));
}

static void
put_side(struct pt_buf *out, uint32_t first, const struct pt_native *native,
	const struct pt_native_side *side)
{
	put_spans(out, first, side);
	if (native->is_float)
		put_doubles(out, first + 2, side->buckets, side->bucket_count);
	else
		put_deltas(out, first + 1, side);
}

static void
put_native(struct pt_buf *out, const struct pt_native *native)
{
	/* Members of a oneof are sent even when they are zero: their presence tells the kind. */
	if (native->is_float)
		pt_wire_fixed64(out, field_count_float, native->count);
	else
		pt_wire_int64(out, field_count_int, (int64_t)native->count);
	pt_wire_fixed64(out, field_sum, wire_bits(native->sum_bits));
	if (native->schema != 0) {
		pt_wire_tag(out, field_schema, PT_WIRE_VARINT);
		pt_wire_varint(out, zigzag(native->schema));
	}
	if (native->zero_threshold > 0)
		pt_wire_fixed64(out, field_zero_threshold, pt_number_bits(native->zero_threshold));
	if (native->is_float)
		pt_wire_fixed64(out, field_zero_float, native->zero_count);
	else
		pt_wire_int64(out, field_zero_int, (int64_t)native->zero_count);
	put_side(out, field_negative_spans, native, &native->negative);
	put_side(out, field_positive_spans, native, &native->positive);
	if (native->is_gauge)
		pt_wire_int64(out, field_reset_hint, hint_gauge);
}

void
pt_write_item_histogram(struct pt_buf *out, const struct pt_write_item *item, bool with_start)
{
	if (item->native != NULL) {
		put_native(out, item->native);
	} else {
		pt_wire_int64(out, field_count_int, 0);
		pt_wire_fixed64(out, field_sum, PT_NUMBER_STALE);
	}
	pt_wire_int64(out, field_timestamp, item->time_ms);
	if (item->native != NULL && item->native->bound_count > 0) {
		pt_wire_tag(out, field_custom_values, PT_WIRE_BYTES);
		pt_wire_varint(out, item->native->bound_count * 8);
		for (size_t i = 0; i < item->native->bound_count; i++)
			pt_wire_bare64(out, pt_number_bits(item->native->bounds[i]));
	}
	if (with_start && item->start_ms != 0)
		pt_wire_int64(out, field_start, item->start_ms);
}
