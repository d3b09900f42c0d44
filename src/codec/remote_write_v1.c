/* SPDX-License-Identifier: MIT */
/*
 * Remote write 1.0. A message's length stands before it, so each series is measured first and then
 * written: two passes over its labels, none over the bytes. A series that fits into no request is
 * dropped and counted; nothing else can fail but memory.
 */
#include "codec/remote_write.h"

#include "base/number.h"
#include "codec/label_list.h"
#include "codec/wire.h"

/* Field numbers of prometheus.WriteRequest and below. */
enum {
	field_timeseries = 1,
	field_labels = 1,
	field_samples = 2,
	field_name = 1,
	field_value = 2,
	field_sample_value = 1,
	field_timestamp = 2,
};

static size_t
label_size(const struct pt_label *label)
{
	return pt_wire_bytes_size(label->name_length) + pt_wire_bytes_size(label->value_length);
}

static size_t
sample_size(int64_t time_ms)
{
	return 9 + 1 + pt_wire_varint_size((uint64_t)time_ms);
}

static size_t
series_size(const struct pt_label_list *list, int64_t time_ms)
{
	size_t size = pt_wire_bytes_size(sample_size(time_ms));
	for (size_t i = 0; i < list->count; i++)
		size += pt_wire_bytes_size(label_size(&list->labels[i]));
	return size;
}

static void
write_series(struct pt_buf *out, const struct pt_label_list *list, uint64_t bits, int64_t time_ms)
{
	pt_wire_tag(out, field_timeseries, PT_WIRE_BYTES);
	pt_wire_varint(out, series_size(list, time_ms));
	for (size_t i = 0; i < list->count; i++) {
		const struct pt_label *label = &list->labels[i];
		pt_wire_tag(out, field_labels, PT_WIRE_BYTES);
		pt_wire_varint(out, label_size(label));
		pt_wire_bytes(out, field_name, label->name, label->name_length);
		pt_wire_bytes(out, field_value, label->value, label->value_length);
	}
	pt_wire_tag(out, field_samples, PT_WIRE_BYTES);
	pt_wire_varint(out, sample_size(time_ms));
	pt_wire_fixed64(out, field_sample_value, bits);
	pt_wire_int64(out, field_timestamp, time_ms);
}

/* A marker is sent as it is; no other NaN may be taken for one, whatever a receiver makes of it. */
static uint64_t
wire_bits(uint64_t bits)
{
	return bits == PT_NUMBER_STALE ? bits : pt_number_user_bits(pt_number_from_bits(bits));
}

size_t
pt_remote_write_v1_encode(struct pt_buf *out, const struct pitot_snapshot *snapshot, size_t from,
	const struct pt_write_options *options, struct pt_write_count *count)
{
	const struct pt_table *table = snapshot->table;
	size_t begin = out->length, written = 0, index = from;
	struct pt_label_list list;
	pt_label_list_init(&list);
	for (; index < options->end && written < options->max_series; index++) {
		if (snapshot->bits[index] == PT_NUMBER_ABSENT ||
			table->series[index]->part == PT_PART_NATIVE)
			continue;
		int64_t time_ms = pt_snapshot_time_of(snapshot, index, options->time_ms);
		const struct pt_series *series = table->series[index];
		pt_label_list_fill(&list, series, options->labels, false);
		pt_label_list_add_name(&list, series);
		size_t size = pt_wire_bytes_size(series_size(&list, time_ms));
		if (size > options->max_bytes) {
			count->dropped++;
			continue;
		}
		if (out->length - begin + size > options->max_bytes)
			break;
		write_series(out, &list, wire_bits(snapshot->bits[index]), time_ms);
		written++;
	}
	if (pt_label_list_error(&list) != 0)
		out->error = PITOT_NO_MEMORY;
	pt_label_list_clear(&list);
	count->samples += written;
	return index;
}
